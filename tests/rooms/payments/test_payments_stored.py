"""Payments on a store: what facts leave behind, and how movements are found again."""

from datetime import timedelta
from typing import Any

import pytest

from hotline.contracts.model import (
    AccountErased,
    Fact,
    FundsTold,
    Instrument,
    MovementKind,
    MovementStatus,
    RefundStatus,
)
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput, NeedProof
from hotline.kit.money import Money
from hotline.payments import lists
from hotline.payments import service as payments
from hotline.payments.model import FAILED_WINDOW, PaymentError
from hotline.refunds import service as refunds
from hotline.refunds.model import RefundOutcome
from tests.support.money_world import (
    ACCOUNT,
    CAPTURED,
    INITIATED,
    NOON,
    SHOP,
    MoneyWorld,
    billed,
    moved,
    published,
    refunded,
    told,
)

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
GENEROUS = published(auto_approve_minor=50_000)


def test_a_failure_is_found_until_it_is_resolved(money: MoneyWorld) -> None:
    money.tell(moved(S.FAILED))
    found = payments.list_failed(money.store, ACCOUNT, NOON)
    assert [movement.movement_id for movement in found.movements] == ["mov_1"]
    assert not found.more
    money.tell(moved(S.SUCCEEDED, version=2))
    assert payments.list_failed(money.store, ACCOUNT, NOON).movements == ()
    assert money.attention() == []


def test_the_three_latest_failures_are_listed_newest_first(money: MoneyWorld) -> None:
    begun = {f"mov_{hour}": INITIATED - timedelta(hours=hour) for hour in range(4)}
    money.tell(*(moved(S.FAILED, name, initiated_at=at) for name, at in begun.items()))
    found = payments.list_failed(money.store, ACCOUNT, NOON)
    assert [movement.movement_id for movement in found.movements] == ["mov_0", "mov_1", "mov_2"]
    assert found.more
    assert not payments.list_failed(money.store, ACCOUNT, NOON, limit=4).more


@pytest.mark.parametrize(("seconds", "count"), [(-1, 1), (0, 1), (1, 0)])
def test_failures_are_told_of_for_ninety_days(quick_money: MoneyWorld, seconds: int, count: int) -> None:
    quick_money.tell(moved(S.FAILED))
    now = INITIATED + FAILED_WINDOW + timedelta(seconds=seconds)
    assert len(payments.list_failed(quick_money.store, ACCOUNT, now).movements) == count


def test_a_withdrawal_is_listed_beside_what_went_wrong_once_it_is_late(money: MoneyWorld) -> None:
    own: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "merchant": None, "order_no": None}
    money.tell(moved(S.FAILED), moved(S.SUCCEEDED, "mov_2"))
    money.tell(moved(S.SUCCEEDED, "mov_3", instrument=Instrument("bank_account", "4242"), **own))

    def listed(days: int) -> set[str]:
        found = payments.list_failed(money.store, ACCOUNT, NOON + timedelta(days=days))
        return {movement.movement_id for movement in found.movements}

    assert listed(10) == {"mov_1"}
    assert listed(20) == {"mov_1", "mov_3"}
    assert listed(91) == set()


def test_refundable_movements_are_listed_from_the_base_table(money: MoneyWorld) -> None:
    begun = {f"mov_{hour}": INITIATED - timedelta(hours=hour) for hour in range(5)}
    money.tell(*(moved(S.SUCCEEDED, name, initiated_at=at) for name, at in begun.items()))
    money.tell(moved(S.FAILED, "mov_9"))
    money.tell(refunded(R.SETTLED, "ref_0", "mov_0", minor=12850), refunded(R.SENT, "ref_1", "mov_1"))
    found = refunds.list_refundable(money.store, ACCOUNT, NOON)
    assert [movement.movement_id for movement in found.movements] == ["mov_2", "mov_3", "mov_4"]
    assert not found.more


@pytest.mark.parametrize(("others", "more"), [(-1, False), (0, False), (1, True)])
def test_the_list_says_when_it_did_not_look_at_everything(quick_money: MoneyWorld, others: int, more: bool) -> None:
    for number in range(lists.REFUNDABLE_PAGE + others):
        quick_money.tell(moved(S.FAILED, f"mov_{number:03d}", order_no=None))
    # A page that is exactly full may have a key to go on from, although nothing follows.
    found = refunds.list_refundable(quick_money.store, ACCOUNT, NOON)
    assert found.movements == ()
    assert found.more is more or others == 0


@pytest.mark.parametrize("tail", ["4711", "04711", "004711"])
def test_four_to_six_last_digits_find_a_movement(money: MoneyWorld, tail: str) -> None:
    money.tell(moved(S.SUCCEEDED, order_no="WX-20261123-004711"), moved(S.FAILED, "mov_2", order_no="20261123004712"))
    found = payments.list_by_tail(money.store, ACCOUNT, tail)
    assert [ref.movement_id for ref in found.refs] == ["mov_1"]
    assert (found.refs[0].amount, found.refs[0].merchant) == (CAPTURED, SHOP)
    assert money.item(found.refs[0].sk) is not None
    assert payments.list_by_tail(money.store, "acc_2", tail).refs == ()


