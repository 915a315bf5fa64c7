"""The range of each limit of a rule and of each weight of a risk. A value outside of it means nothing, or is more than
a memory holds. A rule itself says which limits cannot hold together (`Detector.relations`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from hotline.contracts.limits import CONTACT_POINTS_MAX, INTEGER_MAX

from .detectors import (
    Detector,
    card_testing,
    distributed_guessing,
    drain,
    history,
    journeys,
    slow_stuffing,
    source_tries,
)
from .detectors.rule import DAY_MS
from .model import WATCH_LIVES
from .score import DIVISORS, RISK_MAX, VELOCITY_FROM

PARTS_MAX: Final = 1000
"""All of a thing in thousandths."""
COUNT_MAX: Final = 1000
"""A rule keeps some sixty bytes of each event that it counts, and the watch of a subject is one item of 400 KB."""
TIMES_MAX: Final = 1000.0
"""So many times what is usual, or so many deviations above it: nobody's money reaches that."""
SPEED_MAX_KM_H: Final = 40_000
"""Escape velocity."""
DISTANCE_MAX_KM: Final = 20_037
"""Half of the equator: no two places are further apart."""
SIGNS_MAX: Final = 9
"""The points of all signs of `pass_through` together."""
HALF_LIFE_MAX_MS: Final = 400 * DAY_MS
"""The life of an account's watch."""
_MS: Final = "_ms"


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a setting may have, both ends included. `is_open`: all but the low end itself."""

    low: float
    high: float
    is_open: bool = False

    def has(self, value: float) -> bool:
        """Whether the value lies in it."""
        return (self.low < value if self.is_open else self.low <= value) and value <= self.high

    def say(self, noun: str) -> str:
        """The values as words, e.g. `a whole number from 1 to 1,000`."""
        begin = f"above {_write(self.low)}, up to" if self.is_open else f"from {_write(self.low)} to"
        return f"{noun} {begin} {_write(self.high)}"


ABOVE_ZERO: Final = frozenset(
    {"account_days", "accounts", "addresses", "approvals", "burst", "burst_middle", "burst_ms", "codes", "day_count",
     "deviations", "devices", "found_days", "frauds", "half_life_ms", "hour_count", "own_days", "points", "quick_ms",
     "ratio", "refunds", "seen_days", "series", "series_ms", "slices", "speed_km_h", "success_ms", "tries",
     "window_ms"}
)  # fmt: skip
"""The limits that mean nothing at 0 in any rule: a pattern of no events, or of no time. Others may be 0, such as the
quiet after a finding; a rule names its own in `positive`."""
MOST: Final[Mapping[tuple[str, str], float]] = {
    ("card_testing", "tries"): card_testing.TRIES_MAX,
    ("credential_stuffing", "accounts"): source_tries.TRIES_MAX,
    ("credential_stuffing", "tries"): source_tries.TRIES_MAX,
    ("drain", "slices"): drain.SLICES_MAX,
    ("impossible_travel", "floor_km"): DISTANCE_MAX_KM,
    ("impossible_travel", "speed_km_h"): SPEED_MAX_KM_H,
    ("one_contact_point", "points"): CONTACT_POINTS_MAX,
    ("pass_through", "fresh_movements"): history.MOVEMENTS_MAX,
    ("pass_through", "points"): SIGNS_MAX,
    ("password_spray", "accounts"): source_tries.TRIES_MAX,
    ("password_spray", "tries"): source_tries.TRIES_MAX,
    ("slow_stuffing", "accounts"): slow_stuffing.ACCOUNTS_MAX,
    ("success_after_attack", "burst"): distributed_guessing.TRIES_MAX,
    ("spend_anomaly", "excess_min"): history.EXCESS_MAX,
    ("two_countries", "window_ms"): journeys.MEMORY_MS,
    ("velocity", "day_count"): history.SPENDING_MAX,
    ("velocity", "hour_count"): history.SPENDING_MAX,
    ("velocity", "sum_count"): history.SPENDING_MAX,
}
"""The limits above which a rule would find nothing, or nothing more: most of them are what its memory keeps."""
LEAST: Final[Mapping[tuple[str, str], float]] = {
    ("impossible_travel", "forgotten_ms"): DAY_MS,
    ("two_countries", "forgotten_ms"): DAY_MS,
}
"""The limits below which a rule would remember nothing: pairs of places are known by days."""
OF_ALL: Final = ("pass_through", "over_permille")
"""The one limit in thousandths that may be above all: how much more may go than came."""

_WEIGHTS_MOST: Final[Mapping[str, float]] = {
    **dict.fromkeys(
        ("amount", "hour", "first_time", "velocity", "burst", "share", "findings", "labels", "party"), RISK_MAX
    ),
    **dict.fromkeys(
        (
            "amount_from",
            "amount_full",
            "spread_floor",
            "velocity_full",
            "burst_full",
            "burst_own_from",
            "burst_own_full",
        ),
        TIMES_MAX,
    ),
    **dict.fromkeys(("share_from", "party_rate_usual"), 1.0),
    **dict.fromkeys(("party_frauds_full", "labels_full"), history.LABELS_MAX),
    **dict.fromkeys(("findings_half_life_ms", "risk_half_life_ms"), HALF_LIFE_MAX_MS),
}
_WEIGHTS_LEAST: Final[Mapping[str, float]] = {"velocity_full": VELOCITY_FROM}
WEIGHTS: Final[Mapping[str, Range]] = {
    name: Range(_WEIGHTS_LEAST.get(name, 0), most, is_open=name in DIVISORS) for name, most in _WEIGHTS_MOST.items()
}
"""The ranges of the weights of a risk."""
BANDS: Final = Range(1.0, RISK_MAX)
"""The range of the points from which a risk is raised, and high."""


def range_of(detector: Detector[Any], name: str) -> Range:
    """The range of a limit of a rule, in its own unit. That of a table of amounts is one of each amount."""
    least = LEAST.get((detector.rule, name))
    if least is not None:
        return Range(least, _most_of(detector, name))
    is_open, most = name in detector.positive or name in ABOVE_ZERO, _most_of(detector, name)
    # A whole number above 0 is one from 1 on. A time is whole in milliseconds alone, and settings tell minutes.
    if is_open and type(most) is int and not name.endswith(_MS):
        return Range(1, most)
    return Range(0, most, is_open=is_open)


def _most_of(detector: Detector[Any], name: str) -> float:
    most = MOST.get((detector.rule, name))
    if most is not None:
        return most
    if name.endswith(_MS):
        return WATCH_LIVES[detector.stream] // timedelta(milliseconds=1)
    if name.endswith("_minor"):
        return INTEGER_MAX
    if name.endswith("_permille"):
        return 2 * PARTS_MAX if (detector.rule, name) == OF_ALL else PARTS_MAX
    if name.endswith("_percent"):
        return 100
    return COUNT_MAX if type(getattr(detector.limits, name)) is int else TIMES_MAX


def _write(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"
