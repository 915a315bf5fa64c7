"""A case: what people work on, told by its timeline. Pure.

Entries are only ever added, each for an audience. Whether a case is open follows from them; the stored status is a copy
for the queue. A case has one owner at most, the agent who works on it, and may wait until a time (it is snoozed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum

from hotline.kit.records import quick

QUEUE = "support"
"""The queue of Amazon Connect that people work cases from. There is one; its name travels, so that more can be
added."""
SECURITY_TOPIC = "security"
"""The topic of what may be an attack: findings, freezes and what an owner repudiates meet in one case."""
DISPUTE_TOPIC = "dispute"
"""The topic of payments that their owner did not make, or sent away. It has a clock of its own by law."""
LOCKOUT_TOPIC = "lockout"
"""The topic of a way into an account: a caller's, or a recovery that only a person can go on with."""
NO_ACCOUNT = "-"
"""Stands for the account in decisions about a case of somebody unknown."""


class CaseError(StrEnum):
    """Why a request about cases is refused."""

    CASE_NOT_FOUND = "case_not_found"
    CASE_CLAIMED = "case_claimed"
    """Another agent has it."""
    CASE_CHANGED = "case_changed"
    """It is not at the version that the agent saw."""
    CASE_CLOSED = "case_closed"
    CASE_OPEN = "case_open"
    """It is open, or another one of the account and topic is."""
    CASE_OF_ANOTHER_AGENT = "case_of_another_agent"
    """The actor is no agent, or an agent who works on another case."""
    CASE_OF_NOBODY = "case_of_nobody"
    """Its customer is not known, so that nobody could read a note for them."""
    CASE_WORD_INVALID = "case_word_invalid"
    CASE_REFERENCE_INVALID = "case_reference_invalid"
    NOTE_EMPTY = "note_empty"
    NOTE_TOO_LONG = "note_too_long"
    AGENT_NAME_INVALID = "agent_name_invalid"
    SNOOZE_OUT_OF_RANGE = "snooze_out_of_range"
    SKILL_UNKNOWN = "skill_unknown"
    SKILLS_COUNT = "skills_count"
    TAG_INVALID = "tag_invalid"
    TAGS_COUNT = "tags_count"
    LINK_INVALID = "link_invalid"
    CURSOR_INVALID = "cursor_invalid"
    LIMIT_OUT_OF_RANGE = "limit_out_of_range"


class CaseStatus(StrEnum):
    """The state of the work on a case."""

    OPEN = "open"
    """It waits in the queue."""
    CLAIMED = "claimed"
    """An agent works on it."""
    WAITING = "waiting"
    """Nothing is to be done before a time; with an owner it comes back to them, without to the queue."""
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
    NOTED = "noted"
    CLAIMED = "claimed"
    RELEASED = "released"
    TRANSFERRED = "transferred"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    EDITED = "edited"
    DECIDED = "decided"
    """An agent did something about what the case is about: an unlock, the decision on a refund."""
    CLOSED = "closed"
    REOPENED = "reopened"


class AuthorKind(StrEnum):
    """The kind of actor that added an entry."""

    CALLER = "caller"
    APP = "app"
    """The wallet's app, or a recovery."""
    AGENT = "agent"
    SYSTEM = "system"


class Audience(StrEnum):
    """The people who may see an entry; an agent sees what the customer sees, too."""

    CUSTOMER = "customer"
    AGENT = "agent"


class CloseReason(StrEnum):
    """How a case ended."""

    RESOLVED = "resolved"
    NOT_NEEDED = "not_needed"
    NOT_REACHED = "not_reached"
    DUPLICATE = "duplicate"
    FALSE_ALARM = "false_alarm"
    PASSED_ON = "passed_on"


class LinkKind(StrEnum):
    """The kind of a thing that a case names beside its account."""

    REFUND = "refund"
    PAYMENT = "payment"
    FINDING = "finding"
    CONTACT = "contact"
    CASE = "case"
    """The case in which the work on a closed one goes on."""


