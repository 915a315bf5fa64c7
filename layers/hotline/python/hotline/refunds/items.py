"""Refunds, merchants' policies and recent requests as stored items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hotline.contracts.model import FactVersion, MoneyState, MovementKind, MovementStatus
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.money import Money
from hotline.kit.retention import record_end
from hotline.kit.store import Between, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.payments.service import (
    EXPLAINS_FAILED_REFUND,
    fact_version_from,
    fact_version_item,
    money_from,
    money_item,
)

from .folds import TOLD_FOR, is_pending
from .model import (
    CALLED_BACK,
    MerchantPolicy,
    OtherCharge,
    PayoutWay,
    RecentRequest,
    RecentRequests,
    Refund,
    RefundOutcome,
    RefundReason,
    RefundState,
    ReviewNeed,
    RuleInputs,
    RuleResult,
)
from .promises import Promise, due_at, longest_promise, with_estimate

ANSWERED_WITHIN: Final = timedelta(days=1)
"""How long a wallet may take to tell of an approved refund, until it is asked."""
LISTED_PREFIX: Final = "REFUND_AT#"
_PENDING: Final = "REFUND_TOLD#PENDING#"
_OVER: Final = "REFUND_TOLD#OVER#"
"""Sorts before `_PENDING`, so that a descending read has first what its owner waits for."""


def refund_key(account_id: str, refund_id: str) -> Key:
    """The key of a refund."""
    return hotline_key(f"ACCOUNT#{account_id}", f"REFUND#{refund_id}")


def recent_key(account_id: str) -> Key:
    """The key under which the recent requests of an account are counted."""
    return hotline_key(f"ACCOUNT#{account_id}", "#REFUNDS")


def policy_key(merchant_id: str) -> Key:
    """The key of a merchant's policy."""
    return hotline_key(f"MERCHANT#{merchant_id}", "POLICY")


def edition_key(merchant_id: str, version: int) -> Key:
    """The key of a version of a merchant's policy that was published at the desk."""
    return hotline_key(f"MERCHANT#{merchant_id}", f"EDITION#{version:016d}")


def page_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """The query for the items that name the refunds of an account, newest first, behind the position `after`, read
    consistently."""
    pk = f"ACCOUNT#{account_id}"
    start = {"PK": pk, "SK": f"{LISTED_PREFIX}{after}"} if after is not None else None
    return Query(Table.HOTLINE, pk, Prefix(LISTED_PREFIX), limit=limit, descending=True, start_after=start)


def copies_query(account_id: str, *, now: datetime, limit: int) -> Query:
    """Copies of the refunds that a call hears of, read consistently. Those that are waited for come first, the newest
    first, then those that failed or came back lately."""
    span = Between(f"{_OVER}{to_text(now - TOLD_FOR)}", f"{_PENDING}~")
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", span, limit=limit, descending=True)


def position(refund: Refund) -> str:
    """The place at which the refund stands in the list by time; later ones are greater."""
    return f"{to_text(refund.requested_at)}#{refund.refund_id}"


def rows(refund: Refund) -> dict[Key, Item]:
    """The items beside a refund by which a bounded read finds it. One names it in the list by time; while a call hears
    of it, the other is a copy. Written and taken away with the refund, in the same transaction."""
    account_id = refund.account_id
    named: Item = {"refund_id": refund.refund_id, **record_end(refund.state_at)}
    found = {hotline_key(f"ACCOUNT#{account_id}", f"{LISTED_PREFIX}{position(refund)}"): named}
    sk = None
    if is_pending(refund):
        sk = f"{_PENDING}{position(refund)}"
    elif refund.state.is_unpaid:
        sk = f"{_OVER}{to_text(refund.state_at)}#{refund.refund_id}"
    if sk is not None:
        found[hotline_key(f"ACCOUNT#{account_id}", sk)] = _plain_item(refund)
    return found


def refund_item(refund: Refund) -> Item:
    """A refund as stored; while it is open it needs attention, and each date that was told of it falls due. `listed`:
    its rows were written with it. The copies beside it do without the inputs of the rules."""
    item: Item = {**_plain_item(refund), "listed": True}
    if refund.inputs is not None:
        item["inputs"] = inputs_item(refund.inputs)
    if refund.state.is_open:
        item["attention_pk"] = f"ACCOUNT#{refund.account_id}"
        item["attention_sk"] = f"REFUND_OPEN#{to_text(refund.requested_at)}"
    due = falls_due_at(refund)
    return item | (due_attributes(refund.refund_id, due) if due is not None else {})


