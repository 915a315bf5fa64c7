"""One request of somebody with a token: their session as it was read, what a route may change, and how it is stored.

A session stands in the place of a call, so every gate and every condition is the phone's. It is written before the
first thing that is to rely on it (`settled`), and with everything that a route changes (`commit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from functions.customer_api.access import Token
from functions.customer_api.problems import Rendering
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity import turns
from hotline.identity.model import Call, Operation, TurnRecord
from hotline.kit.actor import Session
from hotline.kit.change import Change, stale
from hotline.kit.condition import Item, equals
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof
from hotline.kit.keyring import Keyring
from hotline.kit.languages import spoken_language
from hotline.kit.macs import Macs
from hotline.kit.retry import retry_stale
from hotline.kit.store import Key
from hotline.wording.values import Locale, locale_of

ATTEMPTS_MAX = 5
"""How often a route is run when somebody else wrote in between; each run reads afresh."""
_SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every route works with: the context of the function, the bearer of the token, the wished language (None:
    none that the hotline speaks)."""

    ctx: Context
    how: Rendering
    token: Token | None = None
    language: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Headers that a route adds to its answer."""

    @property
    def lookup_keys(self) -> Keyring:
        return self.ctx.lookup_ring

    @property
    def code_keys(self) -> Keyring:
        return self.ctx.code_ring

    @property
    def pin_macs(self) -> Macs:
        return self.ctx.pin_hashes

    @property
    def bearer(self) -> Token:
        if self.token is None:
            raise RuntimeError("a public route asked for a token")
        return self.token

    def visit(self, also: Iterable[Key] = ()) -> Visit:
        """Read the session with its account, and other items. One read. Raises NotPossible `unknown_account`."""
        session = identity.open_session(self.ctx, self.bearer.sign_in, self.lookup_keys, tuple(also))
        return Visit(self, session, session.call, self.ctx.clock.now())


@dataclass(slots=True)
class Visit:
    """A session in one request. `call` is replaced by `commit`."""

    desk: Desk
    session: identity.Session
    call: Call
    now: datetime

    @property
    def account_id(self) -> str:
        return self.session.profile.account_id

    @property
    def read(self) -> dict[Key, Item]:
        """What was read with the session."""
        return self.session.read

    def speak(self) -> Locale:
        """How to write texts: in the language that was wished for, else in the account's, else in English. The answer's
        Content-Language says which one it is."""
        profile = self.session.profile
        language = spoken_language(self.desk.language or profile.language)
        self.desk.headers["Content-Language"] = language
        return locale_of(language, profile.time_zone, self.now)

    def allow(self, operation: Operation) -> None:
        """Raises NeedProof, with the methods that this account has, when the session has not proved enough."""
        try:
            identity.allow(identity.proof_from(self.call), operation, self.now)
        except NeedProof as refusal:
            raise self.reachable(refusal) from None

    def reachable(self, refusal: NeedProof) -> NeedProof:
        """The refusal with those of its methods that this account has a contact point for."""
        return NeedProof(
            operation=refusal.operation,
            needs=identity.reachable_needs(Operation(refusal.operation), self.call, self.now),
        )

    def settled(self) -> Visit:
        """The visit with its session stored as it is, so that a transaction can depend on it. At most one write."""
        if identity.is_stored(self.session):
            return self
        change = self.change(_SETTLED)
        turn = self.session.stored.turn if self.session.stored else 0
        record = TurnRecord(turn, _SETTLED, "-", _SETTLED)
        stored = identity.contribute_session(change, self.session, record)
        change.commit(self.desk.ctx.store)
        return replace(self, session=replace(self.session, call=stored, stored=stored), call=stored)

    def change(self, cause: str) -> Change:
        actor = Session(self.call.contact_id, identity.proof_from(self.call))
        return Change(actor=actor, cause=cause, now=self.now, ids=self.desk.ctx.ids)

    def replayed(self, step: str, inputs: Mapping[str, str]) -> TurnRecord | None:
        """What this very request was answered, if it is among the session's last ones."""
        mark = turns.fingerprint(self.desk.lookup_keys, step, inputs)
        return next((turn for turn in self.call.turns if (turn.step, turn.fingerprint) == (step, mark)), None)

    def commit(
        self,
        change: Change,
        step: str,
        outcome: str,
        *,
        inputs: Mapping[str, str] | None = None,
        call: Call | None = None,
        ids: Sequence[str] = (),
    ) -> None:
        """Make the change and note that the step was answered, in one transaction; `call`: as the route leaves it."""
        mark = turns.fingerprint(self.desk.lookup_keys, step, inputs or {})
        record = TurnRecord(self.call.turn, step, mark, outcome, tuple(ids))
        advanced = identity.contribute_turn(change, self.call, call or self.call, record)
        # What was proved is proved for the account as it was read: with those contact points, that many factors.
        profile_key = accounts.profile_key(self.account_id)
        change.require_condition(profile_key, equals("rev", int(self.read[profile_key]["rev"])), stale)
        change.commit(self.desk.ctx.store)
        self.call = advanced


def attempted[Result](work: Callable[[], Result]) -> Result:
    """Run a route's work, again from its reading on when somebody else wrote in between; ATTEMPTS_MAX times at most."""
    return retry_stale(work, attempts_max=ATTEMPTS_MAX)
