"""Folding one thing and counting it, in one transaction: the record says what it counts for, and the tallies follow.

The record is written on condition that it is as it was read. So each thing counts once, however often and in whatever
order its events come, and whenever a delivery breaks off. A correction takes away what was counted and adds what counts
now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from hotline.kit.change import Change
from hotline.kit.retention import record_end
from hotline.kit.store import TTL_ATTRIBUTE, Key, Store
from hotline.kit.store.condition import Item
from hotline.sessions import service as sessions

from . import calls, items, matters
from .model import Call, Counts

ZONE: Final = "zone"


@dataclass(frozen=True, slots=True)
class Matter[Record]:
    """A kind whose records are folded from events alone."""

    name: str
    fold: Callable[[Record | None, Record], Record]
    count: Callable[[Record, str], Counts]
    to_item: Callable[[Record], Item]
    from_item: Callable[[Mapping[str, Any]], Record]


LOCK: Final = Matter("lock", matters.fold_lock, matters.count_lock, items.lock_item, items.lock_from)
REFUND: Final = Matter("refund", matters.fold_refund, matters.count_refund, items.refund_item, items.refund_from)
COMPLAINT: Final = Matter(
    "case", matters.fold_complaint, matters.count_complaint, items.complaint_item, items.complaint_from
)


@dataclass(frozen=True, slots=True)
class FoldMatter[Record]:
    """Fold one more word on a thing, and count it. `zone` decides the days; a record keeps the zone that it began
    with."""

    kind: Matter[Record]
    thing_id: str
    told: Record
    zone: str

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        return store.batch_get([self._key])

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> None:
        stored = read.get(self._key)
        known = self.kind.from_item(stored) if stored is not None else None
        record = self.kind.fold(known, self.told)
        if stored is not None and record == known:
            return
        zone = str(stored[ZONE]) if stored is not None else self.zone
        item = {**self.kind.to_item(record), ZONE: zone, **record_end(change.now)}
        tallies = _Tallies()
        _write(change, self._key, stored, item, self.kind.count(record, zone), tallies)
        tallies.contribute(change)

    @property
    def _key(self) -> Key:
        return items.record_key(self.kind.name, self.thing_id)


@dataclass(frozen=True, slots=True)
class FoldCall:
    """Fold one more word on a call, or look at its session once more, and count it. The session says which services
    were finished, from which number the call came, and what the caller answered to the survey."""

    contact_id: str
    zone: str
    fold: Callable[[Call], Call] = field(default=lambda call: call)

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        return self.look(store)

    def look(self, store: Store) -> Mapping[Key, Item]:
        """See `read`: two requests at most, whatever the time is."""
        read = store.batch_get([self._key, sessions.session_key(self.contact_id)])
        known, call = self._fold(read)
        callers = {one.caller for one in (known, call) if one is not None and one.caller is not None}
        return {**read, **(store.batch_get(sorted(map(items.caller_key, callers), key=str)) if callers else {})}

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> None:
        stored = read.get(self._key)
        known, call = self._fold(read)
        if stored is not None and call == known:
            return
        zone = str(stored[ZONE]) if stored is not None else self.zone
        item = {**items.call_item(call, change.now), ZONE: zone}
        tallies = _Tallies()
        _write(change, self._key, stored, item, calls.count_call(call, zone), tallies)
        _move_caller(change, read, _find_counted(known, zone), _find_counted(call, zone), tallies)
        tallies.contribute(change)

    def _fold(self, read: Mapping[Key, Item]) -> tuple[Call | None, Call]:
        stored = read.get(self._key)
        known = items.call_from(stored) if stored is not None else None
        call = self.fold(known or Call(self.contact_id))
        session = sessions.session_in(read, self.contact_id)
        if session is None:
            return known, call
        identified = session.calling or session.typed
        caller = identified.point if identified else call.caller
        score = call.score if session.score is None else session.score
        return known, replace(call, served=session.served, caller=caller, score=score)

    @property
    def _key(self) -> Key:
        return items.call_key(self.contact_id)


@dataclass(frozen=True, slots=True)
class _Counted:
    """For which number a call counts, and on which day."""

    caller: str | None = None
    day: date | None = None


def _find_counted(call: Call | None, zone: str) -> _Counted:
    return _Counted(call.caller, calls.called_on(call, zone)) if call is not None else _Counted()


class _Tallies:
    """The additions of one change to the tallies: one write an item, whatever counts in it."""

    def __init__(self) -> None:
        self._sums: dict[Key, dict[str, int]] = {}
        self._ends: dict[Key, int] = {}

    def replace(self, before: Counts, after: Counts, *, by: str) -> None:
        """Count `after` instead of `before`; `by` is something of which each counted thing has another."""
        for day in sorted({*before, *after}):
            key = items.tally_key(day, by)
            taken = {name: -number for name, number in before.get(day, {}).items()}
            self._sums[key] = _add(self._sums.get(key, {}), _add(after.get(day, {}), taken))
            self._ends[key] = items.tally_end(day)

    def contribute(self, change: Change) -> None:
        """Add the writes."""
        for key, counts in self._sums.items():
            if counts:
                change.count(key, add=counts, set={TTL_ATTRIBUTE: self._ends[key]})


def _write(change: Change, key: Key, stored: Item | None, item: Item, counted: Counts, tallies: _Tallies) -> None:
    """Write the record, and bring the tallies in line with what it counts for now."""
    change.replace(key, stored, {**item, **items.counted_item(counted)})
    tallies.replace(items.counted_from(stored), counted, by=key.pk)


def _move_caller(
    change: Change, read: Mapping[Key, Item], before: _Counted, after: _Counted, tallies: _Tallies
) -> None:
    """Count the call for its number, and no more for the number or the day that it had before."""
    if before == after:
        return
    for caller in sorted({one.caller for one in (before, after) if one.caller is not None}):
        taken = before.day if before.caller == caller else None
        added = after.day if after.caller == caller else None
        if taken == added:
            continue
        key = items.caller_key(caller)
        stored = read.get(key)
        known = items.days_from(stored)
        days = calls.move_day(known, taken=taken, added=added)
        change.replace(key, stored, items.caller_item(calls.recent_days(days), change.now))
        tallies.replace(calls.count_repeats(known), calls.count_repeats(days), by=caller)


def _add(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    sums = {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
    return {name: number for name, number in sums.items() if number}
