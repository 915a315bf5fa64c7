"""Bounded memories of a run: the parties of recent movements, and the ids of recent events."""

from __future__ import annotations

from collections import Counter
from typing import Final

from hotline.security.watch import LATENESS_MS

PARTIES_MAX: Final = 50_000
"""A label that names its movement alone finds the party among at least so many movements before it."""
IDS_MAX: Final = 1_000_000
"""An event that comes again is known among at least so many events before it."""


class RecentParties:
    """The party of each of the last movements that have one: two generations, of which the older one goes."""

    def __init__(self, kept_max: int = PARTIES_MAX) -> None:
        self._kept_max = kept_max
        self._young: dict[tuple[str, str], str] = {}
        self._old: dict[tuple[str, str], str] = {}

    def note(self, account: str, movement_id: str, party: str) -> None:
        """Remember the party of a movement of the account."""
        young = self._young
        young[account, movement_id] = party
        if len(young) >= self._kept_max:
            self._old, self._young = young, {}

    def find(self, account: str, movement_id: str) -> str | None:
        """The party of a movement of the account; None when it is not known, or not any more."""
        key = (account, movement_id)
        return self._young.get(key) or self._old.get(key)


class Memory:
    """The things that a reader remembers between lines. `parties` are those of movements, which a label may name alone;
    `set_aside` counts values that no rule looks at."""

    def __init__(self) -> None:
        self.parties = RecentParties()
        self.set_aside: Counter[str] = Counter()


class RecentIds:
    """The ids of the events of the last 24 hours, of event time: two generations, of which the older one goes.

    An id is known for 24 hours and not a moment longer, wherever a generation ends: each share begins its own.
    """

    def __init__(self, kept_max: int = IDS_MAX) -> None:
        self._kept_max = kept_max
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._turn_ms = 0

    def is_known(self, id_: str, at_ms: int) -> bool:
        """Whether an event of that id has come before. Notes it. Times must not go back."""
        young = self._young
        if at_ms > self._turn_ms or len(young) >= self._kept_max:
            # Longer than two spans ago: neither generation may know it.
            self._old = young if at_ms <= self._turn_ms + LATENESS_MS else {}
            self._young = young = {}
            self._turn_ms = at_ms + LATENESS_MS
        count = len(young)
        noted_ms = young.setdefault(id_, at_ms)
        if len(young) > count:
            # Nearly every id is new. One that the older generation knows stays there, with its own time.
            old_ms = self._old.get(id_)
            if old_ms is None:
                return False
            del young[id_]
            noted_ms = old_ms
        if at_ms - noted_ms <= LATENESS_MS:
            return True
        young[id_] = at_ms
        return False
