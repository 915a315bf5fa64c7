"""Interest by a rate a year: whole numbers, cut, and nothing lost or made by splitting a span."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.payments.interest import SUB_UNITS, Accrual, accrue, days_of_year, find_day_count
from tests.support.sweeps import sweep

DAY: Final = date(2026, 11, 22)
BALANCES: Final = st.integers(-(10**12), 10**12)
RATES: Final = st.integers(-1_000_000, 1_000_000)
DAY_COUNTS: Final = st.sampled_from(["act_360", "act_365", "act_act"])
DAYS: Final = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@sweep(
    ("currency", "word", "expected"),
    [
        ("CNY", None, "act_360"),
        ("EUR", None, "act_360"),
        ("USD", None, "act_360"),
        ("GBP", None, "act_365"),
        ("HKD", None, "act_365"),
        ("SGD", None, "act_365"),
        ("KWD", None, None),
        ("CNY", "ACT/365", "act_365"),
        ("USD", "Actual/Actual", "act_act"),
        ("USD", "30/360", None),
    ],
)
def test_the_day_count_is_the_wallets_word_or_that_of_the_currency(
    currency: str, word: str | None, expected: str | None
) -> None:
    assert find_day_count(currency, word) == expected


@pytest.mark.parametrize(
    ("day_count", "minor"),
    [("act_360", 100), ("act_365", 98)],
)
def test_a_day_of_ten_thousand_yuan_at_3_6_percent_is_cut_to_whole_fen(day_count: str, minor: int) -> None:
    """36,000 fen a year: a 360th is 100, a 365th is 98.63."""
    assert accrue(balance_minor=1_000_000, annual_ppm=36_000, first=DAY, days=1, day_count=day_count).minor == minor


def test_income_below_a_minor_unit_is_nothing_yet_and_is_carried_to_the_day_that_completes_it() -> None:
    """A third of a fen a day."""
    day = {"balance_minor": 120, "annual_ppm": 1_000_000, "day_count": "act_360"}
    carried, seen = 0, []
    for _ in range(4):
        accrued = accrue(first=DAY, days=1, carried=carried, **day)  # type: ignore[arg-type]
        carried = accrued.carried
        seen.append(accrued.minor)
    assert seen == [0, 0, 1, 0]


@pytest.mark.parametrize("carried", [-1, 0, 1])
def test_a_rest_of_an_earlier_span_is_carried_on_where_nothing_comes_in(carried: int) -> None:
    still = accrue(balance_minor=0, annual_ppm=36_000, first=DAY, days=1, day_count="act_360", carried=carried)
    assert still == Accrual(0, carried)


@pytest.mark.parametrize(("day_count", "days"), [("act_360", 360), ("act_365", 365)])
def test_a_fixed_year_has_its_days_in_a_leap_year_too(day_count: str, days: int) -> None:
    assert {days_of_year(date(year, 3, 1), day_count) for year in (2027, 2028)} == {days}


@pytest.mark.parametrize(("year", "days"), [(2027, 365), (2028, 366), (2100, 365)])
def test_a_year_of_actual_days_has_as_many_as_the_calendar(year: int, days: int) -> None:
    assert days_of_year(date(year, 3, 1), "act_act") == days
    year_of_income = accrue(
        balance_minor=100, annual_ppm=1_000_000, first=date(year, 1, 1), days=days, day_count="act_act"
    )
    assert year_of_income == Accrual(100, 0)


@given(balance=BALANCES, ppm=RATES, first=DAYS, day_count=DAY_COUNTS, spans=st.lists(st.integers(1, 40), max_size=6))
def test_a_split_span_earns_what_the_whole_span_earns(
    balance: int, ppm: int, first: date, day_count: str, spans: list[int]
) -> None:
    total, carried, at = 0, 0, first
    for days in spans:
        part = accrue(balance_minor=balance, annual_ppm=ppm, first=at, days=days, day_count=day_count, carried=carried)
        total, carried, at = total + part.minor, part.carried, date.fromordinal(at.toordinal() + days)
    whole = accrue(balance_minor=balance, annual_ppm=ppm, first=first, days=sum(spans), day_count=day_count)
    assert Accrual(total, carried) == whole


@given(balance=BALANCES, ppm=RATES, first=DAYS, day_count=DAY_COUNTS, days=st.integers(0, 400))
def test_income_is_the_exact_one_cut_towards_nothing(
    balance: int, ppm: int, first: date, day_count: str, days: int
) -> None:
    year = [days_of_year(date.fromordinal(first.toordinal() + number), day_count) for number in range(days)]
    exact = sum((Fraction(balance * ppm, 1_000_000 * one) for one in year), Fraction())
    accrued = accrue(balance_minor=balance, annual_ppm=ppm, first=first, days=days, day_count=day_count)
    assert accrued.minor == int(exact)
    assert accrued.minor + Fraction(accrued.carried, SUB_UNITS) == exact
