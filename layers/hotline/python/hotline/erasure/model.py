"""An erasure that is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """`points`: contact points that still list the account, each by its keys under all versions of the lookup key."""

    account_id: str
    erased_at: datetime
    points: tuple[tuple[str, ...], ...] = ()
