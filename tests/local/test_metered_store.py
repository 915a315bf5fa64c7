"""The meter of the units that DynamoDB would bill."""

from __future__ import annotations

import pytest

from hotline.kit.store import Check, Put, Query, Table, hotline_key
from hotline.kit.store.condition import NEW, Missing
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.stores import NOON


def metered() -> MeteredStore:
    return MeteredStore(MemoryStore(VirtualClock(NOON)))


def put(store: MeteredStore, letters: int, **more: str) -> None:
    store.transact([Put(hotline_key("A#1", "B"), {"text": "x" * letters, **more}, NEW)], token=f"t{letters}")


@pytest.mark.parametrize(("letters", "units"), [(0, 2), (1000, 2), (1100, 4), (3000, 6)])
def test_a_written_kilobyte_is_two_units_in_a_transaction(letters: int, units: int) -> None:
    store = metered()
    put(store, letters)
    assert (store.units.written, store.units.indexed) == (units, 0)


@pytest.mark.parametrize(("letters", "units"), [(0, 1), (4000, 1), (4100, 2)])
def test_four_kilobytes_are_one_unit_to_read_also_where_nothing_is(letters: int, units: int) -> None:
    store = metered()
    put(store, letters)
    store.get(hotline_key("A#1", "B"))
    assert store.units.read == units
    store.batch_get([hotline_key("A#1", "B"), hotline_key("A#2", "B")])
    assert store.units.read == 2 * units + 1
    store.query(Query(Table.HOTLINE, "A#1"))
    assert store.units.read == 3 * units + 1


def test_an_index_costs_where_the_item_stands_in_it_and_twice_where_it_moves() -> None:
    store = metered()
    put(store, 10, queue_pk="Q", queue_sk="1")
    assert store.units.indexed == 1
    key = hotline_key("A#1", "B")
    item = store.get(key)
    assert item is not None
    moved = {name: value for name, value in item.items() if name not in ("PK", "SK")} | {"queue_sk": "2"}
    store.transact([Put(key, moved, None)], token="move")
    assert store.units.indexed == 3
    store.transact([Check(hotline_key("A#2", "B"), Missing("PK"))], token="check")
    assert (store.units.indexed, store.units.written) == (3, 6)
