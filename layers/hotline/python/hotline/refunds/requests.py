"""Asking for a refund, as an act of a customer.

A request is one transaction. It writes the refund, and the movement and its ledger, on condition that so much is left
and no other refund is under way. It also writes the count of recent requests, the case when somebody must look, the
decisions for the bus and the messages to the customer. A request that is repeated under the same request key gives the
same refund.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.model import AccountStatus
from hotline.accounts.service import profile_from, profile_key
from hotline.cases.model import Established
from hotline.cases.service import case_keys, establish
from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.identity.service import Effect, Operation, Session, require
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot, decode_once
from hotline.kit.change.idempotency import Memory
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.ids import derive_id
from hotline.kit.money import Money
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import NEW, Item, equals
from hotline.kit.text import fits, plain_text
from hotline.payments import service as payments
from hotline.payments.model import Ledger, Movement
from hotline.sessions.model import SessionKind

from . import items, policy
from .clocks import ClockKind, answer_promise, asks_merchant, start_clock, start_reminder
from .disputes import Dispute, contribute_report, dispute_key, find_running, report_keys
from .laws import law_of
from .model import (
    CALLED_BACK_RULE,
    MANY_PARTS_RULE,
    OPEN_RULE,
    UNPAID_RULE,
    MerchantPolicy,
    PolicyDecision,
    RecentRequest,
    RecentRequests,
    Refund,
    RefundError,
    RefundOutcome,
    RefundReason,
    RefundResult,
    RefundState,
)
from .offers import is_open, merchant_policy_of
from .outgoing import add_to_case, send_outcome, send_requested, tell_owner
from .pairs import find_other_charge, pair_keys
from .promises import due_at as promise_due_at
from .promises import earlier
from .records import write_refund

REVIEW_REASON = "refund_review"
"""The reason of a case: a person decides on a refund."""
REQUEST_KEY_CHARACTERS_MAX = 256
RECENT_KEPT_MAX = 50
"""How many recent requests are kept; from the fourth on they all go to review."""

_STATES = {
    RefundOutcome.APPROVED: RefundState.APPROVED,
    RefundOutcome.IN_REVIEW: RefundState.IN_REVIEW,
    RefundOutcome.DENIED: RefundState.DENIED,
}
_DECIDED: Final = frozenset({RefundOutcome.APPROVED, RefundOutcome.IN_REVIEW, RefundOutcome.DENIED})
"""Outcomes that are recorded. Of every other one nothing is."""


def operation_of(reason: RefundReason) -> Operation:
    """The operation that a request is. A report of an unauthorised payment never becomes a refund (policy), so that
    less proof is enough for it."""
    return Operation.DISPUTE if reason is RefundReason.UNAUTHORISED else Operation.REFUND


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Ask for a refund of a movement to the instrument that was paid with.

    `amount`: None asks for all that is left; a number is minor units of the movement's own currency. `request_key`
    names the request: asked again under the same key it is the same refund. `twin`: the sort key of another charge that
    looks like the same purchase, if the movement names one. `memory` keeps the request for an API's
    Idempotency-Key, in the same transaction. Raises what `service.contribute_refund` raises.
    """

    movement_sk: str
    merchant_id: str | None
    reason: RefundReason
    amount: Money | int | None
    request_key: str
    note: str | None = None
    memory: Memory | None = None
    twin: str | None = None

    @property
    def operation(self) -> Operation:
        return operation_of(self.reason)

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> Iterable[Key]:
        """The same for an agent, who asks in the customer's name."""
        return request_keys(
            account_id,
            movement_sk=self.movement_sk,
            merchant_id=self.merchant_id,
            request_key=self.request_key,
            twin=self.twin,
        )

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[RefundResult]:
        heard = establish(session) if session.state.kind is SessionKind.PHONE else None
        return self.contribute_for(change, read, session.account_id, session.state.language, heard)

    def contribute_for(
        self,
        change: Change,
        read: Snapshot,
        account_id: str,
        language: str | None,
        established: Established | None = None,
    ) -> Effect[RefundResult]:
        """The same upon an account that an agent has access to. `language` is the one of a case that is opened, and
        `established` what the line established for it."""
        result = contribute_refund(
            change,
            read,
            account_id=account_id,
            movement_sk=self.movement_sk,
            reason=self.reason,
            amount=self._amount(read, account_id),
            note=self.note,
            request_key=self.request_key,
            language=language,
            established=established,
        )
        decided = result.outcome in _DECIDED
        if decided and self.memory is not None:
            # Somebody else with the same key was quicker: read again, and give theirs.
            self.memory.keep(change, failed=stale)
        made = (result.refund_id,) if decided and result.refund_id is not None else ()
        return Effect(result.outcome.value, result, ids=made, idle=not result.recorded)

    def _amount(self, read: Snapshot, account_id: str) -> Money | None:
        if not isinstance(self.amount, int):
            return self.amount
        movement = read.decode(payments.movement_key(account_id, self.movement_sk), payments.movement_from)
        if movement is None:
            raise NotPossible(RefundError.NO_SUCH_MOVEMENT)
        return Money(self.amount, movement.amount.currency)


