"""Whether a refund may be had, and at once or after review. Pure.

Rules speak in this order, and the wallet's own come before the merchant's. First come payments that cannot be refunded
at all, then those that the merchant need not take back, then those that somebody must look at. Everything else is
approved. The first rule that forbids ends it; of those that want a review all are heard, and the first one decides.
Nothing is ever denied for being suspicious: unusual requests are looked at. Every rule that was heard is in the
decision, with what it looked at. A payment that the customer did not authorise is a dispute, never a refund. A right
that a law gives goes before the merchant's window and exclusions (laws). It never goes before the wallet's window or
the provider's (providers), since nobody can offer what the provider refuses. So the smallest window that applies holds.

`decide` and `offer` make RuleInputs of a payment; `evaluate` needs nothing else, so that a decision can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from hotline.contracts.vocabulary import kind_of, provider_of
from hotline.kit.clock import find_zone
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.payments.model import REFUNDABLE_WINDOW, Movement

from . import laws, providers, rules
from .model import (
    CALLED_BACK_RULE,
    OPEN_RULE,
    UNPAID_RULE,
    MerchantPolicy,
    OfferOutcome,
    OtherCharge,
    PolicyDecision,
    RecentRequests,
    RefundError,
    RefundOffer,
    RefundOutcome,
    RefundReason,
    Remedy,
    ReviewNeed,
    RuleInputs,
    RuleResult,
)
from .promises import Promise, arrival_promise, review_promise

NO_LAW: Final = "0"
"""Stands for the law where no profile applies."""

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


def find_denial_time(recent: RecentRequests, now: datetime, wallet: WalletPolicy = DEFAULT_WALLET_POLICY) -> datetime:
    """The earliest instant from which one more request may be denied, if none is until then; see `denied_max`."""
    counted = sorted(at for at in recent.denied_at if at > now - wallet.denied_window)
    return counted[-wallet.denied_max] + wallet.denied_window if len(counted) >= wallet.denied_max else now


def inputs_of(
    *,
    movement: Movement,
    merchant: MerchantPolicy | None,
    recent: RecentRequests,
    reason: RefundReason,
    amount: Money | None,
    now: datetime,
    time_zone: str | None = None,
    wallet: WalletPolicy = DEFAULT_WALLET_POLICY,
    other_charge: OtherCharge | None = None,
) -> RuleInputs:
    """The inputs of the rules for a request; `amount` None asks for all that is left. `time_zone`: the customer's.
    `other_charge`: see RuleInputs."""
    currency, purchase = movement.amount.currency, movement.purchase
    category = movement.ref.merchant.category if movement.ref.merchant else None
    kind = kind_of(movement.instrument.kind)
    provider = providers.provider_asked(provider_of(movement.provider), kind)
    law = laws.law_of(country=purchase.country, currency=currency)
    paid_at = purchase.succeeded_at or movement.ref.initiated_at
    auto_minor = merchant.auto_approve_minor if merchant else 0
    evidence_minor = merchant.evidence_above_minor if merchant else None
    return RuleInputs(
        at=now,
        today=now.astimezone(find_zone(time_zone) or UTC).date(),
        reason=reason,
        amount=amount or Money(movement.refundable_minor, currency),
        kind=movement.ref.kind,
        status=movement.status,
        money=movement.money,
        initiated_at=movement.ref.initiated_at,
        captured_minor=movement.captured_minor,
        refundable_minor=movement.refundable_minor,
        mixed_currencies=movement.mixed_currencies,
        refund_count=movement.refund_count,
        category=category,
        instrument_kind=movement.instrument.kind,
        provider=provider,
        provider_from=paid_at,
        provider_until=providers.window_end(provider, paid_at, kind=kind),
        provider_parts_max=providers.parts_max(provider, kind=kind),
        provider_version=providers.PROVIDERS_VERSION,
        law=law.label if law else NO_LAW,
        return_days=law.return_days if law else 0,
        return_excluded=law is not None and laws.excludes(law, category, waived=purchase.return_waived),
        sold_remotely=bool(purchase.sold_remotely),
        delivered_on=purchase.delivered_on,
        wallet_version=wallet.version,
        wallet_window_days=wallet.window.days,
        wallet_auto_minor=wallet.auto_approve_minor.get(currency, 0),
        wallet_cap_minor=wallet.request_cap_minor.get(currency, 0),
        recent_count=sum(1 for request in recent.requests if request.at > now - wallet.velocity_window) + 1,
        recent_max=wallet.velocity_max,
        denied_count=sum(1 for at in recent.denied_at if at > now - wallet.denied_window) + 1,
        denied_max=wallet.denied_max,
        merchant_version=merchant.version if merchant else 0,
        merchant_window_days=merchant.window_days if merchant else 0,
        merchant_partial=merchant is None or merchant.partial,
        merchant_auto_minor=auto_minor,
        merchant_excluded=merchant is not None and (category or "-") in merchant.categories,
        merchant_evidence_minor=auto_minor if evidence_minor is None else evidence_minor,
        paid_twice=other_charge is OtherCharge.EARLIER,
        other_charge=other_charge,
    )


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
    other_charge: OtherCharge | None = None,
) -> PolicyDecision:
    """The decision on a request; `amount` None asks for all that is left. `time_zone`: where the customer's days begin.
    `other_charge`: see RuleInputs.

    Raises InvalidInput for an amount that makes no sense: amount_not_positive, currency_differs,
    amount_over_refundable, partial_not_permitted.
    """
    inputs = inputs_of(
        movement=movement,
        merchant=merchant,
        recent=recent,
        reason=reason,
        amount=amount,
        now=now,
        time_zone=time_zone,
        wallet=wallet,
        other_charge=other_charge,
    )
    evaluated = evaluate(inputs)
    if evaluated.outcome in _ON_AMOUNT:
        _check_amount(inputs, movement.amount.currency)
    promise = None
    if evaluated.outcome is RefundOutcome.APPROVED:
        promise = _arrival(movement, now, time_zone)
    elif evaluated.outcome is RefundOutcome.IN_REVIEW:
        promise = review_promise(now, currency=inputs.amount.currency, time_zone=time_zone)
    return replace(evaluated, promise=promise)


_ON_AMOUNT: Final = frozenset(
    {RefundOutcome.APPROVED, RefundOutcome.IN_REVIEW, RefundOutcome.DENIED, RefundOutcome.LIMITED}
)
"""Outcomes of requests that are heard at all: only those ask for an amount."""


def evaluate(inputs: RuleInputs) -> PolicyDecision:
    """The decision of the rules on these inputs, without a date. The same inputs always give the same decision."""
    heard = [rules.judge_unauthorised(inputs)]
    if heard[0].outcome is None:
        heard += rules.hear_eligibility(inputs)
    if all(result.outcome is None for result in heard):
        for rule in rules.list_rules(inputs):
            heard.append(rule(inputs))
            if heard[-1].outcome is RefundOutcome.DENIED:
                heard.append(rules.judge_denied_rate(inputs))
                break
    return _decision(inputs, tuple(heard))


def takes_second_person(taken: Money, wallet: WalletPolicy = DEFAULT_WALLET_POLICY) -> bool:
    """Whether the decision on a refund in review takes two people. `taken`: all that refunds have taken of the payment,
    this one too. One person alone decides up to the cap of a payment; a currency without a cap has none."""
    return taken.minor > wallet.request_cap_minor.get(taken.currency, 0)


def _check_amount(inputs: RuleInputs, currency: str) -> None:
    amount, left = inputs.amount, inputs.refundable_minor
    if amount.currency != currency:
        raise InvalidInput(RefundError.CURRENCY_DIFFERS)
    if amount.minor <= 0:
        raise InvalidInput(RefundError.AMOUNT_NOT_POSITIVE)
    if amount.minor > left:
        raise InvalidInput(RefundError.AMOUNT_OVER_REFUNDABLE, refundable_minor=left)
    if amount.minor < left and not inputs.merchant_partial:
        raise InvalidInput(RefundError.PARTIAL_NOT_PERMITTED, refundable_minor=left)


def _decision(inputs: RuleInputs, heard: tuple[RuleResult, ...]) -> PolicyDecision:
    speaking = [result for result in heard if result.outcome is not None]
    limited = [result for result in speaking if result.outcome is RefundOutcome.LIMITED]
    forbidding = limited or [result for result in speaking if result.outcome is not RefundOutcome.IN_REVIEW]
    deciding = (forbidding or speaking or [rules.NOTHING_AGAINST])[0]
    outcome = deciding.outcome or RefundOutcome.APPROVED
    review = None
    if outcome is RefundOutcome.IN_REVIEW:
        wants_evidence = any(result.rule == "reason.evidence" for result in speaking)
        review = ReviewNeed.EVIDENCE if wants_evidence else ReviewNeed.APPROVAL
    return PolicyDecision(
        outcome=outcome,
        amount=inputs.amount,
        decided_by=deciding.rule,
        rules=heard if speaking else (*heard, deciding),
        policy_version=inputs.policy_version,
        inputs=inputs,
        promise=None,
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


_REMEDIES: Final[Mapping[str, Remedy]] = {
    "provider.parts": Remedy.PERSON,
    "movement.other_charge": Remedy.PERSON,
    "merchant.category": Remedy.MERCHANT,
    "wallet.request_cap": Remedy.PERSON,
    "wallet.velocity": Remedy.PERSON,
    "wallet.auto_approve": Remedy.PERSON,
    "wallet.denied_rate": Remedy.TIME,
    "merchant.auto_approve": Remedy.PERSON,
    "reason.delivered": Remedy.CARRIER_STATUS,
}
"""By the rule that stands against a refund. A rule without a remedy is one that nothing changes."""


def remedies_of(heard: Iterable[RuleResult]) -> tuple[Remedy, ...]:
    """All that would change a decision by these rules, each once; evidence comes first, since the customer has it."""
    found: list[Remedy] = []
    for result in heard:
        if result.outcome in (None, RefundOutcome.APPROVED):
            continue
        if result.rule == "reason.evidence":
            found.insert(0, Remedy(str(result.inputs.get("evidence", Remedy.PHOTO.value))))
        elif result.rule == "merchant.window":
            found.append(Remedy.PERSON if result.outcome is RefundOutcome.IN_REVIEW else Remedy.MERCHANT)
        elif result.rule in _REMEDIES:
            found.append(_REMEDIES[result.rule])
    return tuple(dict.fromkeys(found))


def is_eligible(movement: Movement, now: datetime) -> bool:
    """Whether the rules about a movement alone, its provider's among them, leave a refund of it to be asked for."""
    asked = inputs_of(
        movement=movement,
        merchant=None,
        recent=RecentRequests(movement.ref.account_id),
        reason=RefundReason.OTHER,
        amount=None,
        now=now,
    )
    return rules.hear_eligibility(asked)[-1].outcome is None


