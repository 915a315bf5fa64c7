"""Performing an act of a person: the one place where proof is held against the account as it is, and where it commits.

A person is on the phone, in the app, or in a recovery; an act neither knows nor asks which. Two reads at most: the
session, and what the act and the proof need besides. One transaction: the act's writes and the answered turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hotline.accounts import service as accounts
from hotline.kit.actor import Purpose
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NeedProof
from hotline.kit.records import quick
from hotline.kit.store import Key
from hotline.kit.store.condition import equals
from hotline.sessions.model import SessionKind, SessionState, TurnRecord
from hotline.sessions.service import contribute_told, contribute_turn, with_heard, with_served

from .account_factors import require_same_risk
from .model import Operation
from .policy import REQUIREMENTS
from .session import Session, owner_keys, refresh_state, still_proved, store_as_is


@quick
@dataclass(frozen=True, slots=True)
class Effect[Result]:
    """The result of an act. `outcome` and `notes` are closed words: an answer that is asked for again is given
    from them. `ids` name what the turn made. `state` is the session's state afterwards, None for no change of it.

    `idle`: nothing was done. A phone's turn is noted all the same, since its flow counts on; elsewhere nothing is
    written.
    """

    outcome: str
    result: Result
    state: SessionState | None = None
    notes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    idle: bool = False


class Act[Result](Protocol):
    """One thing that a person may do. `operation` names the row of policy.REQUIREMENTS; None asks for no proof."""

    @property
    def operation(self) -> Operation | None: ...

    def keys(self, session: Session) -> Iterable[Key]:
        """The keys to read before `contribute`."""
        ...

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Result]:
        """Add the writes. Raises Refused or InvalidInput, and then nothing is written."""
        ...


@quick
@dataclass(frozen=True, slots=True)
class Turn:
    """The request that is answered: its step, its fingerprint, the number that it was sent under, and the cause for the
    audit trail. A `number` of None is the session's present one; a `cause` of None is the step. `finishes`: outcome ->
    the topic of which a service is finished with it."""

    step: str
    fingerprint: str = "-"
    number: int | None = None
    cause: str | None = None
    finishes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """The act that changes nothing but the session itself: its language, what was offered, whom it is about."""

    outcome: str
    state: SessionState | None = None
    notes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    operation: Operation | None = field(default=None, init=False)

    def keys(self, _session: Session) -> Iterable[Key]:
        return ()

    def contribute(self, _change: Change, _read: Snapshot, _session: Session) -> Effect[None]:
        return Effect(self.outcome, None, self.state, self.notes, self.ids)


def perform[Result](session: Session, act: Act[Result], turn: Turn) -> Effect[Result]:
    """Do the act, and note the turn as answered, in one transaction. `session.state` is its state afterwards.

    Raises NeedProof with the factors that the session could prove; what the act raises; at commit StaleTurn, Stale and
    Unavailable. After Stale or StaleTurn the code that opened the session runs all of it again. The session must be
    read afresh, and another delivery of the same request may have answered it meanwhile.
    """
    if act.operation is not None and REQUIREMENTS[act.operation].two_step > 0:
        session.allow(act.operation)
    store_as_is(session)
    held = needs_standing_proof(act.operation)
    own = owner_keys(session.account_id) if held else ()
    read = session.fetch((*act.keys(session), *own))
    if held and act.operation is not None and session.state.kind is not SessionKind.APP:
        # An app session was made up from this very profile.
        session.state = still_proved(session.state, read, session.account_id, session.ctx.lookup_ring, session.now)
        session.allow(act.operation)
    change = Change(actor=session.actor, cause=turn.cause or turn.step, now=session.now, ids=session.ctx.ids)
    try:
        effect = act.contribute(change, read, session)
    except NeedProof as refusal:
        raise session.reachable(refusal) from None
    if effect.idle and session.state.kind is not SessionKind.PHONE:
        return effect
    _commit(session, change, effect, turn, held=held)
    return effect


def note_told(session: Session, *, told: str | None = None, about: str | None = None, topic: str | None = None) -> None:
    """Store what the caller was told by an answer that has no turn, `step:OUTCOME`. `about` is the payment, `topic`
    that of a service which is finished. Writes nothing when nothing is new. Raises StaleTurn, Unavailable."""
    after = with_heard(session.state, told, about) if told is not None else session.state
    if topic is not None and after.served[-1:] != (topic,):
        after = with_served(after, topic)
    if after is session.state or after == session.state:
        return
    change = Change(actor=session.actor, cause="told", now=session.now, ids=session.ctx.ids)
    contribute_told(change, session.state, after)
    # It says the same however often it is written.
    change.commit(session.ctx.store, repeats_are_known=True)
    session.state = after


def needs_standing_proof(operation: Operation | None) -> bool:
    """Whether an act counts only if its proof stands at the moment of the write. The contact points and the PIN that
    were proved must then still be the account's. It does for everything that opens something or moves money.

    It does not for what only protects. A thief who takes an owner's number away must not stop them from freezing the
    account. For a freeze, the factors proved in this session count.
    """
    if operation is None:
        return False
    requirement = REQUIREMENTS[operation]
    return requirement.purpose is Purpose.ACT and requirement.two_step > 0


def _commit[Result](session: Session, change: Change, effect: Effect[Result], turn: Turn, *, held: bool) -> None:
    old, new = session.state, effect.state or session.state
    if new is not old and session.signed_in is not None:
        new = refresh_state(
            new,
            session.signed_in,
            session.read,
            session.ctx.lookup_ring,
            session.now,
            pin=old.pin,
            kinds_at_risk=old.kinds_at_risk,
        )
    topic = turn.finishes.get(effect.outcome)
    if topic is not None:
        new = with_served(new, topic)
    number = old.turn if turn.number is None else turn.number
    record = TurnRecord(number, turn.step, turn.fingerprint, effect.outcome, effect.ids, effect.notes)
    advanced = contribute_turn(change, old, new, record)
    if held:
        key = accounts.profile_key(session.account_id)
        if key in session.read:
            change.require_condition(key, equals("rev", int(session.read[key]["rev"])), stale)
        require_same_risk(change, session.read, session.account_id)
    # A turn that is stored is found by its number when the step runs again.
    change.commit(session.ctx.store, repeats_are_known=True)
    session.state = advanced
    session.forget_read()
