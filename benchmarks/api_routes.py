"""The cost of each route of both APIs: requests to the store, and the units that DynamoDB would bill.

The customers' routes are asked once with the kept event (`events/customer_api`) whose answer is best, in the world of
the tests. So a route that takes a proof costs what its refusal costs. The agents' routes are those of `agent_routes`.
The figures are counts, the same on every machine. Run with `make bench`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.agent_routes import RouteCost, count
from benchmarks.phone_steps import cost_usd
from benchmarks.tables import Table
from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.customer_api.access import ROUTES
from functions.customer_api.app import answer_request
from functions.customer_api.settings import TokenSettings
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.stores import NOON

EVENTS: Final = Path(__file__).resolve().parents[1] / "events/customer_api"


def measure_customer_routes() -> list[RouteCost]:
    """Each route once, in order."""
    kept: dict[str, tuple[int, Path]] = {}
    for path in sorted(EVENTS.glob("*.json")):
        route = str(json.loads(path.read_text(encoding="utf-8")).get("routeKey"))
        status = int(path.stem.split("_")[1])
        if route in ROUTES and status < kept.get(route, (999, path))[0]:
            kept[route] = (status, path)
    return [_measure(route, kept[route][1]) for route in sorted(kept)]


def _measure(route: str, path: Path) -> RouteCost:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    assert isinstance(world.ctx.store, MemoryStore)
    store = MeteredStore(world.ctx.store)
    ctx = replace(world.ctx, store=store)
    event = json.loads(path.read_text(encoding="utf-8"))
    told = answer_request(event, None, lambda: ctx, TokenSettings())
    units = store.units
    written = units.written + units.indexed
    return RouteCost(route, int(told["statusCode"]), store.reads, store.transactions, written, units.read)


def tabulate() -> Table:
    """A row for each route of the customers' API, then of the agents'."""
    listed = [*measure_customer_routes(), *map(count, AGENT_ROUTES)]
    rows = [
        (
            each.route,
            str(each.status),
            str(each.reads),
            str(each.writes),
            str(each.written),
            f"{each.read:g}",
            f"{cost_usd(each.written, each.read) * 1000:.4f}",
        )
        for each in listed
    ]
    head = ("route", "answer", "reads", "transactions", "write units", "read units", "USD for 1,000 requests")
    return Table(head, rows, figures=rows)
