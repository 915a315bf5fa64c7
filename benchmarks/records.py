"""Very many records of every kind in a store: copies of the one of its kind that is there, under ids of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from hotline.kit.spread import partition_of
from hotline.kit.store import Index, Key, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore

_BESIDE: Final = frozenset({"PK", "SK"})


def multiply(
    store: MemoryStore,
    ids: Mapping[str, tuple[str, ...]],
    *,
    known: int,
    count: int,
    of: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Let there be `count` records of each id, of which there are `known`. Items of the main table are copied whose key
    bears the id. Their sort keys begin with one of the words that stand with it. A copy of a record that is `of`
    another one is of that one's copy."""
    items = list(store.items(Table.HOTLINE))
    numbers = range(known, count)
    store.load(row for id_, begins in ids.items() for row in _copies(items, id_, begins, numbers, of.get(id_)))


def _copies(
    items: list[Item], id_: str, begins: tuple[str, ...], numbers: range, owner: str | None
) -> Iterator[tuple[Key, Item]]:
    found = [item for item in items if str(item["SK"]).startswith(begins) and _bears(item, id_)]
    if not found:
        raise LookupError(f"no item bears {id_}")
    for item in found:
        text = json.dumps(item)
        for number in numbers:
            named = text.replace(id_, f"{id_}-{number:05}")
            named = named if owner is None else named.replace(owner, f"{owner}-{number:05}")
            copy: dict[str, Any] = json.loads(named)
            if "due_pk" in copy:
                copy["due_pk"] = partition_of(Index.DUE, str(copy["due_sk"]).rpartition("#")[2])
            rest = {name: value for name, value in copy.items() if name not in _BESIDE}
            yield Key(Table.HOTLINE, copy["PK"], copy["SK"]), rest


def _bears(item: Item, id_: str) -> bool:
    """Whether an id is a part of the item's key, whole."""
    return id_ in str(item["PK"]).split("#") or id_ in str(item["SK"]).split("#")
