"""The approval of a second person: how it is stored, and how the gate spends it.

An approval is good once, until a date, for the agent who asked, given by somebody else. It names one operation, and one
subject as it was read, with what is to be done about it. The transaction that does it checks all of that and spends it.

    PK APPROVAL#<id> · SK APPROVAL · operation · subject · version · content · digest · state · expires_at · findings
    PK ASKED#<id> · SK ASKED · approval_id: the latest request of an agent for an operation on a thing as it is
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from hotline.kit.actor import Approved
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.errors import HotlineError, NeedSecond
from hotline.kit.ids import derive_id
from hotline.kit.retention import record_end
from hotline.kit.store import TTL_ATTRIBUTE, Between, Index, Key, Query, Table, hotline_key
from hotline.kit.store.condition import Compare, Item, all_of, equals

from .model import Approval, ApprovalError, ApprovalState, Operation, Subject, VoidCause

OPEN_PARTITION: Final = "APPROVALS#asked"
DECIDED_PARTITION: Final = "APPROVALS#decided"
"""Partitions of the index `queue`, one each: requests to a second person are few."""
_LAST: Final = "~"
_NEXT: Final = "!"
"""After every place; and behind a place it makes a text that comes next."""
_ENDS: Final = {
    ApprovalState.DENIED: ApprovalError.DENIED,
    ApprovalState.SPENT: ApprovalError.SPENT,
    ApprovalState.VOID: ApprovalError.VOID,
}


def approval_key(approval_id: str) -> Key:
    """The key of an approval."""
    return hotline_key(f"APPROVAL#{approval_id}", "APPROVAL")


def asked_key(agent_id: str, operation: Operation, subject: Subject) -> Key:
    """The key of what leads to an agent's latest request for an operation on a thing as it is."""
    named = derive_id("ask", agent_id, operation.value, subject.name, subject.version)
    return hotline_key(f"ASKED#{named}", "ASKED")


def asked_item(approval: Approval) -> Item:
    """The way to a request from its agent, operation and thing; it ends with the request."""
    return {"approval_id": approval.approval_id, TTL_ATTRIBUTE: epoch_s(approval.expires_at)}


def digest_of(operation: Operation, subject: Subject) -> str:
    """A hash over everything that an approval is good for."""
    content = json.dumps(dict(subject.content), sort_keys=True)
    return derive_id("digest", operation.value, subject.name, subject.version, content)


def approval_item(approval: Approval) -> Item:
    """The stored form of an approval. The index has the open ones by their end, the others by their decision."""
    subject = approval.subject
    item: Item = {
        "approval_id": approval.approval_id,
        "operation": approval.operation.value,
        "subject": subject.name,
        "version": subject.version,
        "content": dict(subject.content),
        "digest": approval.digest,
        "reason": approval.reason,
        "requested_by": approval.requested_by,
        "requested_by_name": approval.requested_by_name,
        "requested_at": to_text(approval.requested_at),
        "expires_at": to_text(approval.expires_at),
        "state": approval.state.value,
        **record_end(approval.requested_at),
    }
    optional = {
        "account_id": approval.account_id,
        "case_id": approval.case_id,
        "decided_by": approval.decided_by,
        "decided_by_name": approval.decided_by_name,
        "decided_at": to_text(approval.decided_at) if approval.decided_at is not None else None,
        "void_cause": approval.void_cause.value if approval.void_cause is not None else None,
        "findings": list(approval.findings) if approval.findings is not None else None,
    }
    item |= {name: value for name, value in optional.items() if value is not None}
    decided_at = approval.decided_at
    partition = OPEN_PARTITION if decided_at is None else DECIDED_PARTITION
    at = approval.expires_at if decided_at is None else decided_at
    return item | {"queue_pk": partition, "queue_sk": f"{to_text(at)}#{approval.approval_id}"}


