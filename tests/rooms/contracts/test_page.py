"""docs/contracts.md is true where it tells of facts, locks, languages and the file of a running stack."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Final

import pytest

from hotline.contracts.decisions import DECISIONS, DecisionContract
from hotline.contracts.facts import FACTS
from hotline.contracts.model import Fact, LockAction, LockTold, MovementKind, RefundStatus, RefundTold
from hotline.kit.languages import CHINESE, ENGLISH, language_or_english
from hotline.kit.money import Money
from hotline.lockout import policy, registers
from hotline.lockout.model import Attempts, Cause, Component, LockRecord, LockState
from hotline.refunds.folds import fold_refund
from hotline.refunds.model import RefundState
from hotline.security.streams import OUTWARD
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import Stack
from tests.support.documents import read_table
from tests.support.lock_desk import NOON, fact, minutes, password_changed
from tests.support.sweeps import sweep

DOCUMENT: Final = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
QUOTED: Final = re.compile(r"`([^`]+)`")


def table(first_columns: str) -> list[list[str]]:
    """The rows of the table whose first columns have these names."""
    return [list(row.values()) for row in read_table(DOCUMENT, first_columns)]


def decisions() -> dict[str, str]:
    """The data of each decision as the page has them, by type; "the same" is spelt out."""
    found: dict[str, str] = {}
    for types, data, _ in table("Type (`.v1`) | Data | The wallet answers"):
        text = data.replace("the same", found["refund.requested"]) if data.startswith("the same") else data
        found |= dict.fromkeys(types.split(", "), text)
    return found


LOCKS: Final = [(Cause(QUOTED.findall(cause)[0]), LockState(state), may) for cause, state, may, _ in table("Cause")]


@sweep(("cause", "state", "may"), LOCKS)
def test_the_owner_may_do_what_the_page_says(cause: Cause, state: LockState, may: str) -> None:
    allowed = policy.help_for(Component(state, cause, None, None))
    assert {service.value for service in allowed} == set(QUOTED.findall(may))
    assert may.startswith("nothing") == (not allowed)


def test_the_page_has_every_cause_and_every_state_that_allows_something() -> None:
    rows = {(state, cause) for cause, state, _ in LOCKS}
    assert len(rows) == len(LOCKS)
    assert {cause for _, cause in rows} == set(Cause)
    assert {key for key in policy.HELP if key[1] is not None} <= rows


@sweep("action", [LockAction.LOCK_APPLIED, LockAction.PAUSE_APPLIED, LockAction.FREEZE_APPLIED])
@sweep("cause", Cause)
@sweep("ends", [True, False])
def test_a_lock_fact_leads_to_a_state_that_the_page_has_for_its_cause(
    action: LockAction, cause: Cause, ends: bool
) -> None:
    data = LockTold(action, "wallet-1", 1, cause.value, NOON + minutes(15) if ends else None)
    record = registers.fold_facts(LockRecord("acct_1"), [fact(action.value, NOON, data)])
    ((slot, register),) = record.told.items()
    component = policy.component_of(slot, register)
    assert (component.cause, component.state) in {(known, state) for known, state, _ in LOCKS}


@sweep(("language", "spoken"), [("zh-CN", CHINESE), ("zh-Hant-TW", CHINESE), ("en-GB", ENGLISH), ("de-DE", ENGLISH)])
def test_an_account_is_answered_in_chinese_or_in_english(language: str, spoken: str) -> None:
    assert language_or_english(language) == spoken


def test_the_page_says_what_the_wallet_stops_in_every_state_that_it_is_asked_to_enforce() -> None:
    rows = {
        LockState(state): stop for states, stop, _ in table("`state` in `in_force`") for state in states.split(", ")
    }
    asked = {state for _, state, _ in LOCKS} - {LockState.OPEN, LockState.CLOSED, LockState.ERASED}
    assert set(rows) == asked
    assert all("outward money" in stop for stop in rows.values())
    # A hold, a pause and a freeze leave sign-ins alone: the owner needs them to see and end what a thief has begun.
    assert {state for state, stop in rows.items() if "sign-ins" in stop} == {LockState.SOFT, LockState.HARD}


def test_outward_money_on_the_page_is_what_the_scan_takes_for_it() -> None:
    (line,) = [line for line in DOCUMENT.splitlines() if line.startswith("- Outward money is every")]
    assert {word for word in QUOTED.findall(line) if word in set(MovementKind)} == OUTWARD


def test_the_fields_for_a_wallet_are_in_the_file_of_a_running_stack() -> None:
    named = {name for field, _ in table("Field") for name in QUOTED.findall(field)}
    assert named <= {field.name for field in fields(Stack)}
    assert {"endpoint", "region", "access_key_id", "secret_access_key", "bus_name", "wallet_event_source"} <= named


def fact_types(cell: str) -> list[str]:
    """The types in the first cell of a row; `payment, transfer .authorised .failed` names each pair."""
    names, _, statuses = cell.partition("`")
    if not statuses:
        return cell.split(", ")
    return [f"{name}{status}" for name in names.strip().split(", ") for status in statuses.strip("`").split()]


def field_names(data: str) -> dict[str, bool]:
    """The fields in the second cell of a row, without what they hold. True: the field may be left out."""
    plain = re.sub(r"\{[^{}]*\}", "", data.strip("`"))
    plain = re.sub(r"\[.*?\]", "", re.sub(r"\{[^{}]*\}", "", plain))
    plain = re.sub(r": [a-z ]+(?:, [a-z ]+)* or [a-z]+|: [a-z]+", "", plain)
    return {name.strip().rstrip("?: "): "?" in name for name in plain.split(",")}


FACTS_OF_THE_PAGE: Final = DOCUMENT.partition("| The wallet answers |")[0]
FACT_ROWS: Final = {
    type_: row["Data"]
    for row in read_table(FACTS_OF_THE_PAGE, "Type (`.v1`) | Data")
    for type_ in fact_types(row["Type (`.v1`)"])
}


@sweep("type_", FACTS)
def test_the_page_has_the_fields_of_every_fact(type_: str) -> None:
    stated = {name: not field.is_required() for name, field in FACTS[type_].model_fields.items()}
    assert field_names(FACT_ROWS[type_]) == stated


def test_the_page_has_no_other_fact() -> None:
    assert FACT_ROWS.keys() == FACTS.keys()


# ---------------------------------------------------------------- which version wins


def view_after(*facts: Fact) -> LockState:
    record = registers.fold_facts(LockRecord("acct_1"), facts)
    return policy.view(record, Attempts(), NOON + minutes(60)).state


def lock_of_the_wallet(action: LockAction, at_minute: int, *, version: int, cause: str = "AGENT") -> Fact:
    data = LockTold(action, f"wallet-{at_minute}", version, cause)
    return fact(action.value, NOON + minutes(at_minute), data)


def test_of_locks_that_the_wallet_begins_the_later_time_wins_whatever_the_versions_are() -> None:
    locked = lock_of_the_wallet(LockAction.LOCK_APPLIED, 1, version=9)
    released = lock_of_the_wallet(LockAction.LOCK_RELEASED, 2, version=1)
    assert view_after(locked, released) is LockState.OPEN
    assert view_after(released, locked) is LockState.OPEN
    other_cause = lock_of_the_wallet(LockAction.LOCK_RELEASED, 3, version=9, cause="DORMANT")
    assert view_after(locked, other_cause) is LockState.HOLD


def test_a_new_password_ends_no_lock_that_the_wallet_began() -> None:
    locked = lock_of_the_wallet(LockAction.LOCK_APPLIED, 1, version=1, cause="TOO_MANY_PASSWORD")
    assert view_after(locked, password_changed(NOON + minutes(2))) is LockState.HARD


@pytest.mark.parametrize("newer_first", [True, False])
def test_of_facts_about_a_refund_the_higher_version_wins_whoever_began_it(newer_first: bool) -> None:
    amount = Money(1250, "CNY")
    sent = RefundTold(RefundStatus.SENT, "ref_1", "mov_1", 1, amount)
    settled = RefundTold(RefundStatus.SETTLED, "ref_1", "mov_1", 2, amount)
    # The higher version has the earlier time: the time does not matter.
    facts = [(fact("refund.sent", NOON + minutes(5), sent), sent), (fact("refund.settled", NOON, settled), settled)]
    known = None
    for told, data in reversed(facts) if newer_first else facts:
        known = fold_refund(known, told, data)
    assert known is not None
    assert known.state is RefundState.SUCCEEDED


def test_the_page_has_every_decision() -> None:
    assert decisions().keys() == DECISIONS.keys()


@sweep("kind", DECISIONS)
def test_the_page_has_every_field_of_a_decision_and_says_which_may_be_absent(kind: str) -> None:
    told = decisions()[kind]
    own = DECISIONS[kind].model_fields.keys() - DecisionContract.model_fields.keys()
    assert own <= set(re.findall(r"[a-z_]+", told))
    assert set(re.findall(r"([a-z_]+)\?", told)) == {
        name for name in own if not DECISIONS[kind].model_fields[name].is_required()
    }
