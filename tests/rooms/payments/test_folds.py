"""Facts about money fold to one state in any order, and those that make no sense are refused."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from hotline.contracts.model import (
    BillTold,
    FactVersion,
    FundsTold,
    Merchant,
    MoneyState,
    MovementKind,
    MovementStatus,
    RefundStatus,
    RefundTold,
)
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.payments import folds
from hotline.payments.folds import (
    REFUNDS_PER_MOVEMENT_MAX,
    fold_bill,
    fold_funds,
    fold_ledger_movement,
    fold_ledger_refund,
    fold_movement,
)
from hotline.payments.model import Bill, Ledger, PaymentError, TakenState, Taking, order_digits
from tests.support.money_world import ACCOUNT, CAPTURED, NOON, billed, moved, movement_of, refunded, told
from tests.support.sweeps import sweep

S, R = MovementStatus, RefundStatus


def test_the_sort_key_follows_from_what_never_changes() -> None:
    assert movement_of(moved(S.FAILED)).sk == "MOVE#2026-11-23T09:00:00.000Z#mov_1"


def test_the_highest_version_holds_in_any_order() -> None:
    facts = (moved(S.AUTHORISED), moved(S.UNKNOWN, version=2), moved(S.SUCCEEDED, version=3, order_no=None))
    end = movement_of(*facts)
    assert end.status is S.SUCCEEDED
    assert all(movement_of(*order, *order) == end for order in permutations(facts))


def test_of_equal_versions_the_later_holds_then_the_larger_id() -> None:
    early, late = moved(S.FAILED), moved(S.SUCCEEDED, after_s=1)
    twin = moved(S.UNKNOWN, after_s=1, fact_id="zzz")
    assert movement_of(late, early).status is S.SUCCEEDED
    assert movement_of(twin, late).status is movement_of(late, twin).status is S.UNKNOWN


def test_times_within_one_millisecond_do_not_make_the_order_depend_on_arrival() -> None:
    first, second = moved(S.FAILED, after_s=0.0001, fact_id="b"), moved(S.SUCCEEDED, after_s=0.0002, fact_id="a")
    assert movement_of(first, second).status is movement_of(second, first).status is S.FAILED


def test_a_later_fact_without_order_number_or_merchant_does_not_unname_them() -> None:
    bare = moved(S.SUCCEEDED, version=2, order_no=None, merchant=None)
    for movement in (movement_of(moved(S.AUTHORISED), bare), movement_of(bare, moved(S.AUTHORISED))):
        assert (movement.status, movement.order_no) == (S.SUCCEEDED, "2026112300004711")
        assert movement.ref.merchant is not None


def test_an_order_number_and_a_merchant_may_come_in_facts_of_their_own() -> None:
    """The order of naming does not matter, nor does a fact that names neither."""
    numbered = moved(S.AUTHORISED, merchant=None)
    sold = moved(S.SUCCEEDED, version=2, order_no=None)
    for order in permutations((numbered, sold, moved(S.REVERSED, version=3, order_no=None, merchant=None))):
        movement = movement_of(*order)
        assert movement.order_no == "2026112300004711"
        assert movement.ref.merchant is not None
    (only_numbered, only_sold) = (movement_of(fact) for fact in (numbered, sold))
    assert (set(only_numbered.described), set(only_sold.described)) == ({"order_no"}, {"merchant"})
    assert (only_numbered.order_no, only_numbered.ref.merchant) == ("2026112300004711", None)
    assert (only_sold.order_no, only_sold.ref.merchant is not None) == (None, True)


def test_a_renamed_merchant_keeps_its_newest_name_in_any_order() -> None:
    facts = (moved(S.AUTHORISED), moved(S.SUCCEEDED, version=2, merchant=Merchant("mer_1", "Tea Palace")))
    for order in permutations(facts):
        merchant = movement_of(*order).ref.merchant
        assert merchant is not None
        assert merchant.name == "Tea Palace"


@pytest.mark.parametrize("minor", [0, -1])
def test_an_amount_that_is_not_above_zero_is_refused(minor: int) -> None:
    fact = moved(S.FAILED, amount=Money(minor, "CNY"))
    with pytest.raises(InvalidInput) as refused:
        movement_of(fact)
    assert (refused.value.code, refused.value.facts) == (PaymentError.AMOUNT_NOT_POSITIVE, {"fact_id": fact.id})


def test_of_two_currencies_of_a_payment_the_one_of_the_higher_version_holds_in_any_order() -> None:
    facts = (moved(S.AUTHORISED), moved(S.SUCCEEDED, version=2, amount=Money(12850, "EUR")))
    assert {movement_of(*order).amount for order in permutations(facts)} == {Money(12850, "EUR")}


@sweep("status", list(R))
def test_a_refund_in_another_currency_leaves_nothing_to_refund_whichever_comes_first(status: RefundStatus) -> None:
    facts = (moved(S.SUCCEEDED), refunded(status, currency="EUR"), refunded(R.SETTLED, "ref_2", minor=100))
    ends = [movement_of(*order) for order in permutations(facts)]
    assert {(end.refundable_minor, end.mixed_currencies) for end in ends} == {(0, True)}
    assert len({end.open_refund_id for end in ends}) == 1


def test_a_payment_in_the_currency_of_its_refunds_is_open_again_when_the_wallet_corrects_it() -> None:
    facts = (moved(S.SUCCEEDED), refunded(R.SETTLED, currency="EUR"), refunded(R.SETTLED, version=2))
    for order in permutations(facts):
        end = movement_of(*order)
        assert (end.refundable_minor, end.mixed_currencies) == (CAPTURED.minor - 5000, False)


@sweep("status", [S.AUTHORISED, S.FAILED, S.UNKNOWN, S.REVERSED])
def test_only_a_success_can_be_refunded(status: MovementStatus) -> None:
    assert movement_of(moved(status, money=MoneyState.DEBITED)).refundable_minor == 0


def test_a_success_whose_money_is_not_taken_has_nothing_to_refund() -> None:
    assert movement_of(moved(S.SUCCEEDED, money=MoneyState.RETURNED)).refundable_minor == 0


@sweep("kind", [kind for kind in MovementKind if kind is not MovementKind.PAYMENT])
def test_only_payments_can_be_refunded(kind: MovementKind) -> None:
    movement = movement_of(moved(S.SUCCEEDED, kind=kind))
    assert (movement.captured_minor, movement.refundable_minor) == (0, 0)


@sweep(
    ("status", "left", "under_way"),
    [
        (R.SENT, 7850, "ref_1"),
        (R.UNKNOWN, 7850, "ref_1"),
        (R.SETTLED, 7850, None),
        (R.FAILED, 12850, None),
        (R.RETURNED, 12850, None),
    ],
)
def test_the_amount_left_follows_the_state_of_the_refund(
    status: RefundStatus, left: int, under_way: str | None
) -> None:
    for facts in permutations((moved(S.SUCCEEDED), refunded(status))):
        movement = movement_of(*facts)
        assert (movement.refundable_minor, movement.open_refund_id) == (left, under_way)


def test_a_late_fact_gives_nothing_back() -> None:
    settled, late = refunded(R.SETTLED, version=2), moved(S.AUTHORISED, version=1)
    movement = movement_of(moved(S.SUCCEEDED, version=2), settled, late, refunded(R.SENT, version=1), settled)
    assert (movement.status, movement.refundable_minor, movement.open_refund_id) == (S.SUCCEEDED, 7850, None)


def test_more_refunded_than_was_captured_leaves_nothing_and_never_less() -> None:
    facts = [refunded(R.SETTLED, f"ref_{number}", minor=10_000) for number in range(2)]
    assert movement_of(moved(S.SUCCEEDED), *facts).refundable_minor == 0


def ledger_with(count: int) -> Ledger:
    ledger = Ledger(ACCOUNT, "mov_1")
    for number in range(count):
        fact = refunded(R.SETTLED, f"ref_{number}", minor=1)
        assert isinstance(fact.data, RefundTold)
        ledger = fold_ledger_refund(ledger, fact, fact.data)
    return ledger


def test_a_ledger_holds_refunds_up_to_its_limit_and_still_hears_of_those() -> None:
    ledger = ledger_with(REFUNDS_PER_MOVEMENT_MAX)
    known, unknown = refunded(R.RETURNED, "ref_0", version=2, minor=1), refunded(R.SENT, "ref_new", minor=1)
    assert isinstance(known.data, RefundTold)
    assert isinstance(unknown.data, RefundTold)
    assert ledger.taken_minor == REFUNDS_PER_MOVEMENT_MAX
    assert fold_ledger_refund(ledger, known, known.data).taken_minor == REFUNDS_PER_MOVEMENT_MAX - 1
    with pytest.raises(InvalidInput, match="too_many_refunds"):
        fold_ledger_refund(ledger, unknown, unknown.data)


def test_nothing_is_left_of_a_movement_whose_ledger_is_not_known_yet() -> None:
    payment = moved(S.SUCCEEDED)
    movement = fold_movement(None, payment, payment.data)  # type: ignore[arg-type]
    assert (movement.refundable_minor, movement.given_back_minor, movement.refund_count) == (0, 0, 0)
    assert (movement.open_refund_id, movement.mixed_currencies) == (None, False)


def test_refunds_are_known_before_their_movement() -> None:
    ledger = ledger_with(2)
    assert (ledger.currency, ledger.taken_minor, ledger.given_back_minor) == (None, 2, 2)
    assert (ledger.captured_minor, ledger.refundable_minor) == (0, 0)
    assert (ledger.mixed_currencies, ledger.reversed, ledger.looked_at) == (False, False, False)


@sweep(
    ("state", "was_told", "count"),
    [
        (TakenState.OPEN, False, 1),
        (TakenState.VOID, False, 0),
        (TakenState.VOID, True, 1),
        (TakenState.DONE, True, 1),
    ],
)
def test_refunds_that_reached_the_provider_are_counted(state: TakenState, was_told: bool, count: int) -> None:
    """A refund that people denied never got there; one that failed did."""
    fact_version = FactVersion.of(refunded(R.FAILED), 1) if was_told else None
    taking = Taking(Money(5000, "CNY"), state, fact_version)
    assert Ledger(ACCOUNT, "mov_1", takings={"ref_1": taking}).refund_count == count


def test_only_refunds_that_arrived_in_the_currency_of_the_payment_are_given_back() -> None:
    facts = [
        refunded(R.SETTLED, "ref_1", minor=1),
        refunded(R.SENT, "ref_2", minor=20),
        refunded(R.FAILED, "ref_3", minor=300),
        refunded(R.SETTLED, "ref_4", minor=4000, currency="EUR"),
    ]
    movement = movement_of(moved(S.SUCCEEDED), *facts)
    assert (movement.given_back_minor, movement.refund_count, movement.open_refund_id) == (1, 4, "ref_2")


def test_a_fact_that_comes_again_changes_nothing_of_a_movement_or_its_ledger() -> None:
    """Not even what the hotline itself has done since, such as to give back what a refund took."""
    payment, refund = moved(S.SUCCEEDED), refunded(R.SENT)
    movement = movement_of(payment, refund)
    assert fold_movement(movement, payment, payment.data) == movement  # type: ignore[arg-type]
    ledger = fold_ledger_refund(Ledger(ACCOUNT, "mov_1"), refund, refund.data)  # type: ignore[arg-type]
    ledger = replace(ledger, takings={"ref_1": replace(ledger.takings["ref_1"], state=TakenState.VOID)})
    assert fold_ledger_refund(ledger, refund, refund.data) == ledger  # type: ignore[arg-type]


@sweep(
    ("status", "state", "held"),
    [
        (R.FAILED, TakenState.OPEN, True),
        (R.RETURNED, TakenState.OPEN, True),
        (R.SENT, TakenState.OPEN, False),
        (R.SETTLED, TakenState.DONE, False),
    ],
)
def test_a_refund_that_is_paid_by_another_way_stays_open_whatever_failure_is_told(
    status: RefundStatus, state: TakenState, held: bool
) -> None:
    taking = Taking(Money(5000, "CNY"), TakenState.OPEN, FactVersion.of(refunded(R.FAILED), 1), held=True)
    fact = refunded(status, version=2)
    ledger = fold_ledger_refund(Ledger(ACCOUNT, "mov_1", takings={"ref_1": taking}), fact, fact.data)  # type: ignore[arg-type]
    assert (ledger.takings["ref_1"].state, ledger.takings["ref_1"].held) == (state, held)


@pytest.mark.parametrize(("status", "state"), [(R.FAILED, TakenState.VOID), (R.RETURNED, TakenState.RETURNED)])
def test_a_refund_that_is_paid_by_its_own_way_is_given_up_when_its_failure_is_told(
    status: RefundStatus, state: TakenState
) -> None:
    asked = Ledger(ACCOUNT, "mov_1", takings={"ref_1": Taking(Money(5000, "CNY"), TakenState.OPEN, None)})
    fact = refunded(status)
    assert isinstance(fact.data, RefundTold)
    taking = fold_ledger_refund(asked, fact, fact.data).takings["ref_1"]
    assert (taking.state, taking.held, taking.state.takes) == (state, False, False)


@sweep("status", S)
def test_a_ledger_knows_whether_its_payment_was_reversed(status: MovementStatus) -> None:
    ledger = fold_ledger_movement(Ledger(ACCOUNT, "mov_1"), movement_of(moved(status)))
    assert ledger.reversed is (status is S.REVERSED)


def test_money_is_taken_in_vain_since_it_was_first_told_to_be() -> None:
    """In any order of the facts, and whatever else they tell before and after."""
    facts = [
        moved(S.SUCCEEDED),
        moved(S.FAILED, version=2, after_s=60, money=MoneyState.DEBITED),
        moved(S.REVERSED, version=3, after_s=90, money=MoneyState.DEBITED),
        moved(S.REVERSED, version=4, after_s=120),
    ]
    for order in permutations(facts):
        movement = movement_of(*order)
        assert (movement.in_vain_at, movement.return_looks) == (facts[1].time, 0)
    assert movement_of(facts[0], facts[3]).in_vain_at is None


@sweep(
    ("status", "money", "needs_attention"),
    [
        (S.FAILED, MoneyState.NONE, True),
        (S.UNKNOWN, MoneyState.UNKNOWN, True),
        (S.AUTHORISED, MoneyState.HELD, True),
        (S.REVERSED, MoneyState.HELD, True),
        (S.REVERSED, MoneyState.DEBITED, True),
        (S.SUCCEEDED, MoneyState.UNKNOWN, True),
        (S.AUTHORISED, MoneyState.NONE, False),
        (S.AUTHORISED, MoneyState.DEBITED, False),
        (S.SUCCEEDED, MoneyState.DEBITED, False),
        (S.REVERSED, MoneyState.RETURNED, False),
    ],
)
def test_a_movement_needs_attention_by_its_status_and_money(
    status: MovementStatus, money: MoneyState, needs_attention: bool
) -> None:
    assert movement_of(moved(status, money=money)).needs_attention is needs_attention


def test_the_money_is_where_it_is_since_it_was_first_told_whatever_is_told_later() -> None:
    """In any order of the facts: what comes late may tell the earlier time."""
    facts = [moved(S.SUCCEEDED), moved(S.REVERSED, version=2, after_s=60), moved(S.REVERSED, version=3, after_s=900)]
    first = facts[1].time
    for order in permutations(facts):
        assert movement_of(*order).money_since == first


def test_a_bill_is_paid_since_it_was_first_told_to_be() -> None:
    facts = [billed(version=version, after_s=version, paid=version > 1) for version in (1, 2, 3)]
    for order in permutations(facts):
        known: Bill | None = None
        for fact in order:
            assert isinstance(fact.data, BillTold)
            known = fold_bill(known, fact, fact.data)
        assert known is not None
        assert known.paid_at == facts[1].time


@sweep(("order_no", "tail"), [("A-00471-1", "4711"), ("471", None), ("", None), ("٤٧١١", None), ("4711", "4711")])
def test_the_tail_of_an_order_number_is_its_last_four_plain_digits(order_no: str, tail: str | None) -> None:
    assert movement_of(moved(S.FAILED, order_no=order_no)).order_tail == tail


def test_letters_cannot_be_keyed_in() -> None:
    assert order_digits("WX-20/7a") == "207"


def test_a_bill_was_issued_when_it_was_first_told_of() -> None:
    for facts in permutations([billed(version=version, after_s=version) for version in (1, 2)]):
        first, second = (fold_bill(None, fact, fact.data) for fact in facts)  # type: ignore[arg-type]
        bill = fold_bill(first, facts[1], facts[1].data)  # type: ignore[arg-type]
        assert bill.issued_at == min(first.issued_at, second.issued_at) == min(fact.time for fact in facts)


def test_the_newest_bill_holds_in_any_order() -> None:
    issued, paid = billed(), billed(paid=True, version=2)
    for first, second in permutations((issued, paid)):
        bill = fold_bill(fold_bill(None, first, first.data), second, second.data)  # type: ignore[arg-type]
        assert bill.paid


def test_a_bill_over_nothing_is_refused() -> None:
    fact = billed(amount=Money(0, "CNY"))
    with pytest.raises(InvalidInput, match="amount_not_positive"):
        fold_bill(None, fact, fact.data)  # type: ignore[arg-type]


def funds(version: int, minor: int, currency: str = "CNY", interest: str | None = None) -> FundsTold:
    return FundsTold(version, Money(minor, currency), Money(12, interest or currency), NOON - timedelta(hours=1))


def test_stored_funds_may_be_zero_and_the_newest_holds() -> None:
    old, new = funds(1, 500), funds(2, 0)
    fold = fold_funds(fold_funds(None, told("f", new), new), told("f", old), old)
    assert fold.balance == Money(0, "CNY")


def test_interest_in_another_currency_than_its_balance_is_refused_whatever_is_known() -> None:
    data = funds(2, 1, interest="EUR")
    for known in (None, fold_funds(None, told("f", funds(1, 500)), funds(1, 500))):
        with pytest.raises(InvalidInput, match="currency_changed"):
            fold_funds(known, told("f", data), data)


def test_of_two_currencies_of_stored_funds_the_one_of_the_higher_version_holds_in_any_order() -> None:
    old, new = funds(1, 500), funds(2, 1, "EUR")
    for first, second in permutations((old, new)):
        fold = fold_funds(fold_funds(None, told("f", first), first), told("f", second), second)
        assert fold.balance == Money(1, "EUR")


def test_a_fact_about_something_else_has_no_movement() -> None:
    with pytest.raises(TypeError):
        folds.movement_id_of(billed())
