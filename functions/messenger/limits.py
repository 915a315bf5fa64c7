"""The last look before a message goes to a telephone number: how many codes went to its prefix and in all, or how many
notices of the kind to it."""

from __future__ import annotations

from typing import Final

from hotline.accounts import notice_rates
from hotline.identity import code_messages
from hotline.kit.actor import System
from hotline.kit.change import Change, stale
from hotline.kit.clock import to_text
from hotline.kit.condition import Item, Missing
from hotline.kit.doors import Context
from hotline.kit.logging import Event, log
from hotline.kit.outbox import entry_key
from hotline.kit.outbox_delivery import Dropped
from hotline.kit.rates import count, rate_keys

_ENOUGH: Final = "notice_limit"
_COUNTED: Final = "counted_at"


def code_held_back(entry: Item, number: str, ctx: Context) -> Dropped | None:
    """Why the code message of this entry may not go to the number; None when it may, and then it is counted: once for
    the entry, however often a carrier has to be asked. One read and one transaction. Raises Unavailable and Stale when
    it could not be counted: then it is not sent either."""
    if _COUNTED in entry:
        return None
    now = ctx.clock.now()
    prefix = code_messages.prefix_rate(number, ctx.lookup_ring)
    over = code_messages.over_limit(prefix, ctx.store.batch_get(code_messages.message_keys(prefix, now)), now)
    if over is not None:
        log(Event.CODE_HELD_BACK, entry_id=entry["entry_id"], reason=over.value, rate=prefix.name)
        return Dropped(over.value)
    change = Change(actor=System("messenger", "code_message"), cause="code_message", now=now, ids=ctx.ids)
    code_messages.count_message(change, prefix, by=entry["entry_id"])
    _commit_once(change, entry, ctx)
    return None


def notice_held_back(entry: Item, ctx: Context) -> Dropped | None:
    """The same for a notice, of which its kind alone counts."""
    if _COUNTED in entry:
        return None
    now = ctx.clock.now()
    rate = notice_rates.kind_rate(entry["kind"], entry["point"])
    if notice_rates.is_enough(rate, ctx.store.batch_get(rate_keys(rate, now)), now):
        log(Event.NOTICE_HELD_BACK, entry_id=entry["entry_id"], kind=entry["kind"])
        return Dropped(_ENOUGH)
    change = Change(actor=System("messenger", "notice"), cause="notice", now=now, ids=ctx.ids)
    count(change, rate, by=entry["entry_id"])
    _commit_once(change, entry, ctx)
    return None


def _commit_once(change: Change, entry: Item, ctx: Context) -> None:
    counted = {_COUNTED: to_text(change.now)}
    change.update(entry_key(entry["entry_id"]), set=counted, condition=Missing(_COUNTED), failed=stale)
    change.commit(ctx.store)
