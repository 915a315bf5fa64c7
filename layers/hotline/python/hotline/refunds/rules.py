"""The rules about a refund: each looks at its inputs alone, and says what stands against the refund. Pure.

`ELIGIBILITY` holds the rules about the payment alone, and `RULES` those about the request, each in the order in which
they are heard (policy.evaluate). A new rule is a function and its place in one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from hotline.payments.model import MoneyState, MovementKind, MovementStatus

from . import laws
from .model import (
    Evidence,
    OtherCharge,
    RefundError,
    RefundOutcome,
    RefundReason,
    ReturnRight,
    RuleInputs,
    RuleResult,
)

CHANGE_OF_MIND = frozenset({RefundReason.NO_REASON_RETURN, RefundReason.CANCELLED, RefundReason.PRICE_ADJUSTMENT})
"""Reasons for which a merchant may exclude categories of goods."""
NOTHING_TO_GIVE_BACK = frozenset({RefundReason.DUPLICATE, RefundReason.NOT_RECEIVED, RefundReason.SERVICE_NOT_RENDERED})
"""A merchant's window is for giving things back; where there is nothing to give back, a person looks after it."""
RETURNS = frozenset({RefundReason.NO_REASON_RETURN, RefundReason.CANCELLED})
"""Reasons for which a law may give the right to give goods back."""
EVIDENCE: Final[Mapping[RefundReason, Evidence]] = {
    RefundReason.DEFECTIVE: Evidence.PHOTO,
    RefundReason.NOT_AS_DESCRIBED: Evidence.PHOTO,
    RefundReason.WRONG_ITEM: Evidence.PHOTO,
    RefundReason.MISSING_ITEM: Evidence.PHOTO,
    RefundReason.NOT_RECEIVED: Evidence.CARRIER_STATUS,
    RefundReason.SERVICE_NOT_RENDERED: Evidence.BOOKING,
    RefundReason.PRICE_ADJUSTMENT: Evidence.PRICE,
}
"""The evidence for each reason, above the amount up to which the merchant asks for nothing. The wallet's own records
show that something was paid twice; a change of mind needs no proof."""


def evidence_for(reason: RefundReason | None) -> Evidence | None:
    """The evidence for a reason; None where none is needed, or where the refund has no reason."""
    return EVIDENCE.get(reason) if reason is not None else None


type _Rule = Callable[[RuleInputs], RuleResult]


def _says(rule: str, outcome: RefundOutcome | None, **inputs: str | int | bool) -> RuleResult:
    return RuleResult(rule, outcome, inputs)


NOTHING_AGAINST: Final = _says("wallet.approve", RefundOutcome.APPROVED)
"""The rule that decides where no other one speaks."""


def _age(inputs: RuleInputs) -> timedelta:
    return inputs.at - inputs.initiated_at


def _taken_minor(inputs: RuleInputs) -> int:
    """The amount that refunds have taken of the payment so far: those that arrived, and those that are under way."""
    return inputs.captured_minor - inputs.refundable_minor


def return_right(inputs: RuleInputs) -> ReturnRight:
    """Whether a law lets the customer give these goods back now, for a reason that is theirs alone."""
    if inputs.return_days == 0 or not inputs.sold_remotely or inputs.reason not in RETURNS:
        return ReturnRight.NONE
    if inputs.return_excluded:
        return ReturnRight.EXCLUDED
    if inputs.delivered_on is None:
        return ReturnRight.UNSTARTED
    last = laws.last_return_day(inputs.delivered_on, inputs.return_days)
    return ReturnRight.HOLDS if inputs.today <= last else ReturnRight.OVER


def _judge_kind(inputs: RuleInputs) -> RuleResult:
    """Only payments to merchants are refunded; money that went to somebody else is a dispute. A withdrawal goes to the
    customer's own bank. An owner who did not make it says so by the reason, which goes first."""
    outcome: RefundOutcome | None = None
    if inputs.kind is not MovementKind.PAYMENT:
        gone = inputs.status is MovementStatus.SUCCEEDED and inputs.money is MoneyState.DEBITED
        sent_away = inputs.kind is MovementKind.TRANSFER and gone
        outcome = RefundOutcome.ROUTE_DISPUTE if sent_away else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.kind", outcome, kind=inputs.kind.value)


def _judge_captured(inputs: RuleInputs) -> RuleResult:
    """Money that was never taken cannot be given back."""
    outcome = None if inputs.captured_minor > 0 else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.captured", outcome, status=inputs.status.value, money=inputs.money.value)


def _judge_currency(inputs: RuleInputs) -> RuleResult:
    """With a refund in another currency nobody can say what is left; a person looks, see payments.due."""
    outcome = RefundOutcome.NOT_ELIGIBLE if inputs.mixed_currencies else None
    return _says("movement.currency", outcome, mixed=inputs.mixed_currencies)


