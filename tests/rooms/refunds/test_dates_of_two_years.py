"""Every date of 2026 and 2027, in four zones, against calendars that this test computes by itself.

The independent calendars are `chinesecalendar` for China, as far as it goes, and `holidays` for all others. They are
lists of working days, and a promise is a place in them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
import pytest

from hotline.contracts.model import Instrument
from hotline.refunds.promises import arrival_promise, due_at, review_promise
from tests.support.sweeps import sweep

ZONES: Final = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Auckland")
FIRST: Final = date(2026, 1, 1)
LAST: Final = date(2027, 12, 31)
DAY: Final = timedelta(days=1)
ANNOUNCED_UNTIL: Final = date(2026, 12, 31)
"""China's holidays of 2027 are not announced yet."""
KNOWN_UNTIL: Final = {"GBP": LAST, "HKD": LAST}
"""Proclaimed a year ahead. The days of the others follow from rules without an end."""
SATURDAY: Final = 5
YEARS: Final = range(2026, 2029)
HOLIDAYS: Final[Mapping[str, frozenset[date]]] = {
    "EUR": frozenset(holidays.financial_holidays("XECB", years=YEARS)),
    "USD": frozenset(holidays.financial_holidays("XFED", years=YEARS)),
    "GBP": frozenset(holidays.country_holidays("GB", subdiv="ENG", years=YEARS)),
    "HKD": frozenset(holidays.country_holidays("HK", years=YEARS, categories=("public", "optional"))),
}
STATUTORY: Final = frozenset(holidays.country_holidays("CN", years=YEARS))
"""Of 2027 and 2028 by the law's rule alone: no other day off, and no worked weekend day."""


def days_between(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += DAY


def works(day: date, currency: str) -> bool:
    if currency == "CNY" and day <= ANNOUNCED_UNTIL:
        return bool(chinese_calendar.is_workday(day))
    off = STATUTORY if currency == "CNY" else HOLIDAYS[currency]
    return day.weekday() < SATURDAY and day not in off


@cache
def working_days(currency: str) -> list[date]:
    return [day for day in days_between(FIRST, date(2028, 12, 31)) if works(day, currency)]


def expected(day: date, count: int, currency: str) -> date:
    """The place `count` working days behind a day."""
    found = working_days(currency)
    return found[bisect_right(found, day) + count - 1]


def instants_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first and the last moment of a day where the customer is."""
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    last = datetime(day.year, day.month, day.day, 23, 59, 59, 999_000, tzinfo=zone)
    return first.astimezone(UTC), last.astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "currency"),
    [
        ("Asia/Shanghai", "CNY"),
        ("Asia/Shanghai", "HKD"),
        ("Europe/Berlin", "EUR"),
        ("Europe/Berlin", "GBP"),
        ("America/New_York", "USD"),
        ("America/New_York", "CNY"),
        ("Pacific/Auckland", "CNY"),
    ],
)
def test_every_date_of_two_years_is_the_one_of_the_independent_calendar(zone: str, currency: str) -> None:
    own, kinds = ZoneInfo(zone), {"balance": 1, "bank_card": 10, "card": 10}
    for day in days_between(FIRST, LAST):
        for kind, count in kinds.items():
            wanted = expected(day, count, currency)
            for at in instants_of(day, own):
                told = arrival_promise(Instrument(kind), at, currency=currency, time_zone=zone)
                if currency != "CNY" or wanted <= ANNOUNCED_UNTIL:
                    certain = wanted <= KNOWN_UNTIL.get(currency, wanted)
                    assert (told.latest_on, told.is_certain) == (wanted, certain), (at, kind)
                else:
                    # Nobody knows 2027 yet: never before the statutory days allow, and told as "about".
                    assert wanted <= told.latest_on <= wanted + timedelta(days=9), (at, kind)
                    assert not told.is_certain
                assert told.typical_on is not None
                assert day <= told.typical_on <= told.latest_on


@sweep("zone", ZONES)
def test_every_date_of_two_years_ends_with_the_customers_day(zone: str) -> None:
    own = ZoneInfo(zone)
    for day in days_between(FIRST, LAST):
        ends_at = due_at(day, currency="CNY", time_zone=zone)
        assert (ends_at - timedelta(milliseconds=1)).astimezone(own).date() == day
        assert ends_at.astimezone(own).date() == day + DAY


def test_a_date_never_comes_before_one_that_was_asked_for_earlier() -> None:
    """Also where the days that are announced meet those that are expected."""
    for currency in ("CNY", *HOLIDAYS):
        told = [
            review_promise(instants_of(day, ZoneInfo("UTC"))[0], currency=currency, time_zone="UTC").latest_on
            for day in days_between(FIRST, LAST)
        ]
        assert told == sorted(told)
