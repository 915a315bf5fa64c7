"""The lines of one file, divided among the shares that need them.

A line goes to each share that judges one of its subjects: the account, the address, who gets the money. So a share
reads what it judges and not the whole history. Lines that cannot be read, and types that matter to no rule, go nowhere
and are told of here.
"""

from __future__ import annotations

import gzip
import heapq
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from hotline.security.streams import needs_movement

from .engine import share_of
from .fields import check_text
from .inputs import read_lines
from .lines import BadLine, Told, read_line
from .model import BacktestError, Unusable
from .movements import Pair
from .ordering import Inputs, Unsorted, read_part, sort_files
from .reader import WORD_TYPES, Reader

COMPRESSION: Final = 1
"""Parts are read once, soon."""
BAD_LINES_MAX: Final = 100_000
"""A file with more bad lines is no history. The list of them is kept in memory."""

type Line = tuple[int, bytes, Told | BadLine]
"""The number of a line, the line, and what it tells or why it tells nothing."""


@dataclass(slots=True)
class Divided:
    """The parts of a file by share, each sorted by time, and what is in none of them."""

    parts: dict[int, Path] = field(default_factory=dict)
    lines: int = 0
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    """Line, reason, field."""
    untouched: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)

    def note_bad(self, number: int, bad: BadLine) -> None:
        """Note a line that is left out. Raises Unusable when they are too many for a history."""
        self.bad.append((number, bad.fault.value, bad.field))
        if len(self.bad) > BAD_LINES_MAX:
            sentence = f"More than {BAD_LINES_MAX:,} lines of one file are bad; the first is line {self.bad[0][0]}."
            raise Unusable(BacktestError.TOO_MANY_BAD_LINES, sentence)


def divide(file: Path, shares: int, folder: Path) -> Divided:
    """Write the parts of a file into the folder. A file that is not sorted by time is sorted first. Raises Unusable."""
    try:
        return _divide(_read_sorted(file), shares, folder)
    except Unsorted:
        (apart := folder / "sorted").mkdir()
        return _divide(_read_parts(sort_files((file,), apart)), shares, folder)


def _read_sorted(file: Path) -> Iterator[Line]:
    last_ms = 0
    for number, line in read_lines(file):
        told = _read(line)
        if not isinstance(told, BadLine):
            if told[0] < last_ms:
                raise Unsorted(0, number)
            last_ms = told[0]
        elif line.isspace():
            continue
        yield number, line, told


def _read_parts(inputs: Inputs) -> Iterator[Line]:
    for _, _, number, line in heapq.merge(*map(read_part, inputs.parts)):
        yield number, line, _read(line)


def _read(line: bytes) -> Told | BadLine:
    try:
        return read_line(line)
    except BadLine as bad:
        return bad


def _divide(lines: Iterator[Line], shares: int, folder: Path) -> Divided:
    divided, reader = Divided(), Reader()
    with ExitStack() as stack:
        open_parts: dict[int, IO[bytes]] = {}
        for number, line, told in lines:
            divided.lines += 1
            try:
                if isinstance(told, BadLine):
                    raise told
                pairs = reader.split(told)
            except BadLine as bad:
                divided.note_bad(number, bad)
                continue
            for share in _choose_shares(told, pairs, shares):
                part = open_parts.get(share)
                if part is None:
                    divided.parts[share] = path = folder / f"share-{share:03d}.jsonl.gz"
                    part = open_parts[share] = stack.enter_context(gzip.open(path, "wb", COMPRESSION))  # type: ignore[arg-type]
                part.write(line.rstrip(b"\r\n") + b"\n")
    divided.untouched, divided.set_aside = reader.untouched, reader.set_aside
    return divided


def _choose_shares(told: Told, pairs: tuple[Pair, ...], shares: int) -> set[int]:
    """The shares that judge a subject of the line. A word about fraud whose party is that of its movement goes to all.
    The share of the party has read the movement, maybe from another file. So has that of the payee's name, which would
    else take the word for one about the name. The others leave it."""
    _, _, type_, _, data = told
    counterparty = data.get("counterparty")
    if type_ in WORD_TYPES and pairs and needs_movement(pairs[0][2].type, data.get("merchant_id"), counterparty):
        return set(range(shares))
    subjects = {subject for _, subject, _ in pairs}
    if counterparty is not None and len(pairs) > 1:
        subjects.add(check_text(counterparty, "data.counterparty"))
    return {share_of(subject, shares) for subject in subjects}
