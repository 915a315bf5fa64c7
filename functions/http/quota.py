"""How many requests an account or an address may make in a minute, and the headers that tell it (RateLimit header
fields for HTTP, draft-ietf-httpapi-ratelimit-headers).

A request is counted by one write, which is refused when the window is full. A count whose answer was lost may be made
twice. It keeps one client from using up the share of all; it guards nothing that must hold exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.http.problems import Problem
from hotline.kit.clock import epoch_s
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.store import TTL_ATTRIBUTE, Key, ReasonCode, TransactionCancelled, Update, hotline_key
from hotline.kit.store.condition import Compare, Missing, any_of

REQUESTS_MAX: Final = 120
"""An app that shows everything at once makes some ten requests; this is for loops that went wrong."""
SOURCE_REQUESTS_MAX: Final = 240
"""The same for one address on the network, on routes that need no token. The customers of one carrier share an address,
so that it may not be as few as those of one customer."""
WINDOW: Final = timedelta(seconds=60)
_KEPT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Quota:
    """The rest of a window: of the account, or of another `partition`, of whose requests so many are allowed."""

    left: int
    reset_s: int
    partition: str = "account"
    most: int = REQUESTS_MAX

    @property
    def headers(self) -> dict[str, str]:
        policy = f'"{self.partition}";q={self.most};w={int(WINDOW.total_seconds())}'
        return {"RateLimit-Policy": policy, "RateLimit": f'"{self.partition}";r={self.left};t={self.reset_s}'}


def count_request(ctx: Context, account_id: str) -> Quota:
    """Count one request of the account. Raises Problem `quota_exceeded` when the window is used up. A store that does
    not answer here is no reason to refuse: the request itself will find out."""
    return _count(ctx, account_id, "account", REQUESTS_MAX)


def count_source(ctx: Context, source: str) -> Quota:
    """Count one request of a source (`functions.http.sources`), as `count_request` does. Only a keyed hash of it is
    stored, which a change of the key makes another one."""
    keyring = ctx.lookup_ring
    hashed = keyring.mac_text(keyring.current, "source", source)
    return _count(ctx, f"source#{hashed}", "source", SOURCE_REQUESTS_MAX)


def _count(ctx: Context, subject: str, partition: str, most: int) -> Quota:
    now = ctx.clock.now()
    key, reset_s = _window(subject, now)
    below = any_of(Missing("count"), Compare("count", "<", most))
    update = Update(key, set={TTL_ATTRIBUTE: epoch_s(now + _KEPT)}, add={"count": 1}, condition=below)
    try:
        count = int(ctx.store.write_alone(update)["count"])
    except TransactionCancelled as refused:
        if refused.reasons[0].code is not ReasonCode.CONDITION:
            return Quota(most, reset_s, partition, most)
        quota = Quota(0, reset_s, partition, most)
        raise Problem("quota_exceeded", headers={**quota.headers, "Retry-After": str(reset_s)}) from None
    except Unavailable:
        return Quota(most, reset_s, partition, most)
    return Quota(most - count, reset_s, partition, most)


def _window(subject: str, now: datetime) -> tuple[Key, int]:
    """The item of the window that runs, and how long it still does."""
    length = int(WINDOW.total_seconds())
    number, gone = divmod(epoch_s(now), length)
    return hotline_key(f"RATE#{subject}", f"WINDOW#{number}"), length - gone
