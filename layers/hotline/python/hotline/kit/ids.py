"""Identifiers: 128 random bits as 32 hex digits behind a short prefix. The source is passed in, so that
tests repeat."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Protocol


class IdSource(Protocol):
    """The source of ids."""

    def new(self, prefix: str) -> str:
        """A fresh unguessable id such as `case_5f0c…`."""
        ...


@dataclass(frozen=True, slots=True)
class RandomIds:
    """Ids from the system's randomness."""

    def new(self, prefix: str) -> str:
        return f"{prefix}_{secrets.token_hex(16)}"


def derive_id(prefix: str, *parts: str) -> str:
    """An id computed from what it identifies: the same parts give the same id, wherever they meet."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return f"{prefix}_{digest.hexdigest()[:32]}"


def bucket(identifier: str, count: int) -> int:
    """A stable bucket in 0..count-1 for an id; used to spread index partitions."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big") % count
