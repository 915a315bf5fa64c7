"""Dates are promised in business days, by the instrument that was paid with."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hotline.refunds.promises import (
    BUSINESS_DAYS,
    OTHER_BUSINESS_DAYS,
    add_business_days,
    arrival_promise,
    date_to_expect,
    due_at,
    escalation_promise,
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


@pytest.mark.parametrize(
    ("word", "days"), [("Wallet Balance", 1), ("linked-bank-card", 3), ("Visa", 10), ("netbanking", 10), ("barter", 10)]
)
def test_an_instrument_has_its_days_by_whatever_name(word: str, days: int) -> None:
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert arrival_promise(word, monday) == add_business_days(monday.date(), days)


def test_the_day_of_a_request_is_the_one_in_utc() -> None:
    """Tuesday morning in Shanghai is still Monday; Monday evening in New York is Tuesday already."""
    tuesday_in_shanghai = datetime(2026, 11, 24, 7, 59, tzinfo=timezone(timedelta(hours=8)))
    monday_in_new_york = datetime(2026, 11, 23, 19, 0, tzinfo=timezone(timedelta(hours=-5)))
    for at, days in ((tuesday_in_shanghai, (24, 7, 26)), (monday_in_new_york, (25, 8, 27))):
        assert arrival_promise("balance", at) == date(2026, 11, days[0])
        assert review_promise(at) == date(2026, 12, days[1])
        assert escalation_promise(at) == date(2026, 11, days[2])
        assert date_to_expect(None, at) == date(2026, 12, days[1])


def test_the_date_that_was_promised_is_told_as_long_as_there_is_one() -> None:
    """Whenever the wallet sent the money: no other date may come out of that."""
    promised_on, sent_at = date(2026, 11, 24), datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert date_to_expect(promised_on, sent_at) == promised_on
    assert date_to_expect(promised_on, None) == promised_on
    assert date_to_expect(None, None) is None


def test_a_promise_is_broken_when_its_day_is_over() -> None:
    assert due_at(date(2026, 12, 31)) == datetime(2027, 1, 1, tzinfo=UTC)
