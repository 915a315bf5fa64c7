"""The face of sessions: beginning one, and advancing it by an answered turn."""

from __future__ import annotations

from collections.abc import Mapping
from copy import replace
from datetime import datetime
from typing import Final

from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError, StaleTurn
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals

from .items import (
    NUMBERS,
    differing_attributes,
    key_of,
    proof_from,
    session_attributes,
    session_from,
    session_item,
    session_key,
    told_attributes,
)
from .model import CALL_LIFE, HEARD_KEPT, OFFERS_KEPT, RESUME_WITHIN, SessionKind, SessionState, TurnRecord
from .turns import Attempt, Replay, TooOld, decide, find_record, fingerprint, with_record

__all__ = [
    "CALL_LIFE",
    "OFFERS_KEPT",
    "Attempt",
    "Replay",
    "TooOld",
    "contribute_new_session",
    "contribute_told",
    "contribute_turn",
    "decide",
    "find_record",
    "fingerprint",
    "may_keep_level",
    "proof_from",
    "session_attributes",
    "session_from",
    "session_in",
    "session_key",
    "with_heard",
    "with_served",
]


def session_in(read: Mapping[Key, Item], contact_id: str, kind: SessionKind = SessionKind.PHONE) -> SessionState | None:
    """The call that is stored under an id, from what was read of its key."""
    stored = read.get(session_key(contact_id, kind))
    return None if stored is None else session_from(stored)


def may_keep_level(state: SessionState, *, continued: bool, now: datetime) -> bool:
    """A transferred call keeps level, account and turn when its last step is under ten minutes old."""
    return continued and now - state.last_step_at < RESUME_WITHIN


def contribute_new_session(change: Change, state: SessionState) -> None:
    """Store a call that has just begun. StaleTurn when it exists already: the same start was delivered twice."""
    change.create(key_of(state), session_item(state), failed=_stale_turn)


def with_served(state: SessionState, topic: str) -> SessionState:
    """The call with one more topic of which a service was finished, as the last one."""
    return replace(state, served=(*(known for known in state.served if known != topic), topic))


def with_heard(state: SessionState, told: str, about: str | None = None) -> SessionState:
    """The call with one more answer that was given, `step:OUTCOME`, HEARD_KEPT of them at most. An answer
    repeated at once is kept once. `about`: the id of the payment that it is about."""
    return replace(state, heard=_add_heard(state.heard, told), about=about or state.about)


def _add_heard(heard: tuple[str, ...], told: str) -> tuple[str, ...]:
    return heard if heard[-1:] == (told,) else (*heard, told)[-HEARD_KEPT:]


def contribute_told(change: Change, state: SessionState, after: SessionState) -> None:
    """Store what the caller was told, and which service was finished, by an answer that has no turn. StaleTurn when the
    call has moved on."""
    change.update(key_of(state), set=told_attributes(after), condition=equals("turn", state.turn), failed=_stale_turn)


def contribute_turn(change: Change, old: SessionState, new: SessionState, record: TurnRecord) -> SessionState:
    """Store a step's changes to the call, and its turn, on condition that the call is still at the turn that was read.
    Gives the call as it will be."""
    advanced = replace(
        new,
        heard=_add_heard(new.heard, f"{record.step}:{record.outcome}"),
        turn=old.turn + 1,
        turns=with_record(old.turns, record),
        last_step_at=change.now,
    )
    before, after = differing_attributes(old, advanced)
    written: Item = {name: after[name] for name in after if before.get(name) != after[name]}
    if not written.keys().isdisjoint(NUMBERS) and "targets" in after:
        # A target that points to a number reads the same when the number is another one.
        written["targets"] = after["targets"]
    written |= {"turn": advanced.turn, "last_step_at": to_text(advanced.last_step_at)}
    gone = tuple(name for name in before if name not in after)
    key = key_of(old)
    at_turn = equals("turn", old.turn)
    change.update(key, set=written, remove=gone, condition=at_turn, failed=_stale_turn)
    # Asked first when the commit fails: a delivery that comes again must be answered as before, not asked for proof.
    change.require_condition(key, at_turn, _stale_turn, first=True)
    return advanced


def _stale_turn(_: Item | None) -> HotlineError:
    return StaleTurn()
