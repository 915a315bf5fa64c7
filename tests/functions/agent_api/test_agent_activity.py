"""A report about insiders: what each agent did on each day, and what was refused to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.agents import tallies
from hotline.agents.limits import APPROVALS_MAX, LIMITS, LOOK_UPS_MAX, Counted
from hotline.agents.model import Figure
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld
from tests.support.money_world import ACCOUNT

TODAY = "2026-11-23"
WHY = {"reason": "customer_asked"}


def activity(client: AgentClient, start: str = TODAY, end: str = TODAY, **query: str) -> Any:
    return client.get("/activity", query={"from": start, "to": end, **query})


def days(client: AgentClient, start: str = TODAY, end: str = TODAY) -> dict[tuple[str, str], dict[str, int]]:
    """Day and agent, with the figures that are not 0."""
    told = activity(client, start, end)
    assert told.status == 200, told
    return {
        (row.pop("day"), row.pop("agent")["id"]): {name: number for name, number in row.items() if number}
        for row in told.json["days"]
    }


def claim(world: AgentWorld, client: AgentClient, topic: str = "refund") -> str:
    case_id = world.open_case(topic)
    assert client.post(f"/cases/{case_id}/claim").status == 200
    return case_id


def test_each_deed_counts_once_for_its_figure(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    world.hold()
    case_id = claim(world, anna)
    assert anna.look(case_id, "account").status == 200
    assert anna.look(case_id, "payments").status == 200
    assert anna.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": "name"}).status == 200
    assert anna.post(f"/cases/{case_id}/freeze", WHY).status == 202
    assert anna.post(f"/cases/{case_id}/unlock", WHY).code == "proof_missing"
    asked = {**WHY, "operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE"}
    approval_id = anna.post("/approvals", asked).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    release = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/hold-releases", release).status == 202
    assert days(chief) == {
        (TODAY, "supervisor-1"): {"approvals": 1},
        (TODAY, "agent-1"): {
            "case_work": 1,
            "look_ups": 2,
            "unmaskings": 1,
            "other_acts": 1,
            "requests": 1,
            "openings": 1,
        },
    }


def test_a_repeated_request_counts_once(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    case_id = claim(world, anna)
    for _ in range(2):
        key = {"Idempotency-Key": "key-of-one-request"}
        assert anna.post(f"/cases/{case_id}/freeze", WHY, headers=key).status == 202
    assert days(chief)[TODAY, "agent-1"] == {"case_work": 1, "other_acts": 1}


def test_a_limit_that_is_reached_is_counted(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    case_id = claim(world, anna)
    for _ in range(LOOK_UPS_MAX):
        assert anna.look(case_id, "account").status == 200
    for _ in range(3):
        assert anna.look(case_id, "account").code == "limit_reached"
    assert days(chief)[TODAY, "agent-1"] == {"case_work": 1, "look_ups": LOOK_UPS_MAX, "limits_reached": 3}


def test_the_own_account_and_the_own_request_are_counted(world: AgentWorld, chief: AgentClient) -> None:
    case_id = claim(world, supervisor(world.ctx, "supervisor-2"))
    insider = supervisor(world.ctx, "supervisor-2", account_id=ACCOUNT)
    assert insider.look(case_id, "account").code == "own_account"
    assert insider.post(f"/cases/{case_id}/freeze", WHY).code == "own_account"
    numbers = {**WHY, "operation": "edit_numbers", "numbers": ["+18005550199"]}
    approval_id = insider.post("/approvals", numbers).json["id"]
    assert insider.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).code == "approval_own"
    assert days(chief)[TODAY, "supervisor-2"] == {"case_work": 1, "requests": 1, "own_account": 2, "own_request": 1}


def test_other_refusals_are_not_counted(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    case_id = claim(world, anna)
    assert bo.look(case_id, "account").code == "not_found"
    assert bo.post(f"/cases/{case_id}/snooze", {"until": "2026-11-24T12:00:00Z"}).code == "case_claimed"
    assert [key for key in days(supervisor(world.ctx)) if key[1] == "agent-2"] == []


def test_days_are_those_of_the_hotlines_people(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    """At 16:00 UTC the next day begins in Shanghai."""
    at_home = replace(world.ctx, time_zone="Asia/Shanghai")
    anna.ctx = at_home
    claim(world, anna)
    world.clock.advance(timedelta(hours=3, minutes=59, seconds=59))
    claim(world, anna, "payment")
    world.clock.advance(timedelta(seconds=1))
    claim(world, anna, "security")
    assert days(chief, TODAY, "2026-11-24") == {
        ("2026-11-24", "agent-1"): {"case_work": 1},
        ("2026-11-23", "agent-1"): {"case_work": 2},
    }


def test_pages_hold_every_row_once_the_newest_day_first_across_a_month(world: AgentWorld, chief: AgentClient) -> None:
    wanted = []
    for _ in range(12):
        day = world.clock.now().date()
        for agent_id in ("agent-1", "agent-2"):
            claim(world, AgentClient(world.ctx, agent_id))
            wanted.append((str(day), agent_id))
            close_all(world, agent_id)
        world.clock.advance(timedelta(days=1))
    found: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = activity(chief, "2026-11-24", "2026-12-03", limit="3", **({"cursor": cursor} if cursor else {})).json
        assert 0 < len(page["days"]) <= 3
        found += [(row["day"], row["agent"]["id"]) for row in page["days"]]
        if (cursor := page["next"]) is None:
            break
    assert found == sorted((one for one in wanted if "2026-11-24" <= one[0] <= "2026-12-03"), reverse=True)


def close_all(world: AgentWorld, agent_id: str) -> None:
    """Close an agent's cases: an account has one open case on a topic, which the next agent could not claim."""
    client = AgentClient(world.ctx, agent_id)
    for row in client.get("/queue", query={"shelf": "mine"}).json["cases"]:
        assert client.post(f"/cases/{row['id']}/close", {"ending": "resolved"}).status == 200


