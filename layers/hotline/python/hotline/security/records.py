"""Rows of activity, which facts and the acts of agents leave for the scan, and what becomes of them with an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hotline.accounts.service import risk_key
from hotline.contracts.model import AccountErased, Fact
from hotline.kit.change import Change
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Put
from hotline.kit.store.condition import PRESENT, Item

from .activity import ACTIVITY_SHARDS, agent_row, rows_of
from .detectors import Stream
from .streams import NO_PARTIES, Parties
from .watch_items import tombstone_item, watch_key


def activity_writes(
    facts: Sequence[Fact],
    now: datetime,
    lookup_keys: Keyring,
    *,
    shards: int = ACTIVITY_SHARDS,
    known: Parties = NO_PARTIES,
) -> list[Put]:
    """One put for each row that the scan will look at, each key once; facts of any accounts and types. A row of the
    same instant is the same row, so that `Store.put_all` takes them.

    `now` is the clock at the write: take it anew for a later try. `shards`: over how many the accounts are spread.
    `known`: the keyed hashes of who got the money of the movements that `movement_to_look_up` gives.
    """
    rows: dict[Key, Put] = {}
    for fact in facts:
        rows |= {row.key: row for row in rows_of(fact, now, lookup_keys, shards, known)}
    return list(rows.values())


def contribute_agent_activity(
    change: Change, kind: str, account_id: str, *, agent_id: str, case_id: str, shards: int = ACTIVITY_SHARDS
) -> None:
    """Add the row of what an agent did about an account, for the scan, to the change that does it."""
    activity_id = change.ids.new("act")
    row = agent_row(activity_id, kind, account_id, change.now, agent_id=agent_id, case_id=case_id, shards=shards)
    change.create(row.key, row.item)


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`: the watch and the risk of an account that is erased."""
    erased = {fact.subject for fact in facts if isinstance(fact.data, AccountErased)}
    return {key for account_id in erased for key in (watch_key(Stream.ACCOUNT, account_id), risk_key(account_id))}


def contribute_facts(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    """Forget what the scan remembers of the account when it is erased; other facts change nothing here. A tombstone
    takes the place of the watch, so that a scan that ends later leaves none behind."""
    for account_id in {fact.subject for fact in facts if isinstance(fact.data, AccountErased)}:
        watch, risk = watch_key(Stream.ACCOUNT, account_id), risk_key(account_id)
        change.replace(watch, read.get(watch), tombstone_item(change.now))
        if risk in read:
            change.delete(risk, condition=PRESENT)
