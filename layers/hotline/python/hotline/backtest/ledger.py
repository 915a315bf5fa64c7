"""The things that a run has seen, in a database on disk: hits, movements, accounts, bad lines. Its memory stays small.

Each worker writes one of its own; `collect` puts them together.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hotline.security.detectors import Event, Hit
from hotline.security.rules import Rule

from .risk import Part
from .subjects import open_scratch

ROWS_AT_ONCE: Final = 2000

TABLES: Final = {
    # The last row of a name holds: a hit may be seen again with more, or be withdrawn.
    "hit": "name TEXT, detector TEXT, stream TEXT, subject TEXT, started_ms INTEGER, ended_ms INTEGER, facts TEXT, "
    "event_ids TEXT, withdrawn INTEGER, PRIMARY KEY (name, subject, started_ms)",
    "told": "event_id TEXT, movement_id TEXT, account TEXT, inward INTEGER, at_ms INTEGER, parts TEXT",
    "rated": "event_id TEXT, account TEXT, at_ms INTEGER, parts TEXT, PRIMARY KEY (event_id, account, at_ms)",
    "account": "account TEXT PRIMARY KEY",
    "bad": "file INTEGER, line INTEGER, reason TEXT, field TEXT",
    "labelled": "event_id TEXT, account TEXT, at_ms INTEGER",
    "received": "movement_id TEXT, account TEXT",
    "got_in": "source TEXT, account TEXT, at_ms INTEGER, event_id TEXT",
    # The things outside the period: events that a finding may name, those that labels are about, and accounts.
    "before": "event_id TEXT",
    "outside": "movement_id TEXT, event_id TEXT, account TEXT, at_ms INTEGER",
    "met_outside": "account TEXT, later INTEGER, PRIMARY KEY (account, later)",
}
_WITHOUT_ROWID: Final = frozenset({"hit", "rated", "account", "met_outside"})


class Ledger:
    """The tables of a run. Rows are written many at once; `flush` writes what is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = open_scratch(path)
        for name, columns in TABLES.items():
            rowid = " WITHOUT ROWID" if name in _WITHOUT_ROWID else ""
            self.database.execute(f"CREATE TABLE {name} ({columns}){rowid}")
        self._rows: dict[str, list[Sequence[Any]]] = {name: [] for name in TABLES}

    def note_hit(self, rule: Rule, subject: str, hit: Hit) -> None:
        """Note what a rule has seen of a subject; it takes the place of the earlier hit of the same name."""
        detector = rule.detector
        self._add(
            "hit",
            (
                rule.name,
                detector.rule,
                detector.stream.value,
                subject,
                hit.started_ms,
                hit.ended_ms,
                json.dumps(hit.facts, sort_keys=True),
                json.dumps(hit.event_ids),
                int(hit.withdrawn),
            ),
        )

    def note_movement(self, account: str, event: Event, parts: tuple[Part, ...] | None) -> None:
        """Note an event of a movement of the account, with what it is by itself; None when nobody rates it."""
        # The hottest path of a ranked run: most movements have no part.
        text, values = json.dumps(parts) if parts else "[]" if parts is not None else "null", event.values
        inward = int(values.get("direction") == "in")
        self._add("told", (event.id, values["movement_id"], account, inward, event.at_ms, text))

    def note_rated(self, event: Event, parts: tuple[Part, ...]) -> None:
        """Note by which parts the party of a movement rates an event of it. An id alone may be that of several events:
        of other accounts, or of one account on other days."""
        self._add("rated", (event.id, event.values["account"], event.at_ms, json.dumps(parts)))

    def note_account(self, account: str) -> None:
        """Note an account with an event in the period."""
        self._add("account", (account,))

    def note_bad(self, file: int, line: int, reason: str, field: str) -> None:
        """Note a line that was left out."""
        self._add("bad", (file, line, reason, field))

    def note_labelled(self, event_id: str, account: str, at_ms: int) -> None:
        """Note an event of the period that has a label of its own, or whose account has one."""
        self._add("labelled", (event_id, account, at_ms))

    def note_received(self, movement_id: str, account: str) -> None:
        """Note the account that gets the money of a movement of the period with a label of its own."""
        self._add("received", (movement_id, account))

    def note_got_in(self, source: str, event: Event) -> None:
        """Note a login that succeeded from a source."""
        self._add("got_in", (source, event.values["account"], event.at_ms, event.id))

    def note_before(self, event_id: str) -> None:
        """Note an event of before the period, which a finding of the period may name."""
        self._add("before", (event_id,))

    def note_outside(self, movement_id: str | None, event_id: str, account: str, at_ms: int) -> None:
        """Note an event outside the period that a label is about. `movement_id`: None of one that is no movement."""
        self._add("outside", (movement_id, event_id, account, at_ms))

    def note_met_outside(self, account: str, *, is_later: bool) -> None:
        """Note an account with a label and with an event before the period, or after it."""
        self._add("met_outside", (account, int(is_later)))

    def flush(self) -> None:
        """Write the rows that wait."""
        for name in TABLES:
            self._write(name)

    def forget_lines(self) -> None:
        """Drop what is about lines and not about subjects."""
        self.flush()
        self.database.execute("DELETE FROM bad")

    def collect(self, others: Iterable[Path]) -> None:
        """Take in the rows of other workers' ledgers."""
        self.flush()
        for path in others:
            self.database.execute("ATTACH ? AS other", (str(path),))
            for name in TABLES:
                self.database.execute(f"INSERT OR IGNORE INTO {name} SELECT * FROM other.{name}")  # noqa: S608 - ours
            self.database.execute("DETACH other")

    def query(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """The rows of a statement, one by one."""
        cursor: sqlite3.Cursor = self.database.execute(statement, values)
        return iter(cursor)

    def count(self, statement: str) -> int:
        """The number that a statement counts."""
        return int(self.database.execute(statement).fetchone()[0])

    def close(self) -> None:
        """Write what is left, and close."""
        self.flush()
        self.database.close()

    def _add(self, name: str, row: Sequence[Any]) -> None:
        rows = self._rows[name]
        rows.append(row)
        if len(rows) >= ROWS_AT_ONCE:
            self._write(name)

    def _write(self, name: str) -> None:
        rows = self._rows[name]
        if not rows:
            return
        slots = ", ".join("?" * len(rows[0]))
        word = "OR REPLACE " if name in _WITHOUT_ROWID else ""
        self.database.execute("BEGIN")
        self.database.executemany(f"INSERT {word}INTO {name} VALUES ({slots})", rows)  # noqa: S608 - ours
        self.database.execute("COMMIT")
        rows.clear()
