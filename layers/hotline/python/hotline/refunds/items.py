"""Refunds, merchants' policies and recent requests as stored items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hotline.kit.clock import from_text, to_text
from hotline.kit.condition import Item
from hotline.kit.due import due_attributes
from hotline.kit.retention import kept_from
from hotline.kit.store import Key, Prefix, Query, Table, hotline_key
from hotline.payments.service import money_from, money_item, order_from, order_item

from .model import (
    MerchantPolicy,
    RecentRequest,
    RecentRequests,
    Refund,
    RefundOutcome,
    RefundReason,
    RefundState,
    ReviewNeed,
    RuleResult,
)
from .promises import due_at


def refund_key(account_id: str, refund_id: str) -> Key:
    """Where a refund lives."""
    return hotline_key(f"ACCOUNT#{account_id}", f"REFUND#{refund_id}")


def recent_key(account_id: str) -> Key:
    """Where the recent requests of an account are counted."""
    return hotline_key(f"ACCOUNT#{account_id}", "#REFUNDS")


def policy_key(merchant_id: str) -> Key:
    """Where a merchant's policy lives."""
    return hotline_key(f"MERCHANT#{merchant_id}", "POLICY")


def refunds_query(account_id: str) -> Query:
    """All refunds of an account, read consistently, as many as one request answers (1 MB, more than a thousand)."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix("REFUND#"))


def refund_item(refund: Refund) -> Item:
    """A refund as stored; while it is open it needs attention, and its promise falls due."""
    item: Item = {
        "account_id": refund.account_id,
        "refund_id": refund.refund_id,
        "movement_id": refund.movement_id,
        "amount": money_item(refund.amount),
        "state": refund.state.value,
        "requested_at": to_text(refund.requested_at),
        "state_at": to_text(refund.state_at),
        "version": refund.version,
        "movement_sk": refund.movement_sk,
        "merchant_name": refund.merchant_name,
        "order_tail": refund.order_tail,
        "reason": refund.reason.value if refund.reason else None,
        "promised_on": refund.promised_on.isoformat() if refund.promised_on else None,
        "review": refund.review.value if refund.review else None,
        "decided_by": refund.decided_by,
        "policy_version": refund.policy_version,
        "case_id": refund.case_id,
        "rules": [_rule_item(rule) for rule in refund.rules],
        "order": order_item(refund.order) if refund.order else None,
        "escalations": refund.escalations or None,
        **kept_from(refund.state_at),
    }
    if refund.state.is_open:
        item["attention_pk"] = f"ACCOUNT#{refund.account_id}"
        item["attention_sk"] = f"REFUND_OPEN#{to_text(refund.requested_at)}"
        if refund.promised_on is not None:
            item |= due_attributes(refund.refund_id, due_at(refund.promised_on))
    return {name: value for name, value in item.items() if value is not None}


def refund_from(item: Mapping[str, Any]) -> Refund:
    """The refund of a stored item."""
    return Refund(
        account_id=item["account_id"],
        refund_id=item["refund_id"],
        movement_id=item["movement_id"],
        amount=money_from(item["amount"]),
        state=RefundState(item["state"]),
        requested_at=from_text(item["requested_at"]),
        state_at=from_text(item["state_at"]),
        version=int(item["version"]),
        movement_sk=item.get("movement_sk"),
        merchant_name=item.get("merchant_name"),
        order_tail=item.get("order_tail"),
        reason=RefundReason(item["reason"]) if "reason" in item else None,
        promised_on=date.fromisoformat(item["promised_on"]) if "promised_on" in item else None,
        review=ReviewNeed(item["review"]) if "review" in item else None,
        decided_by=item.get("decided_by"),
        policy_version=item.get("policy_version"),
        case_id=item.get("case_id"),
        rules=tuple(_rule_from(rule) for rule in item["rules"]),
        order=order_from(item["order"]) if "order" in item else None,
        escalations=int(item.get("escalations", 0)),
    )


def merchant_policy_item(policy: MerchantPolicy) -> Item:
    """A policy as stored."""
    return {
        "merchant_id": policy.merchant_id,
        "version": policy.version,
        "window_days": policy.window_days,
        "partial": policy.partial,
        "auto_approve_minor": policy.auto_approve_minor,
        "categories": list(policy.categories),
        "order": order_item(policy.order),
    }


def merchant_policy_from(item: Mapping[str, Any]) -> MerchantPolicy:
    """The policy of a stored item."""
    return MerchantPolicy(
        merchant_id=item["merchant_id"],
        version=int(item["version"]),
        window_days=int(item["window_days"]),
        partial=bool(item["partial"]),
        auto_approve_minor=int(item["auto_approve_minor"]),
        categories=tuple(item["categories"]),
        order=order_from(item["order"]),
    )


def recent_item(recent: RecentRequests) -> Item:
    """Recent requests as stored."""
    return {"account_id": recent.account_id, "requests": [_recent_item(request) for request in recent.requests]}


def recent_from(item: Mapping[str, Any] | None, account_id: str) -> RecentRequests:
    """The recent requests of a stored item; none when there is no item."""
    stored = item["requests"] if item else []
    return RecentRequests(account_id, tuple(_recent_from(request) for request in stored))


def _recent_item(request: RecentRequest) -> Item:
    item: Item = {"refund_id": request.refund_id, "at": to_text(request.at), "amount": money_item(request.amount)}
    return item | ({"promised_on": request.promised_on.isoformat()} if request.promised_on else {})


def _recent_from(item: Mapping[str, Any]) -> RecentRequest:
    promised_on = date.fromisoformat(item["promised_on"]) if "promised_on" in item else None
    return RecentRequest(item["refund_id"], from_text(item["at"]), money_from(item["amount"]), promised_on)


def _rule_item(rule: RuleResult) -> Item:
    item: Item = {"rule": rule.rule, "inputs": dict(rule.inputs)}
    return item | ({"outcome": rule.outcome.value} if rule.outcome else {})


def _rule_from(item: Mapping[str, Any]) -> RuleResult:
    return RuleResult(item["rule"], RefundOutcome(item["outcome"]) if "outcome" in item else None, item["inputs"])
