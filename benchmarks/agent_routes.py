"""The cost of each route of the agents' API: requests to the store, and the units that DynamoDB would bill.

Each is asked once by a supervisor, about a case of their own with a held account, a payment and a refund. People have
done what it needs: the customer has proved codes in a call, or a second person has given their word. The figures are
counts, the same on every machine. The quota of the agent and a look at a case are part of each request. Run with
`make bench`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hotline.kit.ids import RandomIds
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from tests.support.agent_deeds import STEPS, Asked, prepare

NOTHING_DONE: Final = frozenset({"not_self_service", "stopped_already", "exists", "not_eligible"})
"""Outcomes of an answer that refuses nothing, where nothing was done."""


@dataclass(frozen=True, slots=True)
class RouteCost:
    """The cost of one request. `written` counts tables and indexes. `outcome`: the answer's word, if it has one."""

    route: str
    status: int
    outcome: str | None
    reads: int
    writes: int
    written: int
    read: float

    @property
    def succeeds(self) -> bool:
        """Whether what was asked for was done."""
        return 200 <= self.status < 300 and self.outcome not in NOTHING_DONE


def count(route: str) -> RouteCost:
    """The cost of a request that succeeds."""
    return _measure(route, prepare(route))


def refuse(route: str) -> RouteCost | None:
    """The cost of the same request where nobody has done what it needs; None for one that needs nothing."""
    found = _measure(route, prepare(route, ready=False)) if route in STEPS else None
    return found if found is not None and not found.succeeds else None


def _measure(route: str, asked: Asked) -> RouteCost:
    world = asked.matrix.world
    assert isinstance(world.store, MemoryStore)
    store = MeteredStore(world.store)
    world.store = store
    world.ctx = replace(world.ctx, store=store, ids=RandomIds())
    answered = asked.matrix.ask("supervisor", route, asked.thing, in_call=asked.in_call)
    return cost_of(route, answered.status, answered.json, store)


def cost_of(route: str, status: int, told: Any, store: MeteredStore) -> RouteCost:
    """The cost of the one request that a store has served."""
    outcome = told.get("outcome") if isinstance(told, Mapping) else None
    written = store.units.written + store.units.indexed
    return RouteCost(route, status, outcome, store.reads, store.transactions, written, store.units.read)
