"""A date that has passed: people know at once, the customer by day, and nobody while facts wait that may end it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline.accounts.feed import LOOK_AGAIN, WAIT_MAX
from hotline.contracts.model import RefundStatus, RefundTold
from hotline.kit.clock import from_text
from hotline.kit.logging import Event
from hotline.kit.quiet_hours import MORNING, OPENS
from hotline.kit.store import Key, Put
from hotline.kit.store.condition import Item
from hotline.lockout.items import lock_key
from hotline.refunds import items
from hotline.refunds.clocks import ClockKind, clock_key
from hotline.refunds.model import RefundState, ReviewDecision
from hotline.refunds.promises import due_at
from tests.rooms.refunds.test_clocks import work_off
from tests.support.money_world import ACCOUNT, FIRST_FACT_AT, MoneyWorld, let_feed_lag, published, refunded

R = RefundStatus
LONDON = ZoneInfo("Europe/London")
MS = timedelta(milliseconds=1)


def sent(world: MoneyWorld) -> tuple[str, datetime]:
    """A refund whose money is under way, and the midnight at which its date ends."""
    refund_id = world.ask().refund_id or ""
    world.tell(refunded(R.SENT, refund_id, minor=12850))
    return refund_id, midnight_of(world, refund_id)


def in_review(world: MoneyWorld) -> tuple[str, datetime]:
    world.tell(published(version=2, auto_approve_minor=0))
    refund_id = world.ask().refund_id or ""
    return refund_id, midnight_of(world, refund_id)


def midnight_of(world: MoneyWorld, refund_id: str) -> datetime:
    promised_on = world.refund(refund_id).promised_on
    assert promised_on is not None
    return due_at(promised_on, currency="CNY", time_zone="Europe/London")


def refund_key(refund_id: str) -> Key:
    return items.refund_key(ACCOUNT, refund_id)


def morning_key(refund_id: str) -> Key:
    return clock_key(ACCOUNT, refund_id, ClockKind.MORNING)


def messages(world: MoneyWorld) -> list[Item]:
    late = ("refund.escalated", "refund.answer_late")
    return [entry for entry in world.entries() if entry["kind"] in late and entry["to"] == "message"]


def due_of(world: MoneyWorld, key: Key) -> datetime:
    return from_text(str((world.store.get(key) or {})["due_sk"]).partition("#")[0])


@pytest.mark.parametrize("begin", [sent, in_review])
def test_a_date_that_ends_at_midnight_is_told_once_in_the_morning(world: MoneyWorld, begin: object) -> None:
    refund_id, midnight = begin(world)  # type: ignore[operator]
    (done,) = work_off(world, refund_key(refund_id), midnight)
    assert (done.event, done.keys["case_id"]) == (Event.REFUND_OVERDUE, world.refund(refund_id).case_id)
    assert "refund.escalated" in [entry["kind"] for entry in world.entries() if entry["to"] == "bus"]
    assert messages(world) == []
    morning = due_of(world, morning_key(refund_id))
    local, opens = morning.astimezone(LONDON), datetime.combine(midnight.astimezone(LONDON).date(), OPENS, LONDON)
    assert opens <= local < opens + MORNING
    assert work_off(world, morning_key(refund_id), morning - MS) == ()
    (done,) = work_off(world, morning_key(refund_id), morning)
    assert done.event is Event.LATE_DATE_TOLD
    promised_on = world.refund(refund_id).promised_on
    assert promised_on is not None
    kind = "refund.answer_late" if begin is in_review else "refund.escalated"
    assert [(entry["kind"], entry["channel"]) for entry in messages(world)] == [(kind, "email"), (kind, "sms")]
    assert {entry["facts"]["promised_on"] for entry in messages(world)} == {promised_on.isoformat()}
    assert world.store.get(morning_key(refund_id)) is None
    assert work_off(world, morning_key(refund_id), morning) == ()


def test_a_date_that_is_seen_to_have_passed_by_day_is_told_at_once(world: MoneyWorld) -> None:
    refund_id, midnight = sent(world)
    work_off(world, refund_key(refund_id), midnight + timedelta(hours=12))
    assert len(messages(world)) == 2
    assert world.store.get(morning_key(refund_id)) is None


@pytest.mark.parametrize("status", [R.SETTLED, R.FAILED])
def test_a_refund_that_ends_in_the_night_is_not_told_as_late(world: MoneyWorld, status: RefundStatus) -> None:
    refund_id, midnight = sent(world)
    work_off(world, refund_key(refund_id), midnight)
    world.tell(refunded(status, refund_id, minor=12850, version=2, after_s=60))
    work_off(world, refund_key(refund_id), midnight + timedelta(hours=1))
    assert work_off(world, morning_key(refund_id), due_of(world, morning_key(refund_id))) == ()
    assert messages(world) == []


@pytest.mark.parametrize("decision", ReviewDecision)
def test_an_answer_in_the_night_is_the_only_word_of_the_morning(world: MoneyWorld, decision: ReviewDecision) -> None:
    refund_id, midnight = in_review(world)
    work_off(world, refund_key(refund_id), midnight)
    world.now = midnight + timedelta(hours=1)
    world.review(refund_id, decision)
    assert work_off(world, morning_key(refund_id), due_of(world, morning_key(refund_id))) == ()
    assert messages(world) == []


def test_of_an_account_that_was_erased_in_the_night_nobody_is_told(world: MoneyWorld) -> None:
    refund_id, midnight = sent(world)
    work_off(world, refund_key(refund_id), midnight)
    world.store.transact([Put(lock_key(ACCOUNT), {"erased": True, "version": 9})], token="erasure-of-the-account")
    assert work_off(world, morning_key(refund_id), due_of(world, morning_key(refund_id))) == ()
    assert (messages(world), world.store.get(morning_key(refund_id))) == ([], None)


def test_while_facts_wait_a_date_that_has_passed_waits_for_them(world: MoneyWorld) -> None:
    refund_id, midnight = sent(world)
    let_feed_lag(world, midnight)
    assert work_off(world, refund_key(refund_id), midnight) == ()
    assert world.refund(refund_id).escalations == 0
    assert due_of(world, refund_key(refund_id)) == midnight + LOOK_AGAIN
    world.tell(refunded(R.SETTLED, refund_id, minor=12850, version=2, after_s=60))
    work_off(world, refund_key(refund_id), midnight + LOOK_AGAIN)
    assert (world.refund(refund_id).state, world.refund(refund_id).escalations) == (RefundState.SUCCEEDED, 0)


def test_once_the_feed_has_caught_up_the_date_is_escalated(world: MoneyWorld) -> None:
    refund_id, midnight = sent(world)
    let_feed_lag(world, midnight)
    work_off(world, refund_key(refund_id), midnight)
    (done,) = work_off(world, refund_key(refund_id), midnight + LOOK_AGAIN + MS)
    assert done.event is Event.REFUND_OVERDUE


@pytest.mark.parametrize("is_over", [False, True])
def test_a_feed_that_stays_behind_is_waited_for_up_to_a_limit(world: MoneyWorld, *, is_over: bool) -> None:
    refund_id, midnight = sent(world)
    at = midnight + WAIT_MAX - (timedelta() if is_over else MS)
    let_feed_lag(world, at)
    done = work_off(world, refund_key(refund_id), at)
    assert [one.event for one in done] == ([Event.REFUND_OVERDUE] if is_over else [])


def test_the_word_of_the_morning_waits_for_facts_as_well(world: MoneyWorld) -> None:
    refund_id, midnight = sent(world)
    work_off(world, refund_key(refund_id), midnight)
    key = morning_key(refund_id)
    morning = due_of(world, key)
    let_feed_lag(world, morning)
    assert work_off(world, key, morning) == ()
    assert (messages(world), due_of(world, key)) == ([], morning + LOOK_AGAIN)
    let_feed_lag(world, morning + WAIT_MAX)
    (done,) = work_off(world, key, morning + WAIT_MAX)
    assert done.event is Event.LATE_DATE_TOLD


def test_an_answer_of_people_waits_for_no_feed(world: MoneyWorld) -> None:
    refund_id, midnight = in_review(world)
    let_feed_lag(world, midnight)
    (done,) = work_off(world, refund_key(refund_id), midnight)
    assert done.event is Event.REFUND_OVERDUE


def test_where_nobody_knows_the_customer_the_night_is_that_of_the_banks(world: MoneyWorld) -> None:
    """At midnight in China, which is by day in London, a refund of the wallet's own is looked at, and placed."""
    world.tell(refunded(R.SENT, "ref_w", "mov_2"))
    at = datetime(2026, 12, 8, tzinfo=UTC)
    done = work_off(world, refund_key("ref_w"), at)
    assert [one.event for one in done] == [Event.REFUND_OVERDUE]
    assert messages(world) == []


