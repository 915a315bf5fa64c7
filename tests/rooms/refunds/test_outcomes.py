"""The outcomes of a refund, told in any order and between requests."""

from datetime import timedelta

import pytest

from hotline.contracts.model import (
    MovementStatus,
    RefundStatus,
)
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import Stale
from hotline.kit.money import Money
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.refunds.due import look_at_due
from hotline.refunds.model import UNPAID_RULE, Refund, RefundOutcome
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.money_world import (
    ACCOUNT,
    NOON,
    SHOP,
    MoneyWorld,
    moved,
    published,
    refunded,
)

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
GENEROUS = published(auto_approve_minor=50_000)
A_DAY_S = 24 * 3600.0


@pytest.mark.parametrize("end", [R.FAILED, R.RETURNED])
def test_a_refund_that_fails_gives_its_amount_back_once(money: MoneyWorld, end: RefundStatus) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    refund_id = money.ask(amount=Money(5000, "CNY")).refund_id or ""
    money.tell(refunded(R.SENT, refund_id))
    assert money.movement().open_refund_id == refund_id
    for _ in range(2):
        money.tell(refunded(end, refund_id, version=2))
        money.tell(refunded(R.SENT, refund_id))
        assert (money.movement().refundable_minor, money.movement().open_refund_id) == (12850, None)
    told_of = refunds.list_open_refunds(money.store, ACCOUNT, now=NOON).refunds
    assert [refund.refund_id for refund in told_of] == [refund_id]
    assert refunds.list_open_refunds(money.store, ACCOUNT, now=NOON + timedelta(days=31)).refunds == ()
    # A person finds another way to pay it: no second request goes the way that has just failed.
    again = money.ask(request_key="request-2")
    assert (again.outcome, again.refund_id, again.decided_by) == (Out.EXISTS, refund_id, UNPAID_RULE)


def test_a_fact_that_comes_between_reading_and_asking_makes_the_request_read_again(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    change, _ = money.begin()
    money.tell(refunded(R.SETTLED, "ref_wallet"))
    with pytest.raises(Stale):
        change.commit(money.store)
    assert money.ask().amount == Money(7850, "CNY")


def test_a_fact_read_before_a_request_does_not_undo_it(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    stale = money.store.batch_get(sorted(payments.fact_keys([moved(S.SUCCEEDED, version=2)]), key=repr))
    change = Change(actor=System("wallet_events", "facts"), cause="facts", now=NOON, ids=SeededIds(9))
    payments.contribute_facts(change, stale, [moved(S.SUCCEEDED, version=2)])
    money.ask(amount=Money(5000, "CNY"))
    with pytest.raises(Stale):
        change.commit(money.store)
    money.tell(moved(S.SUCCEEDED, version=2))
    assert money.movement().refundable_minor == 7850


def test_the_wallets_own_refund_is_known_without_a_reason_or_a_promise(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED), refunded(R.SENT))
    (refund,) = refunds.list_open_refunds(money.store, ACCOUNT, now=NOON).refunds
    assert (refund.refund_id, refund.reason, refund.promised_on) == ("ref_1", None, None)
    assert money.ask().outcome is Out.EXISTS


def test_policies_are_kept_by_merchant(money: MoneyWorld) -> None:
    money.tell(published(version=2, window_days=7))
    money.tell(published(version=1))
    item = money.item("POLICY", f"MERCHANT#{SHOP.id}") or {}
    assert (item["version"], item["window_days"]) == (2, 7)


@pytest.mark.parametrize("status", [R.SENT, R.SETTLED])
def test_a_fact_read_before_a_refund_was_told_of_does_not_undo_it(money: MoneyWorld, status: RefundStatus) -> None:
    money.tell(moved(S.SUCCEEDED))
    renamed = moved(S.SUCCEEDED, version=2, order_no="2026112300009999")
    read = money.store.batch_get(sorted(payments.fact_keys([renamed]), key=repr))
    change = Change(actor=System("wallet_events", "facts"), cause="facts", now=NOON, ids=SeededIds(9))
    payments.contribute_facts(change, read, [renamed])
    money.tell(refunded(status))
    with pytest.raises(Stale):
        change.commit(money.store)
    money.tell(renamed)
    assert (money.movement().refundable_minor, money.movement().order_no) == (7850, "2026112300009999")


def test_a_call_hears_first_of_a_refund_that_waits_for_another_way(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    failed = money.ask(amount=Money(5000, "CNY")).refund_id or ""
    newer = [refunded(R.SENT, f"ref_{number}", movement_id=f"mov_{number}", after_s=A_DAY_S) for number in (2, 3)]
    money.tell(refunded(R.FAILED, failed, version=2), *newer)
    assert [refund.refund_id for refund in told_of(money)] == ["ref_3", "ref_2", failed]
    read = look_at_due(money.store, ACCOUNT, failed)
    change = Change(actor=System("deadlines", "refund"), cause="deadline", now=NOON, ids=money.ids)
    refunds.contribute_due(change, read, ACCOUNT, failed)
    change.commit(money.store)
    assert [refund.refund_id for refund in told_of(money)] == [failed, "ref_3", "ref_2"]


def told_of(money: MoneyWorld) -> tuple[Refund, ...]:
    return refunds.list_open_refunds(money.store, ACCOUNT, now=NOON + timedelta(days=2)).refunds
