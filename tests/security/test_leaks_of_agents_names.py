"""Threat: a customer learns who of the staff has worked on their case, and finds that person elsewhere.

The name of an agent is for colleagues. The line speaks of "the person", and so do texts and the customer's API.
"""

from __future__ import annotations

from typing import Final

import pytest

from hotline.agents.model import Role
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient
from tests.support.agent_world import CONTACT, NUMBER, AgentWorld
from tests.support.api_client import Client, Postbox
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone, words

NAMES: Final = ("zebulon", "quirinus", "theodora")
"""Of the agent, the second person, and a colleague. User names are the same with a capital letter."""
HEARD: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("agent_proof", {}),
    ("lock_status", {}),
    ("unlock", {}),
    ("freeze", {}),
    ("payments", {"purpose": "latest"}),
    ("refunds", {}),
    ("payments", {"purpose": "refund"}),
    ("refund_offer", {"choice": "1"}),
    ("hours", {}),
    ("proof_given_up", {}),
    ("handover", {"topic": "lockout", "reason": "asked"}),
    ("handover", {"topic": "refund", "reason": "callback"}),
    ("survey", {"score": "5"}),
)
"""The steps by which a caller hears of their account, and of what people did about it."""


def work_on(world: AgentWorld, phone: Phone, refund_id: str) -> None:
    """Three people work on the call's case and on a large refund: they do all that leaves a name somewhere."""
    anna, chief, colleague = (AgentClient(world.ctx, name, contact_id=CONTACT) for name in NAMES)
    chief.roles = (Role.AGENT, Role.SUPERVISOR)
    of_call, of_refund = world.case_of(phone), world.open_case("refund")
    for client in (anna, chief, colleague):
        assert client.get("/me").status == 200
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 200
    assert anna.post(f"/cases/{of_call}/claim").status == 200
    assert anna.post(f"/cases/{of_call}/proofs", {"goal": "unlock"}).status == 202
    colleague.contact_id = anna.contact_id = None
    assert anna.post(f"/cases/{of_refund}/claim").status == 200
    asked = anna.post(
        "/approvals",
        {
            "operation": "review_large_refund",
            "reason": "evidence_seen",
            "case_id": of_refund,
            "refund_id": refund_id,
            "decision": "approve",
        },
    )
    assert asked.status == 201, asked
    assert chief.post(f"/approvals/{asked.json['id']}/decision", {"decision": "approve"}).status == 200
    decision = {"decision": "approve", "reason": "evidence_seen", "approval_id": asked.json["id"]}
    assert anna.post(f"/cases/{of_refund}/refunds/{refund_id}/decision", decision).status in (200, 202)
    assert anna.post(f"/cases/{of_refund}/notes", {"text": "Done.", "audience": "customer"}).status == 201
    given = anna.post(f"/cases/{of_refund}/transfer", {"username": "Theodora"})
    assert given.json["owner"]["name"] == "Theodora"


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_no_name_of_an_agent_is_heard_or_read_by_the_customer(store: MemoryStore, language: str) -> None:
    world = AgentWorld(store)
    world.lock_out()
    world.pay(900_000)
    world.pay(2_000, "mov_2")
    refund_id = world.ask_refund()
    phone = Phone(world.ctx, NUMBER, CONTACT)
    phone.press("start")
    phone.press("set_language", language=language)
    phone.prove("sms", "refund")
    phone.press("handover", topic="lockout", reason="asked")
    work_on(world, phone, refund_id)
    told = {f"{step} {inputs}": phone.press(step, **inputs) for step, inputs in HEARD}
    assert [step for step, answer in told.items() if answer["outcome"] in ("INVALID", "TRY_LATER")] == []
    assert sum(bool(words(answer)) for answer in told.values()) > len(HEARD) / 2
    box = Postbox(world.ctx)
    box.work()
    assert box.sent != []
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())
    client.prove("refund", "sms")
    pages = [client.ask("GET", f"/v1/me/{page}") for page in ("cases", "refunds", "lock", "payments", "proof-requests")]
    assert [page.status for page in pages] == [200] * len(pages)
    shown = repr((told, box.sent, [page.json for page in pages])).casefold()
    assert [name for name in NAMES if name in shown] == []
    stored = repr(world.items()).casefold()
    assert [name for name in NAMES if name not in stored] == []
