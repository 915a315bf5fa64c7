"""The parts that supervisors edit at the agents' API: hours, banner, numbers, merchants' policies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Answered

HOURS: dict[str, Any] = {
    "timezone": "Asia/Shanghai",
    "weekly": [
        *({"day": day, "opens": "08:00", "closes": "22:00"} for day in range(1, 6)),
        {"day": 6, "opens": "09:00", "closes": "12:00"},
        {"day": 6, "opens": "13:00", "closes": "00:00"},
    ],
    "special_days": [
        {"date": "2027-02-05", "name": "Eve", "opens": "08:00", "closes": "12:00"},
        {"date": "2027-02-06", "name": "春节", "opens": None, "closes": None},
    ],
}
TERMS: dict[str, Any] = {"window_days": 14, "partial": True, "auto_approve_minor": 5000, "categories": ["food", "b"]}
NUMBERS = ["+864008001234", "+18005550199"]


def put(client: AgentClient, path: str, body: Any, etag: str | None = '"0"') -> Answered:
    return client.ask("PUT", path, body=body, headers={"If-Match": etag})


def banner(world: AgentWorld, **own: Any) -> dict[str, Any]:
    now = world.clock.now()
    return {
        "words": {"zh-CN": "支付可能延迟。", "en-US": "Payments may be late."},
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "short_menu": True,
        **own,
    }


def approved(world: AgentWorld, client: AgentClient, **asked: Any) -> str:
    request = client.post("/approvals", {"reason": "correction", **asked})
    assert request.status == 201, request
    other = supervisor(world.ctx, "supervisor-2")
    assert other.post(f"/approvals/{request.json['id']}/decision", {"decision": "approve"}).status == 200
    return str(request.json["id"])


def test_hours_are_edited_and_read_as_they_were_written(world: AgentWorld, chief: AgentClient) -> None:
    before = chief.get("/hours")
    assert (before.json["version"], before.json["open"], before.headers["ETag"]) == (0, True, '"0"')
    chief.get("/me")
    saved = put(chief, "/hours", HOURS)
    assert saved.status == 200
    assert {name: saved.json[name] for name in HOURS} == HOURS
    assert (saved.json["edited_by"], saved.headers["ETag"]) == ("supervisor-1", '"1"')
    assert saved.json["editor"] == {"id": "supervisor-1", "name": "Supervisor-1"}
    assert AgentClient(world.ctx).get("/hours").json == saved.json
    assert put(chief, "/hours", HOURS, '"1"').headers["ETag"] == '"2"'


@pytest.mark.parametrize("part", ["hours", "banner"])
def test_an_edit_names_the_version_that_its_editor_saw(world: AgentWorld, chief: AgentClient, part: str) -> None:
    body = HOURS if part == "hours" else banner(world)
    for etag, status, code in ((None, 428, "precondition_required"), ('"1"', 412, "precondition_failed")):
        refused = put(chief, f"/{part}", body, etag)
        assert (refused.status, refused.code) == (status, code)
    assert put(chief, f"/{part}", body).status == 200
    assert put(supervisor(world.ctx, "supervisor-2"), f"/{part}", body).status == 412


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"weekly": [{"day": 0, "opens": "08:00", "closes": "09:00"}]},
        {"weekly": [{"day": 1, "opens": "24:00", "closes": "09:00"}]},
        {"weekly": [{"day": 1, "opens": "10:00", "closes": "09:00"}]},
        {"weekly": [{"day": 1, "opens": "08:00", "closes": "10:00"}, {"day": 1, "opens": "09:00", "closes": "11:00"}]},
        {"weekly": [{"day": 1, "opens": "08:00", "closes": f"{hour:02d}:00"} for hour in range(9, 14)]},
        {"special_days": [{"date": "2027-02-30", "name": "x"}]},
        {"special_days": [{"date": "2027-02-05", "name": ""}]},
        {"special_days": [{"date": "2027-02-05", "name": "x", "opens": "08:00"}]},
        {"special_days": [{"date": "2027-02-05", "name": "x"}, {"date": "2027-02-05", "name": "x"}]},
        {
            "special_days": [
                {"date": f"2027-{month:02d}-{day:02d}", "name": "x"} for month in (1, 3) for day in range(1, 27)
            ]
        },
    ],
)
def test_hours_that_cannot_be_are_refused(chief: AgentClient, change: Any) -> None:
    refused = put(chief, "/hours", {**HOURS, **change})
    assert (refused.status, refused.code) == (400, "malformed_request")
    (part,) = change
    assert all(one["pointer"].startswith(f"#/{part}") for one in refused.json["errors"]), refused.json["errors"]
    assert chief.get("/hours").json["version"] == 0


def test_a_banner_is_put_up_for_a_time_and_taken_down(world: AgentWorld, chief: AgentClient) -> None:
    up = put(chief, "/banner", banner(world))
    assert (up.status, up.json["holds"], up.json["short_menu"]) == (200, True, True)
    assert up.json["words"]["en-US"] == "Payments may be late."
    world.clock.advance(timedelta(hours=2))
    assert chief.get("/banner").json["holds"] is False
    down = put(chief, "/banner", {}, '"1"')
    assert (down.json["words"], down.json["holds"]) == (None, False)


@pytest.mark.parametrize(
    "change",
    [
        {"words": {"en-US": "Only English."}},
        {"words": {"zh-CN": "你好", "en-US": "", "de-DE": "Hallo"}},
        {"words": {"zh-CN": "你好", "en-US": "\u202e"}},
        {"words": {"zh-CN": "你好", "en-US": "x" * 201}},
        {"words": None},
        {"words": None, "starts_at": None, "ends_at": None, "short_menu": True},
        {"starts_at": None},
        {"ends_at": "2026-11-23T13:00:00"},
        {"ends_at": "2026-11-23T11:00:00Z"},
        {"ends_at": "2026-12-23T11:00:00Z"},
    ],
)
def test_a_banner_that_cannot_be_is_refused(world: AgentWorld, chief: AgentClient, change: Any) -> None:
    refused = put(chief, "/banner", banner(world, **change))
    assert refused.status == 400
    assert {one["pointer"] for one in refused.json["errors"]} <= {f"#/{name}" for name in change} | {"#/words"}
    assert chief.get("/banner").json["version"] == 0


def test_official_numbers_take_two_supervisors(world: AgentWorld, chief: AgentClient, anna: AgentClient) -> None:
    (action,) = chief.get("/numbers").json["actions"]
    assert (action["operation"], action["level"], action["approval"]) == ("edit_numbers", "second", None)
    assert anna.get("/numbers").json["actions"] == []
    body = {"numbers": NUMBERS, "reason": "correction"}
    refused = put(chief, "/numbers", body)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "second_missing", "edit_numbers")
    approval_id = approved(world, chief, operation="edit_numbers", numbers=NUMBERS)
    (action,) = chief.get("/numbers").json["actions"]
    assert (action["approval"]["state"], action["approval"]["change"]) == ("approved", {"numbers": NUMBERS})
    other = put(chief, "/numbers", {**body, "numbers": ["+18005550000"], "approval_id": approval_id})
    assert (other.code, other.json["why"]) == ("second_missing", "approval_other")
    saved = put(chief, "/numbers", {**body, "approval_id": approval_id})
    assert (saved.status, saved.json["numbers"], saved.json["version"]) == (200, NUMBERS, 1)
    assert saved.json["actions"][0]["approval"] is None


@pytest.mark.parametrize("numbers", [[], ["12345"], ["+864008001234"] * 2, ["+86400800123４"]])
def test_numbers_that_are_none_are_refused_also_with_a_second_person(
    world: AgentWorld, chief: AgentClient, numbers: list[str]
) -> None:
    request = chief.post("/approvals", {"operation": "edit_numbers", "numbers": numbers, "reason": "correction"})
    if request.status == 201:
        other = supervisor(world.ctx, "supervisor-2")
        other.post(f"/approvals/{request.json['id']}/decision", {"decision": "approve"})
    body = {"numbers": numbers, "reason": "correction", "approval_id": request.json.get("id") or "apr_1"}
    assert put(chief, "/numbers", body).status in (400, 403)
    assert chief.get("/numbers").json["version"] == 0


def test_a_policy_is_published_by_two_supervisors(world: AgentWorld, chief: AgentClient) -> None:
    empty = chief.get("/merchants/mer-1/policy")
    assert (empty.json["version"], empty.json["auto_approve_minor"], empty.headers["ETag"]) == (0, 0, '"0"')
    body = {**TERMS, "reason": "correction"}
    assert put(chief, "/merchants/mer-1/policy", body).code == "second_missing"
    approval_id = approved(world, chief, operation="publish_policy", merchant_id="mer-1", **TERMS)
    (action,) = chief.get("/merchants/mer-1/policy").json["actions"]
    assert action["approval"]["change"] == {**TERMS, "categories": ["b", "food"]}
    assert action["subject"] == {"kind": "merchant", "id": "mer-1", "version": "0"}
    assert put(chief, "/merchants/mer-1/policy", {**body, "approval_id": approval_id}, '"1"').status == 412
    dearer = {**body, "auto_approve_minor": 5001, "approval_id": approval_id}
    assert put(chief, "/merchants/mer-1/policy", dearer).json["why"] == "approval_other"
    saved = put(chief, "/merchants/mer-1/policy", {**body, "approval_id": approval_id})
    assert (saved.status, saved.json["version"], saved.headers["ETag"]) == (200, 1, '"1"')
    assert saved.json["categories"] == ["b", "food"]


def test_a_policy_tells_what_needs_no_evidence_and_how_long_the_merchant_takes(
    world: AgentWorld, chief: AgentClient
) -> None:
    terms = {**TERMS, "evidence_above_minor": 20_000, "answer_days": 5}
    approval_id = approved(world, chief, operation="publish_policy", merchant_id="mer-1", **terms)
    (action,) = chief.get("/merchants/mer-1/policy").json["actions"]
    assert action["approval"]["change"] == {**terms, "categories": ["b", "food"]}
    body = {**terms, "reason": "correction", "approval_id": approval_id}
    slower = put(chief, "/merchants/mer-1/policy", {**body, "answer_days": 6})
    assert (slower.code, slower.json["why"]) == ("second_missing", "approval_other")
    saved = put(chief, "/merchants/mer-1/policy", body).json
    assert (saved["evidence_above_minor"], saved["answer_days"]) == (20_000, 5)
    approval_id = approved(world, chief, operation="publish_policy", merchant_id="mer-1", **TERMS)
    again = put(
        chief, "/merchants/mer-1/policy", {**TERMS, "reason": "correction", "approval_id": approval_id}, '"1"'
    ).json
    assert (again["evidence_above_minor"], again["answer_days"]) == (None, None)


def test_the_second_person_reads_which_rules_and_numbers_go_away(world: AgentWorld, chief: AgentClient) -> None:
    terms = {**TERMS, "evidence_above_minor": 20_000, "answer_days": 5}
    approval_id = approved(world, chief, operation="publish_policy", merchant_id="mer-1", **terms)
    put(chief, "/merchants/mer-1/policy", {**terms, "reason": "correction", "approval_id": approval_id})
    fewer = {**TERMS, "answer_days": 5, "categories": ["food"]}
    asked = {"operation": "publish_policy", "merchant_id": "mer-1", "reason": "correction", **fewer}
    change = chief.post("/approvals", asked).json["change"]
    assert change == {**fewer, "removed": ["evidence_above_minor"], "categories_removed": ["b"]}

    approval_id = approved(world, chief, operation="edit_numbers", numbers=NUMBERS)
    put(chief, "/numbers", {"numbers": NUMBERS, "reason": "correction", "approval_id": approval_id})
    one = {"operation": "edit_numbers", "numbers": NUMBERS[:1], "reason": "correction"}
    assert chief.post("/approvals", one).json["change"] == {"numbers": NUMBERS[:1], "numbers_removed": NUMBERS[1:]}


@pytest.mark.parametrize("field", [{"answer_days": 0}, {"answer_days": 61}, {"evidence_above_minor": -1}])
def test_a_policy_beyond_the_limits_of_the_contract_is_refused(chief: AgentClient, field: dict[str, int]) -> None:
    body = {**TERMS, **field, "reason": "correction"}
    assert put(chief, "/merchants/mer-1/policy", body).status == 400


def test_an_approval_of_two_categories_is_not_good_for_one_that_holds_both(
    world: AgentWorld, chief: AgentClient
) -> None:
    terms = {**TERMS, "categories": ["digital", "tickets"]}
    approval_id = approved(world, chief, operation="publish_policy", merchant_id="mer-1", **terms)
    for joined in ("digital,tickets", "digital\ttickets"):
        body = {**TERMS, "categories": [joined], "reason": "correction", "approval_id": approval_id}
        assert put(chief, "/merchants/mer-1/policy", body).status in (400, 403)
    assert chief.get("/merchants/mer-1/policy").json["version"] == 0


def test_an_agent_asks_for_no_policy(world: AgentWorld, anna: AgentClient) -> None:
    body = {"operation": "publish_policy", "merchant_id": "mer-1", "reason": "correction", **TERMS}
    refused = anna.post("/approvals", body)
    assert (refused.status, refused.code) == (403, "role_missing")
