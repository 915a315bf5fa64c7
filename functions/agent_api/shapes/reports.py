"""The forms of reports: the numbers of days, and the deeds of agents."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from functions.agent_api.shapes.common import Answer, Person
from hotline.reports.model import LockKind, RefundStatus


class Endings(Answer):
    """Calls by how they ended. Each call has one ending."""

    contained: int
    transferred: int
    abandoned: int
    callback: int
    closed_hours: int
    left: int


class DayOfCalls(Endings):
    """The calls that came in on a day."""

    day: date


class TopicOfCalls(Endings):
    """The calls about a topic, a closed word: `none` where the caller came to none, `other` for one on no list."""

    topic: str
    count: int


class Repeats(Answer):
    """Of `of` calls whose number shows, how many came within seven days of another one from the same number."""

    count: int
    of: int


class Answers(Answer):
    """Seconds within which half, and nine in ten, of the callers who were answered were so; null without any, or beyond
    half an hour."""

    count: int
    median_s: int | None
    p90_s: int | None


class LockCause(Answer):
    """Locks, pauses and freezes by their cause."""

    kind: LockKind
    cause: str
    count: int


class RefundsByStatus(Answer):
    """Refunds that were asked for in these days, by their status now, and by what became of the date that the customer
    was told first."""

    status: RefundStatus
    count: int
    kept: int
    late: int
    waiting: int
    withdrawn: int
    none: int


class ComplaintsOfKind(Answer):
    """Cases that a customer or an agent named a complaint in these days, by topic, and how fast the closed ones were
    closed."""

    kind: str
    count: int
    closed: int
    within_15_days: int
    median_days: int | None


class WishesOfTopic(Answer):
    """Cases with which somebody asked for a person, by topic; that alone is no complaint."""

    topic: str
    count: int


class Score(Answer):
    """Answers to the survey after an agent's call."""

    score: int
    count: int


class VerdictsOfRule(Answer):
    """The words of people on the findings of one version of a rule, each finding by the last word on it. Of a thousand
    that were told right or wrong, `precision_permille` were confirmed; null without any. `denied`: of so many findings
    their owner said of something in them that it was not they."""

    rule: str
    version: int
    confirmed: int
    false_alarm: int
    unclear: int
    denied: int
    precision_permille: int | None


class Report(Answer):
    """The numbers of some days, both ends included, in the time zone of the hotline's people."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")
    contacts: list[DayOfCalls]
    topics: list[TopicOfCalls]
    repeats: Repeats
    answer: Answers
    lock_causes: list[LockCause]
    refunds: list[RefundsByStatus]
    complaints: list[ComplaintsOfKind]
    wishes: list[WishesOfTopic]
    rules: list[VerdictsOfRule]
    survey: list[Score]


class Deed(Answer):
    """Something that an agent did. `event` is a closed word; `why` of a look is a reason for looking, of anything else
    one for acting. Amounts are left out. `case_id` is null where it is about no case."""

    at: datetime
    event: str
    account_id: str | None
    case_id: str | None
    facts: dict[str, str | int]


class Trail(Answer):
    """An agent's deeds, the newest first; `next` is the cursor of the following page. `people` are the agents whom
    facts name by their id. Deeds upon your own account, or one linked to it, are left out."""

    agent: Person
    deeds: list[Deed]
    people: list[Person]
    next: str | None


class DayOfAgent(Answer):
    """An agent's deeds on a day. `openings`: unlocks, reset grants, ends of pauses and freezes, new rows, released
    holds. The last three were refused: a limit of the hour, an account of their own, a request of their own."""

    day: date
    agent: Person
    look_ups: int
    unmaskings: int
    openings: int
    other_acts: int
    requests: int
    approvals: int
    case_work: int
    limits_reached: int
    own_account: int
    own_request: int


class Activity(Answer):
    """The newest day first, of one day by the agent's id; `next` is the cursor of the following page. An agent has no
    row for a day on which they did nothing."""

    days: list[DayOfAgent]
    next: str | None
