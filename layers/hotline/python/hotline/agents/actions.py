"""The actions that an agent has at a case, each with its level and what stands in its way. Pure.

It is a copy for display: the gate decides anew when the agent does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.identity.model import Approval, ByAgent, Operation, Subject
from hotline.identity.service import REQUIREMENTS, missing_of_customer
from hotline.kit.actor import Proof
from hotline.lockout.model import LockState, LockView

OFFERED: Final = (
    Operation.FREEZE,
    Operation.PAUSE,
    Operation.UNLOCK,
    Operation.RESET_GRANT,
    Operation.END_PAUSE,
    Operation.UNFREEZE,
    Operation.NEW_ROW,
)
"""The operations upon the account of a case. Actions on a hold, a refund or a value are listed with that thing."""


class Obstacle(StrEnum):
    """Why an action cannot be done now. A missing approval is no obstacle: it can be asked for."""

    NOT_CLAIMED = "not_claimed"
    NEEDS_PROOF = "needs_proof"
    FACTOR_REMOVED = "factor_removed"
    """Nobody can give the proof any more, and two people may not stand in for it yet."""
    OWN_ACCOUNT = "own_account"
    NOTHING_TO_DO = "nothing_to_do"
    """The account is not in the state that the action ends, or is in the one that it begins."""
    NEW_PASSWORD = "new_password"  # noqa: S105 - a closed word, not a secret
    """No unlock ends this lock. A new password does."""
    OTHER_FIRST = "other_first"
    """Something else keeps the account shut, and has to end before."""
    FINDING_FIRST = "finding_first"
    """A finding set the hold, and nobody has judged it yet."""
    FINDING_CONFIRMED = "finding_confirmed"
    """A finding that set the hold is confirmed. The account is frozen before the hold goes."""
    NO_FULL_ROW = "no_full_row"
    """No row of wrong codes is full, so that there is none to begin anew."""


@dataclass(frozen=True, slots=True)
class Action:
    """An operation, how an agent may do it, what stands in its way, and the approval that waits or was given for it.
    `subject`: the thing that it is about, None for the account of the case."""

    operation: Operation
    level: ByAgent
    obstacle: Obstacle | None = None
    approval: Approval | None = None
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class ByTwo:
    """The operation of two people in the place of one whose factors the account cannot give, and the thing as it is.
    `is_possible`: a request to a second person would not be refused for want of something to end."""

    operation: Operation
    subject: Subject
    is_possible: bool


def list_actions(
    proof: Proof | None,
    approvals: Sequence[Approval],
    now: datetime,
    obstacle: Obstacle | None,
    view: LockView | None = None,
    by_two: Mapping[Operation, ByTwo] | None = None,
    waits: Set[Operation] = frozenset(),
    *,
    rows_full: bool = True,
) -> tuple[Action, ...]:
    """The actions upon the account of a case. `proof` is what its customer has proved, `approvals` are the agent's own
    about the case. `obstacle`: the one that stands in the way of them all. `view`: what keeps the account shut, for an
    agent who may see it. `by_two`: the operations that the account cannot give the factors for, each with what stands
    in its place. `waits`: those for which a factor that was lately removed still counts. `rows_full`: whether a row of
    wrong codes is full."""
    states = frozenset(component.state for component in view.components) if view is not None else None

    def offer(operation: Operation) -> Action:
        subject, pointless = None, False
        if operation is Operation.NEW_ROW and not _is_enough(operation, proof, now):
            operation = Operation.NEW_ROW_UNPROVED  # see acts.BeginRowsAnew
        if by_two is not None and operation in by_two:
            other = by_two[operation]  # see acts.OpenAccount
            operation, subject, pointless = other.operation, other.subject, not other.is_possible
        if states is not None and is_pointless(operation, states):
            stands: Obstacle | None = Obstacle.NOTHING_TO_DO
        else:
            stands = _find_hindrance(operation, view) or (Obstacle.NOTHING_TO_DO if pointless else None)
        stands = obstacle or stands
        if operation in _ROWS and not rows_full:
            stands = stands or Obstacle.NO_FULL_ROW
        if operation in waits and not _is_enough(operation, proof, now):
            stands = stands or Obstacle.FACTOR_REMOVED
        return action_of(operation, proof, approvals, now, stands, subject)

    return tuple(map(offer, OFFERED))


def is_pointless(operation: Operation, states: Set[LockState]) -> bool:
    """Whether an action upon an account in these states would change nothing."""
    ends, begins = _ENDS.get(operation), _BEGINS.get(operation)
    return (ends is not None and not ends & states) or (begins is not None and bool(begins & states))


def _find_hindrance(operation: Operation, view: LockView | None) -> Obstacle | None:
    """The thing about the lock that keeps an unlock or a new password from ending it; None for any other action. There
    is nothing to do about an opening that the wallet was asked for: it is sent again by itself."""
    if view is None:
        return None
    if view.opening:
        return Obstacle.NOTHING_TO_DO if operation in _ASKED_FOR.get(view.state, ()) else None
    if operation not in (*_UNLOCKS, *_RESETS):
        return None
    if view.state in _AT_AN_END or (operation in _RESETS and view.recovery_until is not None):
        return Obstacle.NOTHING_TO_DO
    if operation in _UNLOCKS and not view.unlockable:
        return Obstacle.NEW_PASSWORD if view.resettable else Obstacle.OTHER_FIRST
    return Obstacle.OTHER_FIRST if operation in _RESETS and not view.resettable else None


_UNLOCKS: Final = (Operation.UNLOCK, Operation.UNLOCK_UNPROVED)
_RESETS: Final = (Operation.RESET_GRANT, Operation.RESET_GRANT_UNPROVED)
_ASKED_FOR: Final[Mapping[LockState, tuple[Operation, ...]]] = {
    LockState.SOFT: _UNLOCKS,
    LockState.HARD: _UNLOCKS,
    LockState.PAUSED: (Operation.END_PAUSE,),
    LockState.FROZEN: (Operation.UNFREEZE, Operation.UNFREEZE_UNPROVED),
}
"""The operations by which the wallet is asked to open what is in this state. A hold has its actions with it."""
_ROWS: Final = (Operation.NEW_ROW, Operation.NEW_ROW_UNPROVED)
_AT_AN_END: Final = frozenset({LockState.CLOSED, LockState.ERASED})
_ENDS: Final[Mapping[Operation, frozenset[LockState]]] = {
    Operation.UNLOCK: frozenset({LockState.SOFT, LockState.HARD}),
    Operation.UNLOCK_UNPROVED: frozenset({LockState.SOFT, LockState.HARD}),
    Operation.END_PAUSE: frozenset({LockState.PAUSED}),
    Operation.UNFREEZE: frozenset({LockState.FROZEN}),
    Operation.UNFREEZE_UNPROVED: frozenset({LockState.FROZEN}),
}
_BEGINS: Final[Mapping[Operation, frozenset[LockState]]] = {
    Operation.PAUSE: frozenset({LockState.PAUSED, LockState.FROZEN}),
    Operation.FREEZE: frozenset({LockState.FROZEN}),
}
"""The states that an action ends, and those in which there is nothing for it to begin."""


def action_of(
    operation: Operation,
    proof: Proof | None,
    approvals: Iterable[Approval],
    now: datetime,
    obstacle: Obstacle | None = None,
    subject: Subject | None = None,
) -> Action:
    """One action. `subject`: the thing as it is that it is about, and an approval must be; None for the account."""
    level = REQUIREMENTS[operation].by_agent
    proved = level is not ByAgent.PROOF or _is_enough(operation, proof, now)
    found = None
    if level is ByAgent.SECOND:
        for one in approvals:
            of_thing = subject is None or (subject.name, subject.version) == (one.subject.name, one.subject.version)
            if one.operation is operation and of_thing:
                found = one
    return Action(operation, level, obstacle or (None if proved else Obstacle.NEEDS_PROOF), found, subject)


def _is_enough(operation: Operation, proof: Proof | None, now: datetime) -> bool:
    return proof is not None and missing_of_customer(operation, proof, now) is None
