"""Whether a refund may be had, and at once or after review. Pure.

Rules speak in this order, and the wallet's own come before the merchant's. First come payments that cannot be refunded
at all, then those that the merchant need not take back, then those that somebody must look at. Everything else is
approved. The first rule that forbids ends it; of those that want a review all are heard, and the first one decides.
Nothing is ever denied for being suspicious: unusual requests are looked at. Every rule that was heard is in the
decision, with what it looked at. A payment that the customer did not authorise is a dispute, never a refund. Rights
that a law gives beyond both policies would come before all rules; none is modelled yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.payments.model import REFUNDABLE_WINDOW, MoneyState, Movement, MovementKind, MovementStatus

from .model import (
    MerchantPolicy,
    OfferOutcome,
    PolicyDecision,
    RecentRequests,
    RefundError,
    RefundOffer,
    RefundOutcome,
    RefundReason,
    ReviewNeed,
    RuleResult,
)
from .promises import Promise, arrival_promise, review_promise

CHANGE_OF_MIND = frozenset({RefundReason.NO_REASON_RETURN, RefundReason.CANCELLED, RefundReason.PRICE_ADJUSTMENT})
"""Reasons for which a merchant may exclude categories of goods."""
NOTHING_TO_GIVE_BACK = frozenset({RefundReason.DUPLICATE, RefundReason.NOT_RECEIVED, RefundReason.SERVICE_NOT_RENDERED})
"""A merchant's window is for giving things back; where there is nothing to give back, a person looks after it."""
NEEDS_EVIDENCE = frozenset({RefundReason.DEFECTIVE, RefundReason.NOT_AS_DESCRIBED, RefundReason.WRONG_ITEM})
"""Reasons that a merchant may want to see pictures for, above the amount that it approves unseen."""


AUTO_APPROVE_MINOR = MappingProxyType(
    {"CNY": 50_000, "EUR": 6_000, "USD": 6_000, "GBP": 5_000, "HKD": 50_000, "JPY": 10_000}
)
REQUEST_CAP_MINOR = MappingProxyType(
    {"CNY": 500_000, "EUR": 60_000, "USD": 60_000, "GBP": 50_000, "HKD": 500_000, "JPY": 100_000}
)


@dataclass(frozen=True, slots=True)
class WalletPolicy:
    """The wallet's own limits. Amounts are minor units by currency; a currency without one always goes to review."""

    version: str = "wallet-1"
    window: timedelta = REFUNDABLE_WINDOW
    auto_approve_minor: Mapping[str, int] = AUTO_APPROVE_MINOR
    """Up to this of one payment, in one request or several, no person needs to look."""
    request_cap_minor: Mapping[str, int] = REQUEST_CAP_MINOR
    """Above this of one payment a person looks whatever else is said."""
    velocity_window: timedelta = timedelta(days=30)
    velocity_max: int = 3
    """More than so many refunds in the window are looked at (as public refund policy engines do)."""
    denied_window: timedelta = timedelta(days=1)
    denied_max: int = 5
    """So many denied requests of an account are recorded and told of in the window. Each costs the wallet two decisions
    and messages, and its asker nothing. It stays below the six notices of a kind that a number gets in a day."""


DEFAULT_WALLET_POLICY = WalletPolicy()


@dataclass(frozen=True, slots=True)
class _Question:
    movement: Movement
    merchant: MerchantPolicy | None
    wallet: WalletPolicy
    recent: RecentRequests
    reason: RefundReason
    amount: Money
    now: datetime
    time_zone: str | None

    @property
    def age_days(self) -> int:
        return (self.now - self.movement.ref.initiated_at).days

    @property
    def taken_minor(self) -> int:
        """The amount that refunds have taken of the payment so far: those that arrived, and those that are under
        way."""
        return self.movement.captured_minor - self.movement.refundable_minor


type _Rule = Callable[[_Question], RuleResult]


def _says(rule: str, outcome: RefundOutcome | None, **inputs: str | int | bool) -> RuleResult:
    return RuleResult(rule, outcome, inputs)


def _kind(movement: Movement) -> RuleResult:
    """Only payments to merchants are refunded; money that went to somebody else is a dispute."""
    kind = movement.ref.kind
    outcome: RefundOutcome | None = None
    if kind is not MovementKind.PAYMENT:
        gone = movement.status is MovementStatus.SUCCEEDED and movement.money is MoneyState.DEBITED
        sent_away = kind in (MovementKind.TRANSFER, MovementKind.WITHDRAWAL) and gone
        outcome = RefundOutcome.ROUTE_DISPUTE if sent_away else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.kind", outcome, kind=kind.value)


def _judge_captured(movement: Movement) -> RuleResult:
    """Money that was never taken cannot be given back."""
    outcome = None if movement.captured_minor > 0 else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.captured", outcome, status=movement.status.value, money=movement.money.value)