def test_a_cursor_is_of_one_supervisor_and_period(world: AgentWorld, chief: AgentClient) -> None:
    for agent_id in ("agent-1", "agent-2"):
        claim(world, AgentClient(world.ctx, agent_id), "refund" if agent_id == "agent-1" else "payment")
    cursor = activity(chief, limit="1").json["next"]
    assert activity(chief, cursor=cursor).status == 200
    assert activity(chief, "2026-11-22", cursor=cursor).status == 400
    assert activity(supervisor(world.ctx, "supervisor-2"), cursor=cursor).status == 400


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-11-01", "2026-11-30", 200),
        ("2026-11-01", "2026-12-01", 200),
        ("2026-11-01", "2026-12-02", 400),
        ("2026-11-02", "2026-11-01", 400),
        ("0001-01-01", "0001-01-02", 200),
        ("9999-12-31", "9999-12-31", 200),
    ],
)
def test_a_period_has_31_days_at_most(chief: AgentClient, start: str, end: str, status: int) -> None:
    assert activity(chief, start, end).status == status


def test_activity_is_for_supervisors_alone(world: AgentWorld, anna: AgentClient) -> None:
    assert activity(anna).code == "role_missing"
    without = supervisor(world.ctx, scopes=("desk/read", "desk/approve", "desk/manage"))
    assert activity(without).code == "insufficient_scope"


def test_every_limit_of_an_agent_is_a_figure_of_its_refusals() -> None:
    assert {tallies.figure_of(word) for word in ("freeze", "contact_taken", "manage")} == {Figure.OTHER_ACTS}
    assert {limit.refusal.value for limit in LIMITS.values()} <= tallies._OF_REFUSALS.keys()
    assert LIMITS[Counted.APPROVALS].most == APPROVALS_MAX
