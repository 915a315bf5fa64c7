"""The times to remind of a bill: by the account's own calendar and clock, once for each bill and offset. Pure.

A due date is a date, never an instant. It is the day in the zone of the account, whatever its clock does on that day.
After an outage only the latest reminder goes out. Reminders of one day are spread over its hours, each account at a
time of its own, also those that are caught up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final

from hotline.kit.quiet_hours import is_quiet, later_today, next_morning, own_time_on


class Offset(StrEnum):
    """A reminder of a bill, by when it comes; in their order."""

    BEFORE = "before"
    NEAR = "near"
    AFTER = "after"


DAYS_BEFORE: Final[Mapping[Offset, int]] = {Offset.BEFORE: 5, Offset.NEAR: 1, Offset.AFTER: -1}
"""How many days before the due date each comes: time to move money, the last day to pay in time, and once after."""
NO_USE_FROM: Final[Mapping[Offset, int]] = {Offset.BEFORE: -1, Offset.NEAR: 1, Offset.AFTER: 8}
"""From how many days after the due date each is of no use. Of the first the second takes the place; of the second the
third, from the day after on. A week after the due date the customer hears of it from the biller."""
LATE_AFTER: Final = timedelta(minutes=30)
"""A reminder that comes so much after its time is one of many that are caught up."""
LATE_AGAIN_AFTER: Final = timedelta(hours=2)
"""One that has been given another time waits again only after so long. So it goes out also while looks are rare."""
_FIRST_ZONE: Final = timezone(timedelta(hours=14))
"""The zone in which each day begins first (Kiribati)."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next step about a bill. `send`: the reminder to send. `done`: offsets that are over, with that one.
    `next_at`: when to look again; None when no reminder is left."""

    send: Offset | None
    done: frozenset[Offset]
    next_at: datetime | None


def decide_step(
    *,
    account_id: str,
    due_on: date,
    issued_at: datetime,
    done: Collection[Offset],
    look_at: datetime,
    now: datetime,
    zone: tzinfo,
) -> Step:
    """The next step about a bill that is not paid. `issued_at`: the time of the first fact that told of it. A reminder
    whose time had passed by then is left out: the bill itself was news enough. `look_at`: when the bill was to be
    looked at. A reminder that is caught up, as after an outage, waits for a time of its account in the hours that
    are left."""
    today = now.astimezone(zone).date()
    planned = {offset: plan_at(account_id, due_on, offset, zone) for offset in Offset}
    over = {
        offset
        for offset, at in planned.items()
        if offset in done or issued_at > at or today >= due_on + timedelta(days=NO_USE_FROM[offset])
    }
    ripe = [offset for offset, at in planned.items() if offset not in over and at <= now]
    if ripe and is_quiet(now, zone):
        return Step(None, frozenset(over), next_morning(account_id, now, zone))
    if ripe and _is_late(planned[ripe[-1]], look_at, now):
        return Step(None, frozenset(over), later_today(account_id, now, zone))
    over.update(ripe)
    left = [at for offset, at in planned.items() if offset not in over]
    return Step(ripe[-1] if ripe else None, frozenset(over), min(left, default=None))


def _is_late(planned_at: datetime, look_at: datetime, now: datetime) -> bool:
    """Whether a reminder is to wait, since many may be looked at now. One whose look was to come earlier than its own
    time, as the first look is, has that time."""
    return now - planned_at > LATE_AFTER if look_at <= planned_at else now - look_at > LATE_AGAIN_AFTER


def first_look(account_id: str, due_on: date, done: Collection[Offset]) -> datetime | None:
    """The time to look at a bill first, whatever zone its account is in: the time of the next reminder where days begin
    first. None when no reminder is left. Facts alone decide it, since the account's may come later than the bill's."""
    left = [offset for offset in Offset if offset not in done]
    return plan_at(account_id, due_on, left[0], _FIRST_ZONE) if left else None


def plan_at(account_id: str, due_on: date, offset: Offset, zone: tzinfo) -> datetime:
    """The instant of a reminder: on its day in the zone, at the account's own time of day."""
    return own_time_on(account_id, due_on - timedelta(days=DAYS_BEFORE[offset]), zone)
