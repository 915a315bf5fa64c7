"""One request of a call: the session as it was read, what a step may do, and its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.connect.envelope import Request
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.change.acts import Snapshot
from hotline.kit.doors import Context
from hotline.kit.store import Key
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionState, TurnRecord

REFERENCE_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a step: a declared outcome, facts for the words, and the answer's further keys."""

    outcome: str
    facts: Mapping[str, object] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    """The languages in which to say it; empty: the language of the call."""


@dataclass(slots=True)
class Visit:
    """One request of a call, as a step works with it. `replay` is set when this request was answered before;
    then the step must change nothing and give the same outcome again."""

    request: Request
    inputs: Mapping[str, str]
    session: identity.Session
    turn: sessions.Attempt | sessions.Replay | None
    """None on steps that only read."""

    @property
    def ctx(self) -> Context:
        return self.session.ctx

    @property
    def state(self) -> SessionState:
        return self.session.state

    @property
    def now(self) -> datetime:
        return self.session.now

    @property
    def replay(self) -> TurnRecord | None:
        return self.turn.record if isinstance(self.turn, sessions.Replay) else None

    def account(self, operation: Operation) -> str:
        """The chosen account, if the caller has proved enough for the operation. Raises NeedProof."""
        return self.session.allow(operation)

    def fetch(self, keys: Iterable[Key]) -> Snapshot:
        """Everything that was read, with these keys. One request for those that were not read yet."""
        return self.session.fetch(keys)

    def perform[Result](self, act: identity.Act[Result], *, cause: str | None = None) -> identity.Effect[Result]:
        """Do the act and note the turn as answered. `cause` stands for the step in the audit trail."""
        if not isinstance(self.turn, sessions.Attempt):
            raise RuntimeError(f"step {self.request.step} may not change anything now")  # noqa: TRY004 - a bug, no type
        turn = identity.Turn(self.request.step, self.turn.fingerprint, self.turn.record_turn, cause)
        return identity.perform(self.session, act, turn)

    def note(self, outcome: str, state: SessionState | None = None) -> None:
        """Note the turn as answered, and what the step changed of the call."""
        self.perform(identity.Note(outcome, state))


def reference(identifier: str) -> str:
    """The end of an id, as it is read out: enough to tell a customer's few things apart."""
    return identifier[-REFERENCE_CHARACTERS:]


def yes_or_no(value: bool) -> str:
    """A truth as answers say it."""
    return "yes" if value else "no"


def words(**facts: Any) -> dict[str, object]:
    """Facts for the words, without those that are not known."""
    return {name: value for name, value in facts.items() if value is not None}
