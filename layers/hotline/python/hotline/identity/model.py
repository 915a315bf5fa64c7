"""Calls, challenges and operations: what the hotline knows about who is on the line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.kit.actor import FactorKind, Purpose


class PinWeakness(StrEnum):
    """Why a PIN may not be chosen."""

    LENGTH = "pin_length"
    REPEATS = "pin_repeats"
    SEQUENCE = "pin_sequence"
    COMMON = "pin_common"
    OWN_NUMBER = "pin_own_number"


class IdentityError(StrEnum):
    """Why a proof, a code or a PIN is not possible."""

    ACCOUNT_CLOSED = "account_closed"
    NO_TARGET = "no_target"
    NO_ACCOUNT = "no_account"
    UNKNOWN_ACCOUNT = "unknown_account"


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
    """The goal of a proof; a message with a code names it, and the code is good for no more."""

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
    """The language of the message. A call that reads it out knows nothing else of the person who answers."""
