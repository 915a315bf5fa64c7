"""Sliding windows over events in the order in which they happened, kept as plain lists of a rule's memory."""

from __future__ import annotations

from typing import Any


def slide(window: list[Any], entry: list[Any], *, span_ms: int, kept_max: int) -> None:
    """Add an entry, whose first field is its time in ms. Drop those older than the span, and the oldest of more than
    `kept_max`. An entry exactly as old as the span stays."""
    window.append(entry)
    oldest_ms = entry[0] - span_ms
    drop = max(0, len(window) - kept_max)
    while window[drop][0] < oldest_ms:
        drop += 1
    if drop:
        del window[:drop]
