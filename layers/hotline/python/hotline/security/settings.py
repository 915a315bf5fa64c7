"""The rules that are on, with their limits, and the weights of a risk: `detection.toml`, or a file of the same form.
Pure but for reading it.

The file has a table for each rule: `on`, and limits by the names of the detector's own. A limit `window_ms` is written
in minutes, as `window_minutes`. The table `score` has the weights of security/score.py in the same way, and `risk` the
bands of an account's risk. A table, limit or weight that is left out stays as it ships. Unknown names and values
that cannot hold are errors: a misspelt limit must not pass for one that was set.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from hotline.kit.errors import InvalidInput

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
from .detectors.rule import MINUTE_MS
from .detectors.shipped import DETECTORS
from .model import WATCH_LIVES
from .rules import Bands, RuleSet
from .score import DIVISORS, RISK_MAX, Weights

SHIPPED_FILE: Final = Path(__file__).with_name("detection.toml")
ON: Final = "on"
SCORE: Final = "score"
"""The table of the weights of a risk."""
RISK: Final = "risk"
"""The name of the table of bands."""
WHOLE: Final = "-"
"""The place of a fault of a whole table, or of the whole file."""
OTHERS: Final = ""
"""The name of every other currency in a table of amounts (detectors/floors.py)."""
NOT_ABOVE_0: Final = "a number above 0 is needed"
_MS, _MINUTES = "_ms", "_minutes"
ABOVE_ZERO: Final = frozenset(
    {"accounts", "addresses", "approvals", "burst", "burst_ms", "codes", "day_count", "deviations", "devices", "frauds",
     "half_life_ms", "hour_count", "points", "quick_ms", "ratio", "refunds", "slices", "speed_km_h", "success_ms",
     "tries", "window_ms"}
)  # fmt: skip
"""The limits that mean nothing at 0 in any rule: a pattern of no events, or of no time. Others may be 0, such as the
quiet after a finding; a rule names its own in `positive`."""
MOST: Final[Mapping[tuple[str, str], int]] = {
    ("card_testing", "tries"): card_testing.TRIES_MAX,
    ("credential_stuffing", "accounts"): source_tries.TRIES_MAX,
    ("credential_stuffing", "tries"): source_tries.TRIES_MAX,
    ("drain", "slices"): drain.SLICES_MAX,
    ("password_spray", "accounts"): source_tries.TRIES_MAX,
    ("password_spray", "tries"): source_tries.TRIES_MAX,
    ("slow_stuffing", "accounts"): slow_stuffing.ACCOUNTS_MAX,
    ("success_after_attack", "burst"): distributed_guessing.TRIES_MAX,
    ("two_countries", "window_ms"): journeys.MEMORY_MS,
    ("velocity", "day_count"): history.SPENDING_MAX,
    ("velocity", "hour_count"): history.SPENDING_MAX,
}
"""The limits of rules whose memory keeps so much and no more. Above that a rule would find nothing, or nothing more."""


class BadSettings(InvalidInput):
    """A table or key of the settings is unknown, or has a value that cannot hold. `table` and `key` name the place;
    `key` is WHOLE for a whole table."""

    code = "bad_settings"

    def __init__(self, table: str, key: str, why: str) -> None:
        super().__init__(table=table, key=key, why=why)
        self.table = table
        self.key = key
        self.why = why

    def __str__(self) -> str:
        place = f"[{self.table}]" if self.key == WHOLE else f"[{self.table}] {self.key}"
        return f"{place}: {self.why}"


def read_settings(text: str | None = None, detectors: Sequence[Detector[Any]] = DETECTORS) -> RuleSet:
    """The rules that the settings switch on. `text`: TOML; None: the file that ships. Raises BadSettings."""
    tables = parse_settings(text)
    return RuleSet.of(choose_rules(tables, detectors), read_weights(tables), bands=read_bands(tables))


@cache
def read_shipped_rules() -> RuleSet:
    """The rules of the file that ships, read once a process. Raises BadSettings."""
    return read_settings()


def parse_settings(text: str | None = None) -> Mapping[str, Any]:
    """The tables of the settings. Raises BadSettings for what is no TOML."""
    try:
        return tomllib.loads(SHIPPED_FILE.read_text(encoding="utf-8") if text is None else text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSettings(WHOLE, WHOLE, f"this is not TOML: {fault}") from None


def read_bands(tables: Mapping[str, Any]) -> Bands:
    """The bands of an account's risk. Raises BadSettings for bounds outside of 1 to RISK_MAX, and for a high risk that
    begins below a raised one."""
    table = tables.get(RISK, {})
    if not isinstance(table, Mapping):
        raise BadSettings(RISK, WHOLE, "this is not a table of bounds")
    known = [one.name for one in fields(Bands)]
    for key, value in table.items():
        if key not in known:
            raise BadSettings(RISK, key, f"there is no such bound; there are {', '.join(known)}")
        if not 1 <= _read_number(RISK, key, value, 0.0) <= RISK_MAX:
            raise BadSettings(RISK, key, f"a number from 1 to {RISK_MAX:g} is needed")
    bands = Bands(**{key: float(value) for key, value in table.items()})
    if bands.high_from < bands.raised_from:
        raise BadSettings(RISK, "high_from", "a high risk cannot begin below a raised one")
    return bands


def choose_rules(
    tables: Mapping[str, Any], detectors: Sequence[Detector[Any]] = DETECTORS, only: Iterable[str] | None = None
) -> list[tuple[Detector[Any], Any]]:
    """The detectors that are on, with their limits, in the order in which they judge. `only`: the names of the rules
    that are on, whatever the settings say. Raises BadSettings."""
    by_rule = {detector.rule: detector for detector in detectors}
    for name in tables:
        if name not in by_rule and name not in (SCORE, RISK):
            raise BadSettings(name, WHOLE, f"there is no such rule; there are {', '.join(sorted(by_rule))}")
    chosen = None if only is None else set(only)
    for name in sorted(chosen or ()):
        if name not in by_rule:
            raise BadSettings(name, WHOLE, f"there is no such rule; there are {', '.join(sorted(by_rule))}")
    read = [(detector, *_read_table(detector, tables.get(detector.rule, {}))) for detector in detectors]
    return [
        (detector, limits) for detector, is_on, limits in read if (is_on if chosen is None else detector.rule in chosen)
    ]


def read_weights(tables: Mapping[str, Any]) -> Weights:
    """The weights of a risk. Raises BadSettings."""
    table = tables.get(SCORE, {})
    if not isinstance(table, Mapping):
        raise BadSettings(SCORE, WHOLE, "this is not a table of weights")
    weights: Weights = _replace(SCORE, Weights(), table, "weight")
    for name in DIVISORS:
        if not getattr(weights, name):
            raise BadSettings(SCORE, key_of(name), NOT_ABOVE_0)
    return weights


def replace_limits(detector: Detector[Any], limits: Any, table: Mapping[str, Any]) -> Any:
    """The limits with those of a table in their place. Raises BadSettings."""
    replaced = _replace(detector.rule, limits, table, "limit")
    for name in sorted(detector.positive | ABOVE_ZERO & {field.name for field in fields(limits)}):
        value = getattr(replaced, name)
        if not all(value.values() if isinstance(value, Mapping) else (value,)):
            raise BadSettings(detector.rule, key_of(name), NOT_ABOVE_0)
    return replaced


def _refuse_beyond_memory(detector: Detector[Any], limits: Any, told: Iterable[str]) -> None:
    """Raise BadSettings for a limit, of those that the settings tell, that the rule's memory cannot serve."""
    life_ms = WATCH_LIVES[detector.stream] // timedelta(milliseconds=1)
    names = [field.name for field in fields(limits) if key_of(field.name) in told]
    for name in names:
        value, key = getattr(limits, name), key_of(name)
        most = MOST.get((detector.rule, name), life_ms if name.endswith(_MS) else None)
        if most is not None and value > most:
            shown, unit = (most / MINUTE_MS, " minutes") if name.endswith(_MS) else (most, "")
            raise BadSettings(detector.rule, key, f"the memory of the rule holds no more than {shown:g}{unit}")


