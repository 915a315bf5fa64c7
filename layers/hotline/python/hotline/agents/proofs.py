"""A customer's proof for an agent: the agent asks, the customer proves on the line or in the app.

The request waits at the contact, where the line picks it up, and at the account, where the app does. Nobody but the
customer sees a code. On the line the call's own session counts; in the app, the session that answers the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from hotline.cases import service as cases
from hotline.identity.model import Goal, Subject
from hotline.identity.service import (
    REQUIREMENTS,
    ByAgent,
    Effect,
    Operation,
    Session,
    can_give,
    missing_of_customer,
    owner_keys,
    require,
)
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionKind, SessionState
from hotline.sessions.service import proof_from

from . import items
from .access import AgentRequest
from .model import AgentError, Permission, ProofRequest, ProofState, ProofView
from .requests import AgentAct, Deed

PROOF_REQUEST_LIFE: Final = timedelta(minutes=10)
"""As long as a code is good."""
GOALS: Final = (Goal.LOOK, Goal.UNLOCK, Goal.RESET, Goal.REFUND, Goal.FREEZE, Goal.PAUSE, Goal.END_PAUSE, Goal.UNFREEZE)
"""The goals for which an agent may ask for proof. A PIN is chosen by its owner alone."""
WITH_PROOF: Final = tuple(operation for operation, needed in REQUIREMENTS.items() if needed.by_agent is ByAgent.PROOF)
"""The operations for which a customer's proof counts."""


@dataclass(frozen=True)
class AskProof(AgentAct[ProofRequest]):
    """Ask the customer to prove who they are: on the line where there is a contact, in the app where there is an
    account. A later request takes the place of an earlier one. Raises NotPossible `case_without_account` where there is
    neither, and `proof_out_of_reach` where the account has not the factors that the goal takes."""

    goal: Goal
    permission: ClassVar[Permission] = Permission.WORK
    on_account: ClassVar[bool] = False

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return owner_keys(request.account) if request.account is not None else ()

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.PROOF_REQUEST, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[ProofRequest]:
        require(change, Operation.PROOF_REQUEST, request.account)
        if request.account is not None and self.goal not in list_goals(request.read, request.account):
            raise NotPossible(AgentError.PROOF_OUT_OF_REACH)
        contact_id = request.basis.contact_id
        asked = ProofRequest(
            request_id=change.ids.new("prf"),
            goal=self.goal.value,
            case_id=request.case_id,
            asked_by=request.agent_id,
            asked_at=change.now,
            until=change.now + PROOF_REQUEST_LIFE,
            on_call=contact_id is not None,
        )
        account_id = request.account if contact_id is not None else request.account_id
        for key in proof_request_keys(contact_id=contact_id, account_id=account_id):
            change.replace(key, request.read.get(key), items.proof_request_item(asked))
        where = "line" if contact_id is not None else "app"
        return Deed(asked, "ASKED", {"goal": self.goal.value, "where": where})


def list_goals(read: Mapping[Key, Item], account_id: str) -> tuple[Goal, ...]:
    """The goals for which the account has factors enough. `read` holds what exists of its `owner_keys`."""
    return tuple(goal for goal in GOALS if can_give(_OPERATIONS[goal], read, account_id))


def view_proof(request: AgentRequest) -> ProofView:
    """The customer's proof as it is now, and as the agent may see it. `request` is opened with the case and the
    contact."""
    asked, state, now = request.asked_proof, request.session, request.now
    mine = state if state is not None and state.account_id is not None and state.account_id == request.account else None
    good = mine.good_factors(now) if mine is not None else []
    operations = tuple(one.value for one in WITH_PROOF if mine is not None and _is_enough(one, mine, now))
    return ProofView(
        state=_state_of(asked, mine, now),
        goal=asked.goal if asked is not None else None,
        kinds=tuple(sorted({factor.kind.value for factor in good})),
        until=min((factor.until for factor in good), default=None),
        operations=operations,
    )


def _state_of(asked: ProofRequest | None, state: SessionState | None, now: datetime) -> ProofState:
    if asked is None:
        # Proof from before the handover counts as much: nobody is asked for it again.
        return ProofState.PROVED if state is not None and state.good_factors(now) else ProofState.NONE
    if state is not None and _is_enough(operation_of(asked), state, now):
        return ProofState.PROVED
    if asked.ended_at is not None:
        return ProofState.UNPROVED
    if asked.answered_by is not None:
        # It was proved, for a time or for a call that is not this one.
        return ProofState.EXPIRED
    return ProofState.WAITING if asked.until > now else ProofState.EXPIRED


def _is_enough(operation: Operation, state: SessionState, now: datetime) -> bool:
    return missing_of_customer(operation, proof_from(state), now) is None


def proof_request_keys(*, contact_id: str | None = None, account_id: str | None = None) -> tuple[Key, ...]:
    """The keys to read for `find_proof_request`: of a contact for the line, of an account for the app."""
    of_contact = (items.contact_proof_key(contact_id),) if contact_id is not None else ()
    of_account = (items.app_proof_key(account_id),) if account_id is not None else ()
    return (*of_contact, *of_account)


def find_proof_request(
    read: Mapping[Key, Item], now: datetime, *, contact_id: str | None = None, account_id: str | None = None
) -> ProofRequest | None:
    """The request that waits for the line or for the app; None when none does, or it is over or answered."""
    keys = proof_request_keys(contact_id=contact_id, account_id=account_id)
    return next((found for key in keys if (found := _waiting_in(read, key, now)) is not None), None)


