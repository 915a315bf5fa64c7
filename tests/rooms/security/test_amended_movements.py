"""A movement that is told several times counts once, by its last amount; its party is known while it has been paid."""

from __future__ import annotations

from typing import Final

import pytest

from hotline.security.detectors import Event, History, Stream
from hotline.security.detectors.history import MOVEMENTS_MAX, PARTIES_MAX, PAYEES_MAX, PartyHistory
from hotline.security.detectors.rule import DAY_MS, HOUR_MS, MINUTE_MS
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from hotline.security.rules import RuleSet

ALL: Final = RuleSet.of((detector, detector.limits) for detector in DETECTORS)
T0: Final = 1_800_000_000_000
RULES: Final = {"reset_device_transfer", "drain", "velocity", "spend_anomaly", "pass_through"}


def told(
    name: str, minute: float, minor: int, *, status: str = "succeeded", version: int = 1, kind: str = "transfer",
    party: str = "mule", **more: object,
) -> Event:  # fmt: skip
    values = {"movement_id": name, "version": version, "kind": kind, "status": status, "amount_minor": minor}
    values |= {"currency": "CNY", "party": party, **more}
    return Event(f"{name}.{version}", T0 + round(minute * MINUTE_MS), f"{kind}.{status}", values)


def seen_by(*events: Event) -> dict[tuple[str, int], tuple[bool, dict[str, str | int]]]:
    """By rule and beginning, the last word on each finding: whether it stands, and its facts."""
    fold = Fold(ALL.plans[Stream.ACCOUNT])
    found = {}
    for event in events:
        for rule, hit in fold.take(event):
            found[rule.detector.rule, hit.started_ms] = (not hit.withdrawn, dict(hit.facts))
    return found


def standing(*events: Event) -> dict[str, dict[str, str | int]]:
    """The facts of the findings that stand, by rule."""
    return {rule: facts for (rule, _), (stands, facts) in seen_by(*events).items() if stands}


def life() -> list[Event]:
    """Two months of small purchases, then the signs of a takeover."""
    events = [Event("opened", T0 - 60 * DAY_MS, "account.opened", {"points": 2, "two_step": 0})]
    for day in range(60):
        minute = (day - 60) * DAY_MS / MINUTE_MS + 5
        login = {"device": "device-own", "ip": "address-own", "kind": "password"}
        events.append(Event(f"login-{day}", T0 + round(minute * MINUTE_MS), "login.succeeded", login))
        events.append(told(f"shop-{day}", minute + 1, 3_000 + 100 * (day % 7), kind="payment", party=f"shop-{day % 4}"))
    balance = {"currency": "CNY", "balance_minor": 1_000_000}
    events.append(Event("balance", T0 - HOUR_MS, "funds.balance_changed", balance))
    events.append(Event("reset", T0, "password.changed", {}))
    events.append(Event("device", T0 + MINUTE_MS, "device.registered", {"device": "device-9"}))
    return events


def came(minute: float) -> Event:
    return told("in", minute, 1_000_000, direction="in", party="victim")


@pytest.mark.parametrize("status", ["authorised", "unknown"])
def test_a_movement_that_is_authorised_small_and_succeeds_large_is_found_like_a_large_one(status: str) -> None:
    small = told("theft", 10, 100, status=status)
    grown, plain = told("theft", 15, 1_000_000, version=2), told("theft", 15, 1_000_000)
    assert standing(*life(), small, grown) == standing(*life(), plain)
    assert {"reset_device_transfer", "drain", "spend_anomaly"} <= standing(*life(), plain).keys()
    assert not standing(*life(), small).keys() & RULES


def test_money_that_is_passed_on_by_a_movement_that_grows_is_found() -> None:
    small, grown = told("out", 10, 100, status="authorised"), told("out", 15, 1_000_000, version=2)
    assert (
        standing(came(0), small, grown)["pass_through"] == standing(came(0), told("out", 15, 1_000_000))["pass_through"]
    )


def test_a_movement_that_succeeds_with_less_is_taken_from_its_findings() -> None:
    held = told("theft", 10, 900_000, status="authorised")
    assert "reset_device_transfer" in standing(*life(), held)
    assert not standing(*life(), held, told("theft", 20, 100, version=2)).keys() & RULES


def test_a_movement_that_is_told_again_with_its_amount_counts_once() -> None:
    once = told("theft", 10, 120_000, status="authorised")
    for again in (told("theft", 20, 120_000, status="authorised", version=2), told("theft", 20, 120_000, version=2)):
        assert standing(*life(), once, again)["reset_device_transfer"]["transfers"] == 1
        assert standing(*life(), once, again) == standing(*life(), once)


