"""A person's word on a refund: in review, approved or denied; not paid out, another way of payout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from hotline.accounts.service import profile_from, profile_key
from hotline.contracts.model import Instrument
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import decode_once
from hotline.kit.errors import NotPossible
from hotline.kit.money import Money
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals
from hotline.lockout.service import is_erased, lock_keys
from hotline.payments import service as payments
from hotline.payments.model import Ledger, Movement, TakenState

from . import items
from .model import PayoutWay, Refund, RefundError, RefundState, ReviewDecision
from .outgoing import PAYOUT_MESSAGE, dates_of, send_decision, send_outcome, tell_owner
from .policy import takes_second_person
from .promises import arrival_promise
from .records import correct_recent, drop_recent, write_refund
from .rules import find_refusal

REVIEWED: Final = "agent.review"
"""The rule that decides where a person does."""
_UNKNOWN_INSTRUMENT: Final = Instrument("other")
_DECIDED: Final = {ReviewDecision.APPROVE: RefundState.APPROVED, ReviewDecision.DENY: RefundState.DENIED}


def deciding_keys(account_id: str, refund_id: str) -> tuple[Key, ...]:
    """The keys to read first: the refund, and whom to tell."""
    refund = items.refund_key(account_id, refund_id)
    return (refund, items.recent_key(account_id), profile_key(account_id), *lock_keys(account_id))


def paid_keys(read: Mapping[Key, Item], account_id: str, refund_id: str) -> tuple[Key, ...]:
    """The keys to read then: the payment of the refund, and its ledger."""
    refund = refund_in(read, account_id, refund_id)
    of_movement = (payments.movement_key(account_id, refund.movement_sk),) if refund.movement_sk is not None else ()
    return (payments.ledger_key(account_id, refund.movement_id), *of_movement)


def refund_in(read: Mapping[Key, Item], account_id: str, refund_id: str) -> Refund:
    """The refund as it was read. Raises NotPossible `no_such_refund`."""
    refund = decode_once(read, items.refund_key(account_id, refund_id), items.refund_from)
    if refund is None or is_erased(read, account_id):
        raise NotPossible(RefundError.NO_SUCH_REFUND)
    return refund


def review_need(
    read: Mapping[Key, Item], account_id: str, refund_id: str, decision: ReviewDecision
) -> tuple[Operation, Subject]:
    """The operation that the decision is, by what refunds have taken of the payment, and the thing that it is about.
    `read` holds what exists of `deciding_keys` and `paid_keys`. Raises NotPossible `no_such_refund`,
    `refund_not_in_review`."""
    refund = refund_in(read, account_id, refund_id)
    if refund.state is not RefundState.IN_REVIEW:
        raise NotPossible(RefundError.NOT_IN_REVIEW, refund_id=refund_id)
    taken = Money(max(_ledger(read, refund).taken_minor, refund.amount.minor), refund.amount.currency)
    operation = Operation.REVIEW_LARGE_REFUND if takes_second_person(taken) else Operation.REVIEW_REFUND
    return operation, _subject(read, refund, decision=decision.value)


def contribute_review(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, decision: ReviewDecision
) -> Refund:
    """Approve or deny a refund in review: one change of the refund, its payment's ledger, the decision for the wallet
    and the customer's notice. `read` as for `review_need`. Raises the same, and NeedSecond; NotPossible
    `refund_overtaken`, `provider_window_over`, `provider_parts_over`; at commit Stale."""
    operation, subject = review_need(read, account_id, refund_id, decision)
    require(change, operation, account_id, subject)
    known = refund_in(read, account_id, refund_id)
    ledger, ledger_item = _ledger(read, known), read.get(payments.ledger_key(account_id, known.movement_id))
    refund = replace(
        known,
        state=_DECIDED[decision],
        state_at=change.now,
        version=known.version + 1,
        review=None,
        decided_by=REVIEWED,
    )
    if decision is ReviewDecision.APPROVE:
        if ledger.mixed_currencies or ledger.taken_minor > ledger.captured_minor:
            raise NotPossible(RefundError.OVERTAKEN, refund_id=refund_id)
        _check_provider(known, ledger, change.now)
        refund = _promise_arrival(read, refund, _payment(read, known), change.now)
        if ledger_item is not None:
            key = payments.ledger_key(account_id, known.movement_id)
            change.require_condition(key, equals("rev", int(ledger_item["rev"])), stale)
        correct_recent(change, read, refund)
    else:
        refund = replace(refund, promise=None)
        _give_back(change, ledger, ledger_item, refund_id)
        drop_recent(change, read, refund)
    write_refund(change, read[items.refund_key(account_id, refund_id)], refund)
    change.audit(account_id, f"refund.{refund.state.value}", refund_id=refund_id, rule=REVIEWED)
    send_outcome(change, refund)
    tell_owner(change, read, refund)
    return refund


def _check_provider(refund: Refund, ledger: Ledger, now: datetime) -> None:
    """Refuse what the provider refuses by now: it is long after the request that a person approves it. Raises
    NotPossible `provider_window_over`, `provider_parts_over`."""
    if refund.inputs is None:
        return
    others = ledger.refund_count - 1 if refund.refund_id in ledger.takings else ledger.refund_count
    refusal = find_refusal(replace(refund.inputs, at=now, refund_count=others))
    if refusal is not None:
        raise NotPossible(refusal, refund_id=refund.refund_id)


def payout_subject(read: Mapping[Key, Item], account_id: str, refund_id: str, way: PayoutWay) -> Subject:
    """The refund that did not reach its customer, and the way it is to be paid now. The hotline pays the whole of a
    refund or nothing: a part that the wallet has left open is for the wallet to send. `read` as for `review_need`.
    Raises NotPossible `no_such_refund`, `refund_not_unpaid`, and `refund_overtaken` when so much is not owed any more,
    or not left of the payment."""
    refund = refund_in(read, account_id, refund_id)
    if not refund.state.is_unpaid or refund.payout is not None:
        raise NotPossible(RefundError.NOT_UNPAID, refund_id=refund_id)
    ledger = _ledger(read, refund)
    if not payments.may_take_again(ledger, refund_id, refund.amount):
        raise NotPossible(RefundError.OVERTAKEN, refund_id=refund_id)
    return _subject(read, refund, payout=way.value)


def find_rest(read: Mapping[Key, Item], account_id: str, refund_id: str) -> int | None:
    """The amount that is still owed of a refund that may not be paid by another way, in minor units. None where it may
    be, or another way was asked for. `read` as for `review_need`. Raises NotPossible `no_such_refund`."""
    refund = refund_in(read, account_id, refund_id)
    ledger = _ledger(read, refund)
    if refund.payout is not None or payments.may_take_again(ledger, refund_id, refund.amount):
        return None
    return ledger.owed_otherwise_minor(refund_id)


def contribute_payout(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, way: PayoutWay, *, case_id: str
) -> Refund:
    """Ask the wallet to pay a refund that failed or came back by another way. The payment's ledger takes its amount
    again, so that nobody asks for it once more meanwhile. The refund keeps its state until the wallet tells that the
    money is under way; the date is the new way's.

    `read` as for `review_need`. Raises NotPossible as `payout_subject`; NeedSecond; at commit Stale."""
    subject = payout_subject(read, account_id, refund_id, way)
    require(change, Operation.OTHER_PAYOUT, account_id, subject)
    known = refund_in(read, account_id, refund_id)
    ledger, ledger_item = _ledger(read, known), read.get(payments.ledger_key(account_id, known.movement_id))
    if ledger_item is None:
        raise NotPossible(RefundError.OVERTAKEN, refund_id=refund_id)
    payments.contribute_taken_state(
        change, ledger=ledger, ledger_item=ledger_item, refund_id=refund_id, state=TakenState.OPEN
    )
    refund = replace(
        known,
        version=known.version + 1,
        followed_up=True,
        payout=way,
        payout_at=change.now,
        case_id=known.case_id or case_id,
    )
    refund = _promise_arrival(read, refund, None, change.now, instrument=Instrument(way.value))
    write_refund(change, read[items.refund_key(account_id, refund_id)], refund)
    correct_recent(change, read, refund)
    change.audit(account_id, "refund.payout_requested", refund_id=refund_id, way=way.value)
    dates = dates_of(refund.promise) if refund.promise is not None else {}
    own = {"way": way.value, **dates, "case_id": case_id}
    send_decision(change, refund, "refund.payout_requested", own, version=refund.version)
    tell_owner(change, read, refund, PAYOUT_MESSAGE)
    return refund


def _give_back(change: Change, ledger: Ledger, ledger_item: Item | None, refund_id: str) -> None:
    if ledger_item is not None:
        payments.contribute_taken_state(
            change, ledger=ledger, ledger_item=ledger_item, refund_id=refund_id, state=TakenState.VOID, is_ended=True
        )


def _subject(read: Mapping[Key, Item], refund: Refund, **deed: str) -> Subject:
    version = str(read[items.refund_key(refund.account_id, refund.refund_id)]["rev"])
    amount: dict[str, str | int] = {"amount_minor": refund.amount.minor, "currency": refund.amount.currency}
    return Subject(refund_subject_name(refund.account_id, refund.refund_id), version, {**amount, **deed})


def refund_subject_name(account_id: str, refund_id: str) -> str:
    """The name of a refund as the subject of an approval."""
    return f"refund#{account_id}#{refund_id}"


def _ledger(read: Mapping[Key, Item], refund: Refund) -> Ledger:
    key = payments.ledger_key(refund.account_id, refund.movement_id)
    return decode_once(read, key, payments.ledger_from) or Ledger(refund.account_id, refund.movement_id)


def _payment(read: Mapping[Key, Item], refund: Refund) -> Movement | None:
    if refund.movement_sk is None:
        return None
    return decode_once(read, payments.movement_key(refund.account_id, refund.movement_sk), payments.movement_from)


def _promise_arrival(
    read: Mapping[Key, Item],
    refund: Refund,
    payment: Movement | None,
    now: datetime,
    *,
    instrument: Instrument = _UNKNOWN_INSTRUMENT,
) -> Refund:
    """The refund with the date of its arrival on the instrument of its payment; on `instrument` where that is None."""
    profile = profile_from(read.get(profile_key(refund.account_id)))
    time_zone = profile.time_zone if profile is not None else refund.time_zone
    promise = arrival_promise(
        payment.instrument if payment is not None else instrument,
        now,
        currency=refund.amount.currency,
        provider=payment.provider if payment is not None else None,
        time_zone=time_zone,
    )
    return replace(refund, promise=promise, time_zone=time_zone)
