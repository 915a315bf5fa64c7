"""Work that reads, decides and writes, done again from its reading on when somebody else wrote in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hotline.kit.errors import Stale, StaleTurn

STALE_ATTEMPTS_MAX: Final = 3
"""How often work is done in all, unless its caller says otherwise: two others may write in between."""


def retry_stale[Result](work: Callable[[], Result], *, attempts_max: int = STALE_ATTEMPTS_MAX) -> Result:
    """Run `work` until it raises neither Stale nor StaleTurn, at most `attempts_max` times, and return its result. Each
    run must read afresh. The last run's error goes to the caller, as does every other error at once."""
    for _ in range(attempts_max - 1):
        try:
            return work()
        except (Stale, StaleTurn):
            continue
    return work()