def _judge_left(inputs: RuleInputs) -> RuleResult:
    """Refunds never exceed the capture."""
    outcome = None if inputs.refundable_minor > 0 else RefundOutcome.NOT_ELIGIBLE
    return _says("movement.left", outcome, refundable_minor=inputs.refundable_minor)


def _judge_wallet_window(inputs: RuleInputs) -> RuleResult:
    """Exactly at the end of the window a refund may still be asked for."""
    days, age = inputs.wallet_window_days, _age(inputs)
    outcome = None if age <= timedelta(days=days) else RefundOutcome.NOT_ELIGIBLE
    return _says("wallet.window", outcome, age_days=age.days, window_days=days)


def _judge_provider_window(inputs: RuleInputs) -> RuleResult:
    """Nothing is offered that the provider would refuse, whatever a law or the merchant allows."""
    until = inputs.provider_until
    if until is None:
        return _says("provider.window", None, provider=inputs.provider or "-")
    outcome = None if inputs.at <= until else RefundOutcome.NOT_ELIGIBLE
    days, age_days = (until - inputs.provider_from).days, (inputs.at - inputs.provider_from).days
    return _says("provider.window", outcome, provider=inputs.provider or "-", age_days=age_days, window_days=days)


def _judge_provider_parts(inputs: RuleInputs) -> RuleResult:
    """Failed refunds count, since a provider counts each that it was asked for."""
    most = inputs.provider_parts_max
    outcome = RefundOutcome.NOT_ELIGIBLE if most is not None and inputs.refund_count >= most else None
    return _says("provider.parts", outcome, count=inputs.refund_count, max=most if most is not None else "-")


def judge_unauthorised(inputs: RuleInputs) -> RuleResult:
    """A payment that the customer did not authorise is a dispute, whatever else is true of it."""
    outcome = RefundOutcome.ROUTE_DISPUTE if inputs.reason is RefundReason.UNAUTHORISED else None
    return _says("reason.unauthorised", outcome, reason=inputs.reason.value)


def _judge_stands(inputs: RuleInputs) -> RuleResult:
    """The earlier one of two charges stands: it is not given back as charged twice while the later one may be."""
    refused = inputs.reason is RefundReason.DUPLICATE and inputs.other_charge is OtherCharge.LATER
    return _says("movement.stands", RefundOutcome.DENIED if refused else None, other=_other(inputs))


def _judge_other_charge(inputs: RuleInputs) -> RuleResult:
    """A person looks at a refund of one of two charges, once a refund has taken of the other. So never both are given
    back unseen. A refund for another reason says nothing about a charge that is not asked back as charged twice."""
    other = inputs.other_charge
    otherwise = inputs.reason is RefundReason.DUPLICATE and other is OtherCharge.REFUNDED_OTHERWISE
    looked_at = other in (OtherCharge.REFUNDED, OtherCharge.UNREAD) or otherwise
    return _says("movement.other_charge", RefundOutcome.IN_REVIEW if looked_at else None, other=_other(inputs))


def _other(inputs: RuleInputs) -> str:
    return inputs.other_charge.value if inputs.other_charge is not None else "-"


def _judge_return(inputs: RuleInputs) -> RuleResult:
    """The law's own right. It stands against nothing; the merchant's rules ask for it."""
    right, delivered_on = return_right(inputs), inputs.delivered_on
    known: dict[str, str | int | bool] = {"law": inputs.law, "right": right.value}
    if right in (ReturnRight.HOLDS, ReturnRight.OVER) and delivered_on is not None:
        last = laws.last_return_day(delivered_on, inputs.return_days)
        known |= {"delivered_on": delivered_on.isoformat(), "last_day": last.isoformat()}
    return _says("law.return", None, **known)


def _judge_merchant_window(inputs: RuleInputs) -> RuleResult:
    """The law's right goes before the merchant's window. Where nobody told that the goods came, a person looks.
    A second charge that the wallet's records show has nothing to do with giving things back."""
    if inputs.merchant_version == 0:
        return _says("merchant.window", None, policy=False)
    if inputs.paid_twice and inputs.reason is RefundReason.DUPLICATE:
        return _says("merchant.window", None, paid_twice=True)
    days, age, right = inputs.merchant_window_days, _age(inputs), return_right(inputs)
    outcome: RefundOutcome | None = None
    if age > timedelta(days=days) and right is not ReturnRight.HOLDS:
        looked_at = inputs.reason in NOTHING_TO_GIVE_BACK or right is ReturnRight.UNSTARTED
        outcome = RefundOutcome.IN_REVIEW if looked_at else RefundOutcome.DENIED
    return _says("merchant.window", outcome, age_days=age.days, window_days=days)


