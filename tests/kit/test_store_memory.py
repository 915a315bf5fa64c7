"""Features of the store in memory alone: forks, faults, and a look at everything."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hotline.kit.errors import Unavailable
from hotline.kit.store import Delete, Index, Put, Query, Table, Update, hotline_key
from hotline.kit.store.condition import NEW
from hotline_local.testing.memory_store import TOKEN_LIFE, MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.kit.writing import ENTRY, KEY, OTHER, put, write
from tests.support.faults import once
from tests.support.stores import NOON


def test_a_fork_has_the_same_content_and_goes_its_own_way(memory_store: MemoryStore) -> None:
    put(memory_store, KEY, n=1, map={"a": [1]}, attention_pk="ACCOUNT#1", attention_sk="1")
    put(memory_store, OTHER, n=2)
    before = sorted(memory_store.items(Table.HOTLINE), key=str)
    twin = memory_store.fork()
    assert sorted(twin.items(Table.HOTLINE), key=str) == before
    write(twin, Update(KEY, {"map.a": [2]}, ("attention_pk",)), Delete(OTHER), Put(ENTRY, {}))
    assert sorted(memory_store.items(Table.HOTLINE), key=str) == before
    assert list(memory_store.items(Table.OUTBOX)) == []
    attention = Query(Table.HOTLINE, "ACCOUNT#1", index=Index.ATTENTION)
    assert (len(memory_store.query(attention).items), len(twin.query(attention).items)) == (1, 0)


def test_a_write_to_the_parent_is_not_seen_by_its_fork(memory_store: MemoryStore) -> None:
    put(memory_store, KEY, n=1)
    twin = memory_store.fork()
    put(memory_store, KEY, n=2)
    assert (twin.get(KEY) or {})["n"] == 1


def test_a_fork_counts_from_zero_and_has_no_faults(memory_store: MemoryStore) -> None:
    put(memory_store, KEY, n=1)
    memory_store.before = once(Unavailable(), on="get")
    twin = memory_store.fork()
    assert (twin.reads, twin.transactions) == (0, 0)
    assert twin.get(KEY) is not None


def test_a_fork_remembers_tokens_and_may_have_a_clock_of_its_own(memory_store: MemoryStore) -> None:
    memory_store.transact([Update(KEY, add={"n": 1})], token="again")
    later = VirtualClock(NOON + TOKEN_LIFE)
    for twin, effects in ((memory_store.fork(), 1), (memory_store.fork(later), 2)):
        twin.transact([Update(KEY, add={"n": 1})], token="again")
        assert (twin.get(KEY) or {})["n"] == effects


def test_a_fork_has_the_indexes_as_late_as_they_were(memory_store: MemoryStore) -> None:
    memory_store.freeze_indexes()
    put(memory_store, KEY, attention_pk="ACCOUNT#1", attention_sk="1")
    attention = Query(Table.HOTLINE, "ACCOUNT#1", index=Index.ATTENTION)
    twin = memory_store.fork()
    assert twin.query(attention).items == []
    twin.thaw_indexes()
    assert len(twin.query(attention).items) == 1
    assert memory_store.query(attention).items == []


def test_all_items_of_a_table_can_be_looked_through_as_copies(memory_store: MemoryStore) -> None:
    stored = put(memory_store, KEY, map={"a": 1})
    put(memory_store, ENTRY, kind="x")
    (found,) = memory_store.items(Table.HOTLINE)
    assert found == stored
    found["map"]["a"] = 2
    assert memory_store.get(KEY) == stored


@pytest.mark.parametrize("call", ["get", "batch_get", "query", "transact"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_every_call_passes_both_hooks_by_its_name(memory_store: MemoryStore, call: str, side: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: memory_store.get(KEY),
        "batch_get": lambda: memory_store.batch_get([KEY]),
        "query": lambda: memory_store.query(Query(Table.HOTLINE, "ACCOUNT#1")),
        "transact": lambda: write(memory_store, Put(KEY, {})),
    }
    setattr(memory_store, side, once(Unavailable(), on=call))
    for name, action in calls.items():
        if name == call:
            with pytest.raises(Unavailable):
                action()
        else:
            action()


def test_a_hook_may_write_as_somebody_else_between_a_read_and_its_change(memory_store: MemoryStore) -> None:
    def intrude(_: str) -> None:
        memory_store.before = None
        write(memory_store, Put(KEY, {"by": "other"}, NEW))

    memory_store.before = intrude
    put(memory_store, OTHER, a=1)
    assert (memory_store.get(KEY) or {})["by"] == "other"


def test_tokens_are_forgotten_in_time_so_that_a_long_simulation_does_not_grow() -> None:
    clock = VirtualClock(NOON)
    store = MemoryStore(clock)
    for number in range(100):
        store.transact([Put(hotline_key("ACCOUNT#1", str(number)), {})], token=str(number))
        clock.advance(timedelta(minutes=1))
    assert len(store._state.tokens) == TOKEN_LIFE // timedelta(minutes=1)
