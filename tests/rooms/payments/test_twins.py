"""Payments that were charged twice: linked in any order, told by what became of both."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import Fact, Merchant, MovementKind, MovementStatus, RefundStatus
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import Stale
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.answers import answer_of
from hotline.payments.model import Movement
from hotline.payments.twins import (
    CHARGES_KEPT_MAX,
    CLOSE_WITHIN,
    SAME_ORDER_WITHIN,
    Charge,
    TwinState,
    find_twin,
    link,
)
from hotline.refunds import service as refunds
from hotline.refunds.model import RefundOutcome, RefundReason
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import (
    ACCOUNT,
    CAPTURED,
    INITIATED,
    MoneyWorld,
    moved,
    movement_of,
    published,
    read_others,
    refunded,
)
from tests.support.sweeps import sweep

S = MovementStatus
MINUTE = timedelta(minutes=1)


def first(**own: Any) -> Fact:
    return moved(S.SUCCEEDED, "mov_1", **own)


def second(status: MovementStatus = S.SUCCEEDED, *, apart: timedelta = MINUTE, version: int = 1, **own: Any) -> Fact:
    return moved(status, "mov_2", version=version, initiated_at=INITIATED + apart, **own)


def movement(world: MoneyWorld, movement_id: str) -> Movement:
    found = payments.find(world.store.batch_get, ACCOUNT, movement_id)
    assert found is not None
    return found


def twin(world: MoneyWorld, movement_id: str) -> payments.Twin | None:
    one = movement(world, movement_id)
    return find_twin(one, read_others(world.store, [one]).get(one.sk))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_charges_of_one_order_are_told_as_two_of_which_the_first_stands(
    money: MoneyWorld, order: tuple[int, int]
) -> None:
    told = (first(), second())
    for place in order:
        money.tell(told[place])
    early, late = twin(money, "mov_1"), twin(money, "mov_2")
    assert early == payments.Twin(
        "mov_2",
        INITIATED + MINUTE,
        TwinState.CHARGED,
        this_stands=True,
        may_be_refunded=False,
        other_may_be_refunded=True,
    )
    assert late == payments.Twin(
        "mov_1",
        INITIATED,
        TwinState.CHARGED,
        this_stands=False,
        may_be_refunded=True,
        other_may_be_refunded=False,
    )


def test_charges_that_come_in_one_delivery_are_linked(money: MoneyWorld) -> None:
    money.tell(first(), second())
    assert twin(money, "mov_1") is not None
    assert twin(money, "mov_2") is not None


def test_the_pointer_by_order_number_names_the_other_charge_as_well(quick_money: MoneyWorld) -> None:
    quick_money.tell(first())
    quick_money.tell(second())
    found = payments.list_by_tail(quick_money.store, ACCOUNT, "4711")
    assert {ref.movement_id: ref.twin for ref in found.refs} == {
        "mov_1": movement(quick_money, "mov_2").sk,
        "mov_2": movement(quick_money, "mov_1").sk,
    }


@pytest.mark.parametrize(
    ("orders", "apart", "is_one"),
    [
        (("A4711", "A4711"), SAME_ORDER_WITHIN, True),
        (("A4711", "A4711"), SAME_ORDER_WITHIN + timedelta(milliseconds=1), False),
        (("A4711", "A4712"), MINUTE, False),
        ((None, "A4711"), CLOSE_WITHIN, True),
        ((None, None), CLOSE_WITHIN, True),
        ((None, None), CLOSE_WITHIN + timedelta(milliseconds=1), False),
    ],
)
def test_one_purchase_is_one_order_number_or_minutes_apart(
    quick_money: MoneyWorld, orders: tuple[str | None, str | None], apart: timedelta, is_one: bool
) -> None:
    quick_money.tell(first(order_no=orders[0]))
    quick_money.tell(second(apart=apart, order_no=orders[1]))
    assert (twin(quick_money, "mov_1") is not None) is is_one
    assert (twin(quick_money, "mov_2") is not None) is is_one


@pytest.mark.parametrize(
    "own",
    [
        {"merchant": Merchant("mer_2", "Coffee House", "food")},
        {"amount": Money(CAPTURED.minor + 1, "CNY")},
        {"amount": Money(CAPTURED.minor, "HKD")},
        {"kind": MovementKind.BILL_PAYMENT},
    ],
    ids=["merchant", "amount", "currency", "kind"],
)
def test_a_charge_of_something_else_is_no_twin(quick_money: MoneyWorld, own: dict[str, Any]) -> None:
    quick_money.tell(first())
    quick_money.tell(second(**own))
    assert (twin(quick_money, "mov_1"), twin(quick_money, "mov_2")) == (None, None)


def test_a_charge_that_turns_out_failed_is_told_no_more(quick_money: MoneyWorld) -> None:
    quick_money.tell(first())
    quick_money.tell(second())
    quick_money.tell(second(S.FAILED, version=2, merchant=None))
    assert twin(quick_money, "mov_1") is None
    assert movement(quick_money, "mov_1").ref.twin is None


def test_a_charge_that_was_given_back_is_told_so(quick_money: MoneyWorld) -> None:
    quick_money.tell(first())
    quick_money.tell(second())
    quick_money.tell(second(S.REVERSED, version=2))
    found = twin(quick_money, "mov_1")
    assert found is not None
    assert (found.state, found.this_stands) == (TwinState.GIVEN_BACK, True)
    assert twin(quick_money, "mov_2") is None


def test_a_refund_of_one_charge_is_known_at_the_other(quick_money: MoneyWorld) -> None:
    world = quick_money
    world.tell(first())
    world.tell(second())
    world.tell(refunded(RefundStatus.SENT, "ref_1", "mov_2", minor=CAPTURED.minor))
    (under_way, own) = (twin(world, "mov_1"), twin(world, "mov_2"))
    assert under_way is not None
    assert (under_way.state, under_way.this_stands) == (TwinState.REFUNDING, True)
    assert own is not None
    assert (own.this_stands, own.may_be_refunded, own.is_question) == (False, False, False)
    one = movement(world, "mov_2")
    answer = answer_of(one, payments.diagnose(one, world.now, first=None), world.now, own)
    assert answer.more[0] == ("twin.charged.other_stands",)
    world.tell(refunded(RefundStatus.SETTLED, "ref_1", "mov_2", minor=CAPTURED.minor, version=2))
    settled = twin(world, "mov_1")
    assert settled is not None
    assert settled.state is TwinState.GIVEN_BACK


def test_a_charge_of_which_a_part_was_given_back_is_not_asked_back_as_a_second_one(quick_money: MoneyWorld) -> None:
    quick_money.tell(first())
    quick_money.tell(second())
    quick_money.tell(refunded(RefundStatus.SETTLED, "ref_1", "mov_2"))
    own, other = twin(quick_money, "mov_2"), twin(quick_money, "mov_1")
    assert own is not None
    assert (own.this_stands, own.may_be_refunded) == (False, False)
    assert other is not None
    assert (other.state, other.this_stands) == (TwinState.REFUNDING, True)


@sweep(
    ("own", "other"),
    [
        (first(), None),
        (first(), second(S.FAILED)),
        (first(), second(merchant=None)),
        (first(), second(kind=MovementKind.BILL_PAYMENT)),
        (first(), second(S.AUTHORISED)),
        (first(), second(amount=Money(CAPTURED.minor + 1, "CNY"))),
        (moved(S.FAILED), second()),
        (first(kind=MovementKind.TRANSFER), second()),
    ],
)
def test_a_link_to_what_is_no_charge_any_more_says_nothing(own: Fact, other: Fact | None) -> None:
    """A link is stored, and the other movement may have changed since."""
    assert find_twin(movement_of(own), movement_of(other) if other is not None else None) is None
    assert find_twin(movement_of(first()), movement_of(second())) is not None


def test_facts_in_any_order_and_twice_leave_the_same() -> None:
    facts = (
        first(),
        second(),
        second(S.FAILED, version=2),
        moved(S.SUCCEEDED, "mov_3", initiated_at=INITIATED - MINUTE),
    )
    left = []
    for order in permutations(facts):
        world = MoneyWorld(MemoryStore())
        for fact in (*order, *order):
            world.tell(fact)
        kept = [item for item in _items(world) if str(item["SK"]).startswith(("MOVE#", "TAIL#", "SAME#"))]
        left.append([{name: item[name] for name in item if name != "rev"} for item in kept])
    assert all(one == left[0] for one in left)


def _items(world: MoneyWorld) -> list[Item]:
    assert isinstance(world.store, MemoryStore)
    return sorted(world.store.items(Table.HOTLINE), key=lambda item: str(item["SK"]))


@given(minutes=st.lists(st.integers(0, 60), min_size=1, max_size=2 * CHARGES_KEPT_MAX, unique=True))
def test_a_group_keeps_the_newest_and_a_link_goes_to_the_nearest(minutes: list[int]) -> None:
    world = MoneyWorld(MemoryStore())
    for minute in minutes:
        world.tell(moved(S.SUCCEEDED, f"mov_{minute}", initiated_at=INITIATED + minute * MINUTE, order_no=None))
    (group,) = [item for item in _items(world) if str(item["SK"]).startswith("SAME#")]
    kept = sorted(minutes)[-CHARGES_KEPT_MAX:]
    assert [one["sk"].rpartition("_")[2] for one in group["charges"]] == [str(minute) for minute in kept]
    for minute in kept:
        near = [other for other in kept if other != minute and abs(other - minute) <= 10]
        linked = movement(world, f"mov_{minute}").ref.twin
        assert (linked is None) is (not near)
        if linked is not None:
            assert abs(int(linked.rpartition("_")[2]) - minute) == min(abs(other - minute) for other in near)


def test_of_two_charges_that_are_as_near_the_earlier_one_is_linked() -> None:
    early, middle, late = (Charge(f"MOVE#{number}", INITIATED + number * MINUTE) for number in range(3))
    for order in permutations((early, middle, late)):
        assert link(order) == {early.sk: middle.sk, middle.sk: early.sk, late.sk: middle.sk}


# ---------------------------------------------------------------- what is said, and what may be asked back


def test_nobody_is_told_to_pay_again_and_the_second_may_be_asked_back(quick_money: MoneyWorld) -> None:
    quick_money.tell(first())
    quick_money.tell(second())
    for movement_id, key in (("mov_1", "twin.charged.first"), ("mov_2", "twin.charged.second")):
        one = movement(quick_money, movement_id)
        told = payments.diagnose(one, quick_money.now, first=None)
        assert told.next_step.value == "nothing"
        assert answer_of(one, told, quick_money.now, twin(quick_money, movement_id)).next_step == (key,)


@pytest.mark.parametrize(
    ("provider", "days", "keys"),
    [
        ("paypal", 179, {"twin.charged.first", "twin.charged.second"}),
        ("paypal", 181, {"twin.charged.first_only", "twin.charged.other_stands"}),
        ("wechat", 181, {"twin.charged.first", "twin.charged.second"}),
    ],
)
def test_neither_charge_names_one_as_to_be_asked_back_that_the_provider_refuses(
    quick_money: MoneyWorld, provider: str, days: int, keys: set[str]
) -> None:
    """The first one is not refused: only the second would be asked back."""
    quick_money.tell(first())
    quick_money.tell(second(provider=provider))
    now, found = INITIATED + timedelta(days=days), set()
    one, other = movement(quick_money, "mov_1"), movement(quick_money, "mov_2")
    for this, that in ((one, other), (other, one)):
        pair = refunds.twin_told(this, that, now)
        assert pair is not None
        assert pair.is_question is ("twin.charged.first" in keys)
        answer = answer_of(this, payments.diagnose(this, now, first=None), now, pair)
        found |= {key for one_of in (answer.next_step, *answer.more) for key in one_of if key.startswith("twin.")}
    assert found == keys


def ask_back(world: MoneyWorld, movement_id: str, reason: RefundReason) -> tuple[Change, refunds.RequestRefund]:
    one = movement(world, movement_id)
    act = refunds.RequestRefund(one.sk, "mer_1", reason, None, f"request-{movement_id}", twin=one.ref.twin)
    change = Change(actor=world.caller, cause="refund_request", now=world.now, ids=world.ids)
    return change, act


def outcome(world: MoneyWorld, movement_id: str, reason: RefundReason) -> RefundOutcome:
    change, act = ask_back(world, movement_id, reason)
    read = world.store.batch_get(sorted(act.keys_of(ACCOUNT), key=repr))
    result = act.contribute_for(change, Snapshot(read), ACCOUNT, None).result
    change.commit(world.store)
    return result.outcome


@pytest.mark.parametrize(
    ("movement_id", "reason", "expected"),
    [
        ("mov_2", RefundReason.DUPLICATE, RefundOutcome.APPROVED),
        ("mov_1", RefundReason.DUPLICATE, RefundOutcome.DENIED),
        ("mov_2", RefundReason.CANCELLED, RefundOutcome.DENIED),
    ],
)
def test_a_second_charge_is_not_held_against_the_merchants_window(
    quick_money: MoneyWorld, movement_id: str, reason: RefundReason, expected: RefundOutcome
) -> None:
    quick_money.tell(published(window_days=0))
    quick_money.tell(first())
    quick_money.tell(second())
    assert outcome(quick_money, movement_id, reason) is expected


def test_not_both_charges_are_given_back_at_once(quick_money: MoneyWorld) -> None:
    world = quick_money
    world.tell(published(window_days=0, auto_approve_minor=10**6))
    world.tell(first())
    world.tell(second())
    change, act = ask_back(world, "mov_2", RefundReason.DUPLICATE)
    read = world.store.batch_get(sorted(act.keys_of(ACCOUNT), key=repr))
    act.contribute_for(change, Snapshot(read), ACCOUNT, None)
    world.tell(refunded(RefundStatus.SENT, "ref_9", "mov_1", minor=CAPTURED.minor))
    with pytest.raises(Stale):
        change.commit(world.store)
