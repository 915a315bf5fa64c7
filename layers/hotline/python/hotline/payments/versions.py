"""The ids and versions of an account's movements and bills, for whoever compares them with the wallet's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from hotline.kit.clock import CLOCK_SKEW
from hotline.kit.store import Between, Key, Query, Store, Table
from hotline.kit.store.condition import Item

from . import items

_PAGE = 100


def list_movement_versions(
    store: Store, account_id: str, *, since: datetime, now: datetime, limit: int
) -> list[tuple[str, int]] | None:
    """Id and version of each movement that was begun at `since` or later; None when there are more than `limit`.
    Consistent queries of a hundred movements each."""
    return _list(
        store,
        items.movements_query(account_id, since=since, until=now + CLOCK_SKEW, limit=_PAGE),
        lambda item: (str(item["movement_id"]), items.fact_version_from(item["order"]).version),
        limit,
    )


def list_bill_versions(store: Store, account_id: str, *, since: date, limit: int) -> list[tuple[str, int]] | None:
    """The same of bills that are due on `since` or later. A bill's id is `bill_id/due_on`: moved to another date it is
    another bill."""
    span = Between(f"BILL#{since.isoformat()}", "BILL#~")

    def read(item: Item) -> tuple[str, int]:
        bill = items.bill_from(item)
        return f"{bill.bill_id}/{bill.due_on.isoformat()}", bill.fact_version.version

    pk = items.bill_key(account_id, since, "").pk
    return _list(store, Query(Table.HOTLINE, pk, span, limit=_PAGE), read, limit)


def _list(
    store: Store, query: Query, read: Callable[[Item], tuple[str, int]], limit: int
) -> list[tuple[str, int]] | None:
    found: list[tuple[str, int]] = []
    page = store.query(query)
    while True:
        found += [read(item) for item in page.items]
        if len(found) > limit:
            return None
        if page.next is None:
            return found
        page = store.query(
            Query(query.table, query.pk, query.sk, limit=_PAGE, descending=query.descending, start_after=page.next)
        )


def funds_key(account_id: str) -> Key:
    """The key of the stored funds of an account, for `funds_version`."""
    return items.funds_key(account_id)


def funds_version(item: Mapping[str, Any] | None) -> int | None:
    """The version of stored funds; None where the wallet has told of none."""
    return None if item is None else items.funds_from(item).fact_version.version
