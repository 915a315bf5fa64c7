"""Due work, once a minute: dates of accounts and refunds, erasures, and outbox entries that were left behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache

from functions.deadlines.redrives import Queues
from functions.deadlines.settings import settings_from_environment
from functions.deadlines.work import work_off
from hotline.kit.aws.buckets import S3Bucket
from hotline.kit.aws.carriers import SqsQueue
from hotline.kit.clock import from_text
from hotline.kit.doors import Context, make_store
from hotline.kit.errors import InvalidInput
from hotline.kit.logging import Event, log
from hotline.kit.start import make_at_start


class EventError(StrEnum):
    """Why an event is none that a schedule sends."""

    BAD_EVENT = "bad_event"
    BAD_AT = "bad_at"


def handler(event: object, _context: object) -> dict[str, int]:
    """Work off what has fallen due by now, or by `at` (RFC 3339) when the event names a time. Returns counts, see
    work.Summary. Raises InvalidInput (bad_event, bad_at) for an event that a schedule does not send."""
    ctx = _context_of_start()
    try:
        at = _time_asked_for(event)
    except InvalidInput as error:
        log(Event.REQUEST_ODD, reason=error.code)
        raise
    return work_off(ctx, at or ctx.clock.now(), _queues()).counts()


def _time_asked_for(event: object) -> datetime | None:
    if not isinstance(event, Mapping):
        raise InvalidInput(EventError.BAD_EVENT)
    if "at" not in event:
        return None
    try:
        return from_text(event["at"])
    except (TypeError, ValueError):
        raise InvalidInput(EventError.BAD_AT) from None


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(make_store(settings.tables), evidence_bucket=S3Bucket(settings.evidence_bucket))


@cache
def _queues() -> Queues:
    settings = settings_from_environment()
    return {"message": SqsQueue(settings.messages_again_url), "bus": SqsQueue(settings.decisions_again_url)}


make_at_start(_context_of_start)