def _currency(movement: Movement) -> RuleResult:
    """With a refund in another currency nobody can say what is left; a person looks, see payments.due."""
    outcome = RefundOutcome.NOT_ELIGIBLE if movement.mixed_currencies else None
    return _says("movement.currency", outcome, mixed=movement.mixed_currencies)


def _judge_left(movement: Movement) -> RuleResult:
    """Refunds never exceed the capture."""
    outcome = None if movement.refundable_minor > 0 else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.left", outcome, refundable_minor=movement.refundable_minor)


def _window_cap(movement: Movement, wallet: WalletPolicy, now: datetime) -> RuleResult:
    """Exactly at the end of the window a refund may still be asked for."""
    outcome = None if now - movement.ref.initiated_at <= wallet.window else RefundOutcome.NOT_ELIGIBLE
    age_days = (now - movement.ref.initiated_at).days
    return _says("wallet.window", outcome, age_days=age_days, window_days=wallet.window.days)


def _judge_unauthorised(question: _Question) -> RuleResult:
    outcome = RefundOutcome.ROUTE_DISPUTE if question.reason is RefundReason.UNAUTHORISED else None
    return _says("reason.unauthorised", outcome, reason=question.reason.value)


def _merchant_window(question: _Question) -> RuleResult:
    if question.merchant is None:
        return _says("merchant.window", None, policy=False)
    days, age = question.merchant.window_days, question.now - question.movement.ref.initiated_at
    outcome: RefundOutcome | None = None
    if age > timedelta(days=days):
        looked_at = question.reason in NOTHING_TO_GIVE_BACK
        outcome = RefundOutcome.IN_REVIEW if looked_at else RefundOutcome.DENIED
    return _says("merchant.window", outcome, age_days=question.age_days, window_days=days)


def _merchant_category(question: _Question) -> RuleResult:
    merchant = question.movement.ref.merchant
    category = (merchant.category if merchant else None) or "-"
    excluded = question.merchant is not None and category in question.merchant.categories
    outcome = RefundOutcome.DENIED if excluded and question.reason in CHANGE_OF_MIND else None
    return _says("merchant.category", outcome, category=category, excluded=excluded)


def _request_cap(question: _Question) -> RuleResult:
    cap = question.wallet.request_cap_minor.get(question.amount.currency, 0)
    return _review_above("wallet.request_cap", question, cap)


def _velocity(question: _Question) -> RuleResult:
    since = question.now - question.wallet.velocity_window
    count = sum(1 for request in question.recent.requests if request.at > since) + 1
    outcome = RefundOutcome.IN_REVIEW if count > question.wallet.velocity_max else None
    return _says("wallet.velocity", outcome, count=count, max=question.wallet.velocity_max)


def _wallet_limit(question: _Question) -> RuleResult:
    limit = question.wallet.auto_approve_minor.get(question.amount.currency, 0)
    return _review_above("wallet.auto_approve", question, limit)


def _merchant_limit(question: _Question) -> RuleResult:
    """A merchant without a policy approves nothing automatically."""
    return _review_above("merchant.auto_approve", question, _merchant_auto(question))


def _evidence(question: _Question) -> RuleResult:
    above = question.taken_minor + question.amount.minor > _merchant_auto(question)
    wanted = question.reason in NEEDS_EVIDENCE and above
    outcome = RefundOutcome.IN_REVIEW if wanted else None
    return _says("reason.evidence", outcome, reason=question.reason.value, wanted=wanted)


def _merchant_auto(question: _Question) -> int:
    return question.merchant.auto_approve_minor if question.merchant else 0


def _review_above(rule: str, question: _Question, limit_minor: int) -> RuleResult:
    """A limit is for a payment, not for a request: asked for in parts it is the same money."""
    amount, taken = question.amount.minor, question.taken_minor
    outcome = RefundOutcome.IN_REVIEW if taken + amount > limit_minor else None
    return _says(rule, outcome, amount_minor=amount, taken_minor=taken, limit_minor=limit_minor)


_RULES: tuple[_Rule, ...] = (
    _merchant_window, _merchant_category, _request_cap, _velocity, _wallet_limit, _merchant_limit, _evidence,
)  # fmt: skip


def decide(
    *,
    movement: Movement,
    merchant: MerchantPolicy | None,
    recent: RecentRequests,
    reason: RefundReason,
    amount: Money | None,
    now: datetime,
    wallet: WalletPolicy = DEFAULT_WALLET_POLICY,
    time_zone: str | None = None,
) -> PolicyDecision:
    """The decision on a request; `amount` None asks for all that is left. `time_zone`: where the customer's days begin.

    Raises InvalidInput for an amount that makes no sense: amount_not_positive, currency_differs,
    amount_over_refundable, partial_not_permitted.
    """
    left = Money(movement.refundable_minor, movement.amount.currency)
    question = _Question(movement, merchant, wallet, recent, reason, amount or left, now, time_zone)
    heard = [_judge_unauthorised(question)]
    if heard[0].outcome is None:
        heard += _eligibility(movement, wallet, now)
    forbidden = next((result for result in heard if result.outcome is not None), None)
    if forbidden is None:
        _check_amount(question.amount, left, merchant)
        for rule in _RULES:
            heard.append(rule(question))
            if heard[-1].outcome is RefundOutcome.DENIED:
                heard.append(_judge_denied_rate(question))
                break
    return _decision(question, tuple(heard))


