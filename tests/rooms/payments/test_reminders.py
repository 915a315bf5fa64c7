"""The times at which a bill is reminded of: by the account's calendar and clock, never at night, once for each
offset."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.quiet_hours import OPENS, QUIET_FROM, end_of_hours, is_quiet, next_morning
from hotline.payments.reminders import (
    DAYS_BEFORE,
    LATE_AFTER,
    LATE_AGAIN_AFTER,
    Offset,
    Step,
    decide_step,
    first_look,
    plan_at,
)
from tests.support.sweeps import sweep

DUE: Final = date(2026, 12, 10)
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
ZONES: Final = (
    "Asia/Shanghai", "Europe/London", "Europe/Berlin", "America/New_York", "America/St_Johns", "Pacific/Auckland",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC",
)  # fmt: skip
CLOCK_CHANGES: Final = (
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Pacific/Auckland", date(2026, 4, 5)),
    ("Pacific/Auckland", date(2026, 9, 27)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
)
"""Days on which clocks change; on the last one a whole day was left out."""


def step(now: datetime, zone: str = "Asia/Shanghai", *, done: set[Offset] | None = None, **own: object) -> Step:
    stated = {"account_id": "acc_1", "due_on": DUE, "issued_at": LONG_AGO, "done": done or set(), "look_at": now} | own
    return decide_step(now=now, zone=ZoneInfo(zone), **stated)  # type: ignore[arg-type]


def planned(offset: Offset, zone: str = "Asia/Shanghai", account_id: str = "acc_1") -> datetime:
    return plan_at(account_id, DUE, offset, ZoneInfo(zone))


@given(
    account=st.text("abcdef0123456789", min_size=1, max_size=12),
    due_on=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    zone=st.sampled_from(ZONES),
    offset=st.sampled_from(Offset),
)
def test_each_reminder_is_on_its_day_of_the_account_and_within_its_hours(
    account: str, due_on: date, zone: str, offset: Offset
) -> None:
    at = plan_at(account, due_on, offset, ZoneInfo(zone))
    local = at.astimezone(ZoneInfo(zone))
    assert (due_on - local.date()).days == DAYS_BEFORE[offset]
    assert OPENS <= local.time() < QUIET_FROM
    assert not is_quiet(at, ZoneInfo(zone))
    assert at < end_of_hours(at, ZoneInfo(zone))


@sweep(("zone", "day"), CLOCK_CHANGES)
@sweep("offset", Offset)
def test_a_due_date_stays_the_same_day_when_clocks_change(zone: str, day: date, offset: Offset) -> None:
    """Clocks change on the day of the reminder, or on the due date."""
    for due_on in (day, day + timedelta(days=DAYS_BEFORE[offset])):
        at = plan_at("acc_1", due_on, offset, ZoneInfo(zone))
        local = at.astimezone(ZoneInfo(zone))
        wanted = due_on - timedelta(days=DAYS_BEFORE[offset])
        left_out = zone == "Pacific/Apia" and wanted == day
        assert local.date() == (wanted + timedelta(days=1) if left_out else wanted)
        assert OPENS <= local.time() < QUIET_FROM


@sweep("zone", ZONES)
def test_the_first_look_comes_before_the_reminder_wherever_the_account_is(zone: str) -> None:
    look = first_look("acc_1", DUE, set())
    assert look is not None
    assert look <= planned(Offset.BEFORE, zone)
    assert planned(Offset.BEFORE, zone) - look <= timedelta(hours=26)


def test_the_first_look_is_the_reminder_where_days_begin_first() -> None:
    assert first_look("acc_1", DUE, set()) == planned(Offset.BEFORE, "Pacific/Kiritimati")
    assert first_look("acc_1", DUE, {Offset.BEFORE}) == planned(Offset.NEAR, "Pacific/Kiritimati")
    assert first_look("acc_1", DUE, set(Offset)) is None


def test_reminders_of_one_day_are_spread_over_its_hours_and_each_account_keeps_its_time() -> None:
    accounts = [f"acc_{number}" for number in range(2400)]
    hours = Counter(plan_at(one, DUE, Offset.NEAR, SHANGHAI).astimezone(SHANGHAI).hour for one in accounts)
    assert set(hours) == set(range(8, 20))
    assert max(hours.values()) < 2 * min(hours.values())
    assert planned(Offset.NEAR) == planned(Offset.NEAR)
    assert planned(Offset.NEAR) - planned(Offset.BEFORE) == timedelta(days=4)


@pytest.mark.parametrize("offset", Offset)
def test_a_reminder_is_sent_at_its_time_and_not_before(offset: Offset) -> None:
    earlier = {other for other in Offset if DAYS_BEFORE[other] > DAYS_BEFORE[offset]}
    at = planned(offset)
    before = step(at - timedelta(seconds=1), done=earlier)
    assert (before.send, before.next_at) == (None, at)
    now = step(at, done=earlier)
    assert now.send is offset
    assert now.done == {*earlier, offset}


@sweep(
    ("day", "sent"),
    [
        (date(2026, 12, 4), None),
        (date(2026, 12, 5), Offset.BEFORE),
        (date(2026, 12, 8), Offset.BEFORE),
        (date(2026, 12, 9), Offset.NEAR),
        (date(2026, 12, 10), Offset.NEAR),
        (date(2026, 12, 11), Offset.AFTER),
        (date(2026, 12, 17), Offset.AFTER),
        (date(2026, 12, 18), None),
    ],
)
def test_after_an_outage_only_the_latest_reminder_goes_out_while_it_is_of_use(day: date, sent: Offset | None) -> None:
    late = datetime.combine(day, time(20, 30), SHANGHAI).astimezone(UTC)
    assert step(late).send is sent


def test_after_an_outage_the_day_of_the_second_reminder_brings_no_first_one() -> None:
    """At 7:59 on the day before the due date, the time of the second reminder has not come."""
    morning = datetime(2026, 12, 9, 8, 0, tzinfo=SHANGHAI).astimezone(UTC)
    found = step(morning)
    assert (found.send, found.next_at) == (None, planned(Offset.NEAR))


@pytest.mark.parametrize("local", [time(8), time(8, 5), time(12), time(19, 30), time(20, 30)])
def test_reminders_that_are_caught_up_are_spread_over_the_hours_that_are_left(local: time) -> None:
    now = datetime.combine(date(2026, 12, 9), local, SHANGHAI).astimezone(UTC)
    left = end_of_hours(now, SHANGHAI) - now
    found = {one: step(now, account_id=one, look_at=now - timedelta(days=1)) for one in map(str, range(400))}
    late_since = now - LATE_AFTER
    ripe = {one: each for one, each in found.items() if planned(Offset.NEAR, account_id=one) < late_since}
    at_once = {one for one, each in found.items() if each.send is not None}
    assert all(late_since <= planned(Offset.NEAR, account_id=one) <= now for one in at_once)
    minutes = Counter(int((each.next_at - now) / timedelta(minutes=1)) for each in found.values() if each.next_at)
    assert max(minutes.values()) < 400 / (left / timedelta(minutes=1)) * 4 + 5
    for one, each in ripe.items():
        assert each.next_at is not None
        assert now < each.next_at <= end_of_hours(now, SHANGHAI)
        if not is_quiet(each.next_at, SHANGHAI):
            assert step(each.next_at, account_id=one).send is Offset.NEAR


def test_a_look_that_is_a_little_late_sends_at_once() -> None:
    at = planned(Offset.NEAR)
    assert step(at + LATE_AFTER, done={Offset.BEFORE}, look_at=at).send is Offset.NEAR
    late = step(at + LATE_AFTER + timedelta(seconds=1), done={Offset.BEFORE}, look_at=at)
    assert late.send is None
    assert late.next_at is not None
    again = late.next_at + LATE_AGAIN_AFTER
    if not is_quiet(again, SHANGHAI):
        assert step(again, done={Offset.BEFORE}, look_at=late.next_at).send is Offset.NEAR


@sweep(
    ("local", "quiet"),
    [(time(7, 59, 59), True), (time(8), False), (time(20, 59, 59), False), (time(21), True), (time(0), True)],
)
def test_nobody_is_reminded_from_nine_in_the_evening_to_eight_in_the_morning(local: time, *, quiet: bool) -> None:
    now = datetime.combine(date(2026, 12, 7), local, SHANGHAI).astimezone(UTC)
    assert is_quiet(now, SHANGHAI) is quiet
    found = step(now)
    assert (found.send is None) is quiet
    if quiet:
        assert found.next_at is not None
        assert found.done == frozenset()
        assert found.next_at.astimezone(SHANGHAI).time() >= OPENS
        assert found.next_at - now < timedelta(hours=23)


@pytest.mark.parametrize(("local", "days"), [(time(7, 59, 59), 0), (time(8), 1), (time(23), 1)])
def test_the_next_morning_is_that_of_the_first_day_whose_hours_have_not_begun(local: time, days: int) -> None:
    now = datetime.combine(date(2026, 12, 7), local, SHANGHAI).astimezone(UTC)
    morning = next_morning("acc_1", now, SHANGHAI)
    assert morning.astimezone(SHANGHAI).date() == date(2026, 12, 7) + timedelta(days=days)
    # Each account keeps its time of day.
    assert morning.astimezone(SHANGHAI).time() == planned(Offset.NEAR).astimezone(SHANGHAI).time()


@pytest.mark.parametrize("offset", Offset)
def test_a_bill_that_came_after_the_time_of_a_reminder_is_reminded_of_by_the_next_one(offset: Offset) -> None:
    at = planned(offset)
    assert step(at, issued_at=at, done=set(Offset) - {offset}).send is offset
    late = step(at + timedelta(minutes=1), issued_at=at + timedelta(seconds=1))
    assert late.send is None
    assert offset in late.done


@given(
    zone=st.sampled_from(ZONES),
    account=st.text("abcdef0123456789", min_size=1, max_size=8),
    issued=st.integers(-60, 400),
    pauses=st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=60),
)
def test_each_reminder_comes_once_at_most_in_order_and_by_day_whenever_somebody_looks(
    zone: str, account: str, issued: int, pauses: list[int]
) -> None:
    """Looks come at any distance, as after outages. `issued`: hours before or after the first planned time."""
    first = plan_at(account, DUE, Offset.BEFORE, ZoneInfo(zone))
    issued_at, now = first + timedelta(hours=issued), first - timedelta(days=1)
    done: frozenset[Offset] = frozenset()
    sent: list[Offset] = []
    for minutes in pauses:
        now += timedelta(minutes=minutes)
        found = step(now, zone, done=set(done), account_id=account, issued_at=issued_at)
        assert done <= found.done
        done = found.done
        assert (found.next_at is None) is (done == frozenset(Offset))
        assert found.next_at is None or found.next_at > now
        if found.send is not None:
            assert not is_quiet(now, ZoneInfo(zone))
            assert now >= issued_at
            sent.append(found.send)
    assert sent == sorted(set(sent), key=list(Offset).index)
    days = [DUE - timedelta(days=DAYS_BEFORE[offset]) for offset in sent]
    assert len(set(days)) == len(days)


@given(zone=st.sampled_from(ZONES), due_on=st.dates(date(2025, 1, 1), date(2030, 12, 31)))
def test_all_three_go_out_on_their_days_when_somebody_looks_as_told(zone: str, due_on: date) -> None:
    done: frozenset[Offset] = frozenset()
    now = first_look("acc_1", due_on, done)
    sent = []
    for _ in range(12):
        assert now is not None
        found = step(now, zone, due_on=due_on, done=set(done))
        if found.send is not None:
            sent.append((found.send, (due_on - now.astimezone(ZoneInfo(zone)).date()).days))
        done, now = found.done, found.next_at
        if now is None:
            break
    assert sent == [(offset, DAYS_BEFORE[offset]) for offset in Offset]
    assert now is None
