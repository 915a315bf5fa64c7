"""Records of countable things, and a report of them. Pure.

A record is what is known of one countable thing: a call, a lock, a refund, a complaint. It is folded
from events in any order, and says what it counts for on which days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.kit.errors import InvalidInput

type Counts = Mapping[date, Mapping[str, int]]
"""Day -> name of a count -> number. Names are closed words with `/` between them."""

OTHER: Final = "other"
"""Stands for every word that is on no list, so that the counts of a day stay few."""
NONE: Final = "none"
"""The topic of a call that came to none."""
TOPICS: Final = ("lockout", "payment", "refund", "security", "dispute", "advice", "general", "unconfirmed")
"""The topics of calls and complaints: those of the flows, and those of cases."""


class ReportError(StrEnum):
    """Why a report, or something to be counted, is refused."""

    DAYS_OUT_OF_ORDER = "days_out_of_order"
    TOO_MANY_DAYS = "too_many_days"


class Moment(StrEnum):
    """The moments of one contact that Amazon Connect tells of. Of each the earliest time holds."""

    INITIATED = "initiated_at"
    QUEUED = "queued_at"
    ANSWERED = "answered_at"
    ENDED = "ended_at"


class Ending(StrEnum):
    """How a call ended. Transferred and abandoned are Amazon Connect's words (contact records). Contained is the
    hotline's own: a caller who gives up in a menu looks to Amazon Connect like one who was helped."""

    CONTAINED = "contained"
    """The flow recorded a finished service, and no person was needed."""
    TRANSFERRED = "transferred"
    """A person answered."""
    ABANDONED = "abandoned"
    """The caller waited for a person and left."""
    CALLBACK = "callback"
    """The caller asked to be called back. They are neither answered nor abandoned."""
    CLOSED_HOURS = "closed_hours"
    """The caller wanted a person while nobody was there, and left a case."""
    LEFT = "left"
    """The caller left before anything was finished."""


class CallbackState(StrEnum):
    """How far a callback is."""

    WAITING = "waiting"
    CALLED = "called"
    """An agent took it."""
    FAILED = "failed"
    """It ended, and no agent had taken it."""


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """One event of Amazon Connect about a contact. `initial_contact_id` is the first contact of the call: a transfer
    begins another contact of the same call. `moments` are all times that the event tells."""

    contact_id: str
    initial_contact_id: str
    method: str
    moments: Mapping[Moment, datetime]


