"""How many notices of one kind go to one contact point in a day.

Somebody who has proved who they are can cause notices over and over, for example by changing a PIN back and forth. They
may be paid for each message that reaches a number (OWASP ASVS 5.0, 2.4.1), or bury one message under a hundred. So a
kind of notice goes to a number or an address six times a day. The first ones always go, and the sixth says that no more
follow for now. A notice of another kind still comes, so no kind hides another. An address gets every notice about
refunds and cases. Each tells of another one, and their number is bounded where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.actor import System
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import perform_alone
from hotline.kit.clock import to_text
from hotline.kit.counts.rates import Rate, count, rate_keys, sum_window
from hotline.kit.doors import Context
from hotline.kit.outbox import entry_key
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item, Missing

NOTICES: Final = Rate("notices", timedelta(days=1))
OF_A_KIND_MAX: Final = 6
_EVERY_ONE_BY_EMAIL: Final = ("refund.", "case.")
_COUNTED: Final = "counted_at"


def kind_rate(kind: str, point: str) -> Rate:
    """The rate of one kind of notice at one contact point; `point` is its keyed id."""
    return NOTICES.of(f"{kind}#{point}")


def is_bounded(kind: str, channel: str) -> bool:
    """Whether notices of this kind have a limit on this channel."""
    return channel != "email" or not kind.startswith(_EVERY_ONE_BY_EMAIL)


def notice_place(ctx: Context, entry: Mapping[str, Any], channel: str) -> int | None:
    """The position of a notice among those of its kind to its contact point within a day, this one counted. None where
    its kind has no limit. `entry`: its outbox entry. One read. Raises Unavailable."""
    if not is_bounded(entry["kind"], channel):
        return None
    now, rate = ctx.clock.now(), kind_rate(entry["kind"], entry["point"])
    before = sum_window(rate, ctx.store.batch_get(rate_keys(rate, now)), now)
    return before if _COUNTED in entry else before + 1


def is_last_for_now(place: int | None) -> bool:
    """Whether the notice is the last of its kind that goes to its contact point for now, and is to say so."""
    return place == OF_A_KIND_MAX


@dataclass(frozen=True, slots=True)
class _CountNotice:
    """Count a notice by its kind and contact point, once for its outbox entry, however often a carrier is asked."""

    entry: Mapping[str, Any]

    def read(self, _store: Store, _now: datetime) -> Mapping[Key, Item]:
        return {}

    def contribute(self, change: Change, _read: Mapping[Key, Item]) -> None:
        entry_id = self.entry["entry_id"]
        count(change, kind_rate(self.entry["kind"], self.entry["point"]), by=entry_id)
        noted = {_COUNTED: to_text(change.now)}
        change.update(entry_key(entry_id), set=noted, condition=Missing(_COUNTED), failed=stale)


def admit_notice(ctx: Context, entry: Mapping[str, Any], place: int | None) -> bool:
    """Count the notice of an outbox entry before it goes out; False when it may not go. `place` as `notice_place` gives
    it. One transaction at most. Raises Unavailable and Stale when it could not be counted: then it is not sent."""
    if place is None or _COUNTED in entry:
        return True
    if place > OF_A_KIND_MAX:
        return False
    perform_alone(ctx, _CountNotice(entry), actor=System("messenger", "notice"), cause="notice", attempts_max=1)
    return True
