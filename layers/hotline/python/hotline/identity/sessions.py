"""Sessions of the wallet's app: what stands in the place of a call when somebody comes with a token.

A session is stored like a call, under a hash of who issued the token to whom and for which sign-in, so that every gate
and every condition of a transaction reads the same attributes. It is written only when something is to rely on it;
until then it is made up from the token and the account's profile at each request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.ids import derived_id
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key

from . import calls
from .items import call_attributes, call_from, call_key
from .model import Call, CallKind, TurnRecord
from .pins import acting_pin, factors_key
from .policy import FACTOR_LIFE
from .targets import NO_POINT, pin_point, proof_keys, proves


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a token that has been verified says. `account_id` is its claim's; `trusted`: the issuer vouches in it for a
    way of signing in that is strong enough at any age (`acr`)."""

    session_id: str
    account_id: str
    authenticated_at: datetime | None
    trusted: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is for this request. `stored` is what the table holds, None before the first write; `read` holds
    what was asked for besides."""

    call: Call
    stored: Call | None
    profile: Profile
    read: dict[Key, Item]


def session_id_of(*, issuer: str, client: str, subject: str, sign_in: str) -> str:
    """The id of a session: a hash, since none of its parts is ours to store. Two clients of one sign-in are two."""
    return derived_id("session", issuer, client, subject, sign_in)


def open_session(ctx: Context, sign_in: SignIn, keyring: Keyring, also: Sequence[Key] = ()) -> Session:
    """The session with its account's profile, and other items in the same read. One read.

    Raises NotPossible `unknown_account` for an account that the wallet has not told of, or has erased.
    """
    key, profile_key = call_key(sign_in.session_id, CallKind.APP), accounts.profile_key(sign_in.account_id)
    proving = (*proof_keys(sign_in.account_id), factors_key(sign_in.account_id))
    read = ctx.store.batch_get(list(dict.fromkeys([key, *proving, *also])))
    profile = accounts.profile_from(read.get(profile_key))
    if profile is None:
        raise NotPossible("unknown_account")
    now = ctx.clock.now()
    found = read.pop(key, None)
    stored = call_from(found) if found is not None else None
    begun = (
        _without_sign_in(stored)
        if stored is not None
        else Call(
            contact_id=sign_in.session_id,
            account_ref=ctx.ids.new("ref"),
            turn=0,
            created_at=now,
            last_step_at=now,
            inbound=False,
            kind=CallKind.APP,
        )
    )
    signed_in = session_factor(sign_in, now)
    pin = acting_pin(read, sign_in.account_id, now)
    call = settled(begun, profile, read, keyring, now, signed_in=signed_in, pin=pin)
    return Session(call, stored, profile, read)


def session_factor(sign_in: SignIn, now: datetime) -> ProvedFactor | None:
    """The sign-in as a factor: for ten minutes after it or, where the issuer vouches for it, as long as the token is
    good. None when it counts no more. It never satisfies an operation that asks for a code (policy.REQUIREMENTS)."""
    until = sign_in.authenticated_at + FACTOR_LIFE if sign_in.authenticated_at is not None else None
    if sign_in.trusted:
        until = sign_in.expires_at
    if until is None or until <= now:
        return None
    return ProvedFactor(FactorKind.SESSION, Purpose.ACT, NO_POINT, min(until, sign_in.expires_at))


def _without_sign_in(stored: Call) -> Call:
    """What was stored, but for the sign-in: that is what the token of this very request says of it."""
    return replace(stored, factors=tuple(f for f in stored.factors if f.kind is not FactorKind.SESSION))


def settled(
    call: Call,
    profile: Profile,
    read: Mapping[Key, Item],
    keyring: Keyring,
    now: datetime,
    *,
    signed_in: ProvedFactor | None = None,
    pin: bool = False,
) -> Call:
    """The session's call for its account as the profile has it now: where codes go, and which factors are kept. A
    factor is kept while its contact point is the account's own and proves something (targets.proves), and all of them
    go when the account is another one. `read` holds what exists of `targets.proof_keys`."""
    own = {NO_POINT, *(accounts.point_id(point.value, keyring) for point in profile.live_points)}
    own |= {pin_point(profile.account_id)} if pin else set()
    same = call.account_id in (None, profile.account_id)
    kept = [
        factor
        for factor in (call.factors if same else ())
        if factor.kind is not FactorKind.SESSION and factor.point in own and proves(profile, factor, read, now, keyring)
    ]
    signed = signed_in or next((factor for factor in call.factors if factor.kind is FactorKind.SESSION and same), None)
    settled_call = calls.chosen(call, profile, keyring, pin=pin)
    points = {target.point for target in settled_call.targets.values()}
    waiting = call.challenge if same and call.challenge is not None and call.challenge.point in points else None
    factors = tuple(sorted((*kept, *([signed] if signed else [])), key=lambda factor: factor.kind.value))
    return replace(
        settled_call, challenge=waiting, factors=factors, language=profile.language, turns=call.turns if same else ()
    )


def is_stored(session: Session) -> bool:
    """Whether the table holds what this request relies on."""
    return session.stored is not None and call_attributes(session.stored) == call_attributes(session.call)


def contribute_session(change: Change, session: Session, record: TurnRecord) -> Call:
    """Store the session as it is for this request, with one more answered turn. At commit StaleTurn when another
    request of the session came in between."""
    if session.stored is None:
        begun = replace(session.call, turn=1, turns=(record,))
        calls.contribute_new_call(change, begun)
        return begun
    return calls.contribute_turn(change, session.stored, session.call, record)
