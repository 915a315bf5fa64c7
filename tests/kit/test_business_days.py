"""Business days, by calendars that are known until a day."""

import subprocess
import sys
from datetime import date, timedelta

import pytest

from hotline.kit.business_days import (
    BUSINESS_DAYS_MAX,
    LONGEST_BLOCK_DAYS,
    Calendar,
    add_business_days,
    add_calendar_days,
    calendar_of,
    days_of,
)
from tests.support.sweeps import sweep

FRIDAY = date(2026, 11, 27)


def is_business_day(day: date, calendar: Calendar) -> bool:
    """Whether one business day from the day before ends on it."""
    return add_business_days(day - timedelta(days=1), 1, calendar).day == day


@sweep("calendar", Calendar)
def test_no_business_day_is_the_day_itself_and_certain(calendar: Calendar) -> None:
    assert add_business_days(FRIDAY, 0, calendar) == (FRIDAY, True)


@sweep(("count", "day"), [(1, 30), (5, 4), (6, 7)])
@sweep("calendar", Calendar)
def test_weekends_do_not_count(calendar: Calendar, count: int, day: int) -> None:
    found = add_business_days(FRIDAY, count, calendar)
    assert (found.day.day, found.is_certain) == (day, calendar is not Calendar.WEEKENDS)


@sweep("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_china_works_on_weekends_before_and_after_its_holidays(day: str) -> None:
    assert is_business_day(date.fromisoformat(day), Calendar.CN)
    assert not is_business_day(date.fromisoformat(day), Calendar.HK)


def test_the_federal_reserve_moves_no_holiday_to_the_friday_before() -> None:
    """4 July 2026 is a Saturday; 4 July 2027 is a Sunday, and the Monday after it is off."""
    assert is_business_day(date(2026, 7, 3), Calendar.US)
    assert not is_business_day(date(2027, 7, 5), Calendar.US)


def test_banks_of_hong_kong_are_closed_on_good_friday() -> None:
    assert not is_business_day(date(2026, 4, 3), Calendar.HK)


def test_spring_festival_of_a_year_that_is_not_announced_is_as_long_as_the_longest() -> None:
    assert add_business_days(date(2027, 2, 4), 1, Calendar.CN) == (date(2027, 2, 15), False)
    assert add_business_days(date(2027, 9, 30), 1, Calendar.CN) == (date(2027, 10, 11), False)


@sweep("calendar", [one for one in Calendar if one is not Calendar.WEEKENDS])
def test_a_date_is_certain_up_to_the_day_until_which_its_calendar_is_known(calendar: Calendar) -> None:
    days = days_of(calendar)
    assert days is not None
    last = max(day for back in range(9) if is_business_day(day := days.known_until - timedelta(days=back), calendar))
    assert add_business_days(last - timedelta(days=1), 1, calendar) == (last, True)
    assert not add_business_days(last, 1, calendar).is_certain
    assert not add_business_days(days.known_from - timedelta(days=1), 1, calendar).is_certain


@sweep("calendar", [one for one in Calendar if one is not Calendar.WEEKENDS])
def test_where_the_file_has_no_days_the_longest_holiday_is_added(calendar: Calendar) -> None:
    days = days_of(calendar)
    assert days is not None
    monday = days.expected_until + timedelta(days=8 - days.expected_until.isoweekday())
    plain = add_business_days(monday, 3, Calendar.WEEKENDS).day
    found = add_business_days(monday, 3, calendar)
    assert found.day >= plain + timedelta(days=LONGEST_BLOCK_DAYS)
    assert not found.is_certain


@sweep("calendar", Calendar)
def test_far_away_dates_have_an_answer(calendar: Calendar) -> None:
    for day in (date(1999, 12, 31), date(2199, 1, 1)):
        assert add_business_days(day, 10, calendar).day > day


@pytest.mark.parametrize(("count", "fits"), [(-1, False), (BUSINESS_DAYS_MAX, True), (BUSINESS_DAYS_MAX + 1, False)])
def test_a_count_has_limits(count: int, fits: bool) -> None:
    if fits:
        assert add_business_days(FRIDAY, count, Calendar.CN).day > FRIDAY
    else:
        with pytest.raises(ValueError, match="out of range"):
            add_business_days(FRIDAY, count, Calendar.CN)


def test_calendar_days_count_weekends_too() -> None:
    assert add_calendar_days(FRIDAY, 2) == (date(2026, 11, 29), True)


@sweep(
    ("currency", "calendar"),
    [("CNY", "CN"), ("EUR", "TARGET"), ("USD", "US"), ("GBP", "GB"), ("HKD", "HK"), ("JPY", "WEEKENDS")],
)
def test_a_currency_has_the_calendar_of_its_banks(currency: str, calendar: str) -> None:
    assert calendar_of(currency) is Calendar(calendar)


def test_the_file_is_read_on_first_use_and_no_library_is_loaded() -> None:
    code = (
        "import sys, hotline.kit.business_days as days;"
        "assert days.days_of.cache_info().currsize == 0;"
        "days.add_business_days(__import__('datetime').date(2026, 1, 1), 1, days.Calendar.CN);"
        "assert not {'holidays', 'chinese_calendar', 'dateutil'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
