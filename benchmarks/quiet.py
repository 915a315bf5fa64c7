"""Benchmarks that print figures, and no log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline.kit.logging import logger


@contextmanager
def quiet() -> Iterator[None]:
    """No log on the terminal: its lines are made, and go nowhere."""
    handler = logger().registered_handler
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        before = handler.setStream(nothing)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            handler.setStream(before)  # type: ignore[attr-defined]
