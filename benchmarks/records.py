"""Very many records of every kind in a store: copies of the one of its kind that is there, under ids of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from hotline.kit.spread import partition_of
from hotline.kit.store import Index, Key, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore

_BESIDE: Final = frozenset({"PK", "SK"})
_DATE: Final = frozenset({"due_pk", "due_sk"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, by the id of the one that is there."""

    id: str
    begins: tuple[str, ...]
    """The sort keys of its items begin with one of these words."""
    of: str | None = None
    """The id of the record that it belongs to: a copy belongs to that one's copy."""
    due: bool = True
    """Whether copies have its date. Many of one account whose open case is another one could not be worked off."""


def multiply(store: MemoryStore, kinds: Iterable[Kind], *, known: int, count: int) -> None:
    """Let there be `count` records of each kind, of which there are `known`. Items of the main table are copied whose
    key bears the id."""
    items = list(store.items(Table.HOTLINE))
    store.load(row for kind in kinds for row in _copies(items, kind, range(known, count)))


def _copies(items: list[Item], kind: Kind, numbers: range) -> Iterator[tuple[Key, Item]]:
    found = [item for item in items if str(item["SK"]).startswith(kind.begins) and _bears(item, kind.id)]
    if not found:
        raise LookupError(f"no item bears {kind.id}")
    left_out = _BESIDE if kind.due else _BESIDE | _DATE
    for item in found:
        text = json.dumps(item)
        for number in numbers:
            named = text.replace(kind.id, f"{kind.id}-{number:05}")
            named = named if kind.of is None else named.replace(kind.of, f"{kind.of}-{number:05}")
            copy: dict[str, Any] = json.loads(named)
            if "due_pk" in copy:
                copy["due_pk"] = partition_of(Index.DUE, str(copy["due_sk"]).rpartition("#")[2])
            rest = {name: value for name, value in copy.items() if name not in left_out}
            yield Key(Table.HOTLINE, copy["PK"], copy["SK"]), rest


def _bears(item: Item, id_: str) -> bool:
    """Whether an id is a part of the item's key, whole."""
    return id_ in str(item["PK"]).split("#") or id_ in str(item["SK"]).split("#")
