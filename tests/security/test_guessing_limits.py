"""Every limit of proof and of locks: one below, at it, and one above (ASVS 5.0, 2.3.2). `SHOWN_BY` lists them all."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Final, TypeGuard

import pytest

from hotline.contracts.model import MovementStatus
from hotline.identity.counters import name_counters
from hotline.identity.items import challenge_item, with_counters
from hotline.identity.policy import (
    CHALLENGE_KEPT,
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_DAY,
    CODES_PER_QUARTER_HOUR,
    DAY,
    FACTOR_BLOCK,
    FACTOR_LIFE,
    QUARTER_HOUR,
    WRONG_IN_A_ROW,
    WRONG_PER_DAY,
    FactorCounters,
    after_wrong,
    is_blocked_today,
    is_row_full,
    may_send,
    missing_factors,
    with_new_row,
)
from hotline.identity.service import Operation
from hotline.identity.ways import Way
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.clock import epoch_s
from hotline.kit.store import TTL_ATTRIBUTE, hotline_key
from hotline.lockout import registers, service
from hotline.lockout.items import lock_key, record_of
from hotline.lockout.model import PAUSE_SLOT, Attempts, Cause, Component, LockRecord, LockState
from hotline.lockout.policy import (
    CLEARED_FOR,
    PAUSE_LENGTH,
    UNLOCKS_MAX,
    UNLOCKS_WITHIN,
    components,
    find_pause,
    may_unlock,
)
from hotline.sessions import service as sessions
from hotline.sessions import turns
from hotline.sessions.items import session_item
from hotline.sessions.model import (
    CALL_LIFE,
    HEARD_KEPT,
    OFFERS_KEPT,
    RESUME_WITHIN,
    TURNS_KEPT,
    SessionState,
    TurnRecord,
)
from hotline.sessions.service import with_heard
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import PHONE, ApiWorld
from tests.support.lock_desk import ACCOUNT, NOON, Desk, failures, minutes
from tests.support.named_tests import is_test
from tests.support.phone import Phone

MS: Final = timedelta(milliseconds=1)
NONE: Final = timedelta()
HERE: Final = "tests/security/test_guessing_limits.py::"
_IDENTITY: Final = "tests/rooms/identity/test_limits.py::"
_TIERS: Final = "tests/rooms/lockout/test_tiers.py::"
_VIEWS: Final = "tests/rooms/lockout/test_views.py::"
_DEADLINES: Final = "tests/functions/test_deadlines.py::"
_CHANGES: Final = "tests/rooms/accounts/test_changes.py::"
_MESSAGES: Final = "tests/functions/test_messenger_limits.py::"
_FLOODS: Final = "tests/security/test_flooding_of_codes.py::"
_PINS: Final = "tests/functions/test_connect_pins.py::"
SHOWN_BY: Final = {
    "identity.policy.FACTOR_LIFE": HERE + "test_a_factor_is_good_for_ten_minutes",
    "sessions.model.RESUME_WITHIN": HERE + "test_a_call_that_is_handed_on_keeps_its_level_for_ten_minutes",
    "sessions.model.CALL_LIFE": HERE + "test_calls_and_challenges_end_by_themselves",
    "identity.policy.CODE_LIFE": HERE + "test_a_code_is_good_for_ten_minutes",
    "identity.policy.CODE_TRIES": HERE + "test_a_code_has_three_tries",
    "identity.policy.CHALLENGE_KEPT": HERE + "test_calls_and_challenges_end_by_themselves",
    "identity.policy.CODES_PER_QUARTER_HOUR": HERE + "test_a_contact_point_gets_three_codes_in_a_quarter_of_an_hour",
    "identity.policy.CODES_PER_DAY": HERE + "test_a_contact_point_gets_eight_codes_in_a_day",
    "identity.policy.WRONG_PER_DAY": HERE + "test_eight_wrong_codes_in_a_day_block_the_factor",
    "identity.policy.WRONG_IN_A_ROW": HERE
    + "test_a_hundred_wrong_codes_in_a_row_end_the_factor_until_the_row_begins_anew",
    "identity.policy.QUARTER_HOUR": HERE + "test_codes_are_forgotten_after_their_time",
    "identity.policy.DAY": HERE + "test_codes_are_forgotten_after_their_time",
    "identity.policy.FACTOR_BLOCK": HERE + "test_a_factor_is_blocked_for_a_day",
    "sessions.model.TURNS_KEPT": HERE + "test_so_many_turns_are_kept",
    "sessions.model.HEARD_KEPT": HERE + "test_so_many_answers_are_kept",
    "sessions.model.OFFERS_KEPT": HERE + "test_so_many_payments_are_offered",
    "kit.limits.WRONG_CODES_MAX": _IDENTITY
    + "test_codes_are_slow_while_wrong_ones_of_all_callers_are_more_than_the_threshold",
    "identity.limits.CALLS_PER_NUMBER_MAX": _IDENTITY
    + "test_a_number_has_called_often_when_it_called_as_often_as_it_may",
    "identity.limits.STRANGERS_PART": _IDENTITY
    + "test_strangers_are_slow_above_a_third_of_the_threshold_and_slow_nobody_else",
    "identity.pins.PIN_DIGITS_MIN": "tests/rooms/identity/test_pins.py::"
    "test_a_pin_that_is_easily_guessed_is_refused_by_a_word",
    "identity.pins.PIN_DIGITS_MAX": "tests/rooms/identity/test_pins.py::"
    "test_a_pin_that_is_easily_guessed_is_refused_by_a_word",
    "kit.limits.MESSAGES_MAX": _FLOODS + "test_askers_who_show_less_have_a_share_and_those_who_show_more_the_rest",
    "kit.limits.PER_PREFIX_MAX": _FLOODS + "test_askers_who_show_less_have_a_share_and_those_who_show_more_the_rest",
    "identity.code_messages.STRANGERS_PERCENT": _FLOODS
    + "test_askers_who_show_less_have_a_share_and_those_who_show_more_the_rest",
    "identity.code_messages.OWN_NUMBER_PERCENT": _FLOODS
    + "test_askers_who_show_less_have_a_share_and_those_who_show_more_the_rest",
    "lockout.policy.PAUSE_LENGTH": HERE + "test_a_pause_runs_for_a_day",
    "lockout.policy.PAUSES_MAX": _VIEWS + "test_two_pauses_in_seven_days",
    "lockout.policy.PAUSES_WITHIN": _VIEWS + "test_a_pause_is_forgotten_after_seven_days",
    "lockout.policy.PAUSE_BAR": _VIEWS + "test_the_bar_holds_for_thirty_days",
    "lockout.policy.PAUSE_ACCOUNTS_MAX": "tests/rooms/lockout/test_pauses.py::"
    "test_a_call_reaches_five_accounts_at_most",
    "lockout.policy.GRANT_LIFE": "tests/rooms/lockout/test_locks_stored.py::"
    "test_a_password_changed_under_a_grant_recovers_the_second_factor_too",
    "lockout.policy.UNLOCKS_MAX": HERE + "test_an_account_is_unlocked_three_times_a_day",
    "lockout.policy.UNLOCKS_WITHIN": HERE + "test_an_unlock_counts_for_a_day",
    "lockout.policy.CLEARED_FOR": HERE + "test_an_unlock_is_remembered_for_two_days",
    "lockout.policy.RESEND_AFTER": _DEADLINES
    + "test_a_lock_that_is_not_confirmed_goes_out_again_and_then_becomes_an_alarm_and_a_case",
    "lockout.policy.ALARM_AFTER": _DEADLINES + "test_a_wallet_that_answers_slowly_has_its_time_for_each_decision",
    "lockout.policy.RESEND_LATER": _DEADLINES
    + "test_after_the_alarm_the_decision_goes_out_at_a_slower_pace_and_nobody_is_alarmed_again",
    "lockout.tiers.HARD_FAILURES": _TIERS + "test_the_hundredth_failure_in_a_row_locks_until_recovery",
    "lockout.tiers.ATTEMPTS_MAX": _TIERS + "test_a_flood_keeps_at_most_a_hundred_attempts_and_its_lock",
    "lockout.tiers.COUNTED_WITHIN": _TIERS + "test_a_failure_told_more_than_a_day_late_counts_no_more",
    "lockout.breaker.PAUSES_WITHOUT_FACTOR_MAX": _IDENTITY
    + "test_the_breaker_opens_above_fifty_pauses_without_a_factor",
    "identity.notices.REPUDIATION_LIFE": "tests/functions/test_api_repudiations.py::"
    "test_a_token_is_good_for_seven_days",
    "accounts.notice_rates.OF_A_KIND_MAX": "tests/functions/test_messenger_limits.py::"
    "test_a_number_gets_six_notices_of_a_kind_a_day_and_others_still",
    "accounts.changes.CHANGE_WAIT": _CHANGES + "test_a_changed_number_gets_no_code_that_acts_for_three_days",
    "accounts.changes.SIM_CHANGE_WAIT": _CHANGES
    + "test_after_a_change_of_sim_a_number_gets_no_code_at_all_for_three_days",
}
"""Each limit, and the test that goes over it. The tiers of locks and the two paces are in the tests of theirs."""


def limits_of(module: str) -> set[str]:
    """The limits that a module itself names: its constants that are whole numbers or spans of time."""
    loaded = import_module(f"hotline.{module}")
    nodes = ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8")).body
    named = [node.targets[0] if isinstance(node, ast.Assign) else node.target for node in nodes if _assigns(node)]
    names = [name.id for name in named if isinstance(name, ast.Name) and name.id.isupper()]
    return {f"{module}.{name}" for name in names if isinstance(getattr(loaded, name), int | timedelta)}


def _assigns(node: ast.stmt) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    return isinstance(node, ast.Assign | ast.AnnAssign)


def test_every_limit_has_a_test_that_there_is() -> None:
    modules = {name.rpartition(".")[0] for name in SHOWN_BY}
    assert set().union(*map(limits_of, modules)) == SHOWN_BY.keys()
    assert [test for test in SHOWN_BY.values() if not is_test(test)] == []


# ---------------------------------------------------------------- codes

EDGES: Final = pytest.mark.parametrize("off", [-MS, NONE, MS], ids=["before", "at", "after"])
START: Final = SessionState("contact", "ref_1", 1, NOON, NOON, inbound=True)


@EDGES
def test_a_factor_is_good_for_ten_minutes(off: timedelta) -> None:
    factor = ProvedFactor(FactorKind.SMS, Purpose.ACT, "1#point", NOON + FACTOR_LIFE)
    proof = Proof(hotline_key("CONTACT#c", "CALL"), ACCOUNT, (factor,), two_step=False)
    assert (missing_factors(Operation.UNLOCK, proof, NOON + FACTOR_LIFE + off) is None) is (off < NONE)


@EDGES
def test_a_call_that_is_handed_on_keeps_its_level_for_ten_minutes(off: timedelta) -> None:
    assert sessions.may_keep_level(START, continued=True, now=NOON + RESUME_WITHIN + off) is (off < NONE)


def asked(world: ApiWorld) -> Phone:
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    return phone


@EDGES
def test_a_code_is_good_for_ten_minutes(world: ApiWorld, off: timedelta) -> None:
    phone = asked(world)
    world.clock.advance(CODE_LIFE + off)
    assert phone.press("check_code", code=phone.code)["outcome"] == ("PROVED" if off < NONE else "EXPIRED")


@pytest.mark.parametrize("wrong", [CODE_TRIES - 1, CODE_TRIES, CODE_TRIES + 1])
def test_a_code_has_three_tries(world: ApiWorld, wrong: int) -> None:
    phone = asked(world)
    right = phone.code
    for number in range(wrong):
        phone.press("check_code", code=f"{(int(right) + 1 + number) % 10**6:06d}")
    assert phone.press("check_code", code=right)["outcome"] == ("PROVED" if wrong < CODE_TRIES else "SPENT")


def sent(number: int, apart: timedelta = NONE) -> FactorCounters:
    return FactorCounters(sent=tuple(NOON + apart * place for place in range(number)))


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_contact_point_gets_three_codes_in_a_quarter_of_an_hour(off: int) -> None:
    assert may_send(sent(CODES_PER_QUARTER_HOUR + off), NOON) is (off < 0)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_contact_point_gets_eight_codes_in_a_day(off: int) -> None:
    counters = sent(CODES_PER_DAY + off, QUARTER_HOUR)
    assert may_send(counters, counters.sent[-1] + QUARTER_HOUR) is (off < 0)


@EDGES
def test_codes_are_forgotten_after_their_time(off: timedelta) -> None:
    assert may_send(sent(CODES_PER_QUARTER_HOUR), NOON + QUARTER_HOUR + off) is (off >= NONE)
    day = FactorCounters(sent=(NOON, *(NOON + timedelta(hours=place + 1) for place in range(CODES_PER_DAY - 1))))
    assert may_send(day, NOON + DAY + off) is (off >= NONE)
    wrong = FactorCounters(wrong=(NOON,) * (WRONG_PER_DAY - 1))
    assert is_blocked_today(after_wrong(wrong, NOON + DAY + off), NOON + DAY + off) is (off < NONE)


def guessed(number: int) -> FactorCounters:
    counters = FactorCounters()
    for _ in range(number):
        counters = after_wrong(counters, NOON)
    return counters


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_eight_wrong_codes_in_a_day_block_the_factor(off: int) -> None:
    counters = guessed(WRONG_PER_DAY + off)
    assert is_blocked_today(counters, NOON) is (off >= 0)
    assert may_send(counters, NOON) is (off < 0)


@EDGES
def test_a_factor_is_blocked_for_a_day(off: timedelta) -> None:
    assert is_blocked_today(guessed(WRONG_PER_DAY), NOON + FACTOR_BLOCK + off) is (off < NONE)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_hundred_wrong_codes_in_a_row_end_the_factor_until_the_row_begins_anew(off: int) -> None:
    counters = FactorCounters(wrong_in_a_row=WRONG_IN_A_ROW + off)
    assert is_row_full(counters) is (off >= 0)
    assert not is_row_full(with_new_row(counters))


@pytest.mark.parametrize("number", [TURNS_KEPT - 1, TURNS_KEPT, TURNS_KEPT + 1])
def test_so_many_turns_are_kept(number: int) -> None:
    kept: tuple[TurnRecord, ...] = ()
    for turn in range(number):
        kept = turns.with_record(kept, TurnRecord(turn, "start", "print", "KNOWN"))
    assert [record.turn for record in kept] == list(range(number))[-TURNS_KEPT:]


@pytest.mark.parametrize("number", [HEARD_KEPT - 1, HEARD_KEPT, HEARD_KEPT + 1])
def test_so_many_answers_are_kept(number: int) -> None:
    state = SessionState("contact-1", "ref", 1, NOON, NOON, inbound=True)
    for turn in range(number):
        state = with_heard(with_heard(state, f"step:{turn}"), f"step:{turn}")
    assert list(state.heard) == [f"step:{turn}" for turn in range(number)][-HEARD_KEPT:]


@pytest.mark.parametrize("number", [OFFERS_KEPT - 1, OFFERS_KEPT, OFFERS_KEPT + 1])
def test_so_many_payments_are_offered(world: ApiWorld, number: int) -> None:
    for place in range(number):
        world.pay(f"mov-{place}", MovementStatus.FAILED, ago=timedelta(hours=place + 1))
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove()
    phone.press("payments", purpose="failed")
    assert len(phone.state.offers) == min(number, OFFERS_KEPT)


def test_calls_and_challenges_end_by_themselves(world: ApiWorld, store: MemoryStore) -> None:
    """A day is longer than any call; counters of nobody's number outlast their day and the block that may follow."""
    phone = asked(world)
    assert session_item(phone.state)[TTL_ATTRIBUTE] == epoch_s(NOON + CALL_LIFE)
    assert challenge_item(phone.challenge)[TTL_ATTRIBUTE] == epoch_s(NOON + CODE_LIFE + CHALLENGE_KEPT)
    ends = with_counters(None, name_counters(FactorKind.SMS, Way.APP, guessed(WRONG_PER_DAY)), now=NOON)[TTL_ATTRIBUTE]
    assert ends > epoch_s(NOON + max(DAY, FACTOR_BLOCK))


