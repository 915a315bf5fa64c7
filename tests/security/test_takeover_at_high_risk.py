"""An account at high risk takes one factor more for money and unlocks, at every door, and shuts nobody out.

The extra factor is asked for like any other, so nobody hears what the scan knows. Without one a person takes over, and
what protects the account stays as easy as ever.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.accounts.risk import RISK_LIFE, RiskBand, risk_key
from hotline.agents import service as agents
from hotline.contracts.model import Fact, LoginSource
from hotline.identity.model import Goal
from hotline.kit.errors import NeedProof
from hotline.kit.store import Table
from hotline.security.model import Verdict
from hotline.security.service import activity_writes, list_findings, scan_shard
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.functions.test_api_recoveries import asked, code_of, enter
from tests.support import api_world
from tests.support.account_risk import set_risk
from tests.support.agent_world import AgentWorld
from tests.support.api_world import ApiWorld
from tests.support.lock_desk import failures, succeeded
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone, words
from tests.support.scan_runs import COMPLETE, shard_of

TELLING = ("risk", "fraud", "suspicious", "attack", "finding", "score")
"""Words that would tell a thief that they were seen."""


@pytest.fixture
def world(store: MemoryStore) -> AgentWorld:
    found = AgentWorld(store)
    found.lock_out()
    return found


@pytest.fixture
def lone(store: MemoryStore) -> AgentWorld:
    found = AgentWorld(store, lone=True)
    found.lock_out()
    return found


def at_risk(world: AgentWorld, band: RiskBand = RiskBand.HIGH) -> None:
    set_risk(world.store, ACCOUNT, band, world.clock.now())


def call(world: AgentWorld, goal: str = "unlock") -> Phone:
    phone = Phone(world.ctx, "+8613700000001")
    phone.press("start")
    phone.prove("sms", goal)
    return phone


# ---------------------------------------------------------------- by phone


def test_a_caller_at_high_risk_is_asked_for_a_second_code_and_then_unlocks(world: AgentWorld) -> None:
    at_risk(world)
    phone = call(world)
    said = phone.press("unlock")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "email")
    phone.prove("email", "unlock")
    assert phone.press("unlock")["outcome"] == "ASKED"


@pytest.mark.parametrize("step", ["unlock", "reset"])
def test_the_words_ask_for_the_code_and_do_not_say_why(world: AgentWorld, step: str) -> None:
    at_risk(world)
    said = call(world, step).press(step)
    assert "code that I send by e-mail" in words(said)
    assert not any(word in words(said).lower() for word in TELLING)


@pytest.mark.parametrize("band", [RiskBand.LOW, RiskBand.RAISED])
def test_no_other_band_asks_for_more(world: AgentWorld, band: RiskBand) -> None:
    at_risk(world, band)
    assert call(world).press("unlock")["outcome"] == "ASKED"


def test_a_risk_that_is_too_old_asks_for_no_more(world: AgentWorld) -> None:
    set_risk(world.store, ACCOUNT, RiskBand.HIGH, world.clock.now() - RISK_LIFE, lasts=timedelta(days=30))
    assert call(world).press("unlock")["outcome"] == "ASKED"


def test_a_caller_without_another_factor_comes_to_a_person_and_may_still_freeze_and_pause(lone: AgentWorld) -> None:
    at_risk(lone)
    phone = call(lone)
    said = phone.press("unlock")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "agent")
    assert not any(word in words(said).lower() for word in TELLING)
    assert phone.press("freeze")["outcome"] == "ASKED"
    assert phone.press("handover", topic="lockout", reason="asked")["outcome"] == "QUEUE"
    other = Phone(lone.ctx, "+8613700000001", contact_id="contact-2")
    other.press("start")
    assert other.press("pause")["outcome"] == "ASKED"


def test_a_risk_that_rises_in_the_call_counts_at_the_next_act(world: AgentWorld) -> None:
    phone = call(world)
    at_risk(world)
    assert phone.press("unlock")["needs"] == "email"
    phone.prove("email", "unlock")
    assert phone.press("unlock")["outcome"] == "ASKED"


def test_a_risk_that_rises_between_reading_and_writing_stops_the_write(world: AgentWorld) -> None:
    phone = call(world)
    commit, store = world.store.transact, world.store
    raised: list[bool] = []

    def transact(writes, *, token):  # type: ignore[no-untyped-def]
        if not raised and any(write.key == risk_key(ACCOUNT) for write in writes):
            raised.append(True)
            store.transact = commit  # type: ignore[method-assign]
            at_risk(world)
        commit(writes, token=token)

    store.transact = transact  # type: ignore[method-assign]
    said = phone.press("unlock")
    assert raised
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "email")
    assert not world.decided("account.unlock_requested")


# ---------------------------------------------------------------- by the API


@pytest.fixture
def app(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    made = ApiWorld(store, clock)
    made.lock_out()
    set_risk(store, api_world.ACCOUNT, RiskBand.HIGH, clock.now())
    return made


def test_the_api_names_the_second_code_and_never_the_reason(app: ApiWorld, store: MemoryStore) -> None:
    client = app.client()
    client.prove("unlock")
    refused = client.ask("POST", "/v1/me/unlock")
    assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
    assert refused.json["needs"] == ["email"]
    assert not any(word in str(refused.json).lower() for word in TELLING)
    client.prove("unlock", "email")
    assert client.ask("POST", "/v1/me/unlock").status == 202


def test_the_app_still_reads_freezes_and_pauses_at_high_risk(app: ApiWorld) -> None:
    client = app.client()
    assert client.ask("GET", "/v1/me/security").status == 200
    assert client.ask("POST", "/v1/me/pause").status == 202
    assert client.ask("POST", "/v1/me/freeze").status == 202


def test_a_pin_is_chosen_at_the_raised_level(app: ApiWorld) -> None:
    client = app.client()
    client.prove("set_pin")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).json["needs"] == ["email"]


def test_a_recovery_at_high_risk_takes_a_second_code(app: ApiWorld, store: MemoryStore) -> None:
    anybody = app.client(None)
    recovery = asked(anybody).json["id"]
    app.postbox().work()
    assert enter(anybody, recovery, code_of(app, recovery)).json == {"state": "more", "needs": "email"}
    app.postbox().work()
    assert enter(anybody, recovery, code_of(app, recovery)).json["state"] == "granted"
    kinds = [entry["kind"] for entry in store.items(Table.OUTBOX) if entry["to"] == "bus"]
    assert kinds.count("password_reset.authorised") == 1


# ---------------------------------------------------------------- with an agent


def test_an_agent_asks_for_the_second_factor_that_the_account_has(world: AgentWorld) -> None:
    at_risk(world)
    token, phone = world.token(), world.call_in(goal=None)
    basis = world.take(phone, token)
    world.do(token, basis, agents.AskProof(Goal.UNLOCK))
    phone.prove("sms", "unlock")
    assert phone.press("agent_proof")["needs"] == "email"
    with pytest.raises(NeedProof):
        world.do(token, basis, agents.UNLOCK)
    phone.prove("email", "unlock")
    assert phone.press("agent_proof")["outcome"] == "PROVED"
    assert world.do(token, basis, agents.UNLOCK) == "ASKED"


def test_an_agent_helps_whoever_has_proved_all_that_the_account_has(lone: AgentWorld) -> None:
    at_risk(lone)
    token, phone = lone.token(), lone.call_in(goal=None)
    basis = lone.take(phone, token)
    lone.do(token, basis, agents.AskProof(Goal.UNLOCK))
    assert phone.press("agent_proof")["needs"] == "sms"
    phone.prove("sms", "unlock")
    assert phone.press("agent_proof")["outcome"] == "PROVED"
    assert lone.do(token, basis, agents.UNLOCK) == "ASKED"


def test_high_risk_lets_no_two_people_stand_in_for_a_proof_that_the_account_can_give(lone: AgentWorld) -> None:
    at_risk(lone)
    token = lone.token()
    basis = lone.claimed()
    with pytest.raises(NeedProof):
        lone.do(token, basis, agents.UNLOCK)


def test_a_risk_that_rises_before_an_agents_write_stops_it(world: AgentWorld) -> None:
    token, phone = world.token(), world.call_in()
    basis = world.take(phone, token)
    read = world.store.batch_get

    def late(keys):  # type: ignore[no-untyped-def]
        found = read(keys)
        if risk_key(ACCOUNT) in keys:
            world.store.batch_get = read  # type: ignore[method-assign]
            at_risk(world)
        return found

    world.store.batch_get = late  # type: ignore[method-assign]
    with pytest.raises(NeedProof):
        world.do(token, basis, agents.UNLOCK)
    assert not world.decided("account.unlock_requested")


# ---------------------------------------------------------------- from the scan to the door


def scan(world: AgentWorld, *facts: Fact) -> None:
    """The facts are read by a run of the scan."""
    world.store.put_all(activity_writes(facts, world.clock.now(), world.ctx.lookup_ring))
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx, shard_of(ACCOUNT))


def come_in(world: AgentWorld) -> None:
    """Somebody guesses the password in ten tries, and comes in from nowhere known."""
    now = world.clock.now()
    guesses = [replace(one, subject=ACCOUNT) for one in failures(10, now - timedelta(minutes=11))]
    source = LoginSource("198.51.100.7", "device-x", "RU", 55.7, 37.6)
    scan(world, *guesses, replace(succeeded(now, source=source), subject=ACCOUNT))


def test_a_finding_of_the_scan_asks_for_the_further_code_and_a_false_alarm_asks_no_more(world: AgentWorld) -> None:
    come_in(world)
    assert call(world).press("unlock")["needs"] == "email"
    (found,) = [one for one in list_findings(world.store, ACCOUNT, world.clock.now()) if one.severity == "high"]
    basis = world.claimed()
    world.do(world.token(), basis, agents.JudgeFinding(found.id, Verdict.FALSE_ALARM))
    phone = Phone(world.ctx, "+8613700000001", contact_id="contact-3")
    phone.press("start")
    phone.prove("sms", "unlock")
    assert phone.press("unlock")["outcome"] == "ASKED"


def test_the_risk_of_a_finding_fades_by_itself(world: AgentWorld) -> None:
    come_in(world)
    world.clock.advance(timedelta(days=2))
    world.lock_out()
    assert call(world).press("unlock")["outcome"] == "ASKED"
