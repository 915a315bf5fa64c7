"""The view of an account: its words, its owner's choices, and the order of the wallet's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations, permutations

import pytest

from hotline.contracts.model import Fact, LockAction, LockTold, LoginKind, MovementKind
from hotline.lockout import policy, registers
from hotline.lockout.items import attempts_item, attempts_of, lock_item, record_of
from hotline.lockout.model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Attempts,
    Cause,
    Component,
    DecisionKind,
    Grant,
    LockRecord,
    LockState,
    SelfService,
    TierLock,
)
from hotline.lockout.policy import (
    CLEARED_FOR,
    HELP,
    PRECEDENCE,
    UNLOCKS_MAX,
    components,
    due_at,
    help_for,
    may_pause_unproved,
    view,
    would_pause,
)
from hotline.lockout.tiers import with_attempts
from hotline.payments.model import NextStep
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, closed, failures, minutes, password_changed, succeeded, told
from tests.support.sweeps import sweep

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
LATER = NOON + HOUR
EMPTY = LockRecord(ACCOUNT)
APPLIED, RELEASED = LockAction.LOCK_APPLIED, LockAction.LOCK_RELEASED
STATES: dict[LockState, list[Fact]] = {
    LockState.CLOSED: [closed(NOON)],
    LockState.FROZEN: [told(LockAction.FREEZE_APPLIED, NOON, "CUSTOMER_REQUEST")],
    LockState.HOLD: [told(APPLIED, NOON, "RISK_SCORE")],
    LockState.HARD: [told(APPLIED, NOON, "TOO_MANY_OTP")],
    LockState.PAUSED: [told(LockAction.PAUSE_APPLIED, NOON, "CUSTOMER_REQUEST", until=NOON + DAY)],
    LockState.SOFT: [told(APPLIED, NOON, "TOO_MANY_LOGIN_RATE", until=NOON + DAY)],
}


def after(*facts: Fact) -> LockRecord:
    return registers.fold_facts(EMPTY, facts)


def tried(*facts: Fact) -> Attempts:
    new = [attempt for fact in facts for attempt in registers.attempts_in(fact, EMPTY, KEYS)]
    return with_attempts(Attempts(), new, (), max(fact.time for fact in facts))


@sweep("state", STATES)
def test_each_word_of_the_wallet_makes_its_state(state: LockState) -> None:
    assert view(after(*STATES[state]), Attempts(), LATER).state is state


@sweep(("one", "other"), list(combinations([state for state in PRECEDENCE if state in STATES], 2)))
def test_of_two_states_the_harder_to_leave_is_told_and_both_are_there(one: LockState, other: LockState) -> None:
    for facts in permutations([*STATES[one], *STATES[other]]):
        seen = view(after(*facts), Attempts(), LATER)
        assert seen.state is one
        assert {component.state for component in seen.components} == {one, other}


def test_every_state_but_the_tombstone_has_its_place() -> None:
    assert set(PRECEDENCE) == set(LockState) - {LockState.ERASED}


@sweep("cause", list(Cause))
def test_a_lasting_lock_of_the_wallet_lets_its_owner_do_what_the_table_says(cause: Cause) -> None:
    expected = {
        Cause.TOO_MANY_PASSWORD: (LockState.HARD, SelfService.RESET),
        Cause.TOO_MANY_OTP: (LockState.HARD, SelfService.RESET),
        Cause.TOO_MANY_LOGIN_RATE: (LockState.HARD, SelfService.RESET),
        Cause.COMPROMISED_CREDENTIAL: (LockState.HOLD, SelfService.RESET),
        Cause.CUSTOMER_REQUEST: (LockState.FROZEN, SelfService.UNFREEZE),
    }
    seen = view(after(told(APPLIED, NOON, cause.value)), Attempts(), LATER)
    assert (seen.state, seen.self_service) == expected.get(cause, (LockState.HOLD, SelfService.NO))
    assert seen.cause is cause


def test_only_listed_states_help_themselves() -> None:
    open_by_owner = {key for key, help_ in HELP.items() if SelfService.UNLOCK in help_}
    assert {state for state, _ in open_by_owner} == {LockState.SOFT}
    assert not any(state in (LockState.CLOSED, LockState.ERASED) for state, _ in HELP)
    assert [key for key in HELP if key[0] is LockState.FROZEN] == [(LockState.FROZEN, Cause.CUSTOMER_REQUEST)]
    assert help_for(Component(LockState.HOLD, Cause.RISK_SCORE, NOON, None)) == frozenset()


def test_an_open_account_may_have_a_new_password() -> None:
    seen = view(EMPTY, Attempts(), NOON)
    assert (seen.state, seen.self_service, seen.components) == (LockState.OPEN, SelfService.RESET, ())


def test_failures_lock_softly_and_both_ways_out_are_open() -> None:
    new = failures(5, NOON)
    seen = view(EMPTY, tried(*new), new[-1].time)
    assert (seen.state, seen.cause, seen.self_service) == (
        LockState.SOFT,
        Cause.TOO_MANY_PASSWORD,
        SelfService.BOTH,
    )
    assert (seen.since, seen.until) == (new[-1].time, new[-1].time + minutes(15))


@sweep("cause", ["RISK_SCORE", "COMPLIANCE", "AGENT", "DORMANT", "never heard of"])
def test_a_hold_keeps_a_soft_lock_under_it_from_being_opened(cause: str) -> None:
    seen = view(after(told(APPLIED, NOON, cause)), tried(*failures(5, NOON)), NOON + minutes(5))
    assert (seen.state, seen.self_service) == (LockState.HOLD, SelfService.NO)


def test_of_two_holds_the_one_that_allows_less_is_told() -> None:
    holds = [told(APPLIED, NOON, "COMPROMISED_CREDENTIAL"), told(APPLIED, NOON, "COMPLIANCE")]
    seen = view(after(*holds), Attempts(), LATER)
    assert (seen.cause, seen.self_service) == (Cause.COMPLIANCE, SelfService.NO)


def test_a_pause_does_not_stand_between_a_soft_lock_and_its_end() -> None:
    record = after(*STATES[LockState.PAUSED])
    seen = view(record, tried(*failures(5, NOON)), NOON + minutes(5))
    assert (seen.state, seen.self_service) == (LockState.PAUSED, SelfService.END_PAUSE)
    assert policy.may_unlock(record, seen.components, NOON + minutes(5))


@pytest.mark.parametrize(("offset", "state"), [(-MS, LockState.PAUSED), (MS * 0, LockState.OPEN), (MS, LockState.OPEN)])
def test_a_pause_ends_by_itself(offset: timedelta, state: LockState) -> None:
    assert view(after(*STATES[LockState.PAUSED]), Attempts(), NOON + DAY + offset).state is state


def test_a_release_ends_what_it_names_and_nothing_else() -> None:
    both = [told(APPLIED, NOON, "RISK_SCORE"), told(APPLIED, NOON, "COMPLIANCE")]
    released = told(RELEASED, NOON + MS, "RISK_SCORE")
    seen = view(after(*both, released), Attempts(), LATER)
    assert [component.cause for component in seen.components] == [Cause.COMPLIANCE]


@sweep("order", list(permutations(range(3))))
def test_the_latest_word_holds_in_whatever_order_it_comes(order: tuple[int, ...]) -> None:
    words = [
        told(APPLIED, NOON, "COMPLIANCE"),
        told(RELEASED, NOON + MS, "COMPLIANCE"),
        told(APPLIED, NOON + 2 * MS, "COMPLIANCE"),
    ]
    record = after(*(words[place] for place in order))
    assert view(record, Attempts(), LATER).since == NOON + 2 * MS


def test_of_two_words_of_one_instant_the_same_one_holds_in_either_order() -> None:
    words = [told(APPLIED, NOON, "COMPLIANCE", name="a"), told(RELEASED, NOON, "COMPLIANCE", name="b")]
    assert after(*words) == after(*reversed(words))


def test_the_wallet_unfreezes_what_the_customer_froze() -> None:
    frozen = STATES[LockState.FROZEN][0]
    for cause in ("CUSTOMER_REQUEST", "AGENT", "-"):
        seen = view(after(frozen, told(LockAction.UNFREEZE_APPLIED, LATER, cause)), Attempts(), LATER)
        assert seen.state is LockState.OPEN


@pytest.mark.parametrize("action", [LockAction.FREEZE_APPLIED, LockAction.PAUSE_APPLIED])
def test_a_freeze_or_pause_for_a_reason_of_the_wallet_is_a_hold(action: LockAction) -> None:
    seen = view(after(told(action, NOON, "COMPLIANCE")), Attempts(), LATER)
    assert (seen.state, seen.cause) == (LockState.HOLD, Cause.COMPLIANCE)


def test_an_acknowledgement_is_no_word_of_the_wallet_own() -> None:
    record, asked = registers.ask(EMPTY, DecisionKind.LOCK, NOON)
    ack = LockTold(APPLIED, asked.decision_id, asked.version, "TOO_MANY_PASSWORD")
    fact = Fact("ack", "lock.applied", "wallet", NOON, ACCOUNT, ack)
    done = registers.fold_facts(record, [fact])
    assert record.waiting == asked
    assert done.waiting is None
    assert done.told == {}
    assert registers.fold_facts(done, [fact]) == done
    assert not registers.is_own("another account", ack)
    assert not registers.is_own(ACCOUNT, replace(ack, subject_version=2))


def test_an_older_acknowledgement_does_not_stand_for_a_newer_decision() -> None:
    record, first = registers.ask(EMPTY, DecisionKind.LOCK, NOON)
    record, second = registers.ask(record, DecisionKind.UNLOCK, NOON)
    acks = [
        Fact(f"ack{asked.version}", action.value, "wallet", NOON, ACCOUNT, LockTold(action, asked.decision_id, n, "x"))
        for n, asked, action in ((1, first, APPLIED), (2, second, RELEASED))
    ]
    assert registers.fold_facts(record, acks[:1]).waiting == second
    assert registers.fold_facts(record, acks).waiting is None
    assert registers.fold_facts(record, acks[::-1]).waiting is None


def test_a_lock_that_was_asked_to_open_stays_in_force_until_the_wallet_confirms() -> None:
    soft = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, NOON, NOON + HOUR)
    record, asked = registers.ask(EMPTY, DecisionKind.UNLOCK, NOON, was=soft)
    seen = view(record, Attempts(), NOON + minutes(1))
    assert (seen.state, seen.asked) == (LockState.SOFT, DecisionKind.UNLOCK)
    assert view(record, Attempts(), NOON + HOUR).state is LockState.OPEN
    done = replace(record, applied_version=asked.version)
    assert view(done, Attempts(), NOON + minutes(1)).state is LockState.OPEN


def test_a_lock_that_is_in_force_again_stands_for_the_one_that_was_to_be_opened() -> None:
    before = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, NOON, NOON + HOUR)
    record, _ = registers.ask(EMPTY, DecisionKind.UNLOCK, NOON, was=before)
    again = failures(5, NOON + minutes(1))
    seen = view(record, tried(*again), again[-1].time)
    assert [component.until for component in seen.components] == [again[-1].time + minutes(15)]


def test_a_decision_stands_against_a_word_that_it_came_after_by_whatever_clock() -> None:
    """The wallet's clock may be some minutes ahead; what the hotline knows when it decides is the past."""
    for ahead in (timedelta(0), MS, minutes(5)):
        record = after(told(LockAction.UNFREEZE_APPLIED, NOON + ahead, "CUSTOMER_REQUEST"))
        frozen = registers.switch(record, FREEZE_SLOT, NOON, on=True)
        assert view(frozen, Attempts(), LATER).state is LockState.FROZEN
        again = registers.fold_facts(frozen, [told(LockAction.UNFREEZE_APPLIED, NOON + ahead, "CUSTOMER_REQUEST")])
        assert again == frozen


