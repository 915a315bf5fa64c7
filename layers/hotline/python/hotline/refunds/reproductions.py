"""Making a decision on a refund again: from its record alone, and from what holds today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from hotline.accounts.service import profile_from, profile_key
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Store
from hotline.payments import service as payments

from . import items
from .model import PolicyDecision, RecentRequests, Refund, RefundOutcome, RefundReason, RuleResult
from .pairs import find_other_charge, pair_keys
from .policy import decide, evaluate


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule that says something else today than it did then. None: it was not heard."""

    rule: str
    then: RuleResult | None
    today: RuleResult | None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A decision made again. `again` is the one that its record gives, None of a record without inputs. `today` is the
    one that the same request would get now. It is None when the payment is not known any more, or when so much of it is
    not left."""

    refund: Refund
    again: PolicyDecision | None
    today: PolicyDecision | None

    @property
    def is_reproduced(self) -> bool:
        """Whether the record gives the decision that was made, rule by rule."""
        return self.again is not None and self.again.rules == self.refund.rules

    @property
    def outcome(self) -> RefundOutcome:
        """The outcome that the rules then gave."""
        return _outcome_of(self.refund.rules)

    @property
    def changed_rules(self) -> tuple[ChangedRule, ...]:
        """The rules that say something else today, in the order in which they are heard."""
        if self.today is None:
            return ()
        then = {rule.rule: rule for rule in self.refund.rules}
        today = {rule.rule: rule for rule in self.today.rules}
        return tuple(
            ChangedRule(name, then.get(name), today.get(name))
            for name in dict.fromkeys([*then, *today])
            if _said(then.get(name)) != _said(today.get(name))
        )


def _said(rule: RuleResult | None) -> RefundOutcome | None:
    return rule.outcome if rule is not None else None


def _outcome_of(rules: tuple[RuleResult, ...]) -> RefundOutcome:
    spoken = [rule.outcome for rule in rules if rule.outcome is not None]
    order = (RefundOutcome.LIMITED, RefundOutcome.DENIED, RefundOutcome.IN_REVIEW)
    return next((outcome for outcome in order if outcome in spoken), RefundOutcome.APPROVED)


def reproduce(store: Store, account_id: str, refund_id: str, now: datetime) -> Reproduction | None:
    """The decision on a refund, made again; None when the account has no such refund, or the wallet made it by itself.
    Two reads, and a third for the merchant's policy and the other charge."""
    key = items.refund_key(account_id, refund_id)
    stored = store.batch_get([key]).get(key)
    refund = items.refund_from(stored) if stored is not None else None
    if refund is None or refund.reason is None:
        return None
    again = evaluate(refund.inputs) if refund.inputs is not None else None
    return Reproduction(refund, again, _decide_today(store, refund, refund.reason, now))


def _decide_today(store: Store, refund: Refund, reason: RefundReason, now: datetime) -> PolicyDecision | None:
    """The decision on the same request now, as if this refund had not been asked for."""
    if refund.movement_sk is None:
        return None
    account_id = refund.account_id
    movement_key = payments.movement_key(account_id, refund.movement_sk)
    ledger_key = payments.ledger_key(account_id, refund.movement_id)
    recent_key, of_profile = items.recent_key(account_id), profile_key(account_id)
    read = store.batch_get([movement_key, ledger_key, recent_key, of_profile])
    if movement_key not in read or ledger_key not in read:
        return None
    movement, ledger = payments.movement_from(read[movement_key]), payments.ledger_from(read[ledger_key])
    others = {id_: taking for id_, taking in ledger.takings.items() if id_ != refund.refund_id}
    movement = payments.with_ledger(movement, replace(ledger, takings=others))
    merchant = movement.ref.merchant
    policy_key = items.policy_key(merchant.id) if merchant is not None else None
    twin = movement.ref.twin
    more = {policy_key} if policy_key is not None else set()
    more |= pair_keys(account_id, twin) if twin is not None else set()
    beside = store.batch_get(list(more)) if more else {}
    policy = beside.get(policy_key) if policy_key is not None else None
    recent = items.recent_from(read.get(recent_key), account_id)
    requests = tuple(request for request in recent.requests if request.refund_id != refund.refund_id)
    profile = profile_from(read.get(of_profile))
    try:
        return decide(
            movement=movement,
            merchant=items.merchant_policy_from(policy) if policy is not None else None,
            recent=RecentRequests(account_id, requests, recent.denied_at),
            reason=reason,
            amount=refund.amount,
            now=now,
            time_zone=profile.time_zone if profile is not None else None,
            other_charge=find_other_charge(beside, movement),
        )
    except InvalidInput:
        return None
