"""Clocks on a refund: each is a due item of its own, ends with what it waits for, and is worked off once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline.cases.model import Priority
from hotline.cases.service import read_case
from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import from_text
from hotline.kit.due import Done
from hotline.kit.errors import Stale
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.quiet_hours import is_quiet
from hotline.kit.store import Delete, Key, Put, hotline_key
from hotline.refunds import items
from hotline.refunds import service as refunds
from hotline.refunds.clocks import EVIDENCE_REMINDED_AFTER_DAYS, ClockKind, answer_promise, clock_key
from hotline.refunds.laws import CHINA, EUROPEAN_UNION, UNITED_STATES, LawProfile
from hotline.refunds.model import RefundReason, RefundState, ReviewDecision
from hotline.refunds.promises import due_at
from hotline.wording.messages import plain_text
from hotline.wording.values import locale_of
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, published, refunded
from tests.support.sweeps import sweep

LONDON = "Europe/London"
ENDS_AT = datetime(2026, 12, 9, tzinfo=UTC)
"""23 November and 15 days, at the end of the day in London."""


def in_review(money: MoneyWorld) -> str:
    """A refund that a person has to decide: its merchant has no policy."""
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED))
    result = money.ask()
    assert (result.state, result.case_id is not None) == (RefundState.IN_REVIEW, True)
    return result.refund_id or ""


ANSWERS_WITHIN = timedelta(days=3)


def with_merchant(money: MoneyWorld, reason: RefundReason = RefundReason.CANCELLED) -> str:
    """A refund in review for which its merchant has to answer within three days."""
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED))
    money.tell(published(auto_approve_minor=0, answer_days=3))
    result = money.ask(reason)
    assert result.state is RefundState.IN_REVIEW
    return result.refund_id or ""


def clocks_of(money: MoneyWorld, refund_id: str) -> dict[ClockKind, str]:
    """The clocks that run on a refund, with the date of each."""
    found = {kind: money.store.get(clock_key(ACCOUNT, refund_id, kind)) for kind in ClockKind}
    return {kind: str(item["due_sk"]) for kind, item in found.items() if item is not None}


def statutory_key(refund_id: str) -> Key:
    return clock_key(ACCOUNT, refund_id, ClockKind.STATUTORY)


def work_off(money: MoneyWorld, key: Key, at: datetime) -> tuple[Done, ...]:
    """Do about an item as `deadlines` does, at a time."""
    duty = refunds.duty_at(key)
    assert duty is not None
    change = Change(actor=System("deadlines", duty.rule), cause="deadline", now=at, ids=money.ids)
    done = duty.contribute(change, duty.read(money.store, at))
    change.commit(money.store)
    return done


def test_a_request_in_review_has_two_dates_and_each_is_a_due_item(money: MoneyWorld) -> None:
    refund_id = in_review(money)
    clock, refund = money.store.get(statutory_key(refund_id)), money.item(f"REFUND#{refund_id}")
    assert clock is not None
    assert refund is not None
    assert clock["due_sk"] == f"2026-12-09T00:00:00.000Z#{refund_id}"
    assert refund["due_sk"] == f"2026-12-08T00:00:00.000Z#{refund_id}"


def test_the_laws_time_that_passes_makes_the_case_urgent_once(quick_money: MoneyWorld) -> None:
    refund_id = in_review(quick_money)
    key = statutory_key(refund_id)
    assert work_off(quick_money, key, ENDS_AT - timedelta(milliseconds=1)) == ()
    (done,) = work_off(quick_money, key, ENDS_AT)
    assert done.event is Event.REFUND_CLOCK_OVER
    refund = quick_money.refund(refund_id)
    assert done.keys["case_id"] == refund.case_id
    found = read_case(quick_money.store, refund.case_id or "")
    assert found is not None
    case, entries = found
    assert case.priority is Priority.URGENT
    assert [entry.reason for entry in entries][-1] == refunds.STATUTORY_REASON
    assert quick_money.store.get(key) is None
    assert work_off(quick_money, key, ENDS_AT) == ()


@pytest.mark.parametrize("status", RefundStatus)
def test_an_answer_stops_every_clock(money: MoneyWorld, status: RefundStatus) -> None:
    """Also when the wallet pays or refuses without waiting for it."""
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    assert set(clocks_of(money, refund_id)) == set(ClockKind) - {ClockKind.MORNING}
    money.tell(refunded(status, refund_id, minor=12850))
    assert clocks_of(money, refund_id) == {}


@pytest.mark.parametrize("decision", ReviewDecision)
def test_a_persons_decision_stops_every_clock(money: MoneyWorld, decision: ReviewDecision) -> None:
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    money.review(refund_id, decision)
    assert clocks_of(money, refund_id) == {}


def test_the_merchants_time_is_a_due_item_of_its_own_and_is_worked_off_once(quick_money: MoneyWorld) -> None:
    money = quick_money
    refund_id = with_merchant(money)
    key, before = clock_key(ACCOUNT, refund_id, ClockKind.MERCHANT), money.refund(refund_id)
    entries = len(money.entries())
    assert work_off(money, key, NOON + ANSWERS_WITHIN - timedelta(milliseconds=1)) == ()
    (done,) = work_off(money, key, NOON + ANSWERS_WITHIN)
    assert (done.event, done.keys["case_id"]) == (Event.MERCHANT_SILENT, before.case_id)
    assert money.refund(refund_id) == before
    found = read_case(money.store, before.case_id or "")
    assert found is not None
    case, timeline = found
    assert (case.priority, timeline[-1].reason) == (Priority.HIGH, "refund_merchant_silent")
    assert timeline[-1].facts["missed_on"] == "2026-11-26"
    assert len(money.entries()) == entries + 1, "the case goes to the bus, and nobody is told"
    assert work_off(money, key, NOON + ANSWERS_WITHIN) == ()
    assert set(clocks_of(money, refund_id)) == {ClockKind.STATUTORY}


def test_a_customer_who_sends_no_picture_is_reminded_once_by_day(quick_money: MoneyWorld) -> None:
    money = quick_money
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    key, before = clock_key(ACCOUNT, refund_id, ClockKind.EVIDENCE), money.refund(refund_id)
    remind_at = from_text(clocks_of(money, refund_id)[ClockKind.EVIDENCE].partition("#")[0])
    assert (remind_at.astimezone(ZoneInfo(LONDON)).date() - NOON.date()).days == EVIDENCE_REMINDED_AFTER_DAYS
    assert not is_quiet(remind_at, ZoneInfo(LONDON))
    entries = len(money.entries())
    assert work_off(money, key, remind_at - timedelta(milliseconds=1)) == ()
    (done,) = work_off(money, key, remind_at)
    assert done.event is Event.EVIDENCE_REMINDED
    told = [entry for entry in money.entries() if entry["kind"] == "refund.evidence_reminder"]
    assert [entry["channel"] for entry in told] == ["email", "sms"]
    assert told[0]["facts"]["refund_reference"] == refunds.reference_of(refund_id)
    assert len(money.entries()) == entries + 2
    assert money.refund(refund_id) == before
    assert work_off(money, key, remind_at) == ()


@pytest.mark.parametrize(
    "contribute",
    [refunds.contribute_evidence_received, refunds.contribute_evidence_unscanned],
    ids=["clean", "unscanned"],
)
def test_a_picture_that_came_stops_the_reminder(money: MoneyWorld, contribute: Callable[..., None]) -> None:
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    read = money.store.batch_get(list(refunds.evidence_keys(ACCOUNT, refund_id)))
    change = Change(actor=System("evidence", "arrival"), cause="evidence", now=NOON, ids=money.ids)
    contribute(change, read, ACCOUNT, refund_id, "evd_1")
    change.commit(money.store)
    assert set(clocks_of(money, refund_id)) == {ClockKind.STATUTORY, ClockKind.MERCHANT}


def test_a_reminder_that_is_worked_off_late_waits_for_the_day(quick_money: MoneyWorld) -> None:
    money = quick_money
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    key = clock_key(ACCOUNT, refund_id, ClockKind.EVIDENCE)
    night = datetime(2026, 11, 28, 23, 30, tzinfo=ZoneInfo(LONDON))
    entries = len(money.entries())
    assert work_off(money, key, night) == ()
    assert len(money.entries()) == entries
    morning = from_text(clocks_of(money, refund_id)[ClockKind.EVIDENCE].partition("#")[0])
    assert not is_quiet(morning, ZoneInfo(LONDON))
    (done,) = work_off(money, key, morning)
    assert done.event is Event.EVIDENCE_REMINDED


def test_a_decision_beside_the_reminder_wins(money: MoneyWorld) -> None:
    refund_id = with_merchant(money, RefundReason.DEFECTIVE)
    key = clock_key(ACCOUNT, refund_id, ClockKind.EVIDENCE)
    duty = refunds.duty_at(key)
    assert duty is not None
    at = NOON + timedelta(days=7)
    change = Change(actor=System("deadlines", duty.rule), cause="deadline", now=at, ids=money.ids)
    duty.contribute(change, duty.read(money.store, at))
    money.review(refund_id, ReviewDecision.DENY)
    with pytest.raises(Stale):
        change.commit(money.store)


def test_a_refund_that_waits_for_no_picture_has_no_such_reminder(money: MoneyWorld) -> None:
    refund_id = with_merchant(money)
    assert set(clocks_of(money, refund_id)) == {ClockKind.STATUTORY, ClockKind.MERCHANT}


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_reminder_says_how_to_send_the_picture(language: str) -> None:
    locale = locale_of(language, LONDON, NOON)
    text = plain_text(
        "message.refund.evidence_reminder",
        {"amount": Money(5000, "CNY"), "merchant": "Tea House", "refund_reference": "123456"},
        locale,
    )
    assert "Tea House" in text
    assert ("app" if language == "en-US" else "应用") in text
    assert "{" not in text


def test_a_review_that_the_merchant_has_no_part_in_has_no_clock_of_the_merchant(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED, amount=Money(10**6, "CNY")))
    money.tell(published(auto_approve_minor=10**9, answer_days=3))
    assert set(clocks_of(money, money.ask().refund_id or "")) == {ClockKind.STATUTORY}


@pytest.mark.parametrize("is_decided", [False, True])
def test_the_merchants_time_of_a_refund_that_was_stored_before_still_ends(
    quick_money: MoneyWorld, *, is_decided: bool
) -> None:
    """The date stood on the refund itself, without a clock."""
    money = quick_money
    refund_id = with_merchant(money)
    key, clock = refunds.refund_key(ACCOUNT, refund_id), clock_key(ACCOUNT, refund_id, ClockKind.MERCHANT)
    stored = items.refund_item(replace(money.refund(refund_id), merchant_until=NOON + ANSWERS_WITHIN))
    assert str(stored["due_sk"]).startswith("2026-11-26T12:00:00")
    money.store.transact([Put(key, stored | {"rev": 1}), Delete(clock)], token="stored-before")
    if is_decided:
        money.review(refund_id, ReviewDecision.DENY)
        assert work_off(money, key, NOON + ANSWERS_WITHIN) == ()
        return
    assert work_off(money, key, NOON + ANSWERS_WITHIN - timedelta(milliseconds=1)) == ()
    (done,) = work_off(money, key, NOON + ANSWERS_WITHIN)
    assert done.event is Event.MERCHANT_SILENT
    assert money.refund(refund_id).merchant_until is None
    assert work_off(money, key, NOON + ANSWERS_WITHIN) == ()


def test_a_date_that_passes_in_review_leaves_the_laws_clock_running(quick_money: MoneyWorld) -> None:
    refund_id = in_review(quick_money)
    (done,) = work_off(quick_money, hotline_key(f"ACCOUNT#{ACCOUNT}", f"REFUND#{refund_id}"), ENDS_AT)
    assert done.event is Event.REFUND_OVERDUE
    assert quick_money.store.get(statutory_key(refund_id)) is not None


def test_a_refund_that_is_decided_at_once_has_no_such_clock(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED))
    refund_id = money.ask(amount=Money(1, "CNY")).refund_id or ""
    key = statutory_key(refund_id)
    assert (money.store.get(key) is not None) is (money.refund(refund_id).state is RefundState.IN_REVIEW)


@sweep(
    ("law", "currency", "zone", "ends_at"),
    [
        (CHINA, "CNY", "Asia/Shanghai", datetime(2026, 12, 8, 16, tzinfo=UTC)),
        (CHINA, "CNY", None, datetime(2026, 12, 8, 16, tzinfo=UTC)),
        (EUROPEAN_UNION, "EUR", "Europe/Berlin", datetime(2026, 12, 14, 23, tzinfo=UTC)),
        (UNITED_STATES, "USD", "America/New_York", datetime(2026, 12, 9, 5, tzinfo=UTC)),
        (None, "JPY", "Asia/Tokyo", datetime(2026, 12, 8, 15, tzinfo=UTC)),
    ],
)
def test_the_law_of_the_purchase_says_by_when_there_is_an_answer(
    law: LawProfile | None, currency: str, zone: str | None, ends_at: datetime
) -> None:
    """15 business days of TARGET under PSD2, article 101; 15 days otherwise."""
    last = answer_promise(law, NOON, currency=currency, time_zone=zone)
    assert due_at(last.latest_on, currency=currency, time_zone=zone) == ends_at


@sweep("sk", ["CLOCK#ref", "CLOCK#ref#later", "CLOCK#ref#statutory#1", "REFUND#ref#statutory"])
def test_no_other_item_is_taken_for_a_clock(sk: str) -> None:
    assert refunds.duty_at(hotline_key(f"ACCOUNT#{ACCOUNT}", sk)) is None
