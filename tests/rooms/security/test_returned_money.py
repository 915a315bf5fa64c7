"""Money that comes back is taken from the findings that counted it: what each rule about money says then."""

from __future__ import annotations

from typing import Any, Final

import pytest

from hotline.security.detectors import Event, Hit
from hotline.security.detectors.rule import example_ms
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from tests.support.folded_findings import plan_of

RULES: Final = {detector.rule: detector for detector in DETECTORS}
BALANCE: Final = Event(
    "balance", example_ms(-1), "funds.balance_changed", {"currency": "CNY", "balance_minor": 1_000_000}
)


def move(minute: float, name: str, amount_minor: int, kind: str = "transfer", **values: Any) -> Event:
    told: dict[str, Any] = {
        "movement_id": name,
        "version": 1,
        "kind": kind,
        "status": "succeeded",
        "party": f"to-{name}",
    }
    told |= {"amount_minor": amount_minor, "currency": "CNY"}
    return Event(name, example_ms(minute), f"{kind}.succeeded", {**told, **values})


def undo(minute: float, of: Event) -> Event:
    values = {**of.values, "version": 2, "status": "reversed"}
    return Event(f"back-{of.id}", example_ms(minute), f"{of.values['kind']}.reversed", values)


def say(rule: str, *events: Event) -> list[Hit]:
    """All that the rule says of events that come in this order."""
    fold = Fold(plan_of(RULES[rule]))
    return [hit for event in events for _, hit in fold.take(event)]


def tell(hit: Hit, *names: str) -> tuple[Any, ...]:
    return (*(hit.facts[name] for name in names), hit.event_ids, hit.withdrawn)


def test_a_drain_says_what_is_left_of_it_and_of_the_balance() -> None:
    sent = [move(0, "mate", 100), *(move(1 + n, f"m{n}", 320_000 + 10_000 * n) for n in range(3))]
    hits = say("drain", BALANCE, *sent, undo(9, sent[0]), undo(10, sent[1]))
    told = [tell(hit, "movements", "amount_minor", "share_permille") for hit in hits]
    assert told == [
        (4, 990_100, 990, ("mate", "m0", "m1", "m2"), False),
        (3, 990_000, 990, ("m0", "m1", "m2"), False),
        (3, 990_000, 990, ("m0", "m1", "m2"), True),
    ]
    assert {(hit.started_ms, hit.ended_ms) for hit in hits} == {(example_ms(0), example_ms(3))}


def test_a_drain_stands_at_nine_tenths_of_the_balance_whatever_is_left_of_its_slices() -> None:
    for back_minor, withdrawn in ((100_000, False), (100_001, True)):
        sent = [move(0, "mate", back_minor), move(1, "rest", 1_000_000 - back_minor)]
        *_, last = say("drain", BALANCE, *sent, undo(9, sent[0]))
        assert last.withdrawn == withdrawn


def test_a_habit_of_drains_outlives_what_came_back_of_the_last_one() -> None:
    sent = [move(0, "mate", 100), move(1, "rest", 999_900)]
    full = Event("full", example_ms(2999), "funds.balance_changed", {"currency": "CNY", "balance_minor": 5_000})
    later = move(3000, "later", 5_000)
    hits = say("drain", BALANCE, *sent, undo(9, sent[0]), full, later, undo(3001, later), undo(3002, sent[1]))
    assert [(hit.ended_ms, hit.withdrawn) for hit in hits] == [(example_ms(1), one) for one in (False, False, True)]


def test_money_that_went_on_is_told_as_far_as_it_stays_gone() -> None:
    came, mate, rest = move(0, "in", 100_000, direction="in"), move(20, "mate", 100), move(30, "rest", 99_900)
    hits = say("pass_through", came, mate, rest, undo(40, rest), undo(41, mate))
    assert [tell(hit, "amount_minor", "minutes") for hit in hits] == [
        (100_000, 30, ("in", "mate", "rest"), False),
        (100_000, 30, ("in", "mate", "rest"), True),
    ]
    hits = say("pass_through", came, mate, rest, undo(40, mate), undo(41, rest))
    assert [tell(hit, "amount_minor", "minutes") for hit in hits[1:]] == [
        (99_900, 30, ("in", "rest"), False),
        (99_900, 30, ("in", "rest"), True),
    ]


def test_money_that_went_on_is_judged_at_the_time_of_what_is_left() -> None:
    came = move(0, "in", 100_000, direction="in")
    sent = [move(50, "a", 95_000), move(59, "b", 3_000), move(1000, "c", 2_000)]
    hits = say("pass_through", came, *sent, undo(1001, sent[1]))
    assert [tell(hit, "amount_minor", "minutes", "signs") for hit in hits] == [
        (95_000, 50, 6, ("in", "a"), False),
        (98_000, 59, 6, ("in", "a", "b"), False),
        (95_000, 50, 6, ("in", "a"), False),
    ]
    assert [hit.ended_ms for hit in hits] == [example_ms(minute) for minute in (50, 59, 59)]


