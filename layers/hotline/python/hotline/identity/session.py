"""Sessions: a call on the phone, a visit of the wallet's app, or a recovery, while one request of it is answered.

All three are stored in one form (sessions.model.SessionState), so every gate and every condition of a transaction
reads the same attributes. An app session is stored under a hash of who issued the token to whom, and for which
sign-in. It is written only when something is to rely on it; until then each request makes it up from the token and the
account's profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit import actor as actors
from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot, fetch_missing
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof, NotPossible
from hotline.kit.ids import derive_id
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionKind, SessionState, TurnRecord
from hotline.sessions.service import proof_from, session_attributes, session_from, session_key

from . import choices
from .account_factors import count_kinds_at_risk
from .gate import allow
from .model import IdentityError, Operation
from .pins import acting_pin, factors_key, has_pin
from .policy import FACTOR_LIFE, count_missing, missing_factors, missing_of_customer
from .targets import NO_POINT, pin_point, proof_keys, proves

STORED_AS_IS = "settled"
"""The step under which an app session is stored before something relies on it."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The claims of a token that has been verified. `account_id` is its claim's. `trusted`: the issuer vouches in it
    for a way of signing in that is strong enough at any age (`acr`)."""

    session_id: str
    account_id: str
    authenticated_at: datetime | None
    trusted: bool
    expires_at: datetime


@dataclass(slots=True)
class Session:
    """One request of a call, an app session or a recovery: its state as read, and everything else that was read.

    `perform` replaces `state` and forgets what was read. `stored` is what the table holds; None before an app session
    is first written.
    """

    ctx: Context
    state: SessionState
    now: datetime
    read: Snapshot
    asked: set[Key]
    """The keys that were read; those without an item are not in `read`."""
    stored: SessionState | None
    signed_in: Profile | None = field(default=None)
    """The profile of an app session's account, which its token names; None for the other kinds."""

    @property
    def account_id(self) -> str:
        """The account that was chosen. Raises NotPossible while none is."""
        if self.state.account_id is None:
            raise NotPossible(IdentityError.NO_ACCOUNT)
        return self.state.account_id

    @property
    def profile(self) -> Profile:
        """The profile of an app session's account. RuntimeError for the other kinds: a bug."""
        if self.signed_in is None:
            raise RuntimeError("only an app session is opened with its profile")
        return self.signed_in

    @property
    def actor(self) -> actors.Caller | actors.Session:
        """The actor, with the proof as it was read."""
        proof = proof_from(self.state)
        if self.state.kind is SessionKind.PHONE:
            return actors.Caller(self.state.contact_id, proof)
        return actors.Session(self.state.contact_id, proof)

    def fetch(self, keys: Iterable[Key]) -> Snapshot:
        """Read those of the keys that were not read yet, in one request, and give everything that was read."""
        return fetch_missing(self.ctx.store, keys, self.read, self.asked)

    def forget_read(self) -> None:
        """Forget the items that were read, since a commit may have changed them; the next act reads its own."""
        self.read, self.asked = Snapshot(), set()

    def allow(self, operation: Operation) -> str:
        """The chosen account, if enough is proved for the operation. Raises NeedProof with what could be proved."""
        try:
            allow(proof_from(self.state), operation, self.now)
        except NeedProof as refusal:
            raise self.reachable(refusal) from None
        if self.state.account_id is None:
            raise NeedProof(operation=operation.value, needs=())
        return self.state.account_id

    def allow_agent(self, operation: Operation) -> str:
        """The chosen account, if enough is proved so that an agent may do the operation. Raises NeedProof likewise."""
        missing = missing_of_customer(operation, proof_from(self.state), self.now)
        if missing is not None:
            raise self.reachable(NeedProof(operation=operation.value, needs=missing, for_agent=True))
        return self.account_id

    def reachable(self, refusal: NeedProof) -> NeedProof:
        """The refusal with those of its factors that this session could prove."""
        needs = reachable_needs(Operation(refusal.operation), self.state, self.now, for_agent=refusal.for_agent)
        return NeedProof(operation=refusal.operation, needs=needs, for_agent=refusal.for_agent)


