"""Facts about accounts that the wallet has never opened: counted by month, account and type (kit.monthly_counts).

Such facts are kept, since `account.opened` may come late. A wallet that never sends it should hear of that: its
customers can do nothing on the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Final

from hotline.contracts.model import Fact
from hotline.kit.change import Change
from hotline.kit.counts.monthly_counts import MonthlyCounts
from hotline.kit.store import BATCH_GET_KEYS_MAX, Key, Store
from hotline.kit.store.condition import Item

from . import items
from .model import AccountStatus

ENTRIES_MAX: Final = 500
"""Accounts and types that one month holds: enough to see which part of a wallet sends no account.opened."""
_FACTS: Final = MonthlyCounts("UNOPENED", "FACT", ENTRIES_MAX)


@dataclass(frozen=True, slots=True)
class UnopenedFacts:
    """Facts of one type about an account that was never opened, and how many of them came."""

    account_id: str
    type: str
    count: int
    first_at: datetime
    last_at: datetime


def keys_of_unopened(facts: Sequence[Fact], now: datetime) -> set[Key]:
    """The keys to read before `contribute_unopened`."""
    return _FACTS.keys((f"{fact.subject}#{fact.type}" for fact in facts), now)


def contribute_unopened(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    """Count facts about accounts that were never opened. Facts for which the month has no room are not counted."""
    counted = {
        f"{account_id}#{type_}": (times, {"account_id": account_id, "type": type_})
        for (account_id, type_), times in Counter((fact.subject, fact.type) for fact in facts).items()
    }
    _FACTS.contribute(change, read, counted)


def list_unopened_facts(store: Store, now: datetime, account_id: str | None = None) -> tuple[UnopenedFacts, ...]:
    """The facts counted in this month and the two before it, of accounts that are still not opened, the most frequent
    first. With `account_id` only those of that account. At most MONTHS_LISTED queries, and the profiles of the accounts
    found."""
    found = [
        UnopenedFacts(one.fields["account_id"], one.fields["type"], one.count, one.first_at, one.last_at)
        for one in _FACTS.list_counts(store, now, starting="" if account_id is None else f"{account_id}#")
    ]
    stubs = _find_unopened({one.account_id for one in found}, store)
    return tuple(
        sorted(
            (one for one in found if one.account_id in stubs), key=lambda one: (-one.count, one.account_id, one.type)
        )
    )


def _find_unopened(account_ids: set[str], store: Store) -> set[str]:
    keys = [items.profile_key(account_id) for account_id in sorted(account_ids)]
    read: dict[Key, Item] = {}
    for some in batched(keys, BATCH_GET_KEYS_MAX, strict=False):
        read |= store.batch_get(some)
    return {item["account_id"] for item in read.values() if item["status"] == AccountStatus.STUB}
