"""The ground on which an agent would come to the account of a case, for an agent who only looks at the case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.cases.model import SECURITY_TOPIC, Case, CaseEntry
from hotline.identity.model import Approval, Goal
from hotline.identity.service import could_give, gives_until, owner_keys, row_keys, rows_subject
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.lockout.model import LockView
from hotline.refunds import service as refunds

from .access import AgentRequest, open_request
from .actions import Action, ByTwo, Obstacle, list_actions
from .acts import OPENINGS
from .model import AgentError, AgentToken, Basis
from .next_steps import Step, list_unpaid_refunds
from .proofs import GOALS, list_goals


@dataclass(frozen=True, slots=True)
class Ground:
    """The request by which the agent comes to the account, or what stands in the way. Neither for a closed case."""

    request: AgentRequest | None = None
    obstacle: Obstacle | None = None

    def knows_account(self, case: Case) -> bool:
        """Whether the account is known: the case names it, or it was proved in the call that the agent is in."""
        return case.account_id is not None or (self.request is not None and self.request.account is not None)


def find_ground(ctx: Context, token: AgentToken, case: Case, contact_id: str | None) -> Ground:
    """Whether the agent has access to the account of the case, by the contact that they are in or by the case."""
    if case.is_closed:
        return Ground()
    of_account = _account_keys(case.account_id) if case.account_id is not None else ()
    for one in dict.fromkeys((contact_id, None)):
        try:
            return Ground(open_request(ctx, token, Basis(case.case_id, one), of_account))
        except NotPossible as refusal:
            if refusal.code == AgentError.OWN_ACCOUNT:
                return Ground(obstacle=Obstacle.OWN_ACCOUNT)
    return Ground(obstacle=Obstacle.NOT_CLAIMED)


def list_case_actions(ctx: Context, case: Case, ground: Ground, approvals: Sequence[Approval]) -> tuple[Action, ...]:
    """The actions upon the account of a case; none for one that is closed or whose account is not known."""
    if case.is_closed or not ground.knows_account(case):
        return ()
    request = ground.request
    if request is None:
        return list_actions(None, approvals, ctx.clock.now(), ground.obstacle)
    account_id, now = request.account_id, request.now
    read = request.fetch(_account_keys(account_id))
    by_two = {
        act.operation: ByTwo(
            act.unproved, act.find_subject(read, account_id, now), act.is_possible(read, account_id, now)
        )
        for act in OPENINGS
        if not could_give(act.operation, read, account_id, now)
    }
    proof, view = request.proof(standing=False), view_lock(ground)
    waits = frozenset(
        act.operation for act in OPENINGS if gives_until(act.operation, read, account_id, now) is not None
    )
    return list_actions(proof, approvals, now, ground.obstacle, view, by_two, waits, rows_full=_has_full_row(request))


def find_two_from(ground: Ground) -> datetime | None:
    """The time from which two people may open the account, for an agent with access to it. Before, a factor that was
    removed stands against them. None where nothing has to wait for that. Nothing is read that the ground has not
    read."""
    request = ground.request
    if request is None or request.account is None:
        return None
    read, account_id = request.fetch(_account_keys(request.account)), request.account
    ends = [gives_until(act.operation, read, account_id, request.now) for act in OPENINGS]
    return min((end for end in ends if end is not None), default=None)


def _has_full_row(request: AgentRequest) -> bool:
    """Whether a row of wrong codes of the account is full. One read."""
    profile, ring = request.profile, request.ctx.lookup_ring
    if profile is None:
        return False
    try:
        rows_subject(request.fetch(row_keys(profile, ring)), profile, ring)
    except NotPossible:
        return False
    return True


def view_lock(ground: Ground) -> LockView | None:
    """The view of what keeps the account shut, for an agent with access to it. Nothing is read that the ground has
    not read."""
    request = ground.request
    if request is None or request.account is None:
        return None
    return lockout.view_from(request.fetch(_account_keys(request.account)), request.account, request.now)


def list_overtaken(ground: Ground, timeline: Iterable[CaseEntry]) -> Mapping[str, Step]:
    """The step of each refund that waits in the case for another way and may not be paid by it any more, by its id. The
    wallet has paid it meanwhile, or a part of it. Nothing for an agent without access. Two reads at most."""
    request, waiting = ground.request, list_unpaid_refunds(timeline)
    if request is None or request.account is None or not waiting:
        return {}
    account_id = request.account
    request.fetch(key for one in waiting for key in refunds.deciding_keys(account_id, one))
    if lockout.is_erased(request.read, account_id):
        return {}
    known = [one for one in waiting if refunds.refund_key(account_id, one) in request.read]
    request.fetch(key for one in known for key in refunds.paid_keys(request.read, account_id, one))
    found = {}
    for refund_id in known:
        rest = refunds.find_rest(request.read, account_id, refund_id)
        if rest is not None:
            found[refund_id] = Step.TRACE_REFUND if rest > 0 else Step.CLOSE
    return found


def list_case_goals(ground: Ground) -> tuple[Goal, ...]:
    """The goals for which the agent may ask the customer for proof. These are all while nobody knows whose account it
    is, and none without access to it. Nothing is read that the ground has not read."""
    request = ground.request
    if request is None:
        return ()
    if request.account is None:
        return GOALS
    return list_goals(request.fetch(_account_keys(request.account)), request.account)


def find_security_case(ground: Ground, case: Case) -> str | None:
    """The id of the account's open security case, for an agent with access to the account; None for that very case.
    Nothing is read that the ground has not read."""
    request = ground.request
    if request is None or request.account is None:
        return None
    found = cases.find_open(
        request.fetch(_account_keys(request.account)), account_id=request.account, topic=SECURITY_TOPIC
    )
    return found.case_id if found is not None and found.case_id != case.case_id else None


def _account_keys(account_id: str) -> tuple[Key, ...]:
    return (
        *lockout.lock_keys(account_id),
        *owner_keys(account_id),
        accounts.found_key(account_id),
        cases.pointer_key(account_id, SECURITY_TOPIC),
    )