def find_requested(store: Store, account_id: str, request_key: str) -> Refund | None:
    """The refund that was asked for under a request key; None when there is none. One read."""
    return find(store, account_id, refund_id_of(account_id, request_key))


def find(store: Store, account_id: str, refund_id: str) -> Refund | None:
    """The account's refund with this id; None when it has none. One read."""
    key = items.refund_key(account_id, refund_id)
    # The phone may get items in batches only.
    found = store.batch_get([key]).get(key)
    return None if found is None else items.refund_from(found)


def refund_id_of(account_id: str, request_key: str) -> str:
    """The id of the refund that a request makes: the same request makes the same refund."""
    if not 0 < len(request_key) <= REQUEST_KEY_CHARACTERS_MAX:
        raise InvalidInput(RefundError.REQUEST_KEY_LENGTH)
    return derive_id("refund", account_id, request_key)


def request_keys(
    account_id: str, *, movement_sk: str, merchant_id: str | None, request_key: str, twin: str | None = None
) -> set[Key]:
    """The keys to read, in one batch, before `contribute_refund`. `merchant_id` and `twin` as offered to the caller."""
    movement_id = payments.movement_id_of(movement_sk)
    keys = {
        payments.movement_key(account_id, movement_sk),
        payments.ledger_key(account_id, movement_id),
        items.refund_key(account_id, refund_id_of(account_id, request_key)),
        items.recent_key(account_id),
        profile_key(account_id),
        *case_keys(account_id, payments.CASE_TOPIC),
        *report_keys(account_id, movement_id),
    }
    keys |= pair_keys(account_id, twin) if twin is not None else set()
    return keys | ({items.policy_key(merchant_id)} if merchant_id else set())


