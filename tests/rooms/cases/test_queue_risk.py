"""Risk and the queue: a case of an account at high risk is worked earlier, and makes nobody wait for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.accounts.risk import RiskBand
from hotline.cases import service as cases
from hotline.cases.clocks import RISK_LEAD
from hotline.cases.model import Case, Priority
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.account_risk import set_risk
from tests.support.clock_and_store import clock as clock
from tests.support.clock_and_store import store as store

IDS = SeededIds(7)
SKILL = "payment:en-US"
MINUTE = timedelta(minutes=1)


def open_case(store: MemoryStore, clock: VirtualClock, account_id: str, *, priority: Priority = Priority.NORMAL) -> str:
    """Open a case of an account, or add to it."""
    change = Change(actor=System("test", "test"), cause="test", now=clock.now(), ids=IDS)
    read = store.batch_get(list(cases.case_keys(account_id, "payment")))
    ref = cases.contribute_case(
        change,
        read,
        account_id=account_id,
        topic="payment",
        reason="test",
        facts={},
        priority=priority,
        language="en-US",
    )
    change.commit(store)
    return ref.case_id


def queue(store: MemoryStore) -> list[Case]:
    return list(cases.list_queue(store, [SKILL], limit=50).cases)


def order(store: MemoryStore) -> list[str | None]:
    return [case.account_id for case in queue(store)]


def test_a_case_at_high_risk_goes_before_those_of_its_priority_that_are_due_soon(
    store: MemoryStore, clock: VirtualClock
) -> None:
    open_case(store, clock, "first")
    clock.advance(MINUTE)
    set_risk(store, "risky", RiskBand.HIGH, clock.now())
    open_case(store, clock, "risky")
    assert order(store) == ["risky", "first"]
    assert {case.priority for case in queue(store)} == {Priority.NORMAL}
    due = {case.account_id: case.due_at for case in queue(store)}
    assert due["risky"] - due["first"] == MINUTE


@pytest.mark.parametrize("band", [RiskBand.LOW, RiskBand.RAISED, None])
def test_no_other_band_changes_the_order(store: MemoryStore, clock: VirtualClock, band: RiskBand | None) -> None:
    open_case(store, clock, "first")
    clock.advance(MINUTE)
    if band is not None:
        set_risk(store, "other", band, clock.now())
    open_case(store, clock, "other")
    assert order(store) == ["first", "other"]


def test_risk_never_takes_a_case_to_another_priority(store: MemoryStore, clock: VirtualClock) -> None:
    set_risk(store, "risky", RiskBand.HIGH, clock.now())
    open_case(store, clock, "risky")
    clock.advance(timedelta(hours=1))
    open_case(store, clock, "urgent", priority=Priority.URGENT)
    assert order(store) == ["urgent", "risky"]


def test_a_flood_of_risky_cases_overtakes_a_case_for_four_hours_and_no_longer(
    store: MemoryStore, clock: VirtualClock
) -> None:
    open_case(store, clock, "patient")
    (patient,) = queue(store)
    for number in range(30):
        clock.advance(timedelta(minutes=20))
        set_risk(store, f"risky-{number}", RiskBand.HIGH, clock.now())
        open_case(store, clock, f"risky-{number}")
    waiting = queue(store)
    place = [case.account_id for case in waiting].index("patient")
    assert all(case.due_at - patient.due_at <= RISK_LEAD for case in waiting[:place])
    assert all(case.due_at - patient.due_at >= RISK_LEAD for case in waiting[place + 1 :])
    assert 0 < place < 30


def test_a_case_gains_its_place_with_what_is_added_and_loses_it_likewise(
    store: MemoryStore, clock: VirtualClock
) -> None:
    open_case(store, clock, "first")
    clock.advance(MINUTE)
    open_case(store, clock, "later")
    set_risk(store, "later", RiskBand.HIGH, clock.now())
    assert order(store) == ["first", "later"]
    open_case(store, clock, "later")
    assert order(store) == ["later", "first"]
    set_risk(store, "later", RiskBand.LOW, clock.now())
    open_case(store, clock, "later")
    assert order(store) == ["first", "later"]
