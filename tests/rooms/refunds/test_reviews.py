"""A person's word on a refund in review, long after it was asked for."""

from datetime import timedelta

import pytest

from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.errors import NotPossible
from hotline.kit.money import Money
from hotline.refunds.explanations import explain
from hotline.refunds.model import RefundError, RefundOutcome, RefundState, ReviewDecision, RuleResult
from hotline.wording.messages import plain_text
from hotline.wording.values import locale_of
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import NOON, MoneyWorld, moved, published, refunded


@pytest.fixture
def world() -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    made.tell(published(auto_approve_minor=0, window_days=365))
    return made


def ask_late(world: MoneyWorld, provider: str, *, days: int, amount: Money | None = None) -> str:
    """A refund in review of a payment that was made so many days before."""
    begun = NOON - timedelta(days=days)
    world.tell(moved(MovementStatus.SUCCEEDED, provider=provider, initiated_at=begun))
    change, result = world.begin(amount=amount, initiated_at=begun)
    change.commit(world.store)
    assert result.refund_id is not None
    assert result.state is RefundState.IN_REVIEW
    return result.refund_id


@pytest.mark.parametrize(("days", "is_approved"), [(1, True), (2, False)])
def test_a_person_approves_only_what_the_provider_still_pays(
    world: MoneyWorld, days: int, *, is_approved: bool
) -> None:
    refund_id = ask_late(world, "paypal", days=179)
    world.now += timedelta(days=days)
    if is_approved:
        assert world.review(refund_id, ReviewDecision.APPROVE).state is RefundState.APPROVED
        return
    with pytest.raises(NotPossible, match=RefundError.PROVIDER_WINDOW_OVER):
        world.review(refund_id, ReviewDecision.APPROVE)
    assert world.review(refund_id, ReviewDecision.DENY).state is RefundState.DENIED


@pytest.mark.parametrize(("others", "is_approved"), [(49, True), (50, False)])
def test_a_person_approves_no_more_parts_than_the_provider_pays(
    world: MoneyWorld, others: int, *, is_approved: bool
) -> None:
    refund_id = ask_late(world, "wechat", days=0, amount=Money(100, "CNY"))
    for number in range(others):
        world.tell(refunded(RefundStatus.SETTLED, f"ref_{number}", minor=1))
    if is_approved:
        assert world.review(refund_id, ReviewDecision.APPROVE).state is RefundState.APPROVED
        return
    with pytest.raises(NotPossible, match=RefundError.PROVIDER_PARTS_OVER):
        world.review(refund_id, ReviewDecision.APPROVE)


@pytest.mark.parametrize(
    ("rule", "days", "said"),
    [
        ("merchant.window", 7, "This merchant takes things back for 7 days, and this payment is a little older."),
        ("merchant.window", 8, "This merchant takes things back for 7 days, and this payment was 8 days ago."),
        ("provider.window", 7, "The payment service refunds for 7 days only, and this payment is a little older."),
    ],
)
def test_a_payment_that_is_hours_too_old_is_not_said_to_be_within_its_days(rule: str, days: int, said: str) -> None:
    result = RuleResult(rule, RefundOutcome.DENIED, {"age_days": days, "window_days": 7})
    told = explain([result], rule)
    assert plain_text(f"refund.rule.{rule}", told.facts, locale_of("en-US", "UTC", NOON)) == said


def test_nobody_can_arrange_what_the_provider_does_not_pay() -> None:
    result = RuleResult("provider.window", RefundOutcome.NOT_ELIGIBLE, {"age_days": 181, "window_days": 180})
    assert explain([result], result.rule).remedies == ()
