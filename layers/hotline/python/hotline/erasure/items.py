"""An erasure that is under way, and how it is stored.

`ACCOUNT#id / #ERASURE`: what of an erasure is still to be done, and when. It goes with the last of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.store import Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item


@dataclass(frozen=True, slots=True)
class Erasure:
    """`points`: contact points that still list the account, each by its keys under all versions of the lookup key."""

    account_id: str
    erased_at: datetime
    points: tuple[tuple[str, ...], ...] = ()


ERASURE_SK: Final = "#ERASURE"
STATE_PREFIX: Final = "#"
"""The sort keys of a customer's state begin so; those of records begin with a word."""


def erasure_key(account_id: str) -> Key:
    """The key of an erasure that is under way."""
    return hotline_key(f"ACCOUNT#{account_id}", ERASURE_SK)


def state_query(account_id: str, *, limit: int) -> Query:
    """The query for the account's state as a customer."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(STATE_PREFIX), limit=limit)


def is_state(key: Key, account_id: str) -> bool:
    """Whether the item is one of those."""
    return key.pk == f"ACCOUNT#{account_id}" and (key.sk or "").startswith(STATE_PREFIX)


def erasure_item(erasure: Erasure, *, due_at: datetime) -> Item:
    """The stored form of an erasure."""
    return {
        "erased_at": to_text(erasure.erased_at),
        "points": [list(ids) for ids in erasure.points],
        **due_attributes(erasure.account_id, due_at),
    }


def erasure_of(account_id: str, item: Mapping[str, Any]) -> Erasure:
    """The erasure in a stored item."""
    points = tuple(tuple(ids) for ids in item["points"])
    return Erasure(account_id, from_text(item["erased_at"]), points)
