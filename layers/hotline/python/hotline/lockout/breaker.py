"""The breaker of pauses without a factor.

A pause costs its caller nothing and the account's owner a day. Somebody who can fake numbers could so pause many
accounts. While more than PAUSES_WITHOUT_FACTOR_MAX were set in five minutes over all callers, a pause needs one factor,
like a freeze. The breaker closes again by itself when they become fewer. So at most some fifty in five minutes are set
without a factor. Each still ends after a day, and an account has at most two in seven days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, count, rate_keys, sum_window
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

PAUSES: Final = Rate("pauses", FIVE_MINUTES, shards=4)
"""Accounts that were paused without a factor. Above the limit nothing is counted, so four shards are many."""
PAUSES_WITHOUT_FACTOR_MAX: Final = 50


def breaker_keys(now: datetime) -> tuple[Key, ...]:
    """The keys to read to know whether the breaker is open."""
    return rate_keys(PAUSES, now)


def is_open(read: Mapping[Key, Item], now: datetime) -> bool:
    """Whether a pause needs a factor now."""
    return sum_window(PAUSES, read, now) > PAUSES_WITHOUT_FACTOR_MAX


def count_pauses(change: Change, accounts: int, *, by: str) -> None:
    """Count accounts that the change pauses without a factor."""
    if accounts:
        count(change, PAUSES, by=by, times=accounts)
