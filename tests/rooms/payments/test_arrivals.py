"""The dates at which the money of a withdrawal is at the customer's bank: usually, at the latest, and by whose word."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.connect.steps.payments import facts_of
from hotline.contracts.model import Instrument, MoneyState, MovementKind, MovementStatus
from hotline.kit.money import Money
from hotline.payments.answers import WITHDRAWAL_ARRIVED, WITHDRAWAL_OVERDUE, answer_of
from hotline.payments.arrivals import Promise, withdrawal_arrival
from hotline.payments.diagnosis import diagnose
from hotline.payments.failures import NextStep
from hotline.payments.items import movement_from, movement_item
from hotline.payments.model import Movement
from hotline.wording.catalogue import find
from tests.support.money_world import NOON, moved, movement_of
from tests.support.sweeps import sweep

S = MovementStatus
SHANGHAI = ZoneInfo("Asia/Shanghai")
BANK = Instrument("bank_account", "4242")
ABOUT = False


def withdrawn(status: MovementStatus = S.SUCCEEDED, **own: Any) -> Movement:
    stated: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "instrument": BANK, "merchant": None} | own
    return movement_of(moved(status, **stated))


@sweep(
    ("own", "promise"),
    [
        ({}, Promise(date(2026, 12, 1), date(2026, 12, 7), is_certain=ABOUT)),
        ({"instrument": Instrument("card")}, Promise(date(2026, 12, 3), date(2026, 12, 7), is_certain=ABOUT)),
        (
            {"instrument": Instrument("bank_card"), "provider": "wechat"},
            Promise(date(2026, 11, 25), date(2026, 11, 26), is_certain=ABOUT),
        ),
        # Thanksgiving is no business day of American banks.
        ({"amount": Money(100, "USD")}, Promise(date(2026, 12, 2), date(2026, 12, 8), is_certain=ABOUT)),
        ({"instrument": Instrument("shells")}, Promise(None, date(2026, 12, 7), is_certain=ABOUT)),
    ],
)
def test_a_withdrawal_is_dated_by_instrument_provider_and_the_banks_business_days(
    own: dict[str, Any], promise: Promise
) -> None:
    assert withdrawal_arrival(withdrawn(**own), SHANGHAI) == promise


@pytest.mark.parametrize("status", [S.SUCCEEDED, S.AUTHORISED])
def test_money_that_has_left_the_balance_is_dated(status: MovementStatus) -> None:
    assert withdrawal_arrival(withdrawn(status, money=MoneyState.DEBITED), SHANGHAI) is not None


@sweep(
    "movement",
    [
        withdrawn(S.AUTHORISED, money=MoneyState.HELD),
        withdrawn(S.FAILED, money=MoneyState.DEBITED),
        withdrawn(S.UNKNOWN),
        withdrawn(S.REVERSED),
        withdrawn(kind=MovementKind.TRANSFER),
        movement_of(moved(S.SUCCEEDED)),
    ],
)
def test_money_that_is_not_on_its_way_to_a_bank_has_no_such_date(movement: Movement) -> None:
    assert withdrawal_arrival(movement, SHANGHAI) is None


@pytest.mark.parametrize(
    ("expected_on", "promise"),
    [
        (date(2026, 11, 26), Promise(date(2026, 11, 26), date(2026, 12, 7))),
        (date(2026, 12, 20), Promise(None, date(2026, 12, 20))),
    ],
)
def test_the_providers_estimate_goes_before_our_figures(expected_on: date, promise: Promise) -> None:
    movement = withdrawn(expected_on=expected_on)
    assert withdrawal_arrival(movement, SHANGHAI) == promise
    assert movement_from(movement_item(movement)) == movement


def test_the_date_is_the_same_in_any_order_of_the_facts_and_does_not_move() -> None:
    own: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "instrument": BANK, "merchant": None}
    facts = (
        moved(S.AUTHORISED, money=MoneyState.DEBITED, **own),
        moved(S.SUCCEEDED, version=2, after_s=3 * 24 * 3600.0, **own),
    )
    for order in permutations(facts):
        assert withdrawal_arrival(movement_of(*order), SHANGHAI) == withdrawal_arrival(withdrawn(), SHANGHAI)


def test_days_begin_where_the_customer_is() -> None:
    late = NOON.replace(hour=20) - (NOON - timedelta(hours=2))
    movement = movement_of(
        moved(S.SUCCEEDED, kind=MovementKind.WITHDRAWAL, instrument=BANK, after_s=late.total_seconds())
    )
    in_china, in_london = withdrawal_arrival(movement, None), withdrawal_arrival(movement, ZoneInfo("Europe/London"))
    assert in_china is not None
    assert in_london is not None
    assert (in_china.latest_on, in_london.latest_on) == (date(2026, 12, 8), date(2026, 12, 7))


@sweep("status", [S.SUCCEEDED, S.AUTHORISED])
@sweep(
    ("now", "is_late"),
    [(datetime(2026, 12, 7, 15, 59, tzinfo=UTC), False), (datetime(2026, 12, 7, 16, 0, tzinfo=UTC), True)],
)
def test_after_the_latest_day_the_caller_is_sent_to_a_person(now: datetime, is_late: bool, status: S) -> None:
    movement = withdrawn(status, money=MoneyState.DEBITED)
    diagnosis = diagnose(movement, now, first=None)
    said = answer_of(movement, diagnosis, now, zone=SHANGHAI)
    assert (said.money == (WITHDRAWAL_OVERDUE,)) is is_late
    step = NextStep.SPEAK_TO_AGENT if is_late else diagnosis.next_step
    assert (said.step, said.next_step[-1]) == (step, f"next.{step}")
    # The days are those of the currency's banks where nobody says where the customer is.
    assert answer_of(movement, diagnosis, now) == said
    assert all(find(WITHDRAWAL_OVERDUE, language) is not None for language in ("en-US", "zh-CN"))
    assert "promised_on" in facts_of(movement, diagnosis, now, zone=SHANGHAI)


@pytest.mark.parametrize("status", [S.SUCCEEDED, S.AUTHORISED])
def test_money_that_has_arrived_is_told_to_be_there_and_needs_no_attention(status: MovementStatus) -> None:
    arrived_at = NOON + timedelta(days=2)
    movement = withdrawn(status, money=MoneyState.DEBITED, arrived_at=arrived_at, expected_on=date(2026, 11, 26))
    later = NOON + timedelta(days=60)
    said = answer_of(movement, diagnose(movement, later, first=None), later, zone=SHANGHAI)
    assert (said.money, said.arrival, said.arrived_at) == ((WITHDRAWAL_ARRIVED,), None, arrived_at)
    assert said.step is NextStep.NOTHING or status is S.AUTHORISED
    assert said.step is not NextStep.SPEAK_TO_AGENT
    assert not movement.needs_attention
    assert movement_from(movement_item(movement)) == movement
    assert "attention_pk" not in movement_item(movement)


def test_money_that_came_back_from_the_bank_has_not_arrived() -> None:
    own: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "instrument": BANK, "merchant": None}
    facts = (
        moved(S.SUCCEEDED, **own),
        moved(S.SUCCEEDED, version=2, after_s=3600.0, arrived_at=NOON, **own),
        moved(S.SUCCEEDED, version=3, after_s=7200.0, **own),
    )
    for order in permutations(facts):
        assert movement_of(*order).arrived_at is None
        assert movement_of(*order).is_sent_to_bank
    for order in permutations(facts[:2]):
        assert movement_of(*order).has_arrived


@pytest.mark.parametrize("status", [S.FAILED, S.REVERSED, S.UNKNOWN])
def test_the_time_of_an_arrival_says_nothing_of_money_that_did_not_go(status: MovementStatus) -> None:
    movement = withdrawn(status, arrived_at=NOON)
    said = answer_of(movement, diagnose(movement, NOON, first=None), NOON, zone=SHANGHAI)
    assert (movement.has_arrived, said.arrived_at) == (False, None)
    assert said.money != (WITHDRAWAL_ARRIVED,)
