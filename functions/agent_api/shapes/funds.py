"""The forms of stored funds and bills: when and whose, and every amount masked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from functions.agent_api.shapes.common import Answer


class FundsAmount(Answer):
    """An amount of the funds, masked: `name` names it in an unmasking. `on` is the day of an income, `month` a month as
    in 2026-11. `computed`: from the rate of that day, since the wallet told no income."""

    name: Literal["balance", "accrued_interest", "income_of_day", "income_of_month"]
    on: date | None
    month: str | None
    computed: bool


class FundDay(Answer):
    """A money fund's figures for one day. `income_e4`: the income of 10,000 units of the currency, in ten-thousandths
    of it. `seven_day_ppm`: the seven days to that day as a rate a year, in parts per million; null: not told."""

    on: date
    income_e4: int
    seven_day_ppm: int | None


class Product(Answer):
    """The product in which the funds are kept, and its rate on a day in parts per million a year: 12340 is 1.234 %.
    `fund_day`: the figures of a money fund."""

    kind: str
    rate_on: date | None
    annual_ppm: int | None
    fund_day: FundDay | None


class Funds(Answer):
    """Stored funds as of a time. Null, and without amounts, where the wallet has told of none."""

    as_of: datetime | None
    amounts: list[FundsAmount]
    product: Product | None


class Bill(Answer):
    """A bill. The amount is masked: `item_id` names it in an unmasking. `due_on` is a day in the account's time zone.
    Of one that is paid: the biller shows the payment within `shown_within_days` days."""

    id: str
    item_id: str
    biller: str
    due_on: date
    status: Literal["due", "overdue", "paid"]
    shown_within_days: int | None


class Bills(Answer):
    """The latest due date first, and whether the customer is reminded of them; `next` is the cursor of the following
    page."""

    bills: list[Bill]
    reminders: bool
    next: str | None
