"""Whether a refund may be had: every rule at its edge, the order of the rules, and amounts that make no sense."""

import inspect
import re
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

import pytest

from hotline.contracts.model import (
    Instrument,
    Merchant,
    MerchantPolicyPublished,
    MoneyState,
    MovementKind,
    MovementStatus,
    Purchase,
    RefundStatus,
)
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import LANGUAGES
from hotline.kit.money import Money
from hotline.payments.model import Movement
from hotline.refunds import folds, policy, rules
from hotline.refunds.items import inputs_from, inputs_item
from hotline.refunds.model import (
    MerchantPolicy,
    OfferOutcome,
    PolicyDecision,
    RecentRequest,
    RecentRequests,
    RefundOutcome,
    RefundReason,
    ReviewNeed,
)
from hotline.refunds.policy import AUTO_APPROVE_MINOR, DEFAULT_WALLET_POLICY, REQUEST_CAP_MINOR
from hotline.refunds.rules import CHANGE_OF_MIND
from hotline.wording.catalogue import find
from tests.support.money_world import ACCOUNT, INITIATED, NOON, SHOP, moved, movement_of, published, refunded
from tests.support.sweeps import sweep

Out, Why = RefundOutcome, RefundReason
PAID = movement_of(moved(MovementStatus.SUCCEEDED))


def merchant_policy(**own: Any) -> MerchantPolicy:
    fact = published(**own)
    assert isinstance(fact.data, MerchantPolicyPublished)
    return folds.fold_policy(None, fact, fact.data)


OPEN_HANDED = merchant_policy(auto_approve_minor=10**9)


def paid(minor: int = 12850, currency: str = "CNY", **own: Any) -> Movement:
    return movement_of(moved(MovementStatus.SUCCEEDED, amount=Money(minor, currency), **own))


def decide(
    movement: Movement = PAID,
    merchant: MerchantPolicy | None = OPEN_HANDED,
    *,
    reason: RefundReason = Why.CANCELLED,
    amount: Money | None = None,
    now: datetime = NOON,
    recent: int = 0,
    recent_age: timedelta = timedelta(days=1),
) -> PolicyDecision:
    earlier = RecentRequest("ref", now - recent_age, Money(1, "CNY"), None)
    return policy.decide(
        movement=movement,
        merchant=merchant,
        recent=RecentRequests(ACCOUNT, (earlier,) * recent),
        reason=reason,
        amount=amount,
        now=now,
    )


def test_an_ordinary_request_is_approved_whole_with_a_date() -> None:
    decision = decide()
    assert (decision.outcome, decision.amount, decision.decided_by) == (
        Out.APPROVED,
        Money(12850, "CNY"),
        "wallet.approve",
    )
    assert decision.promised_on == date(2026, 12, 7)


def test_every_rule_that_was_heard_is_in_the_decision_with_what_it_looked_at() -> None:
    decision = decide(merchant=merchant_policy(version=7))
    assert [result.rule for result in decision.rules] == [
        "reason.unauthorised",
        "movement.kind",
        "movement.captured",
        "movement.currency",
        "movement.left",
        "wallet.window",
        "provider.window",
        "provider.parts",
        "law.return",
        "merchant.window",
        "merchant.category",
        "wallet.request_cap",
        "wallet.velocity",
        "wallet.auto_approve",
        "merchant.auto_approve",
        "reason.delivered",
        "reason.evidence",
        "wallet.approve",
    ]
    heard = {result.rule: result.inputs for result in decision.rules}
    assert heard["merchant.auto_approve"] == {"amount_minor": 12850, "taken_minor": 0, "limit_minor": 50_000}
    assert decision.policy_version == "wallet-1/merchant-7/law-cn-1/providers-2"


