"""The forms of cases, their timelines, and the agent who works on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from functions.agent_api.shapes.common import Action, Answer, ApprovalWord, Body, MaskedFact, Person, Word
from hotline.agents.service import USER_NAME_CHARACTERS_MAX, Step
from hotline.cases.model import Audience, CloseReason, Priority
from hotline.cases.service import AGENT_NOTE_CHARACTERS_MAX, TAGS_MAX

Text = Annotated[str, StringConstraints(min_length=1, max_length=AGENT_NOTE_CHARACTERS_MAX)]
"""A person's text. It is kept in its plain form."""


class Limits(Answer):
    """How many characters a person's texts may have: a note of a case, and the note of a refund."""

    note_characters: int
    refund_note_characters: int


class Me(Answer):
    """The agent as their token says, what they may do now, and the contacts that they are in, the newest first.
    `time_zone` is the one in which reports have their days, `limits` are those of texts."""

    agent_id: str
    username: str
    roles: list[str]
    permissions: list[str]
    token_ends_at: datetime
    live_contacts: list[str]
    time_zone: str
    limits: Limits


# ---------------------------------------------------------------- cases


class Link(Answer):
    """A thing that a case names."""

    kind: str
    id: str


class ProvedByLine(Answer):
    """The kinds of factor that the customer has proved last, at the handover or for an agent, for display."""

    state: Literal["proved", "none"]
    factors: list[str]


class RiskPart(Answer):
    """One thing that speaks against an account, with its points from 1 to 100."""

    part: Literal[
        "amount", "hour", "first_time", "velocity", "burst", "share", "findings", "labels", "party", "movement"
    ]
    points: int


class Risk(Answer):
    """How much the account is at risk by the scan, and why, the largest part first. Never tell the customer. `unknown`:
    nothing is known, or nothing new enough; it is neither low nor high. `as_of`: when it was found. It is null, and
    there are no parts, at low risk and while it is unknown."""

    band: Literal["unknown", "low", "raised", "high"]
    as_of: datetime | None
    parts: list[RiskPart]


class CaseRow(Answer):
    """A case in a list. `reference` are the six digits that its customer knows. `skill` is the queue that it is in,
    `topic:language`: a transfer to another one leaves the case's own topic and language. `risk` is the account's; null
    without access to the account, and in the answer to a change."""

    id: str
    version: int
    reference: str | None
    topic: str
    language: str
    skill: str
    priority: int
    status: Literal["open", "claimed", "waiting", "closed"]
    reason: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime
    snoozed_until: datetime | None
    owner: Person | None
    tags: list[str]
    risk: Risk | None


class Case(CaseRow):
    """A case with what the line established. `heard` are the steps that the caller took, with their outcomes.
    `contact_id` is the call that it came with last. `customer_reads`: it has a customer who can read notes that are for
    them. `security_case`: another case of the account that is open, about what may be an attack; null without access to
    the account. `proof_goals`: those for which the customer can be asked for proof, since the account has the factors.
    `two_from`: when two people may open it, where a factor that was removed lately keeps them from it until then.
    `version` is its ETag."""

    account_known: bool
    customer_reads: bool
    contact_id: str | None
    heard: list[str]
    proved: ProvedByLine
    failed_login_at: datetime | None
    missing_documents: list[str]
    links: list[Link]
    security_case: str | None
    proof_goals: list[str]
    two_from: datetime | None
    next_step: Step | None
    actions: list[Action]


class Cases(Answer):
    """Cases in the order in which they are to be worked; `next` is the cursor of the following page."""

    cases: list[CaseRow]
    next: str | None


class Callback(Answer):
    """A callback that a caller asked for. `called`: an agent took it; `failed`: it ended without one."""

    case_id: str
    reference: str | None
    asked_at: datetime
    topic: str
    language: str
    state: Literal["waiting", "called", "failed"]


class Callbacks(Answer):
    """Newest first; `next` is the cursor of the following page."""

    callbacks: list[Callback]
    next: str | None


class Actor(Answer):
    """The kind of actor that added an entry; `name` is an agent's."""

    kind: str
    name: str | None


class ApprovalNow(Answer):
    """The state now of the approval that an entry tells of, and the kind of its thing. `void_cause` as of approvals."""

    state: ApprovalWord
    void_cause: Literal["changed", "gone"] | None
    subject: str


class Entry(Answer):
    """One line of a timeline. `note` is a person's text: show it as text, never as markup. `approval` is null where it
    tells of none, or of one that is not kept any more."""

    id: str
    number: int
    at: datetime
    kind: str
    audience: str
    actor: Actor
    reason: str
    facts: dict[str, str | int]
    masked: list[MaskedFact]
    note: str | None
    approval: ApprovalNow | None


class Timeline(Answer):
    """Entries, newest first; `next` is the cursor of the older ones. `people` are the agents whom facts name by their
    id, as far as their names are known."""

    entries: list[Entry]
    people: list[Person]
    next: str | None


class Contact(Answer):
    """A call that was handed over to people, and the case that it came with."""

    contact_id: str
    state: Literal["live", "ended"]
    case_id: str | None
    topic: str | None
    language: str | None


class Note(Body):
    """A text for the timeline. One for the customer is seen by agents, too."""

    text: Text
    audience: Audience = Audience.AGENT


class Snooze(Body):
    """The time at which the case comes back."""

    until: datetime


class Transfer(Body):
    """The next to work on the case: the queue of a topic and a language, or one agent. Their user name is known once
    they have read who they are. A note goes with either."""

    topic: Word | None = None
    language: Word | None = None
    username: Annotated[str, StringConstraints(max_length=USER_NAME_CHARACTERS_MAX)] | None = None
    note: Text | None = None


class Close(Body):
    """How the case ended."""

    ending: CloseReason
    note: Text | None = None


class Edit(Body):
    """The parts of a case to change: its priority, its tags, or both."""

    priority: Priority | None = None
    tags: Annotated[list[Annotated[str, StringConstraints(max_length=32)]], Field(max_length=TAGS_MAX)] | None = None


# ---------------------------------------------------------------- the account of a case
