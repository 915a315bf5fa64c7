"""What the hotline logs, as its lines, for tests that read them."""

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
    handler = logger().registered_handler
    buffer = io.StringIO()
    before = handler.setStream(buffer)  # type: ignore[attr-defined]
    try:
        yield buffer
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]


def lines(buffer: io.StringIO) -> list[dict[str, Any]]:
    """Every line, in order."""
    return [json.loads(line) for line in buffer.getvalue().splitlines()]
