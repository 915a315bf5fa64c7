"""Requests of an account's owner in a store: the proof that each takes, its notices, and how often it may be made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.contracts.model import LockAction
from hotline.kit.actor import FactorKind, System
from hotline.kit.errors import NeedProof
from hotline.kit.store import Put
from hotline.lockout import service
from hotline.lockout.model import DecisionKind, LockState, SelfService
from hotline.lockout.policy import (
    PAUSE_ACCOUNTS_MAX,
    PAUSE_BAR,
    PAUSE_LENGTH,
    UNLOCKS_MAX,
)
from hotline.sessions.items import session_key
from tests.support.lock_desk import (
    ACCOUNT,
    NOON,
    Desk,
    failures,
    minutes,
    password_changed,
    told,
)

ACTING = (
    service.contribute_unlock,
    service.contribute_reset_grant,
    service.contribute_freeze,
    service.contribute_end_pause,
)


@pytest.mark.parametrize("contribute", [*ACTING, service.contribute_unfreeze])
def test_nobody_acts_without_proof(desk: Desk, contribute: Any) -> None:
    desk.lock_softly()
    before = desk.read(service.acting_keys(ACCOUNT))
    with pytest.raises(NeedProof):
        desk.act(contribute, actor=desk.caller())
    with pytest.raises(NeedProof):
        desk.act(contribute, actor=desk.caller(FactorKind.SMS, account="somebody_else"))
    change = desk.change(System("deadlines", "rule"))
    with pytest.raises(NeedProof):
        contribute(change, desk.read(service.acting_keys(ACCOUNT)), ACCOUNT)
    assert desk.read(service.acting_keys(ACCOUNT)) == before


@pytest.mark.parametrize("contribute", ACTING)
def test_proof_that_is_gone_at_commit_changes_nothing(desk: Desk, contribute: Any) -> None:
    desk.lock_softly()
    assert desk.pause(ACCOUNT) == (ACCOUNT,)
    desk.acknowledge()
    actor = desk.caller(FactorKind.SMS)
    change = desk.change(actor)
    contribute(change, desk.read(service.acting_keys(ACCOUNT)), ACCOUNT)
    before = desk.read(service.acting_keys(ACCOUNT))
    stored = desk.store.get(session_key("contact-1")) or {}
    key = session_key("contact-1")
    desk.store.transact([Put(key, {**stored, "factors": {}})], token="loses-its-factors")
    with pytest.raises(NeedProof):
        change.commit(desk.store)
    assert desk.read(service.acting_keys(ACCOUNT)) == before


def test_an_unlock_is_asked_for_once_and_told_to_everybody(desk: Desk) -> None:
    desk.lock_softly()
    assert desk.act(service.contribute_unlock) == "ASKED"
    assert desk.act(service.contribute_unlock) == "ASKED"
    *_, last = desk.decisions()
    assert (last["kind"], last["subject_version"]) == ("account.unlock_requested", 2)
    assert last["facts"] == {"cause": "TOO_MANY_PASSWORD", "ends": "SOFT", "in_force": []}
    assert desk.notices() == ["lock.soft"] * 2 + ["unlock.asked"] * 2
    desk.acknowledge()
    assert desk.act(service.contribute_unlock) == "OPEN"


def test_an_unlock_opens_a_soft_lock_of_the_wallet_too(desk: Desk) -> None:
    desk.tell(told(LockAction.LOCK_APPLIED, NOON, "TOO_MANY_LOGIN_RATE", until=NOON + minutes(30)))
    assert desk.act(service.contribute_unlock) == "ASKED"
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN
    desk.tell(told(LockAction.LOCK_APPLIED, NOON - minutes(1), "TOO_MANY_LOGIN_RATE", until=NOON + minutes(30)))
    assert desk.view().state is LockState.OPEN


def test_after_so_many_unlocks_of_a_day_only_a_new_password_helps(desk: Desk) -> None:
    for number in range(UNLOCKS_MAX + 1):
        desk.tell(*failures(5, desk.clock.now() - minutes(4), name=str(number)))
        desk.acknowledge()
        left = number < UNLOCKS_MAX
        assert desk.view().self_service is (SelfService.BOTH if left else SelfService.RESET)
        assert desk.act(service.contribute_unlock) == ("ASKED" if left else "NOT_SELF_SERVICE")
        desk.acknowledge()
        desk.clock.advance(minutes(30))


def test_an_unlock_stays_when_older_failures_come_late(desk: Desk) -> None:
    desk.lock_softly()
    desk.act(service.contribute_unlock)
    desk.acknowledge()
    desk.clock.advance(minutes(1))
    desk.tell(*failures(20, NOON - minutes(10), name="late", apart=timedelta(seconds=20)))
    assert desk.view().state is LockState.OPEN
    assert len(desk.decisions()) == 2


def test_a_grant_is_for_one_use_and_stands_while_it_runs(desk: Desk) -> None:
    assert [desk.act(service.contribute_reset_grant) for _ in range(3)] == ["GRANTED"] * 3
    (grant,) = (entry["facts"] for entry in desk.decisions())
    assert (grant["expires_at"], grant["uses"]) == ("2026-11-23T12:30:00.000Z", 1)
    assert desk.notices() == ["reset.authorised"] * 2
    assert all("subject_version" not in entry for entry in desk.decisions())
    assert desk.view().asked is None
    desk.clock.advance(minutes(30))
    assert desk.act(service.contribute_reset_grant) == "GRANTED"
    assert len({entry["facts"]["grant_id"] for entry in desk.decisions()}) == 2


def test_a_grant_that_was_used_is_not_promised_again(desk: Desk) -> None:
    desk.act(service.contribute_reset_grant)
    desk.clock.advance(minutes(5))
    desk.tell(password_changed(desk.clock.now()))
    assert desk.act(service.contribute_reset_grant) == "GRANTED"
    assert len({entry["facts"]["grant_id"] for entry in desk.decisions()}) == 2


def test_a_freeze_ends_a_grant(desk: Desk) -> None:
    """An owner who repudiates a new password freezes the account, and nobody else may choose one meanwhile."""
    desk.act(service.contribute_reset_grant)
    assert desk.view().recovery_until is not None
    desk.act(service.contribute_freeze)
    assert desk.view().recovery_until is None


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [("COMPROMISED_CREDENTIAL", "GRANTED"), ("RISK_SCORE", "NOT_SELF_SERVICE"), ("DORMANT", "NOT_SELF_SERVICE")],
)
def test_only_a_compromised_password_is_a_hold_with_a_way_out(desk: Desk, cause: str, outcome: str) -> None:
    desk.tell(told(LockAction.LOCK_APPLIED, NOON, cause))
    assert desk.act(service.contribute_reset_grant) == outcome
    assert desk.view().state is LockState.HOLD


def test_a_pause_lasts_a_day_and_is_told_to_everybody(desk: Desk) -> None:
    assert desk.pause(ACCOUNT) == (ACCOUNT,)
    view = desk.view()
    assert (view.state, view.until, view.asked) == (LockState.PAUSED, NOON + PAUSE_LENGTH, DecisionKind.PAUSE)
    assert desk.decisions()[0]["kind"] == "account.pause_requested"
    assert desk.notices() == ["pause.asked"] * 2
    assert desk.pause(ACCOUNT) == ()
    assert desk.view(NOON + PAUSE_LENGTH).state is LockState.OPEN


def test_a_third_pause_in_seven_days_without_a_factor_is_a_case_and_nothing_else(desk: Desk) -> None:
    for expected in ((ACCOUNT,), (ACCOUNT,), ()):
        assert desk.pause(ACCOUNT) == expected
        desk.clock.advance(timedelta(days=2))
    kinds = [entry["kind"] for entry in desk.decisions()]
    assert sorted(kinds) == ["account.pause_requested"] * 2 + ["case.opened"]
    assert desk.decisions()[kinds.index("case.opened")]["facts"]["reason"] == "pause.refused"
    desk.clock.advance(timedelta(days=1))
    assert desk.pause(ACCOUNT) == (ACCOUNT,)


def test_with_a_factor_there_is_no_limit_and_none_is_used_up(desk: Desk) -> None:
    """Somebody with a faked number must not be able to use up the owner's pauses."""
    for proved, expected in ((False, 1), (True, 1), (False, 1), (False, 0), (True, 1), (True, 1)):
        actor = desk.caller(FactorKind.SMS) if proved else None
        assert len(desk.pause(ACCOUNT, actor=actor)) == expected
        desk.clock.advance(timedelta(days=1))


