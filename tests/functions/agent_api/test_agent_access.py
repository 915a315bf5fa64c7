"""Tokens at the agents' API: whose they are, how old, and what scope and role let somebody do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.agent_api.access import ROUTES
from functions.http import problems
from functions.http.quota import REQUESTS_MAX
from hotline.agents.model import TOKEN_LIFE, Permission, Role
from hotline.cases.service import AGENT_NOTE_CHARACTERS_MAX
from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.kit.languages import LANGUAGES
from hotline.wording.catalogue import find
from hotline_local.openapi import EVERYWHERE
from tests.support.agent_client import SCOPES, AgentClient
from tests.support.agent_document import DOCUMENT
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Client
from tests.support.log_lines import lines, logged
from tests.support.money_world import ACCOUNT
from tests.support.sweeps import sweep

LIFE_S = int(TOKEN_LIFE.total_seconds())


def path_of(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    for name in ("{id}", "{refund}", "{finding}"):
        path = path.replace(name, "some-id-1")
    return method, path


def epoch(world: AgentWorld, ahead_s: int = 0) -> str:
    return str(int((world.clock.now() + timedelta(seconds=ahead_s)).timestamp()))


@sweep("route", sorted(ROUTES))
def test_every_route_is_shut_without_a_token(world: AgentWorld, route: str) -> None:
    refused = AgentClient(world.ctx, None).ask(*path_of(route), body={})
    assert (refused.status, refused.code) == (401, "invalid_token")


@sweep("route", sorted(ROUTES))
def test_every_route_is_shut_to_a_token_without_its_scope(world: AgentWorld, route: str) -> None:
    others = [scope for scope in SCOPES if scope != ROUTES[route].value]
    refused = AgentClient(world.ctx, roles=tuple(Role), scopes=others).ask(*path_of(route), body={})
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert f'scope="{ROUTES[route].value}"' in refused.headers["WWW-Authenticate"]


@sweep("route", sorted(ROUTES))
def test_every_route_is_shut_to_a_token_with_its_scope_and_without_a_role(world: AgentWorld, route: str) -> None:
    refused = AgentClient(world.ctx, roles=()).ask(*path_of(route), body={})
    assert (refused.status, refused.code) == (403, "role_missing")


def test_an_agent_has_no_permission_of_supervisors(world: AgentWorld, anna: AgentClient) -> None:
    for route in sorted(ROUTES):
        if ROUTES[route] in (Permission.APPROVE, Permission.MANAGE, Permission.REPORT):
            refused = anna.ask(*path_of(route), body={})
            assert (refused.status, refused.code) == (403, "role_missing"), route


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": "+8613800000001"},
        {"sub": "a#b"},
        {"sub": "x" * 65},
        {"sub": ["agent-1"]},
        {"iat": None},
        {"iat": "soon"},
        {"exp": None},
        {"exp": "9" * 400},
        {"exp": "1"},
    ],
)
def test_a_token_that_says_too_little_is_not_believed(world: AgentWorld, claims: dict[str, Any]) -> None:
    refused = AgentClient(world.ctx, claims=claims).get("/me")
    assert (refused.status, refused.code) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("issued_s", "ends_s", "status"),
    [
        (-LIFE_S + 1, 1, 200),
        (-LIFE_S, 1, 401),
        (-LIFE_S - 1, 1, 401),
        (0, LIFE_S, 200),
        (0, LIFE_S + 1, 401),
        (60, LIFE_S, 200),
        (1, LIFE_S + 1, 200),
        (60, LIFE_S + 60, 200),
        (60, LIFE_S + 61, 401),
        (61, LIFE_S, 401),
        (-1, 0, 401),
    ],
)
def test_a_token_is_believed_for_fifteen_minutes_and_may_not_live_longer(
    world: AgentWorld, issued_s: int, ends_s: int, status: int
) -> None:
    claims = {"iat": epoch(world, issued_s), "exp": epoch(world, ends_s)}
    assert AgentClient(world.ctx, claims=claims).get("/me").status == status


def test_a_role_that_was_taken_away_is_gone_with_the_next_token(world: AgentWorld) -> None:
    case_id = world.open_case()
    claimed = AgentClient(world.ctx).post(f"/cases/{case_id}/claim")
    assert claimed.status == 200
    refused = AgentClient(world.ctx, roles=()).post(f"/cases/{case_id}/notes", {"text": "still here"})
    assert (refused.status, refused.code) == (403, "role_missing")


def test_a_customers_token_opens_nothing_here_and_an_agents_nothing_there(world: AgentWorld) -> None:
    customer = Client(world.ctx, ACCOUNT)
    event = customer.event("GET", "/v1/me/lock")
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"] | {"iat": epoch(world)}
    refused = AgentClient(world.ctx, claims={**claims, "exp": epoch(world, 60), "cognito:groups": None}).get("/me")
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    agent = AgentClient(world.ctx).event("GET", "/me")["requestContext"]["authorizer"]["jwt"]["claims"]
    there = Client(world.ctx, ACCOUNT, claims={**agent, "sid": "sid-1"}).ask("GET", "/v1/me/lock")
    assert (there.status, there.code) == (403, "insufficient_scope")


def test_unknown_roles_and_scopes_are_passed_over(world: AgentWorld) -> None:
    me = AgentClient(world.ctx, claims={"cognito:groups": "[agents admins]", "scope": "openid desk/read"}).get("/me")
    assert me.json["roles"] == ["agents"]
    assert me.json["permissions"] == ["desk/read"]


def test_the_agent_is_told_who_they_are(world: AgentWorld, chief: AgentClient) -> None:
    me = chief.get("/me")
    assert me.status == 200
    assert me.json == {
        "agent_id": "supervisor-1",
        "username": "Supervisor-1",
        "roles": ["agents", "supervisors"],
        "permissions": sorted(SCOPES),
        "token_ends_at": (world.clock.now() + TOKEN_LIFE).isoformat().replace("+00:00", "Z"),
        "live_contacts": [],
        "time_zone": "UTC",
        "limits": {"note_characters": AGENT_NOTE_CHARACTERS_MAX, "refund_note_characters": NOTE_CHARACTERS_MAX},
    }


def test_the_limits_of_texts_are_those_of_the_description(chief: AgentClient) -> None:
    forms = DOCUMENT["components"]["schemas"]
    told = chief.get("/me").json["limits"]
    assert forms["Note"]["properties"]["text"]["maxLength"] == told["note_characters"]
    for form in ("Close", "Transfer"):
        assert f"'maxLength': {told['note_characters']}" in str(forms[form]["properties"]["note"])
    assert f"'maxLength': {told['refund_note_characters']}" in str(forms["RefundAsked"]["properties"]["note"])


@pytest.mark.parametrize("name", [None, "", "\u202e", " "])
def test_an_agent_without_a_name_is_called_by_their_id(world: AgentWorld, name: str | None) -> None:
    assert AgentClient(world.ctx, claims={"username": name}).get("/me").json["username"] == "agent-1"


def test_an_agent_may_ask_so_often_a_minute(world: AgentWorld, anna: AgentClient) -> None:
    event = anna.event("GET", "/me")
    for _ in range(REQUESTS_MAX):
        assert anna.send(event).status == 200
    refused = anna.send(event)
    assert (refused.status, refused.code) == (429, "quota_exceeded")
    assert AgentClient(world.ctx, "agent-2").get("/me").status == 200


def test_another_method_or_path_is_refused_as_that(anna: AgentClient) -> None:
    refused = anna.ask("DELETE", "/me")
    assert (refused.status, refused.code, refused.headers["Allow"]) == (405, "method_not_allowed", "GET")
    assert anna.get("/nothing").code == "not_found"
    assert anna.get("/v1/me/lock").code == "not_found"


def test_every_code_has_a_title_in_every_language() -> None:
    for code in (*problems.OF_AGENTS, *EVERYWHERE):
        for language in LANGUAGES:
            assert find(f"problem.{code}", language), (code, language)
    assert not problems.OF_AGENTS.keys() & problems.STATUSES.keys()
    assert set(EVERYWHERE) <= problems.STATUSES.keys()


def test_every_request_is_logged_with_the_agent_and_its_answer(anna: AgentClient) -> None:
    with logged() as log:
        anna.get("/me")
    told = lines(log)
    assert [line["event"] for line in told] == ["HL072", "HL071"]
    assert told[0]["actor"] == "agent:agent-1"
    assert {line["correlation_id"] for line in told} == {"request-1"}
