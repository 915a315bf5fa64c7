"""The life of an open refund: its payment reversed, its outcome unknown, a wallet or a merchant that is silent."""

from datetime import timedelta
from typing import Any

import pytest

from hotline.cases.items import case_from
from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import Stale
from hotline.kit.money import Money
from hotline.kit.store.condition import Item
from hotline.payments.items import ledger_from
from hotline.refunds import service as refunds
from hotline.refunds.due import look_at_due
from hotline.refunds.items import ANSWERED_WITHIN, falls_due_at
from hotline.refunds.model import Refund, RefundReason, RefundState
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import ACCOUNT, MoneyWorld, moved, published, refunded

S, R = MovementStatus, RefundStatus
GENEROUS = published(auto_approve_minor=10**6)


@pytest.fixture
def world() -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    made.tell(moved(S.SUCCEEDED))
    made.tell(GENEROUS)
    return made


def work(world: MoneyWorld, refund_id: str) -> list[str]:
    """Do the due work on a refund once; gives the events."""
    read = look_at_due(world.store, ACCOUNT, refund_id)
    change = Change(actor=System("deadlines", "refund"), cause="deadline", now=world.now, ids=world.ids)
    done = refunds.contribute_due(change, read, ACCOUNT, refund_id)
    change.commit(world.store)
    return [one.event.name for one in done]


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


@pytest.mark.parametrize("state", [RefundState.APPROVED, RefundState.IN_REVIEW, RefundState.UNKNOWN])
def test_a_refund_whose_payment_is_reversed_is_stopped_once(world: MoneyWorld, state: RefundState) -> None:
    reason = RefundReason.CANCELLED
    if state is RefundState.IN_REVIEW:
        world.tell(published(version=2, auto_approve_minor=0))
    refund = ask(world, reason=reason)
    if state is RefundState.UNKNOWN:
        world.tell(refunded(R.UNKNOWN, refund.refund_id, minor=12850))
    assert world.refund(refund.refund_id).state is state
    world.tell(moved(S.REVERSED, version=2))
    assert work(world, refund.refund_id) == ["REFUND_STOPPED"]
    after = world.refund(refund.refund_id)
    assert (after.state, after.promised_on, falls_due_at(after)) == (RefundState.STOPPED, None, None)
    ledger = world.item("TAKEN#mov_1")
    assert ledger is not None
    assert ledger_from(ledger).taken_minor == 0
    (decision,) = sent(world, "refund.stopped")
    assert decision["facts"]["state"] == "stopped"
    assert len(sent(world, "refund.stopped", "customer")) == 2
    in_review = state is RefundState.IN_REVIEW
    assert the_case(world, after).reason == ("refund_review" if in_review else "refund_payment_reversed")
    assert work(world, refund.refund_id) == []
    assert world.movement().open_refund_id is None


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


def test_a_merchant_that_does_not_answer_in_its_time_is_escalated_once(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0, answer_days=3))
    refund = ask(world)
    assert refund.state is RefundState.IN_REVIEW
    world.now += timedelta(days=3) - timedelta(milliseconds=1)
    assert work(world, refund.refund_id) == []
    world.now += timedelta(milliseconds=1)
    assert work(world, refund.refund_id) == ["MERCHANT_SILENT"]
    after = world.refund(refund.refund_id)
    assert (after.promise, after.merchant_until) == (refund.promise, None)
    assert the_case(world, after).priority.name == "HIGH"
    assert work(world, refund.refund_id) == []


def test_a_review_that_the_merchant_has_no_part_in_has_no_clock_of_the_merchant(world: MoneyWorld) -> None:
    world.tell(moved(S.SUCCEEDED, "mov_9", amount=Money(10**6, "CNY")))
    world.tell(published(version=2, auto_approve_minor=10**9, answer_days=3))
    assert ask(world, movement_id="mov_9").merchant_until is None
