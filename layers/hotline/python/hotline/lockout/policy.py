"""The components in force, the acts that a caller may do about them, and the limits of pauses. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.stops import Stop
from hotline.contracts.model import LoginKind, MovementKind
from hotline.payments.model import NextStep

from .model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Asked,
    Attempt,
    AttemptOutcome,
    Attempts,
    Cause,
    Component,
    DecisionKind,
    Grant,
    LockRecord,
    LockState,
    LockView,
    Opening,
    Register,
    SelfService,
    Terms,
    cause_of_slot,
)
from .tiers import running_lock

PRECEDENCE: Final = (
    LockState.CLOSED,
    LockState.FROZEN,
    LockState.HOLD,
    LockState.HARD,
    LockState.PAUSED,
    LockState.SOFT,
    LockState.OPEN,
)
"""The order in which one of several components in force is told, by how hard it is to leave. Closed is for good. A
freeze is before a hold because its owner asked for it and waits to hear of it. A hold that is being looked into is also
not to be talked about before it must be. Neither ends on the line. A hard lock ends by a reset, a pause by its owner's
word, and components that end by time come last. The order loses nothing: the acts that are allowed are asked of every
component."""

PAUSE_LENGTH: Final = timedelta(hours=24)
PAUSES_MAX: Final = 2
PAUSES_WITHIN: Final = timedelta(days=7)
PAUSE_BAR: Final = timedelta(days=30)
"""A pause that the owner ended was perhaps not the owner's: for so long nobody pauses the account without a factor."""
PAUSE_ACCOUNTS_MAX: Final = 5
"""A contact point leads to at most five accounts."""
GRANT_LIFE: Final = timedelta(minutes=30)
"""Long enough to end the call, open the wallet and choose a password; no code travels with it."""
UNLOCKS_MAX: Final = 3
UNLOCKS_WITHIN: Final = timedelta(hours=24)
"""An account that was unlocked so often in a day is being guessed at by somebody: a new password helps, unlocking feeds
the guesser."""
CLEARED_FOR: Final = timedelta(hours=48)
"""How long an unlock is remembered. An unlock is only made while a lock runs, whose failures were taken in at most 24 h
ago. By then everything 24 h older was final (tiers.finalise)."""
RESEND_AFTER: Final = timedelta(seconds=60)
ALARM_AFTER: Final = timedelta(minutes=5)
"""A decision that the wallet does not confirm is sent again, then becomes an alarm and a case."""
RESEND_LATER: Final = timedelta(minutes=15)
"""How often it is sent from then on: people look for the cause, and the decision arrives when they have found it."""

_UNLOCK: Final = SelfService.UNLOCK
_RESET: Final = SelfService.RESET
_END_PAUSE: Final = SelfService.END_PAUSE
_UNFREEZE: Final = SelfService.UNFREEZE
OPENS: Final = frozenset({DecisionKind.UNLOCK, DecisionKind.END_PAUSE, DecisionKind.UNFREEZE})
"""Decisions by which the wallet is to let somebody in again."""

HELP: Final[dict[tuple[LockState, Cause | None], frozenset[SelfService]]] = {
    (LockState.OPEN, None): frozenset({_RESET}),
    # OWASP Authentication Cheat Sheet: a reset works while locked. Both need proof: identity.policy.REQUIREMENTS.
    (LockState.SOFT, Cause.TOO_MANY_PASSWORD): frozenset({_UNLOCK, _RESET}),
    (LockState.SOFT, Cause.TOO_MANY_OTP): frozenset({_UNLOCK, _RESET}),
    (LockState.SOFT, Cause.TOO_MANY_LOGIN_RATE): frozenset({_UNLOCK, _RESET}),
    # NIST SP 800-63B-4 3.2.2: after 100 failures in a row the secret must be replaced; unlocking would go on with it.
    (LockState.HARD, Cause.TOO_MANY_PASSWORD): frozenset({_RESET}),
    (LockState.HARD, Cause.TOO_MANY_OTP): frozenset({_RESET}),
    (LockState.HARD, Cause.TOO_MANY_LOGIN_RATE): frozenset({_RESET}),
    (LockState.PAUSED, Cause.CUSTOMER_REQUEST): frozenset({_END_PAUSE, _RESET}),
    # NIST SP 800-63B-4 4.3: cheap to set and expensive to lift, so two different factors: identity.policy.REQUIREMENTS.
    (LockState.FROZEN, Cause.CUSTOMER_REQUEST): frozenset({_UNFREEZE}),
    # NIST SP 800-63B-4 3.1.1.2: evidence of compromise forces a change of the password, so the change is the way out.
    # It lifts nothing by itself: the wallet releases its hold when the new password stands.
    (LockState.HOLD, Cause.COMPROMISED_CREDENTIAL): frozenset({_RESET}),
}
"""The acts that the owner may do on the line while this is in force. A pair that is not listed allows no act. That is
so for
- holds by RISK_SCORE, COMPLIANCE and AGENT: somebody else's decision, never opened by a caller;
- DORMANT: waking a long unused account needs step-up (FFIEC 2021 on call centres). After months a phone number may be
  somebody else's, so a code to it proves too little;
- FROZEN by anybody but its owner;
- CLOSED, ERASED, and every cause that the hotline does not know."""

