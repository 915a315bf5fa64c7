"""The acts by which an account is shut and opened, on the phone, in the app and in a recovery alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.cases import service as cases
from hotline.identity import service as identity
from hotline.identity.model import Goal
from hotline.identity.service import Effect, Operation, Session
from hotline.kit.actor import System
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot, perform_alone
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.outbox import Decision, Message
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import NEW, Item, equals

from . import policy
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import LockoutError, LockState, LockView, RepudiationOutcome, UnlockOutcome
from .not_me import Denied, contribute_denied, denied_keys
from .repudiation import contribute_repudiation, repudiation_keys, repudiation_of
from .self_service import (
    acting_keys,
    contribute_end_pause,
    contribute_freeze,
    contribute_pause,
    contribute_reset_grant,
    contribute_unfreeze,
    contribute_unlock,
    freeze_keys,
    may_pause,
    pausable_accounts,
    pause_keys,
)

DECIDED: Final = "decided"
"""Note of a turn: the wallet was asked for something."""
NOTICED: Final = "noticed"
"""Note of a turn: the account's owner is told."""
STILL: Final = "still:"
"""Begins the note of a turn that names the strictest state which still keeps payments from the account."""
NOT_HERE: Final = "NOT_HERE"
"""A pause makes no sense on this call: it is about another number than its own, for which nothing was proved."""
PAUSE_ASKED: Final = "ASKED"
PIN_STOPPED_BY: Final = (LockState.FROZEN, LockState.HOLD)
"""No PIN is chosen while one of them is in force. The person who asked for the freeze, or set the hold, did so against
somebody who may have the phone."""