def takes_second_person(taken: Money, wallet: WalletPolicy = DEFAULT_WALLET_POLICY) -> bool:
    """Whether the decision on a refund in review takes two people. `taken`: all that refunds have taken of the payment,
    this one too. One person alone decides up to the cap of a payment; a currency without a cap has none."""
    return taken.minor > wallet.request_cap_minor.get(taken.currency, 0)


def _eligibility(movement: Movement, wallet: WalletPolicy, now: datetime) -> list[RuleResult]:
    """The rules about the movement alone, up to the first that forbids."""
    heard: list[RuleResult] = []
    rules = (_kind(movement), _judge_captured(movement), _currency(movement), _judge_left(movement))
    for result in (*rules, _window_cap(movement, wallet, now)):
        heard.append(result)
        if result.outcome is not None:
            break
    return heard


def _check_amount(amount: Money, left: Money, merchant: MerchantPolicy | None) -> None:
    if amount.currency != left.currency:
        raise InvalidInput(RefundError.CURRENCY_DIFFERS)
    if amount.minor <= 0:
        raise InvalidInput(RefundError.AMOUNT_NOT_POSITIVE)
    if amount.minor > left.minor:
        raise InvalidInput(RefundError.AMOUNT_OVER_REFUNDABLE, refundable_minor=left.minor)
    if amount.minor < left.minor and merchant is not None and not merchant.partial:
        raise InvalidInput(RefundError.PARTIAL_NOT_PERMITTED, refundable_minor=left.minor)


def _judge_denied_rate(question: _Question) -> RuleResult:
    """Only a request that is denied anyway meets this rate: who may have a refund is never refused by it."""
    since = question.now - question.wallet.denied_window
    count = sum(1 for at in question.recent.denied_at if at > since) + 1
    outcome = RefundOutcome.LIMITED if count > question.wallet.denied_max else None
    return _says("wallet.denied_rate", outcome, count=count, max=question.wallet.denied_max)


def _decision(question: _Question, heard: tuple[RuleResult, ...]) -> PolicyDecision:
    speaking = [result for result in heard if result.outcome is not None]
    limited = [result for result in speaking if result.outcome is RefundOutcome.LIMITED]
    forbidding = limited or [result for result in speaking if result.outcome is not RefundOutcome.IN_REVIEW]
    deciding = (forbidding or speaking or [_says("wallet.approve", RefundOutcome.APPROVED)])[0]
    outcome = deciding.outcome or RefundOutcome.APPROVED
    promise, review = None, None
    if outcome is RefundOutcome.APPROVED:
        promise = _arrival(question.movement, question.now, question.time_zone)
    elif outcome is RefundOutcome.IN_REVIEW:
        promise = review_promise(question.now, currency=question.amount.currency, time_zone=question.time_zone)
        wants_evidence = any(result.rule == "reason.evidence" for result in speaking)
        review = ReviewNeed.EVIDENCE if wants_evidence else ReviewNeed.APPROVAL
    merchant_version = question.merchant.version if question.merchant else 0
    return PolicyDecision(
        outcome=outcome,
        amount=question.amount,
        decided_by=deciding.rule,
        rules=heard if speaking else (*heard, deciding),
        policy_version=f"{question.wallet.version}/merchant-{merchant_version}",
        promise=promise,
        review=review,
    )


def _arrival(movement: Movement, now: datetime, time_zone: str | None) -> Promise:
    return arrival_promise(
        movement.instrument,
        now,
        currency=movement.amount.currency,
        provider=movement.provider,
        time_zone=time_zone,
    )


def offer(
    movement: Movement,
    merchant: MerchantPolicy | None,
    now: datetime,
    wallet: WalletPolicy = DEFAULT_WALLET_POLICY,
    *,
    time_zone: str | None = None,
) -> RefundOffer:
    """The refund that may be asked for, before a reason is known. No refund is offered while another refund of the
    movement is under way. `time_zone`: where the customer's days begin."""
    heard = _eligibility(movement, wallet, now)
    deciding = heard[-1]
    outcome = OfferOutcome.OFFERED
    if movement.open_refund_id is not None:
        outcome = OfferOutcome.NOT_ELIGIBLE
    elif deciding.outcome is not None:
        outcome = OfferOutcome(deciding.outcome.value)
    offered = outcome is OfferOutcome.OFFERED
    return RefundOffer(
        outcome=outcome,
        amount=Money(movement.refundable_minor, movement.amount.currency),
        partial=merchant is None or merchant.partial,
        promise=_arrival(movement, now, time_zone) if offered else None,
        open_refund_id=movement.open_refund_id,
        decided_by="movement.open_refund" if movement.open_refund_id is not None else deciding.rule,
    )