_BEFORE_PAYING: Final = {
    SelfService.UNLOCK: NextStep.UNLOCK_WALLET,
    SelfService.BOTH: NextStep.UNLOCK_WALLET,
    SelfService.RESET: NextStep.RESET_PASSWORD,
    SelfService.END_PAUSE: NextStep.END_PAUSE,
    SelfService.UNFREEZE: NextStep.END_FREEZE,
    SelfService.NO: NextStep.OPEN_WITH_AGENT,
}
FIRST_STEPS: Final = (*dict.fromkeys(_BEFORE_PAYING.values()), NextStep.WAIT_FOR_OPENING, NextStep.USE_ANOTHER_ACCOUNT)
"""Everything that may have to come before a payment, see `first_before_paying`."""
_CAUSES_OF_FAILURES: Final = frozenset({Cause.TOO_MANY_PASSWORD, Cause.TOO_MANY_OTP, Cause.TOO_MANY_LOGIN_RATE})


def help_for(component: Component) -> frozenset[SelfService]:
    """The acts that the owner may do while this is in force, see HELP."""
    return HELP.get((component.state, component.cause), frozenset())


def components(record: LockRecord, attempts: Attempts, now: datetime) -> tuple[Component, ...]:
    """Everything in force at `now`, what is told first in front."""
    found = [component_of(slot, register) for slot, register in record.told.items() if register.runs(now)]
    if record.closed_at is not None:
        found.append(Component(LockState.CLOSED, None, record.closed_at, None))
    lock = running_lock(attempts, record.cleared, now)
    if lock is not None:
        state = LockState.HARD if lock.until is None else LockState.SOFT
        found.append(Component(state, lock.cause, lock.since, lock.until))
    return _sort_components(found)


def view(record: LockRecord, attempts: Attempts, now: datetime) -> LockView:
    """The account at `now`. While the wallet has not confirmed that it opened something, that is still in force."""
    if record.erased:
        return LockView(LockState.ERASED, None, None, None, SelfService.NO, None)
    found = components(record, attempts, now)
    opening = still_opening(record, found, now)
    found = _sort_components([*found, *opening])
    waiting = record.waiting
    unlockable, resettable = may_unlock(record, found, now), may_reset(found)
    first = found[0] if found else Component(LockState.OPEN, None, None, None)
    told = record.told.items()
    return LockView(
        state=first.state,
        cause=first.cause,
        since=first.since,
        until=first.until,
        self_service=_self_service(first, may_unlock=unlockable, may_reset=resettable),
        asked=waiting.kind if waiting is not None else None,
        components=found,
        opening=first in opening,
        unconfirmed=any(
            component_of(slot, register) == first and not is_confirmed(record, slot) for slot, register in told
        ),
        recovery_until=recovery_until(record, attempts, now),
        unlockable=unlockable,
        resettable=resettable,
        opened_at=_opened_at(record),
        by_agent=any(
            register.by_agent and (_state_of(slot, register), cause_of_slot(slot)) == (first.state, first.cause)
            for slot, register in told
        ),
    )


def _opened_at(record: LockRecord) -> datetime | None:
    """See LockView. An unlock and the end of a pause take too little proof to count."""
    ended = [
        register.at
        for slot, register in record.told.items()
        if not register.on and register.decided > 0 and _state_of(slot, register) in (LockState.HOLD, LockState.FROZEN)
    ]
    return max((*ended, *((record.grant.at,) if record.grant is not None else ())), default=None)