@dataclass(frozen=True, slots=True)
class Leg:
    """One contact of a call, and its moments as far as they are known."""

    method: str
    moments: Mapping[Moment, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Handover:
    """A handover to a person, as the decision about its case tells. Of several the latest holds."""

    at: datetime
    decision_id: str
    reason: str
    topic: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as far as it is known. `legs` by contact id. `served`: topics of which the flow recorded a finished
    service, the last one last. `caller`: a keyed hash of the number, or None for a withheld one."""

    contact_id: str
    legs: Mapping[str, Leg] = field(default_factory=dict)
    handover: Handover | None = None
    served: tuple[str, ...] = ()
    caller: str | None = None
    score: int | None = None
    """The caller's answer to the survey."""
    last_look: bool = False
    """The hotline has looked at it once more by itself. A call whose end was not told until then is taken as ended."""


class LockKind(StrEnum):
    """The way in which an account was shut."""

    LOCK = "lock"
    PAUSE = "pause"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock, by the id of the decision that asked for it. The hotline's decision and the wallet's fact about it are
    one lock. `asked_cause` is the decision's, `told_cause` the fact's."""

    kind: LockKind
    at: datetime
    asked_cause: str | None = None
    told_cause: str | None = None


class RefundStatus(StrEnum):
    """The state of a refund, in the words of the room `refunds`."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    DENIED = "denied"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED_BACK = "returned_back"
    STOPPED = "stopped"


class PromiseState(StrEnum):
    """The state of the date that the customer was told first."""

    KEPT = "kept"
    LATE = "late"
    """The date passed before the money, or the answer, was there."""
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    """The money did not arrive, or did not stay."""
    NONE = "none"
    """No date was told: of a refund that was denied at once, or that the wallet made by itself."""


@dataclass(frozen=True, slots=True)
class RefundWord:
    """One word on a refund's state. Of two words the one with the higher version holds, of equal ones the later."""

    version: int
    at: datetime
    event_id: str
    status: RefundStatus

    def newer(self, other: RefundWord | None) -> RefundWord:
        """The one of both that holds."""
        if other is None:
            return self
        return max(self, other, key=lambda word: (word.version, word.at, word.event_id))


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """One refund. `decided` is the last word of the hotline, `told` that of the wallet, which stands over it."""

    at: datetime
    decided: RefundWord | None = None
    told: RefundWord | None = None
    promised_on: date | None = None
    late: bool = False
    requested: bool = False
    """The hotline was asked for it; its own time is known."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A case as it is counted. `brought_at`: when somebody first named it a complaint; None while nobody has.
    `wished_at`: when somebody first asked for a person with it."""

    topic: str
    version: int
    closed_at: datetime | None = None
    brought_at: datetime | None = None
    wished_at: datetime | None = None


SCORES: Final = range(1, 6)
"""The keys of the survey after a person's call, the best last."""


# ---------------------------------------------------------------- the report


@dataclass(frozen=True, slots=True)
class DayOfCalls:
    """The calls of one day, by ending."""

    day: date
    endings: Mapping[Ending, int]

    @property
    def total(self) -> int:
        return sum(self.endings.values())


@dataclass(frozen=True, slots=True)
class Distribution:
    """Durations, counted in steps. `steps`: upper end of a step -> how many; None stands for the open last step."""

    steps: Mapping[int | None, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.steps.values())

    def percentile(self, percent: int) -> int | None:
        """The upper end of the step that holds this share of all; None without any, or for the open last step."""
        wanted, found = -(-self.total * percent // 100), 0
        for end in sorted(self.steps, key=lambda end: (end is None, end or 0)):
            found += self.steps[end]
            if wanted and found >= wanted:
                return end
        return None

    def within(self, end: int) -> int:
        """How many lie in the steps up to this end."""
        return sum(count for step, count in self.steps.items() if step is not None and step <= end)


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """The complaints of one kind. `closed_days`: how many days the closed ones took."""

    kind: str
    count: int
    closed_days: Distribution


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The words of people on the findings of one version of a rule: how many findings each word stands on. `denied`: of
    how many their owner said "that was not me", whatever people of the wallet said."""

    rule: str
    version: int
    confirmed: int
    false_alarm: int
    unclear: int
    denied: int

    @property
    def precision_permille(self) -> int | None:
        """The confirmed ones of a thousand that were told right or wrong; None without any."""
        told = self.confirmed + self.false_alarm
        return None if told == 0 else 1000 * self.confirmed // told


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of the days from `start` to `end`, both included.

    `repeats`: of `known_callers` calls, how many came within REPEAT_DAYS of another one from the same number.
    `answer_s`: seconds that answered callers waited. A refund counts on the day on which it was asked for, a complaint
    on the day on which it was brought. The verdict on a finding counts on the day on which that was found.
    """

    start: date
    end: date
    days: tuple[DayOfCalls, ...]
    topics: Mapping[str, Mapping[Ending, int]]
    repeats: int
    known_callers: int
    answer_s: Distribution
    locks: Mapping[LockKind, Mapping[str, int]]
    refunds: Mapping[RefundStatus, Mapping[PromiseState, int]]
    complaints: tuple[ComplaintFigures, ...]
    wishes: Mapping[str, int]
    """Cases with which somebody asked for a person, by topic."""
    scores: Mapping[int, int]
    rules: tuple[RuleFigures, ...]


DAYS_MAX: Final = 400
"""As many days as one report may have: a year, and a month to compare it with."""


def check_days(start: date, end: date) -> None:
    """Raises InvalidInput `days_out_of_order`, `too_many_days`."""
    if end < start:
        raise InvalidInput(ReportError.DAYS_OUT_OF_ORDER)
    if (end - start).days >= DAYS_MAX:
        raise InvalidInput(ReportError.TOO_MANY_DAYS)


def list_days(start: date, end: date) -> Iterable[date]:
    """Every day from `start` to `end`, both included."""
    return (start + timedelta(days=number) for number in range((end - start).days + 1))


def topic_word(topic: str | None) -> str:
    """A topic as it is counted."""
    if topic is None:
        return NONE
    return topic if topic in TOPICS else OTHER
