"""Matters that an owner is told about, and rules of which they hear nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.accounts.recency import RECENT
from hotline.contracts.model import FactVersion, PointKind
from hotline.kit.clock import to_text
from hotline.kit.languages import LANGUAGES
from hotline.lockout.model import Cause, Component, LockState, LockView, SelfService
from hotline.security.checkup import ASKED, NOT_STOPPED, TOLD_RULES, Advice, Matter, ToldMatter, list_matters
from hotline.security.detectors import Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.items import state_of
from hotline.security.model import FINDING_LIFE, TRIES, FindingState, ToldFinding
from hotline.wording.catalogue import find
from tests.support.stores import NOON
from tests.support.sweeps import sweep

SILENT = {
    *("no_second_factor", "one_contact_point", "stale_password"),
    *("pass_through", "refund_abuse"),
}
"""Rules on protection are told by what the hotline knows itself; the others may find what the owner does."""


def test_of_each_rule_about_accounts_it_is_decided_whether_owners_hear_of_it() -> None:
    """A new rule is silent until it is named; it is named here in either case."""
    of_accounts = {detector.rule for detector in DETECTORS if detector.stream is Stream.ACCOUNT}
    assert TOLD_RULES.isdisjoint(SILENT)
    assert of_accounts == TOLD_RULES | SILENT


def test_every_rule_that_asks_for_a_hold_is_told() -> None:
    """The hold tells its owner already: a check-up that denied it would contradict the message."""
    holding = {detector.rule for detector in DETECTORS if detector.holds}
    assert holding
    assert holding <= TOLD_RULES


def test_rules_that_find_tries_alone_are_told() -> None:
    assert TRIES <= TOLD_RULES


OPEN = LockView(LockState.OPEN, None, None, None, SelfService.NO, None)
POINTS = tuple(
    ContactPoint(kind, value, f"1#{value}", NOON - timedelta(days=400))
    for kind, value in ((PointKind.PHONE, "+8613800000001"), (PointKind.EMAIL, "one@customer.example"))
)
PROTECTED = Profile("a", AccountStatus.OPEN, 1, "en-US", "UTC", "", True, POINTS, NOON)
EARLIER = NOON - timedelta(hours=3)
TOLD_ON, TOLD_OFF = FactVersion(1, NOON - RECENT, "told-1"), FactVersion(2, EARLIER, "told-2")
FOUND = ToldFinding("fnd_1", "high", EARLIER)
CONFIRMED = replace(FOUND, id="fnd_2", confirmed_at=NOON - timedelta(hours=1))
CONFIRMED_BEFORE = replace(FOUND, id="fnd_3", confirmed_at=EARLIER - timedelta(hours=1))


def shut(*states: LockState, unconfirmed: bool = False) -> LockView:
    """An account on which these are in force, the first of them in front."""
    components = tuple(Component(state, Cause.AGENT, EARLIER, None) for state in states)
    return replace(OPEN, state=states[0], components=components, unconfirmed=unconfirmed)


def told(**known: Any) -> tuple[ToldMatter, ...]:
    """The matters of an account that is well protected, but for what is known."""
    nothing: dict[str, Any] = {"found": (), "confirmed": (), "view": OPEN, "profile": PROTECTED, "pin": True}
    return list_matters(**{**nothing, "new_devices": (), "has_logins": True, "now": NOON, **known})


def changed(**known: Any) -> dict[str, Any]:
    return {"profile": replace(PROTECTED, **known)}


def with_point(**known: Any) -> dict[str, Any]:
    return changed(points=(replace(POINTS[0], **known), POINTS[1]))


def test_a_confirmed_finding_comes_first_and_a_danger_of_now_before_what_keeps_others_out() -> None:
    point = replace(POINTS[0], confirmed_at=EARLIER, sim_changed_at=EARLIER)
    profile = replace(PROTECTED, points=(point,), two_step=False, password_changed_at=EARLIER)
    denied = replace(FOUND, is_denied=True)
    worst = {"found": (FOUND, denied), "confirmed": (CONFIRMED,), "view": shut(LockState.HOLD), "profile": profile}
    matters = [one.matter for one in told(**worst, new_devices=(EARLIER,), pin=False)]
    assert matters == [matter for matter in Matter if matter is not Matter.TWO_STEP_ENDED]


@sweep(
    ("known", "matters"),
    [
        ({}, ()),
        ({"found": (FOUND,)}, (Matter.FINDINGS,)),
        ({"found": (replace(FOUND, is_denied=True),)}, (Matter.REPORTED,)),
        ({"confirmed": (CONFIRMED,)}, (Matter.CONFIRMED, Matter.LOCK)),
        ({"view": shut(LockState.HOLD)}, (Matter.LOCK,)),
        ({"new_devices": (EARLIER,)}, (Matter.NEW_DEVICE,)),
        (changed(password_changed_at=EARLIER), (Matter.PASSWORD_CHANGED,)),
        (changed(password_changed_at=NOON - RECENT), ()),
        (changed(password_changed_at=EARLIER, opened_at=EARLIER), ()),
        (changed(two_step_ended_at=EARLIER, two_step=False), (Matter.TWO_STEP_ENDED,)),
        (changed(two_step_ended_at=EARLIER, two_step=True), ()),
        (changed(two_step_ended_at=NOON - RECENT, two_step=False), (Matter.TWO_STEP_OFF,)),
        (changed(two_step_on=TOLD_ON, two_step_off=TOLD_OFF, two_step=False), (Matter.TWO_STEP_ENDED,)),
        (changed(two_step_off=TOLD_OFF, two_step=False), (Matter.TWO_STEP_OFF,)),
        (with_point(sim_changed_at=EARLIER), (Matter.SIM_CHANGED,)),
        (with_point(confirmed_at=EARLIER), (Matter.CONTACT_CHANGED,)),
        (with_point(removed_at=EARLIER), (Matter.CONTACT_CHANGED, Matter.ONE_CONTACT)),
        (changed(two_step=False), (Matter.TWO_STEP_OFF,)),
        (changed(two_step=None), ()),
        (changed(points=POINTS[:1]), (Matter.ONE_CONTACT,)),
        (changed(points=()), (Matter.ONE_CONTACT,)),
        ({"pin": False}, (Matter.NO_PIN,)),
        ({"profile": None}, ()),
        ({**changed(two_step=False, points=()), "pin": False, "view": shut(LockState.CLOSED)}, (Matter.LOCK,)),
    ],
)
def test_each_matter_is_told_when_there_is_a_reason(known: dict[str, Any], matters: tuple[Matter, ...]) -> None:
    assert tuple(one.matter for one in told(**known)) == matters


@sweep(
    ("view", "form"),
    [
        (shut(LockState.HOLD), "hold"),
        (shut(LockState.HOLD, unconfirmed=True), "hold.asked"),
        (shut(LockState.HARD, LockState.PAUSED, unconfirmed=True), "paused"),
        (shut(LockState.SOFT), "soft"),
        (shut(LockState.SOFT, LockState.HOLD), "hold"),
        (shut(LockState.CLOSED), "closed"),
        (shut(LockState.CLOSED, LockState.HOLD), "closed"),
    ],
)
def test_the_thing_that_keeps_money_from_leaving_is_told_with_whether_it_is_so_yet(view: LockView, form: str) -> None:
    (lock,) = told(view=view)
    assert (lock.matter, lock.form) == (Matter.LOCK, form)


@sweep("state", sorted(set(LockState) - {LockState.OPEN, LockState.ERASED}))
@sweep("language", LANGUAGES)
def test_each_lock_has_words(state: LockState, language: str) -> None:
    forms = [state.value.lower(), *([] if state is LockState.CLOSED else [f"{state.value.lower()}{ASKED}"])]
    assert [form for form in (*forms, NOT_STOPPED) if find(f"checkup.lock.{form}", language) is None] == []


LOOK, PAYMENTS = Advice.LOOK, Advice.LOOK_AT_PAYMENTS
FROZEN, CLOSED = shut(LockState.FROZEN), shut(LockState.CLOSED, LockState.HOLD)


@sweep(
    ("known", "advice"),
    [
        ({"found": (FOUND,)}, (LOOK, Advice.ASK_FREEZE)),
        ({"found": (FOUND,), "view": FROZEN}, (LOOK, Advice.NAME_IT)),
        ({"found": (FOUND,), "has_logins": False}, (PAYMENTS, Advice.ASK_FREEZE)),
        ({"found": (replace(FOUND, is_try=True),), "has_logins": False}, (Advice.NOBODY_IN,)),
        ({"found": (replace(FOUND, is_try=True), FOUND), "has_logins": False}, (PAYMENTS, Advice.ASK_FREEZE)),
        ({"found": (replace(FOUND, is_try=True),)}, (LOOK, Advice.ASK_FREEZE)),
        ({"found": (replace(FOUND, is_denied=True),)}, ()),
        ({"confirmed": (CONFIRMED,)}, (Advice.NEW_PASSWORD, LOOK, Advice.ASK_FREEZE)),
        ({"confirmed": (CONFIRMED,), "view": FROZEN}, (Advice.NEW_PASSWORD, LOOK, Advice.NAME_IT)),
        (
            {"confirmed": (CONFIRMED,), **changed(password_changed_at=CONFIRMED.confirmed_at)},
            (Advice.NEW_PASSWORD, LOOK, Advice.ASK_FREEZE),
        ),
        (
            {"confirmed": (CONFIRMED, CONFIRMED_BEFORE), **changed(password_changed_at=EARLIER)},
            (Advice.NEW_PASSWORD, LOOK, Advice.ASK_FREEZE),
        ),
        (
            {"confirmed": (CONFIRMED,), **changed(password_changed_at=NOON)},
            (Advice.NEW_PASSWORD_UNLESS, LOOK, Advice.ASK_FREEZE),
        ),
        (
            {"confirmed": (replace(CONFIRMED, is_try=True),), "found": (FOUND,), "has_logins": False},
            (Advice.NEW_PASSWORD, PAYMENTS, Advice.ASK_FREEZE),
        ),
        (
            {"found": (replace(FOUND, is_try=True),), "has_logins": False, "new_devices": (EARLIER,)},
            (PAYMENTS, Advice.ASK_FREEZE),
        ),
        ({"confirmed": (CONFIRMED,), "view": CLOSED}, (LOOK,)),
        ({"found": (FOUND,), "has_logins": False, "view": CLOSED}, (PAYMENTS,)),
        ({"new_devices": (EARLIER,), "view": CLOSED}, ()),
        ({"confirmed": (replace(CONFIRMED, is_try=True),), "has_logins": False}, (Advice.NOBODY_IN,)),
        ({"new_devices": (EARLIER,)}, (Advice.FREEZE,)),
        ({"new_devices": (EARLIER,), "view": FROZEN}, ()),
        (with_point(sim_changed_at=EARLIER), (Advice.FREEZE,)),
    ],
)
def test_one_thing_is_to_be_done_and_nothing_that_is_done_already(
    known: dict[str, Any], advice: tuple[Advice, ...]
) -> None:
    assert next((one.advice for one in told(**known) if one.advice), ()) == advice


def test_a_mark_is_another_one_for_another_form_time_or_number() -> None:
    one = ToldMatter(Matter.LOCK, form="hold")
    happened = ToldMatter(Matter.FINDINGS, (EARLIER,))
    others = [
        *(replace(one, form="frozen"), replace(happened, matter=Matter.REPORTED)),
        *(replace(happened, times=(NOON,)), replace(happened, times=(EARLIER, EARLIER))),
    ]
    marks = [told.mark for told in (one, happened, *others)]
    assert len(set(marks)) == len(marks)
    assert replace(happened, advice=(Advice.LOOK,)).mark == happened.mark


@sweep("state", FindingState)
def test_a_finding_that_nobody_looked_at_expires_by_reading(state: FindingState) -> None:
    item = {"state": state.value, "found_at": to_text(NOON)}
    waits = state in (FindingState.OPEN, FindingState.TOLD)
    assert state_of(item, NOON + FINDING_LIFE) is state
    after = state_of(item, NOON + FINDING_LIFE + timedelta(milliseconds=1))
    assert after is (FindingState.EXPIRED if waits else state)
