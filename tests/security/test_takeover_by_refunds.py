"""Somebody who has proved enough for a refund, and asks so that nobody looks: in parts, or over and over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.payments.folds import REFUNDS_PER_MOVEMENT_MAX
from hotline.refunds import service as refunds
from hotline.refunds.model import MANY_PARTS_RULE, OfferOutcome, RefundOutcome, RefundReason
from hotline.refunds.policy import DEFAULT_WALLET_POLICY
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.money_world import ACCOUNT, NOON, MoneyWorld, moved, published, refunded

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
LIMIT = DEFAULT_WALLET_POLICY.auto_approve_minor["CNY"]
CAP = DEFAULT_WALLET_POLICY.request_cap_minor["CNY"]
DENIED_MAX = DEFAULT_WALLET_POLICY.denied_max


@pytest.fixture
def money() -> MoneyWorld:
    world = MoneyWorld(MemoryStore(VirtualClock(NOON)))
    world.give_profile()
    return world


def in_parts(money: MoneyWorld, parts: Sequence[int]) -> list[RefundOutcome]:
    """Ask for the parts one after the other, each when the wallet has paid out the one before."""
    outcomes = []
    for number, minor in enumerate(parts):
        result = money.ask(amount=Money(minor, "CNY"), request_key=f"part-{number}")
        outcomes.append(result.outcome)
        money.tell(refunded(R.SETTLED, result.refund_id or "", minor=minor))
    return outcomes


def test_a_payment_of_three_times_the_limit_is_not_refunded_unseen_in_three_parts(money: MoneyWorld) -> None:
    money.tell(published(auto_approve_minor=10**9))
    money.tell(moved(S.SUCCEEDED, amount=Money(3 * LIMIT, "CNY")))
    assert in_parts(money, [LIMIT, LIMIT, LIMIT]) == [Out.APPROVED, Out.IN_REVIEW, Out.IN_REVIEW]


@pytest.mark.parametrize(("second", "outcome"), [(-1, Out.APPROVED), (0, Out.APPROVED), (1, Out.IN_REVIEW)])
def test_the_limit_looks_at_what_was_taken_and_what_is_asked_together(
    money: MoneyWorld, second: int, outcome: RefundOutcome
) -> None:
    money.tell(published(auto_approve_minor=10**9))
    money.tell(moved(S.SUCCEEDED, amount=Money(3 * LIMIT, "CNY")))
    half = LIMIT // 2
    assert in_parts(money, [half, LIMIT - half + second]) == [Out.APPROVED, outcome]


@pytest.mark.parametrize("auto_approve_minor", [1000, 5000])
def test_the_limit_of_a_merchant_looks_at_the_sum_too(money: MoneyWorld, auto_approve_minor: int) -> None:
    money.tell(published(auto_approve_minor=auto_approve_minor))
    money.tell(moved(S.SUCCEEDED))
    assert in_parts(money, [auto_approve_minor, 1]) == [Out.APPROVED, Out.IN_REVIEW]


def test_pictures_are_wanted_for_the_sum_too(money: MoneyWorld) -> None:
    money.tell(published(auto_approve_minor=1000))
    money.tell(moved(S.SUCCEEDED))
    in_parts(money, [1000])
    result = money.ask(RefundReason.DEFECTIVE, Money(1, "CNY"), request_key="part-2")
    assert {"reason.evidence"} <= {rule.rule for rule in result.rules if rule.outcome is not None}


def test_the_cap_of_a_request_looks_at_the_sum_too(money: MoneyWorld) -> None:
    money.tell(published(auto_approve_minor=10**9))
    money.tell(moved(S.SUCCEEDED, amount=Money(2 * CAP, "CNY")))
    money.tell(refunded(R.SETTLED, "ref_wallet", minor=CAP))
    result = money.ask(amount=Money(1, "CNY"))
    assert (result.outcome, result.decided_by) == (Out.IN_REVIEW, "wallet.request_cap")


def test_refunds_by_the_wallet_itself_count_and_failed_ones_do_not(money: MoneyWorld) -> None:
    """One that came back takes nothing, and yet bars the next: the wallet sends it again."""
    money.tell(published(auto_approve_minor=10**9))
    for number, status in enumerate((R.SETTLED, R.FAILED, R.RETURNED), start=1):
        movement_id = f"mov_{number}"
        # Each of another amount: payments alike could be one purchase that was charged twice.
        money.tell(moved(S.SUCCEEDED, movement_id, order_no=None, amount=Money(3 * LIMIT + number, "CNY")))
        money.tell(refunded(status, f"ref_{movement_id}", movement_id, minor=LIMIT))
    asked = [
        money.ask(amount=Money(LIMIT, "CNY"), movement_id=one, request_key=one).outcome
        for one in ("mov_1", "mov_2", "mov_3")
    ]
    assert asked == [Out.IN_REVIEW, Out.APPROVED, Out.EXISTS]


def deny(money: MoneyWorld, number: int) -> RefundOutcome:
    return money.ask(RefundReason.NO_REASON_RETURN, request_key=f"denied-{number}").outcome


@pytest.fixture
def refusing(money: MoneyWorld) -> MoneyWorld:
    """A merchant takes nothing of this kind back for a change of mind."""
    money.tell(published(categories=("food",)))
    money.tell(moved(S.SUCCEEDED))
    return money


@pytest.mark.parametrize("count", [DENIED_MAX - 1, DENIED_MAX, DENIED_MAX + 1])
def test_so_many_denied_requests_are_recorded_in_a_day_and_no_more(refusing: MoneyWorld, count: int) -> None:
    outcomes = [deny(refusing, number) for number in range(count)]
    recorded = min(count, DENIED_MAX)
    assert outcomes == [Out.DENIED] * recorded + [Out.LIMITED] * (count - recorded)
    assert len(refunds.list_refunds(refusing.store, ACCOUNT, limit=50).refunds) == recorded
    assert refusing.kinds().count("refund.rejected") == recorded


def test_a_limited_request_writes_nothing(refusing: MoneyWorld) -> None:
    for number in range(DENIED_MAX):
        deny(refusing, number)
    before, sent = refusing.everything(), len(refusing.entries())
    change, result = refusing.begin(RefundReason.NO_REASON_RETURN, request_key="one-more")
    assert (result.outcome, result.refund_id, result.decided_by) == (Out.LIMITED, None, "wallet.denied_rate")
    change.commit(refusing.store)
    assert (refusing.everything(), len(refusing.entries())) == (before, sent)


def test_an_eligible_refund_is_given_whatever_was_denied_before(refusing: MoneyWorld) -> None:
    for number in range(DENIED_MAX + 1):
        deny(refusing, number)
    assert refusing.ask(RefundReason.DUPLICATE, request_key="owed").outcome is Out.APPROVED
    assert deny(refusing, 99) is Out.EXISTS


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Out.LIMITED), (0, Out.DENIED), (1, Out.DENIED)])
def test_a_denied_request_counts_for_a_day(refusing: MoneyWorld, seconds: int, outcome: RefundOutcome) -> None:
    for number in range(DENIED_MAX):
        deny(refusing, number)
    refusing.now = NOON + DEFAULT_WALLET_POLICY.denied_window + timedelta(seconds=seconds)
    refusing.contact_id = "contact-2"
    refusing.call_in()
    assert deny(refusing, 99) is outcome


def test_denied_requests_of_two_keys_at_once_are_counted_one_after_the_other(refusing: MoneyWorld) -> None:
    first, _ = refusing.begin(RefundReason.NO_REASON_RETURN, request_key="one")
    second, _ = refusing.begin(RefundReason.NO_REASON_RETURN, request_key="two")
    first.commit(refusing.store)
    with pytest.raises(Exception, match="stale"):
        second.commit(refusing.store)


@pytest.mark.parametrize("parts", [REFUNDS_PER_MOVEMENT_MAX - 1, REFUNDS_PER_MOVEMENT_MAX])
def test_a_payment_is_refunded_in_so_many_parts_and_no_more(money: MoneyWorld, parts: int) -> None:
    money.tell(published(auto_approve_minor=10**9))
    money.tell(moved(S.SUCCEEDED))
    for number in range(parts):
        money.tell(refunded(R.SETTLED, f"ref_{number}", minor=1))
    offered = money.offer()
    result = money.ask(amount=Money(1, "CNY"))
    if parts < REFUNDS_PER_MOVEMENT_MAX:
        assert offered.outcome is OfferOutcome.OFFERED
        assert result.outcome is Out.APPROVED
    else:
        assert (offered.outcome, offered.decided_by) == (OfferOutcome.NOT_ELIGIBLE, MANY_PARTS_RULE)
        assert (result.outcome, result.decided_by) == (Out.NOT_ELIGIBLE, MANY_PARTS_RULE)
    ledger = money.item("TAKEN#mov_1") or {}
    assert len(ledger["takings"]) == REFUNDS_PER_MOVEMENT_MAX


def test_a_refund_in_another_currency_closes_the_payment_to_requests_in_either_order() -> None:
    ends = []
    for refund_first in (True, False):
        money = MoneyWorld(MemoryStore(VirtualClock(NOON)))
        facts = [moved(S.SUCCEEDED), refunded(R.SETTLED, currency="EUR")]
        for fact in reversed(facts) if refund_first else facts:
            money.tell(fact)
        result = money.ask()
        assert (result.outcome, result.decided_by) == (Out.NOT_ELIGIBLE, "movement.currency")
        offered = money.offer()
        assert (offered.outcome.value, offered.decided_by) == ("NOT_ELIGIBLE", "movement.currency")
        assert isinstance(money.store, MemoryStore)
        ours = [
            item for item in money.store.items(Table.HOTLINE) if item["SK"].startswith(("MOVE#", "TAKEN#", "REFUND"))
        ]
        ends.append(sorted(repr(sorted((k, v) for k, v in item.items() if k != "rev")) for item in ours))
    assert ends[0] == ends[1]
