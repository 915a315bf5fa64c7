"""The acts by which somebody proves who they are: asking for a code, holding a code or a PIN against what is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hotline.kit.actor import FactorKind
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.store import Key

from . import code_messages, limits, pins
from .acts import Effect
from .challenges import (
    Checked,
    SendOutcome,
    channel_of,
    check_keys,
    contribute_check,
    contribute_code,
    find_next_code_time,
    find_used_up_budget,
    send_keys,
    target_of,
)
from .model import Goal, Operation
from .policy import SLOW
from .session import Session
from .ways import way_of


@dataclass(frozen=True, slots=True)
class CodeSent:
    """The result of asking for a code. `over`: the budget of messages that held it back. `tries`: those that the code
    has while all codes are slowed down, else None. `challenge_id`: None unless the code was sent. `again_at`: when a
    code that a limit refused may be asked for again, where that is known and may be told."""

    outcome: SendOutcome
    challenge_id: str | None = None
    tries: int | None = None
    over: code_messages.OverBudget | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendCode:
    """Ask for a one-time code. `by_call`: a code to the phone is read out on a call there instead of written. LIMITED
    stands for a code that is held back as well: a later try, or another way, helps then too."""

    factor: FactorKind
    goal: Goal
    by_call: bool = False
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        """Raises NotPossible `no_target` when the session has nobody to send to."""
        return send_keys(session.state, target_of(session.state, self.factor), session.now)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[CodeSent]:
        state, ctx = session.state, session.ctx
        outcome, after = contribute_code(
            change,
            state,
            factor=self.factor,
            goal=self.goal,
            read=read,
            keyring=ctx.code_ring,
            lookup_keys=ctx.lookup_ring,
            traffic=ctx.limits,
            by_call=self.by_call,
        )
        pace = limits.pace(read, session.now, way_of(state, session.now), ctx.limits)
        tries = pace.tries if pace is SLOW else None
        if outcome is not SendOutcome.SENT or after.challenge is None:
            held_back = outcome is SendOutcome.HELD_BACK
            over = find_used_up_budget(state, self.factor, read, session.now, ctx.limits) if held_back else None
            again_at = None
            if not held_back:
                again_at = find_next_code_time(state, self.factor, read, session.now, ctx.limits)
            refused = CodeSent(outcome, tries=tries, over=over, again_at=again_at)
            return Effect(SendOutcome.LIMITED.value, refused, idle=True)
        made = after.challenge.id
        return Effect(outcome.value, CodeSent(outcome, made, tries), after, ids=(made,))

    @property
    def channel(self) -> str:
        """How the code goes out: `sms`, `voice` or `email`."""
        return channel_of(self.factor, by_call=self.by_call)


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Hold six entered digits against the code that the session waits for."""

    entered: str
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return check_keys(session.state, session.now)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Checked]:
        ctx = session.ctx
        checked = contribute_check(
            change, session.state, entered=self.entered, read=read, keyring=ctx.code_ring, traffic=ctx.limits
        )
        return Effect(checked.outcome.value, checked, checked.state)


@dataclass(frozen=True, slots=True)
class CheckPin:
    """Hold entered digits against the hotline PIN of the account that the session may be about."""

    entered: str
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return pins.pin_check_keys(session.state, session.now)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Checked]:
        macs = session.ctx.pin_hashes
        checked = pins.contribute_pin_check(
            change, session.state, entered=self.entered, read=read, macs=macs, traffic=session.ctx.limits
        )
        return Effect(checked.outcome.value, checked, checked.state)


@dataclass(frozen=True, slots=True)
class RemovePin:
    """Give the hotline PIN up; the result is whether there was one."""

    operation: Operation | None = field(default=Operation.SET_PIN, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The same for an account that is known before the session is read."""
        return pins.pin_keys(account_id)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[bool]:
        removed = pins.contribute_no_pin(change, read, session.account_id)
        return Effect("REMOVED", removed, idle=not removed)
