"""The face of security: what doors may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from hotline.contracts.model import Fact
from hotline.kit.errors import Unavailable
from hotline.kit.ids import IdSource
from hotline.kit.keyring import Keyring
from hotline.kit.store import TRANSACTION_ITEMS_MAX, Key, Put, ReasonCode, Store, TransactionCancelled

from .activity import rows_of

WRITE_ATTEMPTS_MAX = 4
"""How often one chunk is sent when rows of it are there already or DynamoDB reports a conflict."""

__all__ = ["WRITE_ATTEMPTS_MAX", "activity_writes", "write_activity"]


def activity_writes(facts: Sequence[Fact], now: datetime, lookup_keys: Keyring) -> list[Put]:
    """One conditional put for each row that the scan will look at, each key once; facts of any accounts and types.

    `now` is the clock at the write: take it anew for a later try.
    """
    rows: dict[Key, Put] = {}
    for fact in facts:
        rows |= {row.key: row for row in rows_of(fact, now, lookup_keys)}
    return list(rows.values())


def write_activity(store: Store, rows: Sequence[Put], ids: IdSource) -> None:
    """Write the rows in as few transactions as they fit. A row that is there already counts as written. Raises
    Unavailable when some may be missing; writing them again does no harm."""
    for chunk in batched(rows, TRANSACTION_ITEMS_MAX, strict=False):
        _write_chunk(store, list(chunk), ids)


def _write_chunk(store: Store, rows: list[Put], ids: IdSource) -> None:
    for _ in range(WRITE_ATTEMPTS_MAX):
        if not rows:
            return
        try:
            store.transact(rows, token=ids.new("act")[-36:])
        except TransactionCancelled as cancelled:
            reasons = zip(rows, cancelled.reasons, strict=True)
            rows = [row for row, reason in reasons if reason.code is not ReasonCode.CONDITION]
        else:
            return
    if rows:
        raise Unavailable("activity_not_written")
