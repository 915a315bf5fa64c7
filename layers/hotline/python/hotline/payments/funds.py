"""Income of stored funds as it is told: always with its date, and never of a day to come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from hotline.kit.money import Money, Rate

from .interest import accrue, find_day_count, income_of_fund
from .model import Funds

FRESH_FOR: Final = timedelta(minutes=2)
"""An older balance is told with its time."""


@dataclass(frozen=True, slots=True)
class IncomeTold:
    """The income of one day. `is_computed`: the wallet told the rate or the fund's figures of that day and no income.
    This is then one day on the balance as it is now."""

    on: date
    amount: Money
    is_computed: bool


def find_income_of_day(funds: Funds) -> IncomeTold | None:
    """The income of the last day that is known; None where the wallet has told neither income, nor a fund's figures,
    nor a rate."""
    if funds.income_of_day is not None:
        return IncomeTold(funds.income_of_day.on, funds.income_of_day.amount, is_computed=False)
    product, balance = funds.product, funds.balance
    if product is None or balance.minor <= 0:
        return None
    if (day := product.fund_day) is not None:
        minor = income_of_fund(balance_minor=balance.minor, income_e4=day.income_e4)
        return IncomeTold(day.on, Money(minor, balance.currency), is_computed=True)
    rate, day_count = product.rate, find_day_count(balance.currency, product.day_count)
    if rate is None or day_count is None:
        return None
    accrued = accrue(
        balance_minor=balance.minor, annual_ppm=rate.annual_ppm, first=rate.on, days=1, day_count=day_count
    )
    return IncomeTold(rate.on, Money(accrued.minor, balance.currency), is_computed=True)


def find_income_of_month(funds: Funds, today: date) -> Money | None:
    """The income of the month that `today` is in; None where the wallet has told none of it."""
    told = funds.income_of_month
    return told.amount if told is not None and told.month == today.replace(day=1) else None


def list_amounts(funds: Funds) -> dict[str, Money]:
    """The amounts that are known of the funds, by their names: `balance`, `accrued_interest`, `income_of_day`,
    `income_of_month`."""
    income, month = find_income_of_day(funds), funds.income_of_month
    known = {"balance": funds.balance, "accrued_interest": funds.accrued_interest}
    known |= {"income_of_day": income.amount} if income is not None else {}
    return known | ({"income_of_month": month.amount} if month is not None else {})


def list_facts(funds: Funds, now: datetime, zone: tzinfo) -> dict[str, object]:
    """The funds as facts for the words, without those that are not known. `zone`: the account's, in which months
    begin."""
    facts: dict[str, object] = {"balance": funds.balance}
    if now - funds.as_of > FRESH_FOR:
        facts["as_of"] = funds.as_of
    income = find_income_of_day(funds)
    if income is not None and not income.is_computed:
        facts |= {"income_on": income.on, "income": income.amount}
    elif income is not None and income.amount.minor > 0:
        facts |= {"rate_on": income.on, "daily": income.amount}
    month = find_income_of_month(funds, now.astimezone(zone).date())
    if month is not None:
        facts["month_income"] = month
    if funds.accrued_interest.minor > 0:
        facts["accrued"] = funds.accrued_interest
    day = funds.product.fund_day if funds.product is not None else None
    if day is not None and day.seven_day_ppm is not None:
        facts |= {"seven_days_to": day.on, "seven_day_rate": Rate(day.seven_day_ppm)}
    return facts
