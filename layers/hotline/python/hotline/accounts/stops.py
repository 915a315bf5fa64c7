"""Freezes and holds in force, as far as factors depend on them. Pure.

A stop is a freeze or a hold. A factor that was too new to act when a stop began stays too new until it ends. A thief
who enrols a factor before the owner freezes must not be able to sit the freeze out. The lock room writes the stops into
the account's lock item; the identity room, which lies below it, reads them from there and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import Item

STOPS: Final = "stops"
_WITHOUT_END: Final = "-"


@dataclass(frozen=True, slots=True)
class Stop:
    """A freeze or hold. `since`: from when the hotline has known it to be on without a break; `until` None: no end."""

    since: datetime
    until: datetime | None

    def runs(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def stops_key(account_id: str) -> Key:
    """The key of the item that holds the stops of an account: its lock item."""
    return hotline_key(f"ACCOUNT#{account_id}", "#LOCK")


def stops_from(item: Mapping[str, Any] | None) -> dict[str, Stop]:
    """The stops in a stored lock item, by the name of the register that is on."""
    found: Mapping[str, str] = (item or {}).get(STOPS, {})
    return {slot: _stop(text) for slot, text in found.items()}


def stops_item(stops: Mapping[str, Stop]) -> Item:
    """The attribute that a lock item gets for its stops; nothing when there are none."""
    texts = {slot: f"{to_text(stop.since)} {_text(stop.until)}" for slot, stop in stops.items()}
    return {STOPS: texts} if texts else {}


def with_earlier(stops: Mapping[str, Stop], known: Mapping[str, Stop], now: datetime) -> dict[str, Stop]:
    """The stops that are on, each as old as it was known to be. A wallet that tells of a hold again begins no new one.
    `known`: what was stored before; one whose end has passed is over."""
    return {
        slot: Stop(min(stop.since, known[slot].since), stop.until) if slot in known and known[slot].runs(now) else stop
        for slot, stop in stops.items()
    }


def find_stop(item: Mapping[str, Any] | None, now: datetime) -> datetime | None:
    """The time at which the oldest of the stops that run at `now` began; None while none runs. `item`: what is stored
    under `stops_key`."""
    return min((stop.since for stop in stops_from(item).values() if stop.runs(now)), default=None)


def _stop(text: str) -> Stop:
    since, until = text.split(" ")
    return Stop(from_text(since), None if until == _WITHOUT_END else from_text(until))


def _text(instant: datetime | None) -> str:
    return _WITHOUT_END if instant is None else to_text(instant)
