"""The provider's own estimate, and the dates that are told of a refund: none is told that does not fall due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import Fact, FactVersion, MovementStatus, RefundStatus, RefundTold
from hotline.kit.clock import from_text, to_text
from hotline.kit.money import Money
from hotline.refunds import items
from hotline.refunds.model import Refund, RefundState
from hotline.refunds.promises import Promise, due_at
from tests.rooms.refunds.test_clocks import work_off
from tests.rooms.refunds.test_folds import refund_of
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, published, refunded

DAY = timedelta(days=1)
ON = date(2026, 11, 30)
GENEROUS = published(auto_approve_minor=50_000)
LONDON = "Europe/London"


def sent(refund_id: str, expected_on: date | None, *, version: int = 1, movement_id: str = "mov_1") -> Fact:
    fact = refunded(RefundStatus.SENT, refund_id, movement_id, minor=12850, version=version)
    assert isinstance(fact.data, RefundTold)
    return replace(fact, data=replace(fact.data, expected_on=expected_on))


def approved(money: MoneyWorld) -> tuple[str, date]:
    """A refund that is promised, and its latest date."""
    money.give_profile()
    money.tell(moved(MovementStatus.SUCCEEDED))
    money.tell(GENEROUS)
    result = money.ask()
    assert result.promised_on is not None
    return result.refund_id or "", result.promised_on


def test_an_earlier_estimate_is_told_as_the_usual_date_and_the_promise_is_kept(money: MoneyWorld) -> None:
    refund_id, promised_on = approved(money)
    money.tell(sent(refund_id, promised_on - 4 * DAY))
    refund = money.refund(refund_id)
    assert items.promise_told(refund) == Promise(promised_on - 4 * DAY, promised_on)
    assert items.falls_due_at(refund) == due_at(promised_on, currency="CNY", time_zone=LONDON)


def test_a_later_estimate_breaks_the_promise_at_once(quick_money: MoneyWorld) -> None:
    money = quick_money
    refund_id, promised_on = approved(money)
    later = promised_on + 5 * DAY
    money.tell(sent(refund_id, later))
    assert items.date_told(money.refund(refund_id)) == later, "nobody is told a date that will not be kept"
    key = items.refund_key(ACCOUNT, refund_id)
    (done,) = work_off(money, key, NOON + timedelta(minutes=1))
    assert done.keys["count"] == 1
    refund = money.refund(refund_id)
    assert (refund.promise, refund.escalations, refund.case_id is not None) == (Promise(None, later), 1, True)
    escalated = next(entry for entry in money.entries() if entry["kind"] == "refund.escalated" and entry["to"] == "bus")
    assert escalated["facts"]["missed_on"] == promised_on.isoformat()
    assert escalated["facts"]["promised_on"] == later.isoformat()
    told = [entry for entry in money.entries() if entry["kind"] == "refund.escalated" and entry["to"] == "message"]
    assert len(told) == 2
    assert items.falls_due_at(refund) == due_at(later, currency="CNY", time_zone=LONDON)
    assert work_off(money, key, NOON + timedelta(minutes=2)) == ()


def test_an_estimate_dates_a_refund_that_the_wallet_made_by_itself(money: MoneyWorld) -> None:
    expected_on = date(2026, 11, 26)
    money.tell(sent("ref_w", expected_on))
    refund = money.refund("ref_w")
    assert items.promise_told(refund) == Promise(None, expected_on)
    assert items.falls_due_at(refund) == due_at(expected_on, currency="CNY")


def test_an_estimate_is_of_money_that_is_under_way(money: MoneyWorld) -> None:
    refund_id, promised_on = approved(money)
    money.tell(sent(refund_id, promised_on - DAY))
    money.tell(refunded(RefundStatus.SETTLED, refund_id, minor=12850, version=2))
    assert money.refund(refund_id).expected_on is None


@pytest.mark.parametrize("first", [1, 2])
def test_of_two_estimates_the_higher_version_holds_in_any_order(money: MoneyWorld, first: int) -> None:
    refund_id, promised_on = approved(money)
    for version in (first, 3 - first):
        money.tell(sent(refund_id, promised_on - version * DAY, version=version))
    assert money.refund(refund_id).expected_on == promised_on - 2 * DAY


def orders(*facts: Fact) -> list[tuple[Fact, ...]]:
    return [(*order, *order) for order in permutations(facts)]


def test_an_estimate_still_holds_once_the_refund_is_sent_again_in_any_order() -> None:
    """The provider said a day, was silent, and sent it all the same."""
    for order in orders(sent("ref_1", ON), refunded(RefundStatus.UNKNOWN, version=2), sent("ref_1", None, version=3)):
        refund = refund_of(*order)
        assert (refund.state, refund.expected_on) == (RefundState.SENT, ON)
        assert items.refund_from(items.refund_item(refund)) == refund


@pytest.mark.parametrize("end", [RefundStatus.FAILED, RefundStatus.RETURNED, RefundStatus.SETTLED])
def test_an_attempt_that_ended_takes_its_estimate_with_it_in_any_order(end: RefundStatus) -> None:
    for order in orders(sent("ref_1", ON), refunded(end, version=2), sent("ref_1", None, version=3)):
        assert refund_of(*order).expected_on is None


def test_an_estimate_that_comes_again_after_a_failure_holds_in_any_order() -> None:
    facts = (sent("ref_1", ON), refunded(RefundStatus.FAILED, version=2), sent("ref_1", ON + DAY, version=3))
    for order in orders(*facts, refunded(RefundStatus.UNKNOWN, version=4), sent("ref_1", None, version=5)):
        assert refund_of(*order).expected_on == ON + DAY


def test_an_estimate_that_became_the_promise_is_not_told_anew(quick_money: MoneyWorld) -> None:
    refund_id, promised_on = approved(quick_money)
    later = sent(refund_id, promised_on + 5 * DAY)
    quick_money.tell(later)
    work_off(quick_money, items.refund_key(ACCOUNT, refund_id), NOON + timedelta(minutes=1))
    before = quick_money.refund(refund_id)
    quick_money.tell(later, refunded(RefundStatus.UNKNOWN, refund_id, minor=12850, version=2))
    quick_money.tell(sent(refund_id, None, version=3))
    after = quick_money.refund(refund_id)
    assert (after.promise, after.expected_on) == (before.promise, None)


def test_a_day_that_has_passed_is_not_the_usual_one_of_the_next_date(quick_money: MoneyWorld) -> None:
    refund_id, promised_on = approved(quick_money)
    quick_money.tell(sent(refund_id, promised_on - DAY))
    at = due_at(promised_on, currency="CNY", time_zone=LONDON)
    assert work_off(quick_money, items.refund_key(ACCOUNT, refund_id), at) != ()
    promise = quick_money.refund(refund_id).promise
    assert promise is not None
    assert promise.typical_on is None


def test_the_estimate_of_a_refund_that_was_stored_before_holds_as_it_did() -> None:
    """Its version was not kept."""
    stored = items.refund_item(refund_of(sent("ref_1", ON, version=2)))
    del stored["estimate_order"]
    known = items.refund_from(stored)
    assert refund_of(sent("ref_1", ON - DAY), known=known).expected_on == ON
    assert refund_of(sent("ref_1", ON + DAY, version=3), known=known).expected_on == ON + DAY


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def refunds_of_any_kind(draw: st.DrawFn) -> Refund:
    latest_on = draw(st.none() | days)
    promise = None if latest_on is None else Promise(draw(st.none() | st.just(latest_on - DAY)), latest_on)
    state, at = draw(st.sampled_from(RefundState)), draw(instants)
    return Refund(
        account_id=ACCOUNT,
        refund_id="ref_1",
        movement_id="mov_1",
        amount=Money(100, draw(st.sampled_from(["CNY", "EUR", "USD", "GBP", "HKD", "JPY"]))),
        state=state,
        requested_at=at,
        state_at=at,
        promise=promise,
        followed_up=state.is_unpaid and draw(st.booleans()),
        expected_on=draw(st.none() | days) if state is RefundState.SENT else None,
        time_zone=draw(st.sampled_from([None, "Asia/Shanghai", "America/New_York", "Pacific/Auckland"])),
        fact_version=FactVersion(1, at, "fact"),
    )


@given(refunds_of_any_kind())
def test_no_date_is_told_without_a_due_item(refund: Refund) -> None:
    told = items.date_told(refund)
    if told is None or not (refund.state.is_open or refund.state.is_unpaid):
        return
    ends_at = due_at(told, currency=refund.amount.currency, time_zone=refund.time_zone)
    broken = refund.promised_on is not None and told > refund.promised_on
    kept = refund.state_at if broken else ends_at
    # A wallet that has to be asked first is asked first; then nothing but the date that was told is left.
    asked_at = {RefundState.UNKNOWN: refund.state_at, RefundState.APPROVED: refund.state_at + DAY}
    assert stored_due(refund) == as_stored(min(kept, asked_at.get(refund.state, kept)))
    assert stored_due(replace(refund, asked=True)) == as_stored(kept)
    assert stored_due(refund) <= max(ends_at, refund.state_at)


def stored_due(refund: Refund) -> datetime:
    return from_text(str(items.refund_item(refund)["due_sk"]).split("#")[0])


def as_stored(at: datetime) -> datetime:
    """The time, cut to the milliseconds that are stored."""
    return from_text(to_text(at))


@given(refunds_of_any_kind())
def test_a_refund_is_the_same_after_it_was_stored(refund: Refund) -> None:
    stored = items.refund_from(items.refund_item(refund))
    assert stored.promise == refund.promise
    assert (stored.expected_on, stored.time_zone) == (refund.expected_on, refund.time_zone)
