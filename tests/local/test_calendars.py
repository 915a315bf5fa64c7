"""The calendars of business days: what the file holds, and when the check warns and fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
import pytest

from hotline.kit.business_days import Calendar
from hotline_local import calendars
from hotline_local.calendars import FILE, Standing, check, expected_off, make_calendars, standing_of, text_of
from hotline_local.errors import CommandError
from tests.support.sweeps import sweep

WRITTEN_ON = date(2026, 11, 29)
"""Written anew later, the file reaches further: then this day and the figures below move with it."""
KNOWN_UNTIL = date(2026, 12, 31)


def test_the_file_is_what_the_command_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text_of(make_calendars(WRITTEN_ON))


def test_the_file_is_small() -> None:
    assert FILE.stat().st_size < 8 * 1024


@sweep(
    ("today", "standing"),
    [
        (date(2026, 10, 31), Standing.KNOWN),
        (date(2026, 11, 1), Standing.MISSING),
        (date(2026, 12, 17), Standing.MISSING),
        (date(2026, 12, 18), Standing.OVERDUE),
        (date(2027, 1, 1), Standing.OVERDUE),
    ],
)
def test_next_years_days_are_missed_from_november_and_needed_from_18_december(today: date, standing: Standing) -> None:
    assert standing_of(KNOWN_UNTIL, today) is standing


@pytest.mark.parametrize("today", [date(2026, 11, 29), date(2026, 12, 31)])
def test_a_file_that_knows_the_next_year_is_neither(today: date) -> None:
    assert standing_of(date(2027, 12, 31), today) is Standing.KNOWN


def test_the_check_warns_and_then_fails_and_says_what_to_do() -> None:
    assert check(FILE, date(2026, 10, 31)) is None
    assert "make calendars" in (check(FILE, date(2026, 11, 29)) or "")
    with pytest.raises(CommandError, match="make calendars"):
        check(FILE, date(2026, 12, 18))


@pytest.mark.parametrize(("today", "code"), [("2026-11-29", 0), ("2026-12-18", 1)])
def test_the_command_fails_only_when_the_days_are_needed(
    today: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calendars.main(["--check", "--today", today]) == code
    assert capsys.readouterr().out.startswith("error: " if code else "warning: ")


def test_two_libraries_that_differ_write_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = date(2026, 5, 6)
    right = chinese_calendar.is_workday
    monkeypatch.setattr(chinese_calendar, "is_workday", lambda day: right(day) is not (day == wrong))
    with pytest.raises(CommandError, match="2026-05-06"):
        make_calendars(WRITTEN_ON)


UNFORESEEN = {
    date(2015, 9, 3), date(2015, 9, 4),  # the parade of 2015
    date(2020, 1, 31), date(2020, 2, 3),  # Spring Festival was prolonged in the epidemic
}  # fmt: skip


def weekdays_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", range(2014, 2027))
def test_days_expected_by_rule_hold_every_day_off_that_was_then_announced(year: int) -> None:
    """So a promise in a year that nobody knows yet is never earlier than the one that would be right."""
    off = {day for day in weekdays_of(year) if not chinese_calendar.is_workday(day)} - UNFORESEEN
    # A New Year's Day on a Tuesday gives the day before it, which is of the year before.
    assert off - expected_off(year) - expected_off(year + 1) == set()
    assert len(expected_off(year) - off) <= 10


def test_all_calendars_are_in_the_file() -> None:
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(stored) == {calendar.value for calendar in Calendar if calendar is not Calendar.WEEKENDS}
