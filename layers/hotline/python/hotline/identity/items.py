"""Calls, challenges and code counters as stored items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotline.kit.actor import FactorKind, Purpose
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

from .model import Challenge, ChallengeState, Goal
from .policy import CHALLENGE_KEPT, LANGUAGE_UNSAID, FactorCounters
from .ways import COUNTERS


def challenge_key(challenge_id: str) -> Key:
    """The key of a challenge."""
    return hotline_key(f"CHALLENGE#{challenge_id}", "CHALLENGE")


NOBODY = "nobody"
"""An account id that no account has: read where an unknown number must cost what a known one costs."""


def factors_key(account_id: str) -> Key:
    """The key under which the PIN of an account is stored, as a keyed hash, with what was guessed wrong."""
    return hotline_key(f"ACCOUNT#{account_id}", "#FACTORS")


def point_key(point: str) -> Key:
    """The key of a contact point (`version#hmac`) and its counters."""
    return hotline_key(f"POINT#{point}", "POINT")


def challenge_item(challenge: Challenge) -> Item:
    """A challenge in its stored form; it ends by itself."""
    return {
        "challenge_id": challenge.id,
        "key_version": challenge.key_version,
        "purpose": challenge.purpose.value,
        "goal": challenge.goal.value,
        "factor": challenge.factor.value,
        "point": challenge.point,
        "expires_at": to_text(challenge.expires_at),
        "tries_left": challenge.tries_left,
        "state": challenge.state.value,
        "decoy": challenge.decoy,
        "language": challenge.language,
        TTL_ATTRIBUTE: epoch_s(challenge.expires_at + CHALLENGE_KEPT),
    }


def challenge_from(item: Mapping[str, Any]) -> Challenge:
    """The challenge in a stored item."""
    return Challenge(
        id=item["challenge_id"],
        key_version=item["key_version"],
        purpose=Purpose(item["purpose"]),
        goal=Goal(item["goal"]),
        factor=FactorKind(item["factor"]),
        point=item["point"],
        expires_at=from_text(item["expires_at"]),
        tries_left=int(item["tries_left"]),
        state=ChallengeState(item["state"]),
        decoy=bool(item["decoy"]),
        # Those that were asked for before there were calls name none.
        language=item.get("language", LANGUAGE_UNSAID),
    )


def counter_name(factor: FactorKind, counter: str) -> str:
    """Under which name the counters of a factor by a way (Way.counter) are stored."""
    return f"{factor.value}/{counter}"


COUNTER_NAMES = {counter_name(factor, counter): (factor, counter) for factor in FactorKind for counter in COUNTERS}
"""Every name under which counters are stored."""


def counters_from(point_item: Mapping[str, Any] | None, factor: FactorKind, counter: str) -> FactorCounters:
    """The counters of one factor by one way on a contact point; all zero for a point never seen."""
    name = counter_name(factor, counter)
    stored: Mapping[str, Any] = (point_item or {}).get("counters", {}).get(name, {})
    return FactorCounters(
        sent=_times(stored.get("sent", [])),
        wrong=_times(stored.get("wrong", [])),
        wrong_in_a_row=int(stored.get("wrong_in_a_row", 0)),
        blocked_until=from_text(stored["blocked_until"]) if "blocked_until" in stored else None,
    )


def with_counters(
    point_item: Mapping[str, Any] | None,
    changed: Mapping[str, FactorCounters],
    *,
    now: datetime,
    owned: bool = False,
) -> Item:
    """The contact point's item with some counters changed, each under its `counter_name`. A point that belongs to
    nobody ends by itself; `owned`: it has owners, even if they are listed under another key version. Counts from before
    ways were told apart are dropped, since they do not say who guessed."""
    item = dict(point_item or {})
    kept = {name: value for name, value in item.get("counters", {}).items() if name in COUNTER_NAMES}
    item["counters"] = kept | {name: _counters_item(counters) for name, counters in changed.items()}
    if owned or item.get("owners"):
        item.pop(TTL_ATTRIBUTE, None)
    else:
        item[TTL_ATTRIBUTE] = epoch_s(now + CHALLENGE_KEPT * 2)
    return item


def _counters_item(counters: FactorCounters) -> Item:
    stored: Item = {
        "sent": [to_text(at) for at in counters.sent],
        "wrong": [to_text(at) for at in counters.wrong],
        "wrong_in_a_row": counters.wrong_in_a_row,
    }
    if counters.blocked_until is not None:
        stored["blocked_until"] = to_text(counters.blocked_until)
    return stored


def _times(texts: list[str]) -> tuple[datetime, ...]:
    return tuple(from_text(text) for text in texts)
