"""Each call is looked at once more by itself: for what was stored late, and for an end that nobody told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from functions.deadlines.work import work_off
from hotline.reports.calls import GIVEN_UP_AFTER, SETTLED_AFTER
from tests.support.customer_life import Nowhere
from tests.support.report_events import NOON, Counted, call_events, case_event

MOMENT = timedelta(milliseconds=1)
OVER = NOON + timedelta(seconds=120)
"""The time at which the calls of these tests are over."""


def work(counted: Counted, at: datetime) -> int:
    """Work off what is due at a time, and return how much it was."""
    done = work_off(counted.ctx, at, {"message": Nowhere(), "bus": Nowhere()}, at_once=1)
    assert done.failed == 0
    return done.due


def endings(counted: Counted) -> list[str]:
    return [name.partition("contact/")[2] for name in counted.tallies() if "contact/" in name]


def test_a_service_that_is_stored_after_the_last_event_counts_with_the_last_look() -> None:
    counted = Counted()
    counted.take(*call_events())
    counted.begin("contact-1", served=("payment",))
    assert work(counted, OVER + SETTLED_AFTER - MOMENT) == 0
    assert endings(counted) == ["none/left"]
    assert work(counted, OVER + SETTLED_AFTER) == 1
    assert endings(counted) == ["payment/contained"]
    assert counted.tallies() == counted.recount()


def test_a_call_whose_end_was_not_told_is_taken_as_over_after_some_hours() -> None:
    counted = Counted()
    counted.begin("contact-1")
    counted.take(*call_events(queued_after_s=1)[:2])
    assert work(counted, NOON + GIVEN_UP_AFTER - MOMENT) == 0
    assert endings(counted) == []
    assert work(counted, NOON + GIVEN_UP_AFTER) == 1
    assert endings(counted) == ["none/abandoned"]


def test_an_end_that_is_told_after_all_corrects_what_was_taken_for_granted() -> None:
    counted = Counted()
    counted.begin("contact-1")
    events = call_events(queued_after_s=1, answered_after_s=9)
    counted.take(*events[:2])
    work(counted, NOON + GIVEN_UP_AFTER)
    counted.take(*events[2:])
    assert endings(counted) == ["none/transferred"]
    assert counted.tallies() == counted.recount()


@pytest.mark.parametrize("times", [1, 3])
def test_there_is_one_last_look_and_it_changes_nothing_that_counts_already(times: int) -> None:
    counted = Counted()
    counted.begin("contact-1", served=("lockout",))
    counted.take(*call_events(), case_event(reason="caller.asked", id="out-1", contact_id="contact-1"))
    before = counted.tallies()
    assert [work(counted, OVER + SETTLED_AFTER) for _ in range(times)] == [1, *([0] * (times - 1))]
    assert counted.tallies() == before


def test_a_handover_without_a_call_counts_for_nothing_and_is_looked_at_once() -> None:
    counted = Counted()
    counted.take(case_event(reason="caller.asked", id="out-1", contact_id="contact-1"))
    assert work(counted, NOON + GIVEN_UP_AFTER) == 1
    assert work(counted, NOON + GIVEN_UP_AFTER) == 0
    assert endings(counted) == []
