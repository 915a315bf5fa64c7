"""Agents' work on cases: reading one, and doing one thing to it.

Case work needs no access to the account, since the queue is everybody's. A case that another agent has claimed is
changed by its owner and supervisors alone (cases.requests).

Cases of the agent's own account are refused, as the account itself is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hotline.cases import service as cases
from hotline.cases.model import Case, CaseEntry, CaseError
from hotline.kit.actor import Agent
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot, retry_stale
from hotline.kit.change.idempotency import Memory, Remembered, request_from
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .model import AgentToken
from .own import refuse_own
from .records import leave_trace
from .requests import ATTEMPTS_MAX

type Contribute = Callable[[Change, Mapping[Key, Item]], Case]


@dataclass(frozen=True, slots=True)
class Worked:
    """The case as it is now. `replayed`: the request was made before, and nothing was done now."""

    case: Case
    replayed: Remembered | None = None


def read_case(ctx: Context, token: AgentToken, case_id: str) -> tuple[Case, tuple[CaseEntry, ...]]:
    """A case and the newest page of its timeline. Two reads, three for an agent with an account of their own. Raises
    NotPossible `case_not_found`, `own_account`."""
    found = cases.read_case(ctx.store, case_id)
    if found is None:
        raise NotPossible(CaseError.CASE_NOT_FOUND, case_id=case_id)
    refuse_own(ctx.store, token, found[0].account_id)
    return found


def find_case(ctx: Context, token: AgentToken, case_id: str) -> Case:
    """A case without its timeline. One read, two for an agent with an account of their own. Raises as `read_case`."""
    case = cases.case_in(ctx.store.batch_get(list(cases.agent_keys(case_id))), case_id)
    if case is None:
        raise NotPossible(CaseError.CASE_NOT_FOUND, case_id=case_id)
    refuse_own(ctx.store, token, case.account_id)
    return case


def work_on_case(
    ctx: Context,
    token: AgentToken,
    case_id: str,
    cause: str,
    contribute: Contribute,
    *,
    memory: Memory | None = None,
) -> Worked:
    """Do one thing to a case in the agent's name. `contribute` is one of the contribute functions of cases, `cause` a
    closed word for the trails.

    Raises as `contribute` does, NotPossible `case_not_found`, `own_account`, and Stale when others kept writing in
    between.
    """

    def work_once() -> Worked:
        of_memory = (memory.key,) if memory is not None else ()
        read = Snapshot(ctx.store.batch_get([*cases.agent_keys(case_id), *of_memory]))
        case = cases.case_in(read, case_id)
        if case is None:
            raise NotPossible(CaseError.CASE_NOT_FOUND, case_id=case_id)
        refuse_own(ctx.store, token, case.account_id)
        known = request_from(read.get(memory.key)) if memory is not None else None
        if known is not None:
            return Worked(case, known)
        agent = Agent(token.agent_id, case_id)
        change = Change(actor=agent, cause=f"agent.{cause}", now=ctx.clock.now(), ids=ctx.ids)
        after = contribute(change, read)
        if after == case:
            return Worked(case)
        # The account's audit trail has its entry from the case itself.
        leave_trace(change, ctx, token, agent, f"case_{cause}", case.account_id, {})
        if memory is not None:
            memory.keep(change, failed=stale)
        change.commit(ctx.store)
        return Worked(after)

    return retry_stale(work_once, attempts_max=ATTEMPTS_MAX)
