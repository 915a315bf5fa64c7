"""Keys that may lag are read for half the price, in a request of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline.kit.store import Key, Put, Store, Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from tests.kit.writing import KEY, OTHER
from tests.support.stores import NAMES
from tests.support.sweeps import sweep

LAGGING = Key(KEY.table, KEY.pk, KEY.sk, may_lag=True)


def test_it_is_the_same_key() -> None:
    assert KEY == LAGGING
    assert {KEY: 1}[LAGGING] == 1


def test_it_is_found_under_either(store: Store) -> None:
    store.write_alone(Put(KEY, {"n": 1}))
    store.write_alone(Put(OTHER, {"n": 2}))
    found = store.batch_get([LAGGING, OTHER])
    assert {found[KEY]["n"], found[OTHER]["n"]} == {1, 2}


class Asked:
    """A service that keeps what it is asked for, and finds nothing."""

    def __init__(self) -> None:
        self.reads: list[tuple[bool, int]] = []

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "BatchGetItem"
        asked = request["RequestItems"][NAMES.names[Table.HOTLINE]]
        self.reads.append((asked["ConsistentRead"], len(asked["Keys"])))
        return {}


@sweep(
    ("keys", "asked"),
    [([KEY, OTHER], [(True, 2)]), ([LAGGING], [(False, 1)]), ([LAGGING, OTHER], [(True, 1), (False, 1)]), ([], [])],
)
def test_a_request_is_as_consistent_as_its_keys_ask(keys: list[Key], asked: list[tuple[bool, int]]) -> None:
    service = Asked()
    assert DynamoStore(service, NAMES).batch_get(keys) == {}
    assert service.reads == asked


def test_it_costs_half() -> None:
    store = MeteredStore(MemoryStore())
    store.batch_get([LAGGING, OTHER])
    assert store.units.read == 1.5
