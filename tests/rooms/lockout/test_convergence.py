"""Locks converge: the same facts in any order, late and repeated, give the same view at every later instant.

Requirement: "Facts converge: the same facts in any order, late, any number of times give the same state", for attempts
that arrive within 24 h. "Decisions are never undone by a late fact"; "failures inside a lock neither count nor extend
it".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hotline.contracts.model import Fact, LockAction, LockTold, LoginKind
from hotline.lockout import service
from hotline.lockout.model import DecisionKind, LockState, LockView
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import (
    ACCOUNT,
    NOON,
    PHONE,
    STRANGER,
    Desk,
    failed,
    failures,
    minutes,
    password_changed,
    succeeded,
    told,
)

pytestmark = pytest.mark.soak

SEEDED = settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
"""A removed guard stops at its first violation: an example is not made smaller, which may take minutes."""
DAY = timedelta(hours=24)
LATE_MINUTES_MAX = 24 * 60
CAUSES = ("TOO_MANY_PASSWORD", "TOO_MANY_LOGIN_RATE", "RISK_SCORE", "COMPLIANCE", "CUSTOMER_REQUEST", "DORMANT", "new")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A fact, and when it is delivered; once more when `again_at` says so."""

    fact: Fact
    at: datetime
    again_at: datetime | None


HOURS = (0, 1, 2, 20, 23, 24, 25, 46, 47)
"""Bursts over two days, so that some facts are final before others arrive."""


@st.composite
def bursts(draw: st.DrawFn) -> list[Fact]:
    """Guesses as they come: some in a row, of one kind and source, sometimes with the right one at the end."""
    start = NOON + timedelta(hours=draw(st.sampled_from(HOURS)), seconds=draw(st.integers(0, 1200)))
    apart = timedelta(seconds=draw(st.sampled_from([1, 20, 170, 240])))
    source, kind = draw(st.sampled_from([STRANGER, PHONE])), draw(st.sampled_from([*LoginKind, LoginKind.PASSWORD]))
    found = failures(draw(st.integers(1, 7)), start, apart=apart, source=source, kind=kind, name=f"{source.device_id}")
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(found) - 1))
        found.append(succeeded(found[place].time + timedelta(milliseconds=1), source=source, kind=kind))
    return found


