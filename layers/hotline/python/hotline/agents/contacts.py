"""The agent who is in a contact, by the contact events or by the agent's workspace.

The workspace names the contact, and that proves nothing. So it is held against the stored call: it was handed over, and
nobody else is in it. A contact event overrules the workspace. Without events a contact lasts for HELD_MAX.

Events come late, twice and in any order, and a caller who is sent on comes back to an agent. So what holds follows from
all legs that were told (legs.py).

`is_ground` is the one rule of which case a call opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.cases import service as cases
from hotline.cases.model import Case
from hotline.identity.service import Operation, require
from hotline.kit.actor import Agent, System
from hotline.kit.change import Change
from hotline.kit.change.acts import retry_stale
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Store
from hotline.sessions.model import SessionState
from hotline.sessions.service import session_in, session_key

from . import items
from .legs import Holder, Presence, find_holder, fold_connected, fold_ended, is_connected
from .model import AgentError, AgentToken, ContactView, Permission
from .own import leave_out_own_contacts, refuse_own
from .records import record

HELD_MAX: Final = timedelta(hours=2)
"""Longer than any call that people remember; who talks on takes the contact again before that."""
UNHEARD_MAX: Final = timedelta(hours=2)
"""So long after its last step on the line a call is over that no agent is in, also where its end was not told. Nobody
waits longer."""
LIVE_MAX: Final = 10
"""The contacts of an agent that are listed: one call, and those in wrap-up."""
ATTEMPTS_MAX: Final = 5
"""How often an event is folded before it is delivered again: the events of a call come at once, and meet."""
_EVENTS: Final = System("contact_events", "contact")


def holds(holder: Mapping[str, Any] | None, agent_id: str, now: datetime) -> bool:
    """Whether the agent is in the contact now. `holder`: what is stored of the contact's agent."""
    return holder is not None and holder["agent_id"] == agent_id and _is_live(holder, now)


def is_ground(case: Case | None, holder: Mapping[str, Any], agent_id: str) -> bool:
    """Whether a call opens a case that it is about to the agent who is in it. `case`: None for one that is gone;
    `holder`: what is stored of the contact's agent.

    A call opens no closed case. A contact event tells who talks with the caller, so it opens a case whoever has claimed
    it. The workspace's word proves nothing, so another agent's claim of the case overrules it.
    """
    if case is None or case.is_closed:
        return False
    return case.owner in (None, agent_id) or is_connected(items.presence_from(holder), agent_id)


def _is_live(holder: Mapping[str, Any], now: datetime) -> bool:
    return "ended_at" not in holder and now < from_text(holder["since"]) + HELD_MAX


def _is_over(state: SessionState, holder: Mapping[str, Any] | None, now: datetime) -> bool:
    """Whether a call that was handed over has ended. Its end was told; or no agent is in it, and it was not heard of
    for so long."""
    if holder is not None and ("ended_at" in holder or _is_live(holder, now)):
        return "ended_at" in holder
    return now >= state.last_step_at + UNHEARD_MAX


def take_contact(ctx: Context, token: AgentToken, contact_id: str) -> None:
    """Note that the agent is in a contact, as their workspace says. Taken again, it lasts anew.

    Raises NotPossible `token_old`, `no_permission`, `own_account`, `contact_taken` when another agent is in it. Raises
    `no_access` for a contact that was not handed over, is over, whose case is closed or another agent's, or that there
    is not. Stale, Unavailable.
    """

    def take() -> None:
        now = ctx.clock.now()
        if not token.is_good(now):
            raise NotPossible(AgentError.TOKEN_OLD)
        if Permission.WORK not in token.permissions():
            raise NotPossible(AgentError.NO_PERMISSION)
        key = items.holder_key(contact_id)
        read = ctx.store.batch_get([session_key(contact_id), key])
        state, holder = session_in(read, contact_id), read.get(key)
        if state is None or state.case_id is None or _is_over(state, holder, now):
            raise NotPossible(AgentError.NO_ACCESS)
        if holder is not None and holder["agent_id"] != token.agent_id and _is_live(holder, now):
            raise NotPossible(AgentError.CONTACT_TAKEN)
        case = _find_case(ctx.store, state)
        refuse_own(ctx.store, token, state.account_id, case.account_id if case is not None else None)
        held = Holder(token.agent_id, now)
        presence = replace(items.presence_from(holder), taken=held)
        taken = items.holder_item(contact_id, held, presence)
        if not is_ground(case, taken, token.agent_id):
            raise NotPossible(AgentError.NO_ACCESS)
        agent = Agent(token.agent_id, state.case_id)
        change = Change(actor=agent, cause="contact_taken", now=now, ids=ctx.ids)
        require(change, Operation.READ, state.account_id)
        change.replace(key, holder, taken)
        record(change, ctx, token, agent, "contact_taken", state.account_id, contact_id=contact_id)
        change.commit(ctx.store)

    retry_stale(take)