def test_a_second_decision_does_not_hide_what_the_first_has_not_opened_yet() -> None:
    soft = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, NOON, NOON + HOUR)
    record, _ = registers.ask(EMPTY, DecisionKind.UNLOCK, NOON, was=soft)
    record, _ = registers.ask(record, DecisionKind.FREEZE, NOON)
    assert view(record, Attempts(), NOON + minutes(1)).state is LockState.SOFT
    assert view(replace(record, applied_version=1), Attempts(), NOON + minutes(1)).state is LockState.OPEN


@pytest.mark.parametrize(("pauses", "allowed"), [(1, True), (2, False), (3, False)])
def test_two_pauses_in_seven_days(pauses: int, allowed: bool) -> None:
    record = replace(EMPTY, pauses=tuple(NOON - timedelta(days=2 * n + 1) for n in range(pauses))[::-1])
    assert may_pause_unproved(record, NOON) is allowed


@pytest.mark.parametrize(("age", "allowed"), [(-MS, False), (MS * 0, True), (MS, True)])
def test_a_pause_is_forgotten_after_seven_days(age: timedelta, allowed: bool) -> None:
    record = replace(EMPTY, pauses=(NOON - timedelta(days=7) - age, NOON - DAY * 2))
    assert may_pause_unproved(record, NOON) is allowed


