"""Limits of laws and providers: the days of a return, the goods without one, and the smallest window."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline.contracts.model import Instrument, Merchant, MerchantPolicyPublished, MovementStatus, Purchase
from hotline.kit.money import Money
from hotline.payments.model import Movement
from hotline.refunds import folds, laws, policy, providers
from hotline.refunds.items import inputs_from, inputs_item
from hotline.refunds.model import (
    MerchantPolicy,
    PolicyDecision,
    RecentRequests,
    RefundOutcome,
    RefundReason,
    Remedy,
)
from tests.support.money_world import ACCOUNT, INITIATED, NOON, SHOP, moved, movement_of, published
from tests.support.sweeps import sweep

Out, Why = RefundOutcome, RefundReason
SHANGHAI = ZoneInfo("Asia/Shanghai")
SIGNED = date(2026, 11, 25)


def merchant_policy(**own: Any) -> MerchantPolicy:
    fact = published(**{"auto_approve_minor": 10**9, **own})
    assert isinstance(fact.data, MerchantPolicyPublished)
    return folds.fold_policy(None, fact, fact.data)


SHORT = merchant_policy(window_days=0)
"""A merchant that takes nothing back."""


CARD = Instrument("card", "4242")


def bought(
    category: str = "food",
    currency: str = "CNY",
    *,
    minor: int = 5000,
    provider: str | None = None,
    instrument: Instrument = CARD,
    **own: Any,
) -> Movement:
    purchase = Purchase(**{"sold_remotely": True, "delivered_on": SIGNED, **own})
    shop = Merchant(SHOP.id, SHOP.name, category)
    told: dict[str, Any] = {
        "amount": Money(minor, currency),
        "merchant": shop,
        "purchase": purchase,
        "provider": provider,
        "instrument": instrument,
    }
    return movement_of(moved(MovementStatus.SUCCEEDED, **told))


def decide(
    movement: Movement, *, at: datetime, reason: RefundReason = Why.NO_REASON_RETURN, **own: Any
) -> PolicyDecision:
    return policy.decide(
        movement=movement,
        recent=RecentRequests(ACCOUNT),
        reason=reason,
        amount=None,
        now=at,
        **{"merchant": SHORT, "time_zone": "Asia/Shanghai", **own},
    )


def noon_on(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("days", "outcome"), [(0, Out.APPROVED), (7, Out.APPROVED), (8, Out.DENIED)])
def test_in_china_goods_go_back_for_seven_days_from_the_day_after_signing(days: int, outcome: RefundOutcome) -> None:
    assert decide(bought(), at=noon_on(SIGNED + timedelta(days=days))).outcome is outcome


def test_the_seventh_day_ends_where_the_customer_is() -> None:
    end = datetime(2026, 12, 3, tzinfo=SHANGHAI)
    assert decide(bought(), at=end - timedelta(milliseconds=1)).outcome is Out.APPROVED
    assert decide(bought(), at=end).outcome is Out.DENIED
    assert decide(bought(), at=end, time_zone=None).outcome is Out.APPROVED


@sweep("category", ["made_to_order", "Custom-Made", "perishable", "opened digital", "newspaper"])
def test_some_goods_are_never_given_back_without_a_reason(category: str) -> None:
    assert decide(bought(category), at=noon_on(SIGNED)).decided_by == "merchant.window"


@sweep("category", ["changed_by_use", "near_expiry", "marked_defect"])
@sweep(("waived", "outcome"), [(True, Out.DENIED), (False, Out.APPROVED)])
def test_other_goods_are_not_where_the_customer_confirmed_so(
    category: str, waived: bool, outcome: RefundOutcome
) -> None:
    assert decide(bought(category, return_waived=waived), at=noon_on(SIGNED)).outcome is outcome


def test_a_confirmation_takes_the_right_from_no_other_goods() -> None:
    assert decide(bought("clothes", return_waived=True), at=noon_on(SIGNED)).outcome is Out.APPROVED


def test_a_merchants_own_exclusion_does_not_stand_against_the_law() -> None:
    strict = merchant_policy(categories=("clothes",))
    by_law, in_shop = bought("clothes"), bought("clothes", sold_remotely=False)
    assert decide(by_law, at=noon_on(SIGNED), merchant=strict).outcome is Out.APPROVED
    assert decide(in_shop, at=noon_on(SIGNED), merchant=strict).decided_by == "merchant.category"


def test_while_nobody_told_that_the_goods_came_a_person_looks() -> None:
    decision = decide(bought(delivered_on=None), at=NOON + timedelta(days=20))
    assert (decision.outcome, decision.decided_by) == (Out.IN_REVIEW, "merchant.window")


@pytest.mark.parametrize("reason", [Why.PRICE_ADJUSTMENT, Why.OTHER])
def test_the_right_to_return_is_no_right_to_another_price(reason: RefundReason) -> None:
    assert decide(bought(), at=noon_on(SIGNED), reason=reason).outcome is Out.DENIED


@sweep(
    ("purchase", "currency", "label"),
    [
        ({}, "CNY", "cn-1"),
        ({}, "EUR", "eu-1"),
        ({}, "GBP", "uk-1"),
        ({}, "USD", "us-1"),
        ({}, "JPY", "0"),
        ({"country": "DE"}, "CNY", "eu-1"),
        ({"country": "CN"}, "USD", "cn-1"),
        ({"country": "JP"}, "CNY", "0"),
    ],
)
def test_the_law_is_that_of_the_country_else_of_the_currency(
    purchase: dict[str, Any], currency: str, label: str
) -> None:
    decision = decide(bought(currency=currency, **purchase), at=noon_on(SIGNED))
    assert f"/law-{label}/" in decision.policy_version


@pytest.mark.parametrize(("currency", "days"), [("EUR", 14), ("GBP", 14)])
def test_the_other_profiles_are_read_by_the_same_rule(currency: str, days: int) -> None:
    last = noon_on(SIGNED + timedelta(days=days))
    assert decide(bought(currency=currency), at=last).outcome is Out.APPROVED
    assert decide(bought(currency=currency), at=last + timedelta(days=1)).outcome is Out.DENIED


def test_american_law_gives_no_such_right() -> None:
    assert decide(bought(currency="USD"), at=noon_on(SIGNED)).outcome is Out.DENIED


def test_every_figure_of_a_profile_has_its_source() -> None:
    for profile in laws.PROFILES.values():
        clocks = [profile.payback, profile.unauthorised, profile.investigation, profile.complaint]
        assert all(clock.source and clock.days > 0 for clock in clocks if clock is not None)
        assert (profile.return_days > 0) is (profile.return_source != "-")
        named = profile.excluded | profile.excluded_by_waiver
        assert {laws.category_of(one) for one in named} == named


PATIENT = merchant_policy(window_days=3650)


@sweep(
    ("provider", "end"),
    [
        ("wechat", INITIATED + timedelta(days=365)),
        ("alipay", datetime(2027, 11, 23, 9, tzinfo=UTC)),
        ("paypal", INITIATED + timedelta(days=180)),
        ("razorpay", datetime(2027, 5, 23, 9, tzinfo=UTC)),
    ],
)
def test_nothing_is_approved_that_the_provider_refuses(provider: str, end: datetime) -> None:
    movement = bought(provider=provider)
    asked: dict[str, Any] = {"merchant": PATIENT, "reason": Why.DUPLICATE}
    assert decide(movement, at=end, **asked).outcome is Out.APPROVED
    late = decide(movement, at=end + timedelta(seconds=1), **asked)
    assert late.outcome is Out.NOT_ELIGIBLE
    assert late.decided_by in ("provider.window", "wallet.window")


@sweep(
    ("provider", "named", "days"),
    [
        (None, "paypal", 180),
        ("stripe", "stripe", 180),
        ("paypal", "paypal", 180),
        ("wechat", "wechat", 180),
        ("cybersource", "cybersource", 60),
    ],
)
def test_a_payment_with_paypal_has_paypals_window_whoever_moved_the_money(
    provider: str | None, named: str, days: int
) -> None:
    movement, end = bought(provider=provider, instrument=Instrument("PayPal")), INITIATED + timedelta(days=days)
    asked: dict[str, Any] = {"merchant": PATIENT, "reason": Why.DUPLICATE}
    assert decide(movement, at=end, **asked).outcome is Out.APPROVED
    late = decide(movement, at=end + timedelta(seconds=1), **asked)
    assert (late.outcome, late.decided_by) == (Out.NOT_ELIGIBLE, "provider.window")
    assert (late.rules[-1].inputs["provider"], late.rules[-1].inputs["window_days"]) == (named, days)
    assert policy.offer(movement, PATIENT, end + timedelta(seconds=1)).decided_by == "provider.window"
    assert decide(movement, at=NOON, **asked).promised_on == NOON.date() + timedelta(days=30)


def test_a_provider_counts_from_the_success_of_the_payment() -> None:
    movement = bought(provider="paypal", succeeded_at=INITIATED + timedelta(days=2))
    at = INITIATED + timedelta(days=181)
    assert decide(movement, at=at, merchant=PATIENT, reason=Why.DUPLICATE).outcome is Out.APPROVED


def test_the_law_does_not_stretch_the_window_of_a_provider() -> None:
    at = INITIATED + timedelta(days=181)
    movement = bought(provider="paypal", delivered_on=at.date())
    decision = decide(movement, at=at)
    assert (decision.outcome, decision.decided_by) == (Out.NOT_ELIGIBLE, "provider.window")
    assert policy.offer(movement, SHORT, at).decided_by == "provider.window"


def test_twelve_months_end_on_the_last_day_of_a_shorter_month() -> None:
    paid_at = datetime(2028, 2, 29, 9, tzinfo=UTC)
    assert providers.window_end("alipay", paid_at) == datetime(2029, 2, 28, 9, tzinfo=UTC)
    assert providers.window_end("razorpay", datetime(2026, 8, 31, 9, tzinfo=UTC)) == datetime(
        2027, 2, 28, 9, tzinfo=UTC
    )


def test_a_provider_without_figures_sets_no_limit() -> None:
    assert providers.window_end("corner bank", NOON) is None
    assert providers.parts_max(None) is None


def refunded_in(parts: int, provider: str | None) -> PolicyDecision:
    return decide(replace(bought(provider=provider), refund_count=parts), at=NOON, merchant=PATIENT)


@pytest.mark.parametrize(("parts", "outcome"), [(49, Out.APPROVED), (50, Out.NOT_ELIGIBLE)])
def test_wechat_refunds_a_payment_fifty_times(parts: int, outcome: RefundOutcome) -> None:
    assert refunded_in(parts, "wechat").outcome is outcome
    assert refunded_in(parts, None).outcome is Out.APPROVED


def test_goods_that_somebody_signed_for_and_that_are_missed_are_looked_at() -> None:
    decision = decide(bought(), at=NOON, reason=Why.NOT_RECEIVED, merchant=PATIENT)
    assert (decision.outcome, decision.decided_by) == (Out.IN_REVIEW, "reason.delivered")
    assert policy.remedies_of(decision.rules) == (Remedy.CARRIER_STATUS,)


@pytest.mark.parametrize(("over", "wanted"), [(0, False), (1, True)])
def test_a_merchant_says_above_which_amount_it_wants_to_see_something(over: int, wanted: bool) -> None:
    merchant = merchant_policy(evidence_above_minor=5000 - over)
    decision = decide(bought(), at=NOON, reason=Why.DEFECTIVE, merchant=merchant)
    assert (policy.remedies_of(decision.rules) == (Remedy.PHOTO,)) is wanted
    assert decision.outcome is (Out.IN_REVIEW if wanted else Out.APPROVED)


@sweep("reason", [reason for reason in Why if reason is not Why.UNAUTHORISED])
def test_the_kept_inputs_give_the_same_decision_again(reason: RefundReason) -> None:
    for movement in (bought(), bought("perishable", delivered_on=None, provider="wechat", country="DE")):
        made = decide(movement, at=NOON + timedelta(days=3), reason=reason)
        kept = inputs_from(inputs_item(made.inputs))
        assert kept == made.inputs
        assert policy.evaluate(kept).rules == made.rules