def _judge_merchant_category(inputs: RuleInputs) -> RuleResult:
    """A merchant may exclude no goods for which the law gives the right to return them."""
    excluded, right = inputs.merchant_excluded, return_right(inputs)
    by_law = right in (ReturnRight.HOLDS, ReturnRight.UNSTARTED)
    outcome = RefundOutcome.DENIED if excluded and inputs.reason in CHANGE_OF_MIND and not by_law else None
    return _says("merchant.category", outcome, category=inputs.category or "-", excluded=excluded)


def _judge_request_cap(inputs: RuleInputs) -> RuleResult:
    return _review_above("wallet.request_cap", inputs, inputs.wallet_cap_minor)


def _judge_velocity(inputs: RuleInputs) -> RuleResult:
    outcome = RefundOutcome.IN_REVIEW if inputs.recent_count > inputs.recent_max else None
    return _says("wallet.velocity", outcome, count=inputs.recent_count, max=inputs.recent_max)


def _judge_wallet_limit(inputs: RuleInputs) -> RuleResult:
    return _review_above("wallet.auto_approve", inputs, inputs.wallet_auto_minor)


def _judge_merchant_limit(inputs: RuleInputs) -> RuleResult:
    """A merchant without a policy approves nothing automatically."""
    return _review_above("merchant.auto_approve", inputs, inputs.merchant_auto_minor)


def _judge_evidence(inputs: RuleInputs) -> RuleResult:
    kind = EVIDENCE.get(inputs.reason)
    above = _taken_minor(inputs) + inputs.amount.minor > inputs.merchant_evidence_minor
    outcome = RefundOutcome.IN_REVIEW if kind is not None and above else None
    return _says("reason.evidence", outcome, reason=inputs.reason.value, evidence=kind.value if kind and above else "-")


def _judge_delivered(inputs: RuleInputs) -> RuleResult:
    """Goods that somebody signed for, and that the customer has not received: a person asks the carrier."""
    told = inputs.reason is RefundReason.NOT_RECEIVED and inputs.delivered_on is not None
    return _says("reason.delivered", RefundOutcome.IN_REVIEW if told else None, delivered=told)


def _review_above(rule: str, inputs: RuleInputs, limit_minor: int) -> RuleResult:
    """A limit is for a payment, not for a request: asked for in parts it is the same money."""
    amount, taken = inputs.amount.minor, _taken_minor(inputs)
    outcome = RefundOutcome.IN_REVIEW if taken + amount > limit_minor else None
    return _says(rule, outcome, amount_minor=amount, taken_minor=taken, limit_minor=limit_minor)


def judge_denied_rate(inputs: RuleInputs) -> RuleResult:
    """Only a request that is denied anyway meets this rate: who may have a refund is never refused by it."""
    outcome = RefundOutcome.LIMITED if inputs.denied_count > inputs.denied_max else None
    return _says("wallet.denied_rate", outcome, count=inputs.denied_count, max=inputs.denied_max)


ELIGIBILITY: tuple[_Rule, ...] = (
    _judge_kind,
    _judge_captured,
    _judge_currency,
    _judge_left,
    _judge_wallet_window,
    _judge_provider_window,
    _judge_provider_parts,
)
RULES: tuple[_Rule, ...] = (
    _judge_return,
    _judge_merchant_window,
    _judge_merchant_category,
    _judge_request_cap,
    _judge_velocity,
    _judge_wallet_limit,
    _judge_merchant_limit,
    _judge_delivered,
    _judge_evidence,
)

OF_TWO_CHARGES: tuple[_Rule, ...] = (_judge_stands, _judge_other_charge)
"""Rules that are heard only of a payment beside which the wallet's records show another charge."""


def list_rules(inputs: RuleInputs) -> tuple[_Rule, ...]:
    """The rules about the request, in order. A record from before charges were compared has no other charge, so that
    its decision is made again by the rules of its time."""
    return RULES if inputs.other_charge is None else (*OF_TWO_CHARGES, *RULES)


def hear_eligibility(inputs: RuleInputs) -> list[RuleResult]:
    """The rules about the movement alone, up to the first that forbids."""
    heard: list[RuleResult] = []
    for rule in ELIGIBILITY:
        heard.append(rule(inputs))
        if heard[-1].outcome is not None:
            break
    return heard


def find_refusal(inputs: RuleInputs) -> RefundError | None:
    """Why the provider refuses a refund on these inputs; None where it does not."""
    if _judge_provider_window(inputs).outcome is not None:
        return RefundError.PROVIDER_WINDOW_OVER
    return RefundError.PROVIDER_PARTS_OVER if _judge_provider_parts(inputs).outcome is not None else None