WITHOUT_WORDS: Final = {"wallet.approve", "wallet.denied_rate", "reason.unauthorised", "law.return"}
"""Rules whose outcome says it all: approved, limited, and a dispute; and one that stands against nothing."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_that_may_stand_against_a_refund_has_its_words(language: str) -> None:
    source = inspect.getsource(rules)
    named = set(re.findall(r'(?:_says|_review_above)\(\s*"([a-z_.]+)"', source))
    assert {"movement.kind", "merchant.window", "wallet.request_cap"} <= named
    assert [rule for rule in named - WITHOUT_WORDS if find(f"refund.rule.{rule}", language) is None] == []


class Reading:
    """A merchant's policy that notes which of its fields are read."""

    def __init__(self, known: MerchantPolicy) -> None:
        self._known, self.read = known, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._known, name)


def test_every_field_that_a_merchant_publishes_is_read_by_a_rule() -> None:
    merchant = Reading(OPEN_HANDED)
    for amount in (None, Money(1, "CNY")):
        decide(merchant=cast("MerchantPolicy", merchant), amount=amount)
    # How long the merchant takes to answer is no rule, but a clock.
    names_the_policy = {"merchant_id", "fact_version", "answer_days"}
    assert merchant.read == {field.name for field in fields(MerchantPolicy)} - names_the_policy


def test_an_unauthorised_payment_is_a_dispute_whatever_else_holds() -> None:
    decision = decide(movement_of(moved(MovementStatus.FAILED)), reason=Why.UNAUTHORISED, amount=Money(-1, "EUR"))
    assert (decision.outcome, decision.decided_by) == (Out.ROUTE_DISPUTE, "reason.unauthorised")
    assert decision.promised_on is None


@sweep(
    ("kind", "outcome"),
    [
        (MovementKind.TRANSFER, Out.ROUTE_DISPUTE),
        (MovementKind.WITHDRAWAL, Out.NOT_ELIGIBLE),
        (MovementKind.TOP_UP, Out.NOT_ELIGIBLE),
        (MovementKind.BILL_PAYMENT, Out.NOT_ELIGIBLE),
    ],
)
def test_only_payments_are_refunded(kind: MovementKind, outcome: RefundOutcome) -> None:
    assert decide(paid(kind=kind)).outcome is outcome


def test_a_transfer_that_did_not_happen_is_no_dispute() -> None:
    movement = movement_of(moved(MovementStatus.FAILED, kind=MovementKind.TRANSFER))
    assert decide(movement).outcome is Out.NOT_ELIGIBLE


@sweep("status", [status for status in MovementStatus if status is not MovementStatus.SUCCEEDED])
def test_money_that_was_not_captured_is_not_refunded(status: MovementStatus) -> None:
    decision = decide(movement_of(moved(status, money=MoneyState.DEBITED)))
    assert (decision.outcome, decision.decided_by) == (Out.NOT_ELIGIBLE, "movement.captured")


def test_nothing_left_is_nothing_to_ask_for() -> None:
    movement = movement_of(moved(MovementStatus.SUCCEEDED), refunded(RefundStatus.SETTLED, minor=12850))
    assert decide(movement).decided_by == "movement.left"


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Out.APPROVED), (0, Out.APPROVED), (1, Out.NOT_ELIGIBLE)])
def test_the_wallets_window_is_365_days(seconds: int, outcome: RefundOutcome) -> None:
    now = INITIATED + timedelta(days=365, seconds=seconds)
    patient = merchant_policy(window_days=3650, auto_approve_minor=10**9)
    assert decide(merchant=patient, now=now).outcome is outcome


def test_the_wallets_window_counts_from_the_beginning_of_a_payment_and_the_providers_from_its_success() -> None:
    """The list of payments that a caller may choose from goes by the beginning, too."""
    late = Purchase(succeeded_at=INITIATED + timedelta(days=6))
    movement = movement_of(moved(MovementStatus.SUCCEEDED, provider="wechat", purchase=late))
    patient = merchant_policy(window_days=3650, auto_approve_minor=10**9)
    decision = decide(movement, merchant=patient, now=INITIATED + timedelta(days=370))
    heard = {result.rule: result.outcome for result in decision.rules}
    assert (decision.outcome, decision.decided_by) == (Out.NOT_ELIGIBLE, "wallet.window")
    assert heard.get("provider.window") is None


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Out.APPROVED), (0, Out.APPROVED), (1, Out.DENIED)])
def test_the_merchants_window_denies_what_comes_after_it(seconds: int, outcome: RefundOutcome) -> None:
    decision = decide(now=INITIATED + timedelta(days=30, seconds=seconds))
    assert decision.outcome is outcome
    assert (decision.decided_by == "merchant.window") is (outcome is Out.DENIED)


