"""Numbers for reports: events of Amazon Connect, decisions and facts of the bus -> queue -> here -> tallies. The events
of Amazon Connect also say which agent is in which call."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.contact_events.batch import take_in
from functions.contact_events.settings import settings_from_environment
from hotline.kit.aws.users import ConnectUsers, SimulatedUsers, Users
from hotline.kit.doors import Context, make_store
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the reports queue. Answers the messages that are to come again, and SQS delivers only those
    again. After its count of receipts a message goes to the dead letters."""
    settings = settings_from_environment()
    return take_in(
        event, _context_of_start(), zone=settings.time_zone, sources=settings.sources, users=_users_of_start()
    )


@cache
def _context_of_start() -> Context:
    return Context(make_store(settings_from_environment().tables))


@cache
def _users_of_start() -> Users | None:
    settings = settings_from_environment()
    if settings.sources.is_simulated:
        return SimulatedUsers()
    instance_arn = settings.sources.instance_arn
    return ConnectUsers(instance_arn) if settings.has_agents and instance_arn is not None else None


make_at_start(_context_of_start)
