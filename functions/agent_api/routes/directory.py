"""The directory that supervisors edit: opening hours, banner, numbers. Each edit names the version that they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.agent_api.desk import SeenTag, desk, router, version_of
from functions.agent_api.routes.policies import second_actions
from functions.agent_api.shapes.common import Person
from functions.agent_api.shapes.directory import (
    Banner,
    BannerAsked,
    Hours,
    HoursAsked,
    Numbers,
    NumbersAsked,
    Span,
    SpecialDay,
)
from functions.http.problems import problem_in
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.directory import service as directory
from hotline.directory.model import Banner as KnownBanner
from hotline.directory.model import Edition
from hotline.identity.model import Operation

_TAGS: Final = ["directory"]
_MIDNIGHT: Final = 24 * 60
_NUMBERS: Final = "numbers#official"
_WEEK: Final = range(1, 8)


@router.get("/v1/agent/hours", tags=_TAGS, operation_id="read_hours")
def read_hours() -> Hours:
    """The hours in which people answer."""
    at = desk()
    edition = directory.read_hours(at.ctx.store)
    at.tag(edition.version)
    known = edition.content
    opening = directory.find_opening(known, at.now)
    return Hours(
        timezone=known.time_zone,
        weekly=[
            Span(day=day, opens=span.opens, closes=span.closes)
            for day, spans in zip(_WEEK, known.week, strict=True)
            for span in spans
        ],
        special_days=[told for special in known.special_days for told in _special(special)],
        version=edition.version,
        edited_by=edition.edited_by,
        editor=_editor(edition.edited_by),
        edited_at=edition.edited_at,
        open=directory.is_open(known, at.now),
        next_opening=max(opening.begins_at, at.now) if opening is not None else None,
    )


@router.put("/v1/agent/hours", tags=_TAGS, operation_id="edit_hours")
def edit_hours(body: HoursAsked, if_match: SeenTag = None) -> Hours:
    """Put other opening hours in place of the present ones. `If-Match` is required."""
    at, version = desk(), version_of(if_match)
    week = [[_span(span.opens, span.closes) for span in body.weekly if span.day == day] for day in _WEEK]
    hours = directory.make_hours(body.timezone, week, _special_days(body.special_days))
    agents.perform(at.ctx, at.agent, Basis(), agents.EditHours(hours, version))
    return read_hours()


@router.get("/v1/agent/banner", tags=_TAGS, operation_id="read_banner")
def read_banner() -> Banner:
    """The words that callers hear before the menu."""
    at = desk()
    edition: Edition[KnownBanner | None] = directory.read_banner(at.ctx.store)
    at.tag(edition.version)
    known = edition.content
    return Banner(
        words=dict(known.words) if known else None,
        starts_at=known.starts_at if known else None,
        ends_at=known.ends_at if known else None,
        short_menu=known.short_menu if known else False,
        version=edition.version,
        edited_by=edition.edited_by,
        editor=_editor(edition.edited_by),
        edited_at=edition.edited_at,
        holds=known is not None and known.holds(at.now),
    )


@router.put("/v1/agent/banner", tags=_TAGS, operation_id="edit_banner")
def edit_banner(body: BannerAsked, if_match: SeenTag = None) -> Banner:
    """Put a banner up for a time, or take it down. `If-Match` is required."""
    at, version = desk(), version_of(if_match)
    agents.perform(at.ctx, at.agent, Basis(), agents.EditBanner(_known_banner(body), version))
    return read_banner()


@router.get("/v1/agent/numbers", tags=_TAGS, operation_id="read_numbers")
def read_numbers() -> Numbers:
    """The official numbers of the hotline."""
    at = desk()
    edition = directory.read_numbers(at.ctx.store, at.ctx.official_numbers)
    at.tag(edition.version)
    return Numbers(
        numbers=list(edition.content),
        version=edition.version,
        edited_by=edition.edited_by,
        editor=_editor(edition.edited_by),
        edited_at=edition.edited_at,
        actions=second_actions(at, Operation.EDIT_NUMBERS, _NUMBERS, "numbers", "official", edition.version),
    )


@router.put("/v1/agent/numbers", tags=_TAGS, operation_id="edit_numbers")
def edit_numbers(body: NumbersAsked, if_match: SeenTag = None) -> Numbers:
    """Put other official numbers in place of the present ones, with a second person. `If-Match` is required."""
    at = desk()
    act = agents.EditNumbers(tuple(body.numbers), version_of(if_match))
    agents.perform(at.ctx, at.agent, Basis(), act, approval_id=body.approval_id, why=body.reason)
    return read_numbers()


def _editor(agent_id: str | None) -> Person | None:
    """The agent who edited a part, by their name where it is known, else by their id."""
    if agent_id is None:
        return None
    return Person(id=agent_id, name=agents.find_names(desk().ctx.store, [agent_id]).get(agent_id, agent_id))


def _known_banner(body: BannerAsked) -> KnownBanner | None:
    if body.words is None:
        if body.short_menu or body.starts_at is not None or body.ends_at is not None:
            raise problem_in("#/words", "missing")
        return None
    if body.starts_at is None or body.ends_at is None:
        raise problem_in("#/starts_at" if body.starts_at is None else "#/ends_at", "times_missing")
    for name, time in (("starts_at", body.starts_at), ("ends_at", body.ends_at)):
        if time.tzinfo is None:
            raise problem_in(f"#/{name}", "timezone_missing")
    words: Mapping[str, str] = body.words
    return directory.make_banner(words, starts_at=body.starts_at, ends_at=body.ends_at, short_menu=body.short_menu)


def _special(special: directory.SpecialDay) -> list[SpecialDay]:
    if not special.spans:
        return [SpecialDay(date=special.day, name=special.name)]
    return [
        SpecialDay(date=special.day, name=special.name, opens=span.opens, closes=span.closes) for span in special.spans
    ]


def _special_days(given: Sequence[SpecialDay]) -> list[directory.SpecialDay]:
    """One day for all rows of a date. Rows of one date need one name, and times where there are several of them."""
    found: dict[object, directory.SpecialDay] = {}
    for row in given:
        if (row.opens is None) != (row.closes is None):
            raise problem_in("#/special_days", "time_missing")
        spans = (_span(row.opens, row.closes),) if row.opens is not None and row.closes is not None else ()
        known = found.get(row.date)
        if known is not None and (known.name != row.name or not known.spans or not spans):
            raise problem_in("#/special_days", "special_day_twice")
        found[row.date] = directory.SpecialDay(row.date, row.name, (*(known.spans if known else ()), *spans))
    return list(found.values())


def _span(opens: str, closes: str) -> directory.Span:
    return directory.Span(_minute(opens), _minute(closes) or _MIDNIGHT)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
