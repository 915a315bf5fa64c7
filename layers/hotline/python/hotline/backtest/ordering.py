"""Lines of a history in the order of their times.

Files that are sorted by time are read as they stand, several at once. A line that goes back in time ends that. All
lines are then sorted in parts that fit into memory, and the parts are merged from temporary files.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .inputs import NoteBytes, read_lines, skip_bytes
from .lines import BadLine, Told, read_line

PART_BYTES: Final = 64 * 1024 * 1024
"""The lines of one part that is sorted in memory."""
PARTS_MAX: Final = 200
"""So many parts are open at once; more are merged in steps."""

type Placed = tuple[int, int, int, Told]
"""An event with its time, the number of its file, and the number of its line."""
type NoteBad = Callable[[int, int, BadLine], None]
"""Called with the number of the file, that of the line, and why the line is left out."""


class Unsorted(Exception):
    """A line is earlier than the one before it."""

    def __init__(self, file: int, line: int) -> None:
        super().__init__(file, line)
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a run. `parts`: their lines sorted by time, in temporary files; empty while they are read as they
    stand."""

    files: tuple[Path, ...]
    parts: tuple[Path, ...] = ()


def iterate(inputs: Inputs, note_bad: NoteBad, note_bytes: NoteBytes = skip_bytes) -> Iterator[Placed]:
    """The events of all lines by time; of one time by file and line. Raises Unsorted, Unusable."""
    if inputs.parts:
        return _read_parts(inputs.parts, note_bad, note_bytes)
    ways = [_read_file(number, path, note_bad, note_bytes) for number, path in enumerate(inputs.files)]
    return ways[0] if len(ways) == 1 else heapq.merge(*ways)


def _read_file(file: int, path: Path, note_bad: NoteBad, note_bytes: NoteBytes) -> Iterator[Placed]:
    last_ms = 0
    for number, line in read_lines(path, note_bytes):
        try:
            told = read_line(line)
        except BadLine as bad:
            if not line.isspace():
                note_bad(file, number, bad)
            continue
        at_ms = told[0]
        if at_ms < last_ms:
            raise Unsorted(file, number)
        last_ms = at_ms
        yield at_ms, file, number, told


def _read_parts(parts: tuple[Path, ...], note_bad: NoteBad, note_bytes: NoteBytes) -> Iterator[Placed]:
    for at_ms, file, number, line in heapq.merge(*(read_part(part, note_bytes) for part in parts)):
        try:
            told = read_line(line)
        except BadLine as bad:
            note_bad(file, number, bad)
        else:
            yield at_ms, file, number, told


def sort_files(
    files: tuple[Path, ...], folder: Path, note_bytes: NoteBytes = skip_bytes, *, part_bytes: int = PART_BYTES
) -> Inputs:
    """Sort the lines of files into parts in the folder. Lines that cannot be read come first; whoever reads the parts
    names them. Raises Unusable."""
    parts: list[Path] = []
    lines: list[tuple[int, int, int, bytes]] = []
    size = 0
    for file, path in enumerate(files):
        for number, line in read_lines(path, note_bytes):
            try:
                at_ms = read_line(line)[0]
            except BadLine:
                if line.isspace():
                    continue
                at_ms = 0
            lines.append((at_ms, file, number, line))
            size += len(line)
            if size >= part_bytes:
                parts.append(_write_part(folder, len(parts), lines))
                lines, size = [], 0
    parts.append(_write_part(folder, len(parts), lines))
    return Inputs(files, _merge_parts(folder, parts))


def _write_part(folder: Path, number: int, lines: list[tuple[int, int, int, bytes]]) -> Path:
    lines.sort()
    part = folder / f"part-{number:06d}"
    _write(part, iter(lines))
    return part


def _write(part: Path, lines: Iterator[tuple[int, int, int, bytes]]) -> None:
    with part.open("wb") as out:
        for at_ms, file, number, line in lines:
            # The last line of a file may end without a line feed.
            out.write(b"%d %d %d %s\n" % (at_ms, file, number, line.rstrip(b"\r\n")))


def _merge_parts(folder: Path, parts: list[Path]) -> tuple[Path, ...]:
    made = len(parts)
    while len(parts) > PARTS_MAX:
        some, parts = parts[:PARTS_MAX], parts[PARTS_MAX:]
        merged = folder / f"part-{made:06d}"
        made += 1
        _write(merged, heapq.merge(*map(read_part, some)))
        for part in some:
            part.unlink()
        parts.append(merged)
    return tuple(parts)


def read_part(part: Path, note_bytes: NoteBytes = skip_bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The lines of a part that was sorted, as (time in ms, file, number of the line, line)."""
    for _, line in read_lines(part, note_bytes):
        at_ms, file, number, text = line.split(b" ", 3)
        yield int(at_ms), int(file), int(number), text
