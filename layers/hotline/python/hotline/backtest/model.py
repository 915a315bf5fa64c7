"""The nouns of a backtest that others see: why it ends, and the order of a run beyond one machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from hotline.kit.errors import InvalidInput

from .lines import ms_of_text

SHARES_MAX: Final = 256
"""A split keeps a file open for each share; a function may have 1,024."""
OBJECTS_MAX: Final = 10_000
"""Each object is one item of a map, whose answers travel in one state of at most 256 KB."""
INPUT: Final = "input/"
"""The prefix of what people put into the bucket: histories, labels, settings."""
PARTS: Final = "parts/"
"""The prefix of what the steps of a run leave for each other."""
OUTPUT: Final = "output/"
"""The prefix of the results."""


class BacktestError(StrEnum):
    """Why a backtest cannot be run."""

    BAD_LABEL = "bad_label"
    BAD_ORDER = "bad_order"
    BAD_PREFIX = "bad_prefix"
    BAD_SHARES = "bad_shares"
    BAD_TIME = "bad_time"
    FILE_UNREADABLE = "file_unreadable"
    NO_HISTORY = "no_history"
    NO_OBJECT = "no_object"
    NO_ROOM = "no_room"
    NO_RULE = "no_rule"
    OTHER_HISTORY = "other_history"
    TOO_MANY_BAD_LINES = "too_many_bad_lines"
    TOO_MANY_OBJECTS = "too_many_objects"
    WORKER_LOST = "worker_lost"


class Unusable(InvalidInput):
    """The history, its labels, or the order of the run cannot be used. `sentence` says it to whoever ordered it."""

    def __init__(self, code: BacktestError, sentence: str) -> None:
        super().__init__(code)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order of a run as its steps read it: everything that decides its result but the history itself."""

    run: str
    """The run's name, which no other run of the bucket has."""
    history: str
    """The prefix of the objects of the history."""
    shares: int
    settings: str
    """The tables of settings as TOML, as they were at the start of the run."""
    only: tuple[str, ...] | None
    """The rules that judge, whatever the settings say; None: those that are on."""
    labels: str | None
    """The key of the labels."""
    since_ms: int
    until_ms: int
    ranked: bool
    """Whether movements and accounts are ranked."""

    def to_text(self) -> str:
        """The plan as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def of_text(cls, text: bytes) -> Plan:
        """The plan that `to_text` wrote."""
        told: dict[str, Any] = json.loads(text)
        only = told.pop("only")
        return cls(only=None if only is None else tuple(only), **told)


def read_order(order: Mapping[str, object], run: str) -> Plan:
    """The plan of an order without its settings: `history`, and if wished `shares`, `detectors`, `labels`, `from`,
    `to` and `ranked`. Raises Unusable."""
    known = {"history", "shares", "settings", "detectors", "labels", "from", "to", "ranked"}
    if unknown := sorted(order.keys() - known):
        raise Unusable(BacktestError.BAD_ORDER, f"The order has no field {unknown[0]}; there are {sorted(known)}.")
    shares, detectors, ranked = order.get("shares", 16), order.get("detectors"), order.get("ranked", True)
    if not isinstance(shares, int) or isinstance(shares, bool) or not 1 <= shares <= SHARES_MAX:
        raise Unusable(BacktestError.BAD_SHARES, f"shares is a number from 1 to {SHARES_MAX}.")
    if not isinstance(ranked, bool):
        raise Unusable(BacktestError.BAD_ORDER, "ranked is true or false.")
    if detectors is not None and not (isinstance(detectors, list) and all(isinstance(one, str) for one in detectors)):
        raise Unusable(BacktestError.BAD_ORDER, "detectors is a list of names.")
    since_ms, until_ms = _read_time(order, "from", 0), _read_time(order, "to", 1 << 62)
    if since_ms >= until_ms:
        raise Unusable(BacktestError.BAD_TIME, "from must be before to.")
    history = read_key(order, "history")
    if history is None:
        raise Unusable(BacktestError.BAD_PREFIX, "The order needs history, the prefix of its objects.")
    return Plan(
        run=run,
        history=history,
        shares=shares,
        settings="",
        only=None if detectors is None else tuple(detectors),
        labels=read_key(order, "labels"),
        since_ms=since_ms,
        until_ms=until_ms,
        ranked=ranked,
    )


def read_key(order: Mapping[str, object], field: str) -> str | None:
    """The key or prefix that a field of an order names. Raises Unusable for one outside of the input."""
    key = order.get(field)
    if key is None:
        return None
    if not isinstance(key, str) or not key.startswith(INPUT) or key == INPUT:
        raise Unusable(BacktestError.BAD_PREFIX, f"{field} begins with {INPUT} and goes on.")
    return key


def _read_time(order: Mapping[str, object], field: str, missing_ms: int) -> int:
    text = order.get(field)
    if text is None:
        return missing_ms
    try:
        if isinstance(text, str):
            return ms_of_text(text)
    except ValueError:
        pass
    raise Unusable(BacktestError.BAD_TIME, f"{field} is a time with an offset, such as 2026-11-01T00:00:00Z.")
