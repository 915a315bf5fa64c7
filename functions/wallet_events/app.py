"""Facts of the wallet: bus -> queue -> here -> the rooms that keep them."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.wallet_events.batch import AT_ONCE, take_in
from functions.wallet_events.settings import settings_from_environment
from hotline.kit.aws.carriers import Queue, SqsQueue
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the facts queue. Answers the messages that could not be taken in, and SQS delivers only those again.
    After its count of receipts a message goes to the dead letters. One that breaks the contract goes there at once."""
    shards = settings_from_environment().shards
    return take_in(event, _context_of_start(), _dead_letters(), shards=shards, at_once=AT_ONCE)


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(make_store(settings.tables), lookup_keys=secret_loader(settings.lookup_key_secret))


@cache
def _dead_letters() -> Queue:
    return SqsQueue(settings_from_environment().dead_letters_url)


make_at_start(_context_of_start)
