"""The cases of a customer as they may see them: open ones, and those that were closed lately.

An item of the account holds all that may be seen of a case but the texts (items.told_item). Of the timeline only the
entries are read that are for the customer, and of these the text alone is told. A case that was open before there
were such items gets its own with its next change. Until then the account's pointer leads to it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from hotline.kit.clock import epoch_s
from hotline.kit.errors import InvalidInput
from hotline.kit.store import TTL_ATTRIBUTE, Store
from hotline.kit.store.condition import Item

from . import items
from .model import CaseError, ToldPage

TOLD_PAGE_MAX: Final = 10
"""With ten texts each (records.SAID_MAX), one read takes the entries of a page."""
_PLACE: Final = re.compile(r"TOLD#[0-9TZ:.-]{24}#case_[0-9A-Za-z_]{1,60}")


def list_told(
    store: Store, account_id: str, now: datetime, *, limit: int = TOLD_PAGE_MAX, after: str | None = None
) -> ToldPage:
    """One page of an account's cases, the newest first. Two queries, and a read of the texts. A page may hold fewer
    cases than `limit` with more to follow, since some have ended. Raises InvalidInput for a place that no page named,
    and for a limit outside 1 to TOLD_PAGE_MAX."""
    if after is not None and not _PLACE.fullmatch(after):
        raise InvalidInput(CaseError.CURSOR_INVALID)
    if not 0 < limit <= TOLD_PAGE_MAX:
        raise InvalidInput(CaseError.LIMIT_OUT_OF_RANGE)
    listed = store.query(items.told_query(account_id, after=after, limit=limit + 1)).items
    untold = _list_untold(store, account_id, after)
    found = sorted((*listed, *untold), key=lambda item: str(item["SK"]), reverse=True)
    page = found[:limit]
    kept = [item for item in page if int(item[TTL_ATTRIBUTE]) > epoch_s(now)]
    keys = [key for item in kept for key in items.said_keys(item)]
    read = store.batch_get(keys) if keys else {}
    cases = tuple(
        items.told_case_from(item, [items.entry_from(read[key]) for key in items.said_keys(item) if key in read], now)
        for item in kept
    )
    return ToldPage(cases, str(page[-1]["SK"]) if len(found) > limit else None)


def _list_untold(store: Store, account_id: str, after: str | None) -> list[Item]:
    """The open cases from before there were items for customers, behind the one with the sort key `after`. The last of
    them ends with its record (RECORD_LIFE), so this query may go in December 2029."""
    pointers = store.query(items.pointers_query(account_id)).items
    untold = (items.untold_item(pointer, account_id) for pointer in pointers)
    return [item for item in untold if item is not None and (after is None or str(item["SK"]) < after)]
