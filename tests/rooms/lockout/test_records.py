"""The record of locks at its edges: equal instants, equal versions, and of two alike the one that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from hotline.contracts.model import Fact, LockAction, LockTold, LoginKind, LoginSource, MovementKind
from hotline.lockout import policy, registers
from hotline.lockout.model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Asked,
    Attempt,
    AttemptOutcome,
    Attempts,
    Cause,
    Component,
    DecisionKind,
    Grant,
    LockRecord,
    LockState,
    LockView,
    Opening,
    SelfService,
)
from hotline.lockout.policy import view
from hotline.payments.model import NextStep
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, closed, failed, minutes, succeeded, told
from tests.support.sweeps import sweep

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
LATER = NOON + HOUR
EMPTY = LockRecord(ACCOUNT)
SOFT = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, NOON, LATER)
HARD = Component(LockState.HARD, Cause.TOO_MANY_PASSWORD, NOON, None)


def after(*facts: Fact) -> LockRecord:
    return registers.fold_facts(EMPTY, facts)


def acknowledged(record: LockRecord, version: int, kind: DecisionKind = DecisionKind.UNLOCK) -> LockRecord:
    data = LockTold(LockAction.LOCK_RELEASED, registers.decision_id(ACCOUNT, kind, version), version, "x")
    return registers.fold_facts(record, [Fact(f"ack{version}", "lock.released", "wallet", LATER, ACCOUNT, data)])


def test_an_erased_account_is_told_of_nothing_else() -> None:
    erased = replace(after(told(LockAction.LOCK_APPLIED, NOON, "RISK_SCORE")), erased=True)
    seen = view(erased, Attempts(), LATER)
    assert seen == LockView(LockState.ERASED, None, None, None, SelfService.NO, None)
    step = policy.first_before_paying(seen, SelfService.NO, MovementKind.PAYMENT)
    assert step is NextStep.USE_ANOTHER_ACCOUNT


def test_a_state_is_unconfirmed_when_the_wallet_has_not_confirmed_what_is_told_first() -> None:
    frozen = registers.switch(EMPTY, FREEZE_SLOT, NOON, on=True)
    assert view(frozen, Attempts(), LATER).unconfirmed
    assert not view(replace(frozen, applied_version=1), Attempts(), LATER).unconfirmed
    told_frozen = after(told(LockAction.FREEZE_APPLIED, NOON, "CUSTOMER_REQUEST"))
    paused_too = registers.switch(told_frozen, PAUSE_SLOT, NOON, on=True)
    assert not view(paused_too, Attempts(), LATER).unconfirmed


def test_a_freeze_and_a_hold_stop_factors_and_a_pause_does_not() -> None:
    record = after(
        told(LockAction.FREEZE_APPLIED, NOON, "CUSTOMER_REQUEST"),
        told(LockAction.LOCK_APPLIED, NOON, "RISK_SCORE"),
        told(LockAction.PAUSE_APPLIED, NOON, "CUSTOMER_REQUEST"),
    )
    assert policy.stops(record, LATER).keys() == {FREEZE_SLOT, Cause.RISK_SCORE.value}


@pytest.mark.parametrize(("offset", "waits"), [(-MS, True), (timedelta(0), False), (MS, False)])
def test_a_grant_ends_with_a_new_password_from_its_first_instant_on(offset: timedelta, waits: bool) -> None:
    record = replace(EMPTY, grant=Grant("grant", NOON, LATER))
    chosen = Attempt(NOON + offset, "new", LoginKind.PASSWORD, AttemptOutcome.RECOVERED, "-")
    until = policy.recovery_until(record, Attempts(recent=(chosen,)), NOON + minutes(1))
    assert until == (LATER if waits else None)


@pytest.mark.parametrize(("offset", "over"), [(-MS, False), (timedelta(0), True), (MS, True)])
def test_a_request_to_open_a_lock_is_over_when_the_lock_ends(offset: timedelta, over: bool) -> None:
    record, asked = registers.ask(EMPTY, DecisionKind.UNLOCK, NOON, was=SOFT)
    assert policy.is_over(record, asked, LATER + offset) is over


@sweep(("version", "component", "left"), [(2, HARD, True), (1, HARD, False), (2, SOFT, False), (1, SOFT, False)])
def test_an_opening_is_left_over_when_it_is_unconfirmed_and_its_lock_still_runs(
    version: int, component: Component, left: bool
) -> None:
    opening = Opening(component, version)
    record = replace(EMPTY, version=3, applied_version=1, opening=(opening,))
    assert policy.find_left_over(record, LATER) == (opening if left else None)


def test_the_wallet_is_told_of_the_holds_that_the_hotline_decided_and_knows_its_own() -> None:
    record = after(told(LockAction.LOCK_APPLIED, NOON, "COMPLIANCE"))
    record = registers.switch(record, Cause.RISK_SCORE.value, NOON, on=True)
    assert [found.cause for found in policy.in_force(record, Attempts(), LATER)] == [Cause.RISK_SCORE]


def test_the_wallet_is_told_of_every_lock_pause_and_freeze_whoever_began_it() -> None:
    record = after(
        told(LockAction.LOCK_APPLIED, NOON, "TOO_MANY_OTP"),
        told(LockAction.LOCK_APPLIED, NOON, "TOO_MANY_LOGIN_RATE", until=LATER + HOUR),
        told(LockAction.PAUSE_APPLIED, NOON, "CUSTOMER_REQUEST"),
        told(LockAction.FREEZE_APPLIED, NOON, "CUSTOMER_REQUEST"),
        closed(NOON),
    )
    found = {component.state for component in policy.in_force(record, Attempts(), LATER)}
    assert found == {LockState.HARD, LockState.SOFT, LockState.PAUSED, LockState.FROZEN}


@pytest.mark.parametrize(("offset", "may"), [(-MS, True), (timedelta(0), True), (MS, False)])
def test_an_unlock_is_forgotten_after_a_day(offset: timedelta, may: bool) -> None:
    cleared = (LATER - policy.UNLOCKS_WITHIN + offset,) * policy.UNLOCKS_MAX
    assert policy.may_unlock(replace(EMPTY, cleared=cleared), [SOFT], LATER) is may


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(LoginKind.OTP, AttemptOutcome.RECOVERED), (LoginKind.PASSWORD, AttemptOutcome.FAILED)],
)
def test_a_grant_waits_for_a_new_password_and_nothing_else(kind: LoginKind, outcome: AttemptOutcome) -> None:
    record = replace(EMPTY, grant=Grant("grant", NOON, LATER))
    other = Attempt(NOON, "other", kind, outcome, "-")
    assert policy.recovery_until(record, Attempts(recent=(other,)), NOON + minutes(1)) == LATER


def test_the_source_of_a_login_is_its_device_or_else_its_address() -> None:
    both = LoginSource(ip="192.0.2.1", device_id="phone")
    assert registers.source_hash(both, KEYS) == KEYS.mac_text("1", "device", "phone")
    assert registers.source_hash(LoginSource(ip="192.0.2.1"), KEYS) == KEYS.mac_text("1", "ip", "192.0.2.1")
    assert registers.source_hash(LoginSource(), KEYS) == "-"


def test_a_release_as_the_customer_asked_ends_a_pause_and_a_freeze() -> None:
    record = after(
        told(LockAction.PAUSE_APPLIED, NOON, "CUSTOMER_REQUEST"),
        told(LockAction.FREEZE_APPLIED, NOON, "CUSTOMER_REQUEST"),
        told(LockAction.LOCK_RELEASED, LATER, "CUSTOMER_REQUEST"),
    )
    assert view(record, Attempts(), LATER).state is LockState.OPEN


def test_things_of_one_state_stand_by_how_little_they_allow_then_by_length_then_by_name() -> None:
    causes = sorted(cause for cause in Cause if not policy.help_for(Component(LockState.HOLD, cause, None, None)))
    assert len(causes) > 3
    facts = [told(LockAction.LOCK_APPLIED, NOON, cause, name=cause) for cause in causes[1:]]
    facts.append(told(LockAction.LOCK_APPLIED, NOON, causes[0], until=LATER + HOUR))
    record = after(*facts)
    holds = [found.cause for found in policy.components(record, Attempts(), LATER) if found.state is LockState.HOLD]
    assert holds == [*[cause for cause in causes[1:] if cause in holds], *[c for c in causes[:1] if c in holds]]
    assert len(holds) > 2


def test_a_login_is_an_attempt_and_no_recovery() -> None:
    outcomes = [registers.attempts_in(fact, EMPTY, KEYS)[0].outcome for fact in (succeeded(NOON), failed(NOON))]
    assert outcomes == [AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED]


def test_of_two_closings_the_earlier_holds() -> None:
    for order in permutations([closed(NOON), closed(LATER)]):
        assert after(*order).closed_at == NOON


@pytest.mark.parametrize("ahead", [-MS, timedelta(0), MS])
def test_a_decision_is_later_than_every_word_that_it_came_after(ahead: timedelta) -> None:
    record = after(told(LockAction.UNFREEZE_APPLIED, NOON + ahead, "CUSTOMER_REQUEST"))
    decided = registers.switch(record, FREEZE_SLOT, NOON, on=True).told[FREEZE_SLOT]
    assert decided.at == max(NOON, NOON + ahead + MS)


def openings(record: LockRecord, *more: Component) -> Sequence[tuple[Component, int]]:
    for component in more:
        record, _ = registers.ask(record, DecisionKind.UNLOCK, NOON, was=component)
    return [(opening.component, opening.version) for opening in record.opening]


def test_a_new_request_keeps_the_openings_that_are_unconfirmed_and_still_run() -> None:
    ended = replace(SOFT, until=NOON - MS)
    known = (Opening(HARD, 1), Opening(ended, 2), Opening(replace(SOFT, cause=Cause.TOO_MANY_OTP), 3))
    record = replace(EMPTY, version=3, applied_version=1, opening=known)
    assert openings(registers.ask(record, DecisionKind.FREEZE, NOON)[0]) == [(known[2].component, 3)]


def test_openings_of_one_state_and_cause_are_one_and_the_longest_stands() -> None:
    longer = replace(SOFT, since=NOON + MS, until=LATER + MS)
    assert openings(EMPTY, SOFT, longer) == openings(EMPTY, longer, replace(SOFT)) == [(longer, 2)]
    lasting = Component(LockState.PAUSED, Cause.CUSTOMER_REQUEST, NOON, None)
    ending = replace(lasting, until=LATER)
    assert openings(EMPTY, lasting, ending) == openings(EMPTY, ending, lasting) == [(lasting, 2)]
    other_cause = replace(SOFT, cause=Cause.TOO_MANY_OTP)
    assert openings(EMPTY, SOFT, other_cause, HARD) == [(SOFT, 1), (other_cause, 2), (HARD, 3)]


def waiting_since(record: LockRecord) -> datetime:
    assert isinstance(record.asked, Asked)
    return record.asked.at


def test_an_answer_of_the_wallet_starts_the_wait_for_the_next_one_anew() -> None:
    record, _ = registers.ask(EMPTY, DecisionKind.UNLOCK, NOON)
    record, _ = registers.ask(record, DecisionKind.UNLOCK, NOON + minutes(1))
    record, _ = registers.ask(record, DecisionKind.UNLOCK, NOON + minutes(2))
    assert waiting_since(record) == NOON
    answered = acknowledged(record, 1)
    assert waiting_since(answered) == NOON + minutes(2)
    # The same answer once more is no news, and neither is the last answer.
    assert waiting_since(acknowledged(replace(record, applied_version=1), 1)) == NOON
    assert waiting_since(acknowledged(record, 3)) == NOON


def test_the_wallet_ends_a_freeze_for_a_reason_of_its_own_by_naming_the_reason() -> None:
    record = after(
        told(LockAction.FREEZE_APPLIED, NOON, "RISK_SCORE"), told(LockAction.UNFREEZE_APPLIED, LATER, "RISK_SCORE")
    )
    assert view(record, Attempts(), LATER).state is LockState.OPEN
