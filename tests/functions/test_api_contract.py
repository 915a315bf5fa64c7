"""Any request of a client: no error is the API's own, and every answer has the form that docs/openapi.json states."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from functions.http import quota
from hotline.contracts.model import MovementStatus
from hotline_local.openapi import FILE, document
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.api_wsgi import BEARER, application
from tests.support.schema_cases import Kinds

pytestmark = pytest.mark.soak

SOAK = bool(os.environ.get("HOTLINE_SOAK"))
EXAMPLES = 500 if SOAK else 8
"""A route, beside one request for each limit, each form of the schema and each way to break it; `make soak` looks
further."""
LEFT_OUT = [positive_data_acceptance]
"""Not all that the schema allows is accepted: a code may be wrong, an amount too large."""


def world() -> ApiWorld:
    """A customer with some payments and a refund, who has just signed in and proved a code."""
    clock = VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    made = ApiWorld(MemoryStore(clock), clock)
    made.publish_policy()
    for number, status in enumerate(MovementStatus):
        made.pay(f"mov-{number}", status)
    made.pay("mov-1")
    client = made.client()
    client.prove("refund")
    body = {"payment_id": "mov-1", "reason": "cancelled"}
    assert client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": "k" * 16}).status == 201
    return made


@pytest.fixture(scope="module")
def described() -> schemathesis.BaseSchema:
    """The description, with a client that answers."""
    schema = schemathesis.openapi.from_dict(document())
    schema.app = application(world().client())
    return schema


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return Kinds()


schema = schemathesis.pytest.from_fixture("described")
"""Read when its test runs: each worker collects all tests, and building these takes seconds."""


def test_the_committed_description_is_that_of_the_code() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == document(), "make schemas"


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_every_answer_is_as_described_and_none_is_an_error_of_the_api(
    case: Any, monkeypatch: Any, kinds: Kinds
) -> None:
    if not SOAK and kinds.repeats(case):
        return
    monkeypatch.setattr(quota, "REQUESTS_MAX", 10**9)
    case.call_and_validate(headers={"Authorization": BEARER}, excluded_checks=LEFT_OUT)
