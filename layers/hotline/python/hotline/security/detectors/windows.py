"""Sliding windows over events in the order in which they happened, kept as plain lists of a rule's memory."""

from __future__ import annotations

from typing import Any


def slide(window: list[Any], entry: list[Any], *, span_ms: int, kept_max: int) -> None:
    """Add an entry, whose first field is its time in ms. Drop those older than the span, and the oldest of more than
    `kept_max`. An entry exactly as old as the span stays."""
    window.append(entry)
    oldest_ms = entry[0] - span_ms
    drop = len(window) - kept_max
    if drop < 0:
        drop = 0
    while window[drop][0] < oldest_ms:
        drop += 1
    if drop:
        del window[:drop]


def is_due(state: dict[str, Any], window: list[Any], *, count: int) -> bool:
    """Whether a window has so many entries, and none of them is of the time after a finding that the memory's
    `quiet_until` ends. A rule that finds something then sets `quiet_until`."""
    return len(window) >= count and bool(window[0][0] >= state.get("quiet_until", 0))
