"""An event that nobody would send: half a surrogate pair in a claim, a list where a text belongs, an id of a thousand
characters. Every function gives an outcome, and none an error of its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.connect.envelope import CONTACT_ID_CHARACTERS_MAX, TRY_LATER, request_from
from functions.connect.runner import answer
from functions.connect.steps import STEPS
from functions.customer_api.access import PUBLIC, ROUTES
from functions.customer_api.app import answer_request
from functions.customer_api.settings import TokenSettings
from functions.decisions.delivery import deliver as deliver_decisions
from functions.messenger.delivery import deliver as deliver_messages
from functions.wallet_events.batch import take_in
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.security.test_injection_by_events import odd_values, paths
from tests.support.api_client import SENDER, Client
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.facts import bus_event, event, sqs_event
from tests.support.phone import Phone
from tests.support.stores import NOON
from tests.support.sweeps import sweep

OFTEN: Final = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
LONE: Final = "\ud800"
REFUSALS: Final = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(LONE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def world() -> ApiWorld:
    clock = VirtualClock(NOON)
    return ApiWorld(MemoryStore(clock), clock)


def told(world: ApiWorld, sent: Any) -> dict[str, Any]:
    return answer_request(sent, None, lambda: world.ctx, TokenSettings())


def assert_an_answer(told_: dict[str, Any]) -> None:
    """An answer of the API that can be sent, and that is no error of ours."""
    assert told_["statusCode"] < 500
    assert json.loads(told_["body"].encode())


def damaged(draw: Callable[..., Any], sent: Any) -> Any:
    """The event with up to three values taken away or replaced by others."""
    sent = copy.deepcopy(sent)
    for _ in range(draw(st.integers(1, 3))):
        if not paths(sent):
            break
        *parents, last = draw(st.sampled_from(paths(sent)))
        place = sent
        for parent in parents:
            place = place[parent]
        if draw(st.booleans()):
            del place[last]
        else:
            place[last] = draw(odd_values)
    return sent


def request_of(world: ApiWorld, route: str) -> dict[str, Any]:
    method, _, path = route.partition(" ")
    body = {"operation": "read", "method": "sms", "code": "123456", "token": "x", "pin": "620935", "goal": "reset"}
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now())
    headers = {"Idempotency-Key": "key-of-sixteen-characters", "Accept-Language": "zh-CN"}
    return client.event(
        method,
        path.replace("{id}", "an-id"),
        body=body if method != "GET" else None,
        query={"limit": "3"},
        headers=headers,
    )


@given(st.data())
@OFTEN
def test_the_api_answers_every_damaged_request_with_an_outcome(world: ApiWorld, data: st.DataObject) -> None:
    world.clock.advance(timedelta(minutes=1))
    sent = request_of(world, data.draw(st.sampled_from(sorted(ROUTES))))
    assert_an_answer(told(world, damaged(data.draw, sent)))


@given(json_values)
@OFTEN
def test_the_api_answers_anything_that_is_json_with_an_outcome(world: ApiWorld, sent: Any) -> None:
    assert_an_answer(told(world, sent))


@sweep("claim", ["sub", "iss", "sid", "client_id", "jti", "azp", "scope", "acr", "exp", "auth_time"])
@sweep("odd", [LONE, f"acct-1{LONE}", f"a{LONE}b", ["\udfff"], {"a": LONE}, "1e999", "x" * 5_000])
def test_an_odd_claim_is_refused_or_passed_over(world: ApiWorld, claim: str, odd: Any) -> None:
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now(), claims={claim: odd})
    sent = client.event("GET", "/v1/me/lock")
    told_ = told(world, sent)
    assert told_["statusCode"] in {200, 401, 403, 404, 429}
    assert_an_answer(told_)


@pytest.mark.parametrize("claim", ["sub", "iss", "sid"])
def test_half_a_surrogate_pair_in_a_claim_that_names_somebody_is_no_token(world: ApiWorld, claim: str) -> None:
    client = Client(world.ctx, ACCOUNT, signed_in_at=world.clock.now(), claims={claim: f"a{LONE}"})
    told_ = told(world, client.event("GET", "/v1/me/lock"))
    assert (told_["statusCode"], json.loads(told_["body"])["code"]) == (401, "invalid_token")


def test_a_route_key_that_is_not_the_paths_opens_nothing(world: ApiWorld) -> None:
    public = next(route for route, scope in ROUTES.items() if scope == PUBLIC)
    sent = Client(world.ctx, None).event("GET", "/v1/me/lock")
    sent["routeKey"] = sent["requestContext"]["routeKey"] = public
    assert told(world, sent)["statusCode"] == 404


# The phone.


@pytest.fixture(scope="module")
def called() -> tuple[Context, dict[str, Any]]:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    return world.ctx, phone.event("start")


def assert_a_step(said: dict[str, str]) -> None:
    assert said["outcome"]
    assert all(value.encode() for value in said.values())


@given(st.data())
@OFTEN
def test_every_step_answers_every_damaged_contact_event(
    called: tuple[Context, dict[str, Any]], data: st.DataObject
) -> None:
    ctx, sent = called
    step = data.draw(st.sampled_from(sorted(STEPS)))
    sent = copy.deepcopy(sent)
    inputs = {
        name: data.draw(st.sampled_from(["1", "123456", "sms", "look", "read", LONE])) for name in STEPS[step].inputs
    }
    sent["Details"]["Parameters"] |= {"step": step, **inputs}
    assert_a_step(answer(request_from(damaged(data.draw, sent)), ctx))


@given(json_values)
@OFTEN
def test_the_phone_answers_anything_that_is_json(called: tuple[Context, dict[str, Any]], sent: Any) -> None:
    assert_a_step(answer(request_from(sent), called[0]))


@sweep("step", sorted(STEPS))
@sweep("odd", [LONE, f"1{LONE}", "\x00", "9" * 5_000, "\u202e1"])
def test_a_step_with_an_odd_input_gives_an_outcome(called: tuple[Context, dict[str, Any]], step: str, odd: str) -> None:
    ctx, sent = called
    for name in (*STEPS[step].inputs, "turn", "account_ref", "unknown"):
        changed = copy.deepcopy(sent)
        changed["Details"]["Parameters"] |= {"step": step, **dict.fromkeys(STEPS[step].inputs, "1"), name: odd}
        assert_a_step(answer(request_from(changed), ctx))


@sweep("name", ["ContactId", "InitialContactId"])
@sweep(
    ("contact_id", "taken"),
    [
        ("c" * (CONTACT_ID_CHARACTERS_MAX - 1), True),
        ("c" * CONTACT_ID_CHARACTERS_MAX, True),
        ("c" * (CONTACT_ID_CHARACTERS_MAX + 1), False),
        ("c" * 1_001, False),
        ("c" * 100_000, False),
        (f"contact{LONE}", False),
        ("contact\u202e1", False),
        ("contact 1", False),
    ],
)
def test_a_contact_id_that_is_none_is_told_to_try_later(
    called: tuple[Context, dict[str, Any]], name: str, contact_id: str, taken: bool
) -> None:
    ctx, sent = called
    changed = copy.deepcopy(sent)
    changed["Details"]["ContactData"][name] = contact_id
    if name == "ContactId":
        del changed["Details"]["ContactData"]["InitialContactId"]
    said = answer(request_from(changed), ctx)
    assert (said["outcome"] != TRY_LATER) is taken


# Facts, and what is to be sent on.


@given(st.data())
@OFTEN
def test_a_damaged_batch_of_facts_is_answered(called: tuple[Context, dict[str, Any]], data: st.DataObject) -> None:
    batch = sqs_event([json.dumps(bus_event(event("account.opened", subject="acc_good")))] * 2)
    sent = data.draw(json_values) if data.draw(st.booleans()) else damaged(data.draw, batch)
    assert take_in(sent, called[0])["batchItemFailures"] is not None


class Nobody:
    """A bus and a carrier to which nothing may come."""

    def publish(self, events: Any) -> list[str | None]:
        raise AssertionError(events)


@given(json_values | json_values.map(lambda value: {"Records": [value, {"body": value}, {"body": json.dumps(value)}]}))
@OFTEN
@pytest.mark.parametrize("deliver", [deliver_messages, deliver_decisions])
def test_a_delivery_that_names_no_entry_does_nothing(
    called: tuple[Context, dict[str, Any]], deliver: Callable[..., None], sent: Any
) -> None:
    more: tuple[Any, ...] = (SENDER, {}) if deliver is deliver_messages else (Nobody(),)
    deliver(sent, called[0], *more)