def test_movements_with_the_same_digits_are_listed_newest_first_and_it_is_said_when_there_are_more(
    money: MoneyWorld,
) -> None:
    begun = {f"mov_{hour}": INITIATED - timedelta(hours=hour) for hour in (3, 0, 2, 1)}
    money.tell(*(moved(S.FAILED, name, initiated_at=at, order_no=f"{name}-004711") for name, at in begun.items()))
    found = payments.list_by_tail(money.store, ACCOUNT, "4711")
    assert [ref.movement_id for ref in found.refs] == ["mov_0", "mov_1", "mov_2"]
    assert found.more


@pytest.mark.parametrize("tail", ["", "471", "0004711", "47a1", "４７１１", "4711 "])
def test_anything_but_four_to_six_digits_is_refused(quick_money: MoneyWorld, tail: str) -> None:
    with pytest.raises(InvalidInput, match="order_tail_invalid"):
        payments.list_by_tail(quick_money.store, ACCOUNT, tail)


def test_the_pointer_follows_the_order_number_and_the_amount(money: MoneyWorld) -> None:
    money.tell(moved(S.AUTHORISED, order_no="1111"))
    money.tell(moved(S.SUCCEEDED, version=2, order_no="2222", amount=Money(500, "CNY")))
    assert payments.list_by_tail(money.store, ACCOUNT, "1111").refs == ()
    assert payments.list_by_tail(money.store, ACCOUNT, "2222").refs[0].amount == Money(500, "CNY")
    money.tell(moved(S.SUCCEEDED, version=3, order_no="12", amount=Money(500, "CNY")))
    assert payments.list_by_tail(money.store, ACCOUNT, "2222").refs == ()


def test_a_duplicate_writes_nothing(quick_money: MoneyWorld) -> None:
    facts = (moved(S.SUCCEEDED), refunded(R.SENT), billed())
    quick_money.tell(*facts)
    before, (_, made) = quick_money.everything(), quick_money.requests
    quick_money.tell(*facts, *facts)
    assert quick_money.everything() == before
    assert quick_money.requests[1] == made


def test_a_refund_told_of_before_its_movement_takes_its_amount_when_the_movement_comes(money: MoneyWorld) -> None:
    money.tell(refunded(R.SETTLED))
    money.tell(moved(S.SUCCEEDED))
    assert money.movement().refundable_minor == 7850
    money.tell(refunded(R.RETURNED, version=2))
    money.tell(refunded(R.RETURNED, version=2))
    assert money.movement().refundable_minor == 12850


def test_a_movement_and_its_refund_in_one_batch_are_one_change(money: MoneyWorld) -> None:
    money.tell(refunded(R.SENT), moved(S.SUCCEEDED), moved(S.AUTHORISED))
    assert (money.movement().refundable_minor, money.movement().open_refund_id) == (7850, "ref_1")
    money.tell(refunded(R.SETTLED, version=2), moved(S.REVERSED, version=2))
    assert (money.movement().refundable_minor, money.movement().open_refund_id) == (0, None)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (moved(S.SUCCEEDED, version=2, amount=Money(0, "CNY")), PaymentError.AMOUNT_NOT_POSITIVE),
        (moved(S.SUCCEEDED, version=2, initiated_at=NOON), PaymentError.INITIATED_AT_CHANGED),
        (refunded(R.SENT, minor=-5), PaymentError.AMOUNT_NOT_POSITIVE),
        (billed(amount=Money(-1, "CNY")), PaymentError.AMOUNT_NOT_POSITIVE),
    ],
)
def test_a_fact_that_makes_no_sense_is_named_and_changes_nothing(quick_money: MoneyWorld, bad: Fact, code: str) -> None:
    quick_money.tell(moved(S.AUTHORISED))
    before = quick_money.everything()
    with pytest.raises(InvalidInput) as refused:
        quick_money.tell(moved(S.FAILED, version=3), bad)
    assert (refused.value.code, refused.value.facts["fact_id"]) == (code, bad.id)
    assert quick_money.everything() == before


def test_only_the_wallet_tells_facts(quick_money: MoneyWorld) -> None:
    change = Change(actor=quick_money.caller, cause="facts", now=NOON, ids=quick_money.ids)
    with pytest.raises(NeedProof):
        payments.contribute_facts(change, {}, [moved(S.SUCCEEDED)])
    with pytest.raises(NeedProof):
        refunds.contribute_facts(change, {}, [refunded(R.SENT)])


def test_an_unpaid_bill_needs_attention(money: MoneyWorld) -> None:
    money.tell(billed())
    assert money.attention() == ["BILL#2026-12-01"]
    money.tell(billed(paid=True, version=2))
    assert money.attention() == []
    assert money.item("BILL#2026-12-01#bil_1") is not None


def test_stored_funds_are_kept_and_erased(money: MoneyWorld) -> None:
    money.tell(told("funds.balance_changed", FundsTold(1, Money(0, "CNY"), Money(3, "CNY"), NOON)))
    assert money.item("#FUNDS") is not None
    money.tell(told("account.erased", AccountErased(9)))
    assert money.item("#FUNDS") is None
    money.tell(told("account.erased", AccountErased(9)))


def test_no_name_of_a_person_is_kept_with_a_movement(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED, kind=MovementKind.TRANSFER, merchant=None, counterparty="Grace Fictional"))
    assert "Grace" not in repr(quick_money.everything())