@pytest.mark.parametrize(("offset", "allowed"), [(-MS, False), (MS * 0, True), (MS, True)])
def test_the_bar_holds_for_thirty_days(offset: timedelta, allowed: bool) -> None:
    record = replace(EMPTY, barred_until=NOON)
    assert may_pause_unproved(record, NOON + offset) is allowed


@pytest.mark.parametrize("state", [LockState.PAUSED, LockState.FROZEN, LockState.CLOSED])
def test_there_is_nothing_to_pause_where_money_has_stopped(state: LockState) -> None:
    record = after(*STATES[state])
    assert not would_pause(record, components(record, Attempts(), LATER))


def test_due_is_the_earliest_of_the_dates() -> None:
    assert due_at(EMPTY, NOON) is None
    paused = registers.switch(EMPTY, PAUSE_SLOT, NOON, on=True, until=NOON + DAY)
    assert due_at(paused, NOON) == NOON + DAY
    assert due_at(paused, NOON + DAY) is None
    placed, asked = registers.ask(
        replace(paused, placed=TierLock(LoginKind.PASSWORD, NOON, NOON + minutes(15))), DecisionKind.LOCK, NOON
    )
    assert due_at(placed, NOON) == NOON + timedelta(seconds=60)
    resent = replace(placed, asked=replace(asked, sent=NOON + minutes(4.5)))
    assert due_at(resent, NOON) == NOON + minutes(5)
    assert due_at(replace(placed, applied_version=1), NOON) == NOON + minutes(15)


