"""The hotline's log, as its lines, for tests that read them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hotline.kit.logging import logger


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Gather log lines as they are written; `lines` reads them."""
    handler: Any = logger().registered_handler
    buffer = io.StringIO()
    # Not setStream: it flushes what the handler wrote to before, which another test's capture may have closed.
    before, handler.stream = handler.stream, buffer
    level = logger().log_level
    logger().setLevel("INFO")  # a call in the simulator, in an earlier test, keeps log lines off its terminal
    try:
        yield buffer
    finally:
        handler.stream = before
        logger().setLevel(level)


def lines(buffer: io.StringIO) -> list[dict[str, Any]]:
    """Every line, in order."""
    return [json.loads(line) for line in buffer.getvalue().splitlines()]
