"""Clocks on a refund: each is a due item of its own, ends with what it waits for, and is worked off once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.cases.model import Priority
from hotline.cases.service import read_case
from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.due import Done
from hotline.kit.logging import Event
from hotline.kit.money import Money
from hotline.kit.store import Key, hotline_key
from hotline.refunds import service as refunds
from hotline.refunds.clocks import ClockKind, answer_promise, clock_key
from hotline.refunds.laws import CHINA, EUROPEAN_UNION, UNITED_STATES, LawProfile
from hotline.refunds.model import RefundState
from hotline.refunds.promises import due_at
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, refunded

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
def test_an_answer_stops_the_clock(money: MoneyWorld, status: RefundStatus) -> None:
    """Also when the wallet pays or refuses without waiting for it."""
    refund_id = in_review(money)
    money.tell(refunded(status, refund_id, minor=12850))
    assert money.store.get(statutory_key(refund_id)) is None


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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("sk", ["CLOCK#ref", "CLOCK#ref#later", "CLOCK#ref#statutory#1", "REFUND#ref#statutory"])
def test_no_other_item_is_taken_for_a_clock(sk: str) -> None:
    assert refunds.duty_at(hotline_key(f"ACCOUNT#{ACCOUNT}", sk)) is None
