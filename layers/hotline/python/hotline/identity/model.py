"""Calls, challenges and operations: what the hotline knows about who is on the line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotline.kit.actor import FactorKind, ProvedFactor, Purpose


class Operation(StrEnum):
    """Everything that somebody may ask for. policy.REQUIREMENTS says what each needs."""

    OFFICIAL_NUMBERS = "official_numbers"
    ADVICE = "advice"
    PAUSE = "pause"
    PROVED_PAUSE = "proved_pause"
    READ = "read"
    REFUND = "refund"
    UNLOCK = "unlock"
    RESET_GRANT = "reset_grant"
    FREEZE = "freeze"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    CONTACT_CHANGE = "contact_change"
    RELEASE_HOLD = "release_hold"
    # Only the hotline itself:
    LOCK = "lock"
    END_LOCK = "end_lock"
    HOLD = "hold"
    RESEND = "resend"
    ESCALATE = "escalate"
    FACTS = "facts"
    REPUDIATE = "repudiate"
    SET_PIN = "set_pin"


class Goal(StrEnum):
    """What the caller wants the proof for; a message with a code names it, and the code is good for no more."""

    LOOK = "look"
    UNLOCK = "unlock"
    RESET = "reset"
    REFUND = "refund"
    FREEZE = "freeze"
    PAUSE = "pause"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    SET_PIN = "set_pin"

    @property
    def purpose(self) -> Purpose:
        return _PURPOSES.get(self, Purpose.ACT)


_PURPOSES = {Goal.LOOK: Purpose.LOOK, Goal.FREEZE: Purpose.PROTECT, Goal.PAUSE: Purpose.PROTECT}


class ChallengeState(StrEnum):
    """Only an open challenge can be proved, and once."""

    OPEN = "open"
    PROVED = "proved"
    SPENT = "spent"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One one-time code that was asked for. There is no code in it: the code is derived (see codes)."""

    id: str
    key_version: str
    purpose: Purpose
    goal: Goal
    factor: FactorKind
    point: str
    expires_at: datetime
    tries_left: int
    state: ChallengeState
    decoy: bool
    """True for an unknown or refused target: it is written and asked like any other and can never be proved."""
    language: str
    """What it is told in: a call that reads it out knows nothing else of whom it talks to."""


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


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code of one kind would go. `account_id` is whose profile holds the address; None makes it a decoy."""

    point: str
    account_id: str | None
    also: tuple[str, ...] = ()
    """The same point under older versions of the lookup key: its counters may still be there."""
    via: tuple[str, ...] = ()
    """What stands for the way by which somebody who has proved nothing comes to it, under every version: the same for
    the same number, whoever it belongs to. Nothing when it is the point itself, or when it is known who asks."""
    prefix: str | None = None
    """Of a telephone number: a keyed hash of the range that it is in, by which messages are counted (code_messages)."""

    @property
    def points(self) -> tuple[str, ...]:
        """The point under every version."""
        return (self.point, *self.also)

    @property
    def shown(self) -> tuple[str, ...]:
        """Whose counters decide what the asker is told: never those of an address that they did not name, since what
        others have used up there would tell whose it is."""
        return self.via or self.points


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


class CallKind(StrEnum):
    """What a stored call is: a call on the phone, or what stands in its place with the same shape and writer."""

    PHONE = "phone"
    APP = "app"
    """A session of the wallet's app, known by its token; `contact_id` is the session's id."""
    RECOVERY = "recovery"
    """Somebody without a token who wants back into an account; `contact_id` is the recovery's id."""


@dataclass(frozen=True, slots=True)
class Call:
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
    time_zone: str | None = None
    """The chosen account's, so that words need not read its profile again."""
    factors: tuple[ProvedFactor, ...] = ()
    challenge: AskedChallenge | None = None
    offers: tuple[Offer, ...] = ()
    topic: str | None = None
    case_id: str | None = None
    own_number_only: bool = False
    """The number has called so often that the accounts of other numbers are out of its reach (limits)."""
    kind: CallKind = CallKind.PHONE

    @property
    def identified(self) -> Identified | None:
        return self.typed or self.calling

    def good_factors(self, now: datetime) -> list[ProvedFactor]:
        """The factors that were proved and are still good."""
        return [factor for factor in self.factors if factor.until > now]

    @property
    def elsewhere(self) -> bool:
        """The call is not from the number that it is about: that was keyed in, or there is none."""
        if self.calling is None:
            return True
        return self.typed is not None and set(self.typed.points).isdisjoint(self.calling.points)
