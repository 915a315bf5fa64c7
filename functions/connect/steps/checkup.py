"""checkup, logins, not_me: what the hotline knows about the security of one's own account, and that was not me."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from typing import Final

from functions.connect.envelope import INVALID
from functions.connect.step import CHOICE, PLACES_MAX, Answer, Step, Visit, languages_in, one_of, words, yes_or_no
from functions.connect.words import checkup as words_of
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.errors import NotPossible
from hotline.lockout import service as lockout
from hotline.lockout.model import LockoutError
from hotline.security import service as security
from hotline.security.service import ToldMatter

MOVEMENT: Final = "movement"
ABOUT: Final = ("login", MOVEMENT)
"""The values of `about` of `not_me`."""
_DEVICES: Final[Mapping[bool | None, str | None]] = {True: "known", False: "new", None: None}


def checkup(visit: Visit) -> Answer:
    """Findings on the account, what changed on it of late and what protects it, each with the one thing to do. One
    read, and the queries of `security.check_up`.

    The first answer of a call has the most important. Each further one has what was not told yet, as it is now; once
    all is told, the next begins anew. `more` says whether something is left.
    """
    account_id = visit.account(Operation.READ)
    read = visit.fetch((*lockout.lock_keys(account_id), accounts.profile_key(account_id)))
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    told = security.check_up(visit.ctx.store, read, account_id, visit.now, profile=profile, pin=visit.state.pin)
    matters = told.matters
    if visit.replay is not None:
        outcome, noted = visit.replay.outcome, visit.replay.notes
        chosen: Sequence[ToldMatter] = [one for one in matters if one.matter.value in noted]
    else:
        outcome = "TO_DO" if matters else "CLEAR"
        chosen = _tell_untold(visit, outcome, matters)
    is_left = any(one.mark not in visit.state.checked for one in matters)
    closing = words_of.MORE if is_left else words_of.ALL if len(chosen) < len(matters) else None
    return Answer(outcome, words(matters=tuple(chosen), closing=closing, now=visit.now), {"more": yes_or_no(is_left)})


def _tell_untold(visit: Visit, outcome: str, matters: Sequence[ToldMatter]) -> Sequence[ToldMatter]:
    """As many matters as an answer has time for, of those that this call has not told, else of all; noted as told."""
    kept = tuple(one.mark for one in matters if one.mark in visit.state.checked)
    if len(kept) == len(matters):
        kept = ()
    chosen = words_of.choose_sayable(
        [one for one in matters if one.mark not in kept],
        languages_in(visit.state.language),
        {"now": visit.now, "time_zone": visit.state.time_zone},
        closing=words_of.ALL if kept else None,
    )
    state = replace(visit.state, checked=(*kept, *(one.mark for one in chosen)))
    visit.perform(identity.Note(outcome, state, tuple(one.matter.value for one in chosen)))
    return chosen


def logins(visit: Visit) -> Answer:
    """The latest login of each device; up to three, kept as the caller's choices."""
    account_id = visit.account(Operation.READ)
    told = lockout.list_logins(visit.fetch(lockout.lock_keys(account_id)), account_id, visit.now)
    if visit.replay is not None:
        told, outcome = tuple(one for one in told if one.id in visit.state.logins), visit.replay.outcome
    else:
        told = told[:PLACES_MAX]
        outcome = "FOUND" if told else "NONE"
        visit.note(outcome, replace(visit.state, logins=tuple(one.id for one in told)))
    items = [words(at=one.at, device=_DEVICES[one.is_known], is_elsewhere=one.is_elsewhere) for one in told]
    return Answer(outcome, words(items=items, now=visit.now))


def not_me(visit: Visit) -> Answer:
    """Freeze the account because of a login or a movement that was read out, and have people look at that one."""
    about = visit.inputs["about"]
    if visit.replay is not None:
        outcome, notes = visit.replay.outcome, visit.replay.notes
    else:
        denied = _find_denied(visit, about)
        if denied is None:
            return Answer(INVALID)
        try:
            findings = security.find_deniable(visit.ctx.store, visit.account(Operation.FREEZE))
            done = visit.perform(security.Deny(denied, findings), cause=Operation.FREEZE.value)
        except NotPossible as refusal:
            if refusal.code != LockoutError.NOTHING_TO_DENY:
                raise
            return Answer(INVALID)
        outcome, notes = done.outcome, done.notes
    effects = {"decided": lockout.DECIDED in notes, "noticed": lockout.NOTICED in notes}
    return Answer(outcome, words(about=about, time_zone=visit.state.time_zone, **effects))


def _find_denied(visit: Visit, about: str) -> lockout.Denied | None:
    """The thing that the caller chose by its place. None for anything that was not read out in this call."""
    if about == MOVEMENT:
        offer = visit.find_offer()
        return lockout.Denied(movement=offer.movement) if offer is not None else None
    place = int(visit.inputs["choice"])
    told = visit.state.logins
    return lockout.Denied(login_id=told[place - 1]) if place <= len(told) else None


_SECURITY: Final = "security"

STEPS: Final = (
    Step(
        "checkup",
        ("CLEAR", "TO_DO"),
        checkup,
        own_keys=("more",),
        say=words_of.checkup,
        parts=words_of.CHECKUP_PARTS,
        acting=True,
        proof=True,
        finishes={"CLEAR": _SECURITY, "TO_DO": _SECURITY},
    ),
    Step("logins", ("FOUND", "NONE"), logins, say=words_of.logins, parts=3, acting=True, proof=True),
    Step(
        "not_me",
        ("ASKED", "FROZEN"),
        not_me,
        {"about": one_of(ABOUT), "choice": CHOICE},
        say=words_of.not_me,
        parts=3,
        acting=True,
        proof=True,
        finishes={"ASKED": _SECURITY, "FROZEN": _SECURITY},
    ),
)
