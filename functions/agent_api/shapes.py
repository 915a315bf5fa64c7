"""The forms of requests and answers of the agents' API. docs/openapi-agent.json is written from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hotline.cases.model import Audience, CloseReason, Priority
from hotline.cases.service import AGENT_NOTE_CHARACTERS_MAX, TAGS_MAX
from hotline.directory import service as directory

PAGE_DEFAULT: Final = 20
PAGE_MAX: Final = 50
REASON_CHARACTERS_MAX: Final = 48


class Body(BaseModel):
    """An agent's body: fields that the form does not have are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(extra="forbid")


class Me(Answer):
    """The agent as their token says, and what they may do now."""

    id: str
    name: str
    roles: list[str]
    permissions: list[str]
    token_ends_at: datetime


class Established(Answer):
    """What the line established, for display; the gate believes the stored session alone."""

    heard: list[str]
    proved: list[str]
    login_failed_at: datetime | None
    missing_documents: list[str]


class Case(Answer):
    """A case. `version` is its ETag; `links` are of the form `kind:id`."""

    id: str
    version: int
    account_id: str | None
    topic: str
    reason: str
    language: str
    skill: str
    priority: int
    status: str
    owner: str | None
    owner_name: str | None
    reference: str | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime
    snoozed_until: datetime | None
    tags: list[str]
    links: list[str]
    established: Established


class Cases(Answer):
    """Cases in the order in which they are to be worked; `next` is the cursor of the following page."""

    cases: list[Case]
    next: str | None


class Entry(Answer):
    """One line of a timeline. `note` is a person's text: show it as text, never as markup."""

    id: str
    number: int
    at: datetime
    kind: str
    author: str
    actor: str
    audience: str
    reason: str
    facts: dict[str, str | int]
    note: str | None


class Timeline(Answer):
    """Entries, oldest first; `before` is the cursor of the older ones."""

    entries: list[Entry]
    before: str | None


class CaseWithTimeline(Answer):
    """A case, and the newest page of its timeline."""

    case: Case
    timeline: Timeline


class Note(Body):
    """A text for the timeline. One for the customer is seen by agents, too."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2 * AGENT_NOTE_CHARACTERS_MAX)]
    audience: Audience = Audience.AGENT


class Snooze(Body):
    """When the case comes back."""

    until: datetime


class Transfer(Body):
    """Who works on the case next: the queue of a skill, or one agent."""

    skill: Annotated[str, StringConstraints(max_length=64)] | None = None
    agent_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    agent_name: Annotated[str, StringConstraints(max_length=64)] | None = None


class Close(Body):
    """How the case ended."""

    reason: CloseReason
    note: Annotated[str, StringConstraints(min_length=1, max_length=2 * AGENT_NOTE_CHARACTERS_MAX)] | None = None


class Edit(Body):
    """What to change of a case: its priority, its tags, or both."""

    priority: Priority | None = None
    tags: Annotated[list[Annotated[str, StringConstraints(max_length=32)]], Field(max_length=TAGS_MAX)] | None = None


class Span(Body):
    """Open from one minute of the day up to another one."""

    opens_minute: Annotated[int, Field(ge=0, le=1439)]
    closes_minute: Annotated[int, Field(ge=1, le=1440)]


class SpecialDay(Body):
    """A date with opening times of its own, or without any."""

    day: date
    name: Annotated[str, StringConstraints(min_length=1, max_length=2 * directory.NAME_CHARACTERS_MAX)]
    spans: Annotated[list[Span], Field(max_length=directory.SPANS_PER_DAY_MAX)]


class HoursAsked(Body):
    """Opening hours: seven days from Monday on, and the days that differ."""

    time_zone: Annotated[str, StringConstraints(max_length=64)]
    week: Annotated[
        list[Annotated[list[Span], Field(max_length=directory.SPANS_PER_DAY_MAX)]], Field(min_length=7, max_length=7)
    ]
    special_days: Annotated[list[SpecialDay], Field(max_length=directory.SPECIAL_DAYS_MAX)] = []


class Hours(HoursAsked):
    """The opening hours as they stand, and whether people answer now."""

    version: int
    edited_by: str | None
    edited_at: datetime | None
    open: bool
    next_opening: datetime | None


class BannerAsked(Body):
    """The words before the menu, in every language of the line, for a time. No words take the banner down."""

    words: dict[str, Annotated[str, StringConstraints(max_length=2 * directory.BANNER_CHARACTERS_MAX)]] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    short_menu: bool = False


class Banner(BannerAsked):
    """The banner as it stands, and whether callers hear it now."""

    version: int
    edited_by: str | None
    edited_at: datetime | None
    holds: bool


class Numbers(Answer):
    """The official numbers, the main one first."""

    numbers: list[str]
    version: int
    edited_by: str | None
    edited_at: datetime | None
