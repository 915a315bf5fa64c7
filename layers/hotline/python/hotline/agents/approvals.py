"""Asking for a second person, and being one: the requests, their decisions, and the list of those that wait.

A request names operation, subject, version, what is to be done, and a reason. Somebody else decides on it, who has the
permission and no part in the account. The one who asked then does it, once, before the date (identity.approvals).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.cases import service as cases
from hotline.cases.model import CaseEntry
from hotline.identity.model import Approval, ApprovalError, ApprovalState, Subject, VoidCause
from hotline.identity.service import (
    REQUIREMENTS,
    ByAgent,
    Operation,
    approval_from,
    approval_item,
    approval_key,
    asked_item,
    asked_key,
    decided_query,
    digest_of,
    open_query,
    require,
)
from hotline.kit.actor import Agent
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot, retry_stale
from hotline.kit.change.idempotency import Memory, request_from
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, NotPossible
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item, equals

from . import subjects
from .access import AgentRequest
from .findings import name_told
from .limits import Counted, count_one, limit_keys
from .model import NO_CASE, ActReason, AgentError, AgentToken, Basis, Permission
from .own import is_own, own_keys, read_all
from .records import record
from .requests import ATTEMPTS_MAX, AgentAct, leave_records, read_for

APPROVAL_LIFE: Final = timedelta(hours=4)
"""From the request to the deed: within one shift, so that both people still know the case."""
ASKED_REASON: Final = "agent.approval_asked"
"""The reason of a case's entry that tells of a request."""
OWN_MAX: Final = 50
"""So many of an agent's requests about a case are read, the newest."""
_ALIVE: Final = frozenset({ApprovalState.ASKED, ApprovalState.APPROVED})


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """Requests to a second person. `next` is the `after` of the following page, None at the end."""

    approvals: tuple[Approval, ...]
    next: str | None


def ask(
    ctx: Context,
    token: AgentToken,
    basis: Basis,
    act: AgentAct[Any],
    reason: ActReason,
    *,
    approval_id: str | None = None,
    memory: Memory | None = None,
) -> Approval:
    """Ask for a second person's word on an act, as it would be done now. `approval_id`: an id that the caller has
    derived; the same id asks once.

    Raises NotPossible `approval_not_needed` for an act that takes one person, and `requests_limit`. It is
    `approval_open` while an own request for the operation on the thing as it is waits. Raises what `perform` raises
    before it writes. Stale, Unavailable.
    """

    def ask_once() -> Approval:
        named = approval_id or ctx.ids.new("apr")
        key = approval_key(named)
        of_memory = (memory.key,) if memory is not None else ()
        of_limit = limit_keys(Counted.REQUESTS, token.agent_id, ctx.clock.now())
        request = read_for(ctx, token, basis, act, (key, *of_memory, *of_limit), why=reason)
        if key in request.read and request.read[key]["requested_by"] == token.agent_id:
            return see(approval_from(request.read[key]), request.now)
        operation, subject = act.find_need(request)
        if REQUIREMENTS[operation].by_agent is not ByAgent.SECOND or subject is None:
            raise NotPossible(ApprovalError.NOT_NEEDED)
        act.check_possible(request)
        asked = asked_key(token.agent_id, operation, subject)
        known = request.fetch((asked,)).get(asked)
        waiting = _find_asked(ctx.store, known, request.now)
        if waiting is not None and waiting.state is ApprovalState.ASKED:
            raise NotPossible(ApprovalError.OPEN, approval_id=waiting.approval_id)
        agent = request.actor()
        change = Change(actor=agent, cause="approval_asked", now=request.now, ids=ctx.ids)
        account_id = request.account_id if act.on_account else None
        approval = _make(named, token, operation, subject, reason, account_id, request)
        require(change, Operation.APPROVAL, account_id)
        change.create(key, {**approval_item(approval), "rev": 1})
        change.replace(asked, known, asked_item(approval))
        count_one(change, Counted.REQUESTS, token.agent_id, request.read)
        told = {"approval_id": named, "operation": operation.value, "why": reason.value}
        leave_records(change, request, agent, "approval_asked", account_id, told)
        if memory is not None and request_from(request.read.get(memory.key)) is None:
            memory.keep(change, failed=stale)
        change.commit(ctx.store)
        return approval

    return retry_stale(ask_once, attempts_max=ATTEMPTS_MAX)


def _make(
    approval_id: str,
    token: AgentToken,
    operation: Operation,
    subject: Subject,
    reason: ActReason,
    account_id: str | None,
    request: AgentRequest,
) -> Approval:
    case_id, now = request.case_id, request.now
    return Approval(
        approval_id=approval_id,
        operation=operation,
        subject=subject,
        digest=digest_of(operation, subject),
        reason=reason.value,
        account_id=account_id,
        case_id=None if case_id == NO_CASE else case_id,
        requested_by=token.agent_id,
        requested_by_name=token.name,
        requested_at=now,
        expires_at=now + APPROVAL_LIFE,
        state=ApprovalState.ASKED,
        findings=name_told(request.found) if request.found is not None else None,
    )


