"""The cost of each route of both APIs: requests to the store, and the units that DynamoDB would bill.

The customers' routes are asked once, when the customer has done what comes before: a code is proved, a refund waits, a
link has come. An app's own first request begins its session, too. Beside a route that needs something stands the
refusal of the kept event (`events/customer_api`) whose customer has done nothing. The agents' routes are those of
`agent_routes`. The figures are counts, the same on every machine. Run with `make bench`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from benchmarks import agent_routes
from benchmarks.agent_routes import RouteCost, cost_of
from benchmarks.phone_steps import cost_usd
from benchmarks.tables import Table
from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.customer_api.access import ROUTES
from functions.customer_api.app import answer_request
from functions.customer_api.settings import TokenSettings
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.customer_deeds import prepare
from tests.support.forks import fork_world
from tests.support.stores import NOON

EVENTS: Final = Path(__file__).resolve().parents[1] / "events/customer_api"


@cache
def measure_customers() -> dict[str, RouteCost]:
    """A request to each route of the customers' that succeeds, by the route, in order."""
    return {route: _count(route) for route in sorted(ROUTES)}


@cache
def measure_agents() -> dict[str, RouteCost]:
    """A request to each route of the agents' that succeeds, by the route, in order."""
    return {route: agent_routes.count(route) for route in AGENT_ROUTES}


@cache
def measure_refusals() -> dict[str, RouteCost]:
    """A request that is refused, since nobody has done what it needs, by the route."""
    asked = [_refuse(path) for path in _kept_events().values()]
    asked += [agent_routes.refuse(route) for route in AGENT_ROUTES]
    return {cost.route: cost for cost in asked if cost is not None}


def _count(route: str) -> RouteCost:
    request = prepare(route)
    store = MeteredStore(request.world.store)
    return _cost(route, request.send(replace(request.world.ctx, store=store)), store)


def _refuse(path: Path) -> RouteCost | None:
    event = json.loads(path.read_text(encoding="utf-8"))
    ctx = fork_world(_world()).ctx
    assert isinstance(ctx.store, MemoryStore)
    store = MeteredStore(ctx.store)
    found = _cost(event["routeKey"], _answer(event, replace(ctx, store=store)), store)
    return None if found.succeeds else found


def _answer(event: dict[str, Any], ctx: Context) -> dict[str, Any]:
    return answer_request(event, None, lambda: ctx, TokenSettings())


def _cost(route: str, told: Any, store: MeteredStore) -> RouteCost:
    body = str(told["body"])
    return cost_of(route, int(told["statusCode"]), json.loads(body) if body.startswith("{") else None, store)


@cache
def _world() -> ApiWorld:
    clock = VirtualClock(NOON)
    return ApiWorld(MemoryStore(clock), clock)


def _kept_events() -> dict[str, Path]:
    """By its route, the kept event whose answer is best. Of those, most are refused for what is missing before."""
    kept: dict[str, tuple[int, Path]] = {}
    for path in sorted(EVENTS.glob("*.json")):
        route = str(json.loads(path.read_text(encoding="utf-8")).get("routeKey"))
        status = int(path.stem.split("_")[1])
        if route in ROUTES and status < kept.get(route, (999, path))[0]:
            kept[route] = (status, path)
    return {route: path for route, (_, path) in sorted(kept.items())}


def list_usd() -> list[float]:
    """The USD of 1,000 requests to each route."""
    return [_usd(cost) for cost in (*measure_customers().values(), *measure_agents().values())]


def _usd(cost: RouteCost) -> float:
    return cost_usd(cost.written, cost.read) * 1000


def tabulate() -> Table:
    """A row for each route of the customers' API, then of the agents'."""
    refused = measure_refusals()
    rows = [
        (
            each.route,
            f"{each.status} {each.outcome}" if each.outcome is not None else str(each.status),
            str(each.reads),
            str(each.writes),
            str(each.written),
            f"{each.read:g}",
            f"{_usd(each):.4f}",
            _refusal(refused.get(each.route)),
        )
        for each in (*measure_customers().values(), *measure_agents().values())
    ]
    head = (
        "route",
        "answer",
        "reads",
        "transactions",
        "write units",
        "read units",
        "USD for 1,000 requests",
        "refused",
    )
    return Table(head, rows, "Refused: the answer, reads, transactions, write units, read units.", figures=rows)


def _refusal(cost: RouteCost | None) -> str:
    if cost is None:
        return "-"
    return f"{cost.status}: {cost.reads}, {cost.writes}, {cost.written}, {cost.read:g}"
