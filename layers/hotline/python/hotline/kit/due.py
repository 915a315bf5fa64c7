"""Due items: the form in which an item names its date, and the search for items whose date has passed.

An item with a date carries `due_pk`, a partition by its owner's id (kit.spread), and `due_sk`, the earliest of its
dates. Every change of the item sets both anew, in the same write. The index holds keys only and lags, so that what it
names is read again before anything is done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from .change import Change
from .clock import to_text
from .logging import Event
from .spread import partition_name, partition_of
from .store import Between, Index, Key, Query, Store, Table, hotline_key
from .store.condition import Item

AT_ONCE: Final = 8
"""How many partitions, and then how many items, are worked on at a time."""
PER_PARTITION_MAX: Final = 100
"""As many of one partition in one run, the longest due first; the next minute takes the others."""
_FIRST: Final = "0"
_LAST: Final = "~"
"""Before every sort key, and after every sort key that begins with the same instant."""


@dataclass(frozen=True, slots=True)
class Done:
    """One date that was worked off: what the log says when the change is made."""

    event: Event
    keys: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duty:
    """The act of the hotline about one item with a date that has passed. `rule` is the actor's in the audit trail.

    `keys` must be read, or `look` reads where no keys tell beforehand; then `add` contributes the writes. `rounds`: how
    often in a row there may be more of it to do than one transaction holds. `objects` names, of what was read, the
    objects of the bucket that go with it. They are deleted before the writes are made, and again with each try.
    """

    account_id: str
    rule: str
    keys: frozenset[Key]
    add: Callable[[Change, Mapping[Key, Item]], tuple[Done, ...]]
    look: Callable[[Store], Mapping[Key, Item]] | None = None
    rounds: int = 1
    objects: Callable[[Mapping[Key, Item], datetime], Iterable[str]] | None = None

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        """Everything that `contribute` needs, as it is now."""
        if self.look is not None:
            return self.look(store)
        return store.batch_get(sorted(self.keys, key=lambda key: (key.pk, key.sk or "")))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> tuple[Done, ...]:
        """Add the writes; gives what was done, nothing when nothing is due any more."""
        return self.add(change, read)


def due_attributes(owner_id: str, at: datetime) -> Item:
    """The attributes by which an item is found at `at`. `owner_id` spreads items over the partitions."""
    return {
        "due_pk": partition_of(Index.DUE, owner_id),
        "due_sk": f"{to_text(at)}#{owner_id}",
    }


def is_due(item: Mapping[str, Any], now: datetime) -> bool:
    """Whether the item, as it is read now, has a date that has passed."""
    return "due_sk" in item and str(item["due_sk"]) < f"{to_text(now)}{_LAST}"


def due_keys(store: Store, now: datetime, numbers: Iterable[int], *, at_once: int = AT_ONCE) -> list[Key]:
    """The items whose earliest date has passed, as the index has them: one query for each partition of `numbers`."""

    def of(number: int) -> list[Key]:
        pk = partition_name(Index.DUE, number)
        query = Query(Table.HOTLINE, pk, dates_until(now), Index.DUE, limit=PER_PARTITION_MAX)
        return [hotline_key(row["PK"], row["SK"]) for row in store.query(query).items]

    return [key for keys in all_of_them(of, numbers, at_once=at_once) for key in keys]


def dates_until(now: datetime) -> Between:
    """Sort keys that begin with an instant up to `now`."""
    return Between(_FIRST, f"{to_text(now)}{_LAST}")


def all_of_them[T, R](work: Callable[[T], R], things: Iterable[T], *, at_once: int) -> list[R]:
    """The results of the work for each thing, in order, `at_once` of them at a time. Raises what the work raises."""
    if at_once == 1:
        return [work(thing) for thing in things]
    # Only what works things off needs threads; the phone imports this module, too.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="due") as pool:
        return list(pool.map(work, things))
