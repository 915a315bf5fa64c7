"""The partitions that a run reads: those into which new items are spread, and each older one that may hold something.

How many partitions new items are spread over can change (hotline.kit.spread), and an item stays where it was written.
So one item of the table remembers where anything was seen beyond that number. Once an hour a run looks into all
partitions. One in which something is seen is read each minute, until nothing was seen there for a day. Functions of an
older deployment have long ended by then. Runs read all partitions for a day if they find no memory, or a memory of
other numbers of partitions. Clocks that differ, and looks at one time, cost further looks and leave none out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.due import all_of_them
from hotline.kit.errors import Unavailable
from hotline.kit.spread import PARTITIONS_MAX, partition_count, partition_name
from hotline.kit.store import Index, Key, Put, Query, Store, Table, TransactionCancelled, hotline_key
from hotline.kit.store.condition import NEW, Item, equals

LOOK_EVERY: Final = timedelta(hours=1)
READ_FOR: Final = timedelta(days=1)
"""After something was seen in a partition, and after the number of partitions changed."""
_TABLES: Final[Mapping[Index, Table]] = {Index.DUE: Table.HOTLINE, Index.PENDING: Table.OUTBOX}

type Spot = tuple[Index, int]
"""A partition by its index and number."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """The numbers of the partitions that a run reads."""

    due: tuple[int, ...]
    pending: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """The memory of a look. `seen` has partitions beyond those of new items, and when they held something last."""

    looked_at: datetime
    seen: Mapping[Spot, datetime]

    def partitions(self) -> Partitions:
        return Partitions(*(self._numbers(index) for index in (Index.DUE, Index.PENDING)))

    def _numbers(self, index: Index) -> tuple[int, ...]:
        beyond = (number for found, number in self.seen if found is index)
        return (*range(partition_count(index)), *sorted(beyond))


def look_key() -> Key:
    """The key of the item that remembers."""
    return hotline_key("DUE#partitions", "#LOOK")


def find_partitions(ctx: Context, *, at_once: int) -> Partitions:
    """The partitions to read now. Raises Unavailable."""
    now = ctx.clock.now()
    item = ctx.store.batch_get([look_key()]).get(look_key())
    known = _from_item(item)
    if known is None or not timedelta(0) <= now - known.looked_at < LOOK_EVERY:
        known = _look(ctx, known, now, at_once=at_once)
        _remember(ctx.store, known, item)
    return known.partitions()


def _look(ctx: Context, known: _Look | None, now: datetime, *, at_once: int) -> _Look:
    spots = [(index, number) for index in _TABLES for number in range(partition_count(index), PARTITIONS_MAX[index])]
    if known is None:
        return _Look(now, dict.fromkeys(spots, now))
    holding = all_of_them(partial(_holds_anything, ctx.store), spots, at_once=at_once)
    seen = {spot: at for spot, at in known.seen.items() if now - at < READ_FOR}
    return _Look(now, seen | {spot: now for spot, holds in zip(spots, holding, strict=True) if holds})


def _holds_anything(store: Store, spot: Spot) -> bool:
    index, number = spot
    return bool(store.query(Query(_TABLES[index], partition_name(index, number), index=index, limit=1)).items)


def _remember(store: Store, look: _Look, before: Item | None) -> None:
    """Keep the look, unless another run has kept one. Otherwise the next run looks again."""
    condition = NEW if before is None else equals("looked_at", before.get("looked_at", ""))
    try:
        store.write_alone(Put(look_key(), _to_item(look), condition))
    except (TransactionCancelled, Unavailable):
        return


def _to_item(look: _Look) -> Item:
    return {
        "counts": _counts(),
        "looked_at": to_text(look.looked_at),
        "seen": {partition_name(*spot): to_text(at) for spot, at in look.seen.items()},
    }


def _from_item(item: Mapping[str, Any] | None) -> _Look | None:
    """None for a look of other numbers of partitions."""
    if item is None or item["counts"] != _counts():
        return None
    seen = {_spot(name): from_text(at) for name, at in item["seen"].items()}
    return _Look(from_text(item["looked_at"]), seen)


def _counts() -> list[int]:
    return [partition_count(index) for index in _TABLES]


def _spot(name: str) -> Spot:
    index, _, number = name.partition("#")
    return Index[index], int(number)