@pytest.mark.parametrize("reason", [Why.DUPLICATE, Why.NOT_RECEIVED, Why.SERVICE_NOT_RENDERED])
def test_where_nothing_can_be_given_back_the_merchants_window_means_a_review(reason: RefundReason) -> None:
    decision = decide(reason=reason, now=INITIATED + timedelta(days=31))
    assert (decision.outcome, decision.decided_by) == (Out.IN_REVIEW, "merchant.window")


@sweep("reason", [reason for reason in RefundReason if reason is not Why.UNAUTHORISED])
def test_excluded_categories_are_denied_for_a_change_of_mind_only(reason: RefundReason) -> None:
    decision = decide(paid(merchant=Merchant(SHOP.id, SHOP.name, "gift_card")), reason=reason)
    assert decision.outcome is (Out.DENIED if reason in CHANGE_OF_MIND else Out.APPROVED)


def test_a_denial_is_not_softened_by_a_reason_for_review() -> None:
    decision = decide(paid(10**7), now=INITIATED + timedelta(days=31), recent=9)
    assert (decision.outcome, decision.promised_on, decision.review) == (Out.DENIED, None, None)


def test_a_merchant_without_a_policy_has_approved_nothing() -> None:
    decision = decide(merchant=None)
    assert (decision.outcome, decision.decided_by) == (Out.IN_REVIEW, "merchant.auto_approve")
    assert decision.policy_version == "wallet-1/merchant-0/law-cn-1/providers-2"


@pytest.mark.parametrize(("over", "outcome"), [(-1, Out.APPROVED), (0, Out.APPROVED), (1, Out.IN_REVIEW)])
def test_up_to_the_merchants_limit_nobody_needs_to_look(over: int, outcome: RefundOutcome) -> None:
    assert decide(paid(7000 + over), merchant_policy(auto_approve_minor=7000)).outcome is outcome


def test_every_currency_with_a_limit_has_both_limits() -> None:
    assert set(AUTO_APPROVE_MINOR) == set(REQUEST_CAP_MINOR)


@sweep("currency", AUTO_APPROVE_MINOR)
@sweep(("over", "outcome"), [(-1, Out.APPROVED), (0, Out.APPROVED), (1, Out.IN_REVIEW)])
def test_up_to_the_wallets_limit_nobody_needs_to_look(currency: str, over: int, outcome: RefundOutcome) -> None:
    decision = decide(paid(AUTO_APPROVE_MINOR[currency] + over, currency))
    assert decision.outcome is outcome
    assert (decision.decided_by == "wallet.auto_approve") is (over > 0)


@sweep("currency", AUTO_APPROVE_MINOR)
@sweep(("over", "rule"), [(0, "wallet.auto_approve"), (1, "wallet.request_cap")])
def test_above_the_cap_it_is_the_cap_that_decides(currency: str, over: int, rule: str) -> None:
    assert decide(paid(REQUEST_CAP_MINOR[currency] + over, currency)).decided_by == rule


def test_a_currency_without_a_limit_is_looked_at() -> None:
    assert decide(paid(1, "SEK")).outcome is Out.IN_REVIEW


@pytest.mark.parametrize(("earlier", "outcome"), [(1, Out.APPROVED), (2, Out.APPROVED), (3, Out.IN_REVIEW)])
def test_the_fourth_refund_in_thirty_days_is_looked_at(earlier: int, outcome: RefundOutcome) -> None:
    assert decide(recent=earlier).outcome is outcome


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Out.IN_REVIEW), (0, Out.APPROVED), (1, Out.APPROVED)])
def test_requests_count_for_thirty_days(seconds: int, outcome: RefundOutcome) -> None:
    age = DEFAULT_WALLET_POLICY.velocity_window + timedelta(seconds=seconds)
    assert decide(recent=3, recent_age=age).outcome is outcome


