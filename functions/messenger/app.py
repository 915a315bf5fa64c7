"""Text messages, e-mail and calls out of the outbox: new entries of the table's stream, and ids re-driven by queue."""

from __future__ import annotations

from typing import Any

from functions.messenger.delivery import deliver
from functions.messenger.settings import sender_from_environment, transports_from_environment
from hotline.kit.doors import context_from_environment


def handler(event: dict[str, Any], _context: object) -> None:
    """Send the messages of a batch. Raises NotDelivered when one has to come again."""
    ctx = context_from_environment(lookup=True, codes=True)
    deliver(event, ctx, sender_from_environment(), transports_from_environment())
