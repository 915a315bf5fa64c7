"""Clocks that run on a refund beside its promised date: each is an item of its own with a date of its own.

The date on which the money is promised (`arrival`) stays on the refund's own item. A clock ends with what it waits for,
or is worked off once when its date has passed. A kind without work of its own cannot be started.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Final

from hotline.cases.model import Priority
from hotline.cases.service import case_keys, contribute_case
from hotline.identity.service import Operation, require
from hotline.kit.business_days import add_business_days, add_calendar_days, calendar_of, local_day, zone_of
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.retention import record_end
from hotline.kit.store import Key, account_of, hotline_key
from hotline.kit.store.condition import NEW, Condition, Item, any_of, equals
from hotline.lockout.service import is_erased, lock_keys
from hotline.payments.service import CASE_TOPIC

from . import items
from .laws import Clock, DayKind, LawProfile
from .model import Refund, RefundState
from .promises import Promise

_PREFIX: Final = "CLOCK#"
STATUTORY_REASON: Final = "refund_statutory"
"""The reason of the case: the law's time for an answer is over."""
ANSWER_OTHERWISE: Final = Clock(15, DayKind.CALENDAR, "PBoC on consumer protection (2020 no. 5), and PSD2, article 101")
"""Until a request in review has its answer, where the law of the purchase names no time for a complaint."""


class ClockKind(StrEnum):
    """Kinds of clock, by the thing that each waits for. The values are parts of keys."""

    STATUTORY = "statutory"
    """The answer to a request in review, within the time that the law gives for one."""


def clock_key(account_id: str, refund_id: str, kind: ClockKind) -> Key:
    """The key of a clock."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{_PREFIX}{refund_id}#{kind.value}")


def answer_promise(law: LawProfile | None, asked_at: datetime, *, currency: str, time_zone: str | None) -> Promise:
    """By when the law wants an answer to a request: the customer's last day for it."""
    clock = (law.complaint if law is not None else None) or ANSWER_OTHERWISE
    return clock_promise(clock, asked_at, currency=currency, time_zone=time_zone)


def clock_promise(clock: Clock, told_at: datetime, *, currency: str, time_zone: str | None) -> Promise:
    """The last day of a clock, a local date of the customer, from the day on which the hotline was told."""
    calendar = calendar_of(currency)
    told_on = local_day(told_at, zone_of(time_zone, calendar))
    if clock.day_kind is DayKind.BUSINESS:
        found = add_business_days(told_on, clock.days, calendar)
    else:
        found = add_calendar_days(told_on, clock.days)
    return Promise(None, found.day, found.is_certain)


def start_clock(change: Change, refund: Refund, kind: ClockKind, due_at: datetime) -> None:
    """Start a clock of a refund that the same change writes, or set it anew."""
    item: Item = {
        "account_id": refund.account_id,
        "refund_id": refund.refund_id,
        "kind": kind.value,
        "started_at": to_text(change.now),
        **record_end(change.now),
        **due_attributes(refund.refund_id, due_at),
    }
    change.put(clock_key(refund.account_id, refund.refund_id, kind), item, condition=_own(refund.refund_id))


def stop_clock(change: Change, refund: Refund, kind: ClockKind) -> None:
    """Stop a clock; nothing happens where it does not run."""
    change.delete(clock_key(refund.account_id, refund.refund_id, kind), condition=_own(refund.refund_id))


def stop_overtaken(change: Change, before: Refund | None, refund: Refund) -> None:
    """Stop the clocks of what a change of the refund has ended: a request that leaves review has its answer."""
    if before is not None and before.state is RefundState.IN_REVIEW and refund.state is not RefundState.IN_REVIEW:
        stop_clock(change, refund, ClockKind.STATUTORY)


def duty_at(key: Key) -> Duty | None:
    """The duty about the clock at a key; None when that is no clock."""
    account_id, parts = account_of(key), (key.sk or "").split("#")
    if account_id is None or len(parts) != 3 or not (key.sk or "").startswith(_PREFIX) or parts[2] not in _KINDS:
        return None
    refund_id, kind = parts[1], ClockKind(parts[2])
    contribute = partial(contribute_due, account_id=account_id, refund_id=refund_id, kind=kind)
    return Duty(account_id, "refund", frozenset(due_keys(account_id, refund_id, kind)), contribute)


def due_keys(account_id: str, refund_id: str, kind: ClockKind) -> set[Key]:
    """The keys to read before `contribute_due`."""
    return {
        clock_key(account_id, refund_id, kind),
        items.refund_key(account_id, refund_id),
        *lock_keys(account_id),
        *case_keys(account_id, CASE_TOPIC),
    }


def contribute_due(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, kind: ClockKind
) -> tuple[Done, ...]:
    """Do the work of a clock whose date has passed, once, and end it. A clock of a refund that is gone, or of an erased
    account, only ends. Raises NeedProof for anybody but the hotline itself; at commit Stale."""
    key = clock_key(account_id, refund_id, kind)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    change.delete(key, condition=equals("due_sk", str(item["due_sk"])))
    stored = read.get(items.refund_key(account_id, refund_id))
    if stored is None or is_erased(read, account_id):
        return ()
    return _WORK[kind](change, read, items.refund_from(stored))


def _own(refund_id: str) -> Condition:
    return any_of(NEW, equals("refund_id", refund_id))


def _miss_answer(change: Change, read: Mapping[Key, Item], refund: Refund) -> tuple[Done, ...]:
    """The law's time is over and nobody has decided: the case becomes urgent, and says why."""
    if refund.state is not RefundState.IN_REVIEW:
        return ()
    case = contribute_case(
        change,
        read,
        account_id=refund.account_id,
        topic=CASE_TOPIC,
        reason=STATUTORY_REASON,
        facts={
            "refund_id": refund.refund_id,
            "movement_id": refund.movement_id,
            "asked_at": to_text(refund.requested_at),
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
        },
        priority=Priority.URGENT,
    )
    change.audit(refund.account_id, "refund.clock_expired", refund_id=refund.refund_id, kind=ClockKind.STATUTORY.value)
    return (Done(Event.REFUND_CLOCK_OVER, {"account_id": refund.account_id, "case_id": case.case_id}),)


type _Work = Callable[[Change, Mapping[Key, Item], Refund], tuple[Done, ...]]
_WORK: Final[Mapping[ClockKind, _Work]] = MappingProxyType({ClockKind.STATUTORY: _miss_answer})
_KINDS: Final = frozenset(kind.value for kind in _WORK)
