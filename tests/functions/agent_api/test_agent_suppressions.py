"""Rules that are not to tell of somebody for a while: who may say so, with whom, until when, and how it is lifted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from functions.agent_api import refusals
from functions.agent_api.shapes.common import Body
from hotline.kit.clock import to_text
from hotline.kit.errors import InvalidInput
from hotline.security.detectors import Stream
from hotline.security.model import SecurityError
from hotline.security.suppressions import SUPPRESSION_MAX
from tests.functions.agent_api.test_agent_accounts import claim
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import SPRAYING, AgentWorld
from tests.support.money_world import ACCOUNT

WHY: Final = {"reason": "customer_asked"}
TRAVEL: Final = "impossible_travel"
THEFT: Final = "reset_device_transfer"
KEY: Final = {"Idempotency-Key": "the-suppression-of-it-1"}


def in_days(world: AgentWorld, days: float) -> str:
    return to_text(world.clock.now() + timedelta(days=days))


def body(world: AgentWorld, rule: str = TRAVEL, days: float = 7) -> dict[str, Any]:
    return {**WHY, "rule": rule, "until": in_days(world, days)}


def of_subject(world: AgentWorld, **changed: Any) -> dict[str, Any]:
    return {**WHY, "about": "source", "subject": SPRAYING, "until": in_days(world, 7), **changed}


def running(client: AgentClient, about: str = "account") -> list[dict[str, Any]]:
    listed = client.get("/suppressions", query={"about": about})
    assert listed.status == 200, listed
    return list(listed.json["suppressions"])


def approved(world: AgentWorld, client: AgentClient, case_id: str, asked: dict[str, Any]) -> str:
    request = client.post("/approvals", {**asked, "operation": "suppress_holding", "case_id": case_id})
    assert request.status == 201, request
    assert (request.json["subject"]["kind"], request.json["subject"]["id"]) == ("suppression", asked["rule"])
    assert request.json["change"] == {"rule": asked["rule"], "until": asked["until"]}
    approval_id = str(request.json["id"])
    decided = supervisor(world.ctx).post(f"/approvals/{approval_id}/decision", {"decision": "approve"})
    assert decided.json["state"] == "approved", decided
    return approval_id


def test_an_agent_suppresses_a_rule_and_lifts_it_again(
    world: AgentWorld, anna: AgentClient, chief: AgentClient
) -> None:
    case_id = claim(world, anna)
    asked = body(world)
    done = anna.post(f"/cases/{case_id}/suppressions", asked)
    assert (done.status, done.json) == (202, {"outcome": "suppressed"})
    told = {"rule": TRAVEL, "since": to_text(world.clock.now()), "until": asked["until"], "reason": "customer_asked"}
    (shown,) = anna.look(case_id, "findings").json["suppressions"]
    assert {name: shown[name] for name in ("rule", "reason")} == {"rule": TRAVEL, "reason": "customer_asked"}
    assert shown["by"]["id"] == "agent-1"
    (one,) = running(chief)
    assert (one["subject"], one["rule"], one["reason"], one["finding_id"]) == (ACCOUNT, TRAVEL, told["reason"], None)
    (entry, *_) = [
        one for one in anna.get(f"/cases/{case_id}/timeline").json["entries"] if one["reason"] == "agent.suppress"
    ]
    assert entry["facts"] == {"outcome": "SUPPRESSED", "rule": TRAVEL, "until": asked["until"], "why": "customer_asked"}
    events = [one["event"] for one in world.audit()]
    assert {"agent.suppress", "rule.suppressed"} <= set(events)
    ended = anna.post(f"/cases/{case_id}/suppression-ends", {**WHY, "rule": TRAVEL})
    assert (ended.status, ended.json) == (202, {"outcome": "ended"})
    assert (anna.look(case_id, "findings").json["suppressions"], running(chief)) == ([], [])
    again = anna.post(f"/cases/{case_id}/suppression-ends", {**WHY, "rule": TRAVEL})
    assert (again.status, again.json["why"]) == (409, "no_such_suppression")


def test_a_rule_that_holds_takes_a_second_person_for_this_rule_and_date(world: AgentWorld, anna: AgentClient) -> None:
    world.find_theft(734_501, holds=False)
    case_id = claim(world, anna)
    asked = body(world, THEFT)
    route = f"/cases/{case_id}/suppressions"
    refused = anna.post(route, asked)
    assert (refused.status, refused.code, refused.json["operation"]) == (403, "second_missing", "suppress_holding")
    approval_id = approved(world, anna, case_id, asked)
    (finding,) = anna.look(case_id, "findings").json["findings"]
    (action,) = finding["actions"]
    assert (action["operation"], action["level"], action["approval"]["id"]) == (
        "suppress_holding",
        "second",
        approval_id,
    )
    longer = {**body(world, THEFT, 20), "approval_id": approval_id}
    assert anna.post(route, longer).code == "second_missing"
    assert anna.post(route, {**body(world, "drain"), "approval_id": approval_id}).code == "second_missing"
    assert anna.post(route, {**asked, "approval_id": approval_id}).json == {"outcome": "suppressed"}
    # It was good for one time.
    assert anna.post(route, {**asked, "approval_id": approval_id}).code == "second_missing"
    # One person lifts it.
    assert anna.post(f"/cases/{case_id}/suppression-ends", {**WHY, "rule": THEFT}).status == 202


def test_an_approval_is_void_once_somebody_else_has_suppressed_the_rule(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    asked = body(world, THEFT)
    first = approved(world, anna, case_id, asked)
    anna.post(f"/cases/{case_id}/suppressions", {**asked, "approval_id": first})
    second = approved(world, anna, case_id, asked)
    anna.post(f"/cases/{case_id}/suppression-ends", {**WHY, "rule": THEFT})
    assert anna.get(f"/approvals/{second}").json["state"] == "void"
    assert anna.post(f"/cases/{case_id}/suppressions", {**asked, "approval_id": second}).status == 403


def test_no_second_person_is_asked_for_a_rule_that_takes_one(world: AgentWorld, anna: AgentClient) -> None:
    asked = {**body(world), "operation": "suppress_holding", "case_id": claim(world, anna)}
    assert anna.post("/approvals", asked).code == "approval_not_needed"


@pytest.mark.parametrize(
    ("changed", "pointer", "fault"),
    [
        ({"rule": "no_rule_of_this_name"}, "#/rule", "no_such_rule"),
        ({"rule": "password_spray"}, "#/rule", "no_such_rule"),
        ({"rule": "agent_browsing"}, "#/rule", "no_such_rule"),
        ({"days": 0}, "#/until", "until_passed"),
        ({"days": SUPPRESSION_MAX.days + 0.01}, "#/until", "suppressed_too_long"),
    ],
)
def test_a_rule_of_accounts_is_suppressed_until_a_date_within_bounds(
    world: AgentWorld, anna: AgentClient, changed: dict[str, Any], pointer: str, fault: str
) -> None:
    case_id = claim(world, anna)
    refused = anna.post(f"/cases/{case_id}/suppressions", body(world, **changed))
    assert (refused.status, refused.json["errors"]) == (400, [{"pointer": pointer, "code": fault}])
    assert anna.post(f"/cases/{case_id}/suppressions", body(world, days=SUPPRESSION_MAX.days)).status == 202


@pytest.mark.parametrize("until", ["2026-11-30", "2026-11-30T12:00:00", "soon"])
def test_a_date_is_a_time_with_a_zone(world: AgentWorld, anna: AgentClient, until: str) -> None:
    case_id = claim(world, anna)
    refused = anna.post(f"/cases/{case_id}/suppressions", {**body(world), "until": until})
    assert (refused.status, refused.code) == (400, "malformed_request")


def test_a_suppression_is_made_once_for_its_key(world: AgentWorld, anna: AgentClient) -> None:
    case_id = claim(world, anna)
    asked = body(world)
    for replayed in (None, "true"):
        done = anna.post(f"/cases/{case_id}/suppressions", asked, headers=KEY)
        assert (done.json, done.headers.get("Idempotency-Replayed")) == ({"outcome": "suppressed"}, replayed)
    other = {**asked, "rule": "two_countries"}
    assert anna.post(f"/cases/{case_id}/suppressions", other, headers=KEY).code == "idempotency_key_reused"
    assert [one["event"] for one in world.audit()].count("rule.suppressed") == 1


def test_supervisors_suppress_the_rule_of_an_address(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    world.find_spray()
    route = "/findings/fnd_spray/suppressions"
    assert anna.post(route, of_subject(world)).code == "role_missing"
    assert chief.post(route, of_subject(world, subject="another")).code == "not_found"
    assert chief.post(route, of_subject(world)).json == {"outcome": "suppressed"}
    (one,) = running(chief, "source")
    assert (one["subject"], one["rule"], one["finding_id"]) == (SPRAYING, "password_spray", "fnd_spray")
    assert (running(chief), running(chief, "party")) == ([], [])
    # The next one is kept and not told; the earlier one waits for a verdict as before.
    world.clock.advance(timedelta(hours=2))
    world.find_spray("fnd_next")
    listed = chief.get("/findings", query={"about": "source"}).json["findings"]
    assert [found["id"] for found in listed] == ["fnd_spray"]
    ends = {**WHY, "about": "source", "subject": SPRAYING}
    assert chief.post("/findings/fnd_next/suppression-ends", ends).json == {"outcome": "ended"}
    world.clock.advance(timedelta(hours=2))
    world.find_spray("fnd_last")
    listed = chief.get("/findings", query={"about": "source"}).json["findings"]
    assert [found["id"] for found in listed] == ["fnd_spray", "fnd_last"]


def test_nobody_suppresses_what_is_found_about_their_own_account(world: AgentWorld) -> None:
    world.find_spray("fnd_party", stream=Stream.PARTY, rule="counterparty_risk", account_id=ACCOUNT)
    own, asked = supervisor(world.ctx, account_id=ACCOUNT), of_subject(world, about="party")
    assert own.post("/findings/fnd_party/suppressions", asked).code == "own_account"
    other = supervisor(world.ctx, "supervisor-2", account_id="acct-of-another")
    assert other.post("/findings/fnd_party/suppressions", asked).status == 202
    assert (len(running(other, "party")), running(own, "party")) == (1, [])
    ends = {**WHY, "about": "party", "subject": SPRAYING}
    assert own.post("/findings/fnd_party/suppression-ends", ends).code == "own_account"


def test_the_list_goes_page_by_page_by_its_end(world: AgentWorld, anna: AgentClient, chief: AgentClient) -> None:
    case_id = claim(world, anna)
    for days, rule in ((9, "two_countries"), (3, "velocity"), (6, TRAVEL)):
        assert anna.post(f"/cases/{case_id}/suppressions", body(world, rule, days)).status == 202
    first = chief.get("/suppressions", query={"about": "account", "limit": "2"}).json
    assert [one["rule"] for one in first["suppressions"]] == ["velocity", TRAVEL]
    rest = chief.get("/suppressions", query={"about": "account", "cursor": first["next"]}).json
    assert [one["rule"] for one in rest["suppressions"]] == ["two_countries"]
    world.clock.advance(timedelta(days=5))
    assert [one["rule"] for one in running(supervisor(world.ctx))] == [TRAVEL, "two_countries"]


# ---------------------------------------------------------------- the field at fault


def test_the_fields_that_refusals_name_are_fields_of_a_body() -> None:
    bodies: list[type[Body]] = [Body, *Body.__subclasses__()]
    fields = {field for body in bodies for one in (body, *body.__subclasses__()) for field in one.model_fields}
    named = {name for names in refusals._FIELDS.values() for name in names} | set(refusals._OF_HOURS.values())
    assert named <= fields


def test_a_refusal_of_a_field_that_was_not_sent_is_one_of_the_body() -> None:
    error = InvalidInput(SecurityError.NO_SUCH_RULE)
    pointers = [refusals.problem_of(error, sent).faults[0].pointer for sent in ({"rule", "until"}, {"until"})]
    assert pointers == ["#/rule", "#"]


@pytest.mark.parametrize("about", ["account", "agent", "planet"])
def test_each_route_takes_its_own_kinds_of_subjects(world: AgentWorld, chief: AgentClient, about: str) -> None:
    world.find_spray()
    in_body, in_query = [{"pointer": "#/about", "code": "enum"}], [{"pointer": "about", "code": "enum"}]
    for part, asked in (
        ("suppressions", of_subject(world, about=about)),
        ("suppression-ends", {**WHY, "about": about, "subject": SPRAYING}),
    ):
        refused = chief.post(f"/findings/fnd_spray/{part}", asked)
        assert (refused.status, refused.json["errors"]) == (400, in_body)
    for route, is_taken in (("/suppressions", about == "account"), ("/findings", about != "planet")):
        answered = chief.get(route, query={"about": about})
        assert (answered.status, answered.json.get("errors")) == ((200, None) if is_taken else (400, in_query))
