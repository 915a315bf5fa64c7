"""Writing a refund with everything that repeats a part of it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.kit.store.condition import NEW, Item, any_of, equals

from . import items
from .clocks import stop_overtaken
from .model import Refund


def write_refund(change: Change, stored: Item | None, refund: Refund) -> None:
    """Write the refund where `stored` was read (None: nothing was there), and the rows by which bounded reads find it.
    Clocks of what the change has ended stop. A refund that did not change writes nothing, unless it was stored before
    there were such rows. At commit Stale when somebody else wrote in between."""
    key, item = items.refund_key(refund.account_id, refund.refund_id), items.refund_item(refund)
    before = items.refund_from(stored) if stored is not None else None
    if stored is not None and {name: stored[name] for name in stored if name not in ("PK", "SK", "rev")} == item:
        return
    change.replace(key, stored, item)
    stop_overtaken(change, before, refund)
    rows, own = items.rows(refund), any_of(NEW, equals("refund_id", refund.refund_id))
    for row in (items.rows(before) if before is not None else {}).keys() - rows.keys():
        change.delete(row, condition=own)
    for row, item in rows.items():
        change.put(row, item, condition=own)


def correct_recent(change: Change, read: Mapping[Key, Item], refund: Refund) -> None:
    """Recent requests repeat what was promised, so that asking again is answered from them: with the date that holds.
    `read` holds the account's recent requests if there are any."""
    key = items.recent_key(refund.account_id)
    stored = read.get(key)
    recent = items.recent_from(stored, refund.account_id)
    requests = tuple(
        replace(request, promise=items.promise_told(refund)) if request.refund_id == refund.refund_id else request
        for request in recent.requests
    )
    if requests != recent.requests:
        change.replace(key, stored, items.recent_item(replace(recent, requests=requests)))


def drop_recent(change: Change, read: Mapping[Key, Item], refund: Refund) -> None:
    """Take a refund that was denied after review off the recent requests: it took no money."""
    key = items.recent_key(refund.account_id)
    stored = read.get(key)
    recent = items.recent_from(stored, refund.account_id)
    requests = tuple(request for request in recent.requests if request.refund_id != refund.refund_id)
    if requests != recent.requests:
        change.replace(key, stored, items.recent_item(replace(recent, requests=requests)))
