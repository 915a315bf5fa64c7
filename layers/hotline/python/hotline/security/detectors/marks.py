"""Short numbers in the place of addresses, devices, countries and accounts: a memory compares them and reads none."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32


def mark(value: str | None) -> int:
    """The mark of a value; 0 for one that is not known. A hundred values share no mark but once in a million times."""
    return 0 if value is None else crc32(value.encode()) or 1


def count_different(marks: Iterable[int]) -> int:
    """How many known values the marks stand for."""
    return len({*marks} - {0})