@dataclass(frozen=True, slots=True)
class AccountAct:
    """An act on the chosen account alone, contributed by `ask`. `ends`: the state that it ends. The notes of its turn
    say what was done and what is still in force, so that no sentence says more."""

    operation: Operation
    ask: Callable[[Change, Mapping[Key, Item], str], StrEnum]
    ends: LockState | None = None
    reads: Callable[[str], tuple[Key, ...]] = acting_keys

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The same for an account that is known before the session is read."""
        return self.reads(account_id)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[StrEnum]:
        outcome = self.ask(change, read, session.account_id)
        left = _list_remaining(view_from(read, session.account_id, session.now), self.ends)
        return Effect(outcome.value, outcome, notes=(*_list_effects(change), *left))


UNLOCK: Final = AccountAct(Operation.UNLOCK, contribute_unlock)
GRANT_RESET: Final = AccountAct(Operation.RESET_GRANT, contribute_reset_grant)
FREEZE: Final = AccountAct(Operation.FREEZE, contribute_freeze, reads=freeze_keys)
UNFREEZE: Final = AccountAct(Operation.UNFREEZE, contribute_unfreeze, LockState.FROZEN)
END_PAUSE: Final = AccountAct(Operation.END_PAUSE, contribute_end_pause, LockState.PAUSED)


_REFUSED_RECOVERY: Final = cases.AskPerson(UnlockOutcome.NOT_SELF_SERVICE.value, "recovery.refused")


@dataclass(frozen=True, slots=True)
class RecoveryAct:
    """An act that a recovery is for. Where it opens nothing, since only a person ends what is in force, people get to
    know in the same change."""

    act: AccountAct

    @property
    def operation(self) -> Operation:
        return self.act.operation

    def keys(self, session: Session) -> Iterable[Key]:
        return (*self.act.keys(session), *_REFUSED_RECOVERY.keys(session))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[StrEnum]:
        effect = self.act.contribute(change, read, session)
        if effect.outcome != _REFUSED_RECOVERY.outcome:
            return effect
        return replace(effect, state=_REFUSED_RECOVERY.contribute(change, read, session).state)


OPENING_ACTS: Final = identity.OpeningActs(
    {Goal.UNLOCK: RecoveryAct(UNLOCK), Goal.RESET: RecoveryAct(GRANT_RESET)}, cases.AskPerson(identity.PERSON)
)
"""The acts that a recovery may be for."""


def _list_effects(change: Change) -> tuple[str, ...]:
    """Whether the change asks the wallet for something, and whether it tells anybody."""
    decided = any(isinstance(entry, Decision) for entry in change.sent)
    noticed = any(isinstance(entry, Message) for entry in change.sent)
    return (*((DECIDED,) if decided else ()), *((NOTICED,) if noticed else ()))


def _list_remaining(view: LockView, ends: LockState | None) -> tuple[str, ...]:
    left = [component.state.value for component in view.components if component.state is not ends]
    return (f"{STILL}{left[0]}",) if ends is not None and left else ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop outward money of the accounts behind the calling number, or of the one that was proved. The reads are the
    same for every number. The result: the accounts that are newly paused."""

    operation: Operation = field(default=Operation.PAUSE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        if not may_pause(session.state, session.now):
            return ()
        reached = pausable_accounts(session.state, session.now)
        return self.keys_of(reached or (identity.NOBODY,), session.now)

    def keys_of(self, account_ids: tuple[str, ...], now: datetime) -> tuple[Key, ...]:
        """The same for accounts that are known before the session is read."""
        return pause_keys(account_ids, now)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[tuple[str, ...]]:
        if not may_pause(session.state, session.now):
            return Effect(NOT_HERE, (), idle=True)
        paused = contribute_pause(change, read, session.state)
        notes = _list_effects(change) if session.state.account_id in paused else ()
        return Effect(PAUSE_ASKED, paused, notes=notes)


@dataclass(frozen=True, slots=True)
class Deny:
    """Freeze the account because of a login or a movement that its owner did not make, and let people know which."""

    denied: Denied
    operation: Operation = field(default=Operation.FREEZE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The same for an account that is known before the session is read."""
        return denied_keys(account_id, self.denied)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[StrEnum]:
        outcome = contribute_denied(change, read, session.account_id, self.denied)
        return Effect(outcome.value, outcome, notes=_list_effects(change))


@dataclass(frozen=True, slots=True)
class SetPin:
    """Choose a hotline PIN, in the place of one that there was. None while the account is frozen or held."""

    pin: str
    operation: Operation = field(default=Operation.SET_PIN, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return self.keys_of(session.account_id)

    def keys_of(self, account_id: str) -> tuple[Key, ...]:
        """The same for an account that is known before the session is read."""
        return (*identity.pin_keys(account_id), *acting_keys(account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[None]:
        account_id = session.account_id
        view = view_from(read, account_id, session.now)
        if any(part.state in PIN_STOPPED_BY for part in view.components):
            raise NotPossible(LockoutError.ACCOUNT_NOT_OPEN)
        _require_unchanged(change, read, account_id)
        identity.contribute_pin(change, read, account_id, self.pin, macs=session.ctx.pin_hashes)
        return Effect("SET", None)


def _require_unchanged(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Make the change depend on the account's locks being as they were read; Stale otherwise."""
    key = lock_key(account_id)
    condition = equals("rev", int(read[key]["rev"])) if key in read else NEW
    change.require_condition(key, condition, stale)


@dataclass(frozen=True, slots=True)
class _Repudiate:
    """The answer to a notice: that was not me."""

    notice: Item

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        return store.batch_get(list(repudiation_keys(self.notice)))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> RepudiationOutcome:
        return contribute_repudiation(change, read, self.notice)


def repudiate(ctx: Context, token: str) -> RepudiationOutcome | None:
    """Freeze the account of the notice that a token was in, or bar its pauses; None for a token of no notice.

    Two reads and one transaction. Raises NotPossible `repudiation_over` and `account_closed`, Stale, Unavailable.
    """
    notice = repudiation_of(ctx.store, token, ctx.code_ring)
    if notice is None:
        return None
    actor = System("customer_api", "repudiation")
    return perform_alone(ctx, _Repudiate(notice), actor=actor, cause="repudiation")


def view_from(read: Mapping[Key, Item], account_id: str, now: datetime) -> LockView:
    """The components in force on the account at `now`, and the acts that its owner may do about them; reading needs
    proof (READ)."""
    record, attempts = read.get(lock_key(account_id)), read.get(attempts_key(account_id))
    return policy.view(record_of(account_id, record), attempts_of(attempts), now)