def approval_from(item: Mapping[str, Any]) -> Approval:
    """The approval in a stored item."""
    return Approval(
        approval_id=item["approval_id"],
        operation=Operation(item["operation"]),
        subject=Subject(item["subject"], item["version"], dict(item["content"])),
        digest=item["digest"],
        reason=item["reason"],
        account_id=item.get("account_id"),
        case_id=item.get("case_id"),
        requested_by=item["requested_by"],
        requested_by_name=item["requested_by_name"],
        requested_at=from_text(item["requested_at"]),
        expires_at=from_text(item["expires_at"]),
        state=ApprovalState(item["state"]),
        decided_by=item.get("decided_by"),
        decided_by_name=item.get("decided_by_name"),
        decided_at=from_text(item["decided_at"]) if "decided_at" in item else None,
        void_cause=VoidCause(item["void_cause"]) if "void_cause" in item else None,
        findings=tuple(item["findings"]) if "findings" in item else None,
    )


def open_query(now: datetime, *, limit: int, after: str | None = None) -> Query:
    """The requests that wait for a second person and have not expired, what expires first in front. `after`: the place
    (`queue_sk`) of the last one of the page before."""
    begins = f"{to_text(now)}{_LAST}"
    span = Between(begins if after is None else max(begins, f"{after}{_NEXT}"), _LAST)
    return Query(Table.HOTLINE, OPEN_PARTITION, span, index=Index.QUEUE, limit=limit)


def decided_query(*, limit: int, after: str | None = None) -> Query:
    """The requests that somebody has decided on, the newest decision first. `after` as of `open_query`."""
    start = None
    if after is not None:
        of_item = approval_key(after.rpartition("#")[2]).attributes()
        start = {**of_item, "queue_pk": DECIDED_PARTITION, "queue_sk": after}
    return Query(Table.HOTLINE, DECIDED_PARTITION, index=Index.QUEUE, limit=limit, descending=True, start_after=start)


def spend(change: Change, approved: Approved, *, agent_id: str, operation: Operation, subject: Subject) -> None:
    """Spend the approval with the change. At commit NeedSecond with the reason for which it is not good."""
    digest = digest_of(operation, subject)
    condition = all_of(
        equals("state", ApprovalState.APPROVED.value),
        equals("digest", digest),
        equals("requested_by", agent_id),
        equals("decided_by", approved.approver),
        Compare("decided_by", "<>", agent_id),
        Compare("expires_at", ">", to_text(change.now)),
    )
    spent = {"state": ApprovalState.SPENT.value, "spent_at": to_text(change.now)}
    failed = _refusing(agent_id=agent_id, operation=operation, subject=subject, now=change.now)
    change.update(approved.key, set=spent, add={"rev": 1}, condition=condition, failed=failed)


def _refusing(
    *, agent_id: str, operation: Operation, subject: Subject, now: datetime
) -> Callable[[Item | None], HotlineError]:
    def refuse(stored: Item | None) -> HotlineError:
        flaw = find_flaw(stored, agent_id=agent_id, operation=operation, subject=subject, now=now)
        return NeedSecond(flaw, operation=operation.value)

    return refuse


def find_flaw(
    stored: Mapping[str, Any] | None, *, agent_id: str, operation: Operation, subject: Subject, now: datetime
) -> ApprovalError | None:
    """Why an approval is not good for an operation on a thing as it is; None when it is. An approval that somebody else
    asked for is answered like one that there is not."""
    if stored is None or stored["requested_by"] != agent_id:
        return ApprovalError.UNKNOWN
    state, is_over = ApprovalState(stored["state"]), from_text(stored["expires_at"]) <= now
    if state is ApprovalState.ASKED:
        return ApprovalError.EXPIRED if is_over else ApprovalError.OPEN
    if state is not ApprovalState.APPROVED:
        return _ENDS[state]
    if is_over:
        return ApprovalError.EXPIRED
    if stored["decided_by"] == agent_id:
        return ApprovalError.OWN
    if stored["digest"] == digest_of(operation, subject):
        return None
    has_changed = stored["subject"] == subject.name and stored["version"] != subject.version
    return ApprovalError.VOID if has_changed else ApprovalError.OTHER
