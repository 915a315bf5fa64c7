"""The tries to log in from one source, by account, as the rules about sources remember them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from .marks import mark
from .rule import EVIDENCE_MAX, Event, Signal, State
from .windows import slide

_FAILED: Final = Signal.LOGIN_FAILED.value
TRIES_MAX: Final = 128
"""So many tries of a window are kept: of a faster attack the last ones are judged. A memory stays below 6 KB."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The accounts that were tried, by their marks. `failed`: how often each failed."""

    failed: Counter[int]
    succeeded: int

    @property
    def is_shared_address(self) -> bool:
        """Whether as many accounts get in as fail. Sentinel's rule: at an office, a school or a carrier's gateway most
        people know their password."""
        return len(self.failed) <= self.succeeded


def keep_try(state: State, signal: str, event: Event, *, span_ms: int) -> list[Any]:
    """Add a try to the window, and return it: [time, account, whether it succeeded]. A window begins with a failure: a
    success counts against the failures before it. Without one it changes no memory, so a quiet address costs no write.
    The memory has also `ids`, [time, id] of the last failures."""
    succeeded = signal != _FAILED
    if succeeded and not _has_failed_since(state, event.at_ms - span_ms):
        return []
    tries: list[Any] = state.setdefault("tries", [])
    slide(tries, [event.at_ms, mark(event.values.get("account")), int(succeeded)], span_ms=span_ms, kept_max=TRIES_MAX)
    if tries[0][2]:
        lead = 1
        while lead < len(tries) and tries[lead][2]:
            lead += 1
        del tries[:lead]
    if not succeeded:
        slide(state.setdefault("ids", []), [event.at_ms, event.id], span_ms=span_ms, kept_max=EVIDENCE_MAX)
    return tries


def _has_failed_since(state: State, oldest_ms: int) -> bool:
    """Whether a failure lies in the window. The last one is always among `ids`."""
    ids = state.get("ids")
    return bool(ids and ids[-1][0] >= oldest_ms)


def tally(tries: list[Any]) -> Tally:
    """Count the tries by account."""
    failed = Counter(account for _, account, succeeded in tries if not succeeded)
    return Tally(failed, len({account for _, account, succeeded in tries if succeeded}))


def evidence(state: State) -> tuple[str, ...]:
    """The ids of the last failures of the window."""
    return tuple(id_ for _, id_ in state.get("ids", ()))
