"""Any request of an agent: no error is the API's own, and every answer has the form that docs/openapi-agent.json
states."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance

from functions.agent_api.access import ROUTES
from functions.http import quota
from hotline.agents import limits
from hotline_local.openapi import AGENT_FILE, AGENTS, document
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld
from tests.support.api_wsgi import BEARER, application
from tests.support.schema_cases import Kinds

pytestmark = pytest.mark.soak

SOAK = bool(os.environ.get("HOTLINE_SOAK"))
EXAMPLES = 200 if SOAK else 3
"""A route, beside one request for each way to break the schema; `make soak` looks further."""
LEFT_OUT = [positive_data_acceptance, missing_required_header]
"""Not all that the schema allows is accepted: proof or a second person may be missing. A missing If-Match is 428."""


def world() -> tuple[AgentClient, dict[str, str]]:
    """A supervisor at work, and the ids of what they have at hand: a claimed case, a contact, an approval."""
    made = AgentWorld(MemoryStore(VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))))
    made.lock_out()
    made.hold()
    made.pay(12850)
    refund_id = made.ask_refund()
    client = supervisor(made.ctx)
    case_id = made.open_case("security")
    assert client.post(f"/cases/{case_id}/claim").status == 200
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    approval_id = client.post("/approvals", body).json["id"]
    made.call_in()
    return client, {
        "cases": case_id,
        "contacts": "contact-1",
        "approvals": approval_id,
        "merchants": "mer-1",
        "refunds": refund_id,
    }


@pytest.fixture(scope="module")
def at_work() -> tuple[AgentClient, dict[str, str]]:
    return world()


@pytest.fixture(scope="module")
def described(at_work: tuple[AgentClient, dict[str, str]]) -> schemathesis.BaseSchema:
    """The description, with a client that answers."""
    schema = schemathesis.openapi.from_dict(document(AGENTS))
    schema.app = application(at_work[0])
    return schema


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return Kinds()


schema = schemathesis.pytest.from_fixture("described")
"""Read when its test runs: each worker collects all tests, and building these takes seconds."""


def test_the_committed_description_is_that_of_the_code() -> None:
    assert json.loads(AGENT_FILE.read_text(encoding="utf-8")) == document(AGENTS), "make schemas"
    paths = document(AGENTS)["paths"].items()
    assert {f"{method.upper()} {path}" for path, methods in paths for method in methods} == set(ROUTES)


def aim(case: Any, known: dict[str, str]) -> None:
    """Aim half of the requests at what there is: else hardly one would come further than `not_found`."""
    kind = case.path.split("/")[3]
    if case.path_parameters and len(json.dumps(case.body, default=str)) % 2:
        case.path_parameters["id"] = known.get(kind, "some-id")
        if "refund" in case.path_parameters:
            case.path_parameters["refund"] = known["refunds"]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_answer_is_as_described_and_none_is_an_error_of_the_api(
    case: Any, monkeypatch: Any, at_work: tuple[AgentClient, dict[str, str]], kinds: Kinds
) -> None:
    if not SOAK and kinds.repeats(case):
        return
    monkeypatch.setattr(quota, "REQUESTS_MAX", 10**9)
    monkeypatch.setattr(
        limits, "LIMITS", {one: limits.Limit(10**9, known.refusal) for one, known in limits.LIMITS.items()}
    )
    aim(case, at_work[1])
    case.call_and_validate(headers={"Authorization": BEARER}, excluded_checks=LEFT_OUT)
