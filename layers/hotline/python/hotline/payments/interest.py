"""Interest of stored funds by a rate a year: in whole numbers, cut and never rounded up. Pure.

The income of any day is a whole number of sub-units, of which a minor unit has the same number whatever the day count.
So no fraction is lost: a span that is split gives what the whole span gives. Sub-units that make no minor unit yet are
carried to the next day.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import lcm
from typing import Final

from hotline.contracts.vocabulary import day_count_of

DAY_COUNTS: Final[Mapping[str, str]] = {
    # The People's Bank of China states deposit rates a year, of which a day has the 360th part.
    "CNY": "act_360",
    # Money markets: ICMA and ISDA conventions, actual days over 360 for the euro and the dollar.
    "EUR": "act_360",
    "USD": "act_360",
    # The same sources, over 365 fixed for sterling and its followers.
    "GBP": "act_365",
    "HKD": "act_365",
    "SGD": "act_365",
}
"""The usual day count by currency, where the wallet names none. Of a currency that is not listed nothing is
computed."""
_RATE_PARTS: Final = 1_000_000
_FUND_PARTS: Final = 10_000 * 10_000
_DAYS_LCM: Final = lcm(360, 365, 366)
SUB_UNITS: Final = _RATE_PARTS * _DAYS_LCM
"""So many sub-units are one minor unit."""


@dataclass(frozen=True, slots=True)
class Accrual:
    """Whole minor units of income, and the sub-units that make none yet. Both have the sign of the income."""

    minor: int
    carried: int


def find_day_count(currency: str, word: str | None) -> str | None:
    """The day count of a product: as its wallet names it, else that of its currency. None where it is not known."""
    return DAY_COUNTS.get(currency) if word is None else day_count_of(word)


def days_of_year(day: date, day_count: str) -> int:
    """Over how many days of a year the rate of a day counts. Raises KeyError for an unknown day count."""
    return {"act_360": 360, "act_365": 365, "act_act": 366 if isleap(day.year) else 365}[day_count]


def income_of_fund(*, balance_minor: int, income_e4: int) -> int:
    """One day's income of a balance in a money fund, in minor units, cut. `income_e4`: the income of 10,000 units of
    the currency, in ten-thousandths of it, as funds in China publish it each day."""
    income = abs(balance_minor * income_e4) // _FUND_PARTS
    return income if balance_minor * income_e4 >= 0 else -income


def accrue(*, balance_minor: int, annual_ppm: int, first: date, days: int, day_count: str, carried: int = 0) -> Accrual:
    """The income of a balance that stays the same for `days` days from `first` on. `annual_ppm`: the rate a year in
    parts per million. `carried`: the rest of an earlier span, in sub-units."""
    total = carried + sum(
        balance_minor * annual_ppm * (_DAYS_LCM // days_of_year(first + timedelta(days=number), day_count))
        for number in range(days)
    )
    sign = -1 if total < 0 else 1
    minor, left = divmod(abs(total), SUB_UNITS)
    return Accrual(sign * minor, sign * left)
