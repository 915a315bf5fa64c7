"""The segments of a contact, as contact events tell of them, and the agent who is in it. Pure.

A transfer begins a new segment of the same contact. The agent who sends a caller on may stay until the next one is
there. So the end of a segment ends nothing of another one. Events come late, twice and in any order. A segment keeps
the latest connection and the earliest end, and the agent follows from all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

SEGMENTS_MAX: Final = 24
"""Segments of one contact. Amazon Connect links twelve contacts at most by transfers (quotas); as many again are room
for callbacks. An event of a further one changes nothing."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: the agent who was connected to it last and when, and its end, as far as they were told."""

    agent_id: str | None = None
    since: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """The agent who is in a contact, and since when. Without an agent the contact ended at `since`."""

    agent_id: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """Everything that was told of who is in a contact. `taken`: the workspace's word."""

    segments: Mapping[str, Segment] = field(default_factory=dict)
    taken: Holder | None = None


def fold_connected(presence: Presence, segment_id: str, holder: Holder) -> Presence:
    """The presence after the word that an agent was connected to a segment."""
    known = _find(presence, segment_id)
    if known is None or (known.since is not None and known.since >= holder.since):
        return presence
    return _with(presence, segment_id, replace(known, agent_id=holder.agent_id, since=holder.since))


def fold_ended(presence: Presence, segment_id: str, at: datetime) -> Presence:
    """The presence after the word that a segment ended."""
    known = _find(presence, segment_id)
    if known is None or (known.ended_at is not None and known.ended_at <= at):
        return presence
    return _with(presence, segment_id, replace(known, ended_at=at))


def find_holder(presence: Presence) -> Holder | None:
    """The agent who is in the contact; None where nothing was told. A live segment overrules the workspace, and an end
    does so when it is the later word."""
    told, taken = presence.segments.values(), presence.taken
    live = [Holder(one.agent_id, one.since) for one in told if one.since is not None and one.ended_at is None]
    if live:
        newest = max(live, key=lambda one: (one.since, one.agent_id or ""))
        # An agent who talks on has taken the contact again, so that it lasts.
        again = taken is not None and taken.agent_id == newest.agent_id and taken.since > newest.since
        return taken if again else newest
    ends = [one.ended_at for one in told if one.ended_at is not None]
    if not ends or (taken is not None and taken.since > max(ends)):
        return taken
    return Holder(None, max(ends))


def _with(presence: Presence, segment_id: str, segment: Segment) -> Presence:
    return replace(presence, segments={**presence.segments, segment_id: segment})


def _find(presence: Presence, segment_id: str) -> Segment | None:
    """The segment as it is known; None for a new one beyond SEGMENTS_MAX."""
    new = Segment() if len(presence.segments) < SEGMENTS_MAX else None
    return presence.segments.get(segment_id, new)
