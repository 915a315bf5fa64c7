"""Rows of the activity table as the scan reads them, and what a finding keeps of their events."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from hotline.kit.clock import from_text
from hotline.kit.store import Between, Query, Table

from .activity import NAMED, SUBJECT, activity_partition, values_of
from .detectors import Event, Stream
from .detectors.history import BY_PEOPLE, LEFT, OUTWARD_KINDS
from .detectors.rule import Hit, Signal
from .model import ACCOUNTS_MAX, NamedMovement, Row
from .streams import ID_CHARACTERS_MAX, shorten_over

PAGE_ROWS: Final = 500
"""Rows of one query."""
_LOGIN: Final = Signal.LOGIN_SUCCEEDED.value
_PARTY_END: Final = "party_end"
"""The value of an event with the rest of a payee's hash. Rules do without it. A finding names the payee by the whole
hash, or nobody would find the payee's own record."""
IS_SHORT: Final = "is_short"
"""The attribute of a row whose movement has the name of a memory: nobody keeps more of a finding's movements. Earlier
releases do not know it. They shorten the name again, and count a label of another movement."""
_LONG_IDS: Final = ("movement_id", "refund_id")
_NAME_BYTES: Final = 4
_HASH_CHARACTERS: Final = 2 * _NAME_BYTES
_SOURCE_HASHES: Final = ("ip", "device", "country")
_HASHES: Final = {Stream.ACCOUNT: (*_SOURCE_HASHES, "party"), Stream.SOURCE: _SOURCE_HASHES}
"""The values that are keyed hashes. A row has 64 bits of each, and a memory 32, as marks have. The party of a party's
own row is an account, and stays whole."""


def rows_query(stream: Stream, hour: datetime, shard: int, *, after: str, before: str) -> Query:
    """One page of an hour's rows behind the position `after` and before another one.

    A space sorts before everything that an id is made of, and the `#` before it.
    """
    partition = activity_partition(stream, hour, shard)
    return Query(Table.ACTIVITY, partition, Between(f"{after} ", before), limit=PAGE_ROWS)


def hours_between(after: str, before: str) -> list[datetime]:
    """The beginnings of the hours in which rows between two positions may lie. Empty when there is nothing between
    them, as after a run that went up to the present."""
    if after >= before:
        return []
    hour, end = (from_text(position.split("#", 1)[0]) for position in (after, before))
    hour = hour.replace(minute=0, second=0, microsecond=0)
    hours = []
    while hour < end or (hour == end and "#" in before):
        hours.append(hour)
        hour += timedelta(hours=1)
    return hours


def row_of(stream: Stream, item: Mapping[str, Any]) -> Row:
    """A stored row."""
    position: str = item["SK"]
    values = values_of(item)
    if values.pop(IS_SHORT, None) is None:
        for name in _LONG_IDS:
            if name in values:
                values[name] = name_in_memory(values[name])
    else:
        # Rows of an earlier release do not say so, and only labels that verdicts gave have short names.
        values[BY_PEOPLE] = 1
    if stream is Stream.ACCOUNT and values.get("party_kind") == "payee" and _moves_out(values):
        values[_PARTY_END] = values["party"][_HASH_CHARACTERS:]
    for name in _HASHES.get(stream, ()):
        if name in values:
            values[name] = values[name][:_HASH_CHARACTERS]
    event = Event(shorten_over(item["fact_id"], ID_CHARACTERS_MAX), to_ms(item["at"]), item["type"], values)
    return Row(position, item[SUBJECT[stream]], to_ms(position.split("#", 1)[0]), event, item.get(NAMED))


def _moves_out(values: Mapping[str, Any]) -> bool:
    return values.get("kind") in OUTWARD_KINDS and values.get("direction") != "in" and values["status"] in LEFT


def name_in_memory(id_: str) -> str:
    """A short name of a movement or refund. A watch has up to MOVEMENTS_MAX of them, and pays for each byte. 32 bits
    tell apart those of one subject but once in a hundred million movements."""
    return urlsafe_b64encode(sha256(id_.encode()).digest()[:_NAME_BYTES]).decode().rstrip("=")


def logins_of(events: Iterable[Event]) -> dict[str, int]:
    """The times of an account's events that were logins, by event id, in ms."""
    return {event.id: event.at_ms for event in events if event.type == _LOGIN}


def accounts_in(events: Iterable[Event], hit: Hit) -> tuple[str, ...]:
    """The accounts that got in from an address in the time of a hit, by the events of that address. They come in the
    order in which they got in, at most ACCOUNTS_MAX."""
    logins = [one for one in events if one.type == _LOGIN and hit.started_ms <= one.at_ms <= hit.ended_ms]
    logins.sort(key=lambda one: one.place)
    return tuple(dict.fromkeys(one.values["account"] for one in logins))[:ACCOUNTS_MAX]


def movements_of(events: Iterable[Event]) -> dict[str, NamedMovement]:
    """The movements of an account's events that moved money out, by event id."""
    found = {}
    for event in events:
        values = event.values
        if _moves_out(values):
            party = values["party"] + values[_PARTY_END] if _PARTY_END in values else ""
            found[event.id] = NamedMovement(values["movement_id"], party)
    return found


def to_ms(text: str) -> int:
    """The time of a stored text, in milliseconds since 1970."""
    return round(from_text(text).timestamp() * 1000)


def instant_of_ms(at_ms: int) -> datetime:
    """The instant of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000)
