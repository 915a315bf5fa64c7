"""The context of the wallet_events function in tests: a store, a clock that stands, seeded ids, fixed keys."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.kit.store import Store, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON

KEYS: Final = json.dumps({"current": "1", "1": "k" * 32})


def context(store: Store | None = None, *, now: datetime = NOON, seed: int = 1) -> Context:
    """A context as the door builds it; its store is a new one in memory unless one is given."""
    clock = VirtualClock(now)
    return Context(
        store=store if store is not None else MemoryStore(clock),
        clock=clock,
        ids=SeededIds(seed),
        lookup_keys=CachedKeyring(lambda: KEYS, clock),
    )


def items(ctx: Context, table: Table = Table.HOTLINE) -> dict[str, Item]:
    """Everything in a table of the store in memory, as `PK SK` to item."""
    if not isinstance(ctx.store, MemoryStore):
        raise TypeError("only a store in memory can be listed")
    return {f"{item['PK']} {item.get('SK', '-')}": item for item in ctx.store.items(table)}