# ---------------------------------------------------------------- locks

SOFT: Final = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, NOON, NOON + DAY)


@EDGES
def test_a_pause_runs_for_a_day(off: timedelta) -> None:
    record = registers.switch(LockRecord(ACCOUNT), PAUSE_SLOT, NOON, on=True, until=NOON + PAUSE_LENGTH)
    running = find_pause(components(record, Attempts(), NOON + PAUSE_LENGTH + off))
    assert (running is not None) is (off < NONE)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_an_account_is_unlocked_three_times_a_day(off: int) -> None:
    record = replace(LockRecord(ACCOUNT), cleared=(NOON - minutes(1),) * (UNLOCKS_MAX + off))
    assert may_unlock(record, [SOFT], NOON) is (off < 0)


@EDGES
def test_an_unlock_counts_for_a_day(off: timedelta) -> None:
    record = replace(LockRecord(ACCOUNT), cleared=(NOON,) * UNLOCKS_MAX)
    assert may_unlock(record, [SOFT], NOON + UNLOCKS_WITHIN + off) is (off >= NONE)


@EDGES
def test_an_unlock_is_remembered_for_two_days(store: MemoryStore, clock: VirtualClock, off: timedelta) -> None:
    desk = Desk(store, clock)
    desk.open_account()
    for number, wait in enumerate((NONE, CLEARED_FOR + off)):
        clock.advance(wait)
        desk.tell(*failures(5, clock.now() - minutes(4), name=str(number)))
        assert desk.act(service.contribute_unlock) == "ASKED"
        desk.acknowledge()
    remembered = record_of(ACCOUNT, store.get(lock_key(ACCOUNT))).cleared
    assert len(remembered) == (2 if off < NONE else 1)
