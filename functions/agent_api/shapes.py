"""The forms of requests and answers of the agents' API. docs/openapi-agent.json is written from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hotline.agents.model import ActReason, Masked
from hotline.cases.model import Audience, CloseReason, Priority
from hotline.cases.service import AGENT_NOTE_CHARACTERS_MAX, TAGS_MAX
from hotline.contracts import limits
from hotline.directory import service as directory
from hotline.identity.model import Goal
from hotline.lockout.model import Cause
from hotline.refunds.model import PayoutWay, ReviewDecision
from hotline.security.model import Verdict

PAGE_DEFAULT: Final = 20
PAGE_MAX: Final = 50
ITEM_CHARACTERS_MAX: Final = 256
NUMBER_CHARACTERS_MAX: Final = 20
TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

Id = Annotated[str, StringConstraints(max_length=limits.ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2 * AGENT_NOTE_CHARACTERS_MAX)]
"""A person's text. It is kept in its plain form, which has AGENT_NOTE_CHARACTERS_MAX characters at most."""
Word = Annotated[str, StringConstraints(max_length=64)]
Time = Annotated[str, StringConstraints(pattern=TIME_PATTERN)]


class Body(BaseModel):
    """An agent's body: fields that the form does not have are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer of the API."""

    model_config = ConfigDict(extra="forbid")


class Amount(Answer):
    """Whole minor units of a currency."""

    minor: int
    currency: str


class Person(Answer):
    """An agent or supervisor."""

    id: str
    name: str


# ---------------------------------------------------------------- agents


class Me(Answer):
    """The agent as their token says, what they may do now, and the contacts that they are in, the newest first."""

    agent_id: str
    username: str
    roles: list[str]
    permissions: list[str]
    token_ends_at: datetime
    live_contacts: list[str]


# ---------------------------------------------------------------- cases


class Link(Answer):
    """A thing that a case names."""

    kind: str
    id: str


class Subject(Answer):
    """The thing that a second person is asked about, and its version as it was read."""

    kind: str
    id: str
    version: str | None


class Approval(Answer):
    """A request to a second person. `change`: what is to be done. `reason` is a closed word; the case has the text."""

    id: str
    operation: str
    case_id: str | None
    subject: Subject
    change: dict[str, str | int | bool | list[str]]
    reason: str
    state: Literal["asked", "approved", "denied", "spent", "void", "expired"]
    requested_by: Person
    requested_at: datetime
    expires_at: datetime
    decided_by: Person | None
    decided_at: datetime | None


class Approvals(Answer):
    """Requests to a second person; there are no further pages."""

    approvals: list[Approval]
    next: str | None = None


class Action(Answer):
    """Something that the agent may do: alone, with the customer's proof, or with a second person. `why` says what
    stands in the way of an action that is not possible; `approval` is the agent's own request that waits or was
    approved. `subject` is null where the case's account is meant."""

    operation: str
    level: Literal["alone", "proof", "second"]
    possible: bool
    why: str | None
    approval: Approval | None
    subject: Subject | None


class ProvedByLine(Answer):
    """The kinds of factor that the caller had proved at the handover, for display."""

    state: Literal["proved", "none"]
    factors: list[str]


class CaseRow(Answer):
    """A case in a list. `reference` are the six digits that its customer knows."""

    id: str
    version: int
    reference: str | None
    topic: str
    language: str
    priority: int
    status: Literal["open", "claimed", "waiting", "closed"]
    reason: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime
    snoozed_until: datetime | None
    owner: Person | None
    tags: list[str]


class Case(CaseRow):
    """A case with what the line established. `skill` is what an agent must have to be given it, `topic:language`.
    `heard` are the steps that the caller took, with their outcomes. `contact_id` is the call that it came with last.
    `version` is its ETag."""

    skill: str
    account_known: bool
    contact_id: str | None
    heard: list[str]
    proved: ProvedByLine
    failed_login_at: datetime | None
    missing_documents: list[str]
    links: list[Link]
    next_step: str | None
    actions: list[Action]


class Cases(Answer):
    """Cases in the order in which they are to be worked; `next` is the cursor of the following page."""

    cases: list[CaseRow]
    next: str | None


class Actor(Answer):
    """The kind of actor that added an entry; `name` is an agent's."""

    kind: str
    name: str | None


