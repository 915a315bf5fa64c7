"""The time for which an owner hears that something of their account is new: one rule for devices and contact points.
Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

RECENT: Final = timedelta(days=7)
"""So long the owner hears of it: about as long as somebody takes who looks at their account once a week."""
AT_OPENING: Final = timedelta(days=1)
"""Devices and contact points of the first day of an account come with its opening."""


def is_recent(at: datetime | None, opened_at: datetime | None, now: datetime) -> bool:
    """Whether something came or changed within RECENT, and not with the opening of the account. None: an unknown
    time."""
    if at is None or (opened_at is not None and at <= opened_at + AT_OPENING):
        return False
    return now - at < RECENT
