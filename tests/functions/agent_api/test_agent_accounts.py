"""Accounts at the agents' API: who may look, what is masked, and what is done alone, with proof, or by two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.agent_api.shapes.common import PAGE_MAX
from hotline.agents.limits import LOOK_UPS_MAX, UNMASKINGS_MAX
from hotline.cases import service as cases
from hotline.contracts.model import Fact, MerchantPolicyPublished, PointKind
from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.store import BATCH_GET_KEYS_MAX, Table
from hotline.refunds.policy import REQUEST_CAP_MINOR
from hotline.security.detectors.reset_device_transfer import DETECTOR as RESET_DEVICE_TRANSFER
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import CONTACT, EMAIL, NUMBER, AgentWorld, fill_row
from tests.support.api_client import Answered, Client
from tests.support.found import suppress
from tests.support.money_world import ACCOUNT
from tests.support.phone import give, opened

PARTS = ("account", "payments", "refunds", "findings")
WHY: dict[str, Any] = {"reason": "customer_asked"}
ACTS: dict[str, Any] = {
    "unlock": WHY,
    "reset-grants": WHY,
    "freeze": WHY,
    "unfreeze": WHY,
    "pause": WHY,
    "pause-ends": WHY,
    "new-rows": WHY,
    "hold-releases": {**WHY, "cause": "RISK_SCORE"},
    "refunds/ref_1/decision": {**WHY, "decision": "approve"},
    "refunds/ref_1/payout": {**WHY, "way": "balance"},
    "findings/fnd_1/feedback": {**WHY, "verdict": "confirmed"},
    "suppressions": {**WHY, "rule": "failed_login_burst", "until": "2026-11-24T12:00:00Z"},
    "suppression-ends": {**WHY, "rule": "failed_login_burst"},
    "unmaskings": {**WHY, "field": "name"},
    "proofs": {"goal": "unlock"},
}


def claim(world: AgentWorld, client: AgentClient, topic: str = "refund") -> str:
    case_id = world.open_case(topic)
    assert client.post(f"/cases/{case_id}/claim").status == 200
    return case_id


def in_call(world: AgentWorld, client: AgentClient, goal: str | None = "unlock") -> str:
    """A call that was handed over, with the agent in it; its case."""
    phone = world.call_in(goal=goal)
    taken = client.post(f"/contacts/{CONTACT}/claim")
    assert taken.status == 200, taken
    client.contact_id = CONTACT
    assert taken.json["case_id"] == world.case_of(phone)
    return world.case_of(phone)


def have_all_looked_at(world: AgentWorld) -> None:
    """The merchant approves hardly anything unseen."""
    give(
        world.ctx,
        [
            Fact(
                "policy-1",
                "merchant.policy_published",
                "wallet",
                world.clock.now(),
                "merchant-1",
                MerchantPolicyPublished("merchant-1", 1, 30, partial=True, auto_approve_minor=1, categories=()),
            )
        ],
    )


def approve(world: AgentWorld, client: AgentClient, **asked: Any) -> str:
    """The approval of a supervisor for a request of the agent's."""
    request = client.post("/approvals", {"reason": "evidence_seen", **asked})
    assert request.status == 201, request
    decided = supervisor(world.ctx).post(f"/approvals/{request.json['id']}/decision", {"decision": "approve"})
    assert (decided.status, decided.json["state"]) == (200, "approved"), decided
    return str(request.json["id"])


# ---------------------------------------------------------------- access


@pytest.mark.parametrize("part", PARTS)
def test_an_account_opens_to_the_owner_of_its_case_alone(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, chief: AgentClient, part: str
) -> None:
    case_id = world.open_case()
    assert (anna.look(case_id, part).status, anna.look(case_id, part).code) == (404, "not_found")
    anna.post(f"/cases/{case_id}/claim")
    assert anna.look(case_id, part).status == 200
    for other in (bo, chief):
        assert (other.look(case_id, part).status, other.look(case_id, part).code) == (404, "not_found")
    assert anna.look("case_that_there_is_not", part).code == "not_found"
    anna.post(f"/cases/{case_id}/close", {"ending": "resolved"})
    assert anna.look(case_id, part).code == "not_found"


@pytest.mark.parametrize("part", PARTS)
def test_an_account_opens_to_the_agent_in_its_call(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, part: str
) -> None:
    case_id = in_call(world, anna)
    assert anna.look(case_id, part).status == 200
    bo.contact_id = CONTACT
    assert bo.look(case_id, part).code == "not_found"
    anna.contact_id = None
    assert anna.look(case_id, part).code == "not_found"


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_upon_an_account_takes_access_to_it(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, name: str
) -> None:
    case_id = claim(world, anna)
    for path in (f"/cases/{case_id}/{name}", f"/cases/case_that_there_is_not/{name}"):
        refused = bo.post(path, ACTS[name])
        assert (refused.status, refused.code) == (404, "not_found")


@pytest.mark.parametrize("name", sorted(ACTS))
def test_nothing_is_done_upon_the_agents_own_account(world: AgentWorld, anna: AgentClient, name: str) -> None:
    case_id = claim(world, anna)
    anna.account_id = ACCOUNT
    refused = anna.post(f"/cases/{case_id}/{name}", ACTS[name])
    assert (refused.status, refused.code) == (403, "own_account")


@pytest.mark.parametrize("reason", [None, "curious", ""])
def test_a_look_needs_a_reason(world: AgentWorld, anna: AgentClient, reason: str | None) -> None:
    headers = {"Desk-Reason": reason}
    refused = anna.get(f"/cases/{claim(world, anna)}/account", headers=headers)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert refused.json["errors"][0]["pointer"].lower() == "desk-reason"


@pytest.mark.parametrize("contact", ["+8613800000001", "a#b", "x" * 129])
def test_a_contact_that_can_be_none_is_refused(world: AgentWorld, anna: AgentClient, contact: str) -> None:
    case_id = claim(world, anna)
    anna.contact_id = contact
    assert anna.look(case_id, "account").status == 400


def test_a_contact_that_ended_opens_nothing(world: AgentWorld, anna: AgentClient) -> None:
    case_id = in_call(world, anna)
    world.clock.advance(timedelta(hours=2))
    assert anna.look(case_id, "account").code == "not_found"
    assert anna.get(f"/contacts/{CONTACT}").json["state"] == "ended"


# ---------------------------------------------------------------- calls


