"""Numbers for reports: events of Amazon Connect, decisions and facts of the bus -> queue -> here -> tallies."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.contact_events.batch import take_in
from functions.contact_events.settings import settings_from_environment
from hotline.kit.doors import Context, make_store


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the reports queue. Answers the messages that could not be counted, and SQS delivers only those
    again. After its count of receipts a message goes to the dead letters."""
    settings = settings_from_environment()
    return take_in(event, _context_of_start(), zone=settings.time_zone, sources=settings.sources)


@cache
def _context_of_start() -> Context:
    return Context(make_store(settings_from_environment().tables))
