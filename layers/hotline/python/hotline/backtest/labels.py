"""Labels: what people know about a history, which the rules do not see."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hotline.kit.text import is_unicode
from hotline.security.settings import end_sentence, say_unknown

from .inputs import read_lines
from .lines import ms_of_text
from .model import BacktestError, Unusable

FOREVER_MS: Final = 1 << 62
FIELD_CHARACTERS_MAX: Final = 40
"""So much of an unknown name is repeated."""


@dataclass(slots=True)
class Labels:
    """Whether movements, events and accounts were fraud. A thing without a label counts as honest.

    `accounts`: [from, to, fraud] in milliseconds, `to` not included.
    """

    movements: dict[str, bool] = field(default_factory=dict)
    events: dict[str, bool] = field(default_factory=dict)
    accounts: dict[str, list[tuple[int, int, bool]]] = field(default_factory=dict)

    def judge_account(self, account: str, first_ms: int, last_ms: int) -> bool | None:
        """Whether the account was in the hands of fraud at some moment from the first to the last; None without a
        label for it."""
        found = [
            fraud for since, until, fraud in self.accounts.get(account, ()) if since <= last_ms and first_ms < until
        ]
        return any(found) if found else None

    def judge_movement(self, movement_id: str, event_ids: list[str], account: str, at_ms: int) -> bool | None:
        """Whether the movement was fraud: by its own label, else that of one of its events, else its account's; None
        without a label for it."""
        own = self.movements.get(movement_id)
        if own is not None:
            return own
        of_events = [self.events[id_] for id_ in event_ids if id_ in self.events]
        if of_events:
            return any(of_events)
        return self.judge_account(account, at_ms, at_ms)

    def judge_event(self, event_id: str, account: str, at_ms: int) -> bool:
        """Whether an event that is no movement was fraud: by its own label, else its account's."""
        own = self.events.get(event_id)
        return bool(self.judge_account(account, at_ms, at_ms)) if own is None else own

    def count(self) -> dict[str, int]:
        """The labels by what they are about."""
        spans = sum(map(len, self.accounts.values()))
        return {"movements": len(self.movements), "events": len(self.events), "accounts": spans}

    def fraudulent_accounts(self, since_ms: int = 0, until_ms: int = FOREVER_MS) -> list[str]:
        """The accounts that were in the hands of fraud at some moment from `since_ms` to before `until_ms`."""
        return sorted(name for name in self.accounts if self.judge_account(name, since_ms, until_ms - 1))


def read_labels(path: Path) -> Labels:
    """The labels of a file. Raises Unusable for a line that is no label, and for one that contradicts an earlier line.
    A label that is left out would make every figure wrong."""
    labels = Labels()
    for number, line in read_lines(path):
        if line.isspace():
            continue
        try:
            _read_label(labels, json.loads(line, object_pairs_hook=_take_once))
        except _Refused as refused:
            sentence = f"{path}, line {number} is no label: {end_sentence(str(refused))}"
            raise Unusable(BacktestError.BAD_LABEL, sentence) from None
        except (ValueError, RecursionError):
            sentence = f"{path}, line {number} is no label: it is no JSON object in UTF-8."
            raise Unusable(BacktestError.BAD_LABEL, sentence) from None
    return labels


class _Refused(Exception):
    """The reason for which a label cannot be taken, as the end of a sentence."""


def _take_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise _Refused("a field stands there twice")
    return told


def _read_label(labels: Labels, told: object) -> None:
    if not isinstance(told, dict):
        raise _Refused("it is no JSON object in UTF-8")
    _check_fields(told)
    fraud = told.get("fraud")
    names = [name for name in ("movement_id", "event_id", "account") if name in told]
    if len(names) != 1:
        raise _Refused("one of movement_id, event_id and account is needed")
    if not isinstance(fraud, bool):
        raise _Refused("fraud is needed, true or false without quotes")
    if names[0] != "account":
        for field_name in _SPAN:
            if field_name in told:
                raise _Refused(f"{field_name} belongs to a label of an account, and {names[0]} has a time of its own")
    name = told[names[0]]
    if not isinstance(name, str) or not name:
        raise _Refused(f"{names[0]} is a text that is not empty, also where the id is a number")
    if not is_unicode(name):
        raise _Refused(f"{names[0]} has half of a character")
    if names[0] == "account":
        _add_span(labels.accounts.setdefault(name, []), told, is_fraud=fraud)
        return
    known = labels.movements if names[0] == "movement_id" else labels.events
    if known.setdefault(name, fraud) is not fraud:
        raise _Refused(f"an earlier line says the contrary of the same {names[0]}")


_SPAN: Final = ("from", "to")
_FIELDS: Final = ("movement_id", "event_id", "account", "fraud", *_SPAN)


def _check_fields(told: dict[str, object]) -> None:
    """Raise _Refused for a field that no label has: a slip in `to` would make all of an account's time fraud."""
    for name in told:
        if name not in _FIELDS:
            raise _Refused(f"{name[:FIELD_CHARACTERS_MAX]}: {say_unknown('field', name, _FIELDS)}")


def _add_span(spans: list[tuple[int, int, bool]], told: dict[str, object], *, is_fraud: bool) -> None:
    since, until = _read_time(told, "from", 0), _read_time(told, "to", FOREVER_MS)
    if since >= until:
        raise _Refused("from must be before to")
    if any(other is not is_fraud and begin < until and since < end for begin, end, other in spans):
        raise _Refused("an earlier line says the contrary of the same account at the same time")
    spans.append((since, until, is_fraud))


def _read_time(told: dict[str, object], name: str, missing_ms: int) -> int:
    text = told.get(name)
    if text is None:
        return missing_ms
    try:
        if isinstance(text, str):
            return ms_of_text(text)
    except (ValueError, OverflowError):
        pass
    raise _Refused(f"{name} is a time with an offset, such as 2026-11-01T00:00:00Z")