@pytest.mark.parametrize("number", [PAUSE_ACCOUNTS_MAX - 1, PAUSE_ACCOUNTS_MAX])
def test_a_number_pauses_all_its_accounts_in_one_change(desk: Desk, number: int) -> None:
    accounts = [f"acct_{n}" for n in range(1, number + 1)]
    for account in accounts[1:]:
        desk.open_account(account, points=8)
    assert desk.pause(*accounts) == tuple(accounts)
    assert all(desk.view(account=account).state is LockState.PAUSED for account in accounts)


def test_of_more_accounts_than_a_number_can_have_five_are_paused(desk: Desk) -> None:
    asked = desk.pause(*(f"acct_{n}" for n in range(PAUSE_ACCOUNTS_MAX + 1)))
    assert asked == tuple(f"acct_{n}" for n in range(PAUSE_ACCOUNTS_MAX))


def test_a_pause_that_its_owner_ended_bars_pauses_without_a_factor(desk: Desk) -> None:
    desk.pause(ACCOUNT)
    desk.acknowledge()
    assert desk.act(service.contribute_end_pause) == "ASKED"
    assert (desk.view().state, desk.view().asked) == (LockState.PAUSED, DecisionKind.END_PAUSE)
    assert desk.act(service.contribute_end_pause) == "ASKED"
    desk.acknowledge()
    assert desk.act(service.contribute_end_pause) == "OPEN"
    *_, last = desk.decisions()
    assert last["kind"] == "account.unlock_requested"
    assert last["facts"] == {"cause": "CUSTOMER_REQUEST", "ends": "PAUSED", "in_force": []}
    assert desk.pause(ACCOUNT) == ()
    assert desk.pause(ACCOUNT, actor=desk.caller(FactorKind.SMS)) == (ACCOUNT,)
    desk.clock.advance(PAUSE_BAR)
    assert desk.pause(ACCOUNT) == (ACCOUNT,)


