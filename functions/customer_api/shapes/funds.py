"""The forms of stored funds, bills and reminders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from functions.customer_api.shapes.common import Amount, Answer, Body


class DayIncome(Answer):
    """The income of the last day that is known. `computed`: the wallet told a rate or a fund's figures and no income,
    so this is one day on the balance as it is now. It is no promise."""

    on: date
    amount: Amount
    computed: bool


class MonthIncome(Answer):
    """The income of a calendar month up to the time of the balance; `month` as in 2026-11."""

    month: str
    amount: Amount


class FundDay(Answer):
    """A money fund's figures for one day. `income_e4`: the income of 10,000 units of the currency, in ten-thousandths
    of it. `seven_day_ppm`: the seven days to that day as a rate a year, in parts per million; it is no promise."""

    on: date
    income_e4: int
    seven_day_ppm: int | None = None


class Product(Answer):
    """The product in which the funds are kept, and its rate on a day in parts per million a year: 12340 is 1.234 %.
    `fund_day`: the figures of a money fund."""

    kind: str
    rate_on: date | None = None
    annual_ppm: int | None = None
    fund_day: FundDay | None = None


class Funds(Answer):
    """Stored funds as of a time. A value that the wallet has not told is null. `text` says it in words."""

    balance: Amount
    accrued_interest: Amount
    as_of: datetime
    income_of_day: DayIncome | None = None
    income_of_month: MonthIncome | None = None
    product: Product | None = None
    text: str


class Bill(Answer):
    """A bill of a biller. `due_on` is a day in the account's time zone. Of one that is paid: the biller shows the
    payment within `shown_within_days` days."""

    id: str
    biller: str
    amount: Amount
    due_on: date
    state: Literal["due", "overdue", "paid"]
    shown_within_days: int | None = None


class Bills(Answer):
    """One page. `next` is a cursor, absent at the end."""

    bills: list[Bill]
    next: str | None = None


class RemindersChosen(Body):
    """Whether reminders of bills shall be sent."""

    on: bool


class Reminders(Answer):
    """Whether reminders of bills are sent."""

    on: bool