def falls_due_at(refund: Refund) -> datetime | None:
    """The time of the next work on the refund, the earliest of its dates. None: there is no such work.

    It is at once when the refund failed, came back or is of a reversed payment and nobody has acted on it. So it is
    when it has arrived and its customer does not know, and when its outcome is unknown and the wallet was not asked. It
    is as well when the provider expects the money later than was promised.
    """
    if is_to_stop(refund) or is_arrival_untold(refund):
        return refund.state_at
    dates = (promise_ends_at(refund), ask_due_at(refund), refund.merchant_until if is_with_merchant(refund) else None)
    return min((at for at in dates if at is not None), default=None)


def may_be_paid(refund: Refund) -> bool:
    """Whether the wallet has paid the refund, or may have, or may yet. It hears of one in review only when that is
    approved."""
    by_another_way = refund.payout is not None and refund.followed_up
    return by_another_way or refund.state in _PAYABLE


_PAYABLE: Final = frozenset({RefundState.APPROVED, RefundState.SENT, RefundState.UNKNOWN, RefundState.SUCCEEDED})


def is_to_stop(refund: Refund) -> bool:
    """Whether its payment is reversed, and that is to be acted on. People hear once of each state in which money may
    reach the customer twice. A refund that was not paid ends."""
    if may_be_paid(refund):
        return refund.reversed and not refund.stopped
    return refund.reversed and (refund.state is RefundState.IN_REVIEW or refund.state.is_unpaid)


def is_arrival_untold(refund: Refund) -> bool:
    """Whether its customer is to be told that the money has arrived. They are where the hotline has decided or told
    something about it. Beside a reversed payment people speak of it."""
    was_told_of = refund.version > 0 and not refund.arrival_told
    return refund.state is RefundState.SUCCEEDED and was_told_of and not refund.reversed


def needs_ledger(refund: Refund) -> bool:
    """Whether its due work says in the ledger what it takes of its payment, and whether it bars another refund."""
    return is_to_stop(refund) or (refund.state.is_unpaid and not refund.followed_up)


def is_with_merchant(refund: Refund) -> bool:
    """Whether the merchant's time to answer stands on the refund itself, and still counts."""
    return refund.merchant_until is not None and refund.state is RefundState.IN_REVIEW


def ask_due_at(refund: Refund) -> datetime | None:
    """The time at which the wallet is asked what became of the refund; None when it need not be, or was asked."""
    if refund.asked or refund.state not in (RefundState.UNKNOWN, RefundState.APPROVED):
        return None
    return refund.state_at + (ANSWERED_WITHIN if refund.state is RefundState.APPROVED else timedelta())


def promise_ends_at(refund: Refund) -> datetime | None:
    """The time at which the date that was told of the refund is over, or cannot be kept any more; None: there is
    none."""
    if refund.state.is_unpaid and not refund.followed_up:
        return refund.state_at
    told = date_told(refund) if refund.state.is_open or refund.state.is_unpaid else None
    if told is None:
        return None
    if refund.promised_on is not None and refund.promised_on < told:
        return refund.estimate_version.time if refund.estimate_version is not None else refund.state_at
    return due_at(told, currency=refund.amount.currency, time_zone=refund.time_zone)


def promise_told(refund: Refund) -> Promise | None:
    """The promise that phone, API and messages tell of the refund; None: there is none. A customer whose money did not
    arrive is told the date of the next step, and the one before no longer. Of money that was sent, the provider's
    estimate is told, and without any promise the latest date of any instrument. Beside a reversed payment nothing is
    promised: its money came back with the payment."""
    if refund.reversed:
        return None
    if refund.state.is_unpaid and not refund.followed_up:
        return None
    if refund.state is not RefundState.SENT:
        return refund.promise
    if refund.expected_on is not None:
        return with_estimate(refund.promise, refund.expected_on)
    if refund.promise is not None:
        return refund.promise
    return longest_promise(refund.state_at, currency=refund.amount.currency, time_zone=refund.time_zone)


def state_told(refund: Refund) -> str:
    """The state that phone, API and desk tell of the refund: its own, or that it was called back."""
    may_pay_twice = refund.reversed and (may_be_paid(refund) or is_to_stop(refund))
    is_called_back = may_pay_twice and refund.state is not RefundState.SUCCEEDED
    return CALLED_BACK if is_called_back else refund.state.value


def date_told(refund: Refund) -> date | None:
    """The latest date of `promise_told`; None: there is none."""
    promise = promise_told(refund)
    return promise.latest_on if promise is not None else None


def failure_told(refund: Refund) -> str | None:
    """The reason that is told of a refund that failed or came back, None where none is told. It is a word of the
    taxonomy in small letters."""
    if not refund.state.is_unpaid or refund.failure is None or refund.payout is not None:
        return None
    return refund.failure.lower() if refund.failure in EXPLAINS_FAILED_REFUND else None


