"""lock_status, unlock, reset, pause, end_pause, freeze, unfreeze: what keeps an account shut, and what may open it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from functions.connect.line import Answer, Line, words
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.errors import NeedProof
from hotline.kit.logging import Event, log
from hotline.kit.outbox import Decision, Message
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState, LockView

DECIDED = "decided"
NOTICED = "noticed"
STILL = "still:"
ENDS = {Operation.END_PAUSE: LockState.PAUSED, Operation.UNFREEZE: LockState.FROZEN}
"""The states that an operation ends; payments work again only when nothing else is in force."""


def lock_status(line: Line) -> Answer:
    """Why the account is shut, since when and until when, and what the caller may do about it."""
    account_id = line.account(Operation.READ)
    read = line.fetch((*lockout.lock_keys(account_id), accounts.feed_key()))
    view = lockout.view_from(read, account_id, line.now)
    offered = lockout.offered(view, line.call, line.now)
    facts = words(
        state=view.state.value,
        cause=view.cause.value if view.cause else None,
        since=view.since,
        until=view.until,
        self_service=offered.value,
        asked=view.asked.value if view.asked else None,
        unconfirmed=view.unconfirmed,
        recovery_until=view.recovery_until,
        facts_as_of=accounts.behind_since(read, line.now),
        now=line.now,
    )
    asked = "yes" if view.asked else "no"
    outcome = LockState.CLOSED if view.state is LockState.ERASED else view.state
    return Answer(outcome.value, facts, {"self_service": offered.value, "asked": asked})


def unlock(line: Line) -> Answer:
    """Ask the wallet to open an account that was locked for failed logins."""
    return _act(line, Operation.UNLOCK, lockout.contribute_unlock)


def reset(line: Line) -> Answer:
    """Let the wallet give the caller a new password, once."""
    return _act(line, Operation.RESET_GRANT, lockout.contribute_reset_grant)


def end_pause(line: Line) -> Answer:
    """End the pause of an account before its time."""
    return _act(line, Operation.END_PAUSE, lockout.contribute_end_pause)


def freeze(line: Line) -> Answer:
    """Ask the wallet to freeze the account until it is unfrozen with two factors."""
    return _act(line, Operation.FREEZE, lockout.contribute_freeze)


def unfreeze(line: Line) -> Answer:
    """Ask the wallet to end a freeze that the owner asked for, after two factors."""
    return _act(line, Operation.UNFREEZE, lockout.contribute_unfreeze)


def _act(line: Line, operation: Operation, contribute: Callable[[Change, dict[Key, Item], str], StrEnum]) -> Answer:
    if line.replay is not None:
        return _render_act(line.replay.outcome, line.replay.notes)
    account_id = line.account(operation)
    read = line.fetch((*lockout.acting_keys(account_id), *identity.settling_keys(account_id)))
    line.settle(operation, account_id, read)
    change = line.change(operation.value)
    outcome = contribute(change, read, account_id).value
    notes = (*_list_effects(change), *_list_remaining(lockout.view_from(read, account_id, line.now), operation))
    line.commit(change, outcome, notes=notes)
    return _render_act(outcome, notes)


def _list_effects(change: Change) -> tuple[str, ...]:
    """Whether the change asks the wallet for something, and whether it tells anybody: no sentence may say more."""
    decided = any(isinstance(entry, Decision) for entry in change.sent)
    noticed = any(isinstance(entry, Message) for entry in change.sent)
    return (*((DECIDED,) if decided else ()), *((NOTICED,) if noticed else ()))


def _list_remaining(view: LockView, operation: Operation) -> tuple[str, ...]:
    """The strictest state that keeps payments from the account after the operation, if that ends something else."""
    ends = ENDS.get(operation)
    left = [component.state.value for component in view.components if component.state is not ends]
    return (f"{STILL}{left[0]}",) if ends is not None and left else ()


def _render_act(outcome: str, notes: tuple[str, ...]) -> Answer:
    still = next((note.removeprefix(STILL) for note in notes if note.startswith(STILL)), None)
    return Answer(outcome, words(decided=DECIDED in notes, noticed=NOTICED in notes, still=still))


def pause(line: Line) -> Answer:
    """Stop outward money of the accounts behind the calling number, or of the one that was proved. The words are the
    same for every number, and so are the requests, up to the writes that only an account can have; also when a factor
    is needed first, because very many pauses are asked for without one. NOT_HERE: the call is about another number
    than its own, for which nothing was proved."""
    if line.replay is not None and line.replay.outcome == "NOT_HERE":
        return Answer("NOT_HERE")
    if line.replay is None:
        if not lockout.may_pause(line.call, line.now):
            line.commit(line.change("pause"), "NOT_HERE")
            return Answer("NOT_HERE")
        reached = lockout.pausable_accounts(line.call, line.now)
        read = line.fetch(lockout.pause_keys(reached or (identity.NOBODY,), line.now))
        change = line.change("pause")
        try:
            paused = lockout.contribute_pause(change, read, line.call)
        except NeedProof:
            log(Event.PAUSE_REFUSED, correlation_id=line.request.contact_id)
            raise
        notes = _list_effects(change) if line.call.account_id in paused else ()
        line.commit(change, "ASKED", notes=notes)
    else:
        notes = line.replay.notes
    proved = bool(line.call.good_factors(line.now))
    return Answer("ASKED", words(proved=proved, decided=DECIDED in notes, noticed=NOTICED in notes))
