"""Disputes: payments that their owner did not make, or sent away. People answer them; nothing is refunded by itself.

A dispute is an item of its own beside the case. A case has all disputes of its account, and each has its own date. The
law of the payment says by when there is an answer (laws). The answer is given when the case is closed. A date that
passes before is escalated once: the case is urgent, and a new date replaces the old one. The customer is told by day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from hotline.accounts.model import Profile
from hotline.accounts.service import profile_from, profile_key, send_notice
from hotline.cases.model import DISPUTE_TOPIC, Priority, PromisedAnswer
from hotline.cases.service import case_keys, contribute_case, find_open
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.change.acts import decode_once
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Store, account_of, hotline_key, id_at
from hotline.kit.store.condition import Item
from hotline.lockout.service import is_erased, lock_keys
from hotline.payments.model import Movement
from hotline.payments.service import money_from, money_item

from .clocks import clock_promise
from .items import promise_from, promise_item
from .laws import UNAUTHORISED_OTHERWISE, law_of
from .model import RefundReason
from .outgoing import done_telling, promise_facts, quiet_for_owner_until
from .promises import Promise, due_at, escalation_promise

_PREFIX: Final = "DISPUTE"
DISPUTED_REASON: Final = "payment.disputed"
OVERDUE_REASON: Final = "dispute_overdue"
"""Reasons of the case: money was moved that its owner did not send; the date of the answer has passed."""
NOTED_MESSAGE: Final = "dispute.noted"
OVERDUE_MESSAGE: Final = "dispute.escalated"
NO_LAW: Final = "-"


@dataclass(frozen=True, slots=True)
class Dispute:
    """One payment that its owner disputes. `promise`: when there is an answer. `case_id`: the case of its last report;
    the dispute is over when that is closed. `time_zone`: the customer's when the date was promised."""

    account_id: str
    movement_id: str
    amount: Money
    reported_at: datetime
    promise: Promise
    case_id: str
    order_tail: str | None = None
    time_zone: str | None = None
    escalations: int = 0
    tell_at: datetime | None = None
    """The morning in which the customer hears of a date that passed in the night. None: they need not hear of one."""

    @property
    def ends_at(self) -> datetime:
        """The end of the promised day where the customer is."""
        return due_at(self.promise.latest_on, currency=self.amount.currency, time_zone=self.time_zone)


