"""Clocks that run on a refund beside its promised date: each is an item of its own with a date of its own.

The date on which the money is promised (`arrival`) stays on the refund's own item. A clock ends with what it waits for,
or is worked off once when its date has passed (`expiries`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.kit.business_days import add_business_days, add_calendar_days, calendar_of, local_day, zone_of
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.due import due_attributes
from hotline.kit.quiet_hours import own_time_on
from hotline.kit.retention import record_end
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import NEW, Condition, Item, any_of, equals

from .laws import Clock, DayKind, LawProfile
from .model import Refund, RefundState, ReviewNeed, RuleResult
from .promises import Promise

PREFIX: Final = "CLOCK#"
ANSWER_OTHERWISE: Final = Clock(15, DayKind.CALENDAR, "PBoC on consumer protection (2020 no. 5), and PSD2, article 101")
"""Until a request in review has its answer, where the law of the purchase names no time for a complaint."""
_MERCHANTS: Final = frozenset({"merchant.window", "merchant.auto_approve", "reason.evidence"})
"""The rules by which the merchant has to answer."""
EVIDENCE_REMINDED_AFTER_DAYS: Final = 3
"""From the request on: time to find the goods, and early in the ten business days within which the answer is due."""


class ClockKind(StrEnum):
    """Kinds of clock, by the thing that each waits for. The values are parts of keys."""

    STATUTORY = "statutory"
    """The answer to a request in review, within the time that the law gives for one."""
    MERCHANT = "merchant"
    """The merchant's word on a request in review, within the time that its policy states."""
    EVIDENCE = "evidence"
    """The customer's picture for a request in review."""
    MORNING = "morning"
    """The morning in which the customer hears of a date that has passed in the night."""


def clock_key(account_id: str, refund_id: str, kind: ClockKind) -> Key:
    """The key of a clock."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{PREFIX}{refund_id}#{kind.value}")


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


def asks_merchant(rules: Iterable[RuleResult]) -> bool:
    """Whether a rule of the merchant wants the review, so that the merchant has to answer."""
    return any(result.outcome is not None and result.rule in _MERCHANTS for result in rules)


def waits_for_picture(refund: Refund) -> bool:
    """Whether the refund waits in review for a picture, and no picture has come that may be looked at."""
    return refund.state is RefundState.IN_REVIEW and refund.review is ReviewNeed.EVIDENCE and refund.evidence_at is None


def start_reminder(change: Change, refund: Refund) -> None:
    """Start the clock of a picture, where the refund waits for one. It ends by day where the customer is."""
    if not waits_for_picture(refund):
        return
    zone = zone_of(refund.time_zone, calendar_of(refund.amount.currency))
    day = local_day(change.now, zone) + timedelta(days=EVIDENCE_REMINDED_AFTER_DAYS)
    start_clock(change, refund, ClockKind.EVIDENCE, own_time_on(refund.account_id, day, zone))


def start_clock(change: Change, refund: Refund, kind: ClockKind, due_at: datetime, **own: str) -> None:
    """Start a clock of a refund that the same change writes, or set it anew. `own`: what its work is to know."""
    item: Item = {
        "account_id": refund.account_id,
        "refund_id": refund.refund_id,
        "kind": kind.value,
        "started_at": to_text(change.now),
        **own,
        **record_end(change.now),
        **due_attributes(refund.refund_id, due_at),
    }
    change.put(clock_key(refund.account_id, refund.refund_id, kind), item, condition=_own(refund.refund_id))


def stop_clock(change: Change, refund: Refund, kind: ClockKind) -> None:
    """Stop a clock; nothing happens where it does not run."""
    change.delete(clock_key(refund.account_id, refund.refund_id, kind), condition=_own(refund.refund_id))


def stop_overtaken(change: Change, before: Refund | None, refund: Refund) -> None:
    """Stop the clocks of what a change of the refund has ended. A request that leaves review has its answer, and a
    picture that came is waited for no more."""
    for kind in ClockKind:
        if before is not None and _may_run(kind, before) and not _may_run(kind, refund):
            stop_clock(change, refund, kind)


def _may_run(kind: ClockKind, refund: Refund) -> bool:
    """Whether a clock may run on the refund as it is."""
    if refund.state is not RefundState.IN_REVIEW:
        return False
    match kind:
        case ClockKind.STATUTORY:
            return True
        case ClockKind.MERCHANT:
            return asks_merchant(refund.rules)
        case ClockKind.EVIDENCE:
            return waits_for_picture(refund)
        case ClockKind.MORNING:
            # Only its own work knows whether the word still holds.
            return False


def _own(refund_id: str) -> Condition:
    return any_of(NEW, equals("refund_id", refund_id))
