"""The files of a history, line by line, and how far they are read."""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import IO, Final, Protocol

from .model import BacktestError, Unusable

BLOCK_BYTES: Final = 1 << 18
"""Lines are read so many bytes at once. Then the position in the file is looked at again."""

_MAGIC: Final = b"\x1f\x8b"
"""The beginning of a packed file (RFC 1952, 2.3.1)."""

type NoteBytes = Callable[[int], None]
"""Called with the bytes that were read from files since the last call."""


def skip_bytes(_: int) -> None:
    """A progress that nobody watches."""


class Progress(Protocol):
    """A watcher of how far a run is."""

    def begin(self, word: str, total: int) -> None:
        """Hear that so many bytes are read from now on, and what is done with them."""
        ...

    def note(self, count: int) -> None:
        """Hear of bytes that were read."""
        ...


class Unwatched:
    """A progress that nobody watches."""

    def begin(self, word: str, total: int) -> None:
        pass

    def note(self, count: int) -> None:
        pass


def read_blocks(path: Path, note_bytes: NoteBytes = skip_bytes) -> Iterator[list[bytes]]:
    """The lines of a file, many at once; a packed one is unpacked. Raises Unusable."""
    try:
        with path.open("rb") as raw, _unpack(path, raw) as lines:
            if lines.read(len(BOM_UTF8)) != BOM_UTF8:
                lines.seek(0)
            seen = 0
            while block := lines.readlines(BLOCK_BYTES):
                yield block
                now = raw.tell()
                note_bytes(now - seen)
                seen = now
    except (OSError, EOFError, zlib.error) as fault:
        why = getattr(fault, "strerror", None) or "it is no whole .gz file"
        raise Unusable(BacktestError.FILE_UNREADABLE, f"{path} cannot be read: {why}.") from None


def read_lines(path: Path, note_bytes: NoteBytes = skip_bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, from 1 on; a packed one is unpacked. Raises Unusable."""
    return enumerate(chain.from_iterable(read_blocks(path, note_bytes)), 1)


@contextmanager
def _unpack(path: Path, raw: BufferedReader) -> Iterator[IO[bytes]]:
    # A file may be packed without saying so in its name. One that says so and is not is cut off, or another one.
    if path.suffix != ".gz" and not raw.peek(len(_MAGIC)).startswith(_MAGIC):
        yield raw
        return
    with gzip.open(raw) as unpacked:
        yield unpacked  # type: ignore[misc]
