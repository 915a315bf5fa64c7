"""Digests of the wallet: bus -> queue, which waits for facts on their way -> here -> drift."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.digests.batch import take_in
from functions.digests.settings import settings_from_environment
from hotline.kit.doors import Context, make_store
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """One digest of the queue. It comes again, as far as it was not compared, when its time is over or the store has
    trouble."""
    return take_in(event, _context_of_start(), left_ms=context.get_remaining_time_in_millis)


@cache
def _context_of_start() -> Context:
    return Context(make_store(settings_from_environment().tables))


make_at_start(_context_of_start)