def _replace(name: str, numbers: Any, table: Mapping[str, Any], noun: str) -> Any:
    names = {key_of(field.name): field.name for field in fields(numbers)}
    changed = {}
    for key, value in table.items():
        if key not in names:
            raise BadSettings(name, key, f"there is no such {noun}; there are {', '.join(names)}")
        changed[names[key]] = _read_limit(name, key, value, getattr(numbers, names[key]))
    return replace(numbers, **changed)


def key_of(name: str) -> str:
    """The key of a limit in the settings."""
    return name.removesuffix(_MS) + _MINUTES if name.endswith(_MS) else name


def _read_table(detector: Detector[Any], table: object) -> tuple[bool, Any]:
    if not isinstance(table, Mapping):
        raise BadSettings(detector.rule, WHOLE, "this is not a table of a rule")
    is_on = table.get(ON, detector.is_published)
    if not isinstance(is_on, bool):
        raise BadSettings(detector.rule, ON, "only true and false are possible")
    limits = {key: value for key, value in table.items() if key != ON}
    read = replace_limits(detector, detector.limits, limits)
    _refuse_beyond_memory(detector, read, limits.keys())
    return is_on, read


def _read_limit(rule: str, key: str, value: object, shipped: object) -> object:
    """A limit of the kind that ships. Raises BadSettings."""
    if isinstance(shipped, Mapping):
        if not isinstance(value, Mapping) or not value:
            raise BadSettings(rule, key, "a table of names and numbers is needed")
        if OTHERS in shipped and OTHERS not in value:
            raise BadSettings(rule, key, 'a number for every other currency is needed, named ""')
        example = next(iter(shipped.values()), 0)
        return {name: _read_number(rule, f"{key}.{name}", one, example) for name, one in value.items()}
    if isinstance(shipped, tuple):
        if not isinstance(value, list) or not value:
            raise BadSettings(rule, key, "a list of numbers is needed")
        return tuple(_read_number(rule, key, one, shipped[0] if shipped else 0) for one in value)
    if isinstance(shipped, bool):
        if not isinstance(value, bool):
            raise BadSettings(rule, key, "only true and false are possible")
        return value
    if key.endswith(_MINUTES):
        return round(_read_number(rule, key, value, 0.0) * MINUTE_MS)
    return _read_number(rule, key, value, shipped)


def _read_number(rule: str, key: str, value: object, example: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadSettings(rule, key, "a number is needed")
    if value < 0:
        raise BadSettings(rule, key, "a number of at least 0 is needed")
    if isinstance(example, int) and not isinstance(value, int):
        raise BadSettings(rule, key, "a whole number is needed")
    return float(value) if isinstance(example, float) else value
