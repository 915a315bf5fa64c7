"""Beginning the recoveries that somebody asked the API for: here, where nobody who waits sees how long it takes."""

from __future__ import annotations

from hotline.identity import service as identity
from hotline.kit.doors import Context
from hotline.kit.errors import Stale
from hotline.kit.outbox.delivery import Delivered, Dropped, Failed, Result, still_useful
from hotline.kit.store.condition import Item


def begin(entry: Item, ctx: Context) -> Result:
    """Begin the recovery of an entry. The same for a contact that reaches an account and for one that reaches none."""
    if not still_useful(entry, ctx.clock.now()):
        return Dropped("too_late")
    try:
        identity.begin_recovery(ctx, entry)
    except Stale:
        return Failed("stale")
    return Delivered()
