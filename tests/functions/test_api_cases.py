"""A customer's cases in the API: what agents wrote for them, and nothing else of the timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.cases.service import TOLD_PAGE_MAX
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Client
from tests.support.money_world import ACCOUNT

CASES = "/v1/me/cases"
FIELDS = {"id", "topic", "status", "opened_at", "due_at", "answer_by", "notes"}


@pytest.fixture
def world(store: MemoryStore) -> AgentWorld:
    return AgentWorld(store)


@pytest.fixture
def client(world: AgentWorld) -> Client:
    return Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())


def test_a_note_for_the_customer_is_read_by_them_and_one_for_colleagues_is_not(
    world: AgentWorld, client: Client
) -> None:
    anna = AgentClient(world.ctx, "agent-1")
    case_id = world.open_case("refund")
    assert anna.post(f"/cases/{case_id}/claim").status == 200
    for text, audience in (("The shop has answered.", "customer"), ("He shouted.", "agent")):
        assert anna.post(f"/cases/{case_id}/notes", {"text": text, "audience": audience}).status == 201
    answer = client.ask("GET", CASES)
    (case,) = answer.json["cases"]
    assert set(case) == FIELDS
    assert (case["id"], case["topic"], case["status"], case["due_at"]) == (case_id, "refund", "open", None)
    assert [note["note"] for note in case["notes"]] == ["The shop has answered."]
    assert answer.json["next"] is None
    for internal in ("He shouted.", "agent-1", "Agent-1", "claimed", "priority"):
        assert internal not in str(answer.json)
    assert anna.post(f"/cases/{case_id}/close", {"ending": "resolved", "note": "Done."}).status == 200
    (closed,) = client.ask("GET", CASES).json["cases"]
    assert (closed["status"], closed["due_at"], len(closed["notes"])) == ("closed", None, 1)


def test_a_case_of_nobody_and_of_somebody_else_is_not_listed(world: AgentWorld, client: Client) -> None:
    world.open_case("general", account_id=None)
    world.open_case("refund", account_id="acc_2")
    assert client.ask("GET", CASES).json == {"cases": [], "next": None}


def test_a_case_tells_agents_whether_a_customer_reads_it(world: AgentWorld) -> None:
    anna = AgentClient(world.ctx, "agent-1")
    for account_id, reads in ((ACCOUNT, True), (None, False)):
        case_id = world.open_case("general", account_id=account_id)
        assert anna.get(f"/cases/{case_id}").json["customer_reads"] is reads
        told = anna.post(f"/cases/{case_id}/notes", {"text": "Hello.", "audience": "customer"})
        assert (told.status, told.json.get("why")) == ((201, None) if reads else (409, "case_of_nobody"))


def test_cases_are_read_by_pages_and_a_cursor_is_of_one_account(world: AgentWorld, client: Client) -> None:
    opened = []
    for topic in ("refund", "payment", "lockout"):
        opened.append(world.open_case(topic))
        world.clock.advance(timedelta(minutes=1))
    first = client.ask("GET", CASES, query={"limit": "2"})
    rest = client.ask("GET", CASES, query={"limit": "2", "cursor": first.json["next"]})
    assert [case["id"] for page in (first, rest) for case in page.json["cases"]] == opened[::-1]
    assert rest.json["next"] is None
    refused = client.ask("GET", "/v1/me/refunds", query={"cursor": first.json["next"]})
    assert refused.status == 400


@pytest.mark.parametrize("limit", ["0", str(TOLD_PAGE_MAX + 1), "x"])
def test_a_page_has_its_bounds(client: Client, limit: str) -> None:
    assert client.ask("GET", CASES, query={"limit": limit}).status == 400


def test_an_owner_who_signed_in_long_ago_proves_something_first(world: AgentWorld) -> None:
    late = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now() - timedelta(hours=1))
    assert late.ask("GET", CASES).code == "insufficient_user_authentication"
    late.prove("unlock")
    assert late.ask("GET", CASES).status == 200