def decide(ctx: Context, token: AgentToken, approval_id: str, *, approve: bool) -> Approval:
    """Give the second person's word. Returns the approval as it is then.

    Raises NotPossible `token_old`, `no_permission`, `approvals_limit`, `approval_unknown`, `approval_own` for the one
    who asked, `own_account`, `approval_expired`, `approval_decided`. Raises `approval_void` when the thing has changed;
    the request is then void for good. Stale, Unavailable.
    """
    decided = retry_stale(lambda: _decide_once(ctx, token, approval_id, approve=approve), attempts_max=ATTEMPTS_MAX)
    if decided.state is ApprovalState.VOID:
        raise NotPossible(ApprovalError.VOID, approval_id=approval_id)
    return decided


def _decide_once(ctx: Context, token: AgentToken, approval_id: str, *, approve: bool) -> Approval:
    now, key = ctx.clock.now(), approval_key(approval_id)
    if not token.is_good(now):
        raise NotPossible(AgentError.TOKEN_OLD)
    if Permission.APPROVE not in token.permissions():
        raise NotPossible(AgentError.NO_PERMISSION)
    read = Snapshot(ctx.store.batch_get([key, *limit_keys(Counted.APPROVALS, token.agent_id, now)]))
    if key not in read:
        raise NotPossible(ApprovalError.UNKNOWN)
    known = approval_from(read[key])
    _refuse_decided(known, token, now)
    _read_on(ctx, token, known, read)
    if known.account_id is not None and is_own(read, token.account_id, known.account_id):
        raise NotPossible(AgentError.OWN_ACCOUNT)
    state = ApprovalState.APPROVED if approve else ApprovalState.DENIED
    void_cause = _find_void_cause(known, read, ctx.lookup_ring, now)
    if void_cause is not None:
        state = ApprovalState.VOID
    approval = replace(
        known,
        state=state,
        decided_by=token.agent_id,
        decided_by_name=token.name,
        decided_at=now,
        void_cause=void_cause,
    )
    agent = Agent(token.agent_id, known.case_id or NO_CASE)
    change = Change(actor=agent, cause="approval_decided", now=now, ids=ctx.ids)
    require(change, Operation.APPROVAL, known.account_id)
    change.replace(key, read[key], approval_item(approval))
    change.require_condition(key, equals("state", ApprovalState.ASKED.value), _name_decided, first=True)
    count_one(change, Counted.APPROVALS, token.agent_id, read)
    _leave_records(ctx, token, change, agent, read, approval)
    change.commit(ctx.store)
    return approval


def _refuse_decided(known: Approval, token: AgentToken, now: datetime) -> None:
    if known.requested_by == token.agent_id:
        raise NotPossible(ApprovalError.OWN)
    if known.state is not ApprovalState.ASKED:
        raise NotPossible(ApprovalError.DECIDED)
    if known.expires_at <= now:
        raise NotPossible(ApprovalError.EXPIRED)


def _read_on(ctx: Context, token: AgentToken, known: Approval, read: Snapshot) -> None:
    """Read the thing as it is now, whose account it is, and the case."""
    of_account = own_keys(token.account_id, known.account_id) if known.account_id is not None else ()
    of_case = cases.agent_keys(known.case_id) if known.case_id is not None else ()
    keys = dict.fromkeys((*subjects.first_keys(known.subject.name), *of_account, *of_case))
    read.update(ctx.store.batch_get(list(keys)) if keys else {})
    further = [key for key in subjects.further_keys(known.subject.name, read, ctx.lookup_ring) if key not in read]
    read.update(ctx.store.batch_get(further) if further else {})


def _leave_records(
    ctx: Context, token: AgentToken, change: Change, agent: Agent, read: Mapping[Key, Item], approval: Approval
) -> None:
    event = f"approval_{approval.state.value}"
    told = {"approval_id": approval.approval_id, "operation": approval.operation.value}
    record(change, ctx, token, agent, event, approval.account_id, **told)
    case = cases.case_in(read, approval.case_id) if approval.case_id is not None else None
    if case is not None and not case.is_closed:
        cases.contribute_decided(change, read, case.case_id, reason=f"agent.{event}", facts=told)


def _name_decided(_: Item | None) -> HotlineError:
    return NotPossible(ApprovalError.DECIDED)


def see(approval: Approval, now: datetime) -> Approval:
    """The approval as it is to be shown: expired when its date has passed before it was used."""
    is_over = approval.state in _ALIVE and approval.expires_at <= now
    return replace(approval, state=ApprovalState.EXPIRED) if is_over else approval


