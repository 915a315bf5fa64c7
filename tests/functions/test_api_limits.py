"""Limits over all callers hold for the app and for recoveries as on the phone: one sum, one pace, one breaker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.contracts.model import ContactPointChanged, Fact, PointKind, SimChanged
from hotline.identity import limits
from hotline.kit.counts.rates import rate_keys, sum_window
from hotline.kit.limits import TrafficLimits
from hotline.lockout.breaker import PAUSES_WITHOUT_FACTOR_MAX
from hotline.sessions.items import session_key
from hotline.sessions.model import SessionKind
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, EMAIL, OTHER, PHONE, ApiWorld
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, give, opened

NEW_PHONE = "+8613800000031"


def asked(client: Client, operation: str = "unlock", method: str = "sms") -> str:
    """The id of a challenge that was asked for."""
    answered = client.ask("POST", "/v1/challenges", body={"operation": operation, "method": method})
    assert answered.status == 201, answered
    return str(answered.json["id"])


def wrong(client: Client, challenge_id: str, number: int = 1) -> Answered:
    """Hold a wrong code against a challenge; the same one again is the same request again."""
    return client.enter(challenge_id, f"{(int(client.code(challenge_id)) + number) % 10**6:06d}")


def wrong_codes(world: ApiWorld) -> int:
    now = world.clock.now()
    return sum_window(limits.WRONG_CODES, world.ctx.store.batch_get(rate_keys(limits.WRONG_CODES, now)), now)


@pytest.fixture
def two(world: ApiWorld) -> None:
    """Above two wrong codes the pace is slow."""
    world.ctx = replace(world.ctx, limits=TrafficLimits(wrong_codes_max=2))


@pytest.mark.usefixtures("two")
def test_wrong_codes_in_the_app_slow_the_phone_down_and_the_app(world: ApiWorld) -> None:
    client = world.client()
    challenge_id = asked(client)
    with logged() as log:
        said = [wrong(client, challenge_id, number).code for number in (1, 2, 3)]
    assert said == ["wrong_code", "wrong_code", "code_spent"]
    assert [line["event"] for line in lines(log)].count("HL040") == 3
    assert wrong_codes(world) == 3
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    assert phone.challenge.tries_left == 1
    other = world.client(OTHER)
    assert wrong(other, asked(other)).code == "code_spent"
    limited = other.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"})
    assert (limited.status, limited.code) == (429, "too_many_codes")


@pytest.mark.usefixtures("two")
def test_a_customer_proves_in_the_app_while_codes_are_slow(world: ApiWorld) -> None:
    guesser = world.client(OTHER)
    challenge_id = asked(guesser)
    for number in (1, 2, 3):
        wrong(guesser, challenge_id, number)
    world.lock_out()
    client = world.client()
    assert client.prove("unlock").status == 200
    assert client.ask("POST", "/v1/me/unlock").status == 202


def test_a_code_that_is_late_is_no_guess_and_is_not_counted(world: ApiWorld) -> None:
    client = world.client()
    challenge_id = asked(client)
    world.clock.advance(timedelta(minutes=10))
    with logged() as log:
        assert client.enter(challenge_id, client.code(challenge_id)).code == "code_expired"
    assert "HL040" not in [line["event"] for line in lines(log)]
    assert wrong_codes(world) == 0


def test_an_account_has_six_codes_in_a_quarter_of_an_hour_in_the_app_whatever_the_phone_had(world: ApiWorld) -> None:
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    for _ in range(3):
        assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    client = world.client()
    for _ in range(3):
        asked(client, method="email")
        asked(client, method="sms")
    number = ContactPointChanged(2, PointKind.PHONE, None, NEW_PHONE, world.clock.now(), reassigned=False)
    give(world.ctx, [Fact("new-number", "contact_point.changed", "wallet", world.clock.now(), ACCOUNT, number)])
    limited = client.ask("POST", "/v1/challenges", body={"operation": "read", "method": "sms"})
    assert (limited.status, limited.code) == (429, "too_many_codes")


@pytest.mark.parametrize("operation", ["read", "unlock"])
def test_a_changed_sim_proves_nothing_in_the_app_and_a_code_by_email_does(world: ApiWorld, operation: str) -> None:
    now = world.clock.now()
    give(world.ctx, [Fact("sim", "contact_point.sim_changed", "wallet", now, ACCOUNT, SimChanged(2, PHONE, now))])
    client = world.stale_client()
    assert client.prove(operation).code == "wrong_code"
    assert client.prove(operation, "email").status == 200


@pytest.mark.parametrize(("kind", "value", "status"), [("phone", NEW_PHONE, 422), ("email", EMAIL, 200)])
def test_a_changed_number_recovers_nothing_and_an_address_that_stayed_does(
    world: ApiWorld, kind: str, value: str, status: int
) -> None:
    changed = ContactPointChanged(2, PointKind.PHONE, PHONE, NEW_PHONE, world.clock.now(), reassigned=False)
    give(world.ctx, [Fact("changed", "contact_point.changed", "wallet", world.clock.now(), ACCOUNT, changed)])
    anybody, post = world.client(None), world.postbox()
    asked_for = {"contact": {"kind": kind, "value": value}, "goal": "reset"}
    recovery_id = anybody.ask("POST", "/v1/recoveries", body=asked_for).json["id"]
    post.work()
    stored = world.ctx.store.get(session_key(recovery_id, SessionKind.RECOVERY))
    assert stored is not None
    code = anybody.code(stored["challenge"]["id"])
    assert anybody.ask("POST", f"/v1/recoveries/{recovery_id}/codes", body={"code": code}).status == status
    assert len(post.sent) == (status == 200)


def test_a_pause_in_the_app_needs_proof_while_the_breaker_is_open(world: ApiWorld) -> None:
    at = world.clock.now() - timedelta(days=365)
    for place in range(PAUSES_WITHOUT_FACTOR_MAX + 1):
        number = f"+861370000{place:04}"
        give(world.ctx, [opened(f"acct-of-{place}", (PointKind.PHONE, number), at=at)])
        phone = Phone(world.ctx, number, f"contact-{place}")
        phone.press("start")
        phone.press("pause")
    client = world.stale_client()
    with logged() as log:
        refused = client.ask("POST", "/v1/me/pause")
    assert (refused.status, refused.json["operation"], refused.json["needs"]) == (401, "proved_pause", ["sms", "email"])
    assert [line["event"] for line in lines(log)].count("HL042") == 1
    assert client.prove("proved_pause").status == 200
    assert client.ask("POST", "/v1/me/pause").status == 202
    assert world.client(OTHER).ask("POST", "/v1/me/pause").status == 202, "who has just signed in has proved it"
