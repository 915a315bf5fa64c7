"""Each thing counts exactly once: in any order, with repeats, and wherever a delivery breaks off.

"Exactly once: the tally and the marker of what is counted change in one transaction; a correction subtracts the old and
adds the new." The records are the markers, so a recount of the records must give what the tallies hold.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.kit.errors import Unavailable
from tests.support.faults import once
from tests.support.report_events import (
    NOON,
    Body,
    Counted,
    call_events,
    case_event,
    lock_decision,
    lock_fact,
    refund_event,
)

CALLERS = ("hash-1", "hash-2", None)


@st.composite
def one_call(draw: st.DrawFn, number: int) -> tuple[list[Body], dict[str, Any]]:
    """The events of one call, with its handover and its callback, and what its session holds."""
    contact_id = f"contact-{number}"
    begun = NOON + timedelta(hours=draw(st.integers(0, 240)))
    queued = draw(st.none() | st.integers(1, 60))
    answered = draw(st.none() | st.integers(0, 400)) if queued is not None else None
    events = call_events(contact_id, begun=begun, queued_after_s=queued, answered_after_s=answered, lasted_s=900)
    if draw(st.booleans()):
        events += call_events(f"{contact_id}-next", first=contact_id, method="TRANSFER", begun=begun, lasted_s=1000)
    if draw(st.booleans()):
        back = begun + timedelta(hours=1)
        events += call_events(f"{contact_id}-back", first=contact_id, method="CALLBACK", begun=back)
    for version, reason in enumerate(draw(st.lists(st.sampled_from(["asked", "callback", "closed"]), max_size=2)), 1):
        events.append(
            case_event(
                f"case-{number}",
                id=f"out-{number}-{version}",
                version=version,
                reason=f"caller.{reason}",
                topic="refund",
                contact_id=contact_id,
                at=begun + timedelta(seconds=version),
            )
        )
    if draw(st.booleans()):
        end = begun + timedelta(days=draw(st.integers(0, 40)))
        events.append(case_event(f"case-{number}", id=f"out-{number}-9", version=9, status="closed", at=end))
    served = draw(st.lists(st.sampled_from(["lockout", "payment"]), unique=True, max_size=2))
    return events, {"contact_id": contact_id, "served": tuple(served), "caller": draw(st.sampled_from(CALLERS))}


@st.composite
def one_refund(draw: st.DrawFn, number: int) -> list[Body]:
    """Some of the events of one refund."""
    refund_id, promised_on = f"refund-{number}", (NOON + timedelta(days=3)).date()
    kinds = draw(st.lists(st.sampled_from(["sent", "settled", "failed", "returned"]), max_size=3))
    events = [
        refund_event(
            f"refund.{kind}",
            refund_id,
            id=f"f-{number}-{version}",
            version=version,
            at=NOON + timedelta(days=version),
        )
        for version, kind in enumerate(kinds, 1)
    ]
    decisions = draw(st.sampled_from([(), ("requested",), ("requested", "approved"), ("requested", "rejected")]))
    escalated = ("escalated",) if draw(st.booleans()) else ()
    for version, kind in enumerate((*decisions, *escalated), 1):
        events.append(
            refund_event(
                f"refund.{kind}",
                refund_id,
                id=f"d-{number}-{version}",
                version=version,
                at=NOON + timedelta(minutes=version),
                promised_on=promised_on,
            )
        )
    return events


@st.composite
def one_lock(draw: st.DrawFn, number: int) -> list[Body]:
    """A lock that the hotline asked for, that the wallet told, or both."""
    asked = [lock_decision(id=f"l-{number}", cause=draw(st.sampled_from(["TOO_MANY_OTP", "NEW_WORD"])))]
    told = [lock_fact(f"decision-l-{number}", at=NOON + timedelta(minutes=1))]
    return draw(st.sampled_from([asked, told, asked + told]))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Body], list[dict[str, Any]]]:
    """Events of several things, and the sessions of the calls among them."""
    drawn = [draw(one_call(number)) for number in range(draw(st.integers(1, 2)))]
    events = [event for own, _ in drawn for event in own]
    events += [event for number in range(draw(st.integers(0, 1))) for event in draw(one_refund(number))]
    events += [event for number in range(draw(st.integers(0, 1))) for event in draw(one_lock(number))]
    return events, [session for _, session in drawn]


def begun(sessions: list[dict[str, Any]]) -> Counted:
    counted = Counted()
    counted.clock.advance(timedelta(days=6))
    for session in sessions:
        counted.begin(**session)
    return counted


@pytest.mark.soak
@settings(deadline=None)
@given(worlds(), st.data())
def test_any_order_with_repeats_and_broken_deliveries_counts_as_the_events_do_once(
    drawn: tuple[list[Body], list[dict[str, Any]]], data: st.DataObject
) -> None:
    events, sessions = drawn
    plain = begun(sessions)
    assert plain.take(*events) == []
    mixed = begun(sessions)
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=6))
    for event in data.draw(st.permutations([*events, *repeated])):
        broken = data.draw(st.sampled_from(["no", "no", "before", "after"]))
        if broken != "no":
            strike = once(Unavailable(), on="transact")
            setattr(mixed.store, broken, strike)
            failed = mixed.take(event)
            setattr(mixed.store, broken, None)
            if not failed:
                continue
        assert mixed.take(event) == []
    assert mixed.tallies() == plain.tallies()
    assert plain.tallies() == plain.recount()
    assert mixed.tallies() == mixed.recount()


def test_a_delivery_whose_answer_is_lost_counts_once() -> None:
    counted = Counted()
    counted.begin("contact-1", served=("lockout",))
    for event in call_events():
        counted.store.after = once(Unavailable(), on="transact")
        counted.take(event)
        counted.store.after = None
        assert counted.take(event) == []
    assert counted.tallies() == {"2026-11-23 contact/lockout/contained": 1, "2026-11-23 repeat/of": 1}


def test_a_delivery_that_breaks_off_before_its_transaction_comes_again_and_counts_nothing_by_itself() -> None:
    counted = Counted()
    counted.begin("contact-1")
    counted.store.before = once(Unavailable(), on="transact")
    assert counted.take(call_events()[-1]) == ["0"]
    assert counted.tallies() == counted.recount() == {}
    assert counted.take(call_events()[-1]) == []
    assert counted.tallies()["2026-11-23 contact/none/left"] == 1


def test_a_correction_takes_away_what_was_counted_and_adds_what_counts_now() -> None:
    counted = Counted()
    counted.begin("contact-1", served=("lockout",))
    counted.take(*call_events())
    assert counted.tallies()["2026-11-23 contact/lockout/contained"] == 1
    counted.take(*call_events("contact-2", first="contact-1", method="TRANSFER", queued_after_s=5, answered_after_s=31))
    tallies = counted.tallies()
    assert "2026-11-23 contact/lockout/contained" not in tallies
    assert tallies["2026-11-23 contact/lockout/transferred"] == tallies["2026-11-23 answer/35"] == 1
    assert tallies == counted.recount()


def test_two_deliveries_that_meet_both_count() -> None:
    counted = Counted()
    counted.begin("contact-1")
    counted.begin("contact-2")

    def meet(name: str) -> None:
        if name == "transact":
            counted.store.before = None
            assert counted.take(*call_events("contact-2")) == []

    counted.store.before = meet
    assert counted.take(*call_events("contact-1")) == []
    assert counted.tallies() == counted.recount()
    assert counted.tallies()["2026-11-23 contact/none/left"] == 2
    assert counted.tallies()["2026-11-23 repeat/count"] == 1
