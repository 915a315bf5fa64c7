"""Sums below which a rule about money is quiet, by currency, in its minor unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_YUAN_PER: Final[Mapping[str, float]] = {"CNY": 100, "HKD": 100, "JPY": 20}
"""The minor units that are worth about a yuan: 1.11 Hong Kong dollars, and 20.4 yen, which have no smaller unit. These
are central parity rates of the China Foreign Exchange Trade System, 30 September 2024."""
_OTHER: Final = 15.0
"""Of every other currency. By the same rates a yuan is 14 cents of the US dollar, 13 of the euro and 11 pence. A floor
in a small currency, such as the won, is next to nothing: `detection.toml` may name it."""


def floors(yuan: float) -> Callable[[], dict[str, int]]:
    """A maker of floors that are worth about so many yuan, for a field of limits. The empty name is every other
    currency."""
    made = {currency: round(yuan * minor) for currency, minor in {**_YUAN_PER, "": _OTHER}.items()}
    return lambda: dict(made)


def floor_of(floor_minor: Mapping[str, int], currency: str) -> int:
    """The floor of a currency."""
    floor = floor_minor.get(currency)
    return floor_minor[""] if floor is None else floor