def is_sent_on(read: Mapping[Key, Item], *, contact_id: str) -> bool:
    """Whether a caller was sent on by an agent who asked for proof, and has not come back. It stays so when the time
    for the answer is over on the line."""
    key = items.contact_proof_key(contact_id)
    asked = items.proof_request_from(read[key]) if key in read else None
    return asked is not None and asked.answered_by is None and asked.ended_at is None


def _waiting_in(read: Mapping[Key, Item], key: Key, now: datetime) -> ProofRequest | None:
    """The request that is stored under a key, while it waits."""
    found = items.proof_request_from(read[key]) if key in read else None
    if found is None or found.until <= now or found.answered_by is not None or found.ended_at is not None:
        return None
    return found


@dataclass(frozen=True, slots=True)
class AnswerProof:
    """The customer lets the agent rely on what their call, or this app session, has proved. It must have proved enough
    for the goal that was asked for. `request_id`: the request that is answered, None for whichever waits.

    A call answers the request at the contact and in the app, the app in the app. The case is told, and is the
    account's from then on (cases.proved). Raises NotPossible `no_access` when the request does not wait any more, and
    NeedProof.
    """

    request_id: str | None = None
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        own = _keys_of_session(session)
        asked, account_id = _waiting_in(session.fetch(own), own[0], session.now), session.state.account_id
        if asked is None or account_id is None:
            return own
        read = session.fetch(cases.told_keys(asked.case_id))
        telling = cases.telling_keys(read, asked.case_id, account_id, _contact_of(session))
        return (*dict.fromkeys((*own, *proof_request_keys(account_id=account_id))), *telling)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The keys in the app, for an account that is known before the session is read."""
        return proof_request_keys(account_id=account_id)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[ProofRequest]:
        if session.state.kind is SessionKind.RECOVERY:
            raise NotPossible(AgentError.NO_ACCESS)
        (key,) = _keys_of_session(session)
        asked = _waiting_in(read, key, session.now)
        if asked is None or self.request_id not in (None, asked.request_id):
            raise NotPossible(AgentError.NO_ACCESS)
        account_id = session.allow_agent(operation_of(asked))
        answered = replace(asked, answered_by=session.state.contact_id)
        for copy in dict.fromkeys((key, *proof_request_keys(account_id=account_id))):
            same = _waiting_in(read, copy, session.now)
            if same is not None and same.request_id == asked.request_id:
                change.replace(copy, read[copy], items.proof_request_item(answered))
        change.audit(account_id, "proof.answered", agent_id=asked.asked_by, case_id=asked.case_id)
        return Effect("PROVED", answered, _tell_case(change, read, session, asked, account_id))


def _tell_case(
    change: Change, read: Snapshot, session: Session, asked: ProofRequest, account_id: str
) -> SessionState | None:
    """Tell the case of the request what was proved. Gives the session as it is then, where its case is another one."""
    telling = cases.find_telling(session.ctx.store, read, asked.case_id, account_id)
    if telling is None:
        return None
    kinds = [factor.kind.value for factor in session.state.good_factors(session.now)]
    case = cases.contribute_proved(
        change, telling, account_id=account_id, goal=asked.goal, factors=kinds, contact_id=_contact_of(session)
    )
    moved = session.state.case_id == asked.case_id != case.case_id
    return replace(session.state, case_id=case.case_id) if moved else None


@dataclass(frozen=True, slots=True)
class EndProof:
    """The caller goes back to the agent without the proof that was asked for. The request ends, in the app too, and the
    case is told. The outcome is NONE where no request waits."""

    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id = session.state.account_id
        own = proof_request_keys(contact_id=session.state.contact_id, account_id=account_id)
        asked = _waiting_in(session.fetch(own), own[0], session.now)
        return own if asked is None else (*own, *cases.told_keys(asked.case_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[ProofRequest | None]:
        contact_id, account_id = session.state.contact_id, session.state.account_id
        keys = proof_request_keys(contact_id=contact_id, account_id=account_id)
        asked = _waiting_in(read, keys[0], session.now)
        if asked is None:
            return Effect("NONE", None)
        ended = replace(asked, ended_at=change.now)
        for key in keys:
            same = _waiting_in(read, key, session.now)
            if same is not None and same.request_id == asked.request_id:
                change.replace(key, read[key], items.proof_request_item(ended))
        case = cases.case_in(read, asked.case_id)
        if case is not None and not case.is_closed and case.account_id in (None, account_id):
            cases.contribute_unproved(change, case, goal=asked.goal, contact_id=contact_id)
        return Effect("ENDED", ended)


def _keys_of_session(session: Session) -> tuple[Key, ...]:
    """The key of the request that this session may answer."""
    contact_id = _contact_of(session)
    if contact_id is not None:
        return proof_request_keys(contact_id=contact_id)
    return proof_request_keys(account_id=session.account_id)


def _contact_of(session: Session) -> str | None:
    """The call of this session; None for one that is no call."""
    return session.state.contact_id if session.state.kind is SessionKind.PHONE else None


def operation_of(asked: ProofRequest) -> Operation:
    """The operation whose proof an answer to the request must have."""
    return _OPERATIONS[Goal(asked.goal)]


_OPERATIONS: Final[Mapping[Goal, Operation]] = {
    Goal.LOOK: Operation.READ,
    Goal.UNLOCK: Operation.UNLOCK,
    Goal.RESET: Operation.RESET_GRANT,
    Goal.REFUND: Operation.REFUND,
    Goal.FREEZE: Operation.FREEZE,
    Goal.PAUSE: Operation.FREEZE,
    Goal.END_PAUSE: Operation.END_PAUSE,
    Goal.UNFREEZE: Operation.UNFREEZE,
}
