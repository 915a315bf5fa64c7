"""One request of the API: the router that routes add to, and what a route finds there.

A visit is one request of somebody with a token: their session as it was read, and what a route may do. A session stands
in the place of a call, so every gate and every condition is the phone's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.customer_api.access import Token
from functions.http.problems import Rendering
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.change.acts import Snapshot, retry_stale
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline.kit.languages import language_or_english
from hotline.kit.store import Key
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionState, TurnRecord
from hotline.wording.values import Locale, locale_of

ATTEMPTS_MAX = 5
"""How often a route is run when somebody else wrote in between; each run reads afresh."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The means of every route: the context of the function, the bearer of the token, and the wished language. A
    language of None is one that the hotline does not speak."""

    ctx: Context
    how: Rendering
    token: Token | None = None
    language: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Headers that a route adds to its answer."""
    source: str | None = field(default=None, repr=False)
    """The address on the network that the request comes from (functions.http.sources); for counts alone."""

    @property
    def lookup_keys(self) -> Keyring:
        return self.ctx.lookup_ring

    @property
    def bearer(self) -> Token:
        if self.token is None:
            raise RuntimeError("a public route asked for a token")
        return self.token

    def visit(self, also: Iterable[Key] = ()) -> Visit:
        """Read the session with its account, and other items. One read. Raises NotPossible `unknown_account`."""
        return Visit(self, identity.open_app_session(self.ctx, self.bearer.sign_in, also))


@dataclass(frozen=True, slots=True)
class Visit:
    """A session in one request."""

    desk: Desk
    session: identity.Session

    @property
    def account_id(self) -> str:
        return self.session.account_id

    @property
    def state(self) -> SessionState:
        return self.session.state

    @property
    def now(self) -> datetime:
        return self.session.now

    @property
    def read(self) -> Snapshot:
        """Everything that was read with the session."""
        return self.session.read

    def speak(self) -> Locale:
        """How to write texts: in the language that was wished for, else in the account's, else in English. The answer's
        Content-Language says which one it is."""
        profile = self.session.profile
        language = language_or_english(self.desk.language or profile.language)
        self.desk.headers["Content-Language"] = language
        return locale_of(language, profile.time_zone, self.now)

    def allow(self, operation: Operation) -> None:
        """Raises NeedProof, with the methods that this account has, when the session has not proved enough."""
        self.session.allow(operation)

    def find_replay(self, step: str, inputs: Mapping[str, str]) -> TurnRecord | None:
        """The answer to this very request, if it is among the session's last ones."""
        return sessions.find_record(self.state, step=step, inputs_fingerprint=self._fingerprint(step, inputs))

    def perform[Result](
        self, act: identity.Act[Result], step: str, inputs: Mapping[str, str] | None = None
    ) -> identity.Effect[Result]:
        """Do the act, and note in the same transaction that the step was answered. Raises what the act raises."""
        return identity.perform(self.session, act, identity.Turn(step, self._fingerprint(step, inputs or {})))

    def note(self, step: str, outcome: str, ids: Sequence[str] = ()) -> None:
        """Note that the step was answered; nothing else is changed."""
        self.perform(identity.Note(outcome, ids=tuple(ids)), step)

    def _fingerprint(self, step: str, inputs: Mapping[str, str]) -> str:
        return sessions.fingerprint(self.desk.lookup_keys, step, inputs)


def attempt[Result](work: Callable[[], Result]) -> Result:
    """Run a route's work, again from its reading on when somebody else wrote in between; ATTEMPTS_MAX times at most."""
    return retry_stale(work, attempts_max=ATTEMPTS_MAX)


router: Final = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
DESK: Final = "desk"


def desk() -> Desk:
    """The desk of the request that is being answered."""
    found: Desk = router.context[DESK]
    return found
