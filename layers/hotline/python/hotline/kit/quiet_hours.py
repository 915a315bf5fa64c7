"""The hours in which a customer is told what can wait: from morning to evening where they are. Pure.

Messages that the hotline sends by its own clock keep these hours. Each account has a time of its own among them, so
that a date which many share does not send all their messages at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from .ids import bucket

OPENS: Final = time(8)
QUIET_FROM: Final = time(21)
"""Messages go out from 8:00 to 21:00 where the customer is. The hours are those of 47 CFR 64.1200(c)(1), which
binds solicitations. A message about one's own bill or refund is none, and keeps them all the same."""
SPREAD: Final = timedelta(hours=12)
"""Over so many hours from OPENS on the accounts are spread. The last hour is for whatever was held up."""

MORNING: Final = timedelta(hours=2)
"""Over so many hours from OPENS on go the messages that the night held up: their customers have waited already."""


def is_quiet(now: datetime, zone: tzinfo) -> bool:
    """Whether the customer is not to be told now of anything that can wait."""
    return not OPENS <= now.astimezone(zone).time() < QUIET_FROM


def end_of_hours(now: datetime, zone: tzinfo) -> datetime:
    """The instant from which today's messages are not to go out any more."""
    return datetime.combine(now.astimezone(zone).date(), QUIET_FROM, zone).astimezone(UTC)


def next_morning(account_id: str, now: datetime, zone: tzinfo) -> datetime:
    """The account's own time of day on the first day whose hours have not begun."""
    return own_time_on(account_id, _next_day(now, zone), zone)


def quiet_until(account_id: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The time of the morning at which the account may be told what the night holds up; None where it is no night."""
    return own_time_on(account_id, _next_day(now, zone), zone, within=MORNING) if is_quiet(now, zone) else None


def later_today(account_id: str, now: datetime, zone: tzinfo) -> datetime:
    """A time of the account's own in what is left of today's hours, for what is caught up. It is the account's time of
    day where that is still to come. `now` is within the hours."""
    today = now.astimezone(zone).date()
    own = own_time_on(account_id, today, zone)
    if own > now:
        return own
    spread_until = datetime.combine(today, OPENS, zone).astimezone(UTC) + SPREAD
    left = (spread_until if now < spread_until else end_of_hours(now, zone)) - now
    return now + timedelta(seconds=1 + bucket(account_id, max(1, int(left.total_seconds()))))


def own_time_on(account_id: str, day: date, zone: tzinfo, *, within: timedelta = SPREAD) -> datetime:
    """The account's own time of day on a day in a zone, at most `within` after the hours begin."""
    late = timedelta(seconds=bucket(account_id, int(within.total_seconds())))
    return (datetime.combine(day, OPENS) + late).replace(tzinfo=zone).astimezone(UTC)


def _next_day(now: datetime, zone: tzinfo) -> date:
    local = now.astimezone(zone)
    return local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
