"""The ids and versions of an account's refunds, for whoever compares them with the wallet's."""

from __future__ import annotations

from datetime import datetime

from hotline.kit.store import BATCH_GET_KEYS_MAX, Store

from .service import list_refunds

_PAGE = BATCH_GET_KEYS_MAX


def list_refund_versions(store: Store, account_id: str, *, since: datetime, limit: int) -> list[tuple[str, int]] | None:
    """Id and version of each refund of which the last fact is of `since` or later. Without those that the wallet has
    not told of. None when the account has more than `limit` refunds. Two consistent reads for a hundred."""
    found: list[tuple[str, int]] = []
    looked_at, after = 0, None
    while True:
        page = list_refunds(store, account_id, limit=_PAGE, after=after)
        looked_at += len(page.refunds)
        if looked_at > limit:
            return None
        found += [
            (refund.refund_id, refund.fact_version.version)
            for refund in page.refunds
            if refund.fact_version is not None and refund.fact_version.time >= since
        ]
        if page.next_after is None:
            return found
        after = page.next_after
