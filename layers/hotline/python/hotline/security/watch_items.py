"""How the scan's own state is stored: watches (see `packing`), and what is left of one when its account is erased.

A watch is `ACCOUNT#id / #WATCH`, and of another stream `SUBJECT#stream#id / #WATCH`. `SCAN#shard / CURSOR` is the place
up to which a shard of the accounts' stream was read, `CURSOR#stream` of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hotline.kit.clock import epoch_s
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

from .activity import NAMED
from .detectors import Stream
from .items import partition_of
from .model import WATCH_LIFE, WATCH_LIVES
from .packing import pack, unpack

if TYPE_CHECKING:
    from .rules import Plan
    from .watch import Raised, Watch

ERASED: Final = "erased"


def watch_key(stream: Stream, subject: str) -> Key:
    """The key of a subject's watch."""
    return hotline_key(partition_of(stream, subject), "#WATCH")


def cursor_key(shard: int, stream: Stream = Stream.ACCOUNT) -> Key:
    """The key of the place up to which a shard of a stream has been read."""
    return hotline_key(f"SCAN#{shard:03d}", "CURSOR" if stream is Stream.ACCOUNT else f"CURSOR#{stream.value}")


def watch_item(stream: Stream, watch: Watch, names: str | None, now: datetime) -> Item:
    """The stored form of a watch (see `packing`). `names`: the account that a payee is."""
    return _item_of(stream, watch.store(), names, now)


def begun_item(stream: Stream, watch: Watch, told: Iterable[Raised], known: Item | None, now: datetime) -> Item:
    """The stored form of a watch that has not moved, with what was told beyond it (see `Watch.store_begun`). `known`:
    the item of the watch, of which all else is kept."""
    return {**(known or {}), **_item_of(stream, watch.store_begun(told), None, now)}


def _item_of(stream: Stream, stored: Mapping[str, Any], names: str | None, now: datetime) -> Item:
    item: Item = {"memory": pack(stored), TTL_ATTRIBUTE: epoch_s(now + WATCH_LIVES[stream])}
    return item if names is None else {**item, NAMED: names}


def tombstone_item(now: datetime) -> Item:
    """The stored form of the watch of an account that was erased. A scan that ends later finds it and writes none. It
    outlives every row of the account."""
    return {ERASED: True, TTL_ATTRIBUTE: epoch_s(now + WATCH_LIFE)}


def watch_of(plan: Plan, item: Mapping[str, Any] | None, now: datetime) -> Watch:
    """The watch in a stored item. It is empty where nothing has happened yet, or not for so long that the item may be
    gone at any moment. Of an item of an earlier form the position alone is known."""
    # Here, since most of those who know stored findings never fold a watch.
    from .watch import Watch

    if item is None or int(item.get(TTL_ATTRIBUTE, epoch_s(now))) < epoch_s(now):
        return Watch(plan)
    if "memory" not in item:
        return Watch(plan, {"applied_to": item.get("applied_to", "")})
    return Watch(plan, unpack(item["memory"]))


def is_tombstone(item: Mapping[str, Any] | None) -> bool:
    """Whether the item says that the account was erased."""
    return item is not None and ERASED in item
