"""The budget of every step of a call and every route: requests to the store, and units that DynamoDB would bill.

Counts, never times. A step reads twice and writes once: its turn, the act, and what the act sets off are one
transaction. A step or a route that needs more stands here with its own figure, so that it is a decision to give it one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import pytest

from benchmarks.agent_routes import RouteCost
from benchmarks.api_routes import measure_agents, measure_customers, measure_refusals
from benchmarks.phone_steps import read_units, written_units
from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.connect.steps import STEPS
from functions.customer_api.access import ROUTES
from hotline.cases import service as cases
from hotline_local.openapi import AGENT_FILE, FILE
from tests.support.played_calls import GROUP, played

pytestmark = pytest.mark.xdist_group(GROUP)

STEP_READS_MAX: Final = 2
MORE_STEP_READS: Final = {"refunds": 3, "not_me": 3, "checkup": 4}
STEP_TRANSACTIONS_MAX: Final = 1
STEP_WRITE_UNITS_MAX: Final = 4
"""The turn, and the time until which the call is proved."""
STEP_READ_UNITS_MAX: Final = 8
MORE_STEP_WRITE_UNITS: Final = {
    "check_code": 12,
    "check_pin": 10,
    "send_code": 21,
    "set_reminders": 8,
    "unlock": 30,
    "reset": 24,
    "freeze": 34,
    "unfreeze": 27,
    "pause": 21,
    "end_pause": 25,
    "not_me": 35,
    "handover": 24,
    "evidence_link": 22,
    "refund_request": 80,
}
"""Steps that count wrong codes, or that do something: with its decision, messages, audit and case."""
MORE_STEP_READ_UNITS: Final = {
    "send_code": 50,
    "check_code": 22,
    "check_pin": 23,
    "start": 13,
    "choose_account": 12,
    "pause": 15,
    "not_me": 10,
    "refund_offer": 9,
    "refund_request": 15,
}
"""Steps that count what strangers, a prefix or a number of a caller did, in windows of several partitions."""

ROUTE_READS_MAX: Final = 3
MORE_ROUTE_READS: Final = {
    "GET /e/{token}": 4,
    "POST /v1/me/refunds": 4,
    "POST /v1/me/repudiations": 4,
}
"""A refund is shown as it is stored afterwards. The findings that may be about a denied payment are read, too."""
ROUTE_WRITES_MAX: Final = 2
"""The quota and the act."""
MORE_ROUTE_WRITES: Final = {
    "POST /v1/challenges": 3,
    "POST /v1/me/freeze": 3,
    "POST /v1/me/pause": 3,
    "POST /v1/me/repudiations": 3,
    "PUT /v1/me/reminders": 3,
    "POST /e/{token}": 3,
}
"""An app without a session begins one first. A link has a quota of its own beside that of its source."""
ROUTE_WRITE_UNITS_MAX: Final = 4
ROUTE_READ_UNITS_MAX: Final = 10
MORE_ROUTE_WRITE_UNITS: Final = {
    "POST /v1/challenges": 21,
    "POST /v1/challenges/{id}/answers": 8,
    "POST /v1/recoveries": 7,
    "POST /v1/recoveries/{id}/codes": 30,
    "POST /v1/repudiations": 36,
    "POST /e/{token}": 8,
    "POST /v1/me/unlock": 25,
    "POST /v1/me/reset-grants": 25,
    "POST /v1/me/freeze": 35,
    "POST /v1/me/repudiations": 37,
    "POST /v1/me/unfreeze": 25,
    "POST /v1/me/pause": 24,
    "DELETE /v1/me/pause": 25,
    "PUT /v1/me/pin": 23,
    "DELETE /v1/me/pin": 21,
    "PUT /v1/me/reminders": 10,
    "POST /v1/me/refunds": 70,
    "POST /v1/me/refunds/{id}/evidence": 19,
    "POST /v1/me/proof-requests/{id}/answers": 22,
}
"""Acts with their decision, messages, audit and case."""
MORE_ROUTE_READ_UNITS: Final = {
    "POST /v1/challenges": 51,
    "POST /v1/challenges/{id}/answers": 22,
    "POST /v1/recoveries": 24,
    "POST /v1/recoveries/{id}/codes": 30,
    "POST /v1/me/pause": 17,
    "POST /v1/me/refunds": 17,
    "POST /v1/me/repudiations": 13,
}
"""Codes are counted by contact point, prefix and source, in windows of several partitions."""

CASE_ACTS: Final = ("claim", "release", "notes", "snooze", "transfer", "close", "reopen")
OPENINGS: Final = ("unlock", "reset-grants", "unfreeze", "pause-ends", "hold-releases")
AGENT_READS_MAX: Final = 5
MORE_AGENT_READS: Final = {
    "GET /v1/agent/queue": len(cases.all_skills()),
    "GET /v1/agent/cases/{id}": 7,
    "GET /v1/agent/cases/{id}/refunds": 7,
    "GET /v1/agent/cases/{id}/findings": 7,
}
"""The queue asks for each skill once. A case is told with its timeline, the account's findings, the agent's approvals,
and whether a row of wrong codes is full. A refund's actions depend on its payment, terms and approvals. Findings are
told with the approvals of the case and the account's suppressions."""
AGENT_WRITES_MAX: Final = 2
"""One counts the request; the other does what is asked, all of it or nothing."""
AGENT_WRITE_UNITS_MAX: Final = 14
"""The quota, and the row and trace of a look at an account."""
AGENT_READ_UNITS_MAX: Final = 18
MORE_AGENT_READ_UNITS: Final = {"POST /v1/agent/cases/{id}/refunds": 25}
MORE_AGENT_WRITE_UNITS: Final = {
    **{f"POST /v1/agent/cases/{{id}}/{act}": 26 for act in CASE_ACTS},
    **{f"POST /v1/agent/cases/{{id}}/{act}": 33 for act in ("suppressions", "suppression-ends")},
    **{f"POST /v1/agent/cases/{{id}}/{act}": 55 for act in OPENINGS},
    "PATCH /v1/agent/cases/{id}": 22,
    "POST /v1/agent/cases/{id}/unmaskings": 28,
    "POST /v1/agent/cases/{id}/proofs": 30,
    "POST /v1/agent/cases/{id}/freeze": 55,
    "POST /v1/agent/cases/{id}/pause": 44,
    "POST /v1/agent/cases/{id}/new-rows": 40,
    "POST /v1/agent/cases/{id}/contact-changes": 46,
    "POST /v1/agent/cases/{id}/refunds": 78,
    "POST /v1/agent/cases/{id}/refunds/{refund}/decision": 70,
    "POST /v1/agent/cases/{id}/refunds/{refund}/payout": 70,
    "POST /v1/agent/cases/{id}/findings/{finding}/feedback": 36,
    "POST /v1/agent/findings/{finding}/feedback": 15,
    "POST /v1/agent/approvals": 35,
    "POST /v1/agent/approvals/{id}/decision": 32,
}
"""Acts with their decision, messages, audit and case."""


