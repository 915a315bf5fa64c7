"""How often something happened lately, over all callers: counters in shards.

    RATE#name#start of the window#shard / COUNT · n, or a number for each part · expires_at_epoch_s

One number would be one item that every call writes, and of two transactions on one item DynamoDB refuses the later one.
So a rate is counted in several items, each in a partition of its own. A hash of any value at hand picks one of them.
They are read together, as they were a moment ago. A sum over five minutes is an estimate, and such a read costs half.
Adding needs no condition, since a sum is the same in
any order. It rides in the transaction that makes it true: a failed commit counts nothing, and a delivery that comes
again counts nothing.

How many shards: let a transaction hold its items for 20 ms. At r of them a second on one shard, a share of r x 0.02
meets another transaction. It is sent again (Change.commit, up to four times). So eight shards carry fifty a second, of
which an eighth meet; two in ten thousand fail four times, and their step is run afresh. A rate to which few add at once
needs one shard.

Counts are kept in fixed windows; a query estimates a sliding window of the same length. It takes all of the running
window, and of the one before it the share that still lies in that time. Events are taken as evenly spread. So a limit
holds exactly within a window and falls back by itself. Across two windows at most twice as much passes, in the worst
case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, to_text
from hotline.kit.ids import bucket
from hotline.kit.records import quick
from hotline.kit.store import TTL_ATTRIBUTE, Key, Table
from hotline.kit.store.condition import Item

FIVE_MINUTES: Final = timedelta(minutes=5)
_COUNT: Final = "n"
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
"""Windows are counted from here."""


@quick
@dataclass(frozen=True, slots=True)
class Rate:
    """Something that is counted. `window` is in whole seconds. Any reader of the table can read the name, so it is made
    of closed words, opaque ids and keyed hashes."""

    name: str
    window: timedelta
    shards: int = 1
    part: str = _COUNT
    """The count meant, of several in the same items: several parts of one rate are read at once."""

    def of(self, subject: str) -> Rate:
        """The same, counted for one subject alone."""
        return Rate(f"{self.name}#{subject}", self.window, self.shards, self.part)

    def only(self, part: str) -> Rate:
        """The same items, of which another part is counted."""
        return Rate(self.name, self.window, self.shards, part)


def rate_keys(rate: Rate, now: datetime) -> tuple[Key, ...]:
    """The keys to read for `sum_window`: every shard of the running window and of the one before."""
    start = _start(rate, now)
    return (*_shards(rate, start), *_shards(rate, start - rate.window))


def sum_window(rate: Rate, read: Mapping[Key, Item], now: datetime) -> int:
    """How often it happened within the time of one window up to now, rounded up. `read` holds what exists of
    `rate_keys`."""
    start = _start(rate, now)
    running, before = (_sum(read, rate, begun) for begun in (start, start - rate.window))
    still_in = rate.window - (now - start)
    return running - (-before * still_in) // rate.window


def find_room(rate: Rate, read: Mapping[Key, Item], now: datetime, *, most: int) -> datetime:
    """The earliest instant from which `sum_window` is below `most`, if nothing more is counted until then; `now` where
    it is so already. `read` holds what exists of `rate_keys`. `most` is at least one."""
    start, window_s = _start(rate, now), int(rate.window.total_seconds())
    running, before = (_sum(read, rate, begun) for begun in (start, start - rate.window))
    if running >= most:
        # The running window alone is too many, so that the next one has to take some of it away.
        start, running, before = start + rate.window, 0, running
    room = most - 1 - running
    still_in_s = window_s if before <= room else room * window_s // before
    return max(now, start + rate.window - timedelta(seconds=still_in_s))


def count(change: Change, rate: Rate, *, by: str, times: int = 1, at: datetime | None = None) -> None:
    """Count with the change. `by` picks the shard: something of which each change has another. `at`: when it happened,
    where that was before the change; so a count can be taken back where it was made."""
    start = _start(rate, at or change.now)
    key = _shards(rate, start)[bucket(by, rate.shards)]
    change.count(key, add={rate.part: times}, set={TTL_ATTRIBUTE: epoch_s(start + 2 * rate.window)})


def _start(rate: Rate, now: datetime) -> datetime:
    return now - (now - _EPOCH) % rate.window


def _shards(rate: Rate, start: datetime) -> tuple[Key, ...]:
    return _make_keys(rate.name, rate.shards, start)


@lru_cache(maxsize=1024)
def _make_keys(name: str, shards: int, start: datetime) -> tuple[Key, ...]:
    begun = f"RATE#{name}#{to_text(start)}"
    return tuple(Key(Table.HOTLINE, f"{begun}#{shard:02d}", "COUNT", may_lag=True) for shard in range(shards))


def _sum(read: Mapping[Key, Item], rate: Rate, start: datetime) -> int:
    found = [read.get(key) for key in _shards(rate, start)]
    return sum([int(item.get(rate.part, 0)) for item in found if item is not None])
