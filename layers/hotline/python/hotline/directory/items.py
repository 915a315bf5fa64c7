"""The parts of the directory as stored items: one item a part as it stands, and one for each edition that it had.

A part is at PK DIRECTORY#<part>, SK NOW. Its `rev` is its version.
Its editions are at the same PK, SK EDITION#<version>. They are kept as long as the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import Item

from .hours import Hours, Span, SpecialDay
from .model import Banner, Edition

_NOW: Final = "NOW"
HOURS_KEY: Final[Key] = hotline_key("DIRECTORY#HOURS", _NOW)
BANNER_KEY: Final[Key] = hotline_key("DIRECTORY#BANNER", _NOW)
NUMBERS_KEY: Final[Key] = hotline_key("DIRECTORY#NUMBERS", _NOW)


def edition_key(part: Key, version: int) -> Key:
    """The key of an edition of a part; the sort keys are in the order of versions."""
    return hotline_key(part.pk, f"EDITION#{version:08d}")


def edition_item(attributes: Mapping[str, Any], *, edited_by: str, edited_at: datetime) -> Item:
    """An edition as stored, with the attributes of its content."""
    return {**attributes, "edited_by": edited_by, "edited_at": to_text(edited_at)}


def edition_from[Content](item: Mapping[str, Any], content: Content) -> Edition[Content]:
    """The edition of a stored item, around content that has been decoded."""
    return Edition(content, int(item["rev"]), item["edited_by"], from_text(item["edited_at"]))


def hours_attributes(hours: Hours) -> Item:
    """Hours in their stored form."""
    return {
        "time_zone": hours.time_zone,
        "week": [_span_items(spans) for spans in hours.week],
        "special_days": [
            {"day": special.day.isoformat(), "name": special.name, "spans": _span_items(special.spans)}
            for special in hours.special_days
        ],
    }


def hours_from(item: Mapping[str, Any]) -> Hours:
    """The hours of a stored item."""
    special_days = tuple(
        SpecialDay(date.fromisoformat(one["day"]), one["name"], _spans_from(one["spans"]))
        for one in item["special_days"]
    )
    return Hours(item["time_zone"], tuple(_spans_from(spans) for spans in item["week"]), special_days)


def _span_items(spans: Sequence[Span]) -> list[list[int]]:
    return [[span.opens_minute, span.closes_minute] for span in spans]


def _spans_from(spans: Sequence[Sequence[Any]]) -> tuple[Span, ...]:
    return tuple(Span(int(opens), int(closes)) for opens, closes in spans)


def banner_attributes(banner: Banner | None) -> Item:
    """A banner in its stored form; no attributes where there is none."""
    if banner is None:
        return {}
    return {
        "words": dict(banner.words),
        "starts_at": to_text(banner.starts_at),
        "ends_at": to_text(banner.ends_at),
        "short_menu": banner.short_menu,
    }


def banner_from(item: Mapping[str, Any]) -> Banner | None:
    """The banner of a stored item; None where it has been taken down."""
    if "words" not in item:
        return None
    starts_at, ends_at = from_text(item["starts_at"]), from_text(item["ends_at"])
    return Banner(dict(item["words"]), starts_at, ends_at, bool(item["short_menu"]))


def numbers_from(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The official numbers of a stored item."""
    return tuple(item["numbers"])
