"""One line of a history as an event that was told, without pydantic's models: a history has many lines.

A line is a CloudEvents object, or an event of EventBridge with one in `detail`; its type with or without `.v1`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import floor
from typing import Any, Final

from pydantic_core import from_json

from hotline.contracts.limits import NAME_CHARACTERS_MAX
from hotline.contracts.model import FACT_TYPES, VERSION_SUFFIX
from hotline.kit.clock import from_told_text
from hotline.security.detectors.history import DAY_MS

TEXT_CHARACTERS_MAX: Final = NAME_CHARACTERS_MAX
"""The longest id that is read. Ids of data sets may be any text, also a name; those of the contracts are shorter."""
FIRST_DAY: Final = 10_957
"""The beginning of the year 2000, in days since 1970."""
END_DAY: Final = 84_006
"""The beginning of the year 2200."""
LEVELS: Final = 4
"""The deepest field that is read: `detail.data.source.ip`."""


class Fault(StrEnum):
    """Why a line is left out. The words are those of refused facts (contracts.model.Rejection)."""

    NOT_AN_EVENT = "not_an_event"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    BAD_TIME = "bad_time"
    BAD_TEXT = "bad_text"
    BAD_CURRENCY = "bad_currency"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    TOO_LONG = "too_long"


class BadLine(Exception):
    """A line that cannot be judged, by the path of the field; no value is ever repeated."""

    def __init__(self, fault: Fault, field: str = "-") -> None:
        super().__init__(fault.value, field)
        self.fault = fault
        self.field = field


type Told = tuple[int, str, str, str, Mapping[str, Any]]
"""A line as it was told: time in ms since 1970, id, type without version, subject, data. A history has many lines, and
a tuple with names takes several times as long to make."""


_scan: Final[Callable[[str, int], tuple[Any, int]]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def read_line(line: bytes) -> Told:
    """The event of a line. Raises BadLine."""
    try:
        found = from_json(line, cache_strings="keys")
    except ValueError:
        # It takes half the time of json, and refuses a little that json reads, such as half a surrogate pair.
        found = _scan_padded(line)
    if type(found) is not dict:
        raise BadLine(Fault.NOT_AN_EVENT)
    if "type" not in found and type(found.get("detail")) is dict:
        found = found["detail"]
    try:
        id_, type_, time, subject, data = found["id"], found["type"], found["time"], found["subject"], found["data"]
    except KeyError as fault:
        raise BadLine(Fault.MISSING_FIELD, fault.args[0]) from None
    bare_type = _BARE_TYPES.get(type_) if type(type_) is str else None
    if bare_type is None:
        bare_type = _type(type_)
    if type(data) is not dict:
        raise BadLine(Fault.BAD_VALUE, "data")
    at_ms = _ms_of(time)
    if type(id_) is not str or not 0 < len(id_) <= TEXT_CHARACTERS_MAX:
        raise bad_text(id_, "id")
    if type(subject) is not str or not 0 < len(subject) <= TEXT_CHARACTERS_MAX:
        raise bad_text(subject, "subject")
    return at_ms, id_, bare_type, subject, data


def _type(value: object) -> str:
    """The type without its version. Raises BadLine for what is no text. Any other text is a type that nobody knows."""
    if type(value) is not str:
        raise BadLine(Fault.BAD_VALUE, "type")
    return value.removesuffix(VERSION_SUFFIX)


def _scan_padded(line: bytes) -> Any:
    """The value of a line, maybe with space around it, as json reads it. Raises BadLine."""
    try:
        # Files that were put together may have a mark of the byte order in front of any line.
        text = line.decode("utf-8-sig").strip()
        found, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError):
        raise BadLine(Fault.NOT_AN_EVENT) from None
    if end != len(text):
        raise BadLine(Fault.NOT_AN_EVENT)
    return _mark_broken(found, LEVELS)


class BrokenText(str):
    """A text with half a surrogate pair, which nobody can store. json alone reads one. The checks of fields refuse it
    by its type, and need not look into every text of every line."""

    __slots__ = ()


def _mark_broken(value: Any, levels: int) -> Any:
    """The value with each text that cannot be stored as a BrokenText, so many objects deep."""
    if type(value) is dict and levels:
        return {name: _mark_broken(one, levels - 1) for name, one in value.items()}
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            return BrokenText(value)
    return value


def ms_of_text(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time with an offset. Raises ValueError."""
    instant = from_told_text(text)
    # The part below the second is taken from the text: a float of seconds would lose a millisecond now and then.
    return floor(instant.replace(microsecond=0).timestamp()) * 1000 + instant.microsecond // 1000


_MS_CHARACTERS: Final = len("2026-11-01T00:00:00.000Z")
_S_CHARACTERS: Final = len("2026-11-01T00:00:00Z")
_OFFSET_CHARACTERS: Final = len("2026-11-01T00:00:00+08:00")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_instant_of: Final = datetime.fromisoformat


def _ms_of(time: Any) -> int:
    """The milliseconds since 1970 of a time with an offset. Raises BadLine."""
    try:
        length = len(time)
        # These characters tell the three usual forms of RFC 3339 from all else that Python reads as a time. A pattern
        # takes half as long as Python takes for the whole time.
        if (
            (
                (length == _MS_CHARACTERS and time[23] == "Z" and time[19] == ".")
                or (length == _S_CHARACTERS and time[19] == "Z")
                or (length == _OFFSET_CHARACTERS and time[22] == ":")
            )
            and time[7] == "-"
            and time[10] == "T"
            and time[16] == ":"
        ):
            since = _instant_of(time) - _EPOCH
        else:
            since = from_told_text(time) - _EPOCH
    except (TypeError, ValueError, OverflowError, LookupError):
        raise BadLine(Fault.BAD_TIME, "time") from None
    # A table of texts is no faster: the memories of subjects push it out of the processor's cache.
    days = since.days
    if FIRST_DAY <= days < END_DAY:
        return days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    raise BadLine(Fault.BAD_TIME, "time")


def bad_text(value: object, field: str, characters_max: int = TEXT_CHARACTERS_MAX) -> BadLine:
    """The fault of a value that is no text, or one that is empty, too long or broken."""
    if type(value) is str and len(value) > characters_max:
        return BadLine(Fault.TOO_LONG, field)
    is_broken = isinstance(value, BrokenText) and len(value) <= characters_max
    return BadLine(Fault.BAD_TEXT if is_broken else Fault.BAD_VALUE, field)


_BARE_TYPES: Final = {name + version: name for name in FACT_TYPES for version in ("", VERSION_SUFFIX)}
"""The types of facts, as they may be told, without their version."""
