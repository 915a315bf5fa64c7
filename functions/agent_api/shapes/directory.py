"""The forms of what supervisors edit: hours, banner, numbers, and merchants' policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from functions.agent_api.shapes.common import Action, Answer, Body, Id, Person, Word
from hotline.agents.model import ActReason
from hotline.contracts import limits
from hotline.directory import service as directory

NUMBER_CHARACTERS_MAX: Final = 20
TIME_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Time = Annotated[str, StringConstraints(pattern=TIME_PATTERN)]


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
    ] = []  # noqa: RUF012 - pydantic gives each its own


class Edited(Answer):
    """The version of a part of the directory, which is its ETag; 0 where nobody has edited it. `editor` is the agent of
    `edited_by`, with their name where it is known."""

    version: int
    edited_by: str | None
    editor: Person | None
    edited_at: datetime | None


class Hours(Edited):
    """The opening hours as they stand, and whether people answer now."""

    timezone: str
    weekly: list[Span]
    special_days: list[SpecialDay]
    open: bool
    next_opening: datetime | None


class BannerAsked(Body):
    """The words before the menu, in every language of the line, for a time. A body without words takes it down; a time
    or the shorter menu needs them."""

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


EvidenceAboveMinor = Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)] | None
AnswerDays = Annotated[int, Field(ge=1, le=limits.ANSWER_DAYS_MAX)] | None


class PolicyAsked(Body):
    """The terms of a merchant's policy. Amounts are in the currency of the payment. `evidence_above_minor`: up to this
    no evidence is asked for; null: up to what is approved unseen. `answer_days`: how long the merchant takes to answer
    for a refund in review; null: it states no time."""

    window_days: Annotated[int, Field(ge=0, le=limits.WINDOW_DAYS_MAX)]
    partial: bool
    auto_approve_minor: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)]
    categories: Annotated[list[Word], Field(max_length=limits.CATEGORIES_MAX)] = []  # noqa: RUF012 - as above
    evidence_above_minor: EvidenceAboveMinor = None
    answer_days: AnswerDays = None
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
    evidence_above_minor: int | None
    answer_days: int | None
    actions: list[Action]
