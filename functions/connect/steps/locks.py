"""lock_status, unlock, reset, pause, end_pause, freeze, unfreeze: what keeps an account shut, and what may open it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from functions.connect.step import Answer, Step, Visit, words
from functions.connect.words import locks as words_of
from hotline.accounts import service as accounts
from hotline.identity.model import Operation
from hotline.kit.errors import NeedProof
from hotline.kit.logging import Event, log
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState
from hotline.wording.speech import Speech


def lock_status(visit: Visit) -> Answer:
    """Why the account is shut, since when and until when, and what the caller may do about it."""
    account_id = visit.account(Operation.READ)
    read = visit.fetch((*lockout.lock_keys(account_id), accounts.feed_key()))
    view = lockout.view_from(read, account_id, visit.now)
    offered = lockout.offer_self_service(view, visit.state, visit.now)
    facts = words(
        state=view.state.value,
        cause=view.seen_cause.value if view.seen_cause else None,
        since=view.since,
        until=view.until,
        self_service=offered.value,
        end=lockout.find_end(view, offered),
        asked=view.asked.value if view.asked else None,
        unconfirmed=view.unconfirmed,
        recovery_until=view.recovery_until,
        facts_as_of=accounts.behind_since(read, visit.now),
        now=visit.now,
    )
    # Nobody needs a person for what the wallet, or their own new password, is about to end.
    asked = "yes" if view.asked or view.recovery_until is not None else "no"
    outcome = LockState.CLOSED if view.state is LockState.ERASED else view.state
    return Answer(outcome.value, facts, {"self_service": offered.value, "asked": asked})


def unlock(visit: Visit) -> Answer:
    """Ask the wallet to open an account that was locked for failed logins."""
    return _perform(visit, lockout.UNLOCK)


def reset(visit: Visit) -> Answer:
    """Let the wallet give the caller a new password, once."""
    return _perform(visit, lockout.GRANT_RESET)


def end_pause(visit: Visit) -> Answer:
    """End the pause of an account before its time."""
    return _perform(visit, lockout.END_PAUSE)


def freeze(visit: Visit) -> Answer:
    """Ask the wallet to freeze the account until it is unfrozen with two factors."""
    return _perform(visit, lockout.FREEZE)


def unfreeze(visit: Visit) -> Answer:
    """Ask the wallet to end a freeze that the owner asked for, after two factors."""
    return _perform(visit, lockout.UNFREEZE)


def _perform(visit: Visit, act: lockout.AccountAct) -> Answer:
    if visit.replay is not None:
        return _render(visit.replay.outcome, visit.replay.notes)
    done = visit.perform(act, cause=act.operation.value)
    return _render(done.outcome, done.notes)


def _render(outcome: str, notes: tuple[str, ...]) -> Answer:
    still = next((note.removeprefix(lockout.STILL) for note in notes if note.startswith(lockout.STILL)), None)
    return Answer(outcome, words(**_effects(notes), still=still))


def _effects(notes: tuple[str, ...]) -> dict[str, bool]:
    """Whether the wallet was asked for something, and whether anybody is told: no sentence may say more."""
    return {"decided": lockout.DECIDED in notes, "noticed": lockout.NOTICED in notes}


def pause(visit: Visit) -> Answer:
    """Stop outward money of the accounts behind the calling number, or of the one that was proved. The words are the
    same for every number, and so are the requests, up to the writes that only an account can have. The same holds when
    a factor is needed first, because very many pauses are asked for without one. NOT_HERE: the call is about another
    number than its own, for which nothing was proved."""
    if visit.replay is not None:
        outcome, notes = visit.replay.outcome, visit.replay.notes
    else:
        try:
            done = visit.perform(lockout.Pause())
        except NeedProof:
            log(Event.PAUSE_REFUSED, correlation_id=visit.request.contact_id)
            raise
        outcome, notes = done.outcome, done.notes
    if outcome == lockout.NOT_HERE:
        return Answer(outcome)
    proved = bool(visit.state.good_factors(visit.now))
    return Answer(outcome, words(proved=proved, **_effects(notes)))


def _say(step: str) -> Callable[[Speech, str], None]:
    return partial(words_of.act, step)


SELF_SERVICE: Final = ("unlock", "reset", "both", "end_pause", "unfreeze", "no")
"""The values of `self_service` of `lock_status`."""

_LOCKOUT: Final = "lockout"
_SECURITY: Final = "security"
"""The topics of the services that these steps finish."""

STEPS: Final = (
    Step(
        "lock_status",
        ("OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED"),
        lock_status,
        own_keys=("self_service", "asked"),
        say=words_of.lock_status,
        parts=3,
        proof=True,
        finishes={"OPEN": _LOCKOUT},
        tells=True,
    ),
    Step(
        "unlock",
        ("ASKED", "OPEN", "NOT_SELF_SERVICE"),
        unlock,
        say=_say("unlock"),
        acting=True,
        proof=True,
        finishes={"ASKED": _LOCKOUT, "OPEN": _LOCKOUT},
    ),
    Step(
        "reset",
        ("GRANTED", "NOT_SELF_SERVICE"),
        reset,
        say=_say("reset"),
        parts=2,
        acting=True,
        proof=True,
        finishes={"GRANTED": _LOCKOUT},
    ),
    Step(
        "pause",
        ("ASKED", "NOT_HERE"),
        pause,
        say=words_of.pause,
        parts=2,
        acting=True,
        proof=True,
        finishes={"ASKED": _SECURITY},
    ),
    Step(
        "end_pause",
        ("ASKED", "OPEN"),
        end_pause,
        say=_say("end_pause"),
        acting=True,
        proof=True,
        finishes={"ASKED": _LOCKOUT, "OPEN": _LOCKOUT},
    ),
    Step(
        "unfreeze",
        ("ASKED", "OPEN"),
        unfreeze,
        say=_say("unfreeze"),
        acting=True,
        proof=True,
        finishes={"ASKED": _LOCKOUT, "OPEN": _LOCKOUT},
    ),
    Step(
        "freeze",
        ("ASKED", "FROZEN"),
        freeze,
        say=_say("freeze"),
        parts=2,
        acting=True,
        proof=True,
        finishes={"ASKED": _SECURITY, "FROZEN": _SECURITY},
    ),
)
