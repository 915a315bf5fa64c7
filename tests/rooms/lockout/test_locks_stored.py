"""Locks in a store: one transaction per change, what it tells whom, and what gets in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.contracts.model import Fact, LockAction, LockTold, LoginKind, TwoStepChanged
from hotline.kit.actor import FactorKind
from hotline.kit.errors import NotPossible, Stale
from hotline.kit.store import Query, Store, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.lockout import service
from hotline.lockout.model import DecisionKind, LockState, SelfService
from hotline.lockout.policy import (
    GRANT_LIFE,
)
from hotline_local.testing.memory_store import MemoryStore
from tests.support.lock_desk import (
    ACCOUNT,
    NOON,
    PHONE,
    Desk,
    closed,
    erased,
    fact,
    failed,
    failures,
    minutes,
    password_changed,
    succeeded,
    told,
)

LOCK, ATTEMPTS = service.lock_keys(ACCOUNT)


def written(change: Any) -> set[str]:
    return {write.key.sk or "OUT" for write in change.writes()}


def audits(desk: Desk) -> list[Item]:
    return desk.store.query(Query(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}")).items


def test_a_whole_story_is_the_same_on_every_store(store: Store) -> None:
    """Failures lock, the wallet confirms, the owner unlocks and freezes, and the account is erased."""
    desk = Desk(store)
    desk.open_account()
    desk.tell(*failures(4, NOON - minutes(4)))
    assert desk.view().state is LockState.OPEN
    desk.tell(failed(NOON))
    assert (desk.view().state, desk.view().asked) == (LockState.SOFT, DecisionKind.LOCK)
    desk.acknowledge()
    assert desk.view().asked is None
    assert desk.act(service.contribute_unlock) == "ASKED"
    assert (desk.view().state, desk.view().asked) == (LockState.SOFT, DecisionKind.UNLOCK)
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN
    assert desk.act(service.contribute_freeze) == "ASKED"
    desk.acknowledge()
    assert desk.act(service.contribute_freeze) == "FROZEN"
    desk.tell(erased(NOON))
    assert desk.view().state is LockState.ERASED
    assert store.get(ATTEMPTS) is None


def test_below_a_tier_only_the_attempts_are_written(desk: Desk) -> None:
    change = desk.tell(*failures(4, NOON - minutes(4)))
    assert [type(write).__name__ for write in change.writes()] == ["Put", "Check"]
    assert desk.store.get(LOCK) is None
    assert desk.outbox() == []


def test_a_tier_writes_lock_decision_notices_and_audit_in_one_change(desk: Desk) -> None:
    desk.tell(*failures(4, NOON - minutes(4)))
    change = desk.tell(failed(NOON))
    assert {"#LOCK", "#ATTEMPTS", "OUT"} < written(change)
    (decision,) = desk.decisions()
    until = "2026-11-23T12:15:00.000Z"
    assert decision["kind"] == "account.lock_requested"
    assert decision["subject_version"] == 1
    assert decision["facts"] == {
        "cause": "TOO_MANY_PASSWORD",
        "until": until,
        "in_force": [{"state": "SOFT", "cause": "TOO_MANY_PASSWORD", "until": until}],
    }
    assert desk.notices() == ["lock.soft", "lock.soft"]
    facts = [entry["facts"] for entry in desk.outbox() if entry["to"] == "message"]
    assert facts == [{"cause": "TOO_MANY_PASSWORD", "until": until}] * 2
    lock = desk.store.get(LOCK)
    assert lock is not None
    assert lock["due_sk"] == f"2026-11-23T12:01:00.000Z#{ACCOUNT}"
    assert [item["event"] for item in audits(desk) if item["SK"].startswith("AUDIT")] == ["account.lock_requested"]


def test_the_same_facts_again_write_nothing(desk: Desk) -> None:
    facts = [*failures(6, NOON - minutes(5)), told(LockAction.LOCK_APPLIED, NOON, "COMPLIANCE"), closed(NOON)]
    desk.tell(*facts)
    assert desk.folding(*facts).writes() == []
    assert desk.folding(*facts[::-1], *facts).writes() == []


def test_a_lock_that_is_over_when_it_is_learnt_of_is_told_to_nobody(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(19)))
    assert desk.view().state is LockState.OPEN
    assert desk.outbox() == []


def test_a_lock_with_a_moment_left_is_asked_for_and_told(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(19) + timedelta(milliseconds=1)))
    assert desk.view().state is LockState.SOFT
    assert len(desk.decisions()) == 1


def test_a_late_failure_moves_a_running_lock_without_telling_it_twice(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(4)))
    desk.tell(failed(NOON - minutes(4.5)))
    assert [(entry["subject_version"], entry["facts"]["until"][11:16]) for entry in desk.decisions()] == [
        (1, "12:15"),
        (2, "12:14"),
    ]
    assert desk.notices() == ["lock.soft"] * 2


def test_a_harder_lock_is_told_anew(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(4)))
    desk.clock.advance(minutes(15))
    desk.tell(*failures(5, NOON + minutes(15), apart=timedelta(0)), *failures(5, NOON + minutes(15), name="b"))
    assert desk.notices() == ["lock.soft"] * 4


def test_a_hard_lock_is_told_without_an_end(desk: Desk) -> None:
    for n in range(100):
        desk.clock.advance(timedelta(hours=3))
        desk.tell(failed(desk.clock.now(), name=str(n)))
    view = desk.view()
    assert (view.state, view.until, view.self_service) == (LockState.HARD, None, SelfService.RESET)
    assert desk.notices() == ["lock.hard"] * 2
    assert desk.act(service.contribute_unlock) == "NOT_SELF_SERVICE"
    assert desk.act(service.contribute_reset_grant) == "GRANTED"
    desk.tell(password_changed(desk.clock.now()))
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN


def test_a_late_success_asks_the_wallet_to_end_the_lock(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(4), source=PHONE))
    desk.tell(succeeded(NOON - minutes(1.5)))
    assert [entry["kind"] for entry in desk.decisions()] == ["account.lock_requested", "account.unlock_requested"]
    assert (desk.view().state, desk.view().asked) == (LockState.SOFT, DecisionKind.UNLOCK)
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN


def test_a_lock_that_the_wallet_released_is_not_asked_to_be_released(desk: Desk) -> None:
    desk.lock_softly()
    desk.tell(told(LockAction.LOCK_RELEASED, NOON, "TOO_MANY_PASSWORD"))
    assert desk.view().state is LockState.OPEN
    assert len(desk.decisions()) == 1


def test_a_new_second_factor_ends_a_lock_by_guessed_codes(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(4), kind=LoginKind.OTP))
    desk.tell(password_changed(NOON))
    assert len(desk.decisions()) == 1
    desk.tell(fact("two_step.changed", NOON, TwoStepChanged(3, two_step=True)))
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN


@pytest.mark.parametrize(
    ("after", "open_"), [(timedelta(0), True), (GRANT_LIFE, True), (GRANT_LIFE + timedelta(milliseconds=1), False)]
)
def test_a_password_changed_under_a_grant_recovers_the_second_factor_too(
    desk: Desk, after: timedelta, open_: bool
) -> None:
    desk.tell(*failures(5, NOON - minutes(4), kind=LoginKind.OTP, apart=minutes(1)))
    for n in range(10):
        desk.clock.advance(timedelta(hours=1))
        desk.tell(failed(desk.clock.now(), kind=LoginKind.OTP, name=str(n)))
    desk.acknowledge()
    assert desk.view().state is LockState.SOFT
    assert desk.act(service.contribute_reset_grant) == "GRANTED"
    granted = desk.clock.now()
    desk.clock.advance(after)
    desk.tell(password_changed(granted + after))
    desk.acknowledge()
    assert (desk.view().state is LockState.OPEN) is open_


def test_a_closed_account_takes_no_more_locks(desk: Desk) -> None:
    desk.tell(closed(NOON), *failures(5, NOON - minutes(4)))
    assert desk.view().state is LockState.CLOSED
    assert desk.outbox() == []
    assert desk.act(service.contribute_unlock) == "NOT_SELF_SERVICE"
    assert desk.act(service.contribute_reset_grant) == "NOT_SELF_SERVICE"
    with pytest.raises(NotPossible):
        desk.act(service.contribute_freeze)


def test_after_erasure_nothing_is_known_and_nothing_is_written(desk: Desk) -> None:
    desk.lock_softly()
    desk.tell(erased(NOON), *failures(2, NOON))
    assert desk.store.get(ATTEMPTS) is None
    later = [*failures(9, NOON), told(LockAction.LOCK_APPLIED, NOON, "COMPLIANCE"), closed(NOON), erased(NOON)]
    assert desk.folding(*later).writes() == []
    assert desk.pause(ACCOUNT) == ()
    for contribute in (service.contribute_unlock, service.contribute_reset_grant):
        assert desk.act(contribute) == "NOT_SELF_SERVICE"
    with pytest.raises(NotPossible):
        desk.act(service.contribute_freeze)


@pytest.mark.parametrize("known", [False, True])
def test_attempts_do_not_come_back_when_an_erasure_gets_in_between(store: Store, known: bool) -> None:
    desk = Desk(store)
    if known:
        desk.tell(failed(NOON - minutes(1)))
    change = desk.folding(failed(NOON))
    desk.tell(erased(NOON))
    with pytest.raises(Stale):
        change.commit(store)
    assert store.get(ATTEMPTS) is None


def test_two_batches_at_once_lose_no_failure(store: Store) -> None:
    desk = Desk(store)
    first, second = desk.folding(*failures(3, NOON)), desk.folding(*failures(3, NOON, name="b"))
    first.commit(store)
    with pytest.raises(Stale):
        second.commit(store)
    desk.tell(*failures(3, NOON, name="b"))
    assert desk.view().state is LockState.SOFT


def test_an_unlock_and_a_harder_lock_at_once_do_not_both_pass(desk: Desk) -> None:
    desk.lock_softly()
    change = desk.change(desk.caller(FactorKind.SMS))
    service.contribute_unlock(change, desk.read(service.acting_keys(ACCOUNT)), ACCOUNT)
    desk.tell(told(LockAction.LOCK_APPLIED, NOON, "COMPLIANCE"))
    with pytest.raises(Stale):
        change.commit(desk.store)
    assert desk.act(service.contribute_unlock) == "NOT_SELF_SERVICE"


def test_a_newer_decision_says_all_that_is_in_force(desk: Desk) -> None:
    """The wallet drops a decision that a newer one has overtaken, so the newer one must not leave it out."""
    desk.pause(ACCOUNT)
    desk.tell(*failures(5, NOON - minutes(4)))
    *_, last = desk.decisions()
    assert [part["state"] for part in last["facts"]["in_force"]] == ["PAUSED", "SOFT"]


def test_a_fact_about_a_decision_that_was_never_asked_is_a_lock_of_the_wallets_own(desk: Desk) -> None:
    applied = LockTold(LockAction.LOCK_APPLIED, "decision_of_the_wallet", 1, "TOO_MANY_OTP", NOON + minutes(9))
    desk.tell(Fact("f", "lock.applied", "wallet", NOON, ACCOUNT, applied))
    assert (desk.view().state, desk.view().until) == (LockState.SOFT, NOON + minutes(9))


def test_the_due_date_follows_what_happens(desk: Desk) -> None:
    def due() -> str | None:
        item = desk.store.get(LOCK) or {}
        return item.get("due_sk", "")[:19] or None

    desk.tell(*failures(5, NOON - minutes(4)))
    assert due() == "2026-11-23T12:01:00"
    desk.acknowledge()
    assert due() == "2026-11-23T12:15:00"
    desk.act(service.contribute_unlock)
    desk.acknowledge()
    assert due() is None


def test_without_a_profile_a_lock_is_asked_for_and_nobody_told(memory_store: MemoryStore) -> None:
    desk = Desk(memory_store)
    desk.tell(*failures(5, NOON - minutes(4)))
    assert len(desk.decisions()) == 1
    assert desk.notices() == []


def test_nothing_stored_or_sent_names_a_source_or_an_address(desk: Desk) -> None:
    desk.lock_softly()
    items = [item for item in audits(desk) if item["SK"] != "#PROFILE"] + desk.outbox()
    assert len(items) > 4
    for personal in (PHONE.ip, PHONE.device_id, "198.51.100.7", "+8613800000001", "demo1", "Demo Customer"):
        assert str(personal) not in str(items)


def test_facts_of_others_need_no_read_of_locks() -> None:
    assert service.fact_keys([]) == set()
    assert service.fact_keys([failed(NOON), erased(NOON)]) == {LOCK, ATTEMPTS}
    assert hotline_key(f"ACCOUNT#{ACCOUNT}", "#LOCK") == LOCK
