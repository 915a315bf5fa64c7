"""How far the feed of facts has come, over all accounts: one item, which a batch of facts moves forward.

An account that is quiet is not out of date, and neither is a wallet at night. The feed is behind when the newest fact
of all was already old as it was taken in. Facts then wait somewhere, and an account may have changed meanwhile. A feed
that stops altogether looks like a quiet one; the age of the facts queue has an alarm for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import Unavailable
from hotline.kit.store import Key, ReasonCode, Store, TransactionCancelled, Update, hotline_key
from hotline.kit.store.condition import Compare, Missing, any_of

BEHIND_AFTER: Final = timedelta(minutes=2)
"""A fact usually arrives within seconds. One that took longer waited: in the wallet, on the bus, or in the queue."""
DRAINED_AFTER: Final = timedelta(minutes=10)
"""While facts wait, each batch takes in newer ones. When none has come for so long, none waits any more, and the feed
is quiet. Longer than the five tries of the facts queue with a fault that passes."""

WAIT_MAX: Final = timedelta(hours=6)
"""For so long a date that has passed, or a question to the wallet, waits for facts that are known to wait somewhere. A
promise ends at midnight, so that this ends before the morning."""
LOOK_AGAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class FeedHead:
    """The newest fact that was taken in, of whatever account, and when that was."""

    newest_at: datetime
    taken_in_at: datetime

    def behind_since(self, now: datetime) -> datetime | None:
        """Up to when facts are known, if the feed is behind at `now`; None when it is not."""
        late = self.taken_in_at - self.newest_at > BEHIND_AFTER
        return self.newest_at if late and now - self.taken_in_at <= DRAINED_AFTER else None


def feed_key() -> Key:
    """The key of the head of the feed."""
    return hotline_key("FEED#facts", "#HEAD")


def behind_since(read: Mapping[Key, Mapping[str, Any]], now: datetime) -> datetime | None:
    """Up to when facts are known, if the feed is behind at `now`. `read` holds what exists of `feed_key`."""
    stored = read.get(feed_key())
    if stored is None:
        return None
    return FeedHead(from_text(stored["newest_at"]), from_text(stored["taken_in_at"])).behind_since(now)


def look_again_at(read: Mapping[Key, Mapping[str, Any]], came_at: datetime, now: datetime) -> datetime | None:
    """Give the time of the next look at some due work while facts wait, which may say that nothing is to be done. None:
    do it now. `came_at` is when the work fell due first. `read` holds what exists of `feed_key`."""
    waits = now < came_at + WAIT_MAX and behind_since(read, now) is not None
    return now + LOOK_AGAIN if waits else None


def move_feed_on(store: Store, newest_at: datetime, *, now: datetime) -> None:
    """Note the newest fact of a batch that was taken in; older ones change nothing. One write, and never a reason to
    take the batch in again: the next batch moves the head as well."""
    newest = to_text(min(newest_at, now))
    write = Update(
        feed_key(),
        set={"newest_at": newest, "taken_in_at": to_text(now)},
        condition=any_of(Missing("newest_at"), Compare("newest_at", "<", newest)),
    )
    try:
        store.write_alone(write)
    except Unavailable:
        return
    except TransactionCancelled as cancelled:
        if any(reason.code is ReasonCode.OTHER for reason in cancelled.reasons):
            raise