class Entry(Answer):
    """One line of a timeline. `note` is a person's text: show it as text, never as markup."""

    id: str
    number: int
    at: datetime
    kind: str
    audience: str
    actor: Actor
    reason: str
    facts: dict[str, str | int]
    note: str | None


class Timeline(Answer):
    """Entries, newest first; `next` is the cursor of the older ones."""

    entries: list[Entry]
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
    """When the case comes back."""

    until: datetime


class Transfer(Body):
    """The next to work on the case: the queue of a topic and a language, or one agent."""

    topic: Word | None = None
    language: Word | None = None
    agent_id: Id | None = None
    agent_name: Word | None = None
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


class Lock(Answer):
    """The lock in force on the account. `text` says it as the line does. `asked` is the request to the wallet that it
    has not confirmed."""

    state: Literal["OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED", "ERASED"]
    cause: str | None
    since: datetime | None
    until: datetime | None
    asked: str | None
    text: str


class Value(Answer):
    """A personal value, masked. One with `can_unmask` is shown on request; a contact point never is."""

    name: Literal["name", "phone", "email"]
    masked: str
    can_unmask: bool


class Account(Answer):
    """The account of the case. `two_step` is null where the wallet has not said."""

    account_id: str
    status: Literal["stub", "open", "closed", "unknown"]
    language: str | None
    lock: Lock
    two_step: bool | None
    pin: bool
    fields: list[Value]
    facts_as_of: datetime | None


class MerchantName(Answer):
    """The merchant of a payment."""

    id: str
    name: str


class Money(Answer):
    """The place of the money."""

    state: str
    held_until: datetime | None


class Payment(Answer):
    """A movement of money with its diagnosis. The amount is masked: `item_id` names it in an unmasking. `order` are the
    last digits of the order's number."""

    id: str
    item_id: str
    kind: str
    status: str
    initiated_at: datetime
    merchant: MerchantName | None
    order: str | None
    money: Money
    failure: str | None
    next_step: str


class Payments(Answer):
    """Newest first; `next` is the cursor of the following page."""

    payments: list[Payment]
    next: str | None


class Refund(Answer):
    """A refund. The amount is masked: `id` names it in an unmasking."""

    id: str
    payment_id: str
    status: str
    requested_at: datetime
    promised_on: date | None
    reason: str | None
    review: str | None
    decided_by: str | None
    payout: str | None
    actions: list[Action]


class Refunds(Answer):
    """Newest first; `next` is the cursor of the following page."""

    refunds: list[Refund]
    next: str | None


class Finding(Answer):
    """A pattern that a rule saw. `feedback` is the word of a person on it."""

    id: str
    severity: str
    found_at: datetime
    rule: str
    facts: dict[str, str | int]
    feedback: str | None


class Findings(Answer):
    """The account's findings, newest first; there are no further pages."""

    findings: list[Finding]
    next: str | None = None


class Unmasking(Body):
    """The value to show: a name needs no item, an amount that of its payment or refund."""

    field: Masked
    reason: ActReason
    item_id: Annotated[str, StringConstraints(max_length=ITEM_CHARACTERS_MAX)] | None = None
    approval_id: Id | None = None


class Unmasked(Answer):
    """The value."""

    field: str
    item_id: str | None
    value: str | None
    amount: Amount | None


# ---------------------------------------------------------------- proof and acts


class ProofWish(Body):
    """The goal of the proof; a code is good for that alone."""

    goal: Goal


class Proof(Answer):
    """The customer's proof: kinds of factor and until when, never a code. `operations` are those for which it is enough
    now."""

    state: Literal["none", "asked", "proved", "expired"]
    goal: str | None
    factors: list[str]
    until: datetime | None
    operations: list[str]


class Act(Body):
    """Why it is done, and the second person's word where it takes one."""

    reason: ActReason
    approval_id: Id | None = None


class HoldRelease(Act):
    """The hold to release, by its cause."""

    cause: Cause


class RefundDecision(Act):
    """A person's word on a refund in review."""

    decision: ReviewDecision


class Payout(Act):
    """Another way to pay a refund that did not arrive."""

    way: PayoutWay


class Feedback(Body):
    """A person's word on a finding."""

    verdict: Verdict
    reason: ActReason


class Done(Answer):
    """The outcome, a closed word; null for a request that was carried out before."""

    outcome: str | None


# ---------------------------------------------------------------- a second person


