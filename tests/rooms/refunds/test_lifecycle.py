"""The life of an open refund: its payment reversed, its outcome unknown, a wallet or a merchant that is silent."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from hotline.cases.items import case_from
from hotline.contracts.model import Fact, MovementStatus, RefundStatus
from hotline.kit.errors import Stale
from hotline.kit.money import Money
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.ledger_items import ledger_from
from hotline.refunds import service as refunds
from hotline.refunds.folds import TOLD_FOR
from hotline.refunds.items import ANSWERED_WITHIN, date_told, falls_due_at, promise_told
from hotline.refunds.model import (
    UNPAID_RULE,
    PayoutWay,
    Refund,
    RefundOutcome,
    RefundReason,
    RefundState,
    ReviewDecision,
)
from hotline.refunds.outgoing import reference_of
from hotline.refunds.promises import longest_promise
from hotline.wording.messages import plain_text
from hotline.wording.values import locale_of
from tests.support.money_world import MoneyWorld, moved, published, refunded, work

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
GENEROUS = published(auto_approve_minor=10**6)


def ask(world: MoneyWorld, **own: Any) -> Refund:
    result = world.ask(**own)
    assert result.refund_id is not None
    return world.refund(result.refund_id)


def sent(world: MoneyWorld, kind: str, channel: str = "bus") -> list[Item]:
    return [one for one in world.entries() if one["kind"] == kind and (one.get("to") == "bus") is (channel == "bus")]


def the_case(world: MoneyWorld, refund: Refund) -> Any:
    assert refund.case_id is not None
    item = world.item("CASE", f"CASE#{refund.case_id}")
    assert item is not None
    return case_from(item)


def taken_minor(world: MoneyWorld) -> int:
    item = world.item("TAKEN#mov_1")
    assert item is not None
    return ledger_from(item).taken_minor


def test_a_refund_in_review_whose_payment_is_reversed_is_stopped_once(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    refund = ask(world)
    assert refund.state is RefundState.IN_REVIEW
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    after = world.refund(refund.refund_id)
    assert (after.state, after.promised_on, falls_due_at(after)) == (RefundState.STOPPED, None, None)
    assert taken_minor(world) == 0
    (decision,) = sent(world, "refund.stopped")
    assert decision["facts"]["state"] == "stopped"
    assert len(sent(world, "refund.stopped", "customer")) == 2
    assert the_case(world, after).reason == "refund_review"
    assert work(world, refund.refund_id) == []
    assert world.movement().open_refund_id is None


@pytest.mark.parametrize("status", [None, R.UNKNOWN])
def test_a_refund_that_may_be_paid_keeps_its_money_until_the_wallet_says_that_it_was_not(
    world: MoneyWorld, status: RefundStatus | None
) -> None:
    refund = ask(world)
    if status is not None:
        world.tell(refunded(status, refund.refund_id, minor=12850))
    state = world.refund(refund.refund_id).state
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    after = world.refund(refund.refund_id)
    assert (after.state, taken_minor(world)) == (state, 12850)
    assert (the_case(world, after).reason, the_case(world, after).priority.name) == (
        "refund_payment_reversed",
        "URGENT",
    )
    assert [one["facts"]["state"] for one in sent(world, "refund.stopped")] == [state.value]
    (asked,) = sent(world, "account.facts_requested")
    assert asked["facts"]["about"][0]["id"] == refund.refund_id
    assert sent(world, "refund.stopped", "customer") == [], "it may be paid"
    assert work(world, refund.refund_id) == []
    world.tell(moved(S.SUCCEEDED, version=3))
    assert world.ask(request_key="request-2").outcome.value == "EXISTS"
    world.tell(moved(S.REVERSED, version=4), refunded(R.FAILED, refund.refund_id, minor=12850, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    assert (world.refund(refund.refund_id).state, taken_minor(world)) == (RefundState.STOPPED, 0)
    assert len(sent(world, "refund.stopped", "customer")) == 2
    world.tell(refunded(R.FAILED, refund.refund_id, minor=12850, version=3))
    assert work(world, refund.refund_id) == []


def test_of_a_refund_that_was_to_be_stopped_and_arrives_another_cannot_be_had(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(refunded(R.UNKNOWN, refund.refund_id, minor=12850))
    world.tell(moved(S.REVERSED, version=2))
    work(world, refund.refund_id)
    world.tell(moved(S.SUCCEEDED, version=3))
    world.ask(request_key="request-2")
    world.tell(refunded(R.SETTLED, refund.refund_id, minor=12850, version=3))
    assert taken_minor(world) == 12850


@pytest.mark.parametrize("status", [None, R.SENT, R.UNKNOWN])
@pytest.mark.parametrize("is_begun_by_wallet", [False, True])
def test_a_refund_beside_a_reversed_payment_has_no_date_and_people_look(
    world: MoneyWorld, status: RefundStatus | None, is_begun_by_wallet: bool
) -> None:
    refund_id = "ref_1" if is_begun_by_wallet else ask(world).refund_id
    if status is not None or is_begun_by_wallet:
        world.tell(refunded(status or R.SENT, refund_id, minor=12850))
    assert refunds.state_told(world.refund(refund_id)) != "called_back"
    world.tell(moved(S.REVERSED, version=2))
    for _ in range(2):
        called_back = world.refund(refund_id)
        assert (refunds.state_told(called_back), refunds.promise_told(called_back)) == ("called_back", None)
        movement = world.movement()
        told = payments.diagnose(movement, world.now, first=None)
        assert payments.answer_of(movement, told, world.now).refund == ("refund.rule.movement.called_back",)
        asked = world.ask(request_key="request-2")
        assert (asked.outcome, asked.promise, asked.decided_by) == (Out.EXISTS, None, "movement.called_back")
        offered = world.offer()
        assert offered.decided_by == "movement.called_back"
        work(world, refund_id)
    assert the_case(world, world.refund(refund_id)).priority.name == "URGENT"
    # No date is missed, and none takes its place.
    world.now += timedelta(days=90)
    work(world, refund_id)
    assert sent(world, "refund.escalated") == []
    world.tell(refunded(R.SETTLED, refund_id, minor=12850, version=3))
    assert refunds.state_told(world.refund(refund_id)) == "succeeded"


SENT_AND_REVERSED = (refunded(R.SENT, minor=12850), moved(S.REVERSED, version=2))
ARRIVED = refunded(R.SETTLED, minor=12850, version=2)


@pytest.mark.parametrize("order", list(permutations((*SENT_AND_REVERSED, ARRIVED))))
@pytest.mark.parametrize("is_worked_off_between", [False, True])
def test_people_look_at_a_refund_that_arrived_beside_a_reversed_payment_in_any_order(
    world: MoneyWorld, order: tuple[Fact, ...], is_worked_off_between: bool
) -> None:
    done: list[str] = []
    for fact in order:
        world.tell(fact)
        done += work(world, "ref_1") if is_worked_off_between else []
    done += work(world, "ref_1")
    refund = world.refund("ref_1")
    assert (refund.state, refund.reversed) == (RefundState.SUCCEEDED, True)
    assert done.count("REFUND_PAID_TWICE") == 1
    assert the_case(world, refund).priority.name == "URGENT"
    reasons = [entry["facts"]["reason"] for entry in world.entries() if entry["kind"].startswith("case.")]
    assert "refund_paid_twice" in reasons
    world.tell(refunded(R.SETTLED, minor=12850, version=3))
    assert work(world, "ref_1") == []


def test_a_stopped_refund_that_arrives_within_the_minute_is_looked_at(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    refund = ask(world)
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    arrived = refunded(R.SETTLED, refund.refund_id, minor=12850, version=2)
    world.tell(refunded(R.SENT, refund.refund_id, minor=12850), arrived)
    assert work(world, refund.refund_id) == ["REFUND_PAID_TWICE"]


def test_for_a_refund_and_a_reversal_of_long_ago_nobody_is_called(world: MoneyWorld) -> None:
    world.now += TOLD_FOR + timedelta(days=1)
    world.tell(*SENT_AND_REVERSED, ARRIVED)
    assert work(world, "ref_1") == []
    assert world.refund("ref_1").reversed


@pytest.fixture
def paid_otherwise(world: MoneyWorld) -> str:
    """A refund that failed, was followed up, and is to be paid to the balance."""
    refund_id = ask(world).refund_id
    world.tell(refunded(R.FAILED, refund_id, minor=12850, version=2))
    assert work(world, refund_id) == ["REFUND_UNPAID"]
    world.pay_otherwise(refund_id)
    return refund_id


def test_while_a_refund_waits_for_another_way_no_second_one_is_made_or_offered(world: MoneyWorld) -> None:
    refund = ask(world, amount=Money(5000, "CNY"))
    world.tell(refunded(R.FAILED, refund.refund_id, version=2))
    work(world, refund.refund_id)
    again = world.ask(request_key="request-2", amount=Money(100, "CNY"))
    assert (again.outcome, again.refund_id, again.decided_by) == (Out.EXISTS, refund.refund_id, UNPAID_RULE)
    # The date that is kept of a request may be of before it failed: the refund itself tells the next one.
    assert again.promised_on is None
    assert taken_minor(world) == 0
    report = world.ask(request_key="request-3", reason=RefundReason.UNAUTHORISED)
    assert report.outcome is Out.ROUTE_DISPUTE


@pytest.mark.parametrize("over", ["denied", "stopped"])
def test_a_refund_that_waits_for_nothing_stands_in_no_way(world: MoneyWorld, over: str) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    refund = ask(world, amount=Money(5000, "CNY"))
    if over == "denied":
        world.review(refund.refund_id, ReviewDecision.DENY)
    else:
        world.tell(moved(S.REVERSED, version=2))
        assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
        world.tell(moved(S.SUCCEEDED, version=3))
    assert world.ask(request_key="request-2").outcome is Out.IN_REVIEW


def test_a_refund_bars_another_one_for_as_long_as_it_waits(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=10**6, window_days=365))
    refund = ask(world, amount=Money(5000, "CNY"))
    world.tell(refunded(R.FAILED, refund.refund_id, version=2))
    work(world, refund.refund_id)
    for _ in range(12):
        world.now += timedelta(days=5)
        work(world, refund.refund_id)
        world.call_in()
    world.tell(moved(S.SUCCEEDED, "mov_2", order_no="2026112300004712"))
    assert world.ask(movement_id="mov_2", request_key="request-2").outcome is Out.APPROVED
    again = world.ask(request_key="request-3", amount=Money(100, "CNY"))
    assert (again.outcome, again.refund_id) == (Out.EXISTS, refund.refund_id)


def test_a_refund_that_was_paid_in_the_place_of_one_that_failed_bars_no_further_one(world: MoneyWorld) -> None:
    refund = ask(world, amount=Money(5000, "CNY"))
    world.tell(refunded(R.FAILED, refund.refund_id, version=2))
    work(world, refund.refund_id)
    world.tell(refunded(R.SETTLED, "ref_again", after_s=A_DAY_S))
    assert world.ask(request_key="request-2", amount=Money(100, "CNY")).outcome is Out.APPROVED


A_DAY_S = 24 * 3600.0


@pytest.mark.parametrize("end", [R.FAILED, R.RETURNED])
def test_a_payout_that_fails_is_followed_up_anew_and_only_then_frees_its_money(
    world: MoneyWorld, paid_otherwise: str, end: RefundStatus
) -> None:
    world.tell(refunded(end, paid_otherwise, minor=12850, version=3, after_s=A_DAY_S))
    assert taken_minor(world) == 12850
    assert world.ask(request_key="request-2").outcome.value == "EXISTS"
    world.now += timedelta(days=1)
    assert work(world, paid_otherwise) == ["REFUND_UNPAID"]
    after = world.refund(paid_otherwise)
    assert (after.followed_up, after.payout, taken_minor(world)) == (True, None, 0)
    assert len(sent(world, "refund.unpaid")) == 2
    assert world.pay_otherwise(paid_otherwise, PayoutWay.BANK_ACCOUNT).payout is PayoutWay.BANK_ACCOUNT


def test_a_failure_that_is_told_again_does_not_end_the_payout_after_it(world: MoneyWorld, paid_otherwise: str) -> None:
    world.tell(refunded(R.FAILED, paid_otherwise, minor=12850, version=3))
    world.now += timedelta(hours=1)
    assert work(world, paid_otherwise) == []
    assert (world.refund(paid_otherwise).payout, taken_minor(world)) == (PayoutWay.BALANCE, 12850)
    world.tell(refunded(R.SENT, paid_otherwise, minor=12850, version=4, after_s=A_DAY_S))
    world.tell(refunded(R.FAILED, paid_otherwise, minor=12850, version=5, after_s=A_DAY_S + 1))
    assert taken_minor(world) == 0
    world.now += timedelta(days=1)
    assert work(world, paid_otherwise) == ["REFUND_UNPAID"]


def test_a_payout_beside_a_payment_that_is_reversed_is_called_back(world: MoneyWorld, paid_otherwise: str) -> None:
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, paid_otherwise) == ["REFUND_STOPPED"]
    assert (the_case(world, world.refund(paid_otherwise)).priority.name, taken_minor(world)) == ("URGENT", 12850)
    world.tell(refunded(R.FAILED, paid_otherwise, minor=12850, version=3, after_s=A_DAY_S))
    world.now += timedelta(days=1)
    assert work(world, paid_otherwise) == ["REFUND_STOPPED"]
    assert (world.refund(paid_otherwise).state, taken_minor(world)) == (RefundState.STOPPED, 0)


def test_a_failed_refund_whose_payment_is_reversed_is_paid_no_other_way(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(refunded(R.FAILED, refund.refund_id, minor=12850, version=2))
    work(world, refund.refund_id)
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    assert world.refund(refund.refund_id).promise is None


def test_money_that_is_under_way_is_called_back_and_looked_at_by_a_person(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(refunded(R.SENT, refund.refund_id, minor=12850))
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    (decision,) = sent(world, "refund.stopped")
    assert decision["facts"]["state"] == "sent"
    assert sent(world, "refund.stopped", "customer") == []
    after = world.refund(refund.refund_id)
    assert (after.state, the_case(world, after).priority.name) == (RefundState.SENT, "URGENT")
    assert work(world, refund.refund_id) == []


def test_a_stopped_refund_that_is_paid_all_the_same_is_looked_at(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(moved(S.REVERSED, version=2))
    work(world, refund.refund_id)
    world.tell(refunded(R.SENT, refund.refund_id, minor=12850))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    assert the_case(world, world.refund(refund.refund_id)).priority.name == "URGENT"


def test_a_reversal_that_is_taken_back_in_time_stops_nothing(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(moved(S.REVERSED, version=2))
    world.tell(moved(S.SUCCEEDED, version=3))
    assert work(world, refund.refund_id) == []
    assert world.refund(refund.refund_id).state is RefundState.APPROVED


def test_the_order_of_a_reversal_and_of_money_under_way_makes_no_difference(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(moved(S.REVERSED, version=2), refunded(R.SENT, refund.refund_id, minor=12850))
    assert world.refund(refund.refund_id).reversed
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]


def test_of_a_payment_that_is_reversed_no_refund_is_approved_by_a_race(world: MoneyWorld) -> None:
    read = world.read_for("request-1")
    change, _ = world.begin(read=read)
    world.tell(moved(S.REVERSED, version=2))
    with pytest.raises(Stale):
        change.commit(world.store)
    assert world.ask().refund_id is None


def test_a_refund_of_unknown_outcome_is_asked_about_by_its_own_number(world: MoneyWorld) -> None:
    refund = ask(world)
    world.tell(refunded(R.UNKNOWN, refund.refund_id, minor=12850))
    assert work(world, refund.refund_id) == ["REFUND_ASKED"]
    (asked,) = sent(world, "account.facts_requested")
    assert asked["facts"]["about"] == [{"kind": "refund", "id": refund.refund_id, "version": 1}]
    assert asked["facts"]["reason"] == "outcome_unknown"
    assert work(world, refund.refund_id) == []
    assert world.ask(request_key="another").refund_id == refund.refund_id
    after = world.refund(refund.refund_id)
    assert (after.state, after.promised_on) == (RefundState.UNKNOWN, refund.promised_on)


def test_only_a_fact_that_counts_ends_what_the_wallet_is_asked_about_a_refund(world: MoneyWorld) -> None:
    refund_id = ask(world).refund_id
    world.tell(refunded(R.UNKNOWN, refund_id, minor=12850, version=2, after_s=10))
    assert work(world, refund_id) == ["REFUND_ASKED"]
    question = f"#ASKED#refund#{refund_id}"
    world.tell(refunded(R.SENT, refund_id, minor=12850, version=1))
    assert world.refund(refund_id).state is RefundState.UNKNOWN
    assert world.item(question) is not None, "the fact came late, and says nothing of the outcome"
    world.tell(refunded(R.SENT, refund_id, minor=12850, version=3, after_s=20))
    assert world.item(question) is None


def test_a_wallet_that_says_nothing_of_an_approved_refund_is_asked_after_a_day(world: MoneyWorld) -> None:
    refund = ask(world)
    world.now += ANSWERED_WITHIN - timedelta(milliseconds=1)
    assert work(world, refund.refund_id) == []
    world.now += timedelta(milliseconds=1)
    assert work(world, refund.refund_id) == ["REFUND_ASKED"]
    (asked,) = sent(world, "account.facts_requested")
    assert asked["facts"]["reason"] == "unanswered"
    world.now += timedelta(days=30)
    assert work(world, refund.refund_id) == ["REFUND_OVERDUE"]


@pytest.mark.parametrize("is_worked_off", [False, True])
def test_the_date_of_an_answer_is_not_told_as_the_day_of_arrival(world: MoneyWorld, *, is_worked_off: bool) -> None:
    world.tell(published(version=2, auto_approve_minor=0, answer_days=3))
    refund = ask(world)
    world.tell(refunded(R.SENT, refund.refund_id, minor=12850, after_s=A_DAY_S))
    if is_worked_off:
        world.now += timedelta(days=8)
        work(world, refund.refund_id)
    after = world.refund(refund.refund_id)
    assert (after.state, after.review) == (RefundState.SENT, None)
    assert promise_told(after) == longest_promise(after.state_at, currency="CNY", time_zone="Europe/London")


def test_the_date_of_a_next_step_is_not_told_as_the_day_of_arrival(world: MoneyWorld) -> None:
    refund_id = ask(world).refund_id
    world.tell(refunded(R.FAILED, refund_id, minor=12850))
    work(world, refund_id)
    step_on = world.refund(refund_id).promised_on
    world.tell(refunded(R.SENT, refund_id, minor=12850, version=2, after_s=3600))
    arrives_on = date_told(world.refund(refund_id))
    assert step_on is not None
    assert arrives_on is not None
    assert arrives_on > step_on + timedelta(days=7)


def test_the_date_of_a_refund_that_the_wallet_made_does_not_move_when_it_is_told_again(world: MoneyWorld) -> None:
    world.tell(refunded(R.SENT))
    first = world.refund("ref_1")
    world.tell(refunded(R.SENT, version=2, after_s=9 * A_DAY_S))
    assert date_told(world.refund("ref_1")) == date_told(first)
    assert falls_due_at(world.refund("ref_1")) == falls_due_at(first)


def test_an_answer_is_promised_by_the_end_of_the_laws_own_time(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    # Ten business days from here go over the Spring Festival; fifteen calendar days do not.
    world.now = datetime(2027, 1, 22, 12, 0, tzinfo=UTC)
    world.contact_id = "contact-2"
    world.call_in()
    world.tell(moved(S.SUCCEEDED, "mov_9", initiated_at=world.now - timedelta(hours=1)))
    change, result = world.begin(movement_id="mov_9", initiated_at=world.now - timedelta(hours=1))
    change.commit(world.store)
    assert result.promised_on == date(2027, 2, 6)
    clock = world.item(f"CLOCK#{result.refund_id}#statutory")
    assert clock is not None
    assert str(clock["due_sk"]).startswith("2027-02-07T00:00:00")


@pytest.mark.parametrize("is_in_review", [False, True])
def test_a_date_that_has_passed_is_told_with_the_shop_and_the_reference(
    world: MoneyWorld, *, is_in_review: bool
) -> None:
    if is_in_review:
        world.tell(published(version=2, auto_approve_minor=0))
    refund = ask(world)
    world.now += timedelta(days=30)
    assert "REFUND_OVERDUE" in work(world, refund.refund_id)
    message = "refund.answer_late" if is_in_review else "refund.escalated"
    told = sent(world, message, "customer")
    assert len(told) == 2
    facts = told[0]["facts"]
    assert (facts["merchant"], facts["refund_reference"]) == ("Tea House", reference_of(refund.refund_id))
    words = {"amount": refund.amount, "merchant": facts["merchant"]}
    about = "our answer about your refund" if is_in_review else "your refund"
    text = plain_text(f"message.{message}", words, locale_of("en-US", "UTC", world.now))
    assert text.startswith(f"We are sorry: {about} of CNY 128.50 from Tea House is late.")


@pytest.mark.parametrize("end", [R.FAILED, R.RETURNED])
def test_money_that_did_not_arrive_is_told_with_the_shop_and_the_reference(
    world: MoneyWorld, end: RefundStatus
) -> None:
    refund = ask(world)
    world.tell(refunded(end, refund.refund_id, minor=12850))
    work(world, refund.refund_id)
    (facts, _) = (one["facts"] for one in sent(world, f"refund.{end.value}", "customer"))
    assert (facts["merchant"], facts["refund_reference"]) == ("Tea House", reference_of(refund.refund_id))