def _plain_item(refund: Refund) -> Item:
    item: Item = {
        "account_id": refund.account_id,
        "refund_id": refund.refund_id,
        "movement_id": refund.movement_id,
        "amount": money_item(refund.amount),
        "state": refund.state.value,
        "requested_at": to_text(refund.requested_at),
        "state_at": to_text(refund.state_at),
        "version": refund.version,
        "movement_sk": refund.movement_sk,
        "merchant_name": refund.merchant_name,
        "order_tail": refund.order_tail,
        "reason": refund.reason.value if refund.reason else None,
        **promise_item(refund.promise),
        "review": refund.review.value if refund.review else None,
        "decided_by": refund.decided_by,
        "policy_version": refund.policy_version,
        "case_id": refund.case_id,
        "rules": [_rule_item(rule) for rule in refund.rules],
        "order": fact_version_item(refund.fact_version) if refund.fact_version else None,
        "escalations": refund.escalations or None,
        "followed_up": refund.followed_up or None,
        "evidence_at": to_text(refund.evidence_at) if refund.evidence_at else None,
        "payout": refund.payout.value if refund.payout else None,
        "payout_at": to_text(refund.payout_at) if refund.payout_at else None,
        "expected_on": refund.expected_on.isoformat() if refund.expected_on else None,
        "failure": refund.failure,
        "estimate_order": fact_version_item(refund.estimate_version) if refund.estimate_version else None,
        "arrival_told": refund.arrival_told or None,
        "time_zone": refund.time_zone,
        "asked": refund.asked or None,
        "closed": fact_version_item(refund.closed) if refund.closed else None,
        "reversed": refund.reversed or None,
        "stopped": refund.stopped or None,
        "merchant_until": to_text(refund.merchant_until) if refund.merchant_until else None,
        **record_end(refund.state_at),
    }
    return {name: value for name, value in item.items() if value is not None}


def refund_from(item: Mapping[str, Any]) -> Refund:
    """The refund of a stored item."""
    return Refund(
        account_id=item["account_id"],
        refund_id=item["refund_id"],
        movement_id=item["movement_id"],
        amount=money_from(item["amount"]),
        state=RefundState(item["state"]),
        requested_at=from_text(item["requested_at"]),
        state_at=from_text(item["state_at"]),
        version=int(item["version"]),
        movement_sk=item.get("movement_sk"),
        merchant_name=item.get("merchant_name"),
        order_tail=item.get("order_tail"),
        reason=RefundReason(item["reason"]) if "reason" in item else None,
        promise=promise_from(item),
        review=ReviewNeed(item["review"]) if "review" in item else None,
        decided_by=item.get("decided_by"),
        policy_version=item.get("policy_version"),
        case_id=item.get("case_id"),
        rules=tuple(_rule_from(rule) for rule in item["rules"]),
        inputs=inputs_from(item["inputs"]) if "inputs" in item else None,
        fact_version=fact_version_from(item["order"]) if "order" in item else None,
        escalations=int(item.get("escalations", 0)),
        followed_up=bool(item.get("followed_up", False)),
        evidence_at=from_text(item["evidence_at"]) if "evidence_at" in item else None,
        payout=PayoutWay(item["payout"]) if "payout" in item else None,
        payout_at=from_text(item["payout_at"]) if "payout_at" in item else None,
        expected_on=_day_from(item, "expected_on"),
        failure=item.get("failure"),
        estimate_version=_estimate_version_from(item),
        arrival_told=_is_arrival_told(item),
        time_zone=item.get("time_zone"),
        asked=bool(item.get("asked", False)),
        closed=fact_version_from(item["closed"]) if "closed" in item else None,
        reversed=bool(item.get("reversed", False)),
        stopped=bool(item.get("stopped", False)),
        merchant_until=from_text(item["merchant_until"]) if "merchant_until" in item else None,
    )


def _is_arrival_told(item: Mapping[str, Any]) -> bool:
    """Whether the arrival was told. One that was stored as over before arrivals were told is not told now: it lacks the
    date that every untold one has."""
    is_over = item["state"] == RefundState.SUCCEEDED.value and int(item["version"]) > 0 and "reversed" not in item
    was_over = is_over and "due_sk" not in item
    return bool(item.get("arrival_told", was_over))


def _estimate_version_from(item: Mapping[str, Any]) -> FactVersion | None:
    """The version of the estimate. A refund that was stored before it was kept has that of its last fact. That fact
    told an estimate or an end, or its estimate became part of a later promise; of any other there is none."""
    is_over = RefundState(item["state"]) not in (RefundState.SENT, RefundState.UNKNOWN)
    is_told = is_over or "expected_on" in item or "escalations" in item
    name = "estimate_order" if "estimate_order" in item else "order"
    return fact_version_from(item[name]) if name in item and (is_told or name == "estimate_order") else None