class ApprovalAsked(Body):
    """The deed that a second person is to approve. The fields that it needs are those of its operation: `cause` of a
    hold, `refund_id` with `decision` or `way`, `field` with `item_id`. Others are `numbers`, or `merchant_id` with the
    terms of a policy."""

    operation: Literal[
        "release_hold",
        "new_row_unproved",
        "review_large_refund",
        "other_payout",
        "unmask_beyond",
        "edit_numbers",
        "publish_policy",
    ]
    reason: ActReason
    case_id: Id | None = None
    cause: Cause | None = None
    refund_id: Id | None = None
    decision: ReviewDecision | None = None
    way: PayoutWay | None = None
    field: Masked | None = None
    item_id: Annotated[str, StringConstraints(max_length=ITEM_CHARACTERS_MAX)] | None = None
    numbers: (
        Annotated[
            list[Annotated[str, StringConstraints(max_length=NUMBER_CHARACTERS_MAX)]],
            Field(max_length=directory.NUMBERS_MAX),
        ]
        | None
    ) = None
    merchant_id: Id | None = None
    window_days: Annotated[int, Field(ge=0, le=limits.WINDOW_DAYS_MAX)] | None = None
    partial: bool | None = None
    auto_approve_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)] | None = None
    categories: Annotated[list[Word], Field(max_length=limits.CATEGORIES_MAX)] | None = None


class Decided(Body):
    """The second person's word."""

    decision: Literal["approve", "deny"]


# ---------------------------------------------------------------- the directory and policies


class Span(Body):
    """People answer on a day of the week (1 is Monday) from one time up to another; `00:00` closes at midnight."""

    day: Annotated[int, Field(ge=1, le=7)]
    opens: Time
    closes: Time


class SpecialDay(Body):
    """A date that differs from its day of the week. Without times nobody answers; with several, it comes several
    times."""

    date: date
    name: Annotated[str, StringConstraints(min_length=1, max_length=2 * directory.NAME_CHARACTERS_MAX)]
    opens: Time | None = None
    closes: Time | None = None


class HoursAsked(Body):
    """Opening hours: a week, and the days that differ from it, which are holidays and overrides alike."""

    timezone: Word
    weekly: Annotated[list[Span], Field(max_length=7 * directory.SPANS_PER_DAY_MAX)]
    special_days: Annotated[
        list[SpecialDay], Field(max_length=directory.SPECIAL_DAYS_MAX * directory.SPANS_PER_DAY_MAX)
    ] = []


class Edited(Answer):
    """The version of a part of the directory, which is its ETag; 0 where nobody has edited it."""

    version: int
    edited_by: str | None
    edited_at: datetime | None


class Hours(Edited):
    """The opening hours as they stand, and whether people answer now."""

    timezone: str
    weekly: list[Span]
    special_days: list[SpecialDay]
    open: bool
    next_opening: datetime | None


class BannerAsked(Body):
    """The words before the menu, in every language of the line, for a time. No words take the banner down."""

    words: dict[str, Annotated[str, StringConstraints(max_length=2 * directory.BANNER_CHARACTERS_MAX)]] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    short_menu: bool = False


class Banner(Edited):
    """The banner as it stands, and whether callers hear it now."""

    words: dict[str, str] | None
    starts_at: datetime | None
    ends_at: datetime | None
    short_menu: bool
    holds: bool


class NumbersAsked(Body):
    """The official numbers in E.164, the main one first."""

    numbers: Annotated[
        list[Annotated[str, StringConstraints(max_length=NUMBER_CHARACTERS_MAX)]],
        Field(min_length=1, max_length=directory.NUMBERS_MAX),
    ]
    reason: ActReason
    approval_id: Id | None = None


class Numbers(Edited):
    """The official numbers, the main one first, and whether they may be edited now."""

    numbers: list[str]
    actions: list[Action]


class PolicyAsked(Body):
    """The terms of a merchant's policy. `auto_approve_minor` is in the currency of the payment."""

    window_days: Annotated[int, Field(ge=0, le=limits.WINDOW_DAYS_MAX)]
    partial: bool
    auto_approve_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)]
    categories: Annotated[list[Word], Field(max_length=limits.CATEGORIES_MAX)] = []
    reason: ActReason
    approval_id: Id | None = None


class Policy(Answer):
    """A merchant's policy as it stands; version 0 where it has published none, and then nothing is approved by itself.
    `version` is its ETag."""

    merchant_id: str
    version: int
    window_days: int
    partial: bool
    auto_approve_minor: int
    categories: list[str]
    actions: list[Action]
