"""Pictures at the desk: listed with their states, and to be had while their tag says that they are clean."""

from __future__ import annotations

import pytest

from hotline.kit.aws.buckets import Scan
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient
from tests.support.evidence_world import EvidenceWorld


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> EvidenceWorld:
    return EvidenceWorld(store, clock)


def agent_at(world: EvidenceWorld, refund_id: str) -> tuple[AgentClient, str]:
    """An agent who has claimed the case of a refund, and the case's id."""
    case_id = world.refund(refund_id).case_id
    assert case_id is not None
    agent = AgentClient(world.ctx)
    assert agent.post(f"/cases/{case_id}/claim").status == 200
    return agent, case_id


def test_an_agent_sees_a_clean_picture_and_leaves_a_trace(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    evidence_id = world.send_clean(refund_id)
    agent, case_id = agent_at(world, refund_id)
    listed = agent.look(case_id, "evidence").json["evidence"]
    assert [(one["id"], one["refund_id"], one["status"]) for one in listed] == [(evidence_id, refund_id, "clean")]
    seen = agent.look(case_id, f"evidence/{evidence_id}")
    assert seen.status == 200
    assert seen.json["url"].startswith(f"https://pictures.s3.example/evidence/{evidence_id}?name={evidence_id}.jpeg")
    audit = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#")]
    looks = [item["facts"] for item in audit if item["facts"].get("part") == "evidence"]
    assert [(look.get("item_id"), look["why"]) for look in looks] == [(None, "case"), (evidence_id, "case")]


@pytest.mark.parametrize("scan", [None, *(scan for scan in Scan if scan is not Scan.CLEAN)])
def test_a_picture_whose_tag_says_anything_else_now_is_not_shown(world: EvidenceWorld, scan: Scan | None) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.scan(name, Scan.CLEAN)
    world.tell(world.scanned(name))
    world.put(given, b"replaced after its scan")
    if scan is not None:
        world.scan(name, scan)
    agent, case_id = agent_at(world, refund_id)
    answer = agent.look(case_id, f"evidence/{given.json['id']}")
    assert (answer.status, answer.code) == (409, "evidence_not_clean")


def test_a_picture_that_was_replaced_is_not_shown_by_the_tag_of_the_one_before(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.scan(name, Scan.CLEAN)
    world.tell(world.scanned(name))
    agent, case_id = agent_at(world, refund_id)
    assert agent.look(case_id, f"evidence/{given.json['id']}").status == 200
    world.put(given, b"replaced while the first one was scanned again")
    world.scan(name, Scan.CLEAN)
    answer = agent.look(case_id, f"evidence/{given.json['id']}")
    assert (answer.status, answer.code) == (409, "evidence_not_clean")


def test_a_look_without_a_reason_and_a_picture_of_nobody_are_refused(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    evidence_id = world.send_clean(refund_id)
    agent, case_id = agent_at(world, refund_id)
    assert agent.get(f"/cases/{case_id}/evidence/{evidence_id}").status == 400
    assert agent.look(case_id, "evidence/00000000000000000000").status == 404