def test_a_later_estimate_waits_for_facts_as_well(world: MoneyWorld) -> None:
    """The next fact may say that the money is there."""
    refund_id, midnight = sent(world)
    told_at = midnight - timedelta(days=2)
    seconds = (told_at - FIRST_FACT_AT).total_seconds()
    late = refunded(R.SENT, refund_id, minor=12850, version=2, after_s=seconds)
    assert isinstance(late.data, RefundTold)
    world.tell(replace(late, data=replace(late.data, expected_on=midnight.date() + timedelta(days=9))))
    let_feed_lag(world, told_at)
    assert work_off(world, refund_key(refund_id), told_at) == ()
    assert due_of(world, refund_key(refund_id)) == told_at + LOOK_AGAIN
    let_feed_lag(world, told_at + WAIT_MAX)
    (done,) = work_off(world, refund_key(refund_id), told_at + WAIT_MAX)
    assert done.event is Event.REFUND_OVERDUE


def test_the_question_about_a_refund_waits_for_facts_as_well(world: MoneyWorld) -> None:
    refund_id = world.ask().refund_id or ""
    asked_at = FIRST_FACT_AT + timedelta(hours=3)
    world.tell(refunded(R.UNKNOWN, refund_id, minor=12850, after_s=3 * 3600.0))
    let_feed_lag(world, asked_at)
    assert work_off(world, refund_key(refund_id), asked_at) == ()
    let_feed_lag(world, asked_at + WAIT_MAX)
    (done,) = work_off(world, refund_key(refund_id), asked_at + WAIT_MAX)
    assert done.event is Event.REFUND_ASKED
