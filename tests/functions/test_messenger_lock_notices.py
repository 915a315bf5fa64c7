"""A customer hears of a lock whoever set it: once a lock, with as much of its cause as the line tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from functions.messenger.letter import write_letter
from functions.messenger.settings import Sender
from hotline.contracts.model import LockAction
from hotline.kit.aws.carriers import Outgoing
from hotline.kit.languages import LANGUAGES
from hotline.kit.store import Table
from hotline.lockout.model import UNTOLD, Cause
from hotline.lockout.wallet_locks import NEWS_FOR
from hotline.wording.catalogue import find
from hotline.wording.rendering import render_written as in_a_letter
from hotline.wording.values import Locale, Word
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT as OWNER
from tests.support.api_world import ApiWorld
from tests.support.lock_desk import ACCOUNT, NOON, Desk, closed, erased, failed, failures, minutes, told
from tests.support.phone import give
from tests.support.stores import all_items

LOCKED: Final = LockAction.LOCK_APPLIED
RELEASED: Final = LockAction.LOCK_RELEASED
HOLDS: Final = [Cause.RISK_SCORE, Cause.AGENT, Cause.COMPLIANCE, Cause.DORMANT, Cause.OTHER]
FAILURES: Final = [Cause.TOO_MANY_PASSWORD, Cause.TOO_MANY_OTP, Cause.TOO_MANY_LOGIN_RATE]
LATER: Final = NOON + minutes(15)


@pytest.fixture
def desk(store: MemoryStore) -> Desk:
    made = Desk(store)
    made.open_account()
    return made


# ---------------------------------------------------------------- every lock


@pytest.mark.parametrize("cause", [*HOLDS, "A_CAUSE_OF_THE_WALLET"])
def test_a_hold_that_the_wallet_tells_of_is_told_to_every_contact_point(desk: Desk, cause: str) -> None:
    desk.tell(told(LOCKED, NOON, cause))
    assert desk.notices() == ["hold.told"] * 2


@pytest.mark.parametrize("cause", FAILURES)
def test_so_is_a_lock_for_failed_sign_ins_with_and_without_an_end(desk: Desk, cause: str) -> None:
    desk.tell(told(LOCKED, NOON, cause, until=LATER))
    assert desk.notices() == ["lock.soft"] * 2
    desk.tell(told(RELEASED, NOON + minutes(1), cause))
    desk.tell(told(LOCKED, NOON + minutes(2), cause))
    assert desk.notices() == ["lock.hard"] * 2 + ["lock.soft"] * 2


def test_a_customer_who_may_choose_a_new_password_under_the_hold_is_told_so(desk: Desk) -> None:
    desk.tell(told(LOCKED, NOON, Cause.COMPROMISED_CREDENTIAL))
    assert desk.notices() == ["hold.password"] * 2


@pytest.mark.parametrize(
    ("action", "cause", "notice"),
    [
        (LockAction.FREEZE_APPLIED, Cause.CUSTOMER_REQUEST, "freeze.told"),
        (LockAction.LOCK_APPLIED, Cause.CUSTOMER_REQUEST, "freeze.told"),
        (LockAction.PAUSE_APPLIED, Cause.CUSTOMER_REQUEST, "pause.told"),
        (LockAction.FREEZE_APPLIED, Cause.AGENT, "hold.told"),
        (LockAction.PAUSE_APPLIED, Cause.RISK_SCORE, "hold.told"),
    ],
)
def test_a_freeze_and_a_pause_are_told_by_who_asked_for_them(
    desk: Desk, action: LockAction, cause: str, notice: str
) -> None:
    desk.tell(told(action, NOON, cause))
    assert desk.notices() == [notice] * 2


# ---------------------------------------------------------------- once a lock


def test_a_lock_is_told_once_however_often_the_wallet_repeats_or_moves_it(desk: Desk) -> None:
    first = told(LOCKED, NOON, Cause.AGENT)
    desk.tell(first)
    desk.tell(first)
    desk.tell(told(LOCKED, NOON, Cause.AGENT, name="again"))
    desk.clock.advance(minutes(5))
    desk.tell(told(LOCKED, NOON + minutes(5), Cause.AGENT, until=LATER))
    assert desk.notices() == ["hold.told"] * 2


def test_a_lock_that_comes_after_a_release_is_another_one(desk: Desk) -> None:
    desk.tell(told(LOCKED, NOON, Cause.AGENT), told(RELEASED, NOON + minutes(1), Cause.AGENT))
    assert desk.notices() == []
    desk.tell(told(LOCKED, NOON + minutes(2), Cause.AGENT))
    assert desk.notices() == ["hold.told"] * 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_second_check_is_not_told_since_the_two_are_not_told_apart(desk: Desk, at_once: bool) -> None:
    holds = [told(LOCKED, NOON, Cause.RISK_SCORE), told(LOCKED, NOON + minutes(1), Cause.COMPLIANCE)]
    for facts in [holds] if at_once else [[hold] for hold in holds]:
        desk.tell(*facts)
    assert desk.notices() == ["hold.told"] * 2


def test_a_lock_that_the_wallet_confirms_is_not_told_again(desk: Desk) -> None:
    desk.lock_softly()
    assert desk.notices() == ["lock.soft"] * 2


@pytest.mark.parametrize("wallet_first", [True, False])
def test_one_lock_that_both_sides_set_is_told_once(desk: Desk, wallet_first: bool) -> None:
    own, of_the_wallet = failures(5, NOON - minutes(4)), [told(LOCKED, NOON, Cause.TOO_MANY_PASSWORD, until=LATER)]
    for facts in (of_the_wallet, own) if wallet_first else (own, of_the_wallet):
        desk.tell(*facts)
    assert desk.notices() == ["lock.soft"] * 2


def test_so_it_is_when_both_are_learnt_of_at_once(desk: Desk) -> None:
    desk.tell(*failures(5, NOON - minutes(4)), told(LOCKED, NOON, Cause.TOO_MANY_PASSWORD, until=LATER))
    assert desk.notices() == ["lock.soft"] * 2


def test_a_longer_lock_of_either_side_is_told_anew(desk: Desk) -> None:
    desk.tell(told(LOCKED, NOON, Cause.TOO_MANY_PASSWORD, until=NOON + minutes(14)))
    desk.tell(*failures(5, NOON - minutes(4)))
    assert desk.notices() == ["lock.soft"] * 4
    desk.tell(told(LOCKED, NOON, Cause.TOO_MANY_OTP))
    assert desk.notices() == ["lock.hard"] * 2 + ["lock.soft"] * 4


def test_a_lock_that_is_over_is_told_to_nobody(desk: Desk) -> None:
    desk.tell(told(LOCKED, NOON - minutes(15), Cause.TOO_MANY_OTP, until=NOON))
    assert desk.notices() == []


@pytest.mark.parametrize(
    ("ago", "notices"), [(NEWS_FOR - minutes(1), 2), (NEWS_FOR, 2), (NEWS_FOR + timedelta(milliseconds=1), 0)]
)
def test_a_lock_of_more_than_a_day_ago_is_no_news(desk: Desk, ago: timedelta, notices: int) -> None:
    desk.tell(told(LOCKED, NOON - ago, Cause.DORMANT))
    assert len(desk.notices()) == notices


def test_nobody_is_told_of_an_account_that_the_hotline_does_not_know(store: MemoryStore) -> None:
    desk = Desk(store)
    desk.tell(told(LOCKED, NOON, Cause.AGENT))
    assert desk.notices() == []


def test_a_closed_account_is_told_of_no_lock(desk: Desk) -> None:
    desk.tell(closed(NOON))
    desk.tell(told(LOCKED, NOON, Cause.AGENT))
    assert desk.notices() == []


def test_an_erased_account_is_told_nothing(desk: Desk) -> None:
    desk.tell(erased(NOON))
    desk.tell(told(LOCKED, NOON, Cause.AGENT), failed(NOON), closed(NOON))
    assert desk.notices() == []
    assert desk.view(account=ACCOUNT).state == "ERASED"


# ---------------------------------------------------------------- words


def letters(world: ApiWorld, cause: str, language: str) -> list[Outgoing]:
    """The notices of a hold by this cause, as they go out."""
    assert isinstance(world.ctx.store, MemoryStore)
    give(world.ctx, [replace(told(LOCKED, world.clock.now(), cause), subject=OWNER)])
    sender = Sender("Demo Wallet", ("+864008001234",))
    found = [
        write_letter({**entry, "language": language}, world.ctx, sender, entry["channel"])
        for entry in all_items(world.ctx.store, Table.OUTBOX)
        if entry["to"] == "message"
    ]
    return [letter for letter in found if isinstance(letter, Outgoing)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.OTHER])
def test_a_notice_gives_the_cause_in_the_words_of_the_line_and_the_official_number(
    store: MemoryStore, clock: VirtualClock, language: str, cause: Cause
) -> None:
    found = letters(ApiWorld(store, clock), cause, language)
    assert len(found) == 2
    for letter in found:
        assert str(in_a_letter(Word(f"lock.cause.{cause.value}"), Locale(language))) in letter.body
        assert "400 800 1234" in letter.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_causes_that_the_line_does_not_tell_apart_give_the_same_notice(language: str) -> None:
    told_apart = set()
    for cause in UNTOLD:
        clock = VirtualClock(NOON)
        found = letters(ApiWorld(MemoryStore(clock), clock), cause, language)
        told_apart.add(tuple((letter.subject, letter.body) for letter in found))
    assert len(told_apart) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cause_that_nobody_knows_is_not_made_up(store: MemoryStore, clock: VirtualClock, language: str) -> None:
    for letter in letters(ApiWorld(store, clock), "A_CAUSE_OF_THE_WALLET", language):
        assert "A_CAUSE" not in letter.body
        assert str(find("lock.cause.OTHER", language)) not in letter.body