def open_call(
    ctx: Context, contact_id: str, also: Sequence[Key] = (), *, kind: SessionKind = SessionKind.PHONE
) -> Session | None:
    """The call or recovery that is stored under an id, with other items in the same read; None when there is none."""
    key = session_key(contact_id, kind)
    asked = dict.fromkeys((key, *also))
    read = Snapshot(ctx.store.batch_get(list(asked)))
    found = read.pop(key, None)
    if found is None:
        return None
    stored = session_from(found)
    return Session(ctx, stored, ctx.clock.now(), read, set(asked), stored)


def open_app_session(ctx: Context, sign_in: SignIn, also: Iterable[Key] = ()) -> Session:
    """The app session of a token, with its account's profile and other items in the same read. One read.

    Raises NotPossible `unknown_account` for an account that the wallet has not told of, or has erased.
    """
    key, profile_key = session_key(sign_in.session_id, SessionKind.APP), accounts.profile_key(sign_in.account_id)
    asked = dict.fromkeys((key, *owner_keys(sign_in.account_id), *also))
    read = Snapshot(ctx.store.batch_get(list(asked)))
    profile = accounts.profile_from(read.get(profile_key))
    if profile is None:
        raise NotPossible(IdentityError.UNKNOWN_ACCOUNT)
    now, keyring = ctx.clock.now(), ctx.lookup_ring
    found = read.pop(key, None)
    stored = session_from(found) if found is not None else None
    begun = (
        _drop_sign_in(stored)
        if stored is not None
        else SessionState(
            contact_id=sign_in.session_id,
            account_ref=ctx.ids.new("ref"),
            turn=0,
            created_at=now,
            last_step_at=now,
            inbound=False,
            kind=SessionKind.APP,
        )
    )
    signed_in = session_factor(sign_in, now)
    pin = acting_pin(read, sign_in.account_id, now)
    kinds = count_kinds_at_risk(read, sign_in.account_id, now)
    state = refresh_state(begun, profile, read, keyring, now, signed_in=signed_in, pin=pin, kinds_at_risk=kinds)
    return Session(ctx, state, now, read, set(asked), stored, profile)


def session_id_of(*, issuer: str, client: str, subject: str, sign_in: str) -> str:
    """The id of an app session: a hash, since none of its parts is ours to store. Two clients of a sign-in have two."""
    return derive_id("session", issuer, client, subject, sign_in)


def session_factor(sign_in: SignIn, now: datetime) -> ProvedFactor | None:
    """The sign-in as a factor: for ten minutes after it or, where the issuer vouches for it, as long as the token is
    good. None when it counts no more. It never satisfies an operation that asks for a code (policy.REQUIREMENTS)."""
    until = sign_in.authenticated_at + FACTOR_LIFE if sign_in.authenticated_at is not None else None
    if sign_in.trusted:
        until = sign_in.expires_at
    if until is None or until <= now:
        return None
    return ProvedFactor(FactorKind.SESSION, Purpose.ACT, NO_POINT, min(until, sign_in.expires_at))


def _drop_sign_in(stored: SessionState) -> SessionState:
    """The stored session without its sign-in: the token of the present request says that anew."""
    return replace(stored, factors=tuple(f for f in stored.factors if f.kind is not FactorKind.SESSION))


