"""Sums below which a rule about money is quiet, by currency, in its minor unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_YUAN_PER: Final[Mapping[str, float]] = {"CNY": 100, "HKD": 100, "JPY": 5}
"""The minor units that are worth about a yuan."""
_OTHER: Final = 15.0
"""Of every other currency: those of the dollar, the euro and the pound are worth more, small ones less."""


def floors(yuan: float) -> Callable[[], dict[str, int]]:
    """A maker of floors that are worth about so many yuan, for a field of limits. The empty name is every other
    currency."""
    made = {currency: round(yuan * minor) for currency, minor in {**_YUAN_PER, "": _OTHER}.items()}
    return lambda: dict(made)


def floor_of(floor_minor: Mapping[str, int], currency: str) -> int:
    """The floor of a currency."""
    floor = floor_minor.get(currency)
    return floor_minor[""] if floor is None else floor
