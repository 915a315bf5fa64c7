"""Opening hours: what is refused, when people answer, and time that counts only while they do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hotline.directory.hours import SEARCH_DAYS_MAX
from hotline.directory.model import DirectoryError
from hotline.directory.service import (
    NAME_CHARACTERS_MAX,
    SPANS_PER_DAY_MAX,
    SPECIAL_DAYS_MAX,
    Hours,
    Opening,
    Span,
    SpecialDay,
    add_open_time,
    always_open,
    find_opening,
    is_open,
    make_hours,
)
from hotline.kit.errors import InvalidInput
from tests.support.sweeps import sweep

SHANGHAI = "Asia/Shanghai"
NEW_YEAR = date(2027, 1, 1)
"""A Friday."""
MORNING, EVENING = Span(8 * 60, 12 * 60), Span(13 * 60, 22 * 60)
WORKDAY, WEEKEND = (MORNING, EVENING), (Span(9 * 60, 21 * 60),)
WEEK = (WORKDAY,) * 5 + (WEEKEND,) * 2
USUAL = make_hours(SHANGHAI, WEEK, [SpecialDay(NEW_YEAR, "元旦", ())])


def at(text: str) -> datetime:
    """An instant, written as the wall clock of Shanghai shows it."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@sweep(
    ("instant", "expected"),
    [
        ("2026-11-30T07:59", False), ("2026-11-30T08:00", True), ("2026-11-30T11:59", True),
        ("2026-11-30T12:00", False), ("2026-11-30T13:00", True), ("2026-11-30T21:59", True),
        ("2026-11-30T22:00", False), ("2026-11-28T08:30", False), ("2026-11-28T09:00", True),
        ("2027-01-01T10:00", False), ("2027-01-02T10:00", True),
    ],
)  # fmt: skip
def test_people_answer_from_the_first_minute_to_before_the_last(instant: str, *, expected: bool) -> None:
    assert is_open(USUAL, at(instant)) is expected


@sweep(
    ("instant", "begins", "ends"),
    [
        ("2026-11-30T10:00", "2026-11-30T08:00", "2026-11-30T12:00"),
        ("2026-11-30T12:00", "2026-11-30T13:00", "2026-11-30T22:00"),
        ("2026-11-30T22:00", "2026-12-01T08:00", "2026-12-01T12:00"),
        ("2026-12-31T22:00", "2027-01-02T09:00", "2027-01-02T21:00"),
    ],
)  # fmt: skip
def test_the_opening_is_the_one_that_holds_or_the_first_one_after(instant: str, begins: str, ends: str) -> None:
    assert find_opening(USUAL, at(instant)) == Opening(at(begins), at(ends))


def test_an_opening_over_midnight_is_told_as_one_with_its_end() -> None:
    night = make_hours(SHANGHAI, ((Span(0, 2 * 60), Span(20 * 60, 24 * 60)),) * 7, [])
    assert find_opening(night, at("2026-11-30T12:00")) == Opening(at("2026-11-30T20:00"), at("2026-12-01T02:00"))
    assert find_opening(night, at("2026-12-01T01:00")) == Opening(at("2026-11-30T20:00"), at("2026-12-01T02:00"))


def test_people_who_always_answer_have_an_opening_without_an_end() -> None:
    opening = find_opening(always_open(), at("2026-11-30T12:00"))
    assert opening is not None
    assert opening.begins_at <= at("2026-11-30T12:00")
    assert opening.ends_at is None


def test_there_may_be_no_opening_in_sight_and_a_last_one_has_its_end() -> None:
    nobody = make_hours(SHANGHAI, [()] * 7, [SpecialDay(NEW_YEAR, "hotline day", WORKDAY)])
    assert find_opening(nobody, at("2026-12-01T00:00")) == Opening(at("2027-01-01T08:00"), at("2027-01-01T12:00"))
    assert find_opening(nobody, at("2027-01-01T13:30")) == Opening(at("2027-01-01T13:00"), at("2027-01-01T22:00"))
    assert find_opening(nobody, at("2027-01-01T22:00")) is None
    for ahead, is_in_sight in ((SEARCH_DAYS_MAX, True), (SEARCH_DAYS_MAX + 1, False)):
        instant = at("2027-01-01T12:00") - timedelta(days=ahead)
        assert (find_opening(nobody, instant) is not None) is is_in_sight


