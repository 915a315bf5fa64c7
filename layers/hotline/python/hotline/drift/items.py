"""Drift as it is stored: `DRIFT#00..15 / ACCOUNT#id`, until both sides agree again, at most DRIFT_LIFE."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .model import Difference, Digest, Drift, Kind

PARTITIONS: Final = 16
"""Over how many partitions the accounts are spread: a full import that went wrong may name each account."""
_PREFIX: Final = "ACCOUNT#"
DRIFT_LIFE: Final = timedelta(days=30)
"""How long an account is named after the last comparison that found it different."""


def drift_key(account_id: str) -> Key:
    """The key of the drift of an account."""
    partition = hashlib.sha256(account_id.encode()).digest()[0] % PARTITIONS
    return hotline_key(f"DRIFT#{partition:02d}", f"{_PREFIX}{account_id}")


def partition_query(partition: int, *, limit: int) -> Query:
    """The query for the drifts of one partition, by account."""
    return Query(Table.HOTLINE, f"DRIFT#{partition:02d}", limit=limit)


def drift_item(drift: Drift) -> Item:
    """The stored form of a drift, without its key and `rev`."""
    return {
        "account_id": drift.account_id,
        "range": drift.range_name,
        "differences": {
            kind.value: {"wallet": _digest_map(found.wallet), "known": _digest_map(found.known)}
            for kind, found in drift.differences.items()
        },
        "first_seen_at": to_text(drift.first_seen_at),
        "seen_at": to_text(drift.seen_at),
        "as_of": to_text(drift.as_of),
        "times": drift.times,
        TTL_ATTRIBUTE: epoch_s(drift.seen_at + DRIFT_LIFE),
    }


def drift_from(item: Mapping[str, Any]) -> Drift:
    """The drift in a stored item."""
    return Drift(
        account_id=item["account_id"],
        range_name=item["range"],
        differences={
            Kind(kind): Difference(_digest_from(found["wallet"]), _digest_from(found["known"]))
            for kind, found in item["differences"].items()
        },
        first_seen_at=from_text(item["first_seen_at"]),
        seen_at=from_text(item["seen_at"]),
        as_of=from_text(item["as_of"]),
        times=int(item["times"]),
    )


def _digest_map(digest: Digest) -> dict[str, Any]:
    return {"count": digest.count, "digest": digest.digest}


def _digest_from(stored: Mapping[str, Any]) -> Digest:
    return Digest(int(stored["count"]), stored["digest"])