_AUTHORS = {"caller": AuthorKind.CALLER, "session": AuthorKind.APP, "agent": AuthorKind.AGENT}
"""By the first part of an actor's name (kit.actor)."""


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One line of the timeline. `facts` are opaque: ids, closed words, numbers. `note` is the text of a customer or an
    agent, the only free text. It is evidence, and stays with the case until the account is erased. A phone call has
    none."""

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

    @property
    def author(self) -> AuthorKind:
        """The kind of actor that added it."""
        return _AUTHORS.get(self.actor.partition(":")[0], AuthorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Established:
    """The facts that the line established, so that an agent never asks for them again. All of it is for display; the
    gate believes the stored session alone.

    `heard`: the steps that the caller took and their outcomes, the newest last. `proved`: the kinds of factor.
    `login_failed_at`: when a login failed, as the caller keyed it in. `missing_documents`: closed words.
    """

    heard: tuple[str, ...] = ()
    proved: tuple[str, ...] = ()
    login_failed_at: datetime | None = None
    missing_documents: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`version` counts the changes, and goes to the bus with each. `account_id` is None for somebody unknown.

    `skill` is what an agent must have to be given the case: `topic:language`. `due_at`: by when somebody should have
    worked on it. `links` are of the form `kind:id`, the oldest first.
    """

    case_id: str
    account_id: str | None
    topic: str
    reason: str
    priority: Priority
    status: CaseStatus
    opened_at: datetime
    updated_at: datetime
    version: int
    language: str
    skill: str
    due_at: datetime
    owner: str | None = None
    owner_name: str | None = None
    claimed_at: datetime | None = None
    snoozed_until: datetime | None = None
    task_at: datetime | None = None
    """The time at which a task brings it to a person, if nobody has claimed it by then; None once that is done."""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    established: Established = field(default_factory=Established)
    reference: str | None = None
    """The six digits that name the case to people, until `reference_until`; None for one that never had any."""
    reference_until: datetime | None = None
    told_at: datetime | None = None
    """Since when its customer may know of it, so that they can list it; None for one that they must not know of. Of a
    case of what may be an attack it is when they spoke of it, or an agent wrote to them."""
    answers: tuple[PromisedAnswer, ...] = ()
    """The answers that its customer was promised and that were still to come at its last change, the next one first."""
    said: tuple[str, ...] = ()
    """The places of the newest entries that are for the customer, the oldest first."""
    at_risk: bool = False
    """Whether its account was at high risk when something was last added to it: then it is worked earlier."""

    @property
    def is_closed(self) -> bool:
        return self.status is CaseStatus.CLOSED

    @property
    def outer_status(self) -> CaseStatus:
        """Open or closed: who works on a case is nobody's business outside."""
        return CaseStatus.CLOSED if self.is_closed else CaseStatus.OPEN


@dataclass(frozen=True, slots=True)
class CaseRef:
    """`opened`: this change opens the case; otherwise it adds to one that was open. `new_reference`: its reference is
    told to its customer for the first time."""

    case_id: str
    opened: bool
    reference: str
    new_reference: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Cases in the order in which they are to be worked. `next` is the `after` of the following page, None at the
    end."""

    cases: tuple[Case, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries, oldest first. `before` leads to the page of older ones; None where there are none."""

    entries: tuple[CaseEntry, ...]
    before: str | None


@dataclass(frozen=True, slots=True)
class ToldNote:
    """An agent's note for the customer."""

    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class PromisedAnswer:
    """The day by which a customer was promised an answer, and the instant at which that day ends where they are."""

    day: date
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ToldCase:
    """A case as its customer may see it. `status`: open or closed. `due_at`: by when somebody first answers, while that
    is ahead and nobody has written to them. `answer_by`: the next day that they were promised, until it ends where they
    are. It is never told beside another date."""

    case_id: str
    topic: str
    status: CaseStatus
    opened_at: datetime
    due_at: datetime | None
    answer_by: date | None
    notes: tuple[ToldNote, ...]


@dataclass(frozen=True, slots=True)
class ToldPage:
    """Cases of a customer, the newest first. `next` is the `after` of the following page, None at the end."""

    cases: tuple[ToldCase, ...]
    next: str | None


def skill_of(topic: str, language: str) -> str:
    """The skill that a case of a topic and language needs."""
    return f"{topic}:{language}"


def with_status(case: Case) -> Case:
    """An open case with the status that its owner and its waiting give it."""
    if case.snoozed_until is not None:
        return replace(case, status=CaseStatus.WAITING)
    return replace(case, status=CaseStatus.OPEN if case.owner is None else CaseStatus.CLAIMED)


_OPENING = (EntryKind.OPENED, EntryKind.REOPENED)


def is_decided(timeline: Iterable[CaseEntry]) -> bool:
    """Whether the timeline holds an entry that opened or closed the case."""
    return any(entry.kind in (*_OPENING, EntryKind.CLOSED) for entry in timeline)


def status_of(timeline: Iterable[CaseEntry]) -> CaseStatus:
    """Open or closed: open unless the last entry that opened or closed it closed it. An empty timeline is no case,
    hence closed."""
    status = CaseStatus.CLOSED
    for entry in sorted(timeline, key=lambda entry: entry.number):
        if entry.kind in _OPENING:
            status = CaseStatus.OPEN
        elif entry.kind is EntryKind.CLOSED:
            status = CaseStatus.CLOSED
    return status
