"""The accounts that an agent may look at, and the grounds for it.

The ground is a case that the agent has claimed, or a live contact that the agent is in. A contact opens its case as
contacts.is_ground says. Neither is believed as the request names it: the case's owner and the contact's agent are those
that are stored. An agent's own account is refused, and so is one that shares a contact point with it, now or before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.cases import service as cases
from hotline.cases.model import Case, LinkKind
from hotline.identity.service import still_proved
from hotline.kit.actor import Agent, Approved, Proof
from hotline.kit.change.acts import Snapshot, fetch_missing
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.security.model import SeenFinding
from hotline.sessions.model import SessionKind, SessionState
from hotline.sessions.service import proof_from, session_in, session_key

from . import contacts, items
from .model import NO_CASE, OF_CUSTOMER, ActReason, AgentError, AgentToken, Basis, Permission, ProofRequest
from .own import is_own, leave_out_own_accounts, read_all


@dataclass(slots=True)
class AgentRequest:
    """One request of an agent: the token, the ground, and everything that was read for it.

    `session` is the customer's, on the line or in the app, if there is one whose proof counts for this agent.
    """

    ctx: Context
    token: AgentToken
    basis: Basis
    now: datetime
    read: Snapshot
    asked: set[Key]
    why: ActReason | None
    """The agent's reason for what they do; None for a look."""
    case: Case | None = None
    session: SessionState | None = None
    account: str | None = None
    asked_proof: ProofRequest | None = None
    """The request for proof that waits for this customer."""
    found: tuple[SeenFinding, ...] | None = None
    """The findings on the account that an act goes by, the newest first. None where it goes by none, or nobody has
    looked."""

    @property
    def agent_id(self) -> str:
        return self.token.agent_id

    @property
    def is_own_ground(self) -> bool:
        """Whether the agent acts on grounds of their own, and not at the customer's wish."""
        return self.why is not None and self.why not in OF_CUSTOMER

    @property
    def account_id(self) -> str:
        """The account that the request is about. Raises NotPossible `case_without_account`."""
        if self.account is None:
            raise NotPossible(AgentError.NO_ACCOUNT)
        return self.account

    @property
    def case_id(self) -> str:
        """The case, `-` where there is none."""
        return self.case.case_id if self.case is not None else NO_CASE

    @property
    def profile(self) -> Profile | None:
        """The profile of the account as it was read; None for one that is unknown or erased."""
        return accounts.profile_from(self.read.get(accounts.profile_key(self.account_id)))

    def fetch(self, keys: Iterable[Key]) -> Snapshot:
        """Read those of the keys that were not read yet, in one request, and give everything that was read."""
        return fetch_missing(self.ctx.store, keys, self.read, self.asked)

    def require(self, permission: Permission) -> None:
        """Raises NotPossible `no_permission` unless a scope and a role of the token allow it."""
        if permission not in self.token.permissions():
            raise NotPossible(AgentError.NO_PERMISSION)

    def proof(self, *, standing: bool) -> Proof | None:
        """The customer's proof, if it is about this account. `standing`: only as far as the account still has
        what was proved; `read` then holds what exists of the account's `owner_keys`."""
        state = self.session
        if state is None or state.account_id is None or state.account_id != self.account:
            return None
        if standing:
            state = still_proved(state, self.read, state.account_id, self.ctx.lookup_ring, self.now)
        return proof_from(state)

    def actor(self, *, proof: Proof | None = None, approval: Approved | None = None) -> Agent:
        """The agent as the actor of a change."""
        return Agent(self.agent_id, self.case_id, proof, approval)


def open_request(
    ctx: Context,
    token: AgentToken,
    basis: Basis,
    also: Iterable[Key] = (),
    *,
    of_account: Callable[[str], Iterable[Key]] = lambda _: (),
    why: ActReason | None = None,
) -> AgentRequest:
    """A request on the ground that is stored. `also` is read in the same batch as the ground. The keys `of_account` are
    read with the account's profile. `why`: the agent's reason for an act.
    Two reads, three with an app session. A call that has nothing to do with the case, or in which the agent is no more,
    is passed over. It is no ground then.

    Raises NotPossible: `token_old`; `no_access` for a case or contact that is not the agent's, has ended, or that there
    is not; `own_account`.
    """
    now = ctx.clock.now()
    if not token.is_good(now):
        raise NotPossible(AgentError.TOKEN_OLD)
    request = AgentRequest(ctx, token, basis, now, Snapshot(), set(), why)
    of_case = cases.agent_keys(basis.case_id) if basis.case_id is not None else ()
    request.fetch((*of_case, *_contact_keys(basis.contact_id), *also))
    if basis.case_id is None and basis.contact_id is None:
        return request
    held = _find_held_session(request)
    request.case = _find_case(request, held)
    if request.case is None and held is not None:
        _refuse_no_ground(request, held)
    if held is None or not _concerns(held, request.case):
        # A call of somebody else is no part of this: nobody in it is asked for proof, and nothing proved there counts.
        request.basis, request.asked_proof, held = Basis(basis.case_id), None, None
    request.session = held
    request.account = _find_account(request.case, held)
    if request.account is not None:
        _refuse_own(request, request.account, of_account(request.account))
        _find_app_answer(request, request.account)
    return request


