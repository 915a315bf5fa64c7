"""How calls, locks, refunds and complaints are folded from events in any order, and what each counts for."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline.cases import service as cases
from hotline.lockout.model import Cause
from hotline.reports.calls import (
    ANSWER_STEPS_S,
    CALLBACK_METHOD,
    DAYS_KEPT,
    GIVEN_UP_AFTER,
    INBOUND_METHOD,
    LEGS_MAX,
    REPEAT_DAYS,
    SETTLED_AFTER,
    answered_after,
    begun_at,
    callback_of,
    called_on,
    count_call,
    count_repeats,
    ended_at,
    ending_of,
    fold_event,
    fold_handover,
    is_counted,
    last_look_at,
    move_day,
    recent_days,
    step_of,
    topic_of,
)
from hotline.reports.matters import (
    CAUSES,
    COMPLAINT_STEPS_DAYS,
    count_complaint,
    count_lock,
    count_refund,
    fold_complaint,
    fold_lock,
    fold_refund,
    is_complaint,
    is_wish,
    promise_of,
    status_of,
)
from hotline.reports.model import (
    TOPICS,
    Call,
    CallbackState,
    Complaint,
    ContactEvent,
    Ending,
    Handover,
    Leg,
    Lock,
    LockKind,
    Moment,
    PromiseState,
    RefundRecord,
    RefundStatus,
    RefundWord,
)
from tests.support.facts import NOON
from tests.support.sweeps import sweep

ZONE = "Asia/Shanghai"
TODAY = date(2026, 11, 23)
"""Noon in UTC is the evening of this day in Shanghai."""
MS, MINUTE, DAY = timedelta(milliseconds=1), timedelta(minutes=1), timedelta(days=1)


def leg(method: str = INBOUND_METHOD, **after: float) -> Leg:
    """A contact of a call: its moments in minutes after noon."""
    return Leg(method, {Moment[name.upper()]: NOON + minutes * MINUTE for name, minutes in after.items()})


def call(*legs: Leg, **more: Any) -> Call:
    return Call("c", {f"leg_{number}": one for number, one in enumerate(legs)}, **more)


def handed_over(reason: str = "caller.asked", topic: str = "refund", *, after: float = 0) -> Handover:
    return Handover(NOON + after * MINUTE, f"dec_{after}", reason, topic)


OVER = leg(initiated=0, ended=5)


def test_topics_are_counted_by_the_name_that_cases_give_them() -> None:
    assert set(TOPICS) == set(cases.TOPICS)


# ---------------------------------------------------------------- calls


def test_events_of_a_call_fold_to_one_record_and_each_moment_keeps_its_earliest_time() -> None:
    events = [
        ContactEvent("a", "a", "INBOUND", {Moment.INITIATED: NOON + MINUTE, Moment.QUEUED: NOON + 3 * MINUTE}),
        ContactEvent("a", "a", "", {Moment.INITIATED: NOON, Moment.ENDED: NOON + 9 * MINUTE}),
        ContactEvent("b", "a", "TRANSFER", {Moment.INITIATED: NOON + 4 * MINUTE}),
    ]
    expected = {"a": leg(initiated=0, queued=3, ended=9), "b": leg("TRANSFER", initiated=4)}
    for order in itertools.permutations(events):
        assert reduce(fold_event, [*order, *order], Call("a")).legs == expected


@pytest.mark.parametrize(("known", "kept"), [(LEGS_MAX - 1, True), (LEGS_MAX, False)])
def test_a_call_has_room_for_so_many_contacts_and_the_known_ones_go_on(known: int, kept: bool) -> None:
    full = call(*[OVER] * known)
    assert ("new" in fold_event(full, ContactEvent("new", "c", "TRANSFER", {})).legs) is kept
    later = fold_event(full, ContactEvent("leg_0", "c", "INBOUND", {Moment.INITIATED: NOON - MINUTE}))
    assert begun_at(later) == NOON - MINUTE


def test_of_several_handovers_the_latest_holds() -> None:
    for order in itertools.permutations([handed_over(after=after) for after in range(3)]):
        assert reduce(fold_handover, order, call()).handover == handed_over(after=2)


def test_a_call_begins_with_its_first_contact_and_ends_with_its_last_without_callbacks() -> None:
    parts = (leg(initiated=1, ended=5), leg("TRANSFER", initiated=5, ended=8), leg(CALLBACK_METHOD, initiated=9))
    assert (begun_at(call(*parts)), ended_at(call(*parts))) == (NOON + MINUTE, NOON + 8 * MINUTE)
    assert ended_at(call(OVER, leg("TRANSFER", initiated=5))) is None
    assert (begun_at(call()), ended_at(call()), begun_at(call(leg()))) == (None, None, None)


def test_a_call_is_looked_at_last_when_it_has_settled_or_was_given_up() -> None:
    assert last_look_at(call(OVER)) == NOON + 5 * MINUTE + SETTLED_AFTER
    assert last_look_at(call(leg(initiated=2))) == NOON + 2 * MINUTE + GIVEN_UP_AFTER
    assert last_look_at(call(handover=handed_over(after=3))) == NOON + 3 * MINUTE + GIVEN_UP_AFTER
    assert last_look_at(call()) is None
    assert last_look_at(call(OVER, last_look=True)) is None


@sweep(
    ("found", "counted"),
    [
        (call(OVER), True),
        (call(OVER, leg("TRANSFER", initiated=5, ended=9)), True),
        (call(leg(initiated=0)), False),
        (call(leg(initiated=0), last_look=True), True),
        (call(leg("OUTBOUND", initiated=0, ended=5)), False),
        (call(leg("OUTBOUND", initiated=0), last_look=True), False),
    ],
)
def test_a_call_counts_when_it_came_in_and_is_over(found: Call, counted: bool) -> None:
    assert is_counted(found) is counted
    assert bool(count_call(found, ZONE)) is counted
    assert called_on(found, ZONE) == (TODAY if counted else None)


WAITED = leg(initiated=0, queued=1, ended=9)
ANSWERED = leg(initiated=0, queued=1, answered=3, ended=9)


@sweep(
    ("found", "ending"),
    [
        (call(OVER, served=("payment",)), Ending.CONTAINED),
        (call(OVER), Ending.LEFT),
        (call(OVER, served=("payment",), handover=handed_over()), Ending.LEFT),
        (call(ANSWERED, served=("payment",), handover=handed_over("caller.callback")), Ending.TRANSFERRED),
        (call(WAITED, handover=handed_over()), Ending.ABANDONED),
        (call(WAITED, handover=handed_over("caller.callback")), Ending.CALLBACK),
        (call(WAITED, leg(CALLBACK_METHOD, initiated=9)), Ending.CALLBACK),
        (call(OVER, leg(CALLBACK_METHOD, initiated=9, answered=9)), Ending.CALLBACK),
        (call(OVER, handover=handed_over("caller.closed")), Ending.CLOSED_HOURS),
        (call(WAITED, handover=handed_over("caller.closed")), Ending.ABANDONED),
    ],
)
def test_a_call_ends_as_its_contacts_and_its_handover_say(found: Call, ending: Ending) -> None:
    assert ending_of(found) is ending


@sweep(
    ("back", "state"),
    [
        ((), CallbackState.WAITING),
        ((leg(CALLBACK_METHOD, initiated=9),), CallbackState.WAITING),
        ((leg(CALLBACK_METHOD, initiated=9, ended=10), leg(CALLBACK_METHOD, initiated=20)), CallbackState.WAITING),
        ((leg(CALLBACK_METHOD, initiated=9, ended=10), leg(CALLBACK_METHOD, ended=21)), CallbackState.FAILED),
        ((leg(CALLBACK_METHOD, ended=10), leg(CALLBACK_METHOD, answered=20)), CallbackState.CALLED),
    ],
)
def test_a_callback_waits_until_somebody_took_it_or_every_try_is_over(
    back: tuple[Leg, ...], state: CallbackState
) -> None:
    assert callback_of(call(ANSWERED, *back)) is state


def test_the_topic_is_that_of_the_handover_else_of_the_last_service() -> None:
    assert topic_of(call(served=("lockout", "payment"), handover=handed_over())) == "refund"
    assert topic_of(call(served=("lockout", "payment"))) == "payment"
    assert topic_of(call(served=("lottery",))) == "other"
    assert topic_of(call()) == "none"


@sweep(
    ("parts", "minutes"),
    [
        ((ANSWERED,), 2),
        ((WAITED, leg("TRANSFER", queued=5, answered=6)), 5),
        ((ANSWERED, leg("TRANSFER", queued=5, answered=6)), 2),
        ((leg(queued=4, answered=3),), 0),
        ((WAITED,), None),
        ((leg(answered=3),), None),
        ((WAITED, leg(CALLBACK_METHOD, queued=9, answered=20)), None),
    ],
)
def test_a_caller_waits_from_the_first_queue_to_the_first_answer(parts: tuple[Leg, ...], minutes: int | None) -> None:
    waited = timedelta(minutes=minutes) if minutes is not None else None
    assert answered_after(call(*parts)) == waited


def test_a_call_counts_its_ending_its_wait_and_its_score_on_its_day_where_the_people_are() -> None:
    counts = count_call(call(ANSWERED, score=4), ZONE)
    assert counts == {TODAY: {"contact/none/transferred": 1, "answer/120": 1, "survey/4": 1}}
    late = call(leg(initiated=4 * 60, ended=4 * 60 + 1))
    assert set(count_call(late, ZONE)) == {TODAY + DAY}
    assert called_on(late, ZONE) == TODAY + DAY


@sweep(("value", "step"), [(0, "5"), (5, "5"), (5.1, "10"), (61, "75"), (1800, "1800"), (1801, "more")])
def test_a_duration_is_counted_in_the_step_that_holds_it(value: float, step: str) -> None:
    assert step_of(value, ANSWER_STEPS_S) == step


@pytest.mark.parametrize(("days_before", "repeats"), [(1, 3), (REPEAT_DAYS, 3), (REPEAT_DAYS + 1, 2)])
def test_the_first_call_of_a_day_repeats_one_of_the_days_before(days_before: int, repeats: int) -> None:
    days = {TODAY - DAY * 3: 0, TODAY - days_before * DAY: 1, TODAY: 3, TODAY + DAY: 0}
    assert count_repeats(days) == {
        TODAY - days_before * DAY: {"repeat/of": 1},
        TODAY: {"repeat/of": 3, "repeat/count": repeats},
    }


def test_a_call_moves_from_one_day_to_another_and_days_without_calls_go() -> None:
    assert move_day({TODAY: 1}, taken=TODAY, added=TODAY + DAY) == {TODAY + DAY: 1}
    assert move_day({TODAY: 2}, taken=TODAY, added=None) == {TODAY: 1}
    assert move_day({TODAY: 1}, taken=None, added=TODAY) == {TODAY: 2}
    assert move_day({}, taken=TODAY, added=None) == {}


def test_so_many_days_of_a_number_are_kept() -> None:
    days = {TODAY - back * DAY: 1 for back in range(DAYS_KEPT + 2)}
    assert min(recent_days(days)) == TODAY - (DAYS_KEPT - 1) * DAY
    assert recent_days({}) == {}


# ---------------------------------------------------------------- locks


def test_a_lock_is_counted_once_with_the_hotlines_cause_before_the_wallets() -> None:
    asked = Lock(LockKind.LOCK, NOON + MINUTE, asked_cause="TOO_MANY_OTP")
    told = Lock(LockKind.LOCK, NOON, told_cause="RISK_SCORE")
    other = Lock(LockKind.PAUSE, NOON + MINUTE, asked_cause="AGENT", told_cause="DORMANT")
    folded = {reduce(fold_lock, order, None) for order in itertools.permutations([asked, told, other])}
    assert folded == {Lock(LockKind.LOCK, NOON, asked_cause="AGENT", told_cause="DORMANT")}
    assert count_lock(fold_lock(asked, told), ZONE) == {TODAY: {"lock/lock/TOO_MANY_OTP": 1}}
    assert count_lock(told, ZONE) == {TODAY: {"lock/lock/RISK_SCORE": 1}}
    assert count_lock(replace(told, told_cause="NEW_WORD"), ZONE) == {TODAY: {"lock/lock/OTHER": 1}}


def test_every_cause_of_a_lock_is_counted_by_name() -> None:
    assert {*CAUSES, Cause.OTHER.value} == {cause.value for cause in Cause}


# ---------------------------------------------------------------- refunds


def word(status: RefundStatus, version: int = 1, *, at: datetime = NOON, event_id: str = "e") -> RefundWord:
    return RefundWord(version, at, event_id, status)


def test_of_two_words_on_a_refund_the_higher_version_then_the_later_then_the_larger_id_holds() -> None:
    words = [
        word(RefundStatus.SENT, 1, at=NOON + DAY, event_id="z"),
        word(RefundStatus.SENT, 2, at=NOON, event_id="z"),
        word(RefundStatus.FAILED, 2, at=NOON + MS, event_id="a"),
        word(RefundStatus.SUCCEEDED, 2, at=NOON + MS, event_id="b"),
    ]
    for order in itertools.permutations(words):
        assert reduce(lambda one, other: other.newer(one), order, None) == words[-1]


def test_a_refund_counts_from_when_it_was_asked_for_and_keeps_its_first_promise() -> None:
    requested = RefundRecord(NOON, decided=word(RefundStatus.APPROVED), promised_on=TODAY + DAY, requested=True)
    told = RefundRecord(NOON - DAY, told=word(RefundStatus.SENT))
    escalated = RefundRecord(NOON + DAY, promised_on=TODAY + 9 * DAY, late=True)
    for order in itertools.permutations([requested, told, escalated]):
        folded = reduce(fold_refund, order, None)
        assert folded == RefundRecord(
            NOON, word(RefundStatus.APPROVED), word(RefundStatus.SENT), TODAY + DAY, late=True, requested=True
        )
    assert fold_refund(told, escalated).at == NOON - DAY
    assert status_of(fold_refund(requested, told)) is RefundStatus.SENT
    assert status_of(requested) is RefundStatus.APPROVED
    assert count_refund(escalated, ZONE) == {}


def promised(status: RefundStatus, *, told: datetime | None = None, on: date | None = TODAY, late: bool = False) -> Any:
    spoken = {"told": word(status, at=told)} if told is not None else {"decided": word(status)}
    return RefundRecord(NOON, **spoken, promised_on=on, late=late, requested=True)


END_OF_DAY = datetime(2026, 11, 23, 23, 59, tzinfo=ZoneInfo(ZONE))


@sweep(
    ("refund", "state"),
    [
        (promised(RefundStatus.FAILED, told=NOON, late=True), PromiseState.WITHDRAWN),
        (promised(RefundStatus.RETURNED_BACK, told=NOON), PromiseState.WITHDRAWN),
        (promised(RefundStatus.SUCCEEDED, told=NOON, late=True), PromiseState.LATE),
        (promised(RefundStatus.IN_REVIEW, on=None), PromiseState.WAITING),
        (promised(RefundStatus.SENT, told=NOON, on=None), PromiseState.NONE),
        (promised(RefundStatus.SUCCEEDED, told=END_OF_DAY), PromiseState.KEPT),
        (promised(RefundStatus.SUCCEEDED, told=END_OF_DAY + MINUTE), PromiseState.LATE),
        (promised(RefundStatus.DENIED), PromiseState.NONE),
        (promised(RefundStatus.APPROVED), PromiseState.WAITING),
        (promised(RefundStatus.SENT, told=NOON), PromiseState.WAITING),
        (promised(RefundStatus.SUCCEEDED), PromiseState.WAITING),
    ],
)
def test_a_promise_is_kept_late_withdrawn_or_still_waits(refund: RefundRecord, state: PromiseState) -> None:
    assert promise_of(refund, ZONE) is state
    status = status_of(refund)
    assert status is not None
    assert count_refund(refund, ZONE) == {TODAY: {f"refund/{status.value}/{state.value}": 1}}


# ---------------------------------------------------------------- complaints


@sweep(
    ("reason", "complaint", "wish"),
    [
        ("caller.asked", False, True),
        ("caller.callback", False, True),
        ("recovery.stuck", False, True),
        ("payment.disputed", True, False),
        ("notice.repudiated", True, False),
        ("agent.complaint", True, False),
        ("agent.edited", False, False),
        ("decision_unconfirmed", False, False),
    ],
)
def test_a_complaint_is_what_somebody_named_so_and_no_wish_for_a_person(
    reason: str, complaint: bool, wish: bool
) -> None:
    assert (is_complaint(reason), is_wish(reason)) == (complaint, wish)


def test_a_wish_counts_once_on_its_first_day_also_beside_a_complaint() -> None:
    wish, later = Complaint("refund", 1, wished_at=NOON), Complaint("refund", 2, wished_at=NOON + DAY)
    complaint = Complaint("refund", 3, brought_at=NOON)
    for order in itertools.permutations((wish, later)):
        assert count_complaint(reduce(fold_complaint, order), ZONE) == {TODAY: {"wish/refund": 1}}
    for order in itertools.permutations((wish, later, complaint)):
        both = {"wish/refund": 1, "complaint/refund/open": 1}
        assert count_complaint(reduce(fold_complaint, order), ZONE) == {TODAY: both}


def test_of_two_words_on_a_case_the_higher_version_holds_and_the_first_time_that_it_was_brought() -> None:
    told = [
        Complaint("refund", 1, brought_at=NOON),
        Complaint("payment", 2, brought_at=NOON + DAY),
        Complaint("security", 3, closed_at=NOON + 2 * DAY),
    ]
    for order in itertools.permutations(told):
        assert reduce(fold_complaint, order, None) == Complaint("security", 3, NOON + 2 * DAY, NOON)
    closed, opened = Complaint("refund", 3, closed_at=NOON), Complaint("refund", 3)
    assert fold_complaint(closed, opened) == fold_complaint(opened, closed) == closed


@sweep(("after", "step"), [(DAY, "1"), (DAY + MS, "2"), (60 * DAY, "60"), (60 * DAY + MS, "more")])
def test_a_complaint_counts_by_the_days_until_it_was_closed(after: timedelta, step: str) -> None:
    closed = Complaint("refund", 2, NOON + after, NOON)
    assert count_complaint(closed, ZONE) == {TODAY: {f"complaint/refund/{step}": 1}}
    assert COMPLAINT_STEPS_DAYS[-1] == 60


def test_a_complaint_is_open_until_it_is_closed_and_counts_once_somebody_brought_it() -> None:
    assert count_complaint(Complaint("lottery", 1, brought_at=NOON), ZONE) == {TODAY: {"complaint/other/open": 1}}
    assert count_complaint(Complaint("refund", 1, closed_at=NOON), ZONE) == {}
