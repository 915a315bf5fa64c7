"""Facts of the wallet: bus -> queue -> here -> the rooms that keep them."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.wallet_events.batch import take_in
from hotline.kit.aws.carriers import Queue, SqsQueue
from hotline.kit.config import require_setting
from hotline.kit.doors import context_from_environment


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the facts queue. Answers the messages that could not be taken in, and SQS delivers only those again.
    After its count of receipts a message goes to the dead letters. One that breaks the contract goes there at once."""
    return take_in(event, context_from_environment(lookup=True), _dead_letters())


@cache
def _dead_letters() -> Queue:
    return SqsQueue(require_setting("FACTS_DEAD_LETTERS_URL"))
