"""Dates are promised in business days, by the instrument that was paid with."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hotline.refunds.promises import (
    BUSINESS_DAYS,
    OTHER_BUSINESS_DAYS,
    add_business_days,
    arrival_promise,
    due_at,
    review_promise,
)

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, FRIDAY), (1, date(2026, 11, 30)), (5, date(2026, 12, 4)), (6, date(2026, 12, 7))],
)
def test_weekends_do_not_count(days: int, expected: date) -> None:
    assert add_business_days(FRIDAY, days) == expected


def test_holidays_do_not_count() -> None:
    assert add_business_days(FRIDAY, 1, holidays={date(2026, 11, 30)}) == date(2026, 12, 1)


@pytest.mark.parametrize("kind", [*BUSINESS_DAYS, "something_new"])
def test_each_instrument_has_its_days(kind: str) -> None:
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    days = BUSINESS_DAYS.get(kind, OTHER_BUSINESS_DAYS)
    assert arrival_promise(kind, friday) == add_business_days(FRIDAY, days)


def test_the_day_of_a_request_is_the_one_in_utc() -> None:
    late_in_shanghai = datetime(2026, 11, 28, 7, 59, tzinfo=timezone(timedelta(hours=8)))
    assert arrival_promise("balance", late_in_shanghai) == date(2026, 11, 30)
    assert review_promise(late_in_shanghai) == date(2026, 12, 11)


def test_a_promise_is_broken_when_its_day_is_over() -> None:
    assert due_at(date(2026, 12, 31)) == datetime(2027, 1, 1, tzinfo=UTC)