def spend(count: int, first_minor: int = 1_000) -> list[Event]:
    """Payments of an account that pays twice a day, and then many in a row."""
    old = [
        move(-1440 * day - half, f"old-{day}-{half}", 1_000, "payment") for day in range(31, 1, -1) for half in (9, 0)
    ]
    return [*old, *(move(n, f"m{n}", 1_000 if n else first_minor, "payment") for n in range(count))]


def test_haste_says_of_what_followed_when_some_of_it_came_back() -> None:
    events = spend(14, 100)
    hits = say("velocity", *events, *(undo(20 + n, events[60 + n]) for n in (0, 13, 5, 6, 7)))
    assert [tell(hit, "movements", "amount_minor", "by") for hit in hits] == [
        (10, 9_100, "count", ("m9",), False),
        (13, 13_000, "count", ("m13",), False),
        (12, 12_000, "count", ("m12",), False),
        (11, 11_000, "count", ("m12",), False),
        (10, 10_000, "count", ("m12",), False),
        (10, 10_000, "count", ("m12",), True),
    ]
    assert {hit.started_ms for hit in hits} == {example_ms(0)}
    assert [hit.ended_ms for hit in hits] == [example_ms(minute) for minute in (9, 13, 13, 13, 13, 13)]


def test_haste_names_the_event_by_which_it_was_found_where_it_knows_no_other() -> None:
    """Those before that event are known by their movements alone."""
    events = spend(0) + [move(100 * n, f"m{n}", 150_000, "payment") for n in range(5)]
    hits = say("velocity", *events, undo(500, events[-1]), undo(501, events[-2]))
    assert [tell(hit, "movements", "within") for hit in hits] == [
        (5, "day", ("m4",), False),
        (4, "day", ("m4",), False),
        (4, "day", ("m4",), True),
    ]


@pytest.mark.parametrize("kept", [True, False])
def test_a_tested_card_is_told_with_all_large_payments_that_stand(*, kept: bool) -> None:
    tries = [move(n, f"try-{n}", 100, "payment") for n in range(5)]
    large = [
        move(10, "a", 50_000, "payment"),
        move(11, "b", 90_000, "payment"),
        move(12, "c", 60_000, "payment", currency="EUR"),
    ]
    backs = [undo(20, large[1]), undo(21, large[0]), *([] if kept else [undo(22, large[2])])]
    hits = say("card_testing", *tries, *large, *backs)
    names = tuple(one.id for one in tries)
    told = [tell(hit, "amount_minor", "currency") for hit in hits]
    assert told[:5] == [
        (50_000, "CNY", (*names, "a"), False),
        (140_000, "CNY", (*names, "a", "b"), False),
        (140_000, "CNY", (*names, "a", "b", "c"), False),
        (50_000, "CNY", (*names, "a", "c"), False),
        (60_000, "EUR", (*names, "c"), False),
    ]
    assert told[5:] == ([] if kept else [(60_000, "EUR", (*names, "c"), True)])


def test_refunds_that_failed_are_told_no_more() -> None:
    paid = [move(n, f"p{n}", 10_000, "payment") for n in range(10)]

    def back(minute: float, number: int, status: str = "sent") -> Event:
        values = {"refund_id": f"r{number}", "movement_id": f"p{number}", "amount_minor": 10_000}
        return Event(f"{status}-{number}", example_ms(minute), f"refund.{status}", {**values, "currency": "CNY"})

    sent = [back(20 + n, n) for n in range(8)]
    hits = say("refund_abuse", *paid, *sent, back(30, 0, "failed"), back(31, 7, "failed"), back(32, 1, "failed"))
    names = tuple(event.id for event in sent)
    assert [tell(hit, "refunds", "share_of_count_permille") for hit in hits] == [
        (6, 600, names[:6], False),
        (7, 700, names[1:], False),
        (6, 600, names[1:7], False),
        (6, 600, names[1:7], True),
    ]


def test_a_payee_with_frauds_is_told_by_the_next_payment_of_the_payer() -> None:
    frauds = [
        Event(f"f{n}", example_ms(n), "transaction.confirmed_fraud", {"movement_id": f"old-{n}"}) for n in range(2)
    ]
    paid = [move(10 + n, f"m{n}", 100 if n == 0 else 900_000, account="victim") for n in range(2)]
    hits = say("counterparty_risk", *frauds, *paid, undo(20, paid[0]), undo(21, paid[1]))
    assert [tell(hit, "amount_minor", "account") for hit in hits] == [
        (100, "victim", ("m0",), False),
        (900_000, "victim", ("m1",), False),
        (900_000, "victim", ("m1",), True),
    ]
    assert {hit.started_ms for hit in hits} == {example_ms(10)}
