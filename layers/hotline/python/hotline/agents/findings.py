"""The findings on an account, as far as agents go by them.

A critical finding holds the account by its risk score. Nobody releases such a hold, or says that an account is to be
opened, before a person has judged what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from hotline.cases.model import SECURITY_TOPIC, Case
from hotline.identity.model import Approval, ApprovalState
from hotline.identity.service import Operation
from hotline.kit.doors import Context
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause, LockState, LockView
from hotline.security import service as security
from hotline.security.model import (
    FINDINGS_READ_MAX,
    GRAVE,
    LIVE,
    FindingState,
    SeenFinding,
    SubjectFindingPage,
    Verdict,
)

from .access import find_open_accounts
from .model import AgentToken, Permission
from .own import leave_out_own, read_all

HELD_BY_FINDINGS: Final = lockout.HELD_BY_FINDINGS
_WAITING: Final = LIVE | {FindingState.EXPIRED}
_SETTLED: Final = frozenset({FindingState.WITHDRAWN, FindingState.SUPPRESSED})
FINDINGS_TOLD_MAX: Final = 5
"""The newest findings say why the account is held."""


def list_unjudged(found: Iterable[SeenFinding]) -> tuple[SeenFinding, ...]:
    """The grave findings that no person has judged and that somebody has to, before a hold is released that they may
    have set. Time alone is no judgement: an expired one still waits for a person. So does one that is withdrawn, where
    it has set a hold (`is_to_be_checked`)."""
    graves = (one for one in found if one.verdict is None and one.severity in GRAVE)
    return tuple(one for one in graves if one.state in _WAITING or is_to_be_checked(one))


def is_to_be_checked(found: SeenFinding) -> bool:
    """Whether a finding was withdrawn, has set a hold, and nobody has looked. It is withdrawn also where the money came
    back. The password and the device of a thief are still there then, so a person goes by its runbook and says what it
    was."""
    return found.state is FindingState.WITHDRAWN and found.holds and found.verdict is None


def needs_nobody(found: SeenFinding) -> bool:
    """Whether no person has to judge a finding, or none any more."""
    return found.verdict is not None or (found.state in _SETTLED and not is_to_be_checked(found))


def look_through(store: Store, account_id: str, cause: Cause, now: datetime) -> tuple[SeenFinding, ...] | None:
    """The findings that may have set the account's hold of this cause, the newest first; of at most one more than
    FINDINGS_READ_MAX. One query; without one None for a hold that no finding sets."""
    if cause is not HELD_BY_FINDINGS:
        return None
    return security.list_findings(store, account_id, now, limit=FINDINGS_READ_MAX + 1)


def is_finding_first(cause: Cause, found: Sequence[SeenFinding] | None) -> bool:
    """Whether one of the findings is to be judged before anybody releases a hold of this cause that they may have set.
    So it is where there are more than are looked through, of which nobody knows whether they are judged, and where
    nobody has looked (None)."""
    if cause is not HELD_BY_FINDINGS:
        return False
    return found is None or len(found) > FINDINGS_READ_MAX or bool(list_unjudged(found))


def is_answered(finding: SeenFinding, view: LockView) -> bool:
    """Whether the account was opened after the verdict, in whichever case, with the verdict to be read."""
    return view.opened_at is not None and finding.judged_at is not None and finding.judged_at <= view.opened_at


def is_theft_left(
    read: Mapping[Key, Item], account_id: str, found: Iterable[SeenFinding] | None, now: datetime
) -> bool:
    """Whether a finding that has set a hold is confirmed, and nobody has opened the account since. Not so beside a
    freeze, which stops money when the hold is gone. `found`: as `look_through` gives it. `read` holds what exists of
    `lock_keys`."""
    view = lockout.view_from(read, account_id, now)
    left = (one for one in found or () if one.holds and one.verdict is Verdict.CONFIRMED)
    return not all(is_answered(one, view) for one in left) and not lockout.is_frozen(read, account_id, now)


def name_told(found: Sequence[SeenFinding]) -> tuple[str, ...]:
    """The ids of those findings, the newest first, that are told to a second person."""
    return tuple(one.id for one in found[:FINDINGS_TOLD_MAX])


def may_decide(token: AgentToken, approval: Approval) -> bool:
    """Whether the agent may give the second person's word on a request; nobody does on their own."""
    return Permission.APPROVE in token.permissions() and approval.requested_by != token.agent_id