def test_a_call_pops_up_with_its_case_and_is_taken_once(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    assert anna.get(f"/contacts/{CONTACT}").code == "not_found"
    phone = world.call_in()
    seen = anna.get(f"/contacts/{CONTACT}")
    assert seen.json == {
        "contact_id": CONTACT,
        "state": "live",
        "case_id": world.case_of(phone),
        "topic": "lockout",
        "language": "en-US",
    }
    assert anna.post(f"/contacts/{CONTACT}/claim").json == seen.json
    assert anna.get("/me").json["live_contacts"] == [CONTACT]
    assert bo.get("/me").json["live_contacts"] == []
    refused = bo.post(f"/contacts/{CONTACT}/claim")
    assert (refused.status, refused.code) == (409, "contact_taken")
    assert bo.get(f"/contacts/{CONTACT}").code == "not_found"
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 200
    world.clock.advance(timedelta(hours=3))
    assert anna.get("/me").json["live_contacts"] == []


@pytest.mark.parametrize("contact", ["contact-of-nobody", "%23", "a" * 300])
def test_a_call_that_there_is_not_is_not_found(anna: AgentClient, contact: str) -> None:
    assert anna.get(f"/contacts/{contact}").code == "not_found"
    assert anna.post(f"/contacts/{contact}/claim").code == "not_found"


def test_a_call_of_somebody_unknown_is_asked_for_proof_and_then_opens_the_account(
    world: AgentWorld, anna: AgentClient
) -> None:
    phone = world.call_in(goal=None)
    anna.post(f"/contacts/{CONTACT}/claim")
    anna.contact_id = CONTACT
    case_id = world.case_of(phone)
    refused = anna.look(case_id, "account")
    assert (refused.status, refused.code, refused.json["why"]) == (409, "not_possible", "case_without_account")
    asked = anna.post(f"/cases/{case_id}/proofs", {"goal": "look"})
    assert (asked.status, asked.json["state"], asked.json["factors"]) == (202, "asked", [])
    phone.prove("sms", "look")
    proof = anna.get(f"/cases/{case_id}/proofs").json
    assert (proof["state"], proof["factors"]) == ("proved", ["sms"])
    assert anna.look(case_id, "account").json["account_id"] == ACCOUNT
    assert anna.get(f"/cases/{case_id}").json["account_known"] is True


def test_a_call_of_somebody_else_has_no_part_in_a_claimed_case(world: AgentWorld, anna: AgentClient) -> None:
    stranger = world.call_in(goal=None, number="+8613700000009")
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 200
    case_id = claim(world, anna)
    anna.contact_id = CONTACT
    assert anna.look(case_id, "account").json["account_id"] == ACCOUNT
    asked = anna.post(f"/cases/{case_id}/proofs", {"goal": "unlock"})
    assert asked.json["state"] == "asked"
    keys = {(item["PK"], item["SK"]) for item in world.items()}
    assert (f"ACCOUNT#{ACCOUNT}", "#PROOF") in keys
    assert (f"CONTACT#{CONTACT}", "PROOF") not in keys
    anna.post(f"/cases/{world.case_of(stranger)}/claim")
    refused = anna.look(world.case_of(stranger), "account")
    assert refused.json["why"] == "case_without_account"


# ---------------------------------------------------------------- looking


def test_an_account_is_shown_masked_with_what_keeps_it_shut(world: AgentWorld, anna: AgentClient) -> None:
    world.lock_out()
    case_id = claim(world, anna)
    found = anna.look(case_id, "account")
    assert found.headers["Content-Language"] == "en-US"
    account = found.json
    assert account["lock"]["state"] == "SOFT"
    assert account["lock"]["cause"] == "TOO_MANY_PASSWORD"
    assert account["lock"]["text"]
    points = [(one["name"], one["masked"], one["can_unmask"], one["id"]) for one in account["fields"][1:]]
    assert points == [
        ("phone", f"***{NUMBER[-4:]}", False, world.point_name(NUMBER)),
        ("email", f"{EMAIL[0]}***@***{EMAIL[-4:]}", False, world.point_name(EMAIL)),
    ]
    removals = [action["operation"] for one in account["fields"] for action in one["actions"]]
    assert removals == ["contact_change", "contact_change"]
    assert account["fields"][0]["can_unmask"] is True
    assert NUMBER not in str(found)
    assert EMAIL not in str(found)
    chinese = anna.get(f"/cases/{case_id}/account", headers={"Desk-Reason": "call", "Accept-Language": "zh-CN"})
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert chinese.json["lock"]["text"] != account["lock"]["text"]


def test_amounts_are_masked_until_one_is_asked_for(world: AgentWorld, anna: AgentClient) -> None:
    world.pay(12850)
    refund_id = world.ask_refund()
    case_id = claim(world, anna)
    (payment,) = anna.look(case_id, "payments").json["payments"]
    (refund,) = anna.look(case_id, "refunds").json["refunds"]
    assert payment["id"] == refund["payment_id"] == "mov_1"
    for told in (payment, refund):
        assert "12850" not in str(told)
        assert "128.5" not in str(told)
    amount = {"minor": 12850, "currency": "CNY"}
    for field, item_id in (("payment_amount", payment["item_id"]), ("refund_amount", refund_id)):
        shown = anna.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": field, "item_id": item_id})
        assert (shown.status, shown.json["amount"], shown.json["value"]) == (200, amount, None)
    name = anna.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": "name"})
    assert name.json["value"]
    assert name.json["amount"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"field": "phone"}, 400),
        ({"field": "name", "item_id": "mov_1"}, 400),
        ({"field": "payment_amount"}, 400),
        ({"field": "payment_amount", "item_id": "#PROFILE"}, 400),
        ({"field": "payment_amount", "item_id": "MOVE#2026-11-23T12:00:00.000000Z#mov_9"}, 404),
        ({"field": "refund_amount", "item_id": "../../#PROFILE"}, 404),
        ({"field": "refund_amount", "item_id": ""}, 404),
        ({"field": "finding_amount"}, 400),
        ({"field": "finding_amount", "item_id": "fnd_9"}, 404),
        ({"field": "refund_amount", "item_id": "x" * 257}, 400),
    ],
)
def test_nothing_else_is_unmasked(world: AgentWorld, anna: AgentClient, body: Any, status: int) -> None:
    assert anna.post(f"/cases/{claim(world, anna)}/unmaskings", {**WHY, **body}).status == status


