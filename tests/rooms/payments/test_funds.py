"""Stored funds as they are told: the balance with its time, income with its date, and nothing of a day to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from hotline.contracts.model import AnnualRate, DayIncome, FactVersion, FundDay, FundsProduct, FundsTold, MonthIncome
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money, Rate
from hotline.payments import items
from hotline.payments.folds import fold_funds
from hotline.payments.funds import FRESH_FOR, IncomeTold, find_income_of_day, list_facts
from hotline.payments.model import Funds
from tests.support.money_world import NOON, told
from tests.support.sweeps import sweep

SUNDAY: Final = date(2026, 11, 22)
FUNDS: Final = Funds("acc_1", Money(1_000_000, "CNY"), Money(0, "CNY"), NOON, FactVersion(1, NOON, "f"))
RATE: Final = FundsProduct("deposit", None, AnnualRate(SUNDAY, 36_000))
FUND: Final = FundsProduct("money_fund", fund_day=FundDay(SUNDAY, 6_123, 14_370))
ALL: Final = replace(
    FUNDS,
    accrued_interest=Money(250, "CNY"),
    income_of_day=DayIncome(SUNDAY, Money(7, "CNY")),
    income_of_month=MonthIncome(date(2026, 11, 1), Money(153, "CNY")),
    product=RATE,
)


def test_the_rate_of_seven_days_is_told_with_its_day_also_beside_interest_that_is_owed() -> None:
    facts = list_facts(replace(ALL, product=FUND), NOON, UTC)
    told = [facts[name] for name in ("accrued", "seven_days_to", "seven_day_rate")]
    assert told == [Money(250, "CNY"), SUNDAY, Rate(14_370)]


def test_the_income_that_the_wallet_tells_comes_before_its_rate() -> None:
    assert find_income_of_day(ALL) == IncomeTold(SUNDAY, Money(7, "CNY"), is_computed=False)
    without_income = replace(ALL, income_of_day=None)
    assert find_income_of_day(without_income) == IncomeTold(SUNDAY, Money(100, "CNY"), is_computed=True)


@sweep(
    "funds",
    [
        FUNDS,
        replace(FUNDS, product=FundsProduct("deposit")),
        replace(FUNDS, product=replace(RATE, day_count="30/360")),
        replace(FUNDS, balance=Money(1_000_000, "KWD"), accrued_interest=Money(0, "KWD"), product=RATE),
        replace(FUNDS, balance=Money(0, "CNY"), product=RATE),
        replace(FUNDS, balance=Money(-100, "CNY"), product=RATE),
    ],
)
def test_nothing_is_computed_where_something_is_not_known(funds: Funds) -> None:
    assert find_income_of_day(funds) is None
    assert not {"income", "daily"} & set(list_facts(funds, NOON, UTC))


@sweep(
    ("balance_minor", "income_e4", "income_minor"),
    [
        (1_000_000, 6_123, 61),  # 10,000.00 yuan at 0.6123: 61.23 fen, cut
        (1_288_050, 6_680, 86),  # 86.04 fen
        (100_000_000, 1, 1),
        (99_999_999, 1, 0),
        (1_000_000, -6_199, -61),  # a day of loss is cut towards zero, too
        (1_000_000, 0, 0),
    ],
)
def test_the_income_of_a_fund_is_its_income_of_ten_thousand_by_the_balance(
    balance_minor: int, income_e4: int, income_minor: int
) -> None:
    """Own income = units / 10,000 x 万份收益, and less than a fen is not paid."""
    product = replace(FUND, fund_day=FundDay(SUNDAY, income_e4), rate=RATE.rate)
    funds = replace(FUNDS, balance=Money(balance_minor, "CNY"), product=product)
    assert find_income_of_day(funds) == IncomeTold(SUNDAY, Money(income_minor, "CNY"), is_computed=True)


def test_the_least_balance_has_an_income_of_nothing_yet() -> None:
    funds = replace(FUNDS, balance=Money(1, "CNY"), product=RATE)
    assert find_income_of_day(funds) == IncomeTold(SUNDAY, Money(0, "CNY"), is_computed=True)


@sweep(("income_e4", "minor"), [(200, 2), (100, 1), (99, None), (0, None), (-6_199, None)])
def test_income_that_is_computed_is_told_with_its_day_unless_it_is_nothing_or_a_loss(
    income_e4: int, minor: int | None
) -> None:
    """The balance is 10,000.00 yuan, so an income of 0.0100 is one fen."""
    facts = list_facts(
        replace(FUNDS, product=FundsProduct("money_fund", fund_day=FundDay(SUNDAY, income_e4))), NOON, UTC
    )
    told_of_day = {} if minor is None else {"rate_on": SUNDAY, "daily": Money(minor, "CNY")}
    assert facts == {"balance": FUNDS.balance, **told_of_day}


def test_the_seven_days_of_a_fund_are_told_with_their_day_and_whatever_the_income() -> None:
    told_of_week = {"seven_days_to": SUNDAY, "seven_day_rate": Rate(14_370)}
    paid_out = replace(ALL, accrued_interest=Money(0, "CNY"), product=FUND)
    for funds in (replace(FUNDS, product=FUND), paid_out):
        facts = list_facts(funds, NOON, UTC)
        assert {name: facts[name] for name in told_of_week} == told_of_week
    assert "seven_day_rate" not in list_facts(ALL, NOON, UTC)


def test_everything_that_is_known_is_told_with_its_date() -> None:
    assert list_facts(ALL, NOON, UTC) == {
        "balance": Money(1_000_000, "CNY"),
        "income_on": SUNDAY,
        "income": Money(7, "CNY"),
        "month_income": Money(153, "CNY"),
        "accrued": Money(250, "CNY"),
    }
    assert list_facts(replace(ALL, income_of_day=None), NOON, UTC)["rate_on"] == SUNDAY
    assert "accrued" in list_facts(replace(ALL, accrued_interest=Money(1, "CNY")), NOON, UTC)


@pytest.mark.parametrize(("age", "told_with_time"), [(FRESH_FOR, False), (FRESH_FOR + timedelta(seconds=1), True)])
def test_a_balance_that_is_not_fresh_is_told_with_its_time(age: timedelta, *, told_with_time: bool) -> None:
    assert ("as_of" in list_facts(FUNDS, NOON + age, UTC)) is told_with_time


@sweep(
    ("now", "zone", "this_month"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), "UTC", True),
        (datetime(2026, 12, 1, 0, 0, tzinfo=UTC), "UTC", False),
        (datetime(2026, 11, 30, 11, 0, tzinfo=UTC), "Pacific/Auckland", False),
        (datetime(2026, 12, 1, 7, 0, tzinfo=UTC), "America/Los_Angeles", True),
    ],
)
def test_the_income_of_a_month_is_told_in_that_month_of_the_account(
    now: datetime, zone: str, *, this_month: bool
) -> None:
    assert ("month_income" in list_facts(ALL, now, ZoneInfo(zone))) is this_month


@pytest.mark.parametrize("name", ["income_of_day", "income_of_month"])
def test_income_in_another_currency_than_the_balance_is_refused(name: str) -> None:
    other = Money(7, "USD")
    given = {"income_of_day": DayIncome(SUNDAY, other), "income_of_month": MonthIncome(date(2026, 11, 1), other)}
    data = FundsTold(1, Money(5, "CNY"), Money(0, "CNY"), NOON, **{name: given[name]})  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="currency_changed"):
        fold_funds(None, told("f", data), data)


@sweep("funds", [FUNDS, ALL, replace(ALL, product=FundsProduct("gold", "30/360")), replace(FUNDS, product=FUND)])
def test_funds_come_back_from_the_store_as_they_were(funds: Funds) -> None:
    assert items.funds_from(items.funds_item(funds)) == funds


def test_a_later_fact_states_the_funds_whole() -> None:
    first = FundsTold(1, Money(5, "CNY"), Money(0, "CNY"), NOON, DayIncome(SUNDAY, Money(7, "CNY")), None, RATE)
    second = FundsTold(2, Money(9, "CNY"), Money(0, "CNY"), NOON)
    fold = fold_funds(fold_funds(None, told("f", first), first), told("f", second, after_s=1), second)
    assert (fold.balance.minor, fold.income_of_day, fold.product) == (9, None, None)