def list_live_contacts(store: Store, token: AgentToken, now: datetime) -> tuple[str, ...]:
    """The contacts that the agent is in, by their initial ids, the newest first, without those about their own account.
    One query on an index that may lag by a moment, and what `leave_out_own_contacts` reads. Access itself reads what is
    stored."""
    found = store.query(items.held_query(token.agent_id, since=now - HELD_MAX, limit=LIVE_MAX)).items
    return leave_out_own_contacts(store, token, [item["contact_id"] for item in found])


def view_contact(ctx: Context, token: AgentToken, contact_id: str) -> ContactView:
    """A contact that was handed over to people, as an agent may see it. Two reads. Raises NotPossible `no_access` for
    one that another agent is in, that was not handed over, or that there is not; `own_account`."""
    key, now = items.holder_key(contact_id), ctx.clock.now()
    read = ctx.store.batch_get([session_key(contact_id), key])
    state, holder = session_in(read, contact_id), read.get(key)
    is_free = holder is None or not _is_live(holder, now)
    if state is None or state.case_id is None or not (is_free or holds(holder, token.agent_id, now)):
        raise NotPossible(AgentError.NO_ACCESS)
    case = _find_case(ctx.store, state)
    refuse_own(ctx.store, token, state.account_id, case.account_id if case is not None else None)
    return ContactView(contact_id, live=not _is_over(state, holder, now), case=case)


def _find_case(store: Store, state: SessionState) -> Case | None:
    """The case with which a call was handed over. One read."""
    if state.case_id is None:
        return None
    return cases.case_in(store.batch_get(list(cases.agent_keys(state.case_id))), state.case_id)


def was_handed_over(store: Store, contact_id: str) -> bool:
    """Whether a contact (its initial id) is a call of the hotline that was handed over to people. One read."""
    state = session_in(store.batch_get([session_key(contact_id)]), contact_id)
    return state is not None and state.case_id is not None


def note_connected(ctx: Context, contact_id: str, agent_id: str, *, leg_id: str, at: datetime) -> None:
    """Note what a contact event says: the agent was connected to a leg of the contact (its initial id) at `at`. An
    event that comes late or again changes nothing. Raises Stale, Unavailable."""
    _note(ctx, contact_id, lambda told: fold_connected(told, leg_id, Holder(agent_id, at)))


def note_ended(ctx: Context, contact_id: str, *, leg_id: str, at: datetime) -> None:
    """Note that a leg of a contact ended at `at`. Without another one nobody is in the contact until an agent is
    connected later. An end that comes late or again changes nothing. Raises Stale, Unavailable."""
    _note(ctx, contact_id, lambda told: fold_ended(told, leg_id, at))


def _note(ctx: Context, contact_id: str, fold: Callable[[Presence], Presence]) -> None:
    def note() -> None:
        key = items.holder_key(contact_id)
        stored = ctx.store.batch_get([key]).get(key)
        known = items.presence_from(stored)
        presence = fold(known)
        holder = find_holder(presence)
        if presence == known or holder is None:
            return
        change = Change(actor=_EVENTS, cause="contact_event", now=ctx.clock.now(), ids=ctx.ids)
        change.replace(key, stored, items.holder_item(contact_id, holder, presence))
        change.commit(ctx.store)

    retry_stale(note, attempts_max=ATTEMPTS_MAX)
