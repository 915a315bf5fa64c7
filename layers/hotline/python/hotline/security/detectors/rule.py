"""The parts of a rule of the scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How soon somebody should look. Only HIGH and above may have an effect on the account."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the account, at its own time. `values`: what the rule's `watches` names, as far as it
    is known; places and devices are keyed hashes."""

    id: str
    at: datetime
    type: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """The pattern was seen, from its first event to its last. `facts` are numbers and closed words."""

    started_at: datetime
    ended_at: datetime
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """A test case of the rule: what happened, and where the pattern begins (None: a near miss)."""

    name: str
    events: tuple[Event, ...]
    started_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One rule.

    `judge` gets the account's events of the types in `watches`, sorted by (at, id). It yields every place at which the
    pattern begins, earliest first, and must not depend on anything else. A change of thresholds or of `judge` is a new
    `version`, and with it findings of their own.
    """

    rule: str
    version: int
    severity: Severity
    window: timedelta
    """From the first event of the pattern to its last, at most."""
    quiet: timedelta
    """So long after the beginning of a finding, and before it, the same pattern is the same finding."""
    watches: Mapping[str, tuple[str, ...]]
    """Fact type to the names of the values that the rule looks at."""
    holds: bool
    """A finding puts the account on hold, opens a case, and tells the customer."""
    runbook: str
    judge: Callable[[Sequence[Event]], Iterator[Hit]]
    examples: tuple[Example, ...]


_DAY: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def example_time(minute: float) -> datetime:
    """A time of the examples: minutes after nine on some day."""
    return _DAY + timedelta(minutes=minute)


def example(name: str, *events: tuple[float, str, Mapping[str, str | int]], hit: float | None) -> Example:
    """A case from (minute, type, values) of each event. `hit`: the minute at which the pattern begins, None for a near
    miss."""
    made = tuple(
        Event(f"event-{number}", example_time(minute), type_, values)
        for number, (minute, type_, values) in enumerate(events)
    )
    return Example(name, made, None if hit is None else example_time(hit))