def list_told_findings(
    ctx: Context, token: AgentToken, approvals: Iterable[Approval]
) -> Mapping[str, tuple[SeenFinding, ...]]:
    """The findings that the requests of a page go by, as they are now, by the approval's id. These are requests to
    release a hold that findings may have set, and that wait. They are told to whoever may decide, and to whoever asked,
    while they have access to the account. One read for a hundred findings, and what `find_open_accounts` reads. A
    request of an earlier release names none: a query for each account."""
    told = _list_known(ctx, token, approvals)
    named = {
        one.approval_id: tuple(security.named_finding_key(str(one.account_id), found) for found in one.findings)
        for one in told
        if one.findings is not None
    }
    read, now = read_all(ctx.store, (key for keys in named.values() for key in keys)), ctx.clock.now()
    unnamed = {str(one.account_id) for one in told if one.findings is None}
    looked = {account_id: _list_findings(ctx, account_id)[:FINDINGS_TOLD_MAX] for account_id in unnamed}
    return {
        one.approval_id: looked[str(one.account_id)]
        if one.findings is None
        else tuple(security.finding_to_see(read[key], now) for key in named[one.approval_id] if key in read)
        for one in told
    }


def list_subject_findings(
    ctx: Context, token: AgentToken, stream: security.Stream, *, limit: int, after: str | None = None
) -> SubjectFindingPage:
    """The findings about the subjects of a stream that wait for somebody, as the agent may see them; of accounts those
    that open no case. Without those about the agent or their own account, so a page may be shorter than `limit`.
    `after`: the `next` of the page before."""
    store, now = ctx.store, ctx.clock.now()
    if stream is security.Stream.ACCOUNT:
        page = security.list_account_findings(store, now, limit=limit, after=after)
    else:
        page = security.list_subject_findings(store, stream, now, limit=limit, after=after)
    is_of_agents = stream is security.Stream.AGENT
    others = (one for one in page.findings if not is_of_agents or one.subject != token.agent_id)
    return replace(page, findings=leave_out_own(store, token, others))


def find_told_findings(ctx: Context, token: AgentToken, approval: Approval) -> tuple[SeenFinding, ...]:
    """The newest findings that a request goes by, also those since it was made; told to whom `list_told_findings` tells
    them. One query, and what `find_open_accounts` reads."""
    if not _list_known(ctx, token, [approval]):
        return ()
    return _list_findings(ctx, str(approval.account_id))[:FINDINGS_TOLD_MAX]


def _list_known(ctx: Context, token: AgentToken, approvals: Iterable[Approval]) -> list[Approval]:
    """The requests that go by findings of which the agent may know. The agent may decide, or has asked and still has
    access to the account by the case."""
    waiting = [one for one in approvals if _goes_by_findings(one)]
    asked = [one for one in waiting if one.requested_by == token.agent_id and not may_decide(token, one)]
    of_cases = [one.case_id for one in asked if one.case_id is not None]
    opened = find_open_accounts(ctx, token, of_cases) if of_cases else {}
    own = {one.approval_id for one in asked if opened.get(str(one.case_id)) == one.account_id}
    return [one for one in waiting if may_decide(token, one) or one.approval_id in own]


def _goes_by_findings(approval: Approval) -> bool:
    waits = approval.operation is Operation.RELEASE_HOLD and approval.state is ApprovalState.ASKED
    return waits and approval.account_id is not None and approval.subject.content.get("cause") == HELD_BY_FINDINGS.value


def read_findings(ctx: Context, case: Case, account_id: str, view: LockView) -> tuple[SeenFinding, ...]:
    """The findings by which the next step of a case goes: of a security case, and of any where a risk score holds the
    account. One query, none for other cases."""
    held = any(one.state is LockState.HOLD and one.cause is HELD_BY_FINDINGS for one in view.components)
    return _list_findings(ctx, account_id) if held or case.topic == SECURITY_TOPIC else ()


def _list_findings(ctx: Context, account_id: str) -> tuple[SeenFinding, ...]:
    return security.list_findings(ctx.store, account_id, ctx.clock.now(), limit=FINDINGS_READ_MAX)