def offer(
    movement: Movement,
    merchant: MerchantPolicy | None,
    now: datetime,
    wallet: WalletPolicy = DEFAULT_WALLET_POLICY,
    *,
    time_zone: str | None = None,
) -> RefundOffer:
    """The refund that may be asked for, before a reason is known. No refund is offered while another refund of the
    movement is under way, or waits for another way. `time_zone`: where the customer's days begin."""
    nobody = RecentRequests(movement.ref.account_id)
    asked = inputs_of(
        movement=movement,
        merchant=merchant,
        recent=nobody,
        reason=RefundReason.OTHER,
        amount=None,
        now=now,
        wallet=wallet,
    )
    heard = rules.hear_eligibility(asked)
    deciding = heard[-1]
    outcome, decided_by = OfferOutcome.OFFERED, deciding.rule
    if movement.open_refund_id is not None:
        outcome = OfferOutcome.NOT_ELIGIBLE
        decided_by = CALLED_BACK_RULE if movement.is_called_back else OPEN_RULE
    elif deciding.outcome is not None:
        outcome = OfferOutcome(deciding.outcome.value)
    elif movement.unpaid_refund_id is not None:
        outcome, decided_by = OfferOutcome.NOT_ELIGIBLE, UNPAID_RULE
    offered = outcome is OfferOutcome.OFFERED
    return RefundOffer(
        outcome=outcome,
        amount=Money(movement.refundable_minor, movement.amount.currency),
        partial=merchant is None or merchant.partial,
        promise=_arrival(movement, now, time_zone) if offered else None,
        barring_refund_id=movement.barring_refund_id,
        decided_by=decided_by,
        rules=tuple(heard),
    )
