"""Money: whole minor units of an ISO 4217 currency; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CURRENCY = re.compile("[A-Z]{3}")
# Minor digits by ISO 4217; currencies not named here have two.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3, "OMR": 3, "JOD": 3}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units, e.g. Money(12850, "CNY") is 128.50 yuan. May be zero or negative; rules decide."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("currency must be three capital letters (ISO 4217)")


def exponent(currency: str) -> int:
    """How many minor digits the currency has (ISO 4217): 2 for CNY, 0 for JPY."""
    return _EXPONENTS.get(currency, 2)
