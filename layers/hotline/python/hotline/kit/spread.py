"""The spread of items over the partitions of an index in which somebody looks for what is due or left behind.

A partition takes 1,000 writes a second, and each one is looked into every minute. So they are few, and an operator with
many writes sets `DUE_PARTITIONS`. An item keeps the partition that it was written into; where old ones are, deadlines
finds out (functions/deadlines/partitions.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from .config import environment_of_process, read_count
from .ids import bucket
from .store import Index

SETTING: Final = "DUE_PARTITIONS"
PARTITIONS_DEFAULT: Final = 4
PARTITIONS_MAX: Final[Mapping[Index, int]] = {Index.DUE: 64, Index.PENDING: 16}
"""The most partitions over which items of an index may be spread. The first release wrote into as many."""


def partition_count(index: Index) -> int:
    """Into how many partitions of an index new items are spread. Raises SettingError."""
    return min(_read_setting(), PARTITIONS_MAX[index])


def partition_of(index: Index, owner_id: str) -> str:
    """The partition for the items of an owner."""
    return partition_name(index, bucket(owner_id, partition_count(index)))


def partition_name(index: Index, number: int) -> str:
    """A partition by its number."""
    return f"{index.name}#{number:02d}"


@cache
def _read_setting() -> int:
    return read_count(environment_of_process(), SETTING, PARTITIONS_DEFAULT, most=max(PARTITIONS_MAX.values()))
