"""Facts as rows of the activity table: which matter, and what of them is kept. Pure.

A row holds account ids, opaque ids, closed words and keyed hashes. Nobody can read an address, a device, a place or a
person from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.contracts.model import (
    ContactPointChanged,
    DeviceRegistered,
    Fact,
    FraudConfirmed,
    LoginTried,
    MovementKind,
    MovementTold,
    PasswordChanged,
    TwoStepChanged,
)
from hotline.kit.clock import epoch_s, to_text
from hotline.kit.ids import bucket
from hotline.kit.keyring import Keyring
from hotline.kit.store import TTL_ATTRIBUTE, Key, Put, Table
from hotline.kit.store.condition import NEW, Item

ACTIVITY_LIFE: Final = timedelta(days=35)
ACTIVITY_SHARDS: Final = 16
SHARDS_MAX: Final = 1000
"""As many as Step Functions counts up to in one array (States.ArrayRange)."""
OUTWARD: Final = frozenset({MovementKind.TRANSFER, MovementKind.WITHDRAWAL})
"""Money that leaves for somebody or somewhere the attacker chooses."""


def hour_of(server_time: datetime) -> str:
    """The hour in which a row is kept, e.g. `2026-11-23T10`."""
    return to_text(server_time)[:13]


def rows_of(fact: Fact, now: datetime, keyring: Keyring, shards: int = ACTIVITY_SHARDS) -> Iterator[Put]:
    """The rows of one fact: one by account if it matters to the scan; of a failed login also one by its source.

    Bucketed by the clock at the write, so that nothing lands behind the scan's cursor; judged by the fact's own time.
    """
    kept = _keep(fact, keyring)
    if kept is None:
        return
    item: Item = {
        "account_id": fact.subject,
        "fact_id": fact.id,
        "type": fact.type,
        "at": to_text(fact.time),
        TTL_ATTRIBUTE: epoch_s(now + ACTIVITY_LIFE),
        **kept,
    }
    sort_key = f"{to_text(now)}#{fact.id}"
    yield Put(Key(Table.ACTIVITY, _partition("ACT", now, fact.subject, shards), sort_key), item, NEW)
    source = kept.get("ip", kept.get("device"))
    if isinstance(fact.data, LoginTried) and not fact.data.succeeded and source is not None:
        yield Put(Key(Table.ACTIVITY, _partition("SRC", now, source, shards), sort_key), item, NEW)


def agent_row(
    activity_id: str, kind: str, account_id: str, now: datetime, *, agent_id: str, case_id: str, shards: int
) -> Put:
    """The row of what an agent did about an account: `kind` is `agent.` and a closed word."""
    item: Item = {
        "account_id": account_id,
        "fact_id": activity_id,
        "type": kind,
        "at": to_text(now),
        "agent": agent_id,
        "case": case_id,
        TTL_ATTRIBUTE: epoch_s(now + ACTIVITY_LIFE),
    }
    key = Key(Table.ACTIVITY, _partition("ACT", now, account_id, shards), f"{to_text(now)}#{activity_id}")
    return Put(key, item, NEW)


def activity_partition(prefix: str, server_time: datetime, shard: int) -> str:
    """The partition in which the rows of an hour and shard are kept."""
    return f"{prefix}#{hour_of(server_time)}#{shard:02d}"


def _partition(prefix: str, now: datetime, spread_by: str, shards: int) -> str:
    return activity_partition(prefix, now, bucket(spread_by, shards))


def _keep(fact: Fact, keyring: Keyring) -> dict[str, Any] | None:
    """The kept part of the fact; None: it does not matter to the scan."""

    def hash_of(name: str, value: str | None) -> dict[str, str]:
        return {} if value is None else {name: keyring.mac_text(keyring.current, name, value)}

    match fact.data:
        case LoginTried(source=source, kind=kind):
            # One country is one value, or the scan could not see that it changed.
            return {
                "kind": kind.value,
                **hash_of("ip", source.ip),
                **hash_of("device", source.device_id),
                **hash_of("country", source.country),
            }
        case DeviceRegistered(device_id=device_id):
            return hash_of("device", device_id)
        case PasswordChanged() | TwoStepChanged():
            return {}
        case ContactPointChanged(kind=kind, reassigned=reassigned):
            return {"kind": kind.value, "reassigned": reassigned}
        case MovementTold(kind=kind) as told if kind in OUTWARD:
            return {
                "kind": kind.value,
                "status": told.status.value,
                "movement_id": told.movement_id,
                "version": told.version,
                "amount_minor": told.amount.minor,
                "currency": told.amount.currency,
                **hash_of("counterparty", told.counterparty),
            }
        case FraudConfirmed(movement_id=movement_id):
            return {"movement_id": movement_id}
        case _:
            return None
