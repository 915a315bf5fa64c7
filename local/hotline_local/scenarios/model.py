"""A scenario as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from connect_sim.simulator.faults import Fault
from connect_sim.simulator.state import EndOutcome, Waiting

USUAL_TIME = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)
"""The time of a call that does not say: ten in the morning in Shanghai. Fixed, so that a run repeats."""


class ScenarioError(Exception):
    """A file is no scenario, or cannot be used as it is meant; the text says which, where in it, and what is wrong."""


class Topic(StrEnum):
    """The topic of a scenario; a test wants each of them in each language."""

    LOCKOUT = "lockout"
    PAYMENTS = "payments"
    BALANCE = "balance"
    REFUNDS = "refunds"
    PAUSE = "pause"
    FREEZE = "freeze"
    CHECKUP = "checkup"
    ADVICE = "advice"
    HANDOVER = "handover"
    CALLBACK = "callback"
    CLOSED_HOURS = "closed_hours"
    WRONG_CODE = "wrong_code"
    TIMEOUT = "timeout"
    NO_INPUT = "no_input"
    SLOW_PACE = "slow_pace"
    LOST_PHONE = "lost_phone"
    CHANGED_NUMBER = "changed_number"
    SOMEBODY_ELSE = "somebody_else"


@dataclass(frozen=True, slots=True)
class Calling:
    """The caller and the line's surroundings: hours, a full queue, an agent, and faults. `number` is None when it is
    withheld."""

    number: str | None
    at: datetime = USUAL_TIME
    language: str | None = None
    hours_open: bool = True
    queue_full: bool = False
    waiting: Waiting | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """The texts that the caller hears, each within one prompt and in this order, and the keys that they press then. A
    text in brackets names the block that speaks, whatever it says."""

    hears: tuple[str, ...]
    keys: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a call: the last words heard, the outcome, contact attributes, and steps of the function in this
    order. Other steps between them are left out (`lock_status SOFT`)."""

    outcome: EndOutcome
    hears: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call. `name` is the file's stem, `speaks` the language in which the call is held. `only_here` says why there
    is no native test case of it, None when there is."""

    name: str
    path: Path
    title: str
    about: str
    speaks: str
    covers: tuple[Topic, ...]
    calling: Calling
    turns: tuple[Turn, ...]
    ending: Ending
    only_here: str | None = None
