"""One agent's trail, for supervisors: where they looked, when and why, and all else that they did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT

TODAY = "2026-11-23"
WHY = {"reason": "customer_asked"}


def trail(client: AgentClient, agent_id: str = "agent-1", start: str = TODAY, end: str = TODAY, **query: str) -> Any:
    return client.get("/trail", query={"agent": agent_id, "from": start, "to": end, **query})


def claim(world: AgentWorld, client: AgentClient, topic: str = "refund") -> str:
    case_id = world.open_case(topic)
    assert client.post(f"/cases/{case_id}/claim").status == 200
    return case_id


def test_a_trail_says_what_was_seen_when_and_why_and_what_was_done(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    world.hold()
    assert chief.get("/me").status == 200
    assert anna.get("/me").status == 200
    case_id = claim(world, anna)
    steps: list[Any] = [
        lambda: anna.get(f"/cases/{case_id}/payments", headers={"Desk-Reason": "complaint"}).status == 200,
        lambda: anna.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": "name"}).status == 200,
        lambda: anna.post(f"/cases/{case_id}/freeze", WHY).status == 202,
    ]
    for step in steps:
        world.clock.advance(timedelta(seconds=1))
        assert step()
    asked = {**WHY, "operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE"}
    approval_id = anna.post("/approvals", asked).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    world.clock.advance(timedelta(seconds=1))
    release = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/hold-releases", release).status == 202
    told = trail(chief).json
    assert told["agent"] == {"id": "agent-1", "name": "Agent-1"}
    assert told["people"] == [{"id": "agent-1", "name": "Agent-1"}, {"id": "supervisor-1", "name": "Supervisor-1"}]
    assert {(one["account_id"], one["case_id"]) for one in told["deeds"]} == {(ACCOUNT, case_id)}
    assert sorted(one["event"] for one in told["deeds"]) == [
        "approval_asked", "case_claimed", "freeze", "looked_up", "release_hold", "unmask",
    ]  # fmt: skip
    by_event = {one["event"]: one for one in told["deeds"]}
    assert by_event["looked_up"]["facts"] == {"part": "payments", "why": "complaint"}
    assert by_event["looked_up"]["at"] == "2026-11-23T12:00:01Z"
    assert by_event["unmask"]["facts"]["why"] == "customer_asked"
    assert by_event["release_hold"]["facts"]["approved_by"] == "supervisor-1"
    assert [one["event"] for one in trail(chief, "supervisor-1").json["deeds"]] == ["approval_approved"]
    assert trail(chief, "agent-9").status == 404


def test_a_trail_is_found_by_the_user_name_too(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    assert anna.get("/me").status == 200
    claim(world, anna)
    assert [one["event"] for one in trail(chief, "Agent-1").json["deeds"]] == ["case_claimed"]
    assert trail(chief, "Agent-1").json == trail(chief, "agent-1").json
    assert trail(chief, "Agent-9").status == 404


def test_nobody_hides_behind_a_user_name_like_the_id_of_another(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    claim(world, anna)
    other = AgentClient(world.ctx, "agent-2", claims={"username": "agent-1"})
    assert other.get("/me").status == 200
    assert trail(chief, "agent-1").json["agent"] == {"id": "agent-1", "name": "Agent-1"}


def test_a_trail_names_who_has_acted_without_asking_who_they_are(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    world.hold()
    case_id = claim(world, anna)
    asked = {**WHY, "operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE"}
    approval_id = anna.post("/approvals", asked).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    release = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/hold-releases", release).status == 202
    people = anna.get(f"/cases/{case_id}/timeline").json["people"]
    assert {"id": "supervisor-1", "name": "Supervisor-1"} in people


def test_a_trail_is_read_by_pages_from_the_newest_deed_on(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    case_id = claim(world, anna)
    for reason in ("call", "case", "callback", "complaint"):
        world.clock.advance(timedelta(seconds=1))
        assert anna.get(f"/cases/{case_id}/account", headers={"Desk-Reason": reason}).status == 200
    seen: list[str | None] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = trail(chief, **query).json
        assert len(page["deeds"]) <= 2
        seen += [one["facts"].get("why") for one in page["deeds"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == ["complaint", "callback", "case", "call", None]
    foreign = trail(chief, "agent-2", cursor=query["cursor"])
    assert (foreign.status, foreign.code) == (400, "malformed_request")


def test_days_are_those_of_the_hotlines_people(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    world.ctx = replace(world.ctx, time_zone="Asia/Shanghai")
    anna.ctx = chief.ctx = world.ctx
    world.clock.advance(timedelta(hours=3, minutes=59))
    case_id = claim(world, anna)
    world.clock.advance(timedelta(minutes=1))
    assert anna.look(case_id, "account").status == 200
    told = {
        day: [one["event"] for one in trail(chief, start=day, end=day).json["deeds"]] for day in (TODAY, "2026-11-24")
    }
    assert told == {TODAY: ["case_claimed"], "2026-11-24": ["looked_up"]}


def test_a_supervisor_learns_nothing_of_who_looked_at_their_own_account(world: AgentWorld, anna: AgentClient) -> None:
    assert anna.look(claim(world, anna), "account").status == 200
    own = supervisor(world.ctx)
    own.account_id = ACCOUNT
    told = trail(own)
    assert (told.status, told.json["deeds"]) == (200, [])
    assert ACCOUNT not in str(told.json)


@pytest.mark.parametrize(
    "query",
    [
        {"from": TODAY, "to": TODAY},
        {"agent": "", "from": TODAY, "to": TODAY},
        {"agent": "a b", "from": TODAY, "to": TODAY},
        {"agent": "a#b", "from": TODAY, "to": TODAY},
        {"agent": "agent-1", "from": TODAY},
        {"agent": "agent-1", "from": TODAY, "to": "2026-11-22"},
        {"agent": "agent-1", "from": "2026-10-01", "to": TODAY},
        {"agent": "agent-1", "from": TODAY, "to": TODAY, "limit": "51"},
    ],
)
def test_a_trail_of_nobody_and_of_days_that_are_none_is_refused(chief: AgentClient, query: dict[str, str]) -> None:
    assert chief.get("/trail", query=query).status == 400


def test_an_agent_reads_no_trail_not_even_their_own(anna: AgentClient) -> None:
    assert trail(anna).code == "role_missing"
