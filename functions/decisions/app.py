"""Decisions out of the outbox onto the bus: new entries of the table's stream, and ids re-driven by queue."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.decisions.delivery import deliver
from functions.decisions.settings import settings_from_environment
from hotline.kit.aws.carriers import EventBridgeBus
from hotline.kit.doors import Context, make_store
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> None:
    """Publish the decisions of a batch. Raises NotDelivered when one has to come again."""
    deliver(event, _context_of_start(), _bus())


@cache
def _context_of_start() -> Context:
    return Context(make_store(settings_from_environment().tables))


@cache
def _bus() -> EventBridgeBus:
    return EventBridgeBus(settings_from_environment().bus_name)


make_at_start(_context_of_start, _bus)