@sweep(
    ("instant", "hours", "expected"),
    [
        ("2026-11-30T08:00", 4, "2026-11-30T12:00"), ("2026-11-30T08:00", 5, "2026-11-30T14:00"),
        ("2026-11-30T21:00", 2, "2026-12-01T09:00"), ("2026-11-30T12:15", 1, "2026-11-30T14:00"),
        ("2026-12-31T21:00", 2, "2027-01-02T10:00"), ("2026-11-30T10:00", 0, "2026-11-30T10:00"),
    ],
)  # fmt: skip
def test_open_time_counts_only_while_people_answer(instant: str, hours: int, expected: str) -> None:
    assert add_open_time(USUAL, at(instant), timedelta(hours=hours)) == at(expected)


def test_open_time_counts_around_the_clock_where_no_opening_is_in_sight() -> None:
    nobody = make_hours(SHANGHAI, [()] * 7, [])
    assert add_open_time(nobody, at("2026-11-30T10:00"), timedelta(hours=3)) == at("2026-11-30T13:00")


def test_always_open_has_no_gap_at_midnight() -> None:
    midnight = datetime(2026, 11, 30, tzinfo=UTC)
    for before in (-1, 0, 1):
        assert is_open(always_open(), midnight + timedelta(microseconds=before))
    assert add_open_time(always_open(), midnight, timedelta(hours=30)) == midnight + timedelta(hours=30)


def test_hours_are_the_wall_clocks_on_a_day_on_which_clocks_change() -> None:
    berlin = make_hours("Europe/Berlin", [(Span(8 * 60, 20 * 60),)] * 7, [])
    saturday, sunday = datetime(2027, 3, 27, 7, 0, tzinfo=UTC), datetime(2027, 3, 28, 6, 0, tzinfo=UTC)
    assert is_open(berlin, saturday)
    assert not is_open(berlin, saturday - timedelta(minutes=1))
    assert is_open(berlin, sunday)
    assert not is_open(berlin, sunday - timedelta(minutes=1))


def refused(time_zone: str = SHANGHAI, week: object = WEEK, days: object = ()) -> DirectoryError:
    with pytest.raises(InvalidInput) as caught:
        make_hours(time_zone, week, days)  # type: ignore[arg-type]
    return DirectoryError(caught.value.code)


@sweep("zone", ["Mars/Olympus", "", "../etc/passwd", "Asia", "a" * 300])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    assert refused(time_zone=zone) is DirectoryError.TIME_ZONE_UNKNOWN


@pytest.mark.parametrize("days", [6, 8])
def test_a_week_has_seven_days(days: int) -> None:
    assert refused(week=[()] * days) is DirectoryError.WEEK_INCOMPLETE


@sweep(
    "spans",
    [
        (Span(60, 60),), (Span(61, 60),), (Span(-1, 60),), (Span(0, 24 * 60 + 1),),
        (Span(0, 60), Span(60, 120)), (Span(0, 61), Span(60, 120)),
    ],
)  # fmt: skip
def test_times_that_are_none_or_touch_are_refused(spans: tuple[Span, ...]) -> None:
    assert refused(week=[spans, *[()] * 6]) is DirectoryError.SPAN_INVALID


def test_limits_hold_at_their_edges() -> None:
    spans = tuple(Span(60 * hour, 60 * hour + 30) for hour in range(SPANS_PER_DAY_MAX))
    assert make_hours(SHANGHAI, [spans] * 7, []).week[0] == spans
    assert refused(week=[(*spans, Span(1000, 1010)), *[()] * 6]) is DirectoryError.TOO_MANY_SPANS
    days = [SpecialDay(NEW_YEAR + timedelta(days=ahead), "x" * NAME_CHARACTERS_MAX, ()) for ahead in range(51)]
    assert len(make_hours(SHANGHAI, WEEK, days[:SPECIAL_DAYS_MAX]).special_days) == SPECIAL_DAYS_MAX
    assert refused(days=days) is DirectoryError.TOO_MANY_SPECIAL_DAYS


def test_a_date_comes_once_and_has_a_name() -> None:
    assert refused(days=[SpecialDay(NEW_YEAR, "a", ()), SpecialDay(NEW_YEAR, "b", ())]) is (
        DirectoryError.SPECIAL_DAY_TWICE
    )
    for name in ("", " \u202e", "x" * (NAME_CHARACTERS_MAX + 1)):
        assert refused(days=[SpecialDay(NEW_YEAR, name, ())]) is DirectoryError.SPECIAL_DAY_NAME


def test_times_and_dates_are_put_in_order() -> None:
    later = SpecialDay(NEW_YEAR + timedelta(days=1), "b", ())
    made = make_hours(SHANGHAI, [(EVENING, MORNING)] * 7, [later, SpecialDay(NEW_YEAR, "a", ())])
    assert made.week[0] == (MORNING, EVENING)
    assert [special.name for special in made.special_days] == ["a", "b"]
    assert isinstance(made, Hours)
