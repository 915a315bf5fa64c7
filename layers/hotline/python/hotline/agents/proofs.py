"""A customer's proof for an agent: the agent asks, the customer proves on the line or in the app.

The request waits at the contact, where the line picks it up, or at the account, where the app does. Nobody but the
customer sees a code. On the line the call's own session counts; in the app, the session that answers the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from hotline.identity.model import Goal, Subject
from hotline.identity.service import (
    REQUIREMENTS,
    ByAgent,
    Effect,
    Operation,
    Session,
    missing_of_customer,
    require,
)
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionKind
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
    """Ask the customer of the contact, or of the case in the app, to prove who they are. A later request takes the
    place of an earlier one. Raises NotPossible `case_without_account` where there is neither a contact nor an
    account."""

    goal: Goal
    permission: ClassVar[Permission] = Permission.WORK
    on_account: ClassVar[bool] = False

    def need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.PROOF_REQUEST, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[ProofRequest]:
        require(change, Operation.PROOF_REQUEST, request.account)
        asked = ProofRequest(
            goal=self.goal.value,
            case_id=request.case_id,
            asked_by=request.agent_id,
            asked_at=change.now,
            until=change.now + PROOF_REQUEST_LIFE,
        )
        contact_id = request.basis.contact_id
        key = items.contact_proof_key(contact_id) if contact_id is not None else items.app_proof_key(request.account_id)
        change.replace(key, request.read.get(key), items.proof_request_item(asked))
        where = "line" if contact_id is not None else "app"
        return Deed(asked, "ASKED", {"goal": self.goal.value, "where": where})


def view_proof(request: AgentRequest) -> ProofView:
    """The customer's proof as it is now, and as the agent may see it. `request` is opened with the case and the
    contact."""
    asked, state, now = request.asked_proof, request.session, request.now
    is_same = state is not None and state.account_id is not None and state.account_id == request.account
    good = state.good_factors(now) if state is not None and is_same else []
    operations = []
    if state is not None and is_same:
        proof = proof_from(state)
        operations = [one.value for one in WITH_PROOF if missing_of_customer(one, proof, now) is None]
    return ProofView(
        state=_state_of(
            asked, [factor.purpose.covers(Goal(asked.goal).purpose) for factor in good] if asked else [], now
        ),
        goal=asked.goal if asked is not None else None,
        kinds=tuple(sorted({factor.kind.value for factor in good})),
        until=min((factor.until for factor in good), default=None),
        operations=tuple(operations),
    )


def _state_of(asked: ProofRequest | None, covering: list[bool], now: datetime) -> ProofState:
    if asked is None:
        return ProofState.NONE
    if any(covering):
        return ProofState.PROVED
    return ProofState.WAITING if asked.until > now else ProofState.EXPIRED


def proof_request_keys(*, contact_id: str | None = None, account_id: str | None = None) -> tuple[Key, ...]:
    """The keys to read for `find_proof_request`: of a contact for the line, of an account for the app."""
    of_contact = (items.contact_proof_key(contact_id),) if contact_id is not None else ()
    of_account = (items.app_proof_key(account_id),) if account_id is not None else ()
    return (*of_contact, *of_account)


def find_proof_request(
    read: Mapping[Key, Item], now: datetime, *, contact_id: str | None = None, account_id: str | None = None
) -> ProofRequest | None:
    """The request that waits for the line or for the app; None when none does, or it has expired or is answered."""
    for key in proof_request_keys(contact_id=contact_id, account_id=account_id):
        found = items.proof_request_from(read[key]) if key in read else None
        if found is not None and found.until > now and found.answered_by is None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class AnswerProof:
    """The customer lets the agent rely on what this app session has proved. The session must have proved a factor for
    the goal that was asked for. Raises NotPossible `no_access` when nothing waits."""

    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The same for an account that is known before the session is read."""
        return (items.app_proof_key(account_id),)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[ProofRequest]:
        asked = find_proof_request(read, session.now, account_id=session.account_id)
        if asked is None or session.state.kind is not SessionKind.APP:
            raise NotPossible(AgentError.NO_ACCESS)
        session.allow(_LOOKED_AT_BY[Goal(asked.goal)])
        answered = replace(asked, answered_by=session.state.contact_id)
        key = items.app_proof_key(session.account_id)
        change.replace(key, read[key], items.proof_request_item(answered))
        change.audit(session.account_id, "proof.answered", agent_id=asked.asked_by, case_id=asked.case_id)
        return Effect("ANSWERED", answered)


_LOOKED_AT_BY: Final[Mapping[Goal, Operation]] = {
    Goal.LOOK: Operation.READ,
    Goal.UNLOCK: Operation.UNLOCK,
    Goal.RESET: Operation.RESET_GRANT,
    Goal.REFUND: Operation.REFUND,
    Goal.FREEZE: Operation.FREEZE,
    Goal.PAUSE: Operation.FREEZE,
    Goal.END_PAUSE: Operation.END_PAUSE,
    Goal.UNFREEZE: Operation.UNFREEZE,
}
"""The operation whose proof an answer must have, by the goal that was asked for."""
