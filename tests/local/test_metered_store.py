"""The cost of each route of the agents' API, in requests to the store. `make bench` tells the units, too."""

from __future__ import annotations

from typing import Final

import pytest

from benchmarks.agent_routes import OTHERS, count
from functions.agent_api.access import ROUTES
from hotline.cases import service as cases
from hotline.kit.store import Check, Put, Query, Table, hotline_key
from hotline.kit.store.condition import NEW, Missing
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_matrix import matrix
from tests.support.stores import NOON

READS_MAX: Final = 5
MORE_READS: Final = {
    "GET /v1/agent/queue": 1 + len(cases.all_skills()),
    "GET /v1/agent/cases/{id}": 8,
    "GET /v1/agent/cases/{id}/timeline": 7,
    "GET /v1/agent/cases/{id}/account": 7,
    "GET /v1/agent/cases/{id}/payments": 6,
    "GET /v1/agent/cases/{id}/findings": 6,
    "GET /v1/agent/cases/{id}/refunds": 10,
    "POST /v1/agent/cases/{id}/proofs": 6,
    "GET /v1/agent/approvals": 6,
    "GET /v1/agent/approvals/{id}": 6,
    "POST /v1/agent/approvals": 6,
}
"""The queue asks for each skill once. A refund's actions depend on its payment, terms and approvals, the release of a
hold on approvals. An own request for the same thing is known when the thing was read. The agent who asked for a release
reads the findings by the case, like anything else of the account. Proof is asked for once it is known which factors the
account has. A payment's other charge, dispute and ledger are read for the page at once. Whether a row of wrong codes is
full is read with access alone. A timeline tells of each approval whether its thing is as it was. Findings are read for
a security case, and for a hold that they may have set. Beside the findings of an account are its suppressions."""
WRITES_MAX: Final = 2
"""One counts the request; the other does what is asked, all of it or nothing."""


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_route_takes_few_requests_to_the_store(route: str) -> None:
    made = matrix()
    store = made.world.store
    assert isinstance(store, MemoryStore)
    made.ask("supervisor", route, "foreign" if route in OTHERS else "own")
    tag = 2 if route.startswith("PATCH") else 0
    """The matrix itself reads the version of a case."""
    assert 0 < store.reads - tag <= MORE_READS.get(route, READS_MAX)
    assert 0 < store.transactions <= WRITES_MAX


def test_the_bench_counts_the_cost_of_a_route() -> None:
    told = count("GET /v1/agent/cases/{id}/account")
    assert (told.status, told.written) == (200, 11)
    assert 0 < told.reads <= MORE_READS["GET /v1/agent/cases/{id}/account"]


# ---------------------------------------------------------------- the meter


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
