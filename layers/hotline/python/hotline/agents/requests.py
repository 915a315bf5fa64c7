"""Performing an act of an agent: the one place where access, limits, proof and a second person are asked, and where it
commits.

Reads: the case, the contact and its session; the account's profile, and what the act and the proof need. One
transaction: the act's writes, its audit entries, the case's entry, and the approval that it spends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.cases.model import Case
from hotline.identity.model import ApprovalError, Subject
from hotline.identity.service import (
    REQUIREMENTS,
    ByAgent,
    Operation,
    approval_key,
    find_flaw,
    list_account_factors,
    needs_standing_proof,
    owner_keys,
    require_same_risk,
)
from hotline.kit.actor import Agent, Approved
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import retry_stale
from hotline.kit.change.idempotency import Memory, Remembered, request_from
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof, NeedSecond
from hotline.kit.store import Key
from hotline.kit.store.condition import equals

from .access import AgentRequest, open_request
from .limits import COUNTED, count_one, limit_keys
from .model import ActReason, AgentToken, Basis, Permission
from .records import record

ATTEMPTS_MAX: Final = 5
"""As many runs as the customers' API has: others write to the account meanwhile."""
_OF_ACTS: Final = tuple(dict.fromkeys(COUNTED.values()))
"""Looks, requests and approvals are counted where they are done, not as acts."""


@dataclass(frozen=True, slots=True)
class Deed[Result]:
    """The result of an act. `outcome` is a closed word; `facts` are opaque, for the audit trail and the case. `also`:
    what the answer tells beside the outcome."""

    result: Result
    outcome: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> Mapping[str, str]:
        """The answer to the request, and to each repetition of it."""
        return {"outcome": self.outcome.lower(), **self.also}


class AgentAct[Result](ABC):
    """One thing that an agent may do. `permission` is asked once the case or contact has been read, and before the keys
    of the act. `on_account`: it is about the account of the case or contact."""

    permission: ClassVar[Permission] = Permission.ACT
    on_account: ClassVar[bool] = True

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        """The keys to read first."""
        return ()

    def further_keys(self, _request: AgentRequest) -> Iterable[Key]:
        """The keys that are known only when those of `keys` have been read."""
        return ()

    def read_more(self, _request: AgentRequest) -> None:
        """Read into the request what no key names, once all keys have been read."""
        return

    @abstractmethod
    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        """The operation that this is, and the thing that a second person would be asked about. Raises NotPossible."""

    def check_possible(self, _request: AgentRequest) -> None:
        """Raises NotPossible for what no second person's word would make possible, so that none is asked."""
        return

    @abstractmethod
    def contribute(self, change: Change, request: AgentRequest) -> Deed[Result]:
        """Add the writes. Raises Refused or InvalidInput, and then nothing is written."""


@dataclass(frozen=True, slots=True)
class Performed[Result]:
    """The end of an act. `replayed`: the request was made before, and nothing was done now; `deed` is None then."""

    deed: Deed[Result] | None
    case: Case | None = None
    replayed: Remembered | None = None

    @property
    def told(self) -> Mapping[str, str]:
        """The answer of the first time, whether that is now or was before."""
        if self.deed is not None:
            return self.deed.told
        return self.replayed.told if self.replayed is not None else {}


def perform[Result](
    ctx: Context,
    token: AgentToken,
    basis: Basis,
    act: AgentAct[Result],
    *,
    approval_id: str | None = None,
    why: ActReason | None = None,
    memory: Memory | None = None,
) -> Performed[Result]:
    """Do the act, and read again when somebody else wrote in between. `approval_id`: the second person's word. `why`:
    the agent's reason, for the trails.

    Raises NotPossible with codes of AgentError and of the act. Raises NeedProof with the factors that the account
    has and the customer could prove, and NeedSecond without a good approval where the act takes one. Stale,
    Unavailable.
    """

    def work() -> Performed[Result]:
        return _perform_once(ctx, token, basis, act, approval_id, why, memory)

    return retry_stale(work, attempts_max=ATTEMPTS_MAX)


def read_for[Result](
    ctx: Context,
    token: AgentToken,
    basis: Basis,
    act: AgentAct[Result],
    also: Iterable[Key] = (),
    *,
    why: ActReason | None,
) -> AgentRequest:
    """The request with everything read that the act needs. Raises what `open_request` does, and `no_permission`."""
    limits = [key for counted in _OF_ACTS for key in limit_keys(counted, token.agent_id, ctx.clock.now())]
    request = open_request(ctx, token, basis, (*limits, *also), why=why)
    request.require(act.permission)
    if act.on_account:
        request.fetch((*act.keys(request), *owner_keys(request.account_id)))
    else:
        request.fetch(act.keys(request))
    request.fetch(act.further_keys(request))
    act.read_more(request)
    return request


