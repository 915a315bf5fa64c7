"""How many notices of one kind go to one contact point in a day.

Whoever has proved who they are can cause notices over and over, e.g. by changing a PIN back and forth, and be paid for
what reaches a number (OWASP ASVS 5.0, 2.4.1), or bury one message under a hundred. So a kind of notice goes to a number
or an address six times a day. The first ones always go, the sixth says that no more follow for now, and a notice of
another kind still comes: nothing is hidden by it. Of refunds and cases an address gets every notice, since each tells
of another one, and how many there are is bounded where they are asked for.
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
_EVERY_ONE_BY_EMAIL: Final = ("refund.", "case.")


def kind_rate(kind: str, point: str) -> Rate:
    """The rate of one kind of notice at one contact point; `point` is its keyed id."""
    return NOTICES.of(f"{kind}#{point}")


def is_bounded(kind: str, channel: str) -> bool:
    """Whether notices of this kind have a limit on this channel."""
    return channel != "email" or not kind.startswith(_EVERY_ONE_BY_EMAIL)


def sent_so_far(rate: Rate, read: Mapping[Key, Item], now: datetime) -> int:
    """How many of the kind went to the point within a day. `read` holds what exists of the rate's keys."""
    return counted(rate, read, now)
