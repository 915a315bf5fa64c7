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
    log, buffer = logger(), io.StringIO()
    # A call in the simulator, in an earlier test, keeps log lines off its terminal.
    before, log.stream, log.level = (log.stream, log.level), buffer, "INFO"
    try:
        yield buffer
    finally:
        log.stream, log.level = before


def lines(buffer: io.StringIO) -> list[dict[str, Any]]:
    """Every line, in order."""
    return [json.loads(line) for line in buffer.getvalue().splitlines()]