def merchant_policy_item(policy: MerchantPolicy) -> Item:
    """A policy as stored."""
    optional = {"evidence_above_minor": policy.evidence_above_minor, "answer_days": policy.answer_days}
    return {
        "merchant_id": policy.merchant_id,
        "version": policy.version,
        "window_days": policy.window_days,
        "partial": policy.partial,
        "auto_approve_minor": policy.auto_approve_minor,
        "categories": list(policy.categories),
        "order": fact_version_item(policy.fact_version),
        **{name: value for name, value in optional.items() if value is not None},
    }


def merchant_policy_from(item: Mapping[str, Any]) -> MerchantPolicy:
    """The policy of a stored item."""
    return MerchantPolicy(
        merchant_id=item["merchant_id"],
        version=int(item["version"]),
        window_days=int(item["window_days"]),
        partial=bool(item["partial"]),
        auto_approve_minor=int(item["auto_approve_minor"]),
        categories=tuple(item["categories"]),
        fact_version=fact_version_from(item["order"]),
        evidence_above_minor=int(item["evidence_above_minor"]) if "evidence_above_minor" in item else None,
        answer_days=int(item["answer_days"]) if "answer_days" in item else None,
    )


def recent_item(recent: RecentRequests) -> Item:
    """Recent requests as stored."""
    item: Item = {"account_id": recent.account_id, "requests": [_recent_item(request) for request in recent.requests]}
    return item | ({"denied_at": [to_text(at) for at in recent.denied_at]} if recent.denied_at else {})


def recent_from(item: Mapping[str, Any] | None, account_id: str) -> RecentRequests:
    """The recent requests of a stored item; none when there is no item."""
    if item is None:
        return RecentRequests(account_id)
    return RecentRequests(
        account_id,
        requests=tuple(_recent_from(request) for request in item["requests"]),
        denied_at=tuple(from_text(at) for at in item.get("denied_at", ())),
    )


def _recent_item(request: RecentRequest) -> Item:
    item: Item = {"refund_id": request.refund_id, "at": to_text(request.at), "amount": money_item(request.amount)}
    return item | promise_item(request.promise)


def _recent_from(item: Mapping[str, Any]) -> RecentRequest:
    promise = promise_from(item)
    return RecentRequest(item["refund_id"], from_text(item["at"]), money_from(item["amount"]), promise)


def promise_item(promise: Promise | None) -> Item:
    """A promise among the attributes of an item. `about`: it is not certain."""
    if promise is None:
        return {}
    item: Item = {"promised_on": promise.latest_on.isoformat()}
    item |= {"typical_on": promise.typical_on.isoformat()} if promise.typical_on is not None else {}
    return item if promise.is_certain else item | {"about": True}


def promise_from(item: Mapping[str, Any]) -> Promise | None:
    """The promise among the attributes of an item; None where it has none."""
    latest_on = _day_from(item, "promised_on")
    if latest_on is None:
        return None
    return Promise(_day_from(item, "typical_on"), latest_on, is_certain=not item.get("about", False))


def _day_from(item: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(item[name]) if name in item else None


def inputs_item(inputs: RuleInputs) -> Item:
    """The inputs of the rules as stored: one attribute a field, those without a value left out."""
    named = ((field.name, getattr(inputs, field.name)) for field in fields(inputs))
    return {name: _plain(value) for name, value in named if value is not None}


def inputs_from(item: Mapping[str, Any]) -> RuleInputs:
    """The inputs of a stored form. A field that came later has its default."""
    known: dict[str, Any] = {}
    for field in fields(RuleInputs):
        if field.name in item:
            known[field.name] = _READ[str(field.type).removesuffix(" | None")](item[field.name])
        elif field.default is MISSING:
            known[field.name] = None
    return RuleInputs(**known)


def _plain(value: object) -> Any:
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return to_text(value)
        case date():
            return value.isoformat()
        case Money():
            return money_item(value)
        case _:
            return value


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "date": date.fromisoformat,
    "datetime": from_text,
    "Money": money_from,
    **{kind.__name__: kind for kind in (RefundReason, MovementKind, MovementStatus, MoneyState, OtherCharge)},
}
"""How a field of RuleInputs is read again, by the type that it is annotated with."""


def _rule_item(rule: RuleResult) -> Item:
    item: Item = {"rule": rule.rule, "inputs": dict(rule.inputs)}
    return item | ({"outcome": rule.outcome.value} if rule.outcome else {})


def _rule_from(item: Mapping[str, Any]) -> RuleResult:
    return RuleResult(item["rule"], RefundOutcome(item["outcome"]) if "outcome" in item else None, item["inputs"])
