"""The legs of a contact, as contact events tell of them, and the agent who is in it. Pure.

A transfer begins a new leg of the same contact. The agent who sends a caller on may stay until the next one is
there. So the end of a leg ends nothing of another one. Events come late, twice and in any order. A leg keeps
the latest connection and the earliest end, and the agent follows from all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

LEGS_MAX: Final = 24
"""Legs of one contact. Amazon Connect links twelve contacts at most by transfers (quotas); as many again are room
for callbacks. An event of a further one changes nothing."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The agent who is in a contact, and since when. Without an agent the contact ended at `since`."""

    agent_id: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: the agent who was connected to it last, and its end, as far as they were told."""

    connected: Holder | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Everything that was told of who is in a contact. `taken`: the workspace's word."""

    legs: Mapping[str, Leg] = field(default_factory=dict)
    taken: Holder | None = None


def fold_connected(presence: Presence, leg_id: str, holder: Holder) -> Presence:
    """The presence after the word that an agent was connected to a leg."""
    known = _find(presence, leg_id)
    if known is None:
        return presence
    latest = holder if known.connected is None else max(known.connected, holder, key=_order)
    return _with(presence, leg_id, replace(known, connected=latest))


def fold_ended(presence: Presence, leg_id: str, at: datetime) -> Presence:
    """The presence after the word that a leg ended."""
    known = _find(presence, leg_id)
    if known is None:
        return presence
    return _with(presence, leg_id, replace(known, ended_at=at if known.ended_at is None else min(known.ended_at, at)))


def find_holder(presence: Presence) -> Holder | None:
    """The agent who is in the contact; None where nothing was told. A live leg overrules the workspace, and an end
    does so when it is the later word."""
    told, taken = presence.legs.values(), presence.taken
    live = [one.connected for one in told if one.connected is not None and one.ended_at is None]
    if live:
        newest = max(live, key=_order)
        # An agent who talks on has taken the contact again, so that it lasts.
        return max(newest, taken, key=_order) if taken is not None and taken.agent_id == newest.agent_id else newest
    ends = [one.ended_at for one in told if one.ended_at is not None]
    if not ends or (taken is not None and taken.since > max(ends)):
        return taken
    return Holder(None, max(ends))


def is_connected(presence: Presence, agent_id: str) -> bool:
    """Whether an event told that the agent is in a leg that goes on."""
    live = (one.connected for one in presence.legs.values() if one.ended_at is None)
    return any(holder is not None and holder.agent_id == agent_id for holder in live)


def _order(holder: Holder) -> tuple[datetime, str]:
    """The order of two words: by their instants, and of one instant always the same."""
    return holder.since, str(holder.agent_id)


def _with(presence: Presence, leg_id: str, leg: Leg) -> Presence:
    return replace(presence, legs={**presence.legs, leg_id: leg})


def _find(presence: Presence, leg_id: str) -> Leg | None:
    """The leg as it is known; None for a new one beyond LEGS_MAX."""
    new = Leg() if len(presence.legs) < LEGS_MAX else None
    return presence.legs.get(leg_id, new)
