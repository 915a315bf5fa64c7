"""An account of which the wallet has not said whether it takes two factors takes two, at every door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.accounts import service as accounts
from hotline.accounts.items import profile_item, profile_of
from hotline.accounts.model import AccountStatus
from hotline.contracts.model import ContactPointChanged, Fact, PointKind, TwoStepChanged
from hotline.identity.model import Operation
from hotline.identity.policy import REQUIREMENTS, missing_factors
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.store import hotline_key
from hotline.sessions.items import key_of, session_from, session_item, session_key
from hotline.sessions.model import SessionKind
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.api_world import ApiWorld
from tests.support.phone import Phone, failed_logins, give
from tests.support.sweeps import sweep

ACCOUNT = "acct-unopened"
NUMBER = "+8613800000051"
ADDRESS = "unopened@customer.example"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    """Facts about an account have come, account.opened has not."""
    made = ApiWorld(store, clock)
    at = clock.now() - timedelta(days=30)
    for kind, value in ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, ADDRESS)):
        data = ContactPointChanged(1, kind, None, value, at, reassigned=False)
        give(made.ctx, [Fact(f"point-{kind}", "contact_point.changed", "wallet", at, ACCOUNT, data)])
    give(made.ctx, failed_logins(ACCOUNT, 5, until=clock.now()))
    return made


def say(world: ApiWorld, *, two_step: bool) -> None:
    now = world.clock.now()
    give(world.ctx, [Fact("two-step", "two_step.changed", "wallet", now, ACCOUNT, TwoStepChanged(2, two_step))])


def needs_after_one_code(client: Client, operation: str, path: str) -> list[str] | None:
    client.prove(operation, "sms")
    answered = client.ask("POST", path)
    return list(answered.json["needs"]) if answered.status == 401 else None


@pytest.mark.parametrize(("operation", "path"), [("unlock", "/v1/me/unlock"), ("reset_grant", "/v1/me/reset-grants")])
def test_one_code_in_the_app_is_not_enough_while_two_step_is_unknown(
    world: ApiWorld, operation: str, path: str
) -> None:
    assert needs_after_one_code(world.client(ACCOUNT), operation, path) == ["email"]


def test_the_wallets_word_that_it_is_off_makes_one_code_enough(world: ApiWorld) -> None:
    say(world, two_step=False)
    assert needs_after_one_code(world.client(ACCOUNT), "unlock", "/v1/me/unlock") is None


def test_a_call_about_an_account_that_was_not_opened_acts_on_nothing(world: ApiWorld) -> None:
    phone = Phone(world.ctx, NUMBER)
    phone.press("start")
    assert phone.prove("sms", "unlock")["outcome"] == "NONE"
    assert phone.press("unlock")["outcome"] == "NEED_PROOF"


def test_a_recovery_of_an_account_that_was_not_opened_acts_on_nothing(world: ApiWorld, store: MemoryStore) -> None:
    client = world.client(None)
    body = {"contact": {"kind": "phone", "value": NUMBER}, "goal": "unlock"}
    recovery_id = client.ask("POST", "/v1/recoveries", body=body).json["id"]
    world.postbox().work()
    stored = store.get(session_key(recovery_id, SessionKind.RECOVERY))
    assert stored is not None
    waiting = session_from(stored).challenge
    assert waiting is not None
    answered = client.ask("POST", f"/v1/recoveries/{recovery_id}/codes", body={"code": client.code(waiting.id)})
    assert answered.json == {"state": "more", "needs": "agent"}


def test_security_says_that_the_wallet_has_not_said(world: ApiWorld) -> None:
    assert world.client(ACCOUNT).ask("GET", "/v1/me/security").json["two_step"] is None
    say(world, two_step=True)
    assert world.client(ACCOUNT).ask("GET", "/v1/me/security").json["two_step"] is True


@sweep("operation", Operation)
def test_unknown_asks_for_as_much_as_on_in_the_gate_itself(operation: Operation) -> None:
    factor = ProvedFactor(FactorKind.SMS, Purpose.ACT, "1#p", NOON + timedelta(minutes=5))
    unknown, on = (
        missing_factors(operation, Proof(hotline_key("CONTACT#c", "CALL"), ACCOUNT, (factor,), two_step), NOON)
        for two_step in (None, True)
    )
    assert unknown == on
    assert REQUIREMENTS[operation].factors_for(None) == REQUIREMENTS[operation].two_step


def test_a_stored_profile_and_a_stored_call_keep_that_it_is_unknown(world: ApiWorld, store: MemoryStore) -> None:
    stored = store.get(accounts.profile_key(ACCOUNT))
    assert stored is not None
    profile = profile_of(stored)
    assert (profile.status, profile.two_step) == (AccountStatus.STUB, None)
    assert profile_of(profile_item(profile)) == profile
    assert profile_of({**stored, "two_step": False}).two_step is None, "stored before it was told apart"
    client = world.client(ACCOUNT)
    client.prove("unlock", "sms")
    call = client.state
    assert call is not None
    assert call.two_step is None
    assert session_from({**session_item(call), **key_of(call).attributes()}) == call
