"""The parts of the directory, and the codes of refused changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.kit.records import quick


class DirectoryError(StrEnum):
    """Why a change of the directory is refused."""

    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    WEEK_INCOMPLETE = "week_incomplete"
    TOO_MANY_SPANS = "too_many_spans"
    SPAN_INVALID = "span_invalid"
    TOO_MANY_SPECIAL_DAYS = "too_many_special_days"
    SPECIAL_DAY_TWICE = "special_day_twice"
    SPECIAL_DAY_NAME = "special_day_name_invalid"
    BANNER_LANGUAGES = "banner_languages_incomplete"
    BANNER_LENGTH = "banner_length"
    BANNER_TIMES = "banner_times_invalid"
    BANNER_OVER = "banner_over"
    NEVER_OPEN = "never_open"
    NUMBER_INVALID = "number_invalid"
    NUMBERS_COUNT = "numbers_count"
    CHANGED = "directory_changed"


@dataclass(frozen=True, slots=True)
class Banner:
    """The words that callers hear before the menu while something is out of order, by language, for a time.

    `short_menu`: many call for the same reason, so the menu is cut to what helps most.
    """

    words: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    short_menu: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether callers hear it at an instant."""
        return self.starts_at <= at < self.ends_at


@quick
@dataclass(frozen=True, slots=True)
class Edition[Content]:
    """One part of the directory as it stands: its version (0: never edited), who wrote it, and when."""

    content: Content
    version: int = 0
    edited_by: str | None = None
    edited_at: datetime | None = None
