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
    log = logger()
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        before, log.stream = log.stream, nothing
        try:
            yield
        finally:
            log.stream = before