@pytest.fixture(scope="module")
def steps() -> dict[str, tuple[int, int, int, float]]:
    """The most reads, transactions, write units and read units of each step, in any call."""
    found: dict[str, tuple[int, int, int, float]] = {}
    for costs in played().costs.values():
        for cost in costs:
            most = found.get(cost.step, (0, 0, 0, 0.0))
            now = (cost.reads, cost.transactions, written_units(cost), read_units(cost))
            found[cost.step] = (max(most[0], now[0]), max(most[1], now[1]), max(most[2], now[2]), max(most[3], now[3]))
    return found


def over(found: Mapping[str, float], most: float, more: Mapping[str, float]) -> dict[str, float]:
    """Those that are over their budget."""
    assert more.keys() <= found.keys(), "a budget is of something that is there"
    return {name: value for name, value in found.items() if value > more.get(name, most)}


def test_no_step_passes_its_budget(steps: dict[str, tuple[int, int, int, float]]) -> None:
    assert steps.keys() <= STEPS.keys()
    assert len(steps) > len(STEPS) * 0.9
    reads, transactions, written, read = ({name: cost[place] for name, cost in steps.items()} for place in range(4))
    assert over(reads, STEP_READS_MAX, MORE_STEP_READS) == {}
    assert over(transactions, STEP_TRANSACTIONS_MAX, {}) == {}
    assert over(written, STEP_WRITE_UNITS_MAX, MORE_STEP_WRITE_UNITS) == {}
    assert over(read, STEP_READ_UNITS_MAX, MORE_STEP_READ_UNITS) == {}


def test_every_request_that_the_apis_describe_is_measured_and_succeeds() -> None:
    for document, found in ((FILE, measure_customers()), (AGENT_FILE, measure_agents())):
        paths = json.loads(document.read_text(encoding="utf-8"))["paths"]
        described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
        assert {route for route, cost in found.items() if cost.succeeds} == described


def test_no_route_of_the_customers_passes_its_budget() -> None:
    found = measure_customers()
    assert found.keys() == ROUTES.keys()
    assert over(reads_of(found), ROUTE_READS_MAX, MORE_ROUTE_READS) == {}
    assert over(writes_of(found), ROUTE_WRITES_MAX, MORE_ROUTE_WRITES) == {}
    assert over(written_of(found), ROUTE_WRITE_UNITS_MAX, MORE_ROUTE_WRITE_UNITS) == {}
    assert over(read_of(found), ROUTE_READ_UNITS_MAX, MORE_ROUTE_READ_UNITS) == {}


def test_no_route_of_the_agents_passes_its_budget() -> None:
    found = measure_agents()
    assert found.keys() == AGENT_ROUTES.keys()
    assert over(reads_of(found), AGENT_READS_MAX, MORE_AGENT_READS) == {}
    assert over(writes_of(found), AGENT_WRITES_MAX, {}) == {}
    assert over(written_of(found), AGENT_WRITE_UNITS_MAX, MORE_AGENT_WRITE_UNITS) == {}
    assert over(read_of(found), AGENT_READ_UNITS_MAX, MORE_AGENT_READ_UNITS) == {}


def test_a_refusal_costs_no_more_than_the_deed() -> None:
    done = measure_customers() | measure_agents()
    refused = measure_refusals()
    assert refused
    dearer = {
        route
        for route, cost in refused.items()
        if cost.written > done[route].written or cost.read > done[route].read or cost.writes > done[route].writes
    }
    assert dearer == set()


def test_a_budget_is_no_wider_than_what_it_is_for() -> None:
    """A budget that is passed by nobody, and by far, holds nothing."""
    done = measure_customers() | measure_agents()
    slack = {
        route: (most, done[route].written)
        for route, most in (MORE_ROUTE_WRITE_UNITS | MORE_AGENT_WRITE_UNITS).items()
        if done[route].written < most * 0.85
    }
    assert slack == {}


def reads_of(found: Mapping[str, RouteCost]) -> dict[str, float]:
    return {name: cost.reads for name, cost in found.items()}


def writes_of(found: Mapping[str, RouteCost]) -> dict[str, float]:
    return {name: cost.writes for name, cost in found.items()}


def written_of(found: Mapping[str, RouteCost]) -> dict[str, float]:
    return {name: cost.written for name, cost in found.items()}


def read_of(found: Mapping[str, RouteCost]) -> dict[str, float]:
    return {name: cost.read for name, cost in found.items()}