def dispute_key(account_id: str, movement_id: str) -> Key:
    """The key of the dispute about a movement."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{_PREFIX}#{movement_id}")


def report_keys(account_id: str, movement_id: str) -> set[Key]:
    """The keys to read before `contribute_report`."""
    return {dispute_key(account_id, movement_id), profile_key(account_id), *case_keys(account_id, DISPUTE_TOPIC)}


def find_dispute(store: Store, account_id: str, movement_id: str) -> Dispute | None:
    """The dispute about a movement; None when there is none. One read."""
    key = dispute_key(account_id, movement_id)
    # The phone may get items in batches only.
    return decode_once(store.batch_get([key]), key, dispute_from)


def case_of_disputes_keys(account_id: str) -> set[Key]:
    """The keys that tell whether people owe the account any answer, see `list_dispute_keys`."""
    return case_keys(account_id, DISPUTE_TOPIC)


def list_dispute_keys(read: Mapping[Key, Item], account_id: str, movements: Iterable[Movement]) -> set[Key]:
    """The keys to read before `find_running` is asked of each of these movements; none while no case of disputes is
    open. `read` holds what exists of `case_of_disputes_keys`."""
    if find_open(read, account_id=account_id, topic=DISPUTE_TOPIC) is None:
        return set()
    return {dispute_key(account_id, one.movement_id) for one in movements}


def find_running(read: Mapping[Key, Item], account_id: str, movement_id: str) -> Dispute | None:
    """The dispute about a movement to which people still owe an answer. `read` holds what exists of `report_keys`."""
    known = decode_once(read, dispute_key(account_id, movement_id), dispute_from)
    return known if known is not None and _is_running(read, known) else None


def contribute_report(
    change: Change,
    read: Mapping[Key, Item],
    movement: Movement,
    *,
    profile: Profile,
    reason: RefundReason,
    note: str | None,
    language: str | None,
) -> tuple[Dispute, bool]:
    """Let people know of a payment that its owner disputes, once while the case is open, and promise a date. `read`
    holds what exists of `report_keys`. Gives the dispute, and whether this change made it; at commit Stale."""
    account_id, now = profile.account_id, change.now
    require(change, Operation.DISPUTE, account_id)
    key = dispute_key(account_id, movement.movement_id)
    if (known := find_running(read, account_id, movement.movement_id)) is not None:
        return known, False
    currency = movement.amount.currency
    law = law_of(country=movement.purchase.country, currency=currency)
    clock = (law.unauthorised if law is not None else None) or UNAUTHORISED_OTHERWISE
    promise = clock_promise(clock, now, currency=currency, time_zone=profile.time_zone)
    facts = {
        **_facts(movement.movement_id, movement.amount),
        "refund_reason": reason.value,
        "answer_by": promise.latest_on.isoformat(),
        "law": law.label if law is not None and law.unauthorised is not None else NO_LAW,
    }
    case = contribute_case(
        change,
        read,
        account_id=account_id,
        topic=DISPUTE_TOPIC,
        reason=DISPUTED_REASON,
        facts=facts,
        priority=Priority.HIGH,
        note=note,
        language=language,
        answer=_answer_of(promise, currency, profile.time_zone),
    )
    dispute = Dispute(
        account_id=account_id,
        movement_id=movement.movement_id,
        amount=movement.amount,
        reported_at=now,
        promise=promise,
        case_id=case.case_id,
        order_tail=movement.order_tail,
        time_zone=profile.time_zone,
    )
    change.replace(key, read.get(key), dispute_item(dispute))
    change.audit(account_id, "dispute.noted", movement_id=movement.movement_id, case_id=case.case_id)
    _tell(change, profile, dispute, NOTED_MESSAGE)
    return dispute, True


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no dispute."""
    account_id, movement_id = account_of(key), id_at(key, _PREFIX)
    if account_id is None or movement_id is None:
        return None
    contribute = partial(contribute_due, account_id=account_id, movement_id=movement_id)
    keys = frozenset({*report_keys(account_id, movement_id), *lock_keys(account_id)})
    return Duty(account_id, "dispute", keys, contribute)


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str, movement_id: str) -> tuple[Done, ...]:
    """Escalate a dispute whose date has passed without an answer, and tell its customer, in the morning where it is
    night. One that has its answer, or whose account is erased, only falls due no more. Raises NeedProof for anybody but
    the hotline itself; at commit Stale."""
    key = dispute_key(account_id, movement_id)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    known = dispute_from(item)
    if is_erased(read, account_id) or not _is_running(read, known):
        change.replace(key, item, _plain(replace(known, tell_at=None)))
        return ()
    if change.now < known.ends_at:
        return _tell_in_the_morning(change, read, item, known)
    return _escalate(change, read, item, known)


def _tell_in_the_morning(change: Change, read: Mapping[Key, Item], item: Item, known: Dispute) -> tuple[Done, ...]:
    """Tell what the night held up. A customer who has moved meanwhile may have night again."""
    until = quiet_for_owner_until(read, known, change.now)
    change.replace(dispute_key(known.account_id, known.movement_id), item, dispute_item(replace(known, tell_at=until)))
    if until is not None:
        return ()
    account_id, movement_id = known.account_id, known.movement_id
    told, trail = _tell(change, _profile(read, account_id), known, OVERDUE_MESSAGE), "dispute.late_told"
    return (done_telling(change, account_id, Event.LATE_DATE_TOLD, trail, told=told, movement_id=movement_id),)


