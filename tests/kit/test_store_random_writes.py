"""Random writes, one after the other, give the same answers and the same content on all three stores."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.kit.store import (
    Check,
    Delete,
    Index,
    Key,
    Put,
    Query,
    Reason,
    Store,
    Table,
    TransactionCancelled,
    Update,
    Write,
    hotline_key,
)
from hotline.kit.store.condition import Compare, Condition, Exists, Missing, all_of, any_of
from hotline.kit.store.dynamodb import DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from tests.kit.writing import token
from tests.support.stores import empty_tables

KEYS = [hotline_key("ACCOUNT#1", "#LOCK"), hotline_key("ACCOUNT#1", "#PROFILE"), Key(Table.OUTBOX, "OUT#1")]
QUERIES = [
    Query(Table.HOTLINE, "ACCOUNT#1"),
    Query(Table.HOTLINE, "a", index=Index.ATTENTION),
    Query(Table.HOTLINE, "b", index=Index.DUE),
    Query(Table.OUTBOX, "a", index=Index.PENDING),
]
# Numbers and texts have attributes of their own, because moto cannot order two types.
numbers = st.integers(-3, 3)
texts = st.sampled_from(["", "a", "b", "中"])
keys_of_indexes = st.sampled_from(["a", "b"])
ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "n": numbers,
    "m": numbers,
    "s": texts,
    "map": st.fixed_dictionaries({}, optional={"n": numbers, "s": texts}),
    "list": st.lists(numbers | texts, max_size=2),
    **{f"{index.value}_{part}": keys_of_indexes for index in Index for part in ("pk", "sk")},
}
items = st.fixed_dictionaries({}, optional=ATTRIBUTES)
leaves = st.one_of(
    st.builds(Compare, st.sampled_from(["n", "m", "map.n"]), st.sampled_from(["=", "<>"]), numbers),
    st.builds(Compare, st.sampled_from(["s", "map.s"]), st.sampled_from(["=", "<>"]), texts),
    st.builds(
        lambda operator, value: all_of(Exists("n"), Compare("n", operator, value)),
        st.sampled_from(["<", "<=", ">", ">="]),
        numbers,
    ),
    st.builds(Exists, st.sampled_from([*ATTRIBUTES, "PK", "map.n", "map.s"])),
    st.builds(Missing, st.sampled_from([*ATTRIBUTES, "PK", "map.n", "map.s"])),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda found: all_of(*found)),
        st.lists(parts, min_size=1, max_size=3).map(lambda found: any_of(*found)),
    ),
    max_leaves=4,
)
perhaps = st.none() | conditions


@st.composite
def updates(draw: st.DrawFn, key: Key) -> Update:
    """An update that never fits an item only in part: nested paths only where the condition makes sure of the map."""
    values = draw(items)
    removed = tuple(sorted(draw(st.sets(st.sampled_from(list(ATTRIBUTES)), max_size=2)) - values.keys()))
    added = draw(st.dictionaries(st.sampled_from(["n", "m"]), numbers, max_size=2))
    added = {name: step for name, step in added.items() if name not in values and name not in removed}
    condition = draw(perhaps)
    if "map" not in values and "map" not in removed and draw(st.booleans()):
        values["map.s"] = draw(texts)
        added["map.n"] = draw(numbers)
        condition = all_of(Exists("map"), *([] if condition is None else [condition]))
    if not (values or removed or added):
        added["n"] = 1
    return Update(key, values, removed, added, condition)


@st.composite
def transactions(draw: st.DrawFn) -> list[Write]:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    return [
        draw(
            st.one_of(
                st.builds(Put, st.just(key), items, perhaps),
                updates(key),
                st.builds(Delete, st.just(key), perhaps),
                st.builds(Check, st.just(key), conditions),
            )
        )
        for key in keys
    ]


def outcome(store: Store, writes: list[Write]) -> tuple[Reason, ...] | None:
    try:
        store.transact(writes, token=token())
    except TransactionCancelled as cancelled:
        return cancelled.reasons
    return None


def content(store: Store) -> list[Any]:
    return [store.batch_get(KEYS), *(sorted(store.query(query).items, key=str) for query in QUERIES)]


def same(remote: DynamoStore, steps: list[list[Write]]) -> None:
    empty_tables(remote.service, Table)
    memory = MemoryStore()
    for writes in steps:
        assert outcome(memory, writes) == outcome(remote, writes)
    assert content(memory) == content(remote)


bounded = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@bounded
@given(steps=st.lists(transactions(), min_size=1, max_size=6))
def test_moto_and_memory_agree_on_random_writes(moto_store: DynamoStore, steps: list[list[Write]]) -> None:
    same(moto_store, steps)


@bounded
@given(steps=st.lists(transactions(), min_size=1, max_size=6))
def test_ministack_and_memory_agree_on_random_writes(ministack_store: DynamoStore, steps: list[list[Write]]) -> None:
    same(ministack_store, steps)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.table.value)
def test_memory_and_moto_agree_on_an_item_that_comes_and_goes(moto_store: DynamoStore, key: Key) -> None:
    put, gone = Put(key, {"n": 1}, Missing("PK")), Delete(key, Exists("PK"))
    same(moto_store, [[put], [put], [gone], [gone], [put]])
