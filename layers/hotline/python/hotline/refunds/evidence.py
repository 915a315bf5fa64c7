"""A picture has come, or was refused: the refund in review is marked, and people and the customer are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hotline.accounts.service import profile_key
from hotline.cases.model import Priority
from hotline.cases.service import case_keys
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.change.acts import decode_once
from hotline.kit.clock import to_text
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments.service import CASE_TOPIC

from . import items
from .clocks import ClockKind, stop_clock
from .model import Refund, RefundState
from .outgoing import add_to_case, send_decision, tell_owner
from .records import write_refund

EVIDENCE_RECEIVED: Final = "refund.evidence_received"
"""The decision, the reason of the case's entry, and the message."""
EVIDENCE_REFUSED: Final = "refund.evidence_refused"
"""The reason of the case's entry, and the message."""
EVIDENCE_UNSCANNED: Final = "refund.evidence_unscanned"
"""The reason of the case's entry."""


def evidence_keys(account_id: str, refund_id: str) -> set[Key]:
    """The keys to read before evidence for a refund is contributed."""
    refund = items.refund_key(account_id, refund_id)
    return {refund, profile_key(account_id), *case_keys(account_id, CASE_TOPIC)}


def contribute_evidence_received(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, evidence_id: str
) -> None:
    """Mark a refund in review with a picture that may be looked at: an entry of its case, the decision and the
    customer's notice. Nothing for a refund that was decided meanwhile. At commit Stale."""
    require(change, Operation.TAKE_EVIDENCE, account_id)
    key = items.refund_key(account_id, refund_id)
    known = _in_review(read, key)
    if known is None:
        return
    refund = replace(known, version=known.version + 1, evidence_at=change.now)
    case_id = _add_entry(change, read, refund, EVIDENCE_RECEIVED, evidence_id)
    refund = replace(refund, case_id=refund.case_id or case_id)
    write_refund(change, read[key], refund)
    told = {"evidence_id": evidence_id, "received_at": to_text(change.now), "case_id": case_id}
    send_decision(change, refund, EVIDENCE_RECEIVED, told, version=refund.version)
    tell_owner(change, read, refund, EVIDENCE_RECEIVED)


def contribute_evidence_refused(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, evidence_id: str, why: str
) -> None:
    """Tell people and the customer that a picture for a refund in review was deleted, so that another one is needed.
    `why` is a closed word. Nothing for a refund that was decided meanwhile."""
    require(change, Operation.TAKE_EVIDENCE, account_id)
    refund = _in_review(read, items.refund_key(account_id, refund_id))
    if refund is not None:
        _add_entry(change, read, refund, EVIDENCE_REFUSED, evidence_id, why=why)
        tell_owner(change, read, refund, EVIDENCE_REFUSED)


def contribute_evidence_unscanned(
    change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str, evidence_id: str
) -> None:
    """Have a person look at a picture whose scan has no result. Nothing for a refund that was decided meanwhile."""
    require(change, Operation.TAKE_EVIDENCE, account_id)
    refund = _in_review(read, items.refund_key(account_id, refund_id))
    if refund is not None:
        _add_entry(change, read, refund, EVIDENCE_UNSCANNED, evidence_id, priority=Priority.HIGH)
        # A picture has come: its customer is not asked for one.
        stop_clock(change, refund, ClockKind.EVIDENCE)


def _in_review(read: Mapping[Key, Item], key: Key) -> Refund | None:
    refund = decode_once(read, key, items.refund_from)
    return refund if refund is not None and refund.state is RefundState.IN_REVIEW else None


def _add_entry(
    change: Change,
    read: Mapping[Key, Item],
    refund: Refund,
    reason: str,
    evidence_id: str,
    *,
    priority: Priority = Priority.NORMAL,
    **own: str,
) -> str:
    facts = {"evidence_id": evidence_id, **own}
    return add_to_case(change, read, refund, reason=reason, facts=facts, priority=priority)
