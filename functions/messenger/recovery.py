"""Beginning the recoveries that somebody asked the API for: here, where nobody who waits sees how long it takes."""

from __future__ import annotations

from hotline.identity import service as identity
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, StaleTurn
from hotline.kit.outbox_delivery import Delivered, Dropped, Failed, Result, still_useful

ATTEMPTS_MAX = 3
"""How often it is tried when somebody else counted on the same contact in between."""


def begun(entry: Item, ctx: Context) -> Result:
    """Begin the recovery of an entry. The same for a contact that reaches an account and for one that reaches none."""
    if not still_useful(entry, ctx.clock.now()):
        return Dropped("too_late")
    actor = System("messenger", "recovery")
    for _ in range(ATTEMPTS_MAX):
        change = Change(actor=actor, cause="recovery", now=ctx.clock.now(), ids=ctx.ids)
        keys = {"codes": ctx.code_ring, "lookup_keys": ctx.lookup_ring}
        identity.begin_recovery(ctx.store, change, entry, **keys)
        try:
            change.commit(ctx.store)
        except StaleTurn:
            # It was begun by an earlier delivery of this entry.
            return Delivered()
        except Stale:
            continue
        return Delivered()
    return Failed("stale")