def contribute_refund(
    change: Change,
    read: Mapping[Key, Item],
    *,
    account_id: str,
    movement_sk: str,
    reason: RefundReason,
    amount: Money | None,
    note: str | None,
    request_key: str,
    language: str | None = None,
    established: Established | None = None,
) -> RefundResult:
    """Ask for a refund to the instrument that was paid with; `amount` None asks for all that is left.

    `read` holds what exists of `request_keys`. `note` is the customer's own text, kept only with the case that a
    review or a dispute opens. `language` is the one of that case, `established` what the line established for it.
    Nothing is recorded for EXISTS, NOT_ELIGIBLE and LIMITED. ROUTE_DISPUTE records the dispute, once while its case
    is open, and gives the date of the answer.
    Raises NeedProof; NotPossible `no_such_movement`, `account_not_open`; InvalidInput `note_too_long`,
    `request_key_length` or a code of policy.decide. At commit Stale: read again and ask again.
    """
    require(change, operation_of(reason), account_id)
    if note is not None and not fits(plain_text(note), characters_max=NOTE_CHARACTERS_MAX):
        raise InvalidInput(RefundError.NOTE_TOO_LONG)
    refund_id = refund_id_of(account_id, request_key)
    asked_before = read.get(items.refund_key(account_id, refund_id))
    if asked_before is not None:
        return _existing(items.refund_from(asked_before))
    profile = profile_from(read.get(profile_key(account_id)))
    if profile is None or not is_open(profile):
        raise NotPossible(RefundError.ACCOUNT_NOT_OPEN)
    found = decode_once(read, payments.movement_key(account_id, movement_sk), payments.movement_from)
    ledger_key = payments.ledger_key(account_id, payments.movement_id_of(movement_sk))
    ledger = decode_once(read, ledger_key, payments.ledger_from)
    if found is None or ledger is None:
        raise NotPossible(RefundError.NO_SUCH_MOVEMENT)
    # The ledger's figures are those that the commit is conditioned on.
    movement = payments.with_ledger(found, ledger)
    recent = items.recent_from(read.get(items.recent_key(account_id)), account_id)
    if movement.open_refund_id is not None and reason is not RefundReason.UNAUTHORISED:
        return _under_way(movement, movement.open_refund_id, recent)
    if movement.unpaid_refund_id is not None and reason is not RefundReason.UNAUTHORISED:
        # One more request would go the way that has failed, beside the person who finds another.
        return _name_unpaid(movement.unpaid_refund_id, ledger)
    running = find_running(read, account_id, movement.movement_id)
    if running is not None:
        # Its owner says that they did not make it. Until that is answered, no other reason has it paid back.
        return _name_dispute(running)
    merchant = _merchant_policy(movement, read)
    decision = policy.decide(
        movement=movement,
        merchant=merchant,
        recent=recent,
        reason=reason,
        amount=amount,
        now=change.now,
        time_zone=profile.time_zone,
        other_charge=find_other_charge(read, movement),
    )
    if decision.outcome in _STATES and len(ledger.takings) >= payments.REFUNDS_PER_MOVEMENT_MAX:
        return RefundResult(RefundOutcome.NOT_ELIGIBLE, None, None, None, decided_by=MANY_PARTS_RULE)
    if decision.outcome is RefundOutcome.ROUTE_DISPUTE:
        dispute, made = contribute_report(
            change, read, movement, profile=profile, reason=reason, note=note, language=language
        )
        return RefundResult(
            decision.outcome,
            refund_id=None,
            amount=dispute.amount,
            promise=dispute.promise,
            decided_by=decision.decided_by,
            rules=decision.rules,
            case_id=dispute.case_id,
            recorded=made,
        )
    if decision.outcome not in _STATES:
        again_at = policy.find_denial_time(recent, change.now) if decision.outcome is RefundOutcome.LIMITED else None
        rules, rule = decision.rules, decision.decided_by
        return RefundResult(decision.outcome, None, None, None, decided_by=rule, rules=rules, again_at=again_at)
    refund = replace(_refund(change.now, refund_id, movement, reason, decision), time_zone=profile.time_zone)
    if refund.state.is_open:
        payments.contribute_taking(
            change,
            movement=found,
            ledger=ledger,
            ledger_item=read[ledger_key],
            refund_id=refund_id,
            amount=refund.amount,
            as_duplicate=reason is RefundReason.DUPLICATE,
        )
        _require_pair(change, read, movement)
    if refund.state is RefundState.IN_REVIEW:
        law = law_of(country=movement.purchase.country, currency=refund.amount.currency)
        answer = answer_promise(law, change.now, currency=refund.amount.currency, time_zone=refund.time_zone)
        refund = replace(refund, promise=earlier(refund.promise, answer))
        refund = replace(refund, case_id=_open_case(change, read, refund, note, established))
        due_at = promise_due_at(answer.latest_on, currency=refund.amount.currency, time_zone=refund.time_zone)
        start_clock(change, refund, ClockKind.STATUTORY, due_at)
        if merchant is not None and merchant.answer_days is not None and asks_merchant(refund.rules):
            answers_until = change.now + timedelta(days=merchant.answer_days)
            start_clock(change, refund, ClockKind.MERCHANT, answers_until)
        start_reminder(change, refund)
    _count(change, read, recent, refund)
    # A report that its owner did not make it, a closure, or an erasure that comes in between wins.
    disputed = dispute_key(account_id, movement.movement_id)
    over = read.get(disputed)
    change.require_condition(disputed, NEW if over is None else equals("rev", int(over["rev"])), stale)
    change.require_condition(profile_key(account_id), equals("status", AccountStatus.OPEN.value), stale)
    write_refund(change, None, refund)
    change.audit(account_id, f"refund.{refund.state.value}", refund_id=refund_id, rule=decision.decided_by)
    send_requested(change, refund)
    send_outcome(change, refund)
    tell_owner(change, read, refund)
    return RefundResult(
        outcome=decision.outcome,
        refund_id=refund_id,
        amount=refund.amount,
        promise=refund.promise,
        state=refund.state,
        decided_by=refund.decided_by,
        rules=refund.rules,
        case_id=refund.case_id,
        review=refund.review,
        recorded=True,
    )


def _require_pair(change: Change, read: Mapping[Key, Item], movement: Movement) -> None:
    """The other charge has to stay as it was read: otherwise both might be given back at once."""
    if movement.ref.twin is None:
        return
    key = payments.movement_key(movement.ref.account_id, movement.ref.twin)
    if key in read:
        change.require_condition(key, equals("rev", int(read[key]["rev"])), stale)


