"""A copy of what an existing wallet knows: ./hotline import -> queue -> here -> the rooms that keep it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.imports.batch import take_in
from functions.imports.settings import settings_from_environment
from hotline.kit.aws.carriers import Queue, SqsQueue
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the import queue. Answers the messages that could not be taken in, and SQS delivers those again.
    A fact that can never be taken in is named in the queue of refusals, and its message is done with."""
    return take_in(event, _context_of_start(), _refusals())


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(make_store(settings.tables), lookup_keys=secret_loader(settings.lookup_key_secret))


@cache
def _refusals() -> Queue:
    return SqsQueue(settings_from_environment().refusals_url)


make_at_start(_context_of_start)
