"""The directory that supervisors edit: opening hours and the banner. Each edit names the version that its editor saw."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.agent_api.desk import ETAG_CHARACTERS_MAX, desk, router, version_of
from functions.agent_api.shapes import Banner, BannerAsked, Hours, HoursAsked, Numbers, Span, SpecialDay
from functions.http.problems import problem_in
from hotline.agents import service as agents
from hotline.directory import service as directory
from hotline.directory.model import Banner as KnownBanner
from hotline.directory.model import Edition

_TAGS: Final = ["directory"]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=ETAG_CHARACTERS_MAX, description="Required. The ETag that you saw."),
]


@router.get("/v1/agent/hours", tags=_TAGS, operation_id="read_hours")
def read_hours() -> Hours:
    """When people answer."""
    at = desk()
    edition = directory.read_hours(at.ctx.store)
    at.tag(edition.version)
    known = edition.content
    return Hours(
        time_zone=known.time_zone,
        week=[_spans(spans) for spans in known.week],
        special_days=[
            SpecialDay(day=special.day, name=special.name, spans=_spans(special.spans))
            for special in known.special_days
        ],
        version=edition.version,
        edited_by=edition.edited_by,
        edited_at=edition.edited_at,
        open=directory.is_open(known, at.now),
        next_opening=directory.find_next_opening(known, at.now),
    )


@router.put("/v1/agent/hours", tags=_TAGS, operation_id="edit_hours")
def edit_hours(body: HoursAsked, if_match: IfMatch = None) -> Hours:
    """Put other opening hours in place of the present ones."""
    at = desk()
    hours = directory.make_hours(
        body.time_zone,
        [_known_spans(spans) for spans in body.week],
        [directory.SpecialDay(special.day, special.name, _known_spans(special.spans)) for special in body.special_days],
    )
    agents.edit_hours(at.ctx, at.agent, hours, expected_version=version_of(if_match))
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
        edited_at=edition.edited_at,
        holds=known is not None and known.holds(at.now),
    )


@router.put("/v1/agent/banner", tags=_TAGS, operation_id="edit_banner")
def edit_banner(body: BannerAsked, if_match: IfMatch = None) -> Banner:
    """Put a banner up for a time, or take it down."""
    at = desk()
    agents.edit_banner(at.ctx, at.agent, _known_banner(body), expected_version=version_of(if_match))
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
        edited_at=edition.edited_at,
    )


def _known_banner(body: BannerAsked) -> KnownBanner | None:
    if body.words is None:
        return None
    if body.starts_at is None or body.ends_at is None:
        raise problem_in("#", "times_missing")
    if body.starts_at.tzinfo is None or body.ends_at.tzinfo is None:
        raise problem_in("#", "timezone_missing")
    return directory.make_banner(
        body.words, starts_at=body.starts_at, ends_at=body.ends_at, short_menu=body.short_menu
    )


def _spans(spans: tuple[directory.Span, ...]) -> list[Span]:
    return [Span(opens_minute=span.opens_minute, closes_minute=span.closes_minute) for span in spans]


def _known_spans(spans: list[Span]) -> tuple[directory.Span, ...]:
    return tuple(directory.Span(span.opens_minute, span.closes_minute) for span in spans)
