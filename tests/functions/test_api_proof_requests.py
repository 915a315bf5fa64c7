"""An agent asks for proof, and the customer answers in the app."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.agents.proofs import PROOF_REQUEST_LIFE
from hotline.identity.model import Goal
from hotline.kit.errors import NeedProof
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Answered, Client
from tests.support.money_world import ACCOUNT
from tests.support.phone import give, opened
from tests.support.stores import NOON

REQUESTS = "/v1/me/proof-requests"
SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> AgentWorld:
    found = AgentWorld(MemoryStore(VirtualClock(NOON)))
    found.lock_out()
    return found


@pytest.fixture
def client(world: AgentWorld) -> Client:
    return Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())


def ask(world: AgentWorld, goal: Goal = Goal.UNLOCK) -> Basis:
    """An agent who talks with the customer asks for proof."""
    basis = world.take(world.call_in(goal="look"), world.token())
    world.do(world.token(), basis, agents.AskProof(goal))
    return basis


def listed(client: Client) -> list[dict[str, object]]:
    answered = client.ask("GET", REQUESTS)
    assert answered.status == 200, answered
    items: list[dict[str, object]] = answered.json["items"]
    return items


def answer(client: Client, request_id: object) -> Answered:
    return client.ask("POST", f"{REQUESTS}/{request_id}/answers")


def test_the_customer_sees_what_is_asked_and_when_not_to_answer(world: AgentWorld, client: Client) -> None:
    assert listed(client) == []
    ask(world)
    (asked,) = listed(client)
    assert (asked["operation"], asked["on_call"]) == ("unlock", True)
    assert (asked["asked_at"], asked["expires_at"]) == ("2026-11-23T12:00:00Z", "2026-11-23T12:10:00Z")
    assert "not on the phone with us" in str(asked["text"])


def test_a_request_about_a_case_without_a_call_is_told_as_one(world: AgentWorld, client: Client) -> None:
    world.do(world.token(), world.claimed(), agents.AskProof(Goal.LOOK))
    (asked,) = listed(client)
    assert (asked["operation"], asked["on_call"]) == ("read", False)
    assert "not waiting for us" in str(asked["text"])


def test_the_answer_takes_the_codes_of_the_operation_and_then_the_agent_may_act(
    world: AgentWorld, client: Client
) -> None:
    basis = ask(world)
    (asked,) = listed(client)
    refused = answer(client, asked["id"])
    assert (refused.status, refused.json["operation"]) == (401, "unlock")
    with pytest.raises(NeedProof):
        world.do(world.token(), basis, agents.UNLOCK)
    client.prove("unlock", "email")
    assert answer(client, asked["id"]).json == {"outcome": "answered"}
    assert agents.view_proof(agents.open_request(world.ctx, world.token(), basis)).state == "proved"
    assert world.do(world.token(), basis, agents.UNLOCK) == "ASKED"
    assert listed(client) == []


def test_an_answer_that_comes_twice_is_one(world: AgentWorld, client: Client) -> None:
    ask(world, Goal.LOOK)
    (asked,) = listed(client)
    assert [answer(client, asked["id"]).status for _ in range(2)] == [200, 200]
    assert [entry["event"] for entry in world.audit()].count("proof.answered") == 1
    assert answer(Client(world.ctx, ACCOUNT, "sid-2", signed_in_at=NOON), asked["id"]).status == 404


def test_a_request_that_gave_way_to_a_later_one_is_not_found(world: AgentWorld, client: Client) -> None:
    basis = ask(world, Goal.LOOK)
    (first,) = listed(client)
    world.do(world.token(), basis, agents.AskProof(Goal.UNLOCK))
    assert answer(client, first["id"]).status == 404
    assert agents.view_proof(agents.open_request(world.ctx, world.token(), basis)).state == "waiting"


def test_a_request_is_over_after_ten_minutes(world: AgentWorld, client: Client) -> None:
    ask(world, Goal.LOOK)
    (asked,) = listed(client)
    world.clock.advance(PROOF_REQUEST_LIFE - SECOND)
    later = Client(world.ctx, ACCOUNT, "sid-2", signed_in_at=world.clock.now())
    assert listed(later)
    world.clock.advance(SECOND)
    assert listed(later) == []
    assert answer(later, asked["id"]).status == 404


def test_a_customer_does_not_answer_for_another_account(world: AgentWorld, client: Client) -> None:
    give(world.ctx, [opened("acct-other", at=NOON - timedelta(days=365))])
    ask(world, Goal.LOOK)
    (asked,) = listed(client)
    other = Client(world.ctx, "acct-other", signed_in_at=NOON)
    assert listed(other) == []
    assert answer(other, asked["id"]).status == 404


def test_an_answer_lets_no_other_agent_act(world: AgentWorld, client: Client) -> None:
    world.do(world.token("agent-1"), world.claimed("agent-1"), agents.AskProof(Goal.UNLOCK))
    (asked,) = listed(client)
    client.prove("unlock", "email")
    assert answer(client, asked["id"]).status == 200
    with pytest.raises(NeedProof):
        world.do(world.token("agent-2"), world.claimed("agent-2", "payment"), agents.UNLOCK)
