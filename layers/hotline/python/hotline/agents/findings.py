"""The findings on an account, as far as agents go by them.

A critical finding holds the account by its risk score. Nobody releases such a hold, or says that an account is to be
opened, before a person has judged what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from hotline.cases.model import SECURITY_TOPIC, Case
from hotline.identity.model import Approval, ApprovalState
from hotline.identity.service import Operation
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Store
from hotline.lockout.model import Cause, LockState, LockView
from hotline.security import service as security
from hotline.security.model import GRAVE, LIVE, FindingState, SeenFinding

from .access import open_request
from .model import AgentToken, Basis, Permission

HELD_BY_FINDINGS: Final = Cause.RISK_SCORE
"""The cause of the hold that a critical finding sets."""
_WAITING: Final = LIVE | {FindingState.EXPIRED}
FINDINGS_TOLD_MAX: Final = 5
"""The newest findings say why the account is held."""
FINDINGS_READ_MAX: Final = 1_000
"""So many findings on one account are looked through. Of more, nobody knows whether they are judged."""


def list_unjudged(found: Iterable[SeenFinding]) -> tuple[SeenFinding, ...]:
    """The grave findings that hold, and that no person has judged. Nobody needs to judge one that is withdrawn or
    suppressed. Time alone is no judgement: an expired one still waits for a person before its hold is released."""
    return tuple(one for one in found if one.verdict is None and one.severity in GRAVE and one.state in _WAITING)


def is_finding_first(store: Store, account_id: str, cause: Cause, now: datetime) -> bool:
    """Whether a finding is to be judged before anybody releases the account's hold of this cause, or there are more
    than are looked through. One query, for a hold that they may have set."""
    if cause is not HELD_BY_FINDINGS:
        return False
    enough = FINDINGS_READ_MAX + 1
    found = tuple(islice(security.iterate_findings(store, account_id, now, page=enough), enough))
    return len(found) == enough or bool(list_unjudged(found))


def may_decide(token: AgentToken, approval: Approval) -> bool:
    """Whether the agent may give the second person's word on a request; nobody does on their own."""
    return Permission.APPROVE in token.permissions() and approval.requested_by != token.agent_id


def find_told_findings(
    ctx: Context, token: AgentToken, approvals: Iterable[Approval]
) -> Mapping[str, tuple[SeenFinding, ...]]:
    """The newest findings that a decision goes by, by the approval's id, of those that the agent may know of. These are
    requests to release a hold that findings may have set, and that wait. They are told to whoever may decide, and to
    whoever asked, while they have access to the account. One query for each account; two reads for each own request."""
    told = {
        one.approval_id: str(one.account_id) for one in approvals if _goes_by_findings(one) and _knows(ctx, token, one)
    }
    found = {account_id: _list_findings(ctx, account_id)[:FINDINGS_TOLD_MAX] for account_id in set(told.values())}
    return {approval_id: found[account_id] for approval_id, account_id in told.items()}


def _goes_by_findings(approval: Approval) -> bool:
    waits = approval.operation is Operation.RELEASE_HOLD and approval.state is ApprovalState.ASKED
    return waits and approval.account_id is not None and approval.subject.content.get("cause") == HELD_BY_FINDINGS.value


def _knows(ctx: Context, token: AgentToken, approval: Approval) -> bool:
    """Whether the agent may decide, or has asked and still has access to the account by the case."""
    if may_decide(token, approval):
        return True
    if approval.requested_by != token.agent_id or approval.case_id is None:
        return False
    try:
        return open_request(ctx, token, Basis(approval.case_id)).account == approval.account_id
    except NotPossible:
        return False


def read_findings(ctx: Context, case: Case, account_id: str, view: LockView) -> tuple[SeenFinding, ...]:
    """The findings by which the next step of a case goes: of a security case, and of any where a risk score holds the
    account. One query, none for other cases."""
    held = any(one.state is LockState.HOLD and one.cause is HELD_BY_FINDINGS for one in view.components)
    return _list_findings(ctx, account_id) if held or case.topic == SECURITY_TOPIC else ()


def _list_findings(ctx: Context, account_id: str) -> tuple[SeenFinding, ...]:
    return security.list_findings(ctx.store, account_id, ctx.clock.now(), limit=FINDINGS_READ_MAX)
