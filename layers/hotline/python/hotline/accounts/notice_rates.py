"""How many notices of one kind go to one telephone number in a day.

Whoever has proved who they are can cause notices over and over, e.g. by changing a PIN back and forth, and be paid for
what reaches a number (OWASP ASVS 5.0, 2.4.1). So the seventh of a kind goes by e-mail alone. Its owner has been told of
the same six times that day, so nothing is hidden by it; a notice of another kind still comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.condition import Item
from hotline.kit.rates import Rate, counted
from hotline.kit.store import Key

NOTICES: Final = Rate("notices", timedelta(days=1))
OF_A_KIND_MAX: Final = 6


def kind_rate(kind: str, point: str) -> Rate:
    """The rate of one kind of notice at one contact point; `point` is its keyed id."""
    return NOTICES.of(f"{kind}#{point}")


def is_enough(rate: Rate, read: Mapping[Key, Item], now: datetime) -> bool:
    """Whether no more of this kind goes to this number by now. `read` holds what exists of the rate's keys."""
    return counted(rate, read, now) >= OF_A_KIND_MAX
