"""Facts about refunds and policies fold to one state in any order."""

from datetime import timedelta
from itertools import permutations

import pytest

from hotline.contracts.facts import FACTS
from hotline.contracts.model import Fact, Failure, MerchantPolicyPublished, RefundStatus, RefundTold
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.refunds.folds import TOLD_FOR, fold_policy, fold_refund, is_to_be_told
from hotline.refunds.items import failure_told, merchant_policy_from, merchant_policy_item, refund_from, refund_item
from hotline.refunds.model import MerchantPolicy, Refund, RefundState
from tests.support.facts import fact, sample_data
from tests.support.money_world import NOON, published, refunded
from tests.support.sweeps import sweep

R = RefundStatus


def refund_of(*facts: Fact, known: Refund | None = None) -> Refund:
    refund = known
    for told in facts:
        assert isinstance(told.data, RefundTold)
        refund = fold_refund(refund, told, told.data)
    assert refund is not None
    return refund


def policy_of(*facts: Fact) -> MerchantPolicy:
    policy: MerchantPolicy | None = None
    for told in facts:
        assert isinstance(told.data, MerchantPolicyPublished)
        policy = fold_policy(policy, told, told.data)
    assert policy is not None
    return policy


def test_the_highest_version_holds_and_the_first_time_is_kept() -> None:
    facts = (
        refunded(R.SENT, version=1),
        refunded(R.SETTLED, version=2, after_s=60),
        refunded(R.RETURNED, version=3, after_s=120),
    )
    end = refund_of(*facts)
    assert end.state is RefundState.RETURNED_BACK
    assert end.requested_at == facts[0].time
    assert end.state_at == facts[2].time
    assert all(refund_of(*order, *order) == end for order in permutations(facts))


@sweep(
    ("status", "state", "under_way"),
    [
        (R.SENT, RefundState.SENT, True),
        (R.SETTLED, RefundState.SUCCEEDED, False),
        (R.FAILED, RefundState.FAILED, False),
        (R.RETURNED, RefundState.RETURNED_BACK, False),
    ],
)
def test_each_fact_has_its_state(status: RefundStatus, state: RefundState, under_way: bool) -> None:
    refund = refund_of(refunded(status))
    assert (refund.state, refund.state.is_open) == (state, under_way)
    assert ("attention_sk" in refund_item(refund)) is under_way


def test_a_refund_does_not_move_to_another_payment() -> None:
    with pytest.raises(InvalidInput, match="movement_changed"):
        refund_of(refunded(R.SENT), refunded(R.SETTLED, movement_id="mov_2", version=2))


def test_of_two_currencies_of_a_refund_the_one_of_the_higher_version_holds_in_any_order() -> None:
    facts = (refunded(R.SENT), refunded(R.SETTLED, currency="EUR", version=2))
    for order in permutations(facts):
        assert refund_of(*order).amount == Money(5000, "EUR")


def test_the_newest_policy_holds_in_any_order() -> None:
    facts = (published(version=1), published(version=2, window_days=7, partial=False, categories=()))
    for order in permutations(facts):
        policy = policy_of(*order)
        assert (policy.version, policy.window_days, policy.partial, policy.categories) == (2, 7, False, ())
        assert merchant_policy_from(merchant_policy_item(policy)) == policy


def test_a_policy_is_kept_with_every_field_that_the_contract_has() -> None:
    told = fact("merchant.policy_published")
    kept = merchant_policy_from(merchant_policy_item(policy_of(told)))
    stated = sample_data("merchant.policy_published")
    assert stated.keys() == FACTS["merchant.policy_published"].model_fields.keys()
    assert all(stated.values())
    for name, value in stated.items():
        assert getattr(kept, name) == (tuple(value) if isinstance(value, list) else value), name


def test_a_stored_refund_is_read_as_it_was() -> None:
    refund = refund_of(refunded(R.SENT))
    assert refund_from(refund_item(refund)) == refund


@pytest.mark.parametrize(("seconds", "told"), [(-1, True), (0, True), (1, False)])
def test_a_failed_refund_is_told_of_for_thirty_days(seconds: int, told: bool) -> None:
    since = TOLD_FOR + timedelta(seconds=seconds)
    assert is_to_be_told(refund_of(refunded(R.FAILED)), since=since) is told
    assert is_to_be_told(refund_of(refunded(R.SENT)), since=since)
    assert not is_to_be_told(refund_of(refunded(R.SETTLED)), since=NOON - NOON)


def test_why_a_refund_failed_is_told_while_it_is_unpaid_and_in_any_order_of_the_facts() -> None:
    short = Failure("wechat", "NOTENOUGH", "余额不足")
    facts = (refunded(R.SENT, version=1), refunded(R.FAILED, version=2, after_s=60, failure=short))
    end = refund_of(*facts)
    assert failure_told(end) == "refund_merchant_funds"
    assert all(refund_of(*order, *order) == end for order in permutations(facts))
    assert refund_from(refund_item(end)) == end
    paid = refund_of(refunded(R.SENT, version=3, after_s=120, failure=short), known=end)
    assert (paid.failure, failure_told(paid)) == (None, None)


@sweep(
    ("failure", "told"),
    [
        (None, None),
        (Failure("stripe", "insufficient_funds"), "refund_merchant_funds"),
        (Failure("alipay", "ACQ.SELLER_BALANCE_NOT_ENOUGH"), "refund_merchant_funds"),
        (Failure("stripe", "expired_or_canceled_card"), "refund_destination_closed"),
        (Failure("iso20022", "AC04"), "refund_destination_closed"),
        (Failure("antom", "CURRENCY_NOT_SUPPORT"), "refund_data_mismatch"),
        (Failure("wechat", "TRADE_OVERDUE"), "refund_window_over"),
        (Failure("wechat", "BIZERR_NEED_RETRY"), None),
        (Failure("stripe", "charge_already_refunded"), None),
        (Failure("iso8583", "43"), None),
        (Failure("newbank", "X1", "insufficient funds"), None),
    ],
)
def test_a_failed_refund_is_told_in_the_words_of_refunds_or_without_a_reason(
    failure: Failure | None, told: str | None
) -> None:
    """It did not go through: no reason may say that it runs, is done, or that the customer's money is short."""
    for status in (R.FAILED, R.RETURNED):
        assert failure_told(refund_of(refunded(status, failure=failure))) == told