def test_the_balance_and_the_risk_are_those_of_the_last_amount() -> None:
    fold = Fold(ALL.plans[Stream.ACCOUNT])
    for event in (*life(), told("theft", 10, 100, status="authorised"), told("theft", 15, 900_000, version=2)):
        fold.take(event)
    history = fold.history
    assert isinstance(history, History)
    assert history.balances["CNY"][0] == 100_000
    assert history.balance_before_minor == 1_000_000
    assert (history.is_first_party, history.day_minor) == (True, 0)
    assert fold.risk is not None
    assert fold.risk.amount > 0
    assert not history.held


@pytest.mark.parametrize("others", [MOVEMENTS_MAX - 1, MOVEMENTS_MAX + 12])
def test_a_movement_that_is_authorised_is_known_again_after_many_others(others: int) -> None:
    """An old withdrawal that settles after a new password and a new phone is no theft."""
    at = -30 * HOUR_MS / MINUTE_MS
    held = told("old", at, 160_000, status="authorised", kind="withdrawal", party="agent")
    shops = [told(f"s{number}", at + 1 + number, 500, kind="payment", party="shop-1") for number in range(others)]
    before, signs = life()[:-2], life()[-2:]
    events = (*before, held, *shops, *signs)
    settled = told("old", 30, 160_000, version=2, kind="withdrawal", party="agent")
    assert seen_by(*events, settled) == seen_by(*events)
    assert "reset_device_transfer" not in standing(*events)


def test_a_transfer_that_fails_after_many_others_is_taken_from_its_finding() -> None:
    shops = [told(f"s{n}", 20 + n, 500, kind="payment", party="shop-1") for n in range(2 * MOVEMENTS_MAX)]
    theft = told("theft", 10, 160_000)
    assert "reset_device_transfer" in standing(*life(), theft, *shops)
    for status in ("failed", "reversed"):
        back = told("theft", 200, 160_000, status=status, version=2)
        assert "reset_device_transfer" not in standing(*life(), theft, *shops, back)


def test_a_payment_that_fails_at_once_is_one_that_failed() -> None:
    tries = [told(f"t{n}", n, 100, status="failed", kind="payment", party=f"shop-{n}") for n in range(5)]
    assert "card_testing" in standing(*tries, told("large", 9, 90_000, kind="payment", party="shop-9"))


def test_amounts_that_are_held_are_bounded_and_the_latest_are_kept() -> None:
    history = History()
    for number in range(3 * MOVEMENTS_MAX):
        event = told(f"m{number}", number, 100 + number, status="authorised")
        history.take(event.type, event.at_ms, event.values)
    assert len(history.movements) == MOVEMENTS_MAX
    assert list(history.held) == [f"m{number}" for number in range(2 * MOVEMENTS_MAX, 3 * MOVEMENTS_MAX)]
    again = History(history.store())
    assert (again.held, again.movements) == (history.held, history.movements)


def test_a_party_counts_a_movement_that_grows_once() -> None:
    history = PartyHistory()
    events = told("m", 0, 100, status="authorised"), told("m", 1, 900, version=2)
    assert [history.take(one.type, one.at_ms, one.values) for one in events] == ["money.left", None]


def paid(history: History, *events: Event) -> list[bool]:
    """Whether each movement was the first one to its party."""
    firsts = []
    for event in events:
        history.take(event.type, event.at_ms, event.values)
        firsts.append(history.is_first_party)
    return firsts


def test_a_landlord_is_known_however_many_shops_were_paid_since() -> None:
    history = History()
    shops = [told(f"s{n}", 10 + n, 500, kind="payment", party=f"shop-{n}") for n in range(3 * PARTIES_MAX)]
    assert paid(history, told("rent-1", 0, 300_000, party="landlord")) == [True]
    assert all(paid(history, *shops))
    again = History(history.store())
    assert paid(again, told("rent-2", 43_000, 300_000, party="landlord")) == [False]
    assert len(again.parties) == PARTIES_MAX


def test_a_shop_is_known_however_many_people_were_paid_since() -> None:
    history = History()
    people = [told(f"p{n}", 10 + n, 500, party=f"person-{n}") for n in range(3 * PARTIES_MAX)]
    paid(history, told("tea", 0, 500, kind="payment", party="shop"), *people)
    assert sum(history.parties.values()) == len(history.parties) - 1 == PARTIES_MAX - 1
    # A shop is the last of its kind here, and more payees than PAYEES_MAX go first.
    assert paid(history, told("tea-2", 900, 500, kind="payment", party="shop")) == [False]
    assert PAYEES_MAX < PARTIES_MAX


