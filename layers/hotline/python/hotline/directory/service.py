"""The face of the directory: official numbers, opening hours, and the banner."""

from __future__ import annotations

from .editions import (
    BANNER_CHARACTERS_MAX,
    BANNER_LIFE_MAX,
    NUMBERS_MAX,
    banner_of,
    contribute_banner,
    contribute_hours,
    contribute_numbers,
    hours_of,
    make_banner,
    numbers_of,
)
from .hours import (
    NAME_CHARACTERS_MAX,
    SPANS_PER_DAY_MAX,
    SPECIAL_DAYS_MAX,
    Hours,
    Opening,
    Span,
    SpecialDay,
    add_open_time,
    always_open,
    find_opening,
    is_open,
    make_hours,
)
from .items import BANNER_KEY, HOURS_KEY, NUMBERS_KEY
from .numbers import NUMBERS_SETTING, TYPED_CHARACTERS_MAX, MalformedNumbers, is_e164, is_official, parse_numbers

__all__ = [
    "BANNER_CHARACTERS_MAX",
    "BANNER_KEY",
    "BANNER_LIFE_MAX",
    "HOURS_KEY",
    "NAME_CHARACTERS_MAX",
    "NUMBERS_KEY",
    "NUMBERS_MAX",
    "NUMBERS_SETTING",
    "SPANS_PER_DAY_MAX",
    "SPECIAL_DAYS_MAX",
    "TYPED_CHARACTERS_MAX",
    "Hours",
    "MalformedNumbers",
    "Opening",
    "Span",
    "SpecialDay",
    "add_open_time",
    "always_open",
    "banner_of",
    "contribute_banner",
    "contribute_hours",
    "contribute_numbers",
    "find_opening",
    "hours_of",
    "is_e164",
    "is_official",
    "is_open",
    "make_banner",
    "make_hours",
    "numbers_of",
    "parse_numbers",
]