@st.composite
def words(draw: st.DrawFn) -> list[Fact]:
    """Facts in which the wallet tells of its own locks, and a new password."""
    at = NOON + timedelta(hours=draw(st.sampled_from(HOURS)), seconds=draw(st.integers(0, 1200)))
    if draw(st.integers(0, 4)) == 0:
        return [password_changed(at)]
    until = draw(st.none() | st.integers(1, 3000).map(lambda length: at + minutes(length)))
    action, cause = draw(st.sampled_from(list(LockAction))), draw(st.sampled_from(CAUSES))
    return [told(action, at, cause, until=until, name=cause)]


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Most are prompt, some late by up to a day, some come twice."""
    parts = [*draw(st.lists(bursts(), min_size=1, max_size=8)), *draw(st.lists(words(), max_size=3))]
    delays = draw(st.sampled_from([[0, 1], [0, 0, 3, 10], [0, 0, 1, 5, 60], [0, 0, 0, 10, LATE_MINUTES_MAX]]))
    found = []
    for fact in {fact.id: fact for part in parts for fact in part}.values():
        late = draw(st.sampled_from(delays))
        again = draw(st.sampled_from([None, None, None, 0, 1]))
        at = fact.time + minutes(late)
        found.append(Arrival(fact, at, None if again is None else at + minutes(again)))
    return found


def deliveries(found: Iterable[Arrival]) -> list[tuple[datetime, Fact]]:
    times = [(arrival.at, arrival.fact) for arrival in found]
    times += [(arrival.again_at, arrival.fact) for arrival in found if arrival.again_at is not None]
    return sorted(times, key=lambda delivery: delivery[0])


def told_to_a_desk(times: Sequence[tuple[datetime, Fact]], *, together: timedelta = timedelta(0)) -> Desk:
    """Everything delivered in the order of arrival, what comes close `together` in one batch; the wallet confirms at
    the end. A batch has its facts in the order of their ids, so in no order that means anything."""
    desk = Desk(MemoryStore(VirtualClock(NOON)))
    waiting: list[tuple[datetime, Fact]] = []
    for at, fact in [*times, (None, None)]:
        if waiting and (at is None or at - waiting[0][0] > together):
            desk.clock.instant = waiting[-1][0]
            desk.tell(*sorted((late for _, late in waiting), key=lambda late: late.id))
            waiting = []
        if at is not None and fact is not None:
            waiting.append((at, fact))
    desk.acknowledge()
    return desk


def views(desk: Desk, since: datetime) -> list[LockView]:
    """The views from `since` on, and the views after one failure after the other: the counts must be the same too."""
    offsets = [0, 1, 7, 14, 15, 16, 59, 61, 300, 900, 1439, 1441, 2880, 5000]
    read = desk.read(service.lock_keys(ACCOUNT))
    seen = [service.view_from(read, ACCOUNT, since + minutes(offset)) for offset in offsets]
    for number in range(5):
        desk.clock.instant = since + timedelta(seconds=number)
        desk.tell(failed(desk.clock.instant, name="probe", kind=LoginKind.PASSWORD))
        desk.acknowledge()
        seen.append(desk.view())
    return seen


@SEEDED
@given(arrivals(), st.sampled_from([0, 3, 60, 600]))
def test_any_order_any_batches_and_repetition_give_the_same_views(found: list[Arrival], together: int) -> None:
    """One desk hears everything as it happens, one late, in batches and twice; afterwards they see the same."""
    prompt = told_to_a_desk(sorted(((arrival.fact.time, arrival.fact) for arrival in found), key=lambda one: one[0]))
    # A batch waits for its last fact, and with that wait too no fact is more than a day late.
    latest = DAY - minutes(together)
    found = [replace(arrival, at=min(arrival.at, arrival.fact.time + latest)) for arrival in found]
    late = told_to_a_desk(deliveries(found), together=minutes(together))
    end = max(at for at, _ in deliveries(found))
    assert views(late, end) == views(prompt, end)


@SEEDED
@given(arrivals())
def test_final_attempts_count_like_remembered_ones(found: list[Arrival]) -> None:
    """A desk that hears of everything at once, while all of it is recent, makes nothing final before it counts it."""
    facts_known = [arrival.fact for arrival in found]
    recent = [fact for fact in facts_known if fact.time <= NOON + DAY]
    if not recent:
        return
    end = max(fact.time for fact in recent)
    at_once = told_to_a_desk([(NOON, fact) for fact in recent])
    in_turn = told_to_a_desk(sorted(((fact.time, fact) for fact in recent), key=lambda one: one[0]))
    assert views(at_once, end) == views(in_turn, end)


@SEEDED
@given(
    st.lists(st.integers(-1440 * 60, 0), min_size=1, max_size=60, unique=True),
    st.lists(st.integers(0, 90), min_size=60, max_size=60),
)
def test_an_unlock_is_never_undone_by_failures_older_than_it(ages_s: list[int], late_min: list[int]) -> None:
    desk = Desk(MemoryStore(VirtualClock(NOON)))
    desk.tell(*failures(5, NOON - minutes(4)))
    desk.acknowledge()
    assert desk.act(service.contribute_unlock) == "ASKED"
    desk.acknowledge()
    sent = len(desk.decisions())
    late = [failed(NOON + timedelta(seconds=age), name="late") for age in ages_s]
    for fact, delay in sorted(zip(late, late_min, strict=False), key=lambda one: one[1]):
        desk.clock.instant = max(desk.clock.instant, NOON + minutes(delay))
        if fact.time < desk.clock.instant - DAY:
            continue
        desk.tell(fact)
        assert desk.view().state is LockState.OPEN
    assert len(desk.decisions()) == sent


@SEEDED
@given(st.lists(st.integers(1, 15 * 60 * 1000 - 1), max_size=60, unique=True), st.booleans())
def test_failures_during_a_lock_never_extend_it(inside_ms: list[int], in_order: bool) -> None:
    desk = Desk(MemoryStore(VirtualClock(NOON)))
    desk.tell(*failures(5, NOON - minutes(4)))
    until = desk.view().until
    assert until == NOON + minutes(15)
    for offset in sorted(inside_ms, reverse=not in_order):
        at = NOON + timedelta(milliseconds=offset)
        desk.clock.instant = max(desk.clock.instant, at)
        desk.tell(failed(at, kind=LoginKind.OTP if offset % 2 else LoginKind.PASSWORD, name="inside"))
    desk.clock.instant = NOON + minutes(15) - timedelta(milliseconds=1)
    assert (desk.view().state, desk.view().until) == (LockState.SOFT, until)
    assert len(desk.decisions()) == 1
    assert desk.view(until).state is LockState.OPEN
    desk.clock.instant = until
    desk.tell(*(failed(until, name=f"after{number}") for number in range(4)))
    assert desk.view(until).state is LockState.OPEN


@SEEDED
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_acknowledgements_in_any_order_settle_what_was_asked(order: list[int], again: list[int]) -> None:
    """Lock, unlock, pause, its end, freeze, and a lock again: in force is what was decided last, confirmed or not."""
    desk = Desk(MemoryStore(VirtualClock(NOON)))
    desk.tell(*failures(5, NOON - minutes(4)))
    desk.act(service.contribute_unlock)
    desk.pause(ACCOUNT)
    desk.act(service.contribute_end_pause)
    desk.act(service.contribute_freeze)
    desk.clock.advance(minutes(1))
    desk.tell(*failures(5, NOON + timedelta(seconds=1), apart=timedelta(seconds=1), name="b"))
    acks = desk.acknowledgements()
    assert len(acks) == 6
    for place in [*order, *again]:
        desk.tell(acks[place])
        applied = [acks[known].data for known in order[: order.index(place) + 1]]
        latest = max(data.subject_version for data in applied if isinstance(data, LockTold))
        if place == order[-1] or latest == 6:
            assert desk.view().asked is None
        elif place not in again:
            assert desk.view().asked is DecisionKind.LOCK
    assert [component.state for component in desk.view().components] == [LockState.FROZEN, LockState.SOFT]