def find_open_accounts(ctx: Context, token: AgentToken, case_ids: Iterable[str]) -> Mapping[str, str]:
    """The account of each of these cases that is open to the agent by the case alone, by the case. It is what
    `open_request` says of each one. One read for a hundred cases, and one for the agent's own account."""
    if not token.is_good(ctx.clock.now()):
        return {}
    named = tuple(dict.fromkeys(case_ids))
    read = read_all(ctx.store, (key for case_id in named for key in cases.agent_keys(case_id)))
    claimed = [case for case_id in named if (case := cases.case_in(read, case_id)) is not None]
    found = {
        case.case_id: case.account_id
        for case in claimed
        if case.account_id is not None and _has_claimed(token.agent_id, case)
    }
    others = leave_out_own_accounts(ctx.store, token, found.values())
    return {case_id: account_id for case_id, account_id in found.items() if account_id in others}


def _contact_keys(contact_id: str | None) -> tuple[Key, ...]:
    if contact_id is None:
        return ()
    return (session_key(contact_id), items.holder_key(contact_id), items.contact_proof_key(contact_id))


def _find_held_session(request: AgentRequest) -> SessionState | None:
    """The session of the contact, if the agent is in it and it has not ended. Without a case there is no other ground:
    then it raises NotPossible `no_access`."""
    contact_id = request.basis.contact_id
    if contact_id is None:
        return None
    state = session_in(request.read, contact_id)
    holder = request.read.get(items.holder_key(contact_id))
    if state is None or not contacts.holds(holder, request.agent_id, request.now):
        if request.basis.case_id is None:
            raise NotPossible(AgentError.NO_ACCESS)
        return None
    waiting = request.read.get(items.contact_proof_key(contact_id))
    request.asked_proof = items.proof_request_from(waiting) if waiting is not None else None
    return state


def _find_case(request: AgentRequest, held: SessionState | None) -> Case | None:
    case_id = request.basis.case_id
    if case_id is None:
        return None
    case = cases.case_in(request.read, case_id)
    if case is None or not (
        _has_claimed(request.agent_id, case) or (_is_about(case, held) and _is_ground(request, case))
    ):
        raise NotPossible(AgentError.NO_ACCESS)
    return case


def _refuse_no_ground(request: AgentRequest, held: SessionState) -> None:
    """Raises NotPossible `no_access` for a call alone that does not open the case with which it was handed over."""
    case = None
    if held.case_id is not None:
        request.fetch(cases.agent_keys(held.case_id))
        case = cases.case_in(request.read, held.case_id)
    if not _is_ground(request, case):
        raise NotPossible(AgentError.NO_ACCESS)


def _is_ground(request: AgentRequest, case: Case | None) -> bool:
    contact_id = request.basis.contact_id
    holder = request.read.get(items.holder_key(contact_id)) if contact_id is not None else None
    return holder is not None and contacts.is_ground(case, holder, request.agent_id)


def _has_claimed(agent_id: str, case: Case) -> bool:
    return case.owner == agent_id and not case.is_closed


def _is_about(case: Case, held: SessionState | None) -> bool:
    """Whether the contact that the agent is in was handed over with this case, and is about its account."""
    if held is None or (case.account_id is not None and case.account_id != held.account_id):
        return False
    return held.case_id == case.case_id or f"{LinkKind.CONTACT.value}:{held.contact_id}" in case.links


def _concerns(held: SessionState, case: Case | None) -> bool:
    """Whether a call has to do with the case: it was handed over with it, or is about its account."""
    if case is None or _is_about(case, held):
        return True
    return held.account_id is not None and held.account_id == case.account_id


def _find_account(case: Case | None, held: SessionState | None) -> str | None:
    """The account of the case; where it has none, the one that was proved in the contact."""
    if case is not None and case.account_id is not None:
        return case.account_id
    return held.account_id if held is not None else None


def _find_app_answer(request: AgentRequest, account_id: str) -> None:
    """The app session that has answered this agent's latest request for proof, in the place of the contact's own."""
    waiting = request.read.get(items.app_proof_key(account_id))
    asked = items.proof_request_from(waiting) if waiting is not None else None
    if asked is None or asked.asked_by != request.agent_id or asked.case_id != request.case_id:
        return
    if request.asked_proof is not None and request.asked_proof.asked_at > asked.asked_at:
        return
    request.asked_proof = asked
    if asked.answered_by is not None and asked.until > request.now:
        request.fetch((session_key(asked.answered_by, SessionKind.APP),))
        # A call that has answered in the app's place is the contact's own session, and none of the app's.
        request.session = session_in(request.read, asked.answered_by, SessionKind.APP) or request.session


def _refuse_own(request: AgentRequest, account_id: str, also: Iterable[Key]) -> None:
    own = request.token.account_id
    of_own = (accounts.profile_key(own),) if own is not None else ()
    request.fetch((accounts.profile_key(account_id), items.app_proof_key(account_id), *of_own, *also))
    if is_own(request.read, own, account_id):
        raise NotPossible(AgentError.OWN_ACCOUNT)