def full_record() -> LockRecord:
    """As much at once as an account can have."""
    record = EMPTY
    for cause in Cause:
        for action in (APPLIED, LockAction.PAUSE_APPLIED, LockAction.FREEZE_APPLIED):
            record = registers.fold_facts(record, [told(action, NOON, cause.value, until=NOON + DAY)])
    soft = Component(LockState.SOFT, Cause.TOO_MANY_LOGIN_RATE, NOON, NOON + DAY)
    paused = Component(LockState.PAUSED, Cause.CUSTOMER_REQUEST, NOON, NOON + DAY)
    record = replace(
        record,
        version=10**6,
        applied_version=10**6 - 1,
        placed=TierLock(LoginKind.PASSWORD, NOON, NOON + DAY),
        cleared=tuple(NOON - CLEARED_FOR / 6 * n for n in range(2 * UNLOCKS_MAX))[::-1],
        pauses=(NOON - DAY, NOON),
        barred_until=NOON + DAY,
        grant=Grant("grant_" + "f" * 32, NOON, NOON + HOUR),
        closed_at=NOON,
    )
    record, _ = registers.ask(record, DecisionKind.UNLOCK, NOON, was=soft)
    record, _ = registers.ask(record, DecisionKind.END_PAUSE, NOON, was=paused)
    return registers.switch(record, FREEZE_SLOT, NOON, on=True)


def size(value: object) -> int:
    """Bytes as DynamoDB counts them: names and text in UTF-8, numbers half a byte a digit and one, containers 3 + 1."""
    match value:
        case str():
            return len(value.encode())
        case bool():
            return 1
        case int():
            return len(str(value)) // 2 + 2
        case dict():
            return 3 + sum(len(name) + size(part) + 1 for name, part in value.items())
        case list():
            return 3 + sum(size(part) + 1 for part in value)
    raise TypeError