def _perform_once[Result](
    ctx: Context,
    token: AgentToken,
    basis: Basis,
    act: AgentAct[Result],
    approval_id: str | None,
    why: ActReason | None,
    memory: Memory | None,
) -> Performed[Result]:
    of_memory = (memory.key,) if memory is not None else ()
    of_approval = (approval_key(approval_id),) if approval_id is not None else ()
    request = read_for(ctx, token, basis, act, (*of_memory, *of_approval), why=why)
    known = request_from(request.read.get(memory.key)) if memory is not None else None
    if known is not None:
        return Performed(None, request.case, known)
    operation, subject = act.find_need(request)
    held = needs_standing_proof(operation) and REQUIREMENTS[operation].by_agent is ByAgent.PROOF
    agent = request.actor(
        proof=request.proof(standing=held) if act.on_account else None,
        approval=_find_approval(request, approval_id, operation, subject),
    )
    change = Change(actor=agent, cause=operation.value, now=request.now, ids=ctx.ids)
    try:
        deed = act.contribute(change, request)
        if held:
            _require_same_ground(change, request)
        if operation in COUNTED:
            count_one(change, COUNTED[operation], token.agent_id, request.read)
        account_id = request.account_id if act.on_account else request.account
        facts = {"outcome": deed.outcome, **deed.facts, **({"why": why.value} if why is not None else {})}
        case = leave_records(change, request, agent, operation.value, account_id, facts)
        if memory is not None:
            memory.keep(change, failed=stale, told=deed.told)
        change.commit(ctx.store)
    except NeedProof as refusal:
        raise _name_own_factors(request, refusal) from None
    return Performed(deed, case)


def _name_own_factors(request: AgentRequest, refusal: NeedProof) -> NeedProof:
    """The refusal with those of its factors that the account has: nobody is asked for a code that cannot be sent."""
    own = list_account_factors(request.read, request.account) if request.account is not None else ()
    return NeedProof(operation=refusal.operation, needs=tuple(kind for kind in refusal.needs if kind in own))


def _find_approval(
    request: AgentRequest, approval_id: str | None, operation: Operation, subject: Subject | None
) -> Approved | None:
    """The approval that is named, if the operation takes one. Raises NeedSecond when it is not good."""
    if approval_id is None or REQUIREMENTS[operation].by_agent is not ByAgent.SECOND or subject is None:
        return None
    key = approval_key(approval_id)
    find = partial(find_flaw, agent_id=request.agent_id, operation=operation, subject=subject, now=request.now)
    stored = request.read.get(key)
    flaw = find(stored)
    if flaw is ApprovalError.VOID:
        # The thing was read after the approval: it may be this very approval that has changed it.
        stored = request.ctx.store.get(key)
        flaw = find(stored)
    if flaw is not None or stored is None:
        raise NeedSecond(flaw, operation=operation.value)
    return Approved(key, request.agent_id, stored["decided_by"])


def _require_same_ground(change: Change, request: AgentRequest) -> None:
    """Make the change depend on the contact points and the risk against which the proof was held."""
    key = accounts.profile_key(request.account_id)
    if key in request.read:
        change.require_condition(key, equals("rev", int(request.read[key]["rev"])), stale)
    require_same_risk(change, request.read, request.account_id)


def leave_records(
    change: Change,
    request: AgentRequest,
    agent: Agent,
    event: str,
    account_id: str | None,
    facts: Mapping[str, str | int],
    *,
    in_case: bool = True,
) -> Case | None:
    """Add what is kept of any deed: audit entry, the agent's trail, the row for the scan, and the case's entry while it
    is open. Gives the case as it will be."""
    record(change, request.ctx, request.token, agent, event, account_id, **facts)
    if request.case is None or request.case.is_closed or not in_case:
        return request.case
    if cases.is_written(change, request.case.case_id):
        # The deed itself has added to this very case: a freeze does so to the security case.
        return request.case
    told = facts if agent.approval is None else {**facts, "approved_by": agent.approval.approver}
    return cases.contribute_decided(change, request.read, request.case.case_id, reason=f"agent.{event}", facts=told)
