"""Access to the API, and malformed requests: tokens, scopes, quota, and any input that a client may send."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.customer_api.access import ANY_SCOPE, PUBLIC, ROUTES
from functions.customer_api.app import answer_request
from functions.customer_api.settings import TokenSettings
from functions.http import problems
from functions.http.quota import REQUESTS_MAX
from functions.http.requests import BODY_BYTES_MAX
from hotline.kit.errors import Unavailable
from hotline.kit.languages import LANGUAGES
from hotline.wording.catalogue import find
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.api_world import OTHER, ApiWorld
from tests.support.log_lines import lines, logged
from tests.support.sweeps import sweep

OFFICIAL = "+864008001234"
PROTECTED = sorted(route for route, scope in ROUTES.items() if scope != PUBLIC)
SCOPED = sorted(route for route, scope in ROUTES.items() if scope not in (PUBLIC, ANY_SCOPE))
WITH_BODY = (
    "POST /v1/challenges",
    "POST /v1/challenges/{id}/answers",
    "POST /v1/me/refunds",
    "POST /v1/recoveries",
    "POST /v1/recoveries/{id}/codes",
)


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    made = ApiWorld(store, clock)
    made.ctx = replace(made.ctx, official_numbers=(OFFICIAL, "+498001234567"))
    return made


def event_of(client: Client, route: str, **own: Any) -> dict[str, Any]:
    method, _, path = route.partition(" ")
    return client.event(method, path.replace("{id}", "some-id-1"), **own)


# ---------------------------------------------------------------- tokens and scopes


@sweep("route", PROTECTED)
def test_a_route_for_customers_is_shut_without_a_token(world: ApiWorld, route: str) -> None:
    refused = world.client(None).send(event_of(world.client(None), route, body={}))
    assert (refused.status, refused.code) == (401, "invalid_token")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@sweep("route", SCOPED)
def test_a_route_is_shut_to_a_token_without_its_scope(world: ApiWorld, route: str) -> None:
    others = tuple(scope for scope in set(ROUTES.values()) if scope != ROUTES[route])
    client = world.client(scopes=others)
    refused = client.send(event_of(client, route, body={}))
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert f'scope="{ROUTES[route]}"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": "1763899199"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": "9" * 400},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "+8613800000001"},
        {"sub": "a#b"},
        {"sub": "x" * 65},
        {"sub": ["acct-1"]},
        {"sid": None},
        {"sid": 7},
    ],
)
def test_a_token_that_says_too_little_or_is_over_is_not_believed(world: ApiWorld, claims: dict[str, Any]) -> None:
    refused = world.client(claims=claims).ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code) == (401, "invalid_token")


def test_a_tokens_own_id_stands_for_a_sign_in_that_is_not_named(world: ApiWorld) -> None:
    assert world.client(claims={"sid": None, "jti": "token-1"}).ask("GET", "/v1/me/lock").status == 200


@pytest.mark.parametrize("auth_time", [None, "now", "-1", "1e9"])
def test_a_sign_in_without_a_time_is_no_proof(world: ApiWorld, auth_time: str | None) -> None:
    refused = world.client(claims={"auth_time": auth_time}).ask("GET", "/v1/me/lock")
    assert refused.code == "insufficient_user_authentication"


@pytest.mark.parametrize(("ahead_s", "status"), [(60, 202), (61, 401)])
def test_a_sign_in_may_be_a_minute_ahead_of_our_clock(world: ApiWorld, ahead_s: int, status: int) -> None:
    ahead = str(int((world.clock.now() + timedelta(seconds=ahead_s)).timestamp()))
    assert world.client(claims={"auth_time": ahead}).ask("POST", "/v1/me/freeze").status == status


def test_a_fresh_sign_in_is_not_lent_to_a_token_that_tells_of_an_old_one(world: ApiWorld) -> None:
    strong = world.client()
    assert strong.ask("POST", "/v1/me/freeze").status == 202
    long_ago = str(int((world.clock.now() - timedelta(hours=1)).timestamp()))
    weak = world.client(claims={"auth_time": long_ago})
    assert weak.ask("GET", "/v1/me/lock").code == "insufficient_user_authentication"


def test_two_clients_of_one_sign_in_prove_each_for_itself(world: ApiWorld) -> None:
    world.lock_out()
    world.client().prove("unlock")
    assert world.client(claims={"client_id": "app-2"}).ask("POST", "/v1/me/unlock").status == 401


def test_a_sign_in_a_little_in_the_future_counts_from_now(world: ApiWorld) -> None:
    ahead = str(int((world.clock.now() + timedelta(seconds=60)).timestamp()))
    client = world.client(claims={"auth_time": ahead})
    client.ask("POST", "/v1/me/freeze")
    stored = client.state
    assert stored is not None
    assert [factor.until for factor in stored.factors] == [world.clock.now() + timedelta(minutes=10)]


@pytest.mark.parametrize("scope", ["account.read", "[openid account.read]", "openid account.read"])
def test_scopes_are_read_as_the_gateway_writes_them(world: ApiWorld, scope: str) -> None:
    assert world.client(claims={"scope": scope}).ask("GET", "/v1/me/lock").status == 200
    assert world.client(claims={"scope": None, "scp": scope}).ask("GET", "/v1/me/lock").status == 200


def test_an_issuer_may_prefix_scopes_and_name_the_account_in_a_claim_of_its_own(world: ApiWorld) -> None:
    settings = TokenSettings(account_claim="wallet_account", scope_prefix="hotline/")
    claims = {"sub": "user-7", "wallet_account": "acct-1", "scope": "hotline/account.read"}
    assert world.client(settings=settings, claims=claims).ask("GET", "/v1/me/lock").status == 200
    assert (
        world.client(settings=settings, claims={**claims, "scope": "account.read"}).ask("GET", "/v1/me/lock").status
        == 403
    )


def test_the_account_comes_from_the_token_and_from_nowhere_else(world: ApiWorld) -> None:
    world.lock_out()
    other = world.client(OTHER)
    assert other.ask("GET", "/v1/me/lock").json["state"] == "OPEN"
    assert other.ask("GET", "/v1/me/lock", query={"account": "acct-1"}).status == 400
    assert other.ask("GET", "/v1/me/lock", headers={"X-Account": "acct-1"}).json["state"] == "OPEN"


def test_a_path_that_does_not_exist_is_a_problem(world: ApiWorld) -> None:
    for method, path in (("GET", "/v1/nothing"), ("GET", "/v1/me/lock/more"), ("GET", "/")):
        refused = world.client().ask(method, path)
        assert (refused.status, refused.code) == (404, "not_found")


# ---------------------------------------------------------------- the quota


def test_an_account_has_a_quota_a_minute_and_every_answer_tells_what_is_left(world: ApiWorld) -> None:
    client = world.client()
    for number in range(REQUESTS_MAX):
        told = client.ask("GET", "/v1/me/lock")
        assert told.status == 200
        assert told.headers["RateLimit"] == f'"account";r={REQUESTS_MAX - number - 1};t=60'
    refused = client.ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "quota_exceeded", "60")
    assert refused.headers["RateLimit"] == '"account";r=0;t=60'
    assert world.client(sign_in="sid-2").ask("GET", "/v1/me/lock").status == 429
    assert world.client(OTHER).ask("GET", "/v1/me/lock").status == 200
    world.clock.advance(timedelta(seconds=60))
    assert world.client().ask("GET", "/v1/me/lock").status == 200


def test_a_refused_request_tells_the_quota_too(world: ApiWorld) -> None:
    told = world.client().ask("GET", "/v1/me/payments", query={"limit": "0"})
    assert told.headers["RateLimit-Policy"] == f'"account";q={REQUESTS_MAX};w=60'


# ---------------------------------------------------------------- what is no request


@pytest.mark.parametrize("route", WITH_BODY)
@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "7",
        "{}",
        '{"code": NaN}',
        '{"code": 1e999}',
        '{"code": Infinity}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "\ud800",
        '{"code": "\\ud800"}',
        '{"payment_id": "\\u0000", "reason": "other"}',
        '{"payment_id": "mov-1", "reason": "other", "note": "\\ud800"}',
        '{"unheard_of": "secret-of-the-caller"}',
    ],
    ids=lambda body: body[:24].encode("ascii", "replace").decode(),
)
def test_a_body_that_is_no_such_json_is_refused_and_not_repeated(world: ApiWorld, route: str, body: str) -> None:
    client = world.client()
    headers = {"Idempotency-Key": "k" * 16, "Content-Type": "application/json"}
    refused = client.send(event_of(client, route, body=body, headers=headers))
    assert refused.status in (400, 404)
    assert refused.code in ("malformed_request", "not_found")
    assert "secret" not in str(refused.json)
    assert "unheard" not in str(refused.json)


def test_a_body_may_come_in_base64_and_is_refused_when_it_is_none(world: ApiWorld) -> None:
    client = world.client()
    body = json.dumps({"operation": "unlock", "method": "sms"})
    event = client.event("POST", "/v1/challenges", body=base64.b64encode(body.encode()).decode())
    assert client.send(event | {"isBase64Encoded": True}).status == 201
    assert client.send(event | {"isBase64Encoded": True, "body": "%%%"}).status == 400


@pytest.mark.parametrize(("bytes_", "status"), [(BODY_BYTES_MAX, 400), (BODY_BYTES_MAX + 1, 413)])
def test_a_body_over_300_kilobytes_is_not_looked_at(world: ApiWorld, bytes_: int, status: int) -> None:
    body = json.dumps({"operation": "unlock", "method": "sms", "x": ""})
    body = body[:-2] + "x" * (bytes_ - len(body)) + body[-2:]
    assert len(body) == bytes_
    assert world.client().ask("POST", "/v1/challenges", body=body).status == status


def test_another_kind_of_content_is_refused(world: ApiWorld) -> None:
    for kind in ("text/xml", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"):
        body = '{"operation": "unlock", "method": "sms"}'
        refused = world.client().ask("POST", "/v1/challenges", body=body, headers={"Content-Type": kind})
        assert (refused.status, refused.code) == (415, "unsupported_media_type")
    named = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert world.client().ask("POST", "/v1/challenges", body=body, headers=named).status == 201


def test_a_flood_of_headers_changes_nothing(world: ApiWorld) -> None:
    flood = {f"X-Header-{number}": "x" * 1000 for number in range(500)}
    flood["Accept-Language"] = "zh," * 10_000
    assert world.client().ask("GET", "/v1/me/lock", headers=flood).status == 200


@pytest.mark.parametrize(
    "query",
    [{"account": "acct-2"}, {"limit": ""}, {"limit": "1e1"}, {"limit": "9" * 30}, {"status": "all"}, {"cursor": ""}],
)
def test_a_parameter_that_means_nothing_is_refused(world: ApiWorld, query: dict[str, str]) -> None:
    refused = world.client().ask("GET", "/v1/me/payments", query=query)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert "acct-2" not in str(refused.json)


@pytest.mark.parametrize("event", [{}, {"routeKey": None}, {"routeKey": "GET /v1/me/lock"}, {"requestContext": []}])
def test_an_event_of_no_known_form_is_a_problem_not_an_error(world: ApiWorld, event: dict[str, Any]) -> None:
    assert world.client().send(event).status in (401, 404)


# ---------------------------------------------------------------- answers


def test_every_answer_is_kept_by_nobody_and_is_what_it_says(world: ApiWorld) -> None:
    for told in (world.client().ask("GET", "/v1/me/lock"), world.client(None).ask("GET", "/v1/nothing")):
        assert told.headers["Cache-Control"] == "no-store"
        assert told.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_problem_has_its_sentence_in_every_language(language: str) -> None:
    assert all(find(f"problem.{code}", language) for code in problems.STATUSES)


def test_a_problem_has_its_members_and_speaks_the_wished_language(world: ApiWorld) -> None:
    told = world.client().ask("GET", "/v1/me/payments/none", headers={"Accept-Language": "zh"})
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.headers["Content-Language"] == "zh-CN"
    assert told.json == {
        "type": "urn:hotline:problem:not_found",
        "title": "没有找到。",
        "status": 404,
        "code": "not_found",
        "instance": "urn:hotline:request:request-1",
    }


def test_a_store_that_does_not_answer_is_told_as_to_try_again(world: ApiWorld, store: MemoryStore) -> None:
    def silent(*_: Any, **__: Any) -> Any:
        raise Unavailable

    store.batch_get = silent  # type: ignore[method-assign]
    refused = world.client().ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "try_later", "1")


def test_an_unexpected_failure_is_answered_with_a_constant_and_its_text_stays_out_of_the_log(
    world: ApiWorld, store: MemoryStore, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret-of-the-store")

    store.batch_get = broken  # type: ignore[method-assign]
    refused = world.client().ask("GET", "/v1/me/lock")
    assert (refused.status, refused.code) == (500, "unexpected")
    assert "secret" not in str(refused.json)
    assert "secret" not in "".join(capfd.readouterr())


def test_a_request_is_logged_by_route_and_status_and_nothing_personal(world: ApiWorld) -> None:
    world.pay("mov-1")
    with logged() as log:
        client = world.client()
        client.prove("refund")
        client.ask("GET", "/v1/me/payments/mov-1")
        client.ask("POST", "/v1/recoveries", body={"contact": {"kind": "phone", "value": OFFICIAL}, "goal": "reset"})
    answered = [line for line in lines(log) if line["event"] == "HL071"]
    assert [line["step"] for line in answered][-2:] == ["GET /v1/me/payments/{id}", "POST /v1/recoveries"]
    text = str(lines(log))
    assert all(private not in text for private in (OFFICIAL, "mov-1", "+8613800000001", "acct-1"))


# ---------------------------------------------------------------- what anybody may ask


def test_anybody_may_ask_for_the_official_numbers(world: ApiWorld) -> None:
    told = world.client(None).ask("GET", "/v1/hotline/numbers")
    assert (told.status, told.json) == (200, {"numbers": [OFFICIAL, "+498001234567"]})


@pytest.mark.parametrize(
    ("number", "genuine"),
    [(OFFICIAL, True), ("400 800 1234", True), ("+8613800000001", False), ("not a number", False), ("1" * 40, False)],
)
def test_a_number_is_genuine_when_it_is_an_official_one_however_it_is_written(
    world: ApiWorld, number: str, genuine: bool
) -> None:
    told = world.client(None).ask("GET", "/v1/hotline/numbers/verify", query={"number": number})
    assert (told.status, told.json) == (200, {"genuine": genuine})


@pytest.mark.parametrize("query", [None, {"number": " "}, {"number": ""}, {"number": "1" * 41}])
def test_a_text_that_is_no_typed_number_is_refused(world: ApiWorld, query: dict[str, str] | None) -> None:
    refused = world.client(None).ask("GET", "/v1/hotline/numbers/verify", query=query)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["number"]


# ---------------------------------------------------------------- events as they are kept

EVENTS = sorted((Path(__file__).parents[2] / "events/customer_api").glob("*.json"))


def test_every_route_has_a_kept_event() -> None:
    kept = {json.loads(path.read_text(encoding="utf-8")).get("routeKey") for path in EVENTS}
    assert set(ROUTES) <= kept


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_kept_event_is_answered_with_the_status_in_its_name(world: ApiWorld, path: Path) -> None:
    told = answer_request(json.loads(path.read_text(encoding="utf-8")), None, lambda: world.ctx, TokenSettings())
    assert path.stem.split("_")[1] == str(int(told["statusCode"]))