def test_a_freeze_stays_when_an_older_release_comes_late(desk: Desk) -> None:
    desk.act(service.contribute_freeze)
    desk.acknowledge()
    desk.tell(told(LockAction.UNFREEZE_APPLIED, NOON - minutes(1), "CUSTOMER_REQUEST"))
    assert desk.view().state is LockState.FROZEN
    desk.tell(told(LockAction.UNFREEZE_APPLIED, NOON + minutes(1), "CUSTOMER_REQUEST"))
    assert desk.view().state is LockState.OPEN


def test_a_freeze_is_said_to_be_done_only_when_the_wallet_confirmed_it(desk: Desk) -> None:
    assert desk.act(service.contribute_freeze) == "ASKED"
    assert desk.act(service.contribute_freeze) == "ASKED"
    desk.lock_softly()
    assert desk.act(service.contribute_freeze) == "FROZEN"
    assert desk.notices().count("freeze.asked") == 2


TWO_FACTORS = (FactorKind.SMS, FactorKind.EMAIL)


def test_a_freeze_ends_with_two_different_factors_once_the_wallet_has_said_so(desk: Desk) -> None:
    desk.act(service.contribute_freeze)
    desk.acknowledge()
    with pytest.raises(NeedProof):
        desk.act(service.contribute_unfreeze)
    assert desk.act(service.contribute_unfreeze, actor=desk.caller(*TWO_FACTORS)) == "ASKED"
    assert desk.act(service.contribute_unfreeze, actor=desk.caller(*TWO_FACTORS)) == "ASKED"
    *_, last = desk.decisions()
    assert last["kind"] == "account.unfreeze_requested"
    assert last["facts"] == {"cause": "CUSTOMER_REQUEST", "ends": "FROZEN", "in_force": []}
    assert desk.view().state is LockState.FROZEN
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN
    assert desk.act(service.contribute_unfreeze, actor=desk.caller(*TWO_FACTORS)) == "OPEN"
    assert desk.notices().count("unfreeze.asked") == 2


def test_a_hold_of_the_wallet_is_not_unfrozen_and_outlasts_a_freeze(desk: Desk) -> None:
    desk.tell(told(LockAction.FREEZE_APPLIED, NOON - minutes(1), "RISK_SCORE"))
    assert desk.act(service.contribute_unfreeze, actor=desk.caller(*TWO_FACTORS)) == "OPEN"
    desk.act(service.contribute_freeze)
    desk.acknowledge()
    assert desk.act(service.contribute_unfreeze, actor=desk.caller(*TWO_FACTORS)) == "ASKED"
    desk.acknowledge()
    assert desk.view().state is LockState.HOLD