@sweep(
    ("over", "reason", "review"),
    [
        (0, Why.DEFECTIVE, None),
        (1, Why.DEFECTIVE, ReviewNeed.EVIDENCE),
        (1, Why.WRONG_ITEM, ReviewNeed.EVIDENCE),
        (1, Why.NOT_AS_DESCRIBED, ReviewNeed.EVIDENCE),
        (1, Why.MISSING_ITEM, ReviewNeed.EVIDENCE),
        (1, Why.NOT_RECEIVED, ReviewNeed.EVIDENCE),
        (1, Why.CANCELLED, ReviewNeed.APPROVAL),
    ],
)
def test_reasons_that_evidence_can_show_need_some_above_the_merchants_limit(
    over: int, reason: RefundReason, review: ReviewNeed | None
) -> None:
    assert decide(paid(7000 + over), merchant_policy(auto_approve_minor=7000), reason=reason).review is review


def test_a_review_promises_an_answer_in_ten_business_days() -> None:
    assert decide(merchant=None).promised_on == date(2026, 12, 7)


@sweep(
    ("amount", "code"),
    [
        (Money(0, "CNY"), "amount_not_positive"),
        (Money(-1, "CNY"), "amount_not_positive"),
        (Money(12851, "CNY"), "amount_over_refundable"),
        (Money(1, "EUR"), "currency_differs"),
        (Money(99999, "EUR"), "currency_differs"),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(amount: Money, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        decide(amount=amount)


@pytest.mark.parametrize("minor", [12849, 12850])
def test_amounts_up_to_what_is_left_are_taken(minor: int) -> None:
    assert decide(amount=Money(minor, "CNY")).amount.minor == minor


def test_where_parts_are_not_permitted_only_the_whole_is() -> None:
    whole_only = merchant_policy(partial=False)
    assert decide(merchant=whole_only, amount=Money(12850, "CNY")).outcome is Out.APPROVED
    with pytest.raises(InvalidInput, match="partial_not_permitted"):
        decide(merchant=whole_only, amount=Money(12849, "CNY"))


def test_of_what_was_refunded_in_part_the_rest_is_the_whole() -> None:
    movement = movement_of(moved(MovementStatus.SUCCEEDED), refunded(RefundStatus.SETTLED, minor=5000))
    decision = decide(movement, merchant_policy(partial=False), amount=Money(7850, "CNY"))
    assert decision.outcome is Out.APPROVED


def test_an_offer_says_what_is_left_and_until_when_it_would_arrive() -> None:
    offered = policy.offer(paid(instrument=Instrument("balance")), merchant_policy(partial=False), NOON)
    assert (offered.outcome, offered.amount, offered.partial) == (OfferOutcome.OFFERED, Money(12850, "CNY"), False)
    assert offered.promised_on == date(2026, 11, 24)


def test_nothing_is_offered_while_a_refund_is_under_way() -> None:
    offered = policy.offer(replace(PAID, open_refund_id="ref_1"), None, NOON)
    assert (offered.outcome, offered.decided_by) == (OfferOutcome.NOT_ELIGIBLE, "movement.open_refund")
    assert (offered.barring_refund_id, offered.promised_on) == ("ref_1", None)


def test_a_transfer_is_offered_as_a_dispute() -> None:
    offered = policy.offer(paid(kind=MovementKind.TRANSFER), None, NOON)
    assert offered.outcome is OfferOutcome.ROUTE_DISPUTE


def test_inputs_that_were_stored_before_a_field_came_have_its_default() -> None:
    inputs = decide().inputs
    stored = inputs_item(inputs)
    del stored["paid_twice"]
    assert inputs_from(stored) == inputs
