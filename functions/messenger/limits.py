"""The last look before a message goes out: how many codes went to the number's prefix and in all, or how many notices
of the kind to the contact point."""

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


def notice_place(entry: Item, channel: str, ctx: Context) -> int | None:
    """The how-manieth of its kind a notice is that goes to its contact point within a day, this one counted; None where
    its kind has no limit. One read. Raises Unavailable."""
    if not notice_rates.is_bounded(entry["kind"], channel):
        return None
    now, rate = ctx.clock.now(), notice_rates.kind_rate(entry["kind"], entry["point"])
    before = notice_rates.sent_so_far(rate, ctx.store.batch_get(rate_keys(rate, now)), now)
    return before if _COUNTED in entry else before + 1


def is_last_for_now(place: int | None) -> bool:
    """Whether the notice is the last of its kind that goes to its contact point for now, and is to say so."""
    return place == notice_rates.OF_A_KIND_MAX


def notice_held_back(entry: Item, place: int | None, ctx: Context) -> Dropped | None:
    """The same for a notice, of which its kind alone counts; `place` as `notice_place` gives it."""
    if place is None or _COUNTED in entry:
        return None
    if place > notice_rates.OF_A_KIND_MAX:
        log(Event.NOTICE_HELD_BACK, entry_id=entry["entry_id"], kind=entry["kind"])
        return Dropped(_ENOUGH)
    change = Change(actor=System("messenger", "notice"), cause="notice", now=ctx.clock.now(), ids=ctx.ids)
    count(change, notice_rates.kind_rate(entry["kind"], entry["point"]), by=entry["entry_id"])
    _commit_once(change, entry, ctx)
    return None


def _commit_once(change: Change, entry: Item, ctx: Context) -> None:
    counted = {_COUNTED: to_text(change.now)}
    change.update(entry_key(entry["entry_id"]), set=counted, condition=Missing(_COUNTED), failed=stale)
    change.commit(ctx.store)
