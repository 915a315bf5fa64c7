"""The decision on a refund as the app is told it."""

import pytest

from functions.customer_api.routes.refunds import refund_of
from hotline.contracts.model import RefundStatus
from hotline.refunds.model import ReviewDecision
from hotline.wording.values import locale_of
from hotline_local.testing.memory_store import MemoryStore
from tests.rooms.refunds.test_reviews import ask_late
from tests.support.money_world import MoneyWorld, published, refunded


@pytest.fixture
def world() -> MoneyWorld:
    made = MoneyWorld(MemoryStore())
    made.give_profile()
    made.tell(published(auto_approve_minor=0, window_days=365))
    return made


@pytest.mark.parametrize(
    ("decision", "outcome"), [(ReviewDecision.APPROVE, "APPROVED"), (ReviewDecision.DENY, "DENIED")]
)
def test_after_a_persons_word_the_app_is_told_that_word_and_asks_for_nothing(
    world: MoneyWorld, decision: ReviewDecision, outcome: str
) -> None:
    refund_id = ask_late(world, "wechat", days=0)
    locale = locale_of("en-US", "UTC", world.now)
    asked = refund_of(world.refund(refund_id), locale).decision
    assert asked is not None
    assert (asked.outcome, asked.remedies != []) == ("IN_REVIEW", True)
    world.review(refund_id, decision)
    if decision is ReviewDecision.APPROVE:
        world.tell(refunded(RefundStatus.SENT, refund_id, minor=12850))
    told = refund_of(world.refund(refund_id), locale).decision
    assert told is not None
    assert (told.outcome, told.decided_by, told.remedies) == (outcome, "agent.review", [])
