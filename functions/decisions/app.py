"""Decisions out of the outbox onto the bus: new entries of the table's stream, and ids re-driven by queue."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.decisions.delivery import deliver
from hotline.kit.aws.carriers import EventBridgeBus
from hotline.kit.config import require_setting
from hotline.kit.doors import context_from_environment


def handler(event: dict[str, Any], _context: object) -> None:
    """Publish the decisions of a batch. Raises NotDelivered when one has to come again."""
    deliver(event, context_from_environment(), _bus())


@cache
def _bus() -> EventBridgeBus:
    return EventBridgeBus(require_setting("EVENT_BUS_NAME"))
