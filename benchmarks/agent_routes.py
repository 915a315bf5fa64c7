"""The cost of each route of the agents' API: requests to the store, and the units that DynamoDB would bill.

Each is asked once by a supervisor, about a case of their own with a held account, a payment and a refund. So a route
that takes a proof or a second person costs what its refusal costs. The acts go through the same `perform` as the
freeze. The figures are counts, the same on every machine. The quota of the agent and a look at a case are part of
each request. Run with `make bench`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hotline.kit.ids import RandomIds
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from tests.support.agent_matrix import matrix

OTHERS = frozenset({"POST /v1/agent/approvals/{id}/decision"})
"""Routes that nobody may ask about their own."""


@dataclass(frozen=True, slots=True)
class RouteCost:
    """The cost of one request. `written` counts tables and indexes."""

    route: str
    status: int
    reads: int
    writes: int
    written: int
    read: float


def count(route: str) -> RouteCost:
    """The cost of one request."""
    made = matrix()
    assert isinstance(made.world.store, MemoryStore)
    store = MeteredStore(made.world.store)
    made.world.store = store
    made.world.ctx = replace(made.world.ctx, store=store, ids=RandomIds())
    answered = made.ask("supervisor", route, "foreign" if route in OTHERS else "own")
    units = store.units
    written = units.written + units.indexed
    return RouteCost(route, answered.status, store.reads, store.transactions, written, units.read)
