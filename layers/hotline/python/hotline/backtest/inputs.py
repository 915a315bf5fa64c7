"""The files of a history, line by line, and how far they are read."""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from .model import BacktestError, Unusable

LINES_BETWEEN_LOOKS: Final = 4096
"""So many lines are read before the position in the file is looked at again."""

type NoteBytes = Callable[[int], None]
"""Called with the bytes that were read from files since the last call."""


def skip_bytes(_: int) -> None:
    """A progress that nobody watches."""


def read_lines(path: Path, note_bytes: NoteBytes = skip_bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, from 1 on; `.gz` is unpacked. Raises Unusable."""
    try:
        with path.open("rb") as raw, _unpack(path, raw) as lines:
            if lines.read(len(BOM_UTF8)) != BOM_UTF8:
                lines.seek(0)
            seen = 0
            for number, line in enumerate(lines, 1):
                if not number % LINES_BETWEEN_LOOKS:
                    now = raw.tell()
                    note_bytes(now - seen)
                    seen = now
                yield number, line
            note_bytes(raw.tell() - seen)
    except (OSError, EOFError, zlib.error) as fault:
        why = getattr(fault, "strerror", None) or "it is no whole .gz file"
        raise Unusable(BacktestError.FILE_UNREADABLE, f"{path} cannot be read: {why}.") from None


@contextmanager
def _unpack(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix != ".gz":
        yield raw
        return
    with gzip.open(raw) as unpacked:
        yield unpacked  # type: ignore[misc]
