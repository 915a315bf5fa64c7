"""The store in memory with a meter of the units that DynamoDB would bill.

A consistent read of up to 4 KB is one read unit. One that may lag is half a one, as is one from an index. A query is
billed by the sum of its items. A write of up to 1 KB is one write unit, in a transaction two, and each index that holds
the item takes its own.
Source: Amazon DynamoDB developer guide, "Read and write request units", "Transactions".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hotline.kit.store import Check, Index, Key, Page, Put, Query, Update, Write
from hotline.kit.store.condition import Item
from hotline.kit.store.expressions import INDEXES

from .memory_store import MemoryStore, size_of

READ_BYTES: Final = 4096
WRITE_BYTES: Final = 1024
TRANSACTED: Final = 2


@dataclass
class Units:
    """Units so far: `read` of tables and indexes, `written` of tables, `indexed` of indexes."""

    read: float = 0
    written: int = 0
    indexed: int = 0


class MeteredStore(MemoryStore):
    """A `Store` that counts units, over a copy of what another one holds."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store.clock)
        self._state = store._state.copy()  # noqa: SLF001 - of its own class
        self.units = Units()

    def get(self, key: Key) -> Item | None:
        """See Store.get."""
        item = super().get(key)
        self.units.read += _units([item] if item is not None else [], READ_BYTES)
        return item

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """See Store.batch_get. Each item is billed by itself, also one that is not there."""
        found = super().batch_get(keys)
        for key in keys:
            units = _units([found[key]] if key in found else [], READ_BYTES)
            self.units.read += units / 2 if key.may_lag else units
        return found

    def query(self, query: Query) -> Page:
        """See Store.query."""
        page = super().query(query)
        self.units.read += _units(page.items, READ_BYTES) / (1 if query.index is None else 2)
        return page

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        """See Store.transact. A write is billed by the larger of the item before and after; one that is cancelled costs
        the same, and is not counted here."""
        before = {write.key: self._item(write.key) for write in writes}
        super().transact(writes, token=token)
        for write in writes:
            self._bill(write, before[write.key], TRANSACTED)

    def write_alone(self, write: Put | Update) -> Item:
        """See Store.write_alone. It is billed as `transact`, at half the price."""
        before = self._item(write.key)
        after = super().write_alone(write)
        self._bill(write, before, 1)
        return after

    def put_all(self, puts: Sequence[Put]) -> None:
        """See Store.put_all. Each is billed as a write alone."""
        before = {put.key: self._item(put.key) for put in puts}
        super().put_all(puts)
        for put in puts:
            self._bill(put, before[put.key], 1)

    def _bill(self, write: Write, before: Item | None, times: int) -> None:
        states = [before, self._item(write.key)]
        largest = max(_units([item] if item is not None else [], WRITE_BYTES) for item in states)
        with self._lock:
            self.units.written += times * largest
            if not isinstance(write, Check):
                self.units.indexed += sum(_index_units(index, *states) for index in INDEXES[write.key.table])

    def _item(self, key: Key) -> Item | None:
        row = self._row(key)
        return row.item if row is not None else None


def _units(items: Iterable[Item], step: int) -> int:
    return max(1, -(-sum(size_of(item) for item in items) // step))


def _index_units(index: Index, before: Item | None, after: Item | None) -> int:
    """An item that moves in an index is taken away there and put; one that does not change costs nothing."""
    if before == after:
        return 0
    places = [_place(index, item) for item in (before, after)]
    if places[0] == places[1]:
        places = places[1:]
    return sum(_units([item], WRITE_BYTES) for item in (before, after)[-len(places) :] if item and _place(index, item))


def _place(index: Index, item: Item | None) -> tuple[str, str] | None:
    pk, sk = f"{index.value}_pk", f"{index.value}_sk"
    return (item[pk], item[sk]) if item is not None and pk in item and sk in item else None
