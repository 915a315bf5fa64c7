"""Whole items that are put together: each by itself, without a condition, for half the price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hotline.kit.errors import Unavailable
from hotline.kit.store import BATCH_PUTS_MAX, MalformedRequest, Put, Query, Store, Table, hotline_key
from hotline.kit.store.condition import NEW
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from tests.kit.writing import ENTRY, KEY, OTHER
from tests.support.stores import NAMES


def puts(count: int) -> list[Put]:
    return [Put(hotline_key("ACCOUNT#1", f"N#{number:04d}"), {"n": number}) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, BATCH_PUTS_MAX, BATCH_PUTS_MAX + 1])
def test_all_are_put(store: Store, count: int) -> None:
    store.put_all(puts(count))
    assert [item["n"] for item in store.query(Query(Table.HOTLINE, "ACCOUNT#1")).items] == list(range(count))


def test_an_item_that_is_there_is_replaced_and_another_table_is_written_too(store: Store) -> None:
    store.put_all([Put(KEY, {"old": 1})])
    store.put_all([Put(KEY, {"new": 1}), Put(ENTRY, {"e": 1})])
    assert store.get(KEY) == {"PK": KEY.pk, "SK": KEY.sk, "new": 1}
    assert store.get(ENTRY) == {"PK": ENTRY.pk, "e": 1}


@pytest.mark.parametrize(
    "wrong",
    [[Put(KEY, {}), Put(KEY, {})], [Put(KEY, {}, NEW)], [Put(OTHER, {}), Put(KEY, {"a": 1.5})]],
    ids=["a key twice", "a condition", "no item of a table"],
)
def test_a_put_that_no_batch_takes_keeps_the_others_out(store: Store, wrong: list[Put]) -> None:
    with pytest.raises(MalformedRequest):
        store.put_all(wrong)
    assert store.batch_get([KEY, OTHER]) == {}


class Takes:
    """A service that takes one item of each request, and leaves the others."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "BatchWriteItem"
        ((name, asked),) = request["RequestItems"].items()
        self.sent.append(len(asked))
        return {"UnprocessedItems": {name: asked[1:]} if asked[1:] else {}}


def test_items_that_are_left_are_sent_again() -> None:
    service = Takes()
    DynamoStore(service, NAMES, sleep=lambda _: None).put_all(puts(ATTEMPTS_MAX))
    assert service.sent == [3, 2, 1]


def test_items_that_are_left_again_and_again_are_not_said_to_be_written() -> None:
    store = DynamoStore(Takes(), NAMES, sleep=lambda _: None)
    with pytest.raises(Unavailable):
        store.put_all(puts(ATTEMPTS_MAX + 1))
    assert store.transactions == ATTEMPTS_MAX


def test_each_costs_a_unit() -> None:
    store = MeteredStore(MemoryStore())
    store.put_all(puts(3))
    assert (store.units.written, store.transactions) == (3, 1)
