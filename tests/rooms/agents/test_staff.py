"""An agent is known by their user name once they have been at the desk, and for as long as they come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from hotline.agents import service as agents
from hotline.agents.items import STAFF_LIFE
from hotline.agents.staff import RENEWED_AFTER
from hotline.kit.store import TTL_ATTRIBUTE
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_world import AgentWorld
from tests.support.log_lines import lines, logged

NAME: Final = "lin.wang@wallet.example"


@pytest.fixture
def world() -> AgentWorld:
    return AgentWorld(MemoryStore())


def come(world: AgentWorld, agent_id: str = "agent-1", name: str | None = NAME) -> None:
    agents.remember_agent(world.ctx, replace(world.token(agent_id), user_name=name))


def written(world: AgentWorld) -> list[tuple[str, int]]:
    return [(item["agent_id"], int(item["rev"])) for item in world.items() if item["PK"].startswith("STAFF#")]


def test_an_agent_who_has_come_is_found_by_their_name_as_it_is_written(world: AgentWorld) -> None:
    assert agents.find_agent(world.store, NAME) is None
    come(world)
    assert agents.find_agent(world.store, NAME) == "agent-1"
    assert agents.find_agent(world.store, NAME.upper()) is None


def test_a_name_is_written_once_a_month_and_kept_for_three_after_that(world: AgentWorld) -> None:
    come(world)
    world.clock.advance(RENEWED_AFTER - timedelta(seconds=1))
    come(world)
    assert written(world) == [("agent-1", 1)]
    world.clock.advance(timedelta(seconds=1))
    come(world)
    assert written(world) == [("agent-1", 2)]
    (item,) = [item for item in world.items() if item["PK"].startswith("STAFF#")]
    assert item[TTL_ATTRIBUTE] == int((world.clock.now() + STAFF_LIFE).timestamp())
    assert STAFF_LIFE > RENEWED_AFTER


def test_a_name_that_another_agent_has_now_is_theirs_and_the_log_says_so(world: AgentWorld) -> None:
    come(world)
    with logged() as log:
        come(world, "agent-2")
    assert agents.find_agent(world.store, NAME) == "agent-2"
    assert [(line["event"], line["actor"]) for line in lines(log)] == [("HL073", "agent:agent-2")]
    assert NAME not in log.getvalue()


@pytest.mark.parametrize("name", [None, "", "two words", "li\u202en", "a" * 101, "lin#AGENT", "\u674e"])
def test_a_claim_that_can_be_no_user_name_is_not_remembered(world: AgentWorld, name: str | None) -> None:
    come(world, name=name)
    assert written(world) == []
    assert name is None or agents.find_agent(world.store, name) is None


def test_colleagues_find_the_name_of_an_agent_by_their_id_and_the_latest_one(world: AgentWorld) -> None:
    assert agents.find_names(world.store, ["agent-1"]) == {}
    agents.remember_agent(world.ctx, replace(world.token("agent-1"), name="Lin Wang", user_name=NAME))
    agents.remember_agent(world.ctx, replace(world.token("agent-2"), name="Bo", user_name=None))
    assert agents.find_names(world.store, ["agent-1", "agent-2", "agent-3"]) == {"agent-1": "Lin Wang", "agent-2": "Bo"}
    agents.remember_agent(world.ctx, replace(world.token("agent-1"), name="Lin Li", user_name=NAME))
    assert agents.find_names(world.store, ["agent-1"]) == {"agent-1": "Lin Li"}
    assert agents.find_names(world.store, []) == {}


def test_entries_name_who_acted_who_approved_and_to_whom_a_case_went(world: AgentWorld) -> None:
    for number in range(1, 5):
        come(world, f"agent-{number}", None)
    told = [
        ("agent:agent-1:case_1:approved_by:agent-2", {"approved_by": "agent-2"}),
        ("agent:agent-9:case_1", {"to": "agent-3", "from": "-"}),
        ("caller:agent-4", {"to": "lockout:zh-CN"}),
    ]
    named = {"agent-1": "Agent-1", "agent-2": "Agent-2", "agent-3": "Agent-3"}
    assert agents.find_people(world.store, told) == named
