"""The view that one agent has of a case: its actions, its next step, and what it waits for. For display alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hotline.cases.model import Case, CaseEntry
from hotline.identity.model import Approval, ApprovalState, Goal
from hotline.identity.service import Operation
from hotline.kit.doors import Context

from .actions import Action
from .acts import OPENINGS
from .approvals import list_own_approvals, mark_void
from .findings import read_findings
from .grounds import (
    find_ground,
    find_security_case,
    find_two_from,
    list_case_actions,
    list_case_goals,
    list_overtaken,
    view_lock,
)
from .model import AgentToken
from .next_steps import Step, find_next_step, list_missing_documents
from .risks import ToldRisk, find_risk

_OPENING = frozenset(act.unproved for act in OPENINGS)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as one agent sees it. `security_case`: the open security case of its account, for an agent who may come to
    the account. `two_from`: see grounds.find_two_from. `risk`: see risks."""

    account_known: bool
    actions: tuple[Action, ...]
    goals: tuple[Goal, ...]
    next_step: Step | None
    security_case: str | None
    two_from: datetime | None
    missing_documents: tuple[str, ...]
    risk: ToldRisk | None


def view_case(
    ctx: Context, token: AgentToken, case: Case, timeline: tuple[CaseEntry, ...], contact_id: str | None
) -> CaseView:
    """The view of a case by an agent, who may be in a contact. `timeline`: its newest entries, the oldest first."""
    ground = find_ground(ctx, token, case, contact_id)
    actions = list_case_actions(ctx, case, ground, _list_account_approvals(ctx, token, timeline))
    account_known, view = ground.knows_account(case), view_lock(ground)
    account_id = ground.request.account if ground.request is not None else None
    found = read_findings(ctx, case, account_id, view) if account_id is not None and view is not None else ()
    step = find_next_step(
        case,
        timeline,
        actions,
        view,
        account_known=account_known,
        findings=found,
        overtaken=list_overtaken(ground, timeline),
    )
    return CaseView(
        account_known=account_known,
        actions=actions,
        goals=list_case_goals(ground),
        next_step=step,
        security_case=find_security_case(ground, case),
        two_from=find_two_from(ground),
        missing_documents=list_missing_documents(case, timeline),
        risk=find_risk(ground),
    )


def _list_account_approvals(ctx: Context, token: AgentToken, timeline: Iterable[CaseEntry]) -> tuple[Approval, ...]:
    """The agent's own requests about the account itself, that wait or were approved: to begin its rows anew, or to open
    it. An action upon the freeze or another thing is given that thing as it is, so only rows are looked at."""
    own = list_own_approvals(ctx.store, token.agent_id, timeline, ctx.clock.now())
    of_rows = [one for one in own if one.operation is Operation.NEW_ROW_UNPROVED]
    valid = [one for one in mark_void(ctx, of_rows) if one.state is not ApprovalState.VOID]
    return (*valid, *(one for one in own if one.operation in _OPENING))