def _escalate(change: Change, read: Mapping[Key, Item], item: Item, known: Dispute) -> tuple[Done, ...]:
    account_id, movement_id = known.account_id, known.movement_id
    profile = _profile(read, account_id)
    time_zone = profile.time_zone if profile is not None else known.time_zone
    promise = escalation_promise(change.now, currency=known.amount.currency, time_zone=time_zone)
    dispute = replace(known, promise=promise, time_zone=time_zone, escalations=known.escalations + 1)
    dispute = replace(dispute, tell_at=quiet_for_owner_until(read, dispute, change.now))
    if dispute.tell_at is None:
        _tell(change, profile, dispute, OVERDUE_MESSAGE)
    change.replace(dispute_key(account_id, movement_id), item, dispute_item(dispute))
    contribute_case(
        change,
        read,
        account_id=account_id,
        topic=DISPUTE_TOPIC,
        reason=OVERDUE_REASON,
        facts={
            **_facts(movement_id, dispute.amount),
            "missed_on": known.promise.latest_on.isoformat(),
            "answer_by": promise.latest_on.isoformat(),
        },
        priority=Priority.URGENT,
        answer=_answer_of(promise, dispute.amount.currency, time_zone),
    )
    change.audit(account_id, "dispute.escalated", movement_id=movement_id, escalations=dispute.escalations)
    keys: dict[str, str | int] = {"account_id": account_id, "count": dispute.escalations, "case_id": known.case_id}
    return (Done(Event.DISPUTE_OVERDUE, keys),)


def dispute_item(dispute: Dispute) -> Item:
    """A dispute as stored, due at the end of its promised day, or in the morning in which its customer is told."""
    due = dispute.ends_at if dispute.tell_at is None else min(dispute.tell_at, dispute.ends_at)
    return _plain(dispute) | due_attributes(dispute.movement_id, due)


def dispute_from(item: Mapping[str, Any]) -> Dispute:
    """The dispute of a stored item."""
    promise = promise_from(item)
    if promise is None:
        raise ValueError("a dispute without a date")
    return Dispute(
        account_id=item["account_id"],
        movement_id=item["movement_id"],
        amount=money_from(item["amount"]),
        reported_at=from_text(item["reported_at"]),
        promise=promise,
        case_id=item["case_id"],
        order_tail=item.get("order_tail"),
        time_zone=item.get("time_zone"),
        escalations=int(item.get("escalations", 0)),
        tell_at=from_text(item["tell_at"]) if "tell_at" in item else None,
    )


def _plain(dispute: Dispute) -> Item:
    """The item of a dispute that does not fall due."""
    item: Item = {
        "account_id": dispute.account_id,
        "movement_id": dispute.movement_id,
        "amount": money_item(dispute.amount),
        "reported_at": to_text(dispute.reported_at),
        "case_id": dispute.case_id,
        "order_tail": dispute.order_tail,
        "time_zone": dispute.time_zone,
        "escalations": dispute.escalations or None,
        "tell_at": to_text(dispute.tell_at) if dispute.tell_at is not None else None,
        **promise_item(dispute.promise),
        **record_end(dispute.reported_at),
    }
    return {name: value for name, value in item.items() if value is not None}


def _is_running(read: Mapping[Key, Item], dispute: Dispute) -> bool:
    """Whether people still owe an answer: the case is open. One that was opened again after the clock had ended is
    reported anew."""
    case = find_open(read, account_id=dispute.account_id, topic=DISPUTE_TOPIC)
    stored = read[dispute_key(dispute.account_id, dispute.movement_id)]
    return case is not None and case.case_id == dispute.case_id and "due_sk" in stored


def _answer_of(promise: Promise, currency: str, time_zone: str | None) -> PromisedAnswer:
    """The promise as the case keeps it for its customer."""
    return PromisedAnswer(promise.latest_on, due_at(promise.latest_on, currency=currency, time_zone=time_zone))


def _facts(movement_id: str, amount: Money) -> dict[str, str | int]:
    return {"movement_id": movement_id, "amount_minor": amount.minor, "currency": amount.currency}


def _profile(read: Mapping[Key, Item], account_id: str) -> Profile | None:
    return profile_from(read.get(profile_key(account_id)))


def _tell(change: Change, profile: Profile | None, dispute: Dispute, message: str) -> bool:
    facts: dict[str, object] = {"amount": money_item(dispute.amount), **promise_facts(dispute.promise)}
    if dispute.order_tail is not None:
        facts["order_tail"] = dispute.order_tail
    return send_notice(change, profile, message, facts)
