"""The ids and versions of an account's movements and bills, for whoever compares them with the wallet's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from hotline.kit.clock import CLOCK_SKEW
from hotline.kit.store import Store, query_all

from . import items

_PAGE = 100


def list_movement_versions(
    store: Store, account_id: str, *, since: datetime, now: datetime, limit: int
) -> list[tuple[str, int]] | None:
    """Id and version of each movement that was begun at `since` or later; None when there are more than `limit`.
    Consistent queries of a hundred movements each."""
    query = items.movements_query(account_id, since=since, until=now + CLOCK_SKEW, limit=_PAGE)
    found = (
        (str(item["movement_id"]), items.fact_version_from(item["order"]).version) for item in query_all(store, query)
    )
    return _list(found, limit)


def list_bill_versions(store: Store, account_id: str, *, since: date, limit: int) -> list[tuple[str, int]] | None:
    """The same of bills that are due on `since` or later. A bill's id is `bill_id/due_on`: moved to another date it is
    another bill."""
    bills = map(items.bill_from, query_all(store, items.bills_query(account_id, since=since, limit=_PAGE)))
    return _list(((f"{bill.bill_id}/{bill.due_on.isoformat()}", bill.fact_version.version) for bill in bills), limit)


def _list(found: Iterable[tuple[str, int]], limit: int) -> list[tuple[str, int]] | None:
    first = list(islice(found, limit + 1))
    return first if len(first) <= limit else None
