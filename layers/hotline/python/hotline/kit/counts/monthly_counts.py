"""Counts of things that come from outside, kept by month: what is unknown, and how often it came.

    <NAME>#<month> / <ENTRY>#<key>    the entry's own fields · n · first_at · last_at
    <NAME>#<month> / COUNT            n: how many entries the month holds

Keys come from outside, so a month holds `entries_max` of them at most and is gone after `kept`. A key that finds no
room is not counted; the log and its metric still have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, Prefix, Query, Store, Table, hotline_key
from hotline.kit.store.condition import PRESENT, Item

MONTH_KEPT: Final = timedelta(days=100)
"""How long a month is kept after the last thing was counted: so long that all months that are listed are there."""
MONTHS_LISTED: Final = 3
"""This month and the two before it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An entry over all listed months: its own fields, how often it came, and between when."""

    fields: Mapping[str, Any]
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class MonthlyCounts:
    """One kind of counts."""

    name: str
    entry: str
    entries_max: int

    def keys(self, names: Iterable[str], now: datetime) -> set[Key]:
        """The keys to read before `contribute`."""
        return {self._count_key(now), *(self._entry_key(name, now) for name in names)}

    def contribute(
        self, change: Change, read: Mapping[Key, Item], counted: Mapping[str, tuple[int, Mapping[str, Any]]]
    ) -> None:
        """Count entries: name -> how often it came, and its own fields. Those that the month has no room for are not
        counted. `read` holds what exists of `keys`."""
        at, end = to_text(change.now), {TTL_ATTRIBUTE: epoch_s(change.now + MONTH_KEPT)}
        count_key = self._count_key(change.now)
        held = read.get(count_key)
        before = room = int(held["n"]) if held is not None else 0
        for name, (times, fields) in counted.items():
            key = self._entry_key(name, change.now)
            if key in read:
                change.update(key, set={"last_at": at, **end}, add={"n": times}, condition=PRESENT)
            elif room < self.entries_max:
                room += 1
                change.create(key, {**fields, "n": times, "first_at": at, "last_at": at, **end})
        if room > before:
            change.replace(count_key, held, {"n": room, **end})

    def list_counts(self, store: Store, now: datetime, *, starting: str = "") -> list[Counted]:
        """The entries of this month and those before it that are listed, of which the name begins with `starting`. One
        query a month, each of `entries_max` items at most."""
        found: dict[str, Counted] = {}
        for month in self._months(now):
            prefix = Prefix(f"{self.entry}#{starting}")
            page = store.query(Query(Table.HOTLINE, f"{self.name}#{month}", prefix, limit=self.entries_max))
            for item in page.items:
                one = _read_entry(item)
                found[item["SK"]] = _add_up(found[item["SK"]], one) if item["SK"] in found else one
        return list(found.values())

    def _months(self, now: datetime) -> Iterator[str]:
        """This month and those before it, e.g. `2026-11`, in UTC."""
        year, month = int(to_text(now)[:4]), int(to_text(now)[5:7])
        last = year * 12 + month - 1
        for place in range(last, last - MONTHS_LISTED, -1):
            yield f"{place // 12:04d}-{place % 12 + 1:02d}"

    def _entry_key(self, name: str, now: datetime) -> Key:
        return hotline_key(f"{self.name}#{to_text(now)[:7]}", f"{self.entry}#{name}")

    def _count_key(self, now: datetime) -> Key:
        return hotline_key(f"{self.name}#{to_text(now)[:7]}", "COUNT")


def _read_entry(item: Mapping[str, Any]) -> Counted:
    return Counted(item, int(item["n"]), from_text(item["first_at"]), from_text(item["last_at"]))


def _add_up(one: Counted, other: Counted) -> Counted:
    first_at, last_at = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    return Counted(one.fields, one.count + other.count, first_at, last_at)
