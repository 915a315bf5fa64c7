"""What falls due, once a minute: dates of accounts and refunds, erasures, and outbox entries that were left behind."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.deadlines.redriving import Queues
from functions.deadlines.work import work_off
from hotline.kit.carriers import SqsQueue
from hotline.kit.clock import from_text
from hotline.kit.config import required
from hotline.kit.doors import context_from_environment


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Work off what has fallen due by now, or by `at` (RFC 3339) when the event names a time. Returns counts, see
    work.Summary. Raises ValueError when `at` is no time."""
    ctx = context_from_environment()
    now = from_text(event["at"]) if "at" in event else ctx.clock.now()
    return work_off(ctx, now, _queues()).counts()


@cache
def _queues() -> Queues:
    return {"message": SqsQueue(required("MESSAGES_AGAIN_URL")), "bus": SqsQueue(required("DECISIONS_AGAIN_URL"))}
