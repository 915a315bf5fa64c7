"""The rules that are on, with their limits, and the weights of a risk: `detection.toml`, or a file of the same form.
Pure but for reading it.

The file has a table for each rule: `on`, and limits by the names of the detector's own. A limit `window_ms` is written
in minutes, as `window_minutes`. The table `score` has the weights of security/score.py in the same way, and `risk` the
bands of an account's risk. A table, limit or weight that is left out stays as it ships. Unknown names and values
that cannot hold (bounds.py) are errors: a misspelt limit must not pass for one that was set. So are settings that
contradict each other (`Detector.relations`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from hotline.contracts.limits import CURRENCIES
from hotline.kit.errors import InvalidInput

from .bounds import BANDS, WEIGHTS, Range, range_of
from .detectors import Detector
from .detectors.floors import floor_of
from .detectors.rule import MINUTE_MS, Relation
from .detectors.shipped import DETECTORS
from .rules import BANDS_RELATIONS, Bands, RuleSet
from .score import RELATIONS, Weights

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
_MS, _MINUTES = "_ms", "_minutes"
SHOWN_CHARACTERS_MAX: Final = 40
"""So much of a value that cannot hold is repeated."""
SHOWN_INTEGER_MAX: Final = 10**SHOWN_CHARACTERS_MAX
PART_CHARACTERS_MIN: Final = 3
"""So much of a name is a part by which it is found."""


class BadSettings(InvalidInput):
    """A table or key of the settings is unknown, or has a value that cannot hold, alone or with others. `table` and
    `key` name the place; `key` is WHOLE for a whole table. `file`: the name of the file, where it is known."""

    code = "bad_settings"

    def __init__(self, table: str, key: str, why: str) -> None:
        super().__init__(table=table, key=key, why=why)
        self.table = table
        self.key = key
        self.why = why
        self.file: str | None = None

    def __str__(self) -> str:
        before = "" if self.file is None else f"{self.file}: "
        if self.table == WHOLE:
            return f"{before}{self.why}"
        place = f"[{self.table}]" if self.key == WHOLE else f"[{self.table}] {self.key}"
        return f"{before}{place}: {self.why}"


@contextmanager
def name_file(file: str) -> Iterator[None]:
    """Let a refusal within name the file that the settings are from."""
    try:
        yield
    except BadSettings as bad:
        bad.file = file
        raise


def read_settings(text: str | None = None, detectors: Sequence[Detector[Any]] = DETECTORS) -> RuleSet:
    """The rules that the settings switch on. `text`: TOML; None: the file that ships. Raises BadSettings."""
    tables = parse_settings(text)
    return RuleSet.of(choose_rules(tables, detectors), read_weights(tables), bands=read_bands(tables))


@cache
def read_shipped_rules() -> RuleSet:
    """The rules of the file that ships, read once a process. Raises BadSettings."""
    with name_file(SHIPPED_FILE.name):
        return read_settings()


def parse_settings(text: str | None = None) -> Mapping[str, Any]:
    """The tables of the settings. Raises BadSettings for what is no TOML."""
    try:
        return tomllib.loads(SHIPPED_FILE.read_text(encoding="utf-8") if text is None else text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSettings(WHOLE, WHOLE, f"this is not TOML: {fault}") from None
    except (ValueError, RecursionError):
        # The parser of Python gives up at a number of thousands of digits, and at lists within lists.
        raise BadSettings(WHOLE, WHOLE, "a number is too long, or values are nested too deeply") from None


def read_bands(tables: Mapping[str, Any]) -> Bands:
    """The bands of an account's risk. Raises BadSettings for bounds outside of 1 to RISK_MAX, and for a high risk that
    begins below a raised one."""
    table = tables.get(RISK, {})
    if not isinstance(table, Mapping):
        raise BadSettings(RISK, WHOLE, "this is not a table of bounds")
    bands: Bands = _replace(RISK, Bands(), table, "bound", lambda _: BANDS, BANDS_RELATIONS)
    return bands


def choose_rules(
    tables: Mapping[str, Any], detectors: Sequence[Detector[Any]] = DETECTORS, only: Iterable[str] | None = None
) -> list[tuple[Detector[Any], Any]]:
    """The detectors that are on, with their limits, in the order in which they judge. `only`: the names of the rules
    that are on, whatever the settings say. Raises BadSettings."""
    by_rule = {detector.rule: detector for detector in detectors}
    for name in tables:
        if name not in by_rule and name not in (SCORE, RISK):
            raise BadSettings(name, WHOLE, say_unknown("table", name, [*sorted(by_rule), SCORE, RISK]))
    chosen = None if only is None else set(only)
    refuse_unknown_rules(chosen or (), detectors)
    read = [(detector, *_read_table(detector, tables.get(detector.rule, {}))) for detector in detectors]
    return [
        (detector, limits) for detector, is_on, limits in read if (is_on if chosen is None else detector.rule in chosen)
    ]


def refuse_unknown_rules(names: Iterable[str], detectors: Sequence[Detector[Any]] = DETECTORS) -> None:
    """Raise BadSettings for a name that no rule has, the first by the alphabet."""
    known = sorted(detector.rule for detector in detectors)
    for name in sorted(names):
        if name not in known:
            raise BadSettings(name, WHOLE, say_unknown("rule", name, known))


def read_weights(tables: Mapping[str, Any]) -> Weights:
    """The weights of a risk. Raises BadSettings."""
    table = tables.get(SCORE, {})
    if not isinstance(table, Mapping):
        raise BadSettings(SCORE, WHOLE, "this is not a table of weights")
    weights: Weights = _replace(SCORE, Weights(), table, "weight", lambda name: WEIGHTS[name], RELATIONS)
    return weights


def replace_limits(detector: Detector[Any], limits: Any, table: Mapping[str, Any]) -> Any:
    """The limits with those of a table in their place. Raises BadSettings."""
    return _replace(detector.rule, limits, table, "limit", lambda name: range_of(detector, name), detector.relations)


def _replace(
    table: str,
    numbers: Any,
    given: Mapping[str, Any],
    noun: str,
    range_of_name: Callable[[str], Range],
    relations: Iterable[Relation],
) -> Any:
    names = {key_of(field.name): field.name for field in fields(numbers)}
    changed = {}
    for key, value in given.items():
        if key not in names:
            raise BadSettings(table, key, say_unknown(noun, key, names))
        name = names[key]
        changed[name] = _read_limit(table, key, value, getattr(numbers, name), range_of_name(name))
    made = replace(numbers, **changed)
    for relation in relations:
        _check_relation(table, made, given, relation)
    return made


def _check_relation(table: str, numbers: Any, given: Mapping[str, Any], relation: Relation) -> None:
    """Raise BadSettings where values of a table contradict each other, with all of them as they would be written."""
    values = [(name, getattr(numbers, name)) for name in relation.names]
    # Two tables of amounts need not name the same currencies.
    currencies = {currency: None for _, value in values if isinstance(value, Mapping) for currency in value}
    for currency in currencies or (OTHERS,):
        of_one = [floor_of(value, currency) if isinstance(value, Mapping) else value for _, value in values]
        if not relation.holds(*of_one):
            *others, last = (
                _say_setting(name, value, currency, is_given=key_of(name) in given) for name, value in values
            )
            why = f"{', '.join(others)} and {last} contradict each other: {relation.why}"
            raise BadSettings(table, WHOLE, why)


def _say_setting(name: str, value: Any, currency: str, *, is_given: bool) -> str:
    """A setting as it stands in the file, or as it ships; of a table of amounts, that of a currency."""
    key = key_of(name)
    if isinstance(value, Mapping):
        place = currency if currency in value else OTHERS
        key, value = f"{key}.{place or _QUOTES}", value[place]
    elif key != name:
        value = value / MINUTE_MS
    whole = int(value)
    return f"{key} = {whole if whole == value else value}{'' if is_given else ' (as it ships)'}"


def say_unknown(noun: str, name: str, known: Iterable[str]) -> str:
    """The sentence about a name that nothing has, with those that are close to it, or with all. Capitals and hyphens
    are a slip of the hand, and so is a part of a name."""
    # Only a faulty file needs it.
    from difflib import get_close_matches

    names = list(known)
    plain = name.casefold().replace("-", "_")
    # Of one letter nearly every name has a part.
    parts = [one for one in names if plain in one] if len(plain) >= PART_CHARACTERS_MIN else []
    close = get_close_matches(plain, names) or parts
    rest = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names)}"
    return f"there is no such {noun}; {rest}"


def end_sentence(text: str) -> str:
    """The text with the mark that ends it: a question has its own."""
    return text if text.endswith("?") else f"{text}."


def key_of(name: str) -> str:
    """The key of a limit in the settings."""
    return name.removesuffix(_MS) + _MINUTES if name.endswith(_MS) else name


def _read_table(detector: Detector[Any], table: object) -> tuple[bool, Any]:
    if not isinstance(table, Mapping):
        raise BadSettings(detector.rule, WHOLE, "this is not a table of a rule")
    is_on = table.get(ON, detector.is_published)
    if not isinstance(is_on, bool):
        raise BadSettings(detector.rule, ON, f"only true and false are possible, not {_show(is_on)}")
    limits = {key: value for key, value in table.items() if key != ON}
    return is_on, replace_limits(detector, detector.limits, limits)


def _read_limit(table: str, key: str, value: object, shipped: object, bounds: Range) -> object:
    """A limit of the kind that ships. Raises BadSettings."""
    if isinstance(shipped, Mapping):
        if not isinstance(value, Mapping):
            why = f'a table of amounts by currency is needed, such as {{ EUR = 1500, "" = 1500 }}, not {_show(value)}'
            raise BadSettings(table, key, why)
        if OTHERS in shipped and OTHERS not in value:
            raise BadSettings(table, key, f"{'the table is empty; ' if not value else ''}{_NO_OTHERS}")
        for name in value:
            if name != OTHERS and name not in CURRENCIES:
                raise BadSettings(table, f"{key}.{name}", "this is no currency; it has three capitals, such as EUR")
        example = next(iter(shipped.values()), 0)
        return {
            name: _read_number(table, f"{key}.{name or _QUOTES}", one, example, bounds) for name, one in value.items()
        }
    if isinstance(shipped, bool):
        if not isinstance(value, bool):
            raise BadSettings(table, key, f"only true and false are possible, not {_show(value)}")
        return value
    if key.endswith(_MINUTES):
        of_minutes = Range(bounds.low / MINUTE_MS, bounds.high / MINUTE_MS, bounds.is_open)
        found = round(_read_number(table, key, value, 0.0, of_minutes) * MINUTE_MS)
        if not bounds.has(found):
            raise _refuse(table, key, value, 0.0, of_minutes)
        return found
    return _read_number(table, key, value, shipped, bounds)


_QUOTES: Final = '""'
_NO_OTHERS: Final = 'a number for every other currency is needed, named "", as in { EUR = 1500, "" = 1500 }'


def _read_number(table: str, key: str, value: object, example: object, bounds: Range) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not bounds.has(value):
        raise _refuse(table, key, value, example, bounds)
    if isinstance(example, int) and not isinstance(value, int):
        raise _refuse(table, key, value, example, bounds)
    return float(value) if isinstance(example, float) else value


def _refuse(table: str, key: str, value: object, example: object, bounds: Range) -> BadSettings:
    noun = "a whole number" if isinstance(example, int) else "a number"
    return BadSettings(table, key, f"{bounds.say(noun)} is needed, not {_show(value)}")


def _show(value: object) -> str:
    """A value as it may stand in a sentence."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and not -SHOWN_INTEGER_MAX <= value <= SHOWN_INTEGER_MAX:
        # Python writes no number of thousands of digits, which hexadecimal ones may have.
        return "a much smaller one" if value < 0 else "a much larger one"
    text = (
        str(value).lower() if isinstance(value, bool) else json.dumps(value) if isinstance(value, str) else str(value)
    )
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}.."
