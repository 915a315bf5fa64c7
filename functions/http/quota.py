"""How many requests an account may make in a minute, and the headers that tell (RateLimit header fields for HTTP,
draft-ietf-httpapi-ratelimit-headers).

The count is read with one request and written with another, so that requests at the same moment may pass the limit by a
few. It keeps one client from using up the share of all; it guards nothing that must hold exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.http.problems import Problem
from hotline.kit.clock import epoch_s
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.store import TTL_ATTRIBUTE, Key, TransactionCancelled, Update, hotline_key
from hotline.kit.store.condition import Compare, Missing, any_of

REQUESTS_MAX: Final = 120
"""An app that shows everything at once makes some ten requests; this is for loops that went wrong."""
WINDOW: Final = timedelta(seconds=60)
POLICY: Final = f'"account";q={REQUESTS_MAX};w={int(WINDOW.total_seconds())}'
_KEPT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Quota:
    """The rest of the account's window."""

    left: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        return {"RateLimit-Policy": POLICY, "RateLimit": f'"account";r={self.left};t={self.reset_s}'}


def count_request(ctx: Context, account_id: str) -> Quota:
    """Count one request of the account. Raises Problem `quota_exceeded` when the window is used up. A store that does
    not answer here is no reason to refuse: the request itself will find out."""
    now = ctx.clock.now()
    key, reset_s = _window(account_id, now)
    try:
        stored = ctx.store.get(key)
        count = int(stored["count"]) if stored is not None else 0
        if count >= REQUESTS_MAX:
            quota = Quota(0, reset_s)
            raise Problem("quota_exceeded", headers={**quota.headers, "Retry-After": str(reset_s)})
        below = any_of(Missing("count"), Compare("count", "<", REQUESTS_MAX))
        update = Update(key, set={TTL_ATTRIBUTE: epoch_s(now + _KEPT)}, add={"count": 1}, condition=below)
        ctx.store.transact([update], token=ctx.ids.new("tx"))
    except (Unavailable, TransactionCancelled):
        return Quota(REQUESTS_MAX, reset_s)
    return Quota(REQUESTS_MAX - count - 1, reset_s)


def _window(account_id: str, now: datetime) -> tuple[Key, int]:
    """The item of the window that runs, and how long it still does."""
    length = int(WINDOW.total_seconds())
    number, gone = divmod(epoch_s(now), length)
    return hotline_key(f"RATE#{account_id}", f"WINDOW#{number}"), length - gone
