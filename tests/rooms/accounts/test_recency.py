"""The time for which devices and contact points are new: one rule, and one week."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.accounts.recency import AT_OPENING, RECENT, is_recent
from tests.support.stores import NOON
from tests.support.sweeps import sweep

MOMENT = timedelta(milliseconds=1)


@sweep(
    ("at", "opened_at", "recent"),
    [
        (None, None, False),
        (NOON, None, True),
        (NOON - RECENT + MOMENT, None, True),
        (NOON - RECENT, None, False),
        (NOON, NOON - AT_OPENING, False),
        (NOON, NOON - AT_OPENING - MOMENT, True),
    ],
)
def test_a_thing_is_recent_for_a_week_and_not_at_the_opening(
    at: datetime | None, opened_at: datetime | None, *, recent: bool
) -> None:
    assert is_recent(at, opened_at, NOON) is recent
