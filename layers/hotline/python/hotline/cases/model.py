"""A case: what people work on, told by its timeline. Pure.

Entries are only ever added, each for an audience. Whether a case is open follows from them; the stored status is a copy
for the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

QUEUE = "support"
"""The queue that people work cases from. There is one; its name travels, so that more can be added."""
SECURITY_TOPIC = "security"
"""The topic of what may be an attack: findings and what an owner repudiates meet in one case."""
NO_ACCOUNT = "-"
"""Stands for the account in decisions about a case of somebody unknown."""


class CaseError(StrEnum):
    """Why a case, a note or a reference is refused."""

    CASE_WORD_INVALID = "case_word_invalid"
    NOTE_TOO_LONG = "note_too_long"
    CASE_REFERENCE_INVALID = "case_reference_invalid"


class CaseStatus(StrEnum):
    """Whether somebody still has to work on it."""

    OPEN = "open"
    CLOSED = "closed"


class Priority(IntEnum):
    """The queue is worked from the smallest on; one digit, since it is part of a sort key."""

    URGENT = 1
    HIGH = 3
    NORMAL = 5
    LOW = 7


class EntryKind(StrEnum):
    """The effect of an entry on its case."""

    OPENED = "opened"
    ADDED = "added"
    CLOSED = "closed"


class Audience(StrEnum):
    """The people who may see an entry; an agent sees what the customer sees, too."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One line of the timeline. `facts` are opaque: ids, closed words, numbers. `note` is what a customer wrote, the
    only free text; it is evidence and stays with the case until the account is erased. A phone call has none."""

    entry_id: str
    number: int
    """The case's version that the entry made: the order of entries also within one instant."""
    at: datetime
    kind: EntryKind
    audience: Audience
    actor: str
    reason: str
    facts: Mapping[str, str | int]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """`version` counts the changes, and goes to the bus with each. `account_id` is None for somebody unknown."""

    case_id: str
    account_id: str | None
    topic: str
    reason: str
    priority: Priority
    status: CaseStatus
    opened_at: datetime
    updated_at: datetime
    version: int
    reference: str | None = None
    """The six digits that name the case to people, until `reference_until`; None for one that never had any."""
    reference_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseRef:
    """`opened`: this change opens the case; otherwise it adds to one that was open. `new_reference`: its reference is
    told for the first time."""

    case_id: str
    opened: bool
    reference: str
    new_reference: bool


def is_decided(timeline: Iterable[CaseEntry]) -> bool:
    """Whether the timeline holds an entry that opened or closed the case."""
    return any(entry.kind is not EntryKind.ADDED for entry in timeline)


def status_of(timeline: Iterable[CaseEntry]) -> CaseStatus:
    """Open unless the last entry that opened or closed it closed it; an empty timeline is no case, hence closed."""
    status = CaseStatus.CLOSED
    for entry in sorted(timeline, key=lambda entry: entry.number):
        if entry.kind is EntryKind.OPENED:
            status = CaseStatus.OPEN
        elif entry.kind is EntryKind.CLOSED:
            status = CaseStatus.CLOSED
    return status