def refresh_state(
    state: SessionState,
    profile: Profile,
    read: Mapping[Key, Item],
    keyring: Keyring,
    now: datetime,
    *,
    signed_in: ProvedFactor | None = None,
    pin: bool = False,
    kinds_at_risk: int | None = None,
) -> SessionState:
    """The app session's state for its account as the profile has it now: where codes go, and which factors are kept. A
    factor is kept while its contact point is the account's own and proves something (targets.proves). All factors go
    when the account is another one. `read` holds what exists of `targets.proof_keys`."""
    own = {NO_POINT, *(accounts.point_id(point.value, keyring) for point in profile.live_points)}
    own |= {pin_point(profile.account_id)} if pin else set()
    same = state.account_id in (None, profile.account_id)
    kept = [
        factor
        for factor in (state.factors if same else ())
        if factor.kind is not FactorKind.SESSION and factor.point in own and proves(profile, factor, read, now, keyring)
    ]
    signed = signed_in or next((factor for factor in state.factors if factor.kind is FactorKind.SESSION and same), None)
    chosen = choices.choose_profile(state, profile, keyring, pin=pin, kinds_at_risk=kinds_at_risk)
    points = {target.point for target in chosen.targets.values()}
    waiting = state.challenge if same and state.challenge is not None and state.challenge.point in points else None
    factors = tuple(sorted((*kept, *([signed] if signed else [])), key=lambda factor: factor.kind.value))
    return replace(
        chosen, challenge=waiting, factors=factors, language=profile.language, turns=state.turns if same else ()
    )


def store_as_is(session: Session) -> None:
    """Store an app session as it is for this request, so that a transaction can depend on it. At most one write, none
    for the other kinds. At commit StaleTurn when another request of the session came in between."""
    if session.state.kind is not SessionKind.APP or _is_stored(session):
        return
    change = Change(actor=session.actor, cause=STORED_AS_IS, now=session.now, ids=session.ctx.ids)
    record = TurnRecord(session.stored.turn if session.stored else 0, STORED_AS_IS, "-", STORED_AS_IS)
    if session.stored is None:
        stored = replace(session.state, turn=1, turns=(record,))
        sessions.contribute_new_session(change, stored)
    else:
        stored = sessions.contribute_turn(change, session.stored, session.state, record)
    change.commit(session.ctx.store)
    session.state = session.stored = stored


def _is_stored(session: Session) -> bool:
    return session.stored is not None and session_attributes(session.stored) == session_attributes(session.state)


def owner_keys(account_id: str) -> tuple[Key, ...]:
    """The keys to read for `still_proved`: the account's contact points, its PIN, what stops it, its risk."""
    return (*proof_keys(account_id), factors_key(account_id), accounts.risk_key(account_id))


def still_proved(
    state: SessionState, read: Mapping[Key, Item], account_id: str, keyring: Keyring, now: datetime
) -> SessionState:
    """The call with the factors that still prove for its account as it was read. The account must have the factor's
    contact point and may act on it; a PIN counts only while there is one. The account's risk is that of now. `read`
    holds what exists of `owner_keys`."""
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    if profile is None:
        return replace(state, factors=())
    pin = has_pin(read.get(factors_key(account_id)))
    good = (factor for factor in state.factors if pin or factor.kind is not FactorKind.PIN)
    factors = tuple(factor for factor in good if proves(profile, factor, read, now, keyring))
    return replace(state, factors=factors, kinds_at_risk=count_kinds_at_risk(read, account_id, now))


def next_need(operation: Operation, state: SessionState, now: datetime) -> str:
    """The proof that would satisfy the operation next: `sms`, `email`, `pin`; `agent` when nothing the caller has
    would."""
    reachable = reachable_needs(operation, state, now)
    return reachable[0] if reachable else "agent"


def reachable_needs(
    operation: Operation, state: SessionState, now: datetime, *, for_agent: bool = False
) -> tuple[str, ...]:
    """The kinds of factor that the caller of this call could prove next for the operation. A contact point that codes
    go to proves one, and so does a PIN that was chosen. Empty when those would not be enough, so that nobody proves one
    factor for nothing. `for_agent`: so that an agent may do it."""
    proof = proof_from(state)
    missing = (missing_of_customer if for_agent else missing_factors)(operation, proof, now) or ()
    kinds = {factor.value for factor in state.targets} | ({FactorKind.PIN.value} if state.pin else set())
    reachable = tuple(kind for kind in missing if kind in kinds)
    return reachable if len(reachable) >= count_missing(operation, proof, now, for_agent=for_agent) else ()


def could_prove(operation: Operation, state: SessionState, now: datetime) -> bool:
    """Whether the caller of this call has proved enough for the operation, or could."""
    return missing_factors(operation, proof_from(state), now) is None or bool(reachable_needs(operation, state, now))
