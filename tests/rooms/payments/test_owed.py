"""The sum that is still owed of refunds that were not paid out: in order of time, each payment once.

The requirement: what may be asked for, what people still owe, and what was given never exceed the capture together. A
refund that is paid in parts, or with others in one sum, bars no other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import Fact, MovementStatus, RefundStatus
from hotline.payments.folds import fold_ledger_movement, fold_ledger_refund
from hotline.payments.ledger_items import ledger_from, ledger_item
from hotline.payments.model import Ledger
from tests.support.money_world import ACCOUNT, CAPTURED, moved, movement_of, refunded
from tests.support.sweeps import sweep

S, R = MovementStatus, RefundStatus
HOUR_S: Final = 3600.0
LEAST_MINOR: Final = 10


def ledger_of(facts: Sequence[Fact]) -> Ledger:
    """The ledger after the facts, stored and read after each."""
    ledger = fold_ledger_movement(Ledger(ACCOUNT, "mov_1"), movement_of(moved(S.SUCCEEDED)))
    for fact in facts:
        ledger = ledger_from(ledger_item(fold_ledger_refund(ledger, fact, fact.data)))  # type: ignore[arg-type]
    return ledger


def came_back(refund_id: str, minor: int, *, hour: float) -> list[Fact]:
    """A refund of the wallet's own, told once more a day later."""
    at = hour * HOUR_S
    return [
        refunded(R.SETTLED, refund_id, minor=minor, after_s=at - 60),
        refunded(R.RETURNED, refund_id, minor=minor, version=2, after_s=at),
        refunded(R.RETURNED, refund_id, minor=minor, version=3, after_s=at + 24 * HOUR_S),
    ]


def paid(refund_id: str, minor: int, *, hour: float) -> list[Fact]:
    """A refund that arrived, told once more two days later."""
    at = hour * HOUR_S
    return [
        refunded(R.SENT, refund_id, minor=minor, after_s=at),
        refunded(R.SETTLED, refund_id, minor=minor, version=2, after_s=at + 60),
        refunded(R.SETTLED, refund_id, minor=minor, version=3, after_s=at + 48 * HOUR_S),
    ]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Fact], int]:
    """Refunds of the wallet's own within the capture, and payments in the place of those that came back. They are in
    parts, in one sum, or less than is owed. Gives the facts and what is still owed."""
    facts: list[Fact] = []
    given, owed = 0, 0
    for hour in range(1, draw(st.integers(1, 8)) + 1):
        left = CAPTURED.minor - given - owed
        most = {"came back": left, "in place": owed, "for itself": 0 if owed else left}
        kinds = [kind for kind, minor in most.items() if minor >= LEAST_MINOR]
        if not kinds:
            break
        kind = draw(st.sampled_from(kinds))
        minor = draw(st.integers(LEAST_MINOR, most[kind]) | st.just(most[kind]))
        make = came_back if kind == "came back" else paid
        facts += make(f"ref_{draw(st.integers(0, 9))}{hour}", minor, hour=hour)
        given += 0 if kind == "came back" else minor
        owed += {"came back": minor, "in place": -minor, "for itself": 0}[kind]
    return facts, owed


@given(st.data())
def test_sums_that_may_be_asked_for_and_that_are_owed_never_exceed_the_capture(data: st.DataObject) -> None:
    facts, owed = data.draw(histories())
    again = data.draw(st.lists(st.sampled_from(facts), max_size=4))
    ledger = ledger_of(data.draw(st.permutations([*facts, *again])))
    assert sum(ledger.owed_minor.values()) == owed
    assert (ledger.unpaid_refund_id is None) == (owed == 0)
    may_be_asked = ledger.refundable_minor if ledger.unpaid_refund_id is None else 0
    assert may_be_asked + owed + ledger.taken_minor <= CAPTURED.minor
    assert ledger_of(facts) == ledger


@sweep(
    ("facts", "owed"),
    [
        ([*came_back("a", 3000, hour=1), *came_back("b", 3000, hour=2), *paid("c", 3000, hour=3)], {"b": 3000}),
        ([*came_back("a", 3000, hour=1), *paid("c", 3000, hour=2), *came_back("b", 3000, hour=3)], {"b": 3000}),
        ([*came_back("a", 3000, hour=1), *came_back("b", 3000, hour=2), *paid("c", 6000, hour=3)], {}),
        ([*came_back("a", 5000, hour=1), *paid("b", 2500, hour=2), *paid("c", 2500, hour=3)], {}),
        ([*came_back("a", 5000, hour=1), *paid("b", 4990, hour=2)], {"a": 10}),
        ([*came_back("a", 5000, hour=1), *paid("b", 4990, hour=2), *paid("c", 10, hour=3)], {}),
        (
            [
                *came_back("a", 5000, hour=1),
                *paid("b", 4990, hour=2),
                refunded(R.RETURNED, "a", minor=4990, version=9, after_s=99 * HOUR_S),
            ],
            {},
        ),
        ([*paid("a", 5000, hour=1), *came_back("b", 5000, hour=2)], {"b": 5000}),
    ],
)
def test_later_payments_are_counted_once_in_order_of_time(facts: list[Fact], owed: dict[str, int]) -> None:
    assert ledger_of(facts).owed_minor == owed


def test_a_payment_that_was_under_way_before_is_in_the_place_of_none() -> None:
    sent, settled, _ = paid("a", 5000, hour=1)
    returned = came_back("b", 5000, hour=1.005)
    assert ledger_of([sent, *returned, settled]).owed_minor == {"b": 5000}


def test_a_refund_that_moved_again_and_came_back_once_more_is_owed_anew() -> None:
    more = [
        refunded(R.SENT, "a", version=4, after_s=40 * HOUR_S),
        refunded(R.RETURNED, "a", version=5, after_s=60 * HOUR_S),
    ]
    facts = [*came_back("a", 5000, hour=1), *more, *paid("b", 5000, hour=50)]
    assert ledger_of(facts).owed_minor == {"a": 5000}
    assert ledger_of(facts[::-1]) == ledger_of(facts)


@sweep("is_held", [False, True])
@sweep("status", R)
def test_a_taking_is_read_as_it_was_stored(status: RefundStatus, *, is_held: bool) -> None:
    """Also where all of its facts have one time."""
    ledger = ledger_of([refunded(R.SENT, "a")])
    taking = replace(ledger.takings["a"], held=is_held, asked_here=is_held)
    fact = refunded(status, "a", version=2)
    after = fold_ledger_refund(replace(ledger, takings={"a": taking}), fact, fact.data)  # type: ignore[arg-type]
    assert ledger_from(ledger_item(after)) == after
