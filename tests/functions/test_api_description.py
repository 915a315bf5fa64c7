"""docs/openapi.json tells what the code takes and answers: refusals, methods, patterns, languages, ends of lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
import schemathesis

from functions.customer_api.access import PUBLIC, ROUTES
from functions.http.cursors import CURSOR_PATTERN, cursor_of
from hotline.contracts.model import MovementStatus, PointKind
from hotline.identity import codes, pins
from hotline.kit.languages import CHINESE, ENGLISH
from hotline_local.openapi import document
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.api_world import ApiWorld, ids
from tests.support.facts import fact
from tests.support.phone import give, opened
from tests.support.sweeps import sweep

DOCUMENT: Final = document()
PATHS: Final = sorted({route.partition(" ")[2] for route in ROUTES})
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
WITH_TOKEN: Final = sorted(route for route, scope in ROUTES.items() if scope != PUBLIC)


@pytest.fixture
def client(world: ApiWorld) -> Client:
    return world.client()


def operation(route: str) -> dict[str, Any]:
    method, _, path = route.partition(" ")
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference names."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name] if name else schema
    return found


def properties_in(schema: dict[str, Any]) -> Iterator[str]:
    """The names of all fields of a form, those of its parts too."""
    whole = resolved(schema)
    for name, field in whole.get("properties", {}).items():
        yield name
        yield from properties_in(field)
    for part in (whole.get("items"), *whole.get("anyOf", ()), *whole.get("oneOf", ())):
        if part:
            yield from properties_in(part)


# ---------------------------------------------------------------- refusals of the gateway


@sweep("route", WITH_TOKEN)
def test_a_route_with_a_token_declares_401_with_the_body_of_the_gateway(route: str) -> None:
    refused = operation(route)["responses"]["401"]
    assert resolved(refused["content"]["application/json"]["schema"]) == {
        "type": "object",
        "description": "The gateway refuses a request without a token, or with one that is not valid.",
        "required": ["message"],
        "properties": {"message": {"const": "Unauthorized"}},
        "additionalProperties": False,
    }
    assert resolved(refused["content"]["application/problem+json"]["schema"]) == resolved(
        {"$ref": "#/components/schemas/Problem"}
    )
    assert "WWW-Authenticate" in refused["headers"]


@sweep("route", WITH_TOKEN)
def test_a_route_with_a_scope_declares_403_with_the_body_of_the_gateway(route: str) -> None:
    refused = operation(route)["responses"]["403"]
    message = resolved(refused["content"]["application/json"]["schema"])["properties"]["message"]
    assert message == {"const": "Forbidden"}


def test_a_route_without_a_token_never_answers_401() -> None:
    public = {route for route in ROUTES if "401" not in operation(route)["responses"]}
    assert public == {route for route, scope in ROUTES.items() if scope == PUBLIC}


# ---------------------------------------------------------------- methods


@pytest.mark.parametrize("path", PATHS)
def test_a_method_that_a_path_does_not_have_is_refused_with_the_methods_that_it_has(client: Client, path: str) -> None:
    has = sorted(route.partition(" ")[0] for route in ROUTES if route.partition(" ")[2] == path)
    for method in set(METHODS) - set(has):
        refused = client.ask(method, path.replace("{id}", "some-id-1"))
        assert (refused.status, refused.code) == (405, "method_not_allowed"), method
        assert refused.headers["Allow"].split(", ") == has


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1", "/v1/", "/v1/me/lock/", "/v1/me/payments/a/b", "/v1/challenges//answers"]
)
def test_a_path_that_there_is_not_is_not_found_by_any_method(client: Client, path: str) -> None:
    for method in METHODS:
        refused = client.ask(method, path)
        assert (refused.status, refused.code) == (404, "not_found"), method


def test_a_client_with_an_unknown_method_needs_no_token_to_be_told(world: ApiWorld) -> None:
    assert world.client(None).ask("PATCH", "/v1/me/lock").status == 405


# ---------------------------------------------------------------- patterns


def pattern_of(form: str, field: str) -> str:
    found: str = DOCUMENT["components"]["schemas"][form]["properties"][field]["pattern"]
    return found


def accepted(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None and not text.endswith("\n")


@sweep("code", ["", "12345", "123456", "1234567", "12345a", "１２３４５６", "12 345", "123456\n"])
def test_the_pattern_of_a_code_takes_what_can_be_a_code(code: str) -> None:
    assert accepted(pattern_of("RecoveryCodeEntered", "code"), code) == codes.is_code(code)


@sweep("digits", range(17))
def test_the_pattern_of_an_answer_takes_what_can_be_a_code_or_a_pin(digits: int) -> None:
    text = "1234567890123456"[:digits]
    wanted = codes.is_code(text) or pins.is_pin(text)
    assert accepted(pattern_of("CodeEntered", "code"), text) == wanted


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("one@customer.example", True),
        ("o" * 64 + "@customer.example", True),
        ("o" * 65 + "@customer.example", False),
        ("one@customer", False),
        ("one@customer.", False),
        ("one@@customer.example", False),
        (" one@customer.example", False),
        ("one@customer.example ", False),
        ("o\x1cne@customer.example", False),
        ("o\x85ne@customer.example", False),
        ("o\ufeffne@customer.example", False),
        ("<one@customer.example>", False),
        ("one@" + "c" * 242 + ".example", True),
        ("one@" + "c" * 243 + ".example", False),
    ],
)
def test_the_pattern_of_an_address_takes_what_the_code_takes(world: ApiWorld, address: str, good: bool) -> None:
    form = DOCUMENT["components"]["schemas"]["EmailGiven"]["properties"]["value"]
    assert (accepted(form["pattern"], address) and len(address) <= form["maxLength"]) == good
    body = {"contact": {"kind": "email", "value": address}, "goal": "reset"}
    assert (world.client(None).ask("POST", "/v1/recoveries", body=body).status == 202) == good


def cursor_parameters() -> list[dict[str, Any]]:
    return [
        choice
        for path in DOCUMENT["paths"].values()
        for told in path.values()
        for parameter in told["parameters"]
        if parameter["name"] == "cursor"
        for choice in parameter["schema"]["anyOf"]
        if choice.get("type") == "string"
    ]


def test_every_cursor_is_declared_with_the_pattern_that_the_code_reads() -> None:
    found = cursor_parameters()
    assert len(found) == sum(f"GET /v1/me/{name}" in ROUTES for name in ("payments", "refunds", "bills", "cases"))
    assert {choice["pattern"] for choice in found} == {CURSOR_PATTERN}


@pytest.mark.parametrize("position", ["MOVE#2026", "a", "ab", "abc", "¶" * 100])
def test_a_cursor_that_the_code_writes_has_the_declared_pattern(world: ApiWorld, position: str) -> None:
    cursor = cursor_of(position, world.ctx.lookup_ring, "acct-1", "payments", "-")
    assert cursor is not None
    assert accepted(CURSOR_PATTERN, cursor)


@pytest.mark.parametrize(
    "cursor", ["nonsense", "1.é.x", "1..", "1.TU9W", "1.TU9W.zz", "1.T=.00000000000000000000000000000000"]
)
def test_a_malformed_cursor_is_told_as_a_fault_of_its_form(client: Client, cursor: str) -> None:
    assert not accepted(CURSOR_PATTERN, cursor)
    refused = client.ask("GET", "/v1/me/payments", query={"cursor": cursor})
    assert (refused.status, refused.json["errors"]) == (400, [{"pointer": "cursor", "code": "string_pattern_mismatch"}])


# ---------------------------------------------------------------- ends of lists


@pytest.mark.parametrize(("payments", "more"), [(1, False), (2, False), (3, True)])
def test_a_last_page_that_is_exactly_full_has_no_next(
    world: ApiWorld, client: Client, payments: int, more: bool
) -> None:
    for number in range(payments):
        world.pay(f"mov-{number}", ago=timedelta(hours=number + 1))
    page = client.ask("GET", "/v1/me/payments", query={"limit": "2"}).json
    assert len(page["payments"]) == min(payments, 2)
    assert (page["next"] is not None) == more


@pytest.mark.parametrize("status", [MovementStatus.SUCCEEDED, MovementStatus.FAILED])
@pytest.mark.parametrize(("payments", "more"), [(1, False), (2, False), (3, True)])
def test_so_has_a_last_page_of_one_status(
    world: ApiWorld, client: Client, status: MovementStatus, payments: int, more: bool
) -> None:
    for number in range(payments):
        world.pay(f"mov-{number}", status, ago=timedelta(hours=number + 1))
    page = client.ask("GET", "/v1/me/payments", query={"limit": "2", "status": status.value}).json
    assert (len(page["payments"]), page["next"] is not None) == (min(payments, 2), more)


@pytest.mark.parametrize(("count", "more"), [(1, False), (2, False), (3, True)])
def test_so_has_a_last_page_of_refunds(world: ApiWorld, client: Client, count: int, more: bool) -> None:
    world.publish_policy()
    client.prove("refund")
    for number in range(count):
        world.pay(f"mov-{number}")
        body = {"payment_id": f"mov-{number}", "reason": "cancelled"}
        assert (
            client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": f"key-{number}" * 4}).status
            == 201
        )
    page = client.ask("GET", "/v1/me/refunds", query={"limit": "2"}).json
    assert (len(page["refunds"]), page["next"] is not None) == (min(count, 2), more)


@pytest.mark.parametrize("status", [None, MovementStatus.SUCCEEDED, MovementStatus.FAILED])
def test_pages_of_any_size_end_with_the_last_payment(
    world: ApiWorld, client: Client, status: MovementStatus | None
) -> None:
    for number in range(6):
        world.pay(f"mov-{number}", status or MovementStatus.SUCCEEDED, ago=timedelta(hours=number + 1))
    filtered = {"status": status.value} if status else {}
    for limit in range(1, 8):
        query = {"limit": str(limit), **filtered}
        seen: list[str] = []
        while True:
            page = client.ask("GET", "/v1/me/payments", query=query)
            assert page.json["payments"], "no page is empty"
            seen += ids(page, "payments")
            if page.json["next"] is None:
                break
            query["cursor"] = page.json["next"]
        assert seen == [f"mov-{number}" for number in range(6)]


# ---------------------------------------------------------------- languages


def with_text() -> list[str]:
    """The routes whose good answers hold a text in words."""
    return sorted(
        route
        for route in ROUTES
        for status, answer in operation(route)["responses"].items()
        if status.startswith("2")
        and "application/json" in answer["content"]
        and "text" in properties_in(answer["content"]["application/json"]["schema"])
    )


def test_answers_with_text_declare_their_language_and_others_do_not() -> None:
    assert {"GET /v1/me/lock", "GET /v1/me/payments", "GET /v1/me/payments/{id}"} <= set(with_text())
    for route in ROUTES:
        for status, answer in operation(route)["responses"].items():
            # A page is all text.
            speaks = route in with_text() or "text/html" in answer["content"] or not status.startswith("2")
            assert ("Content-Language" in answer["headers"]) == speaks, (route, status)


@pytest.mark.parametrize("route", with_text())
@pytest.mark.parametrize(
    ("account", "wished", "told"),
    [
        ("zh-CN", None, CHINESE),
        ("en-GB", None, ENGLISH),
        ("de-DE", None, ENGLISH),
        ("zh-CN", "en", ENGLISH),
        ("de-DE", "zh-TW,zh;q=0.8", CHINESE),
        ("zh-CN", "fr", CHINESE),
    ],
)
def test_an_answer_with_text_names_its_language(
    world: ApiWorld, clock: VirtualClock, route: str, account: str, wished: str | None, told: str
) -> None:
    at = clock.now() - timedelta(days=1)
    give(world.ctx, [opened("acct-9", (PointKind.PHONE, "+8613812345699"), at=at, language=account)])
    world.pay("mov-1", account_id="acct-9")
    give(world.ctx, [fact("funds.balance_changed", subject="acct-9")])
    method, _, path = route.partition(" ")
    headers = {"Accept-Language": wished} if wished else {}
    client, body, named = world.client("acct-9"), {"payment_id": "mov-1", "reason": "cancelled"}, "mov-1"
    if "refund" in path:
        client.prove("refund")
        headers |= {"Idempotency-Key": "k" * 16}
        named = client.ask("POST", "/v1/me/refunds", body=body, headers=headers).json["id"]
    asked = {"body": body} if method == "POST" else {}
    answer = client.ask(method, path.replace("{id}", named), headers=headers, **asked)
    assert answer.status in (200, 201)
    # Of a route without a token nobody's account is known.
    falls_back = ROUTES[route] == PUBLIC and wished in (None, "fr")
    assert answer.headers["Content-Language"] == (ENGLISH if falls_back else told)


def test_a_client_made_from_the_description_can_be_made() -> None:
    assert len(list(schemathesis.openapi.from_dict(DOCUMENT).get_all_operations())) == len(ROUTES)
