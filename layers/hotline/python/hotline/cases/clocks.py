"""By when somebody should have worked on a case: a clock for each topic, which runs while people are there. Pure.

No rule says when somebody looks first; the times are the hotline's own. They keep far within the rules about answers.
PSD2 gives 15 business days for a complaint (article 101), Regulation E ten for a report of an error (1005.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.directory.service import Hours, add_open_time

from .model import DISPUTE_TOPIC, LOCKOUT_TOPIC, SECURITY_TOPIC, Priority

CLOCKS: Final[Mapping[str, timedelta]] = {
    SECURITY_TOPIC: timedelta(hours=1),
    DISPUTE_TOPIC: timedelta(hours=1),
    "unconfirmed": timedelta(hours=1),
    LOCKOUT_TOPIC: timedelta(hours=4),
    "payment": timedelta(hours=8),
    "refund": timedelta(hours=8),
    "general": timedelta(hours=8),
    "advice": timedelta(hours=16),
}
"""Open time from the opening of a case, by its topic. These are the topics that agents are skilled in."""
TOPICS: Final = tuple(CLOCKS)
OTHERWISE: Final = timedelta(hours=8)
"""The clock of a topic that has none of its own."""
URGENT_WITHIN: Final = timedelta(hours=1)
"""The clock of an urgent case, whatever its topic."""
RISK_LEAD: Final = timedelta(hours=4)
"""A case of an account at high risk is worked as if it were due so much earlier, among cases of its priority. So nobody
waits longer for risky accounts than this, however many there are."""

TASK_WITHIN: Final = timedelta(minutes=15)
"""How long a case may wait for somebody who works the queue of cases, until a task brings it to a person."""
CALL_WITHIN: Final = timedelta(hours=1)
"""How long it may wait where a call or a callback should bring it to a person already."""


def date_task(since: datetime, hours: Hours, *, call_live: bool) -> datetime:
    """The time at which a case that nobody has claimed is brought to a person by a task."""
    return add_open_time(hours, since, CALL_WITHIN if call_live else TASK_WITHIN)


def date_due(topic: str, priority: Priority, since: datetime, hours: Hours) -> datetime:
    """The due time of a case that has had this topic and priority since an instant."""
    within = CLOCKS.get(topic, OTHERWISE)
    if priority is Priority.URGENT:
        within = min(within, URGENT_WITHIN)
    return add_open_time(hours, since, within)
