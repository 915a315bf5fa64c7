"""Money: whole minor units of an ISO 4217 currency, and rates of it; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CURRENCY = re.compile("[A-Z]{3}")
_NO_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_NO_MINOR_UNIT.split(), 0) | dict.fromkeys(_THREE_DIGITS.split(), 3)
"""Currencies in circulation whose minor unit is not a hundredth (ISO 4217, list one). A test compares every currency
with the list, which is a development dependency. A new edition of the list then shows as a failing test."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units, e.g. Money(12850, "CNY") is 128.50 yuan. May be zero or negative; rules decide."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("currency must be three capital letters (ISO 4217)")


def exponent(currency: str) -> int:
    """How many minor digits the currency has (ISO 4217): 2 for CNY, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of an amount, in parts per million: Rate(12340) is 1.234 %. May be zero or negative."""

    ppm: int