def test_a_shop_that_is_also_sent_money_is_a_payee() -> None:
    history = History()
    paid(history, told("tea", 0, 500, kind="payment"), told("sent", 1, 500), told("tea-2", 2, 500, kind="payment"))
    assert history.parties == {"mule": True}


@pytest.mark.parametrize("status", ["failed", "reversed"])
def test_a_payee_whose_only_money_came_back_is_a_stranger_again(status: str) -> None:
    """A thief would have a yuan fail, a day before, to make somebody known."""
    history = History()
    first = told("yuan", 0, 100, status="authorised")
    back = told("yuan", 5, 100, status=status, version=2)
    assert paid(history, first)[-1:] == [True]
    history.take(back.type, back.at_ms, back.values)
    assert paid(history, told("all", 1_500, 900_000)) == [True]


def test_a_payee_of_old_stays_known_when_money_comes_back() -> None:
    history = History()
    paid(history, told("old", 0, 500), told("new", 2_000, 500))
    back = told("new", 2_005, 500, status="reversed", version=2)
    history.take(back.type, back.at_ms, back.values)
    assert paid(history, told("next", 2_010, 500)) == [False]


def tried() -> list[Event]:
    return [told(f"t{n}", n, 100, status="failed", kind="payment", party=f"shop-{n}") for n in range(5)]


@pytest.mark.parametrize("captured", [90_100, 100_000, 60_000, 400_000])
def test_a_card_that_was_tried_is_found_whatever_is_captured(captured: int) -> None:
    held = told("large", 9, 90_000, status="authorised", kind="payment", party="shop-9")
    settled = told("large", 60, captured, version=2, kind="payment", party="shop-9")
    assert "card_testing" in standing(*tried(), held, settled)


def test_a_large_payment_that_fails_frees_no_later_one() -> None:
    held = told("large", 9, 90_000, status="authorised", kind="payment", party="shop-9")
    gone = told("large", 10, 90_000, status="failed", version=2, kind="payment", party="shop-9")
    assert "card_testing" not in standing(*tried(), held, gone)
    assert "card_testing" in standing(*tried(), held, gone, told("next", 20, 90_000, kind="payment", party="shop-9"))


@pytest.mark.parametrize("captured", [105, 125, 300])
def test_payments_that_are_captured_with_another_amount_pay_for_one_refund_each(captured: int) -> None:
    """Rules that take nothing back count the first telling alone."""
    paid_for = [told(f"m{n}", n, 10_000, kind="payment", party="shop", status="authorised") for n in range(6)]
    settled = [told(f"m{n}", 10 + n, 100 * captured, version=2, kind="payment", party="shop") for n in range(6)]
    refunds = [
        Event(f"r{n}", T0 + (30 + n) * MINUTE_MS, "refund.settled", {
            "refund_id": f"r{n}", "movement_id": f"m{n}", "status": "settled",
            "amount_minor": 10_000, "currency": "CNY",
        })
        for n in range(6)
    ]  # fmt: skip
    assert standing(*paid_for, *settled, *refunds).get("refund_abuse") == standing(*paid_for, *refunds).get(
        "refund_abuse"
    )


@pytest.mark.parametrize(("settled", "stands"), [(99, False), (125, False), (126, True), (80, False), (79, True)])
def test_a_tip_or_a_fee_is_no_other_amount(settled: int, stands: bool) -> None:
    history = History()
    told_once, again = told("m", 0, 100, status="authorised"), told("m", 5, settled, version=2)
    history.take(told_once.type, told_once.at_ms, told_once.values)
    assert history.take(again.type, again.at_ms, again.values) == ("money.changed" if stands else None)
    assert not history.held


def test_a_payee_that_was_sent_more_stays_known_when_the_first_money_comes_back() -> None:
    history = History()
    paid(history, told("a", 0, 100, party="friend"), told("b", 5, 500, party="friend"))
    back = told("a", 9, 100, status="failed", version=2, party="friend")
    history.take(back.type, back.at_ms, back.values)
    assert paid(history, told("c", 20, 500, party="friend")) == [False]


def test_movements_that_are_never_settled_leave_half_of_the_room() -> None:
    history = History()
    for number in range(3 * MOVEMENTS_MAX):
        status = "authorised" if number < MOVEMENTS_MAX else "succeeded"
        event = told(f"m{number}", number, 100, status=status, kind="payment", party="shop")
        history.take(event.type, event.at_ms, event.values)
    assert len(history.held) == MOVEMENTS_MAX // 2
    assert len(history.movements) == MOVEMENTS_MAX
