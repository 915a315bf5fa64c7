"""The deployed API over HTTP, with tokens that are really signed and really verified."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES, SCOPES
from hotline_local.issuer import AUDIENCE
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack
from tests.support.stack_calls import ask, token

pytestmark = pytest.mark.slow

PROTECTED = sorted(route for route, scope in ROUTES.items() if scope != PUBLIC)


@pytest.fixture(scope="module")
def stack(running_stack: RunningStack) -> Stack:
    return running_stack.stack


def asked(stack: Stack, route: str, bearer: str | None) -> int:
    """The status of a request to a route, with some id where it takes one."""
    method, _, path = route.partition(" ")
    return ask(stack, method, path.replace("{id}", "some-id"), bearer=bearer, body={} if method == "POST" else None)[0]


def test_a_number_from_the_official_list_is_found_genuine(stack: Stack) -> None:
    status, listed = ask(stack, "GET", "/v1/hotline/numbers")
    assert status == 200
    for number in listed["numbers"]:
        asked_for = f"/v1/hotline/numbers/verify?number=%2B{number.removeprefix('+')}"
        assert ask(stack, "GET", asked_for) == (200, {"genuine": True})
    other = ask(stack, "GET", "/v1/hotline/numbers/verify?number=%2B8613800000001")
    assert other == (200, {"genuine": False})


def test_a_refusal_passes_the_gateway_as_a_problem(stack: Stack) -> None:
    status, problem = ask(stack, "GET", "/v1/hotline/numbers/verify")
    assert (status, problem["code"]) == (400, "malformed_request")


def test_a_path_outside_of_v1_does_not_reach_the_function(stack: Stack) -> None:
    status, answer = ask(stack, "GET", "/nothing")
    assert status == 404
    assert "code" not in answer


def test_a_path_or_method_that_there_is_not_is_a_problem(stack: Stack) -> None:
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/hotline/numbers", 405, "method_not_allowed"),
        ("PATCH", "/v1/me/lock", 405, "method_not_allowed"),
    ):
        found, problem = ask(stack, method, path)
        assert (found, problem["code"]) == (status, code)


def foreign(stack: Stack) -> str:
    """A token of the right form, signed by a key that is not the issuer's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(token(stack, "acct-foreign"), options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})


def unsigned(stack: Stack) -> str:
    claims = jwt.decode(token(stack, "acct-unsigned"), options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "1"})


def meddled(stack: Stack) -> str:
    """A good token whose account was changed afterwards."""
    head, payload, signature = token(stack, "acct-meddled").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "==")) | {"sub": "acct-somebody-else"}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def wrong_audience(stack: Stack) -> str:
    return token(stack, "acct-1", aud=f"not-{AUDIENCE}")


def wrong_issuer(stack: Stack) -> str:
    return token(stack, "acct-1", iss="https://login.elsewhere.example")


def expired(stack: Stack) -> str:
    return token(stack, "acct-1", exp=int(time.time()) - 60)


@pytest.mark.parametrize("bad", [foreign, unsigned, meddled, wrong_audience, wrong_issuer, expired])
@pytest.mark.parametrize("route", ["GET /v1/me/lock", "POST /v1/me/refunds", "POST /v1/challenges"])
def test_a_token_that_is_not_the_issuers_own_for_this_api_gets_nowhere(stack: Stack, bad: Any, route: str) -> None:
    assert asked(stack, route, bad(stack)) == 401


@pytest.mark.parametrize("route", PROTECTED)
def test_every_route_for_customers_asks_for_a_token_and_its_scope(stack: Stack, route: str) -> None:
    assert asked(stack, route, None) == 401
    scope = ROUTES[route]
    if scope != ANY_SCOPE:
        others = [other for other in SCOPES if other != scope]
        assert asked(stack, route, token(stack, "acct-scopes", scopes=others)) == 403
    # With the scope the request reaches the function, which knows no such account or finds the body wanting.
    assert asked(stack, route, token(stack, "acct-scopes")) in (400, 404)


def test_a_body_in_chinese_and_an_id_with_signs_pass_the_gateway_unchanged(stack: Stack) -> None:
    bearer = token(stack, "acct-signs")
    status, problem = ask(stack, "GET", "/v1/me/payments/mov%3A1", bearer=bearer, headers={"Accept-Language": "zh"})
    assert (status, problem["code"]) == (404, "unknown_account")
    assert problem["title"] == "热线没有此账户的信息。"
