"""The parts of a rule of the scan.

A rule is a fold. It gets the events of one subject one by one, in the order in which they happened. It keeps what it
needs of them in a small state, so a new event costs what the state needs, never the whole history.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from .history import History
from .marks import mark

type State = dict[str, Any]
"""The memory of a rule about a subject: a JSON value. The memory of a fresh subject is empty."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


class Severity(StrEnum):
    """How soon somebody should look. Only HIGH and above may have an effect on the account."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Stream(StrEnum):
    """The subject whose events a rule looks at. The values begin the partitions of the activity table."""

    ACCOUNT = "ACT"
    SOURCE = "SRC"
    """An address from which people log in."""
    PARTY = "PTY"
    """A payee or a merchant: whoever gets the money."""
    AGENT = "AGT"
    """A person of the wallet at the desk."""


class Signal(StrEnum):
    """Everything that a rule can listen to. Movements are told as what they do to the money, once each: a later
    settlement of the same movement is no second signal."""

    LOGIN_FAILED = "login.failed"
    LOGIN_SUCCEEDED = "login.succeeded"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the type of a fact
    DEVICE_REGISTERED = "device.registered"
    TWO_STEP_CHANGED = "two_step.changed"
    POINT_CHANGED = "contact_point.changed"
    SIM_CHANGED = "contact_point.sim_changed"
    CODE_SENT = "code.sent"
    MONEY_LEFT = "money.left"
    MONEY_CAME = "money.came"
    MONEY_UNDONE = "money.undone"
    """A movement that left before has failed or was reversed."""
    MONEY_FAILED = "money.failed"
    """A movement that never left has failed."""
    REFUND_SENT = "refund.sent"
    REFUND_SETTLED = "refund.settled"
    REFUND_FAILED = "refund.failed"
    REFUND_RETURNED = "refund.returned"
    """The bank sent the money back: the customer does not have it."""
    FRAUD_CONFIRMED = "transaction.confirmed_fraud"
    FRAUD_RETRACTED = "transaction.fraud_retracted"
    """A movement that was confirmed as fraud was none."""
    PROFILE_TOLD = "account.told"
    AGENT_ACTED = "agent.acted"


_RETRACTED: Final = Signal.FRAUD_RETRACTED.value

type Place = tuple[int, int, str]
"""The place of an event in the order in which events are judged: time, rank, id."""


@dataclass(slots=True)
class Event:
    """Something that happened to a subject. `at_ms`: its own time, in milliseconds since 1970. `values` holds opaque
    ids, closed words, numbers and keyed hashes, as far as they are known."""

    id: str
    at_ms: int
    type: str
    values: Mapping[str, Any]
    _source: tuple[int, int] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def source(self) -> tuple[int, int]:
        """The marks of the address and the device from which it was done. Several rules ask, and it is worked out
        once."""
        source = self._source
        if source is None:
            values = self.values
            source = self._source = (mark(values.get("ip")), mark(values.get("device")))
        return source

    @property
    def place(self) -> Place:
        """Of events of one millisecond money comes before it leaves. A label comes last, and what takes it back."""
        values = self.values
        if "movement_id" not in values:
            return (self.at_ms, 1, self.id)
        if "kind" not in values:
            return (self.at_ms, 4 if self.type == _RETRACTED else 3, self.id)
        is_inward = values["kind"] == "top_up" or values.get("direction") == "in"
        return (self.at_ms, 0 if is_inward else 2, self.id)


class Hit(NamedTuple):
    """The pattern was seen, from `started_ms` to `ended_ms`. Rule, subject and beginning name it. `facts` are numbers
    and closed words; `event_ids` name up to EVIDENCE_MAX events that show the pattern."""

    started_ms: int
    ended_ms: int
    facts: Mapping[str, str | int]
    event_ids: tuple[str, ...] = ()
    withdrawn: bool = False
    """The pattern with this beginning was seen before and does not hold: a later event excludes it."""


EVIDENCE_MAX: Final = 20
"""So many events of a pattern are named in a finding."""


@dataclass(frozen=True, slots=True)
class Example:
    """A test case of the rule: what happened, in any order, and where its findings begin. An empty tuple is a near
    miss."""

    name: str
    events: tuple[Event, ...]
    started_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Settings that cannot hold together, whatever their ranges. `names`: fields of the limits. `holds` takes their
    values in that order; of tables of amounts, those of one currency. `why` is a clause without an end."""

    names: tuple[str, ...]
    holds: Callable[..., bool]
    why: str


def at_most(low: str, high: str, why: str) -> Relation:
    """The relation of a setting that must not be above another one. Both may be equal."""
    return Relation((low, high), operator.le, why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector[L]:
    """One rule.

    `step` gets the rule's memory, the signal that an event is, the event, the account's history up to and with it, and
    the limits. It changes the memory and returns what it has seen. It must depend on nothing else. A change of `step`
    or of the meaning of its memory is a new `version`, and begins a new memory and findings of its own.
    """

    rule: str
    version: int
    severity: Severity
    stream: Stream = Stream.ACCOUNT
    listens: frozenset[Signal]
    wakes: frozenset[Signal] | None = None
    """The signals that may begin a memory; None: all. A rule without a memory is not asked about the others."""
    kinds: frozenset[str] | None = None
    """The kinds of movements that matter to the rule when money leaves; None: all. It is not asked about the others."""
    needs: frozenset[str] = frozenset()
    """The signals, types and values without which the rule sees nothing. A backtest leaves the rule out of a history
    that lacks one of them (backtest/needs.py has the words of a file for each)."""
    needs_one: frozenset[str] = frozenset()
    """More of them, of which one is enough."""
    limits: L
    """The thresholds as they ship: a frozen dataclass of numbers. `detection.toml` may replace them."""
    positive: frozenset[str] = frozenset()
    """The limits that must be above 0: so many events, or what the rule divides by."""
    relations: tuple[Relation, ...] = ()
    """The relations that limits keep. Settings that break it would find nothing, or one of them would mean nothing."""
    is_published: bool
    """Somebody publishes a norm for the thresholds. A rule without one is off until it has been backtested."""
    holds: bool = False
    """A finding puts outward money of the account on hold, opens a case, and tells the customer."""
    runbook: str
    step: Callable[[State, str, Event, History, L], Iterable[Hit]]
    examples: tuple[Example, ...]


NO_HITS: Final[tuple[Hit, ...]] = ()

_DAY_MS: Final = int(datetime(2026, 1, 5, 9, 0, tzinfo=UTC).timestamp() * 1000)


def example_ms(minute: float) -> int:
    """A time of the examples: minutes after nine on some day."""
    return _DAY_MS + round(minute * MINUTE_MS)


type Told = tuple[float, str, Mapping[str, Any]]
"""An event of an example: minute, type of the fact, values."""


def example(name: str, *events: Told, hit: float | tuple[float, ...] | None) -> Example:
    """A case from (minute, type, values) of each event. `hit`: the minutes at which findings begin, None for a near
    miss."""
    made = tuple(
        Event(f"event-{number:03d}", example_ms(minute), type_, values)
        for number, (minute, type_, values) in enumerate(events)
    )
    minutes = () if hit is None else hit if isinstance(hit, tuple) else (hit,)
    return Example(name, made, tuple(example_ms(minute) for minute in minutes))
