"""Matters that an owner is told about, and rules of which they hear nothing."""

from __future__ import annotations

from datetime import timedelta

from hotline.kit.clock import to_text
from hotline.security.checkup import TOLD_RULES, Matter, list_matters
from hotline.security.detectors import Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.items import state_of
from hotline.security.model import FINDING_LIFE, FindingState
from tests.support.stores import NOON
from tests.support.sweeps import sweep

SILENT = {
    *("no_second_factor", "one_contact_point", "stale_password"),
    *("pass_through", "card_testing", "refund_abuse"),
}
"""Rules on protection are told by what the hotline knows itself; the others may find what the owner does."""


def test_of_each_rule_about_accounts_it_is_decided_whether_owners_hear_of_it() -> None:
    """A new rule is silent until it is named; it is named here in either case."""
    of_accounts = {detector.rule for detector in DETECTORS if detector.stream is Stream.ACCOUNT}
    assert TOLD_RULES.isdisjoint(SILENT)
    assert of_accounts == TOLD_RULES | SILENT


def test_a_danger_of_now_comes_before_what_keeps_others_out() -> None:
    worst = {"finding_count": 2, "new_device_count": 1, "contact_changed": True}
    assert list_matters(**worst, two_step=False, contact_count=1, pin=False) == tuple(Matter)  # type: ignore[arg-type]


@sweep(
    ("known", "matters"),
    [
        ({}, ()),
        ({"finding_count": 1}, (Matter.FINDINGS,)),
        ({"new_device_count": 1}, (Matter.NEW_DEVICE,)),
        ({"contact_changed": True}, (Matter.CONTACT_CHANGED,)),
        ({"two_step": False}, (Matter.TWO_STEP_OFF,)),
        ({"two_step": None}, ()),
        ({"contact_count": 1}, (Matter.ONE_CONTACT,)),
        ({"contact_count": 0}, (Matter.ONE_CONTACT,)),
        ({"pin": False}, (Matter.NO_PIN,)),
    ],
)
def test_each_thing_to_do_is_named_when_there_is_a_reason(known: dict[str, object], matters: tuple[Matter]) -> None:
    protected: dict[str, object] = {"finding_count": 0, "two_step": True, "contact_count": 2, "pin": True}
    protected |= {"new_device_count": 0, "contact_changed": False}
    assert list_matters(**{**protected, **known}) == matters  # type: ignore[arg-type]


@sweep("state", FindingState)
def test_a_finding_that_nobody_looked_at_expires_by_reading(state: FindingState) -> None:
    item = {"state": state.value, "found_at": to_text(NOON)}
    waits = state in (FindingState.OPEN, FindingState.TOLD)
    assert state_of(item, NOON + FINDING_LIFE) is state
    after = state_of(item, NOON + FINDING_LIFE + timedelta(milliseconds=1))
    assert after is (FindingState.EXPIRED if waits else state)