def test_the_lock_item_costs_one_read_unit_whatever_is_in_it() -> None:
    record = full_record()
    item = lock_item(replace(record, account_id="a" * 64), due_at=NOON, stops=policy.stops(record, NOON))
    item |= {"PK": "ACCOUNT#" + "a" * 64, "SK": "#LOCK", "rev": 10**9}
    assert set(record.told) == {
        *(cause.value for cause in Cause if cause is not Cause.CUSTOMER_REQUEST),
        "PAUSE",
        "FREEZE",
    }
    assert size(item) < 4096


def test_records_and_attempts_come_back_from_their_items_as_they_were() -> None:
    record = full_record()
    assert record_of(ACCOUNT, lock_item(record, due_at=None, stops=policy.stops(record, NOON))) == record
    assert record_of(ACCOUNT, None) == EMPTY
    new = [*failures(6, NOON), succeeded(NOON + minutes(9)), password_changed(NOON + minutes(10))]
    attempts = tried(*new)
    aged = with_attempts(attempts, tried(*failures(1, NOON + 1.5 * DAY)).recent, (), NOON + 1.5 * DAY)
    assert aged.total_through is not None
    for one in (Attempts(), attempts, aged):
        assert attempts_of(attempts_item(one)) == one


def test_a_tombstone_holds_nothing_but_that_it_is_one() -> None:
    item = lock_item(replace(full_record(), erased=True), due_at=NOON, stops={})
    assert set(item) == {"version", "erased"}
    assert view(record_of(ACCOUNT, item), Attempts(), NOON).state is LockState.ERASED


@pytest.mark.parametrize("action", [LockAction.FREEZE_APPLIED, LockAction.PAUSE_APPLIED, LockAction.LOCK_APPLIED])
def test_a_reason_that_the_hotline_does_not_know_is_a_hold_that_no_caller_opens(action: LockAction) -> None:
    seen = view(after(told(action, NOON, "SANCTIONS_SCREENING")), Attempts(), LATER)
    assert (seen.state, seen.self_service) == (LockState.HOLD, SelfService.NO)


FIRST: dict[LockState, NextStep] = {
    LockState.CLOSED: NextStep.USE_ANOTHER_ACCOUNT,
    LockState.FROZEN: NextStep.END_FREEZE,
    LockState.HOLD: NextStep.OPEN_WITH_AGENT,
    LockState.HARD: NextStep.RESET_PASSWORD,
    LockState.PAUSED: NextStep.END_PAUSE,
    LockState.SOFT: NextStep.UNLOCK_WALLET,
}


@sweep("state", list(FIRST))
def test_the_lock_in_force_decides_the_step_before_a_payment(state: LockState) -> None:
    seen = view(after(*STATES[state]), Attempts(), LATER)
    assert seen.state is state
    assert policy.first_before_paying(seen, seen.self_service, MovementKind.PAYMENT) is FIRST[state]
    if state is not LockState.CLOSED:
        assert policy.first_before_paying(seen, SelfService.NO, MovementKind.PAYMENT) is NextStep.OPEN_WITH_AGENT


def test_nothing_comes_before_a_payment_from_an_open_account() -> None:
    seen = view(EMPTY, Attempts(), NOON)
    for kind in MovementKind:
        assert policy.first_before_paying(seen, seen.self_service, kind) is None


def test_a_pause_stops_what_goes_out_and_no_top_up() -> None:
    seen = view(after(*STATES[LockState.PAUSED]), Attempts(), LATER)
    stopped = {k for k in MovementKind if policy.first_before_paying(seen, seen.self_service, k) is not None}
    assert stopped == set(MovementKind) - {MovementKind.TOP_UP}


@sweep("state", [LockState.SOFT, LockState.HARD, LockState.HOLD, LockState.PAUSED, LockState.FROZEN])
def test_an_unconfirmed_opening_is_waited_for_before_a_payment(state: LockState) -> None:
    seen = view(after(*STATES[state]), Attempts(), LATER)
    opening = replace(seen, opening=True)
    assert policy.first_before_paying(opening, seen.self_service, MovementKind.PAYMENT) is NextStep.WAIT_FOR_OPENING
    asked = replace(seen, asked=DecisionKind.UNLOCK)
    assert policy.first_before_paying(asked, seen.self_service, MovementKind.PAYMENT) is not NextStep.WAIT_FOR_OPENING
