"""A step stores what it changed of a call, and the whole call can be read from that."""

from __future__ import annotations

from copy import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.sessions.items import differing_attributes, session_attributes
from hotline.sessions.model import AskedChallenge, Identified, Offer, SessionState, Target, TurnRecord
from tests.support.stores import NOON

NUMBER: Final = Identified("1#a", ("acct-1",), ("0#a",), "p")
OTHER: Final = Identified("1#b", ())
VALUES: Final[dict[str, list[Any]]] = {
    "inbound": [True, False],
    "turns": [(), (TurnRecord(1, "start", "f", "KNOWN"),), (TurnRecord(2, "bills", "g", "SOME", ("m",), ("n",)),)],
    "language": [None, "zh-CN", "en-US"],
    "calling": [None, NUMBER, OTHER],
    "typed": [None, NUMBER, OTHER],
    "targets": [
        {},
        {FactorKind.SMS: Target("1#a", "acct-1", ("0#a",), prefix="p")},
        {FactorKind.SMS: Target("1#b", None), FactorKind.EMAIL: Target("1#c", None, via=("1#w",))},
    ],
    "account_id": [None, "acct-1"],
    "two_step": [None, True, False],
    "pin": [True, False],
    "kinds_at_risk": [None, 0, 2],
    "time_zone": [None, "Asia/Shanghai"],
    "factors": [(), (ProvedFactor(FactorKind.SMS, Purpose.ACT, "1#a", NOON),)],
    "challenge": [None, AskedChallenge("chl_1", "1#a"), AskedChallenge("chl_2", "1#a")],
    "offers": [(), (Offer("MOV#1", None),), (Offer("MOV#1", "mrc", "MOV#2"), Offer("MOV#3", "mrc"))],
    "logins": [(), ("lgn_1",)],
    "topic": [None, "refund"],
    "case_id": [None, "case_1"],
    "heard": [(), ("start:KNOWN",)],
    "about": [None, "pay_1"],
    "served": [(), ("refund",)],
    "score": [None, 1],
    "own_number_only": [True, False],
}
BEGUN: Final = SessionState("c-1", "ref_1", 1, NOON, NOON, inbound=True)

values = st.fixed_dictionaries({}, optional={name: st.sampled_from(known) for name, known in VALUES.items()})


@given(values, values)
def test_the_difference_of_two_states_makes_one_of_the_other(first: dict[str, Any], change: dict[str, Any]) -> None:
    before = replace(BEGUN, **first)
    after = replace(before, last_step_at=NOON + timedelta(minutes=1), **change)
    stored, wanted = session_attributes(before), session_attributes(after)
    old, new = differing_attributes(before, after)
    assert {name: value for name, value in stored.items() if name not in old} | new == wanted
    assert old.items() <= stored.items()
    assert new.items() <= wanted.items()


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_stays_is_not_told_and_one_that_changes_is(name: str) -> None:
    first, second = VALUES[name][:2]
    before, after = replace(BEGUN, **{name: first}), replace(BEGUN, **{name: second})
    assert differing_attributes(before, replace(before, turn=2)) == ({}, {})
    old, new = differing_attributes(before, after)
    assert old.get(name) != new.get(name)


@pytest.mark.parametrize("name", ["calling", "typed"])
def test_targets_are_told_with_a_number_to_which_they_may_point(name: str) -> None:
    first: dict[str, Any] = {name: NUMBER, "targets": VALUES["targets"][1]}
    change: dict[str, Any] = {name: OTHER}
    before = replace(BEGUN, **first)
    old, new = differing_attributes(before, replace(before, **change))
    assert old["targets"] == {"sms": {"of": name, "account_id": "acct-1"}}
    assert new["targets"]["sms"]["point"] == NUMBER.point


@pytest.mark.parametrize(("value", "kept"), [(False, True), (0, True), (None, False)])
def test_a_no_and_a_zero_are_stored(value: bool | int | None, *, kept: bool) -> None:
    known: dict[str, Any] = {"kinds_at_risk": value, "two_step": value}
    state = replace(BEGUN, **known)
    assert ("kinds_at_risk" in session_attributes(state)) is ("two_step" in session_attributes(state)) is kept
