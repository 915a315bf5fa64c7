"""The memory of the scan about an account, and its findings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from .detectors import Event


class SecurityError(StrEnum):
    """Why the scan or its rows have to come again."""

    ACTIVITY_NOT_WRITTEN = "activity_not_written"
    NO_SUCH_FINDING = "no_such_finding"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the activity table that some rule watches. `position`, its sort key, is the server's time at the write
    and the fact's id, so it orders all rows of an account."""

    position: str
    account_id: str
    arrived_at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Watched:
    """An event that is remembered, and when it came."""

    arrived_at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Watch:
    """The memory that the rules need of an account to judge its next event.

    `applied_to` is the position of the last row taken in. `raised`: by rule and version the beginnings of the findings
    that may still be told again.
    """

    account_id: str
    applied_to: str = ""
    events: tuple[Watched, ...] = ()
    raised: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


GRAVE: Final = frozenset({"high", "critical"})
"""Severities of findings that a person is to look at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should look at. The same account, rule, version and beginning make the same id."""

    id: str
    rule: str
    version: int
    severity: str
    account_id: str
    window_start: datetime
    window_end: datetime
    facts: Mapping[str, str | int]
    holds: bool

    @property
    def is_grave(self) -> bool:
        """Whether a person is to look at it. A lesser one alone opens no case: an attack on many accounts would bury
        the cases that somebody waits for."""
        return self.holds or self.severity in GRAVE


class Verdict(StrEnum):
    """The word of a person on a finding."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """The part of a finding that the account's owner is told: that it was found and when, not by which rule and
    traces."""

    id: str
    severity: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """A finding as people of the wallet see it. `facts` are opaque. `verdict`: a person's word, None while there is
    none. `judged_at`: when that word was given."""

    id: str
    severity: str
    found_at: datetime
    rule: str
    facts: Mapping[str, str | int]
    verdict: Verdict | None
    judged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShardReport:
    """The figures of a run on one shard. `rows` counts the rows read, `accounts` their accounts, and `writes` the
    transactions. `reads` counts the rows and the requests for rows and accounts, without the shard's cursor (one item a
    run). `complete`: it came to its end, not out of time."""

    shard: int
    rows: int
    accounts: int
    reads: int
    writes: int
    findings: tuple[Finding, ...]
    complete: bool