def recovery_until(record: LockRecord, attempts: Attempts, now: datetime) -> datetime | None:
    """Until when a grant waits for its new password; None without one, and once there is a new password."""
    grant = record.grant
    if grant is None or grant.until <= now:
        return None
    chosen = (a.outcome is AttemptOutcome.RECOVERED and a.kind is LoginKind.PASSWORD for a in _since(attempts, grant))
    return None if any(chosen) else grant.until


def _since(attempts: Attempts, grant: Grant) -> tuple[Attempt, ...]:
    return tuple(attempt for attempt in attempts.recent if attempt.at >= grant.at)


def still_opening(record: LockRecord, found: Sequence[Component], now: datetime) -> tuple[Component, ...]:
    """The components that the wallet was asked to open and has not confirmed, unless the like is in force again."""
    states = {component.state for component in found}
    return tuple(
        opening.component
        for opening in record.opening
        if opening.version > record.applied_version
        and opening.component.runs(now)
        and opening.component.state not in states
    )


def may_unlock(record: LockRecord, found: Sequence[Component], now: datetime) -> bool:
    """Whether there is a lock that its owner may open, and unlocks are left for the day. Besides it only a pause may be
    in force, since a pause does not stop a login."""
    if len([at for at in record.cleared if at > now - UNLOCKS_WITHIN]) >= UNLOCKS_MAX:
        return False
    locks = [component for component in found if component.state is not LockState.PAUSED]
    return bool(locks) and all(_UNLOCK in help_for(component) for component in locks)


def may_reset(found: Sequence[Component]) -> bool:
    """Nothing in force forbids a new password."""
    return all(_RESET in help_for(component) for component in found)


def ends_by_password(found: Sequence[Component]) -> bool:
    """Whether a new password is not forbidden, and ends something: a lock by failures, or a hold for a stolen password.
    A pause goes on beside it."""
    return may_reset(found) and any(component.state is not LockState.PAUSED for component in found)


def find_pause(found: Sequence[Component]) -> Component | None:
    """The pause that runs, if one does."""
    return next((component for component in found if component.state is LockState.PAUSED), None)


def find_freeze(found: Sequence[Component]) -> Component | None:
    """The freeze that the owner asked for, if it is in force."""
    return next((component for component in found if _UNFREEZE in help_for(component)), None)


def stops(record: LockRecord, now: datetime) -> dict[str, Stop]:
    """The freezes and holds that are on, by register, asked for by anybody, confirmed by the wallet or not. While one
    runs, no factor begins to act (accounts.changes)."""
    return {
        slot: Stop(register.at, register.until)
        for slot, register in record.told.items()
        if register.runs(now) and _state_of(slot, register) in (LockState.FROZEN, LockState.HOLD)
    }


def would_pause(record: LockRecord, found: Sequence[Component]) -> bool:
    """Whether a pause would change anything: none runs, and nothing stronger stops money."""
    if record.erased or any(component.state in (LockState.CLOSED, LockState.FROZEN) for component in found):
        return False
    return find_pause(found) is None


def may_pause_unproved(record: LockRecord, now: datetime) -> bool:
    """Whether somebody who has proved nothing may pause: not while the owner has barred it, and so often only. Neither
    holds against who has proved a factor: a thief may have used them up."""
    if record.barred_until is not None and now < record.barred_until:
        return False
    return len([at for at in record.pauses if at > now - PAUSES_WITHIN]) < PAUSES_MAX


def first_before_paying(view: LockView, offered: SelfService, kind: MovementKind) -> NextStep | None:
    """The next step before the account can make such a movement, None when nothing shuts it. `offered`: the act that
    the owner may do on this call or in this session. A pause stops outward money only, so a top-up needs nothing."""
    if view.state is LockState.OPEN or (view.state is LockState.PAUSED and kind is MovementKind.TOP_UP):
        return None
    if view.state in (LockState.CLOSED, LockState.ERASED):
        return NextStep.USE_ANOTHER_ACCOUNT
    if view.opening:
        return NextStep.WAIT_FOR_OPENING
    return _BEFORE_PAYING[offered]