def test_payments_and_refunds_are_read_by_pages(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    for number in range(3):
        world.pay(1000, f"mov_{number}")
        world.ask_refund(f"mov_{number}")
    case_id = claim(world, anna)
    for client in (anna, bo):
        assert client.get("/me").status == 200
    for part in ("payments", "refunds"):
        seen: list[str] = []
        query: dict[str, str] = {"limit": "2"}
        while True:
            page = anna.get(f"/cases/{case_id}/{part}", query=query, headers={"Desk-Reason": "case"}).json
            seen += [one["id"] for one in page[part]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert len(set(seen)) == 3
        anna.post(f"/cases/{case_id}/transfer", {"username": "Agent-2"})
        refused = bo.get(f"/cases/{case_id}/{part}", query=query, headers={"Desk-Reason": "case"})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "cursor")
        bo.post(f"/cases/{case_id}/transfer", {"username": "Agent-1"})


def test_looks_and_unmaskings_of_an_hour_are_limited(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    for _ in range(LOOK_UPS_MAX):
        assert anna.look(case_id, "account").status == 200
    refused = anna.look(case_id, "account")
    assert (refused.status, refused.code, refused.json["why"]) == (429, "limit_reached", "look_ups_limit")
    wait = int(refused.headers["Retry-After"])
    assert wait == 3660
    world.clock.advance(timedelta(seconds=wait - 1))
    assert anna.look(case_id, "account").headers["Retry-After"] == "1"
    world.clock.advance(timedelta(seconds=1))
    assert anna.look(case_id, "account").status == 200


def test_more_values_than_the_limit_take_a_second_person(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    body = {**WHY, "field": "name"}
    for _ in range(UNMASKINGS_MAX):
        assert anna.post(f"/cases/{case_id}/unmaskings", body).status == 200
    refused = anna.post(f"/cases/{case_id}/unmaskings", body)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "second_missing", "unmask_beyond")
    approval_id = approve(world, anna, operation="unmask_beyond", case_id=case_id, field="name")
    with_word = {**body, "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/unmaskings", with_word).status == 200
    again = anna.post(f"/cases/{case_id}/unmaskings", with_word)
    assert (again.code, again.json["why"]) == ("second_missing", "approval_spent")


def test_a_second_person_is_told_which_value_is_to_be_shown(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    world.pay(12850)
    case_id = claim(world, anna)
    item_id = anna.look(case_id, "payments").json["payments"][0]["item_id"]
    use_up_unmaskings(anna, case_id)
    wishes: list[dict[str, str]] = [{"field": "name"}, {"field": "payment_amount", "item_id": item_id}]
    for wish in wishes:
        asked = anna.post("/approvals", {**WHY, "operation": "unmask_beyond", "case_id": case_id, **wish})
        assert asked.status == 201
    told = [one["change"] for one in chief.get("/approvals").json["approvals"]]
    assert sorted(told, key=len) == wishes


@pytest.mark.parametrize(
    "wish",
    [
        {"field": "refund_amount", "item_id": "ref_that_there_is_not"},
        {"field": "payment_amount", "item_id": "MOV#2026-11-23T12:00:00.000Z#mov_none"},
        {"field": "payment_amount", "item_id": "anything that a person would read"},
        {"field": "payment_amount"},
        {"field": "name", "item_id": "ref_1"},
    ],
)
def test_a_second_person_is_not_asked_about_a_value_that_there_is_not(
    world: AgentWorld, anna: AgentClient, chief: AgentClient, wish: dict[str, str]
) -> None:
    case_id = claim(world, anna)
    use_up_unmaskings(anna, case_id)
    refused = anna.post("/approvals", {**WHY, "operation": "unmask_beyond", "case_id": case_id, **wish})
    assert refused.status in (400, 404), refused
    assert chief.get("/approvals").json["approvals"] == []


def use_up_unmaskings(client: AgentClient, case_id: str) -> None:
    for _ in range(UNMASKINGS_MAX):
        assert client.post(f"/cases/{case_id}/unmaskings", {**WHY, "field": "name"}).status == 200


# ---------------------------------------------------------------- acts


def test_an_unlock_takes_the_customers_proof(world: AgentWorld, anna: AgentClient) -> None:
    world.lock_out()
    case_id = claim(world, anna, "lockout")
    refused = anna.post(f"/cases/{case_id}/unlock", WHY)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "proof_missing", "unlock")
    assert refused.json["needs"] == ["sms", "email"]


def test_in_a_call_an_account_is_unlocked_with_what_the_customer_has_proved(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.lock_out()
    case_id = in_call(world, anna)
    case = anna.get(f"/cases/{case_id}").json
    assert case["next_step"] == "unlock"
    assert next(one for one in case["actions"] if one["operation"] == "unlock")["possible"] is True
    event = anna.event("POST", f"/cases/{case_id}/unlock", body={"reason": "customer_proved"})
    done, again = anna.send(event), anna.send(event)
    assert (done.status, done.json) == (202, {"outcome": "asked"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (202, done.json, "true")
    assert len(world.decided("account.unlock_requested")) == 1
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "close"
    entry = anna.get(f"/cases/{case_id}/timeline").json["entries"][0]
    assert (entry["reason"], entry["facts"]) == ("agent.unlock", {"outcome": "ASKED", "why": "customer_proved"})


def test_a_freeze_and_a_pause_are_an_agents_alone(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    assert anna.post(f"/cases/{case_id}/pause", WHY).json == {"outcome": "asked"}
    assert anna.post(f"/cases/{case_id}/freeze", WHY).json == {"outcome": "asked"}
    assert anna.look(case_id, "account").json["lock"]["state"] == "FROZEN"
    for name, operation in (("unfreeze", "unfreeze"), ("pause-ends", "end_pause"), ("reset-grants", "reset_grant")):
        refused = anna.post(f"/cases/{case_id}/{name}", WHY)
        assert (refused.code, refused.json["operation"]) == ("proof_missing", operation)


@pytest.mark.parametrize(("name", "later"), [("freeze", "asked"), ("pause", "stopped_already")])
def test_a_repeated_act_answers_the_outcome_of_the_first_time(
    world: AgentWorld, anna: AgentClient, name: str, later: str
) -> None:
    case_id = claim(world, anna)
    event = anna.event("POST", f"/cases/{case_id}/{name}", body=WHY)
    assert anna.send(event).json == {"outcome": "asked"}
    world.freeze()
    assert anna.post(f"/cases/{case_id}/{name}", WHY).json == {"outcome": later}
    again = anna.send(event)
    assert (again.json, again.headers["Idempotency-Replayed"]) == ({"outcome": "asked"}, "true")


def test_a_freeze_from_the_security_case_adds_to_that_case_once(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna, "security")
    assert anna.post(f"/cases/{case_id}/freeze", WHY).status == 202
    case, entry = anna.get(f"/cases/{case_id}").json, anna.get(f"/cases/{case_id}/timeline").json["entries"][0]
    assert (entry["kind"], entry["actor"]) == ("added", {"kind": "agent", "name": "Agent-1"})
    assert case["owner"]["id"] == "agent-1"
    assert case["next_step"] == "close"


@pytest.mark.parametrize(
    ("reason", "cause", "said"),
    [
        ("customer_asked", "CUSTOMER_REQUEST", "You asked for this."),
        ("customer_proved", "CUSTOMER_REQUEST", "You asked for this."),
        ("investigation", "AGENT", "Our service team set this."),
        ("evidence_seen", "AGENT", "Our service team set this."),
    ],
)
@pytest.mark.parametrize(("act", "state"), [("freeze", "FROZEN"), ("pause", "PAUSED")])
def test_nobody_is_told_to_have_asked_for_what_an_agent_decided(
    world: AgentWorld, anna: AgentClient, act: str, state: str, reason: str, cause: str, said: str
) -> None:
    case_id = claim(world, anna, "security")
    assert anna.post(f"/cases/{case_id}/{act}", {"reason": reason}).status == 202
    english = {"Accept-Language": "en"}
    told = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now()).ask("GET", "/v1/me/lock", headers=english).json
    lock = anna.look(case_id, "account").json["lock"]
    for one in (told, lock):
        assert (one["state"], one["cause"]) == (state, cause)
    assert said in told["text"]
    by_agent, asked = {f"{act}.by_agent"}, {f"{act}.asked"}
    assert {one["kind"] for one in world.items(Table.OUTBOX) if one["to"] == "message"} == (
        by_agent if cause == "AGENT" else asked
    )
    (decision,) = world.decided(f"account.{act}_requested")
    assert decision["facts"].get("set_by") == ("agent" if cause == "AGENT" else None)
    assert decision["facts"]["cause"] == "CUSTOMER_REQUEST"


@pytest.mark.parametrize(
    ("lone", "end"),
    [
        (True, "It then stays frozen until one of our people unfreezes it with you."),
        (False, "It then stays frozen until you are verified in two different ways."),
    ],
)
def test_a_freeze_is_told_to_end_by_a_person_where_the_account_has_too_few_factors(
    store: MemoryStore, *, lone: bool, end: str
) -> None:
    world = AgentWorld(store, two_step=True, lone=lone)
    anna = AgentClient(world.ctx)
    case_id = claim(world, anna, "security")
    anna.post(f"/cases/{case_id}/freeze", {"reason": "investigation"})
    headers = {"Accept-Language": "en"}
    told = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now()).ask("GET", "/v1/me/lock", headers=headers).json
    assert told["text"].endswith(end)
    assert anna.look(case_id, "account").json["lock"]["text"].endswith(end)


def test_a_hold_for_a_stolen_password_is_told_to_end_by_a_new_one(world: AgentWorld, anna: AgentClient) -> None:
    world.hold("COMPROMISED_CREDENTIAL")
    headers = {"Accept-Language": "en"}
    told = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now()).ask("GET", "/v1/me/lock", headers=headers).json
    assert (told["state"], told["self_service"]) == ("HOLD", "reset")
    assert "It stays until you have a new password." in told["text"]
    assert "until the check" not in anna.look(claim(world, anna), "account").json["lock"]["text"]


def test_a_hold_is_released_by_two(world: AgentWorld, anna: AgentClient, bo: AgentClient, chief: AgentClient) -> None:
    world.hold()
    case_id = claim(world, anna, "security")
    release = {**WHY, "cause": "RISK_SCORE"}
    refused = anna.post(f"/cases/{case_id}/hold-releases", release)
    assert (refused.status, refused.code) == (403, "second_missing")
    asked = anna.post(
        "/approvals", {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    )
    approval_id = asked.json["id"]
    assert asked.headers["Location"] == f"/v1/agent/approvals/{approval_id}"
    assert "Idempotency-Replayed" not in asked.headers
    (hold,) = anna.look(case_id, "account").json["holds"]
    (action,) = hold["actions"]
    assert action["subject"]["id"] == hold["cause"] == "RISK_SCORE"
    assert (action["approval"]["id"], action["approval"]["state"]) == (approval_id, "asked")
    waiting = anna.post(f"/cases/{case_id}/hold-releases", {**release, "approval_id": approval_id})
    assert (waiting.code, waiting.json["why"]) == ("second_missing", "approval_open")
    assert [one["id"] for one in chief.get("/approvals").json["approvals"]] == [approval_id]
    assert anna.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).code == "role_missing"
    decided = chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert decided.json["decided_by"] == {"id": "supervisor-1", "name": "Supervisor-1"}
    assert decided.json["change"] == {"cause": "RISK_SCORE"}
    assert chief.get("/approvals").json["approvals"] == []
    assert [one["id"] for one in chief.get("/approvals", query={"state": "decided"}).json["approvals"]] == [approval_id]
    stolen = bo.post(f"/cases/{claim(world, bo, 'payment')}/hold-releases", {**release, "approval_id": approval_id})
    assert (stolen.code, stolen.json["why"]) == ("second_missing", "approval_unknown")
    done = anna.post(f"/cases/{case_id}/hold-releases", {**release, "approval_id": approval_id})
    assert (done.status, done.json) == (202, {"outcome": "asked"})
    assert anna.get(f"/approvals/{approval_id}").json["state"] == "spent"
    assert anna.look(case_id, "account").json["holds"] == []


def test_the_account_lists_the_holds_that_run_and_offers_to_release_those_that_agents_release(
    world: AgentWorld, anna: AgentClient
) -> None:
    case_id = claim(world, anna, "security")
    assert anna.look(case_id, "account").json["holds"] == []
    world.hold("DORMANT")
    world.clock.advance(timedelta(hours=1))
    world.hold("COMPLIANCE")
    holds = {one["cause"]: one for one in anna.look(case_id, "account").json["holds"]}
    assert {cause: [one["operation"] for one in hold["actions"]] for cause, hold in holds.items()} == {
        "DORMANT": [],
        "COMPLIANCE": ["release_hold"],
    }
    assert holds["DORMANT"]["since"] < holds["COMPLIANCE"]["since"]
    assert holds["COMPLIANCE"]["until"] is None


def test_a_hold_is_released_once_what_was_found_is_judged_and_the_second_person_reads_the_verdict(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    finding_id = world.find_theft(734_501)
    case_id = claim(world, anna, "lockout")
    case = anna.get(f"/cases/{case_id}").json
    assert case["next_step"] == "judge_finding"
    of_security = case["security_case"]
    assert anna.get(f"/cases/{of_security}").json["topic"] == "security"
    wish = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    release = {**WHY, "cause": "RISK_SCORE"}
    for refused in (anna.post("/approvals", wish), anna.post(f"/cases/{case_id}/hold-releases", release)):
        assert (refused.status, refused.code, refused.json["why"]) == (409, "not_possible", "finding_unjudged")
    (hold,) = anna.look(case_id, "account").json["holds"]
    assert [(one["possible"], one["why"]) for one in hold["actions"]] == [(False, "finding_first")]

    assert anna.post(f"/cases/{case_id}/findings/{finding_id}/feedback", {**WHY, "verdict": "confirmed"}).status == 202
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "ask_owner"
    refused = anna.post("/approvals", wish)
    assert (refused.status, refused.code, refused.json["why"]) == (409, "not_possible", "finding_confirmed")
    (hold,) = anna.look(case_id, "account").json["holds"]
    assert [(one["possible"], one["why"]) for one in hold["actions"]] == [(False, "finding_confirmed")]
    assert anna.post(f"/cases/{case_id}/freeze", WHY).status == 202
    world.answer_as_wallet("account.freeze_requested")
    approval_id = anna.post("/approvals", wish).json["id"]
    (waiting,) = chief.get("/approvals").json["approvals"]
    told = [{"severity": "critical", "rule": "reset_device_transfer", "verdict": "confirmed"}]
    assert waiting["findings"] == chief.get(f"/approvals/{approval_id}").json["findings"] == told
    chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert anna.post(f"/cases/{case_id}/hold-releases", {**release, "approval_id": approval_id}).status == 202
    assert anna.post(f"/cases/{of_security}/claim").status == 200
    assert anna.get(f"/cases/{of_security}").json["security_case"] is None
    assert anna.get(f"/cases/{of_security}").json["next_step"] != "judge_finding"


def test_money_that_comes_back_releases_no_hold_before_somebody_has_looked(
    world: AgentWorld, anna: AgentClient
) -> None:
    finding_id = world.find_theft(734_501)
    world.withdraw_finding(finding_id)
    case_id = claim(world, anna, "lockout")
    case = anna.get(f"/cases/{case_id}").json
    assert case["next_step"] == "check_account"
    of_security = case["security_case"]
    assert anna.post(f"/cases/{of_security}/claim").status == 200
    assert anna.get(f"/cases/{of_security}").json["next_step"] == "check_account"
    wish = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "customer_asked"}
    refused = anna.post("/approvals", wish)
    assert (refused.status, refused.json["why"]) == (409, "finding_unjudged")

    (found,) = anna.look(case_id, "findings").json["findings"]
    assert (found["state"], bool(found["runbook"])) == ("withdrawn", True)
    feedback = f"/cases/{case_id}/findings/{finding_id}/feedback"
    assert anna.post(feedback, {**WHY, "verdict": "confirmed"}).status == 202
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "ask_owner"
    assert anna.post(feedback, {**WHY, "verdict": "false_alarm"}).status == 202
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "release_hold"
    assert anna.post("/approvals", wish).status == 201


def test_a_suppressed_finding_whose_money_comes_back_blocks_no_release_of_another_hold(
    world: AgentWorld, anna: AgentClient
) -> None:
    """It asked for no hold. One that was raised before did, however often it comes and goes since."""
    now, rule = world.clock.now(), "reset_device_transfer"
    first = world.find_theft(734_501, "fnd_first")
    world.withdraw_finding(first)
    suppress(world.store, world.ctx.ids, rule, account_id=ACCOUNT, now=now, since=now, until=now + timedelta(hours=1))
    second = world.find_theft(734_501, "fnd_second")
    for _ in range(2):
        world.find_theft(734_501, first)
        world.withdraw_finding(first)
        world.find_theft(734_501, second)
        world.withdraw_finding(second)
    case_id = claim(world, anna, "lockout")
    wish = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "customer_asked"}
    refused = anna.post("/approvals", wish)
    assert (refused.status, refused.json["why"]) == (409, "finding_unjudged")
    found = anna.look(case_id, "findings").json["findings"]
    assert {one["id"]: one["state"] for one in found} == {first: "withdrawn", second: "withdrawn"}
    feedback = f"/cases/{case_id}/findings/{first}/feedback"
    assert anna.post(feedback, {**WHY, "verdict": "false_alarm"}).status == 202
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "release_hold"
    assert anna.post("/approvals", wish).status == 201


def test_a_suppressed_finding_that_is_raised_and_then_withdrawn_has_set_a_hold(
    world: AgentWorld, anna: AgentClient
) -> None:
    now, rule = world.clock.now(), "reset_device_transfer"
    suppress(world.store, world.ctx.ids, rule, account_id=ACCOUNT, now=now, since=now, until=now + timedelta(hours=1))
    finding_id = world.find_theft(734_501)
    world.clock.advance(timedelta(hours=2))
    assert world.find_theft(734_501) == finding_id
    world.withdraw_finding(finding_id)
    case_id = claim(world, anna, "lockout")
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "check_account"


@pytest.mark.parametrize("judged_in", ["lockout", "security"])
def test_the_next_step_is_the_same_wherever_a_finding_was_judged_and_the_hold_released(
    world: AgentWorld, anna: AgentClient, judged_in: str
) -> None:
    finding_id = world.find_theft(734_501)
    lockout_case = claim(world, anna, "lockout")
    of = {"lockout": lockout_case, "security": anna.get(f"/cases/{lockout_case}").json["security_case"]}
    anna.post(f"/cases/{of['security']}/claim")
    case_id = of[judged_in]
    feedback = f"/cases/{case_id}/findings/{finding_id}/feedback"

    def read_steps() -> set[str]:
        return {anna.get(f"/cases/{one}").json["next_step"] for one in of.values()}

    assert read_steps() == {"judge_finding"}
    assert anna.post(feedback, {**WHY, "verdict": "unclear"}).status == 202
    assert read_steps() == {"ask_owner"}
    approval_id = approve(world, anna, operation="release_hold", case_id=case_id, cause="RISK_SCORE")
    world.clock.advance(timedelta(minutes=1))
    release = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/hold-releases", release).status == 202
    (other,) = {*of.values()} - {case_id}
    assert anna.get(f"/cases/{other}").json["next_step"] == "wait_for_wallet"
    world.answer_as_wallet("account.unlock_requested")
    assert anna.get(f"/cases/{of['security']}").json["next_step"] == "close"
    world.clock.advance(timedelta(minutes=1))
    assert anna.post(feedback, {**WHY, "verdict": "confirmed"}).status == 202
    assert anna.get(f"/cases/{of['security']}").json["next_step"] == "freeze"


def test_findings_are_told_to_who_decides_and_to_who_asked_with_access_alone(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, chief: AgentClient
) -> None:
    finding_id = world.find_theft(734_501)
    case_id = claim(world, anna, "lockout")
    anna.post(f"/cases/{case_id}/findings/{finding_id}/feedback", {**WHY, "verdict": "false_alarm"})
    wish = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    asked = anna.post("/approvals", wish)
    told = [{"severity": "critical", "rule": "reset_device_transfer", "verdict": "false_alarm"}]

    def read(client: AgentClient) -> list[Any]:
        (listed,) = client.get("/approvals").json["approvals"]
        one = client.get(f"/approvals/{asked.json['id']}").json
        assert listed["id"] == one["id"]
        return [listed["findings"], one["findings"]]

    assert read(chief) == [told, told]
    assert read(anna) == [told, told]
    assert read(bo) == [[], []]
    anna.post(f"/cases/{case_id}/release")
    assert read(anna) == [[], []]
    bo.post(f"/cases/{case_id}/claim")
    assert read(bo) == [[], []]


def test_a_finding_since_the_approval_stops_the_release_and_so_does_another_word_on_it(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.hold()
    case_id = claim(world, anna, "lockout")
    approval_id = approve(world, anna, operation="release_hold", case_id=case_id, cause="RISK_SCORE")
    finding_id = world.find_theft(1, holds=False)

    def release(approval_id: str) -> tuple[int, str, str]:
        body = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
        refused = anna.post(f"/cases/{case_id}/hold-releases", body)
        return refused.status, refused.code, refused.json["why"]

    assert release(approval_id) == (403, "second_missing", "approval_void")
    feedback = f"/cases/{case_id}/findings/{finding_id}/feedback"
    assert anna.post(feedback, {**WHY, "verdict": "false_alarm"}).status == 202
    world.clock.advance(timedelta(minutes=1))
    approval_id = approve(world, anna, operation="release_hold", case_id=case_id, cause="RISK_SCORE")
    assert anna.post(feedback, {**WHY, "verdict": "confirmed"}).status == 202
    assert release(approval_id) == (403, "second_missing", "approval_void")
    assert anna.get(f"/approvals/{approval_id}").json["state"] == "void"


@pytest.mark.parametrize("cause", ["RISK_SCORE", "DORMANT"])
def test_a_hold_that_does_not_run_or_that_agents_do_not_release_has_a_refusal_of_its_own(
    world: AgentWorld, anna: AgentClient, cause: str
) -> None:
    world.hold("DORMANT")
    case_id = claim(world, anna, "security")
    refused = anna.post(f"/cases/{case_id}/hold-releases", {**WHY, "cause": cause})
    assert (refused.status, refused.code) == (409, "hold_not_running")
    asked = anna.post("/approvals", {**WHY, "operation": "release_hold", "case_id": case_id, "cause": cause})
    assert (asked.status, asked.code) == (409, "hold_not_running")


def test_a_timeline_masks_the_amount_that_the_refunds_mask_and_unmasking_shows_it(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.pay(REQUEST_CAP_MINOR["CNY"] + 100)
    refund_id = world.ask_refund()
    (case,) = anna.get("/queue").json["cases"]
    assert anna.post(f"/cases/{case['id']}/claim").status == 200
    timeline = anna.get(f"/cases/{case['id']}/timeline")
    assert str(REQUEST_CAP_MINOR["CNY"] + 100) not in str(timeline.json)
    (entry,) = [one for one in timeline.json["entries"] if one["facts"].get("refund_id") == refund_id]
    assert {"amount_minor", "currency"} & entry["facts"].keys() == set()
    assert entry["masked"] == [{"field": "refund_amount", "item_id": refund_id}]
    shown = anna.post(f"/cases/{case['id']}/unmaskings", {**WHY, **entry["masked"][0]})
    assert shown.json["amount"] == {"minor": REQUEST_CAP_MINOR["CNY"] + 100, "currency": "CNY"}
    (told,) = [one for one in anna.get(f"/cases/{case['id']}/timeline").json["entries"] if one["kind"] == "claimed"]
    assert told["masked"] == []


def test_the_amount_of_a_finding_is_masked_wherever_it_is_told_and_unmasking_shows_it(
    world: AgentWorld, anna: AgentClient, bo: AgentClient
) -> None:
    finding_id = world.find_theft(734_501)
    (case,) = anna.get("/queue").json["cases"]
    masked = [{"field": "finding_amount", "item_id": finding_id}]
    (entry,) = bo.get(f"/cases/{case['id']}/timeline").json["entries"]
    assert entry["facts"] == {"finding_id": finding_id, "hold": "asked", "transfers": 1}
    assert entry["masked"] == masked
    assert anna.post(f"/cases/{case['id']}/claim").status == 200
    (finding,) = anna.look(case["id"], "findings").json["findings"]
    assert (finding["facts"], finding["masked"]) == ({"transfers": 1}, masked)
    assert finding["state"] in ("open", "told")
    assert finding["begun_at"] <= finding["last_at"] <= finding["found_at"]
    assert finding["runbook"] == RESET_DEVICE_TRANSFER.runbook
    shown = anna.post(f"/cases/{case['id']}/unmaskings", {**WHY, **masked[0]})
    assert (shown.status, shown.json["amount"]) == (200, {"minor": 734_501, "currency": "CNY"})


def test_an_amount_of_an_entry_about_nothing_that_is_unmasked_is_left_out(world: AgentWorld, anna: AgentClient) -> None:
    case_id = world.open_case()
    change = Change(actor=System("test", "test"), cause="test", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(cases.case_keys(ACCOUNT, "refund")))
    facts: dict[str, str | int] = {"amount_minor": 734_501, "total_minor": 734_502, "currency": "CNY"}
    cases.contribute_case(change, read, account_id=ACCOUNT, topic="refund", reason="test", facts=facts)
    change.commit(world.store)
    (entry, _) = anna.get(f"/cases/{case_id}/timeline").json["entries"]
    assert (entry["facts"], entry["masked"]) == ({}, [])


def test_a_list_of_refunds_takes_no_more_reads_for_each_that_may_be_decided(
    world: AgentWorld, anna: AgentClient, store: MemoryStore
) -> None:
    have_all_looked_at(world)
    case_id = claim(world, anna)

    def reads() -> tuple[int, int]:
        before = store.reads
        told = anna.look(case_id, "refunds").json["refunds"]
        return sum(len(refund["actions"]) for refund in told), store.reads - before

    world.pay(60_000, "mov_1")
    world.ask_refund("mov_1")
    some, first = reads()
    for number in (2, 3):
        world.pay(60_000, f"mov_{number}")
        world.ask_refund(f"mov_{number}")
    more, then = reads()
    assert (some, more) == (1, 3)
    assert then == first
    # Of each refund a ledger and a payment, all in one request.
    assert 2 * PAGE_MAX <= BATCH_GET_KEYS_MAX


def test_a_refund_is_decided_alone_up_to_the_limit_and_by_two_above_it(world: AgentWorld, anna: AgentClient) -> None:
    have_all_looked_at(world)
    world.pay(60_000, "mov_1")
    world.pay(900_000, "mov_2")
    small, large = world.ask_refund("mov_1"), world.ask_refund("mov_2")
    case_id = claim(world, anna, "payment")
    actions = {one["id"]: one["actions"][0] for one in anna.look(case_id, "refunds").json["refunds"]}
    assert (actions[small]["operation"], actions[small]["level"]) == ("review_refund", "alone")
    assert (actions[large]["operation"], actions[large]["level"]) == ("review_large_refund", "second")
    assert actions[large]["subject"]["id"] == large
    body = {"reason": "evidence_seen", "decision": "approve"}
    assert anna.post(f"/cases/{case_id}/refunds/{small}/decision", body).json == {"outcome": "approved"}
    refused = anna.post(f"/cases/{case_id}/refunds/{large}/decision", body)
    assert (refused.code, refused.json["operation"]) == ("second_missing", "review_large_refund")
    approval_id = approve(
        world, anna, operation="review_large_refund", case_id=case_id, refund_id=large, decision="approve"
    )
    (action,) = next(one["actions"] for one in anna.look(case_id, "refunds").json["refunds"] if one["id"] == large)
    assert action["approval"]["state"] == "approved"
    other = {"reason": "evidence_seen", "decision": "deny", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/refunds/{large}/decision", other).json["why"] == "approval_other"
    done = anna.post(f"/cases/{case_id}/refunds/{large}/decision", {**body, "approval_id": approval_id})
    assert done.json == {"outcome": "approved"}
    again = anna.post(f"/cases/{case_id}/refunds/{small}/decision", body)
    assert (again.status, again.code, again.json["why"]) == (409, "not_possible", "refund_not_in_review")


def test_the_amount_of_an_approval_is_told_to_whoever_may_decide_on_it_alone(
    world: AgentWorld, anna: AgentClient, bo: AgentClient, chief: AgentClient
) -> None:
    have_all_looked_at(world)
    world.pay(900_000, "mov_2")
    refund_id = world.ask_refund("mov_2")
    case_id = claim(world, anna, "payment")
    wish = {"operation": "review_large_refund", "case_id": case_id, "refund_id": refund_id, "decision": "approve"}
    asked = anna.post("/approvals", {**WHY, **wish})
    approval = f"/approvals/{asked.json['id']}"
    full = chief.get(approval).json["change"]
    assert (full["amount_minor"], full["currency"]) == (900_000, "CNY")
    masked = {name: value for name, value in full.items() if name not in ("amount_minor", "currency")}
    assert asked.json["change"] == masked
    assert [client.get(approval).json["change"] for client in (anna, bo)] == [masked, masked]
    assert chief.post(f"{approval}/decision", {"decision": "approve"}).json["change"] == full
    decided = {"state": "decided"}
    told = [client.get("/approvals", query=decided).json["approvals"][0]["change"] for client in (anna, bo, chief)]
    assert told == [masked, masked, full]


@pytest.mark.parametrize("name", ["refunds/ref_9/decision", "refunds/ref_9/payout", "findings/fnd_9/feedback"])
def test_a_refund_or_finding_of_another_account_is_not_found(world: AgentWorld, anna: AgentClient, name: str) -> None:
    body = ACTS[name.replace("9", "1")]
    refused = anna.post(f"/cases/{claim(world, anna)}/{name}", body)
    assert (refused.status, refused.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("unlock", {}),
        ("unlock", {"reason": "because"}),
        ("unlock", {**WHY, "code": "123456"}),
        ("hold-releases", WHY),
        ("hold-releases", {**WHY, "cause": "NONSENSE"}),
        ("refunds/ref_1/decision", {**WHY, "decision": "maybe"}),
        ("refunds/ref_1/payout", {**WHY, "way": "cash"}),
        ("findings/fnd_1/feedback", {**WHY, "verdict": "attack"}),
        ("proofs", {"goal": "set_pin"}),
        ("proofs", {"goal": "transfer"}),
    ],
)
def test_a_body_that_is_not_of_its_form_is_refused(world: AgentWorld, anna: AgentClient, name: str, body: Any) -> None:
    refused = anna.post(f"/cases/{claim(world, anna)}/{name}", body)
    assert (refused.status, refused.code) == (400, "malformed_request")


# ---------------------------------------------------------------- a second person


def asked_for(world: AgentWorld, client: AgentClient) -> Answered:
    world.hold()
    case_id = claim(world, client, "security")
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    return client.post("/approvals", body)


@dataclass
class TickingClock:
    """A clock that moves a little with each look at it, as a real one does."""

    instant: datetime

    def now(self) -> datetime:
        self.instant += timedelta(milliseconds=3)
        return self.instant


def test_only_a_repeated_request_is_told_as_repeated(world: AgentWorld, anna: AgentClient) -> None:
    world.hold()
    case_id = claim(world, anna, "security")
    ticking = AgentClient(replace(world.ctx, clock=TickingClock(world.clock.now())))
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    key = {"Idempotency-Key": "key-of-a-request-of-two"}
    first, again = (ticking.post("/approvals", body, headers=key) for _ in range(2))
    assert [one.headers.get("Idempotency-Replayed") for one in (first, again)] == [None, "true"]
    assert first.json["id"] == again.json["id"]


def test_a_request_about_rows_tells_no_account(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    fill_row(world, EMAIL, FactorKind.EMAIL)
    case_id = claim(world, anna)
    asked = anna.post("/approvals", {**WHY, "operation": "new_row_unproved", "case_id": case_id})
    assert (asked.status, asked.json["subject"]["kind"], asked.json["subject"]["id"]) == (201, "rows", "-")
    for told in (asked, bo.get(f"/approvals/{asked.json['id']}"), bo.get("/approvals"), bo.get(f"/cases/{case_id}")):
        assert told.status in (200, 201)
        assert ACCOUNT not in str(told.json)


# ---------------------------------------------------------------- a freeze of an account that cannot give two factors


def unfreeze_of(client: AgentClient, case_id: str) -> dict[str, Any]:
    actions = client.get(f"/cases/{case_id}").json["actions"]
    (found,) = [one for one in actions if one["operation"].startswith("unfreeze")]
    return found  # type: ignore[no-any-return]


def test_two_people_end_the_freeze_of_a_customer_with_one_contact_point(store: MemoryStore) -> None:
    world = AgentWorld(store, lone=True)
    anna, bo = AgentClient(world.ctx, "agent-1"), AgentClient(world.ctx, "agent-2")
    world.freeze()
    case_id = claim(world, anna, "lockout")
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "unfreeze_by_two"
    offered = unfreeze_of(anna, case_id)
    assert (offered["operation"], offered["level"], offered["possible"]) == ("unfreeze_unproved", "second", True)
    refused = anna.post(f"/cases/{case_id}/unfreeze", WHY)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "second_missing", "unfreeze_unproved")
    asked = anna.post("/approvals", {**WHY, "operation": "unfreeze_unproved", "case_id": case_id})
    assert (asked.status, asked.json["subject"]["kind"], asked.json["subject"]["id"]) == (201, "freeze", "-")
    for told in (asked, bo.get(f"/approvals/{asked.json['id']}"), bo.get("/approvals"), anna.get(f"/cases/{case_id}")):
        assert ACCOUNT not in str(told.json)
    chief = supervisor(world.ctx)
    assert chief.post(f"/approvals/{asked.json['id']}/decision", {"decision": "approve"}).status == 200
    assert unfreeze_of(anna, case_id)["approval"]["id"] == asked.json["id"]
    done = anna.post(f"/cases/{case_id}/unfreeze", {**WHY, "approval_id": asked.json["id"]})
    assert (done.status, done.json) == (202, {"outcome": "asked"})
    assert len(world.decided("account.unfreeze_requested")) == 1
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "close"
    entry = anna.get(f"/cases/{case_id}/timeline").json["entries"][0]
    assert (entry["reason"], entry["facts"]["approved_by"]) == ("agent.unfreeze_unproved", "supervisor-1")


@pytest.mark.parametrize(
    ("path", "operation", "shut", "step", "outcome"),
    [
        ("unlock", "unlock_unproved", "", "unlock_by_two", "asked"),
        ("reset-grants", "reset_grant_unproved", "TOO_MANY_OTP", "grant_reset_by_two", "granted"),
    ],
)
def test_two_people_open_the_account_of_a_customer_with_two_step_sign_in_and_one_contact_point(
    store: MemoryStore, path: str, operation: str, shut: str, step: str, outcome: str
) -> None:
    world = AgentWorld(store, two_step=True, lone=True)
    anna = AgentClient(world.ctx, "agent-1")
    world.hold(shut) if shut else world.lock_out()
    case_id = claim(world, anna, "lockout")
    case = anna.get(f"/cases/{case_id}").json
    (offered,) = [one for one in case["actions"] if one["operation"] == operation]
    assert (case["next_step"], offered["level"], offered["possible"]) == (step, "second", True)
    refused = anna.post(f"/cases/{case_id}/{path}", WHY)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "second_missing", operation)
    asked = anna.post("/approvals", {**WHY, "operation": operation, "case_id": case_id})
    assert (asked.status, asked.json["subject"]["kind"], asked.json["subject"]["id"]) == (201, "lock", "-")
    assert ACCOUNT not in str(asked.json)
    chief = supervisor(world.ctx)
    assert chief.post(f"/approvals/{asked.json['id']}/decision", {"decision": "approve"}).status == 200
    (offered,) = [one for one in anna.get(f"/cases/{case_id}").json["actions"] if one["operation"] == operation]
    assert offered["approval"]["id"] == asked.json["id"]
    done = anna.post(f"/cases/{case_id}/{path}", {**WHY, "approval_id": asked.json["id"]})
    assert (done.status, done.json) == (202, {"outcome": outcome})
    assert anna.get(f"/cases/{case_id}").json["next_step"] == "close"


def test_an_approval_of_a_freeze_that_was_set_anew_is_offered_no_more(store: MemoryStore) -> None:
    world = AgentWorld(store, lone=True)
    anna = AgentClient(world.ctx, "agent-1")
    world.freeze()
    case_id = claim(world, anna)
    approval_id = approve(world, anna, operation="unfreeze_unproved", case_id=case_id)
    assert unfreeze_of(anna, case_id)["approval"]["id"] == approval_id
    world.clock.advance(timedelta(seconds=1))
    world.freeze()
    assert unfreeze_of(anna, case_id)["approval"] is None
    told = anna.get(f"/approvals/{approval_id}").json
    assert (told["state"], told["void_cause"]) == ("void", "changed")


def test_no_second_person_is_asked_where_the_customer_can_prove_two_factors(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.freeze()
    case_id = claim(world, anna)
    offered = unfreeze_of(anna, case_id)
    assert (offered["operation"], offered["why"]) == ("unfreeze", "needs_proof")
    asked = anna.post("/approvals", {**WHY, "operation": "unfreeze_unproved", "case_id": case_id})
    assert asked.code == "approval_not_needed"
    refused = anna.post(f"/cases/{case_id}/unfreeze", WHY)
    assert (refused.code, refused.json["needs"]) == ("proof_missing", ["sms", "email"])


def test_nobody_is_asked_to_end_a_freeze_that_there_is_not(store: MemoryStore) -> None:
    world = AgentWorld(store, lone=True)
    anna = AgentClient(world.ctx, "agent-1")
    case_id = claim(world, anna)
    assert unfreeze_of(anna, case_id)["why"] == "nothing_to_do"
    asked = anna.post("/approvals", {**WHY, "operation": "unfreeze_unproved", "case_id": case_id})
    assert (asked.status, asked.code, asked.json["why"]) == (409, "not_possible", "no_such_freeze")


@pytest.mark.parametrize(
    ("cause", "ended_by"),
    [("RISK_SCORE", "release"), ("COMPROMISED_CREDENTIAL", "new_password"), ("DORMANT", "wallet"), ("NEW", "wallet")],
)
def test_a_hold_tells_how_it_ends(world: AgentWorld, anna: AgentClient, cause: str, ended_by: str) -> None:
    world.hold(cause)
    (told,) = anna.look(claim(world, anna), "account").json["holds"]
    assert (told["ended_by"], bool(told["actions"])) == (ended_by, ended_by == "release")


@pytest.mark.parametrize("own_account", [ACCOUNT, "acct-of-the-family"])
def test_an_agent_learns_of_no_request_about_their_own_account(
    world: AgentWorld, anna: AgentClient, chief: AgentClient, own_account: str
) -> None:
    give(world.ctx, [opened("acct-of-the-family", (PointKind.PHONE, NUMBER), at=world.clock.now())])
    waiting = asked_for(world, anna).json["id"]
    numbers = chief.post("/approvals", {**WHY, "operation": "edit_numbers", "numbers": ["+18005550199"]}).json["id"]
    insider = AgentClient(world.ctx, "agent-3", account_id=own_account)
    for state, client in (("open", insider), ("decided", insider)):
        assert {one["id"] for one in client.get("/approvals", query={"state": state}).json["approvals"]} <= {numbers}
        refused = client.get(f"/approvals/{waiting}")
        assert (refused.status, refused.code) == (403, "own_account")
        assert chief.post(f"/approvals/{waiting}/decision", {"decision": "deny"}).status == 200
    assert insider.get(f"/approvals/{numbers}").status == 200
    assert waiting in {one["id"] for one in anna.get("/approvals", query={"state": "decided"}).json["approvals"]}


def test_an_agent_learns_of_no_call_about_their_own_account(world: AgentWorld, anna: AgentClient) -> None:
    world.call_in()
    anna.account_id = ACCOUNT
    for refused in (anna.get(f"/contacts/{CONTACT}"), anna.post(f"/contacts/{CONTACT}/claim")):
        assert (refused.status, refused.code) == (403, "own_account")
    assert anna.get("/me").json["live_contacts"] == []


def test_nobody_decides_on_a_request_of_their_own(world: AgentWorld, chief: AgentClient) -> None:
    approval_id = asked_for(world, chief).json["id"]
    refused = chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert (refused.status, refused.code) == (403, "approval_own")


def test_a_request_is_decided_once(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    approval_id = asked_for(world, anna).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "deny"}).json["state"] == "denied"
    again = chief.post(f"/approvals/{approval_id}/decision", {"decision": "deny"})
    assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).code == "approval_decided"
    other = supervisor(world.ctx, "supervisor-2")
    assert other.post(f"/approvals/{approval_id}/decision", {"decision": "deny"}).code == "approval_decided"


def test_a_request_expires(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    approval_id = asked_for(world, anna).json["id"]
    world.clock.advance(timedelta(hours=4))
    refused = chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert (refused.status, refused.code) == (409, "approval_expired")
    assert anna.get(f"/approvals/{approval_id}").json["state"] == "expired"


def test_a_thing_that_changed_makes_its_request_void(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    approval_id = asked_for(world, anna).json["id"]
    world.clock.advance(timedelta(minutes=1))
    world.hold()
    refused = chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert (refused.status, refused.code) == (409, "approval_void")
    assert anna.get(f"/approvals/{approval_id}").json["state"] == "void"


def test_a_request_is_made_once_for_its_key(world: AgentWorld, anna: AgentClient) -> None:
    world.hold()
    case_id = claim(world, anna, "security")
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    headers = {"Idempotency-Key": "a-key-that-is-used-again"}
    first = anna.post("/approvals", body, headers=headers)
    world.clock.advance(timedelta(seconds=1))
    again = anna.post("/approvals", body, headers=headers)
    assert (again.status, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    refused = anna.post("/approvals", {**body, "cause": "COMPLIANCE"}, headers=headers)
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"operation": "release_hold"}, "#/cause"),
        ({"operation": "review_large_refund", "refund_id": "ref_1"}, "#/decision"),
        ({"operation": "other_payout", "way": "balance"}, "#/refund_id"),
        ({"operation": "unmask_beyond"}, "#/field"),
        ({"operation": "edit_numbers"}, "#/numbers"),
        ({"operation": "publish_policy", "merchant_id": "m-1"}, "#/window_days"),
        ({"operation": "unlock"}, "#/operation"),
    ],
)
def test_a_request_says_what_it_is_about(world: AgentWorld, chief: AgentClient, asked: Any, pointer: str) -> None:
    case_id = claim(world, chief)
    refused = chief.post("/approvals", {"case_id": case_id, "reason": "correction", **asked})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, pointer)


