"""How often an agent may look, unmask, open, review, ask and approve in an hour.

The limits are against an insider who collects, waves through, or hides one request among many.

Each is a rate of one agent (kit.counts.rates), read with the request and counted in its transaction. The counter of the
running hour is a condition as well, so that requests at once do not pass it together. The figures are the hotline's
own: some three times what a busy agent with ten calls an hour needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.identity.model import Operation
from hotline.kit.change import Change
from hotline.kit.clock import count_seconds
from hotline.kit.counts.rates import Rate, count, find_room, rate_keys, sum_window
from hotline.kit.errors import HotlineError, NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Compare, Item, Missing, any_of

from .model import AgentError

HOUR: Final = timedelta(hours=1)
LOOK_UPS_MAX: Final = 60
UNMASKINGS_MAX: Final = 10
"""Alone; with a second person more."""
OPENINGS_MAX: Final = 20
"""Unlocks, reset grants, ends of pauses and freezes, rows begun anew, holds released, contact points
removed: whatever lets somebody in."""
APPROVALS_MAX: Final = 20
"""Decisions on others' requests. Somebody who approves each three minutes does not look."""
REQUESTS_MAX: Final = 20
"""Requests to a second person: as many as a supervisor may decide on."""
REVIEWS_MAX: Final = 30
"""Refunds that an agent approves or denies alone."""


class Counted(StrEnum):
    """The things that are counted of an agent."""

    LOOK_UPS = "look-ups"
    UNMASKINGS = "unmaskings"
    OPENINGS = "openings"
    APPROVALS = "approvals"
    REQUESTS = "requests"
    REVIEWS = "reviews"


@dataclass(frozen=True, slots=True)
class Limit:
    """How often in an hour, and the refusal beyond."""

    most: int
    refusal: AgentError


LIMITS: Final[Mapping[Counted, Limit]] = {
    Counted.LOOK_UPS: Limit(LOOK_UPS_MAX, AgentError.LOOK_UPS),
    Counted.UNMASKINGS: Limit(UNMASKINGS_MAX, AgentError.UNMASKINGS),
    Counted.OPENINGS: Limit(OPENINGS_MAX, AgentError.OPENINGS),
    Counted.APPROVALS: Limit(APPROVALS_MAX, AgentError.APPROVALS),
    Counted.REQUESTS: Limit(REQUESTS_MAX, AgentError.REQUESTS),
    Counted.REVIEWS: Limit(REVIEWS_MAX, AgentError.REVIEWS),
}


COUNTED: Final[Mapping[Operation, Counted]] = {
    Operation.UNLOCK: Counted.OPENINGS,
    Operation.RESET_GRANT: Counted.OPENINGS,
    Operation.END_PAUSE: Counted.OPENINGS,
    Operation.UNFREEZE: Counted.OPENINGS,
    Operation.UNFREEZE_UNPROVED: Counted.OPENINGS,
    Operation.UNLOCK_UNPROVED: Counted.OPENINGS,
    Operation.RESET_GRANT_UNPROVED: Counted.OPENINGS,
    Operation.RELEASE_HOLD: Counted.OPENINGS,
    Operation.NEW_ROW: Counted.OPENINGS,
    Operation.NEW_ROW_UNPROVED: Counted.OPENINGS,
    Operation.CONTACT_CHANGE: Counted.OPENINGS,
    Operation.UNMASK: Counted.UNMASKINGS,
    Operation.REVIEW_REFUND: Counted.REVIEWS,
}
"""The operations that are bounded by the hour, and as what they count."""


def limit_keys(counted: Counted, agent_id: str, now: datetime) -> tuple[Key, ...]:
    """The keys to read to know how often it was."""
    return rate_keys(_rate(counted, agent_id), now)


def is_used_up(counted: Counted, agent_id: str, read: Mapping[Key, Item], now: datetime) -> bool:
    """Whether the agent has done it as often as they may in an hour."""
    return sum_window(_rate(counted, agent_id), read, now) >= LIMITS[counted].most


def count_one(change: Change, counted: Counted, agent_id: str, read: Mapping[Key, Item]) -> None:
    """Count one more with the change. Raises NotPossible with the limit's code when it is used up, also at commit. Its
    fact `wait_s` counts the seconds until there is room again."""
    limit = LIMITS[counted]
    if is_used_up(counted, agent_id, read, change.now):
        raise NotPossible(limit.refusal, wait_s=_count_wait(counted, agent_id, read, change.now))
    rate = _rate(counted, agent_id)
    running = rate_keys(rate, change.now)[0]
    count(change, rate, by=agent_id)

    def refuse(stored: Item | None) -> HotlineError:
        now_read = {**read, running: stored} if stored is not None else read
        return NotPossible(limit.refusal, wait_s=_count_wait(counted, agent_id, now_read, change.now))

    change.require_condition(running, any_of(Missing(rate.part), Compare(rate.part, "<", limit.most)), refuse)


def _count_wait(counted: Counted, agent_id: str, read: Mapping[Key, Item], now: datetime) -> int:
    """The whole seconds until the agent may do it once more."""
    room_at = find_room(_rate(counted, agent_id), read, now, most=LIMITS[counted].most)
    return count_seconds(room_at - now)


def _rate(counted: Counted, agent_id: str) -> Rate:
    return Rate(f"agent-{counted.value}", HOUR).of(agent_id)
