"""The actors of changes. Every change names one actor; there is no default, and no change without an actor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.kit.records import quick

from .store import Key


class FactorKind(StrEnum):
    """How somebody proves who they are. A caller's knowledge, or the number they call from, is not among them."""

    SMS = "sms"
    EMAIL = "email"
    PIN = "pin"
    SESSION = "session"


class Purpose(StrEnum):
    """The purpose that a factor was proved for, the weakest first. A stronger purpose covers a weaker one, never the
    other way round. `protect` stops money and opens nothing."""

    LOOK = "look"
    PROTECT = "protect"
    ACT = "act"

    def covers(self, needed: Purpose) -> bool:
        """Whether what was proved for this purpose is enough for an operation of the needed one."""
        return self in needed.covering

    @property
    def covering(self) -> tuple[Purpose, ...]:
        """The purposes that are enough for an operation of this one: itself and the stronger ones."""
        ranked = tuple(Purpose)
        return ranked[ranked.index(self) :]


@quick
@dataclass(frozen=True, slots=True)
class ProvedFactor:
    """A factor proved in this call or session, good until `until`."""

    kind: FactorKind
    purpose: Purpose
    point: str
    """Key of the contact point that it was proved with; `-` for factors without one."""
    until: datetime


def good_factors(factors: Iterable[ProvedFactor], now: datetime) -> list[ProvedFactor]:
    """The factors that are still good."""
    return [factor for factor in factors if factor.until > now]


@quick
@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of a person, as the stored call or session says it. `key` is where that is written, so that a
    transaction can make the writing depend on it."""

    key: Key
    account_id: str | None
    factors: tuple[ProvedFactor, ...]
    two_step: bool | None
    """Whether the account asks for a second factor. None: the wallet has not said, which counts as yes."""
    kinds_at_risk: int | None = None
    """How many kinds of factor the account has, if it is at high risk; None if it is not."""


@quick
@dataclass(frozen=True, slots=True)
class Caller:
    """A person on the phone, under the contact's initial id."""

    contact_id: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Session:
    """A person in the wallet's app, under the hash of their session."""

    session_id: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Approved:
    """The word of a second person, as the stored approval says it. `key` is where that is written, so that a
    transaction can spend it."""

    key: Key
    requester: str
    approver: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A person of the wallet's staff, working on a case. `-` stands for the case where there is none.

    `proof`: what the customer of the case has proved on the line or in the app. `approval`: a second person's word.
    """

    agent_id: str
    case_id: str
    proof: Proof | None = None
    approval: Approved | None = None


@dataclass(frozen=True, slots=True)
class System:
    """The hotline itself: which function, by which rule or fact."""

    function: str
    rule: str


type Actor = Caller | Session | Agent | System


def actor_name(actor: Actor) -> str:
    """A short name for the audit trail, opaque ids only. A change that took two people carries both."""
    match actor:
        case Caller(contact_id=contact_id):
            return f"caller:{contact_id}"
        case Session(session_id=session_id):
            return f"session:{session_id}"
        case Agent(agent_id=agent_id, case_id=case_id, approval=approval):
            name = f"agent:{agent_id}:{case_id}"
            return name if approval is None else f"{name}:approved_by:{approval.approver}"
        case System(function=function, rule=rule):
            return f"system:{function}:{rule}"
