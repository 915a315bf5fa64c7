"""The hours in which people answer: a week of opening times, and days that differ from it. Pure.

A holiday and an override are the same thing here: a date with opening times of its own, or with none. The amount of
50 such days is the limit of Amazon Connect for overrides of one set of hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hotline.kit.errors import InvalidInput
from hotline.kit.text import fits, plain_text

from .model import DirectoryError

WEEK_DAYS: Final = 7
SPANS_PER_DAY_MAX: Final = 4
SPECIAL_DAYS_MAX: Final = 50
NAME_CHARACTERS_MAX: Final = 60
DAY_MINUTES: Final = 24 * 60
SEARCH_DAYS_MAX: Final = 62
"""How far ahead an opening is looked for: longer than the special days in a row that one may close."""
INSTANTS_KEPT: Final = 512
"""The ends of openings that are kept, since a step looks for the same ones several times, and so does the next. The
hours of two languages, with two spans a day, have a hundred in a fortnight."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from one minute of the day (0 to 1439) up to another one (1 to 1440), which is closed again."""

    opens_minute: int
    closes_minute: int

    @property
    def opens(self) -> str:
        """The time of day, `HH:MM`."""
        return _time_text(self.opens_minute)

    @property
    def closes(self) -> str:
        """The same; midnight at the end of the day is `00:00`."""
        return _time_text(self.closes_minute)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date that differs from its day of the week: a holiday without opening times, or with other ones."""

    day: date
    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening times in one time zone: seven days from Monday on, and the special days in order."""

    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    special_days: tuple[SpecialDay, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The opening times of a date."""
        for special in self.special_days:
            if special.day == day:
                return special.spans
        return self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Opening:
    """From when to when people answer without a break, as instants. `ends_at` is None where no end is in sight."""

    begins_at: datetime
    ends_at: datetime | None


def always_open() -> Hours:
    """Hours without an end, for a hotline whose people are there day and night."""
    return Hours("UTC", ((Span(0, DAY_MINUTES),),) * WEEK_DAYS)


def make_hours(time_zone: str, week: Sequence[Sequence[Span]], special_days: Sequence[SpecialDay]) -> Hours:
    """Hours that keep the rules: a known time zone, seven days, times in order that do not touch, each date once.

    Raises InvalidInput with the code of the rule that is broken.
    """
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(DirectoryError.TIME_ZONE_UNKNOWN) from None
    if len(week) != WEEK_DAYS:
        raise InvalidInput(DirectoryError.WEEK_INCOMPLETE)
    if len(special_days) > SPECIAL_DAYS_MAX:
        raise InvalidInput(DirectoryError.TOO_MANY_SPECIAL_DAYS)
    days = sorted((_check_special(special) for special in special_days), key=lambda special: special.day)
    if len({special.day for special in days}) != len(days):
        raise InvalidInput(DirectoryError.SPECIAL_DAY_TWICE)
    return Hours(time_zone, tuple(_check_spans(spans, "week") for spans in week), tuple(days))


def _check_special(special: SpecialDay) -> SpecialDay:
    name = plain_text(special.name)
    if not name or not fits(name, characters_max=NAME_CHARACTERS_MAX):
        raise InvalidInput(DirectoryError.SPECIAL_DAY_NAME)
    return SpecialDay(special.day, name, _check_spans(special.spans, "special_days"))


def _check_spans(spans: Sequence[Span], part: str) -> tuple[Span, ...]:
    """The spans of a day in order. `part`: the part of the hours that they are of, for whoever is refused."""
    if len(spans) > SPANS_PER_DAY_MAX:
        raise InvalidInput(DirectoryError.TOO_MANY_SPANS, part=part)
    ordered = tuple(sorted(spans))
    end = -1
    for span in ordered:
        in_day = 0 <= span.opens_minute < span.closes_minute <= DAY_MINUTES
        if not in_day or span.opens_minute <= end:
            raise InvalidInput(DirectoryError.SPAN_INVALID, part=part)
        end = span.closes_minute
    return ordered


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether people answer at an instant."""
    return any(begin <= at < end for begin, end in _openings(hours, at))


def find_opening(hours: Hours, at: datetime) -> Opening | None:
    """The opening that holds at an instant, or else the next one; spans that touch over midnight are one. None when
    no day of the next SEARCH_DAYS_MAX has opening times."""
    last: tuple[datetime, datetime] | None = None
    for begin, end in _openings(hours, at):
        if last is not None and begin <= last[1]:
            last = (last[0], end)
            continue
        if last is not None and at < last[1]:
            return Opening(*last)
        last = (begin, end)
    if last is None or last[1] <= at:
        return None
    horizon = at + timedelta(days=SEARCH_DAYS_MAX)
    return Opening(last[0], last[1] if last[1] < horizon else None)


def add_open_time(hours: Hours, at: datetime, duration: timedelta) -> datetime:
    """The instant at which people will have been there for `duration` since `at`. Where no opening is in sight, the
    time counts around the clock, so that nothing is due never."""
    left = duration
    for begin, end in _openings(hours, at):
        since = max(begin, at)
        if left <= end - since:
            return since + left
        left -= max(end - since, timedelta())
    return at + duration


def _time_text(minute: int) -> str:
    hours, minutes = divmod(minute % DAY_MINUTES, 60)
    return f"{hours:02d}:{minutes:02d}"


def _openings(hours: Hours, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The openings from the one before `at` on, as instants in order; those that touch over midnight stay two."""
    zone = hours.zone
    today = at.astimezone(zone).date()
    for ahead in range(-1, SEARCH_DAYS_MAX + 1):
        day = today + timedelta(days=ahead)
        for span in hours.spans_on(day):
            yield _instant(day, span.opens_minute, zone), _instant(day, span.closes_minute, zone)


@lru_cache(maxsize=INSTANTS_KEPT)
def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant of a minute of a local day. On a day on which clocks change it is the wall clock's time."""
    days, minute = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)