def _find_void_cause(approval: Approval, read: Mapping[Key, Item], keyring: Keyring, now: datetime) -> VoidCause | None:
    """The cause that makes an approval void, by its thing as it was read; None for one whose thing is as it was."""
    version = subjects.version_of(approval.subject.name, read, keyring, now)
    if version == approval.subject.version:
        return None
    return VoidCause.GONE if version == subjects.GONE else VoidCause.CHANGED


def mark_void(ctx: Context, listed: Iterable[Approval]) -> tuple[Approval, ...]:
    """The approvals with those void that wait or were approved, and whose things are not as they were. Two reads for a
    hundred keys, none where nothing waits or was approved; one more where something seems to be void."""
    shown = tuple(listed)
    alive = [one for one in shown if one.state in _ALIVE]
    read = read_all(ctx.store, (key for one in alive for key in subjects.first_keys(one.subject.name)))
    further = [key for one in alive for key in subjects.further_keys(one.subject.name, read, ctx.lookup_ring)]
    read |= read_all(ctx.store, (key for key in further if key not in read))
    causes = {one.approval_id: _find_void_cause(one, read, ctx.lookup_ring, ctx.clock.now()) for one in alive}
    # The thing may have changed by this very approval, since it was read before the thing.
    suspected = [one for one in alive if causes[one.approval_id] is not None]
    now_stored = read_all(ctx.store, (approval_key(one.approval_id) for one in suspected))
    known = {str(item["approval_id"]): approval_from(item) for item in now_stored.values()}
    return tuple(_void(known.get(one.approval_id, one), causes.get(one.approval_id)) or one for one in shown)


def _void(approval: Approval, cause: VoidCause | None) -> Approval | None:
    if cause is None:
        return None
    if approval.state not in _ALIVE:
        return approval
    return replace(approval, state=ApprovalState.VOID, void_cause=cause)


def find_approval(store: Store, approval_id: str, now: datetime) -> Approval | None:
    """An approval as it is to be shown; None when there is none. One read."""
    found = store.get(approval_key(approval_id))
    return see(approval_from(found), now) if found is not None else None


def find_own_approval(
    store: Store, agent_id: str, operation: Operation, subject: Subject, now: datetime
) -> Approval | None:
    """The agent's own latest request for an operation on a thing as it is, if it waits or was approved. Two reads at
    most."""
    found = _find_asked(store, store.get(asked_key(agent_id, operation, subject)), now)
    return found if found is not None and found.state in _ALIVE else None


def _find_asked(store: Store, known: Item | None, now: datetime) -> Approval | None:
    return find_approval(store, str(known["approval_id"]), now) if known is not None else None


def list_open_approvals(store: Store, now: datetime, *, limit: int, after: str | None = None) -> ApprovalPage:
    """The requests that wait for a second person, what expires first in front. One query on an index that may lag by a
    moment."""
    return _page_of(store.query(open_query(now, limit=limit + 1, after=after)).items, limit, now)


def list_decided_approvals(store: Store, now: datetime, *, limit: int, after: str | None = None) -> ApprovalPage:
    """The requests that somebody has decided on, the newest decision first. One query on an index that may lag by a
    moment."""
    return _page_of(store.query(decided_query(limit=limit + 1, after=after)).items, limit, now)


def _page_of(rows: Sequence[Item], limit: int, now: datetime) -> ApprovalPage:
    more = str(rows[limit - 1]["queue_sk"]) if len(rows) > limit else None
    return ApprovalPage(tuple(see(approval_from(row), now) for row in rows[:limit]), more)


def list_told_approvals(store: Store, entries: Iterable[CaseEntry], now: datetime) -> tuple[Approval, ...]:
    """The approvals that entries of a timeline tell of, as they are now. One read, none where they tell of none."""
    named = (str(one.facts["approval_id"]) for one in entries if "approval_id" in one.facts)
    read = read_all(store, map(approval_key, named))
    return tuple(see(approval_from(item), now) for item in read.values())


def list_own_approvals(
    store: Store, agent_id: str, timeline: Iterable[CaseEntry], now: datetime
) -> tuple[Approval, ...]:
    """The agent's own requests about a case that wait or were approved, the newest last. The case's timeline names
    them. One read, none where it names none. Some may be void, see `mark_void`."""
    own = f"agent:{agent_id}:"
    asked = (one for one in timeline if one.reason == ASKED_REASON and one.actor.startswith(own))
    keys = list(dict.fromkeys(approval_key(str(one.facts["approval_id"])) for one in asked))[-OWN_MAX:]
    read = store.batch_get(keys) if keys else {}
    found = (see(approval_from(read[key]), now) for key in keys if key in read)
    return tuple(one for one in found if one.state in _ALIVE)
