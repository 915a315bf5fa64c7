"""Business days by the calendars of those who move money. Pure, but for one file that is read on first use.

The file `calendars.json` beside this module holds the days; `make calendars` writes it, and nothing else is needed at
run time. Each calendar is known until a day. Later days follow from rules, on the safe side. Weekend days never work
then, and the festivals of China are as long as the longest of theirs. A date among such days is not certain.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hotline.kit.clock import find_zone


class Calendar(StrEnum):
    """The calendars of business days. The values are the names in the data file."""

    CN = "CN"
    """China, with the weekend days on which people work (State Council, one notice a year)."""
    TARGET = "TARGET"
    """Payments in euro (European Central Bank)."""
    US = "US"
    """The Federal Reserve: a holiday on a Saturday is not moved to the Friday before."""
    GB = "GB"
    """Bank holidays of England and Wales."""
    HK = "HK"
    """General holidays of Hong Kong, on which banks are closed."""
    WEEKENDS = "WEEKENDS"
    """No calendar is known: Saturdays and Sundays are off, and no date is certain."""


OF_CURRENCY: Final[Mapping[str, Calendar]] = MappingProxyType(
    {
        "CNY": Calendar.CN,
        "EUR": Calendar.TARGET,
        "USD": Calendar.US,
        "GBP": Calendar.GB,
        "HKD": Calendar.HK,
    }
)
"""By the currency of the money, since its banks move it; other currencies: WEEKENDS."""
_HOME_ZONES: Final[Mapping[Calendar, str]] = MappingProxyType(
    {
        Calendar.CN: "Asia/Shanghai",
        Calendar.TARGET: "Europe/Berlin",
        Calendar.US: "America/New_York",
        Calendar.GB: "Europe/London",
        Calendar.HK: "Asia/Hong_Kong",
        Calendar.WEEKENDS: "UTC",
    }
)
BUSINESS_DAYS_MAX: Final = 400
"""More than a year of business days is no promise, but a mistake."""
LONGEST_BLOCK_DAYS: Final = 9
"""The longest holiday of China (Spring Festival 2024 and 2026). It is added where the file has no days at all."""
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
_DATA: Final = Path(__file__).with_name("calendars.json")


class BusinessDay(NamedTuple):
    """A day that was counted to. `is_certain`: no day of the count lies beyond what its calendar knows."""

    day: date
    is_certain: bool


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """The days of one calendar: weekdays that are off, and weekend days on which people work. They are announced from
    `known_from` until `known_until`, and follow from rules until `expected_until`."""

    known_from: date
    known_until: date
    expected_until: date
    off: Collection[date]
    worked: Collection[date]


def calendar_of(currency: str) -> Calendar:
    """The calendar by which money of a currency (ISO 4217) is on its way."""
    return OF_CURRENCY.get(currency, Calendar.WEEKENDS)


@cache
def days_of(calendar: Calendar) -> CalendarDays | None:
    """The days of a calendar, as the data file has them; None for WEEKENDS."""
    stored = json.loads(_DATA.read_text(encoding="utf-8")).get(calendar.value)
    if stored is None:
        return None
    return CalendarDays(
        known_from=date.fromisoformat(stored["known_from"]),
        known_until=date.fromisoformat(stored["known_until"]),
        expected_until=date.fromisoformat(stored["expected_until"]),
        off=frozenset(map(date.fromisoformat, stored["off"])),
        worked=frozenset(map(date.fromisoformat, stored["worked"])),
    )


def add_business_days(day: date, count: int, calendar: Calendar) -> BusinessDay:
    """The day `count` business days after `day`, which itself does not count; none gives `day`. The later of two
    readings is taken where a calendar does not know. Raises ValueError for a count below 0 or above
    BUSINESS_DAYS_MAX."""
    if not 0 <= count <= BUSINESS_DAYS_MAX:
        raise ValueError("count of business days out of range")
    days = days_of(calendar)
    found = _count(day, count, days)
    if days is None or found == day:
        return BusinessDay(found, found == day)
    if found > days.expected_until:
        found = _count(found + timedelta(days=LONGEST_BLOCK_DAYS - 1), 1, days)
    return BusinessDay(found, days.known_from <= day and found <= days.known_until)


def add_calendar_days(day: date, count: int) -> BusinessDay:
    """The day `count` days after `day`, whichever these are; always certain."""
    return BusinessDay(day + timedelta(days=count), is_certain=True)


def _works(day: date, days: CalendarDays | None) -> bool:
    if day.weekday() < _SATURDAY:
        return days is None or day not in days.off
    return days is not None and day in days.worked


def _count(day: date, count: int, days: CalendarDays | None) -> date:
    while count > 0:
        day += _DAY
        count -= _works(day, days)
    return day


def zone_of(time_zone: str | None, calendar: Calendar) -> tzinfo:
    """The zone in which days are counted: the customer's (an IANA name). Where it is unknown, or this machine has no
    data for it, it is that of the calendar's banks."""
    return find_zone(time_zone) or ZoneInfo(_HOME_ZONES[calendar])


def local_day(at: datetime, zone: tzinfo) -> date:
    """The day of an instant in a zone."""
    return at.astimezone(zone).date()


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day is over in a zone: the first of the next one."""
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone)
