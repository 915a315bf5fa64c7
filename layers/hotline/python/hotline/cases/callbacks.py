"""The callbacks that callers asked for. Each is kept with what its call points to (items), where the index finds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.clock import from_text
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Store

from . import items
from .model import CaseError

LISTED_FOR: Final = timedelta(days=7)
"""How long a callback is listed. Amazon Connect keeps a contact in a queue for seven days at most (quotas)."""
PAGE_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that somebody asked for in a call. `reference` are the six digits that name its case to people."""

    contact_id: str
    case_id: str
    topic: str
    language: str
    asked_at: datetime
    reference: str | None


@dataclass(frozen=True, slots=True)
class CallbackPage:
    """Callbacks, the newest first. `next` is the `after` of the following page, None at the end."""

    callbacks: tuple[Callback, ...]
    next: str | None


def list_callbacks(store: Store, now: datetime, *, limit: int, after: str | None = None) -> CallbackPage:
    """The callbacks of the last LISTED_FOR, the newest first. One query, and one read of their cases.

    Raises InvalidInput for a limit outside 1 to PAGE_MAX; Unavailable."""
    if not 0 < limit <= PAGE_MAX:
        raise InvalidInput(CaseError.LIMIT_OUT_OF_RANGE)
    # The place of the page before is part of the range, and is passed over; one more tells whether there are others.
    query = items.callbacks_query(since=now - LISTED_FOR, until=after, limit=limit + 2)
    rows = [row for row in store.query(query).items if row["queue_sk"] != after]
    more = str(rows[limit - 1]["queue_sk"]) if len(rows) > limit else None
    rows = rows[:limit]
    keys = {items.case_key(str(row["case_id"])) for row in rows}
    read = store.batch_get(list(keys)) if keys else {}
    known = {str(item["case_id"]): item.get("reference") for item in read.values()}
    return CallbackPage(
        tuple(
            Callback(
                contact_id=row["contact_id"],
                case_id=row["case_id"],
                topic=row["topic"],
                language=row["language"],
                asked_at=from_text(row["asked_at"]),
                reference=known.get(row["case_id"]),
            )
            for row in rows
        ),
        more,
    )
