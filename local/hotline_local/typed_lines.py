"""Lines that somebody types, of which one can be waited for without taking it."""

from __future__ import annotations

import os
import select
import time
from typing import Final, TextIO

BYTES_AT_ONCE: Final = 4096


class TypedLines:
    """The lines of a text input, from a terminal or a pipe. Nothing is kept in Python's own buffer, so that a wait sees
    every line that is there. An input without a file behind it has all of its lines at once."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._kept = b""
        self._over = False
        try:
            self._file: int | None = source.fileno()
        except (OSError, ValueError):
            self._file = None

    def isatty(self) -> bool:
        """Whether a terminal shows what is typed."""
        return self._source.isatty()

    def readline(self) -> str:
        """The next line with its end, once it is there; nothing at the end of the input."""
        if self._file is None:
            return self._source.readline()
        while not self._has_line():
            self._fill()
        line, end, self._kept = self._kept.partition(b"\n")
        return (line + end).decode(errors="replace")

    def wait(self, seconds: float) -> bool:
        """Whether a line, or the end of the input, is there within this time."""
        if self._file is None:
            return True
        until = time.monotonic() + seconds
        while not self._has_line():
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._file], [], [], left)[0]:
                return False
            self._fill()
        return True

    def _has_line(self) -> bool:
        return self._over or b"\n" in self._kept

    def _fill(self) -> None:
        if self._file is None:
            return
        read = os.read(self._file, BYTES_AT_ONCE)
        self._kept += read
        self._over = not read