def _existing(refund: Refund) -> RefundResult:
    return RefundResult(
        outcome=RefundOutcome.EXISTS,
        refund_id=refund.refund_id,
        amount=refund.amount,
        promise=items.promise_told(refund),
        state=refund.state,
        decided_by=refund.decided_by,
        rules=refund.rules,
        case_id=refund.case_id,
    )


def _name_dispute(dispute: Dispute) -> RefundResult:
    """The answer to a request about a payment of which a dispute waits for its answer."""
    return RefundResult(
        RefundOutcome.ROUTE_DISPUTE,
        refund_id=None,
        amount=dispute.amount,
        promise=dispute.promise,
        decided_by="reason.unauthorised",
        case_id=dispute.case_id,
        recorded=False,
    )


def _under_way(movement: Movement, refund_id: str, recent: RecentRequests) -> RefundResult:
    """The known part of another refund of the movement, without reading it; no date of it beside a reversed payment."""
    known = next((request for request in recent.requests if request.refund_id == refund_id), None)
    amount, promise = (known.amount, known.promise) if known else (None, None)
    if movement.is_called_back:
        return RefundResult(RefundOutcome.EXISTS, refund_id, amount, None, decided_by=CALLED_BACK_RULE)
    return RefundResult(RefundOutcome.EXISTS, refund_id, amount, promise, decided_by=OPEN_RULE)


def _name_unpaid(refund_id: str, ledger: Ledger) -> RefundResult:
    """The answer to a request about a payment of which a refund was not paid out: that one. Its next date stands on the
    refund itself."""
    amount = ledger.takings[refund_id].amount
    return RefundResult(RefundOutcome.EXISTS, refund_id, amount, None, decided_by=UNPAID_RULE)


def _merchant_policy(movement: Movement, read: Mapping[Key, Item]) -> MerchantPolicy | None:
    merchant = movement.ref.merchant
    return merchant_policy_of(read.get(items.policy_key(merchant.id))) if merchant else None


def _refund(
    now: datetime, refund_id: str, movement: Movement, reason: RefundReason, decision: PolicyDecision
) -> Refund:
    return Refund(
        account_id=movement.ref.account_id,
        refund_id=refund_id,
        movement_id=movement.movement_id,
        amount=decision.amount,
        state=_STATES[decision.outcome],
        requested_at=now,
        state_at=now,
        version=1 if decision.outcome is RefundOutcome.IN_REVIEW else 2,
        movement_sk=movement.sk,
        merchant_name=movement.ref.merchant.name if movement.ref.merchant else None,
        order_tail=movement.order_tail,
        reason=reason,
        promise=decision.promise,
        review=decision.review,
        decided_by=decision.decided_by,
        policy_version=decision.policy_version,
        rules=decision.rules,
        inputs=decision.inputs,
    )


def _count(change: Change, read: Mapping[Key, Item], recent: RecentRequests, refund: Refund) -> None:
    """Count the request; writing it also puts two requests of one account in order."""
    wallet = policy.DEFAULT_WALLET_POLICY
    requests = [request for request in recent.requests if _counts(request, change.now)]
    denied_at = [at for at in recent.denied_at if at > change.now - wallet.denied_window]
    if refund.state.is_open:
        requests.append(RecentRequest(refund.refund_id, change.now, refund.amount, refund.promise))
    else:
        denied_at.append(change.now)
    counted = RecentRequests(
        refund.account_id, tuple(requests[-RECENT_KEPT_MAX:]), tuple(denied_at[-wallet.denied_max :])
    )
    key = items.recent_key(refund.account_id)
    change.replace(key, read.get(key), items.recent_item(counted))


def _counts(request: RecentRequest, now: datetime) -> bool:
    """Whether a request is kept: in the window in which requests count, and as long as its customer has a date."""
    has_date = request.promise is not None and request.promise.latest_on >= now.date()
    return has_date or request.at > now - policy.DEFAULT_WALLET_POLICY.velocity_window


def _open_case(
    change: Change, read: Mapping[Key, Item], refund: Refund, note: str | None, established: Established | None
) -> str:
    facts: dict[str, str | int] = {
        "rule": refund.decided_by or "-",
        "waits_for": refund.review.value if refund.review else "-",
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
    }
    return add_to_case(change, read, refund, reason=REVIEW_REASON, facts=facts, note=note, established=established)