def test_a_request_takes_access_to_its_account(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    world.hold()
    case_id = claim(world, anna)
    body = {"operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE", "reason": "false_alarm"}
    assert bo.post("/approvals", body).code == "not_found"
    nothing = bo.post("/approvals", {**body, "case_id": None})
    assert (nothing.code, nothing.json["why"]) == ("not_possible", "case_without_account")
    assert anna.get("/approvals/apr_that_there_is_not").code == "not_found"


def test_a_second_person_is_not_asked_for_what_an_agent_may_do_alone(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    body = {"operation": "unmask_beyond", "case_id": case_id, "field": "name", "reason": "correction"}
    assert anna.post("/approvals", body).code == "approval_not_needed"


def test_a_refund_in_the_customers_name_is_offered_with_its_payment_and_made_once_for_a_key(
    world: AgentWorld, anna: AgentClient
) -> None:
    world.pay(12850)
    case_id = claim(world, anna)
    phone = world.call_in(goal=None)
    anna.contact_id = phone.contact_id
    world.take(phone, world.token("agent-1"))
    (payment,) = anna.look(case_id, "payments").json["payments"]
    (action,) = payment["actions"]
    assert (action["operation"], action["level"], action["why"]) == ("refund", "proof", "needs_proof")
    body = {**WHY, "item_id": payment["item_id"], "refund_reason": "duplicate"}
    assert anna.post(f"/cases/{case_id}/refunds", body).code == "proof_missing"
    phone.prove("sms", "refund")
    (payment,) = anna.look(case_id, "payments").json["payments"]
    assert payment["actions"][0]["possible"] is True
    key = {"Idempotency-Key": "key-of-the-refund-1"}
    made = anna.post(f"/cases/{case_id}/refunds", body, headers=key)
    assert (made.status, made.json["outcome"]) == (202, "in_review")
    assert world.refund(made.json["refund_id"]).movement_id == payment["id"]
    again = anna.post(f"/cases/{case_id}/refunds", body, headers=key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (made.json, "true")
    assert made.json["promised_on"] is not None
    (payment,) = anna.look(case_id, "payments").json["payments"]
    assert payment["actions"] == []


def test_a_timeline_names_the_second_person_beside_their_id(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    world.hold()
    case_id = claim(world, anna)
    chief.get("/me")
    asked = {**WHY, "operation": "release_hold", "case_id": case_id, "cause": "RISK_SCORE"}
    approval_id = anna.post("/approvals", asked).json["id"]
    assert chief.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    body = {**WHY, "cause": "RISK_SCORE", "approval_id": approval_id}
    assert anna.post(f"/cases/{case_id}/hold-releases", body).status == 202
    told = anna.get(f"/cases/{case_id}/timeline").json
    assert told["people"] == [{"id": "agent-1", "name": "Agent-1"}, {"id": "supervisor-1", "name": "Supervisor-1"}]
    names = {entry["reason"]: entry["actor"]["name"] for entry in told["entries"]}
    assert (names["agent.release_hold"], names["agent.approval_approved"]) == ("Agent-1", "Supervisor-1")
    (released,) = [entry for entry in told["entries"] if entry["reason"] == "agent.release_hold"]
    assert released["facts"]["approved_by"] == "supervisor-1"
