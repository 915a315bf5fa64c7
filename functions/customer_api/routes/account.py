"""The bearer's account: what is in force on it, and asking for unlock, a new password, freeze, pause and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from functions.customer_api.shapes.account import Asked, ContactPoint, Finding, Lock, Login, Matter, Security
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http import words
from functions.http.problems import Problem
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.service import Operation
from hotline.kit.actor import FactorKind
from hotline.kit.errors import NeedProof
from hotline.kit.logging import Event, log
from hotline.lockout import service as lockout
from hotline.security import service as security

_ACCOUNT = ["account"]
_NOT_SELF_SERVICE = "NOT_SELF_SERVICE"
_DEVICES: Final[Mapping[bool | None, Literal["known", "new"] | None]] = {True: "known", False: "new", None: None}


@router.get("/v1/me/lock", tags=_ACCOUNT, operation_id="read_lock")
def read_lock() -> Lock:
    """Why the account is shut, since when and until when, and what its owner may do about it."""
    at = desk()
    visit = at.visit((*lockout.lock_keys(at.bearer.sign_in.account_id), accounts.feed_key()))
    visit.allow(Operation.READ)
    view = lockout.view_from(visit.read, visit.account_id, visit.now)
    offered = lockout.offer_self_service(view, visit.state, visit.now)
    as_of = visit.session.profile.facts_as_of
    return Lock(
        state=view.state.value,
        cause=view.told_cause.value if view.told_cause else None,
        since=view.since,
        until=view.until,
        asked=view.asked.value if view.asked else None,
        recovery_until=view.recovery_until,
        self_service=offered.value,
        facts_as_of=as_of,
        text=words.of_lock(
            view,
            offered=offered,
            behind_since=accounts.behind_since(visit.read, visit.now),
            now=visit.now,
            locale=visit.speak(),
        ),
    )


@router.post("/v1/me/unlock", tags=_ACCOUNT, operation_id="ask_for_unlock", status_code=202)
def unlock() -> Asked:
    """Ask the wallet to open an account that was locked for failed logins."""
    return _perform(lockout.UNLOCK)


@router.post("/v1/me/reset-grants", tags=_ACCOUNT, operation_id="grant_reset", status_code=201)
def reset() -> Asked:
    """Let the wallet give the account a new password, once."""
    return _perform(lockout.GRANT_RESET)


@router.post("/v1/me/freeze", tags=_ACCOUNT, operation_id="ask_for_freeze", status_code=202)
def freeze() -> Asked:
    """Ask the wallet to stop everything that goes out until the account is unfrozen with two factors."""
    return _perform(lockout.FREEZE)


@router.post("/v1/me/unfreeze", tags=_ACCOUNT, operation_id="ask_for_unfreeze", status_code=202)
def unfreeze() -> Asked:
    """Ask the wallet to end a freeze that the owner asked for. Takes two different codes."""
    return _perform(lockout.UNFREEZE)


@router.delete("/v1/me/pause", tags=_ACCOUNT, operation_id="end_pause", status_code=202)
def end_pause() -> Asked:
    """Ask the wallet to end a pause before its time."""
    return _perform(lockout.END_PAUSE)


@router.post("/v1/me/pause", tags=_ACCOUNT, operation_id="ask_for_pause", status_code=202)
def pause() -> Asked:
    """Ask the wallet to stop outward money for 24 hours. Without a fresh factor twice in seven days at most."""
    at = desk()
    return attempt(lambda: _pause(at))


def _pause(at: Desk) -> Asked:
    act = lockout.Pause()
    visit = at.visit(act.keys_of((at.bearer.sign_in.account_id,), at.ctx.clock.now()))
    try:
        visit.perform(act, act.operation.value)
    except NeedProof:
        log(Event.PAUSE_REFUSED, correlation_id=visit.state.contact_id)
        raise
    return Asked(outcome="asked")


def _perform(act: lockout.AccountAct) -> Asked:
    at = desk()
    return attempt(lambda: _perform_once(at, act))


def _perform_once(at: Desk, act: lockout.AccountAct) -> Asked:
    visit = at.visit(act.keys_of(at.bearer.sign_in.account_id))
    outcome = visit.perform(act, act.operation.value).outcome
    if outcome == _NOT_SELF_SERVICE:
        raise Problem("not_self_service")
    return Asked.model_validate({"outcome": outcome.lower()})


@router.get("/v1/me/security", tags=["security"], operation_id="read_security")
def read_security() -> Security:
    """How well the account is protected, what was found on it and is not dealt with, and what people have confirmed of
    late. Findings are told once the session has proved a factor beyond its sign-in."""
    # A thief with the session is not to learn that somebody has seen them.
    at = desk()
    visit = at.visit(lockout.lock_keys(at.bearer.sign_in.account_id))
    visit.allow(Operation.READ)
    profile = visit.session.profile
    is_proved = any(factor.kind is not FactorKind.SESSION for factor in visit.state.good_factors(visit.now))
    pin = identity.has_pin(visit.read.get(identity.factors_key(visit.account_id)))
    told = security.check_up(
        at.ctx.store,
        visit.read,
        visit.account_id,
        visit.now,
        profile=profile,
        pin=pin,
        tells_findings=is_proved,
    )
    locale = visit.speak()
    return Security(
        two_step=profile.two_step,
        pin=pin,
        contact_points=[
            ContactPoint(kind=point.kind.value, confirmed_at=point.confirmed_at) for point in profile.live_points
        ],
        contact_changed_at=profile.contact_changed_at,
        findings=[
            Finding(
                id=one.id,
                severity=one.severity,
                found_at=one.noticed_at,
                confirmed_at=one.confirmed_at,
                text=words.of_confirmed(one, told.matters, locale=locale) if one.confirmed_at is not None else None,
            )
            for one in (*told.found, *told.confirmed)
        ]
        if told.found is not None and told.confirmed is not None
        else None,
        matters=[
            Matter.model_validate(
                {
                    "matter": one.matter.value,
                    "at": max(one.times, default=None),
                    "text": words.of_matter(one, locale=locale),
                }
            )
            for one in told.matters
        ],
        logins=[
            Login(
                id=one.id,
                at=one.at,
                country=one.country,
                device=_DEVICES[one.is_known],
                elsewhere=one.is_elsewhere,
            )
            for one in lockout.list_logins(visit.read, visit.account_id, visit.now)
        ],
    )
