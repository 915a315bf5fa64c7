"""The stored state of a call, an app session or a recovery: who it is about, what was proved, what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hotline.kit.actor import FactorKind, ProvedFactor, good_factors
from hotline.kit.records import quick

RESUME_WITHIN = timedelta(minutes=10)
"""A transferred call keeps its level when its last step is younger than this."""
CALL_LIFE = timedelta(hours=24)
TURNS_KEPT = 4
HEARD_KEPT = 10
"""As many as a case keeps: what an agent reads before they speak."""
OFFERS_KEPT = 3


@quick
@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One answered turn: enough to answer a retried delivery alike, and never any words."""

    turn: int
    step: str
    fingerprint: str
    outcome: str
    ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Closed words for what the sentences of the answer depend on beside the outcome."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A movement that was read out to the caller and may be chosen by its place in the list."""

    movement: str
    """Sort key of the movement."""
    merchant_id: str | None
    twin: str | None = None
    """Sort key of a charge that looks like the same purchase, so that it is read together with the movement."""


@quick
@dataclass(frozen=True, slots=True)
class Target:
    """The point to which a code of one kind would go. `account_id` is whose profile holds the address; None makes it a
    decoy."""

    point: str
    account_id: str | None
    also: tuple[str, ...] = ()
    """The same point under older versions of the lookup key: its counters may still be there."""
    via: tuple[str, ...] = ()
    """The stand-in, under every version, for the way by which somebody who has proved nothing comes to it. It is the
    same for the same number, whoever it belongs to. Empty when it is the point itself, or when it is known who asks."""
    prefix: str | None = None
    """Of a telephone number: a keyed hash of the range that it is in, by which messages are counted (code_messages)."""

    @property
    def points(self) -> tuple[str, ...]:
        """The point under every version."""
        return (self.point, *self.also)

    @property
    def shown(self) -> tuple[str, ...]:
        """The point whose counters decide what the asker is told. It is never an address that they did not name, since
        its used-up counts would tell whose it is."""
        return self.via or self.points


@quick
@dataclass(frozen=True, slots=True)
class Identified:
    """A number that the caller calls from or keyed in, and the accounts that it reaches. None of this is proof."""

    point: str
    accounts: tuple[str, ...]
    also: tuple[str, ...] = ()
    """The same number under older versions of the lookup key."""
    prefix: str | None = None
    """As of a Target; None for an address."""

    @property
    def points(self) -> tuple[str, ...]:
        """The number under every version."""
        return (self.point, *self.also)


@dataclass(frozen=True, slots=True)
class AskedChallenge:
    """The challenge that this call waits for; its point is kept so that check and counters are one read."""

    id: str
    point: str


class SessionKind(StrEnum):
    """The kind of a stored call: a call on the phone, or a record that stands in its place with the same shape and
    writer."""

    PHONE = "phone"
    APP = "app"
    """A session of the wallet's app, known by its token; `contact_id` is the session's id."""
    RECOVERY = "recovery"
    """Somebody without a token who wants back into an account; `contact_id` is the recovery's id."""


@quick
@dataclass(frozen=True, slots=True)
class SessionState:
    """The stored state of one call, app session or recovery."""

    contact_id: str
    account_ref: str
    turn: int
    created_at: datetime
    last_step_at: datetime
    inbound: bool
    turns: tuple[TurnRecord, ...] = ()
    language: str | None = None
    calling: Identified | None = None
    """The number that the call comes from; None when withheld."""
    typed: Identified | None = None
    """An account phone number that the caller keyed in; it wins over the calling one, except for a pause."""
    targets: dict[FactorKind, Target] = field(default_factory=dict)
    account_id: str | None = None
    two_step: bool | None = False
    """Whether the chosen account asks for a second factor; None when the wallet has not said. False while no account
    is chosen, since nothing that needs a factor passes the gate until then."""
    pin: bool = False
    """The chosen account has a hotline PIN."""
    kinds_at_risk: int | None = None
    """How many kinds of factor the chosen account has, if it is at high risk; None if it is not."""
    time_zone: str | None = None
    """The chosen account's, so that words need not read its profile again."""
    factors: tuple[ProvedFactor, ...] = ()
    challenge: AskedChallenge | None = None
    offers: tuple[Offer, ...] = ()
    logins: tuple[str, ...] = ()
    """The ids of the logins that were read out and may be chosen by their place in the list, OFFERS_KEPT at most."""
    checked: tuple[str, ...] = ()
    """The marks of the matters that the check-up has told, as many as there are matters at most."""
    topic: str | None = None
    case_id: str | None = None
    heard: tuple[str, ...] = ()
    """The answers that the caller was given, `step:OUTCOME`, the last one last; of steps that only read, those that
    tell something."""
    about: str | None = None
    """The id of the payment that the caller was last told about."""
    served: tuple[str, ...] = ()
    """Topics of which a service was finished, the last one last."""
    score: int | None = None
    """The caller's answer to the survey after a person's call, from 1 to 5."""
    own_number_only: bool = False
    """The number has called so often that the accounts of other numbers are out of its reach (limits)."""
    kind: SessionKind = SessionKind.PHONE

    @property
    def identified(self) -> Identified | None:
        return self.typed or self.calling

    def good_factors(self, now: datetime) -> list[ProvedFactor]:
        """The factors that were proved and are still good."""
        return good_factors(self.factors, now)

    @property
    def elsewhere(self) -> bool:
        """The call is not from the number that it is about: that was keyed in, or there is none."""
        if self.calling is None:
            return True
        return self.typed is not None and set(self.typed.points).isdisjoint(self.calling.points)