def due_at(record: LockRecord, now: datetime) -> datetime | None:
    """The earliest moment at which something is to be done about the record: send again, alarm, or note an end."""
    ends = [register.until for register in record.told.values() if register.on]
    ends.append(record.placed.until if record.placed is not None else None)
    dates = [end for end in ends if end is not None and end > now]
    if record.waiting is not None:
        dates.append(resend_at(record.waiting))
        if not record.waiting.alarmed:
            dates.append(record.waiting.at + ALARM_AFTER)
    return min(dates, default=None)


def resend_at(asked: Asked) -> datetime:
    """The time at which a decision that is not confirmed goes out again."""
    return asked.sent + (RESEND_LATER if asked.alarmed else RESEND_AFTER)


def terms(record: LockRecord, asked: Asked) -> Terms | None:
    """The terms of the decision, from its changes to the record. None: a later word of the wallet stands in the place
    of its change."""
    if asked.kind in OPENS:
        opened = next((opening.component for opening in record.opening if opening.version == asked.version), None)
        return Terms(opened.cause or Cause.OTHER, opened.until, opened) if opened is not None else None
    for slot, register in record.told.items():
        if register.decided == asked.version:
            return Terms(cause_of_slot(slot), register.until, None)
    if asked.kind is DecisionKind.LOCK and record.placed is not None:
        return Terms(record.placed.cause, record.placed.until, None)
    return None


def is_over(record: LockRecord, asked: Asked, now: datetime) -> bool:
    """Whether nobody needs what was asked any more: it has ended by itself, by the wallet's word, or with the
    account."""
    what = terms(record, asked)
    return what is None or (what.until is not None and what.until <= now) or record.closed_at is not None


def find_left_over(record: LockRecord, now: datetime) -> str | Opening | None:
    """An earlier request that rode along in the latest decision, is not confirmed and is not over: a register's name,
    or an opening."""
    if record.closed_at is not None:
        return None
    for slot, register in record.told.items():
        if register.decided > record.applied_version and register.runs(now):
            return slot
    for opening in record.opening:
        if opening.version > record.applied_version and opening.component.runs(now):
            return opening
    return None


def in_force(record: LockRecord, attempts: Attempts, now: datetime) -> tuple[Component, ...]:
    """The components that the wallet is to enforce for the hotline. Every decision says all of them, because the wallet
    drops a decision that is overtaken by a newer one. Of holds only those that the hotline decided; the wallet knows
    its own."""
    wanted = (LockState.SOFT, LockState.HARD, LockState.PAUSED, LockState.FROZEN)
    own = {component_of(slot, register) for slot, register in record.told.items() if register.decided > 0}
    return tuple(found for found in components(record, attempts, now) if found.state in wanted or found in own)


def is_confirmed(record: LockRecord, slot: str) -> bool:
    """The wallet has said that it did what the register holds."""
    register = record.told.get(slot)
    return register is not None and register.decided <= record.applied_version


def is_failure_lock(slot: str) -> bool:
    """Whether a register is a lock for failed sign-ins."""
    return cause_of_slot(slot) in _CAUSES_OF_FAILURES


def component_of(slot: str, register: Register) -> Component:
    """A register as one of the things in force."""
    return Component(_state_of(slot, register), cause_of_slot(slot), register.at, register.until)


def _state_of(slot: str, register: Register) -> LockState:
    if slot == PAUSE_SLOT:
        return LockState.PAUSED
    if slot == FREEZE_SLOT:
        return LockState.FROZEN
    if is_failure_lock(slot):
        return LockState.HARD if register.until is None else LockState.SOFT
    return LockState.HOLD


def _sort_components(found: Sequence[Component]) -> tuple[Component, ...]:
    """By precedence; of one state first what allows least, then what lasts longest, then by name: a fixed order."""

    def rank(component: Component) -> tuple[int, int, float, str]:
        length = -component.until.timestamp() if component.until is not None else float("-inf")
        return (PRECEDENCE.index(component.state), len(help_for(component)), length, component.cause or "")

    return tuple(sorted(set(found), key=rank))


def _self_service(first: Component, *, may_unlock: bool, may_reset: bool) -> SelfService:
    for service in (_END_PAUSE, _UNFREEZE):
        if service in help_for(first):
            return service
    if may_unlock:
        return SelfService.BOTH if may_reset else _UNLOCK
    return _RESET if may_reset else SelfService.NO
