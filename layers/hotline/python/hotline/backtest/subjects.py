"""The memories of the rules about the subjects of one stream.

Memory grows with the subjects that are active, not with the length of a history. The subjects
that were silent for longest sleep. The memory of one that sleeps is on disk, in its stored form, until something comes.
The scan stores watches in the same form, so sleeping changes no finding.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Final

from hotline.security.fold import Fold
from hotline.security.rules import Plan

AWAKE_MAX: Final = 100_000
"""So many subjects of a stream are in memory at once, about 2 KB each."""


class Subjects:
    """The folds of a stream by subject. Two generations: whoever was not active in the younger one sleeps when that is
    full. `young` may be read directly, for speed; `wake` finds whoever is not in it."""

    def __init__(self, plan: Plan, beds: Path, *, awake_max: int = AWAKE_MAX) -> None:
        self._plan = plan
        self._beds = beds
        self._young_max = max(1, awake_max // 2)
        self._old: dict[str, Fold] = {}
        self._asleep: sqlite3.Connection | None = None
        self.young: dict[str, Fold] = {}
        self.count = 0
        """The subjects that have been seen."""

    def wake(self, subject: str) -> Fold:
        """The fold of a subject that is not among the young ones."""
        if len(self.young) >= self._young_max:
            self._sleep()
        fold = self._old.pop(subject, None)
        if fold is None:
            stored = self._read(subject)
            fold = Fold(self._plan, None if stored is None else json.loads(stored))
            self.count += stored is None
        self.young[subject] = fold
        return fold

    def close(self) -> None:
        """Let the memories go."""
        self.young, self._old = {}, {}
        if self._asleep is not None:
            self._asleep.close()

    def _sleep(self) -> None:
        if self._old:
            rows = ((subject, json.dumps(fold.store(), separators=(",", ":"))) for subject, fold in self._old.items())
            self._open().executemany("INSERT OR REPLACE INTO asleep VALUES (?, ?)", rows)
        self._old, self.young = self.young, {}

    def _read(self, subject: str) -> str | None:
        if self._asleep is None:
            return None
        row = self._asleep.execute("SELECT stored FROM asleep WHERE subject = ?", (subject,)).fetchone()
        return None if row is None else row[0]

    def _open(self) -> sqlite3.Connection:
        if self._asleep is None:
            self._asleep = open_scratch(self._beds)
            self._asleep.execute("CREATE TABLE asleep (subject TEXT PRIMARY KEY, stored TEXT) WITHOUT ROWID")
        return self._asleep


def open_scratch(path: Path) -> sqlite3.Connection:
    """A database in a temporary file that nobody needs after a crash."""
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000", "locking_mode = EXCLUSIVE"):
        database.execute(f"PRAGMA {pragma}")
    return database
