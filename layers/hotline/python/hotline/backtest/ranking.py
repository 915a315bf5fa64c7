"""The findings of a run as they are in the end, and the ranking of movements and accounts by their risk.

All of it is done in the ledger, on disk: a history may have more movements than fit into memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from hotline.security.detectors import Stream
from hotline.security.model import ACCOUNTS_MAX
from hotline.security.rules import Rule

from .engine import DAY_MS, Scope
from .label_notes import LabelNotes
from .labels import Labels
from .ledger import ROWS_AT_ONCE, Ledger
from .measures import Hits, TopOfDays
from .risk import Part, add_findings, add_up, raise_to, rate_finding

_UNRATED: Final = "null"
"""The stored parts of an event that nobody rates."""

_TABLES: Final = """
CREATE TABLE finding (number INTEGER PRIMARY KEY, name TEXT, stream TEXT, subject TEXT, started_ms INTEGER,
                      ended_ms INTEGER, points INTEGER, facts TEXT, event_ids TEXT);
CREATE TABLE named (event_id TEXT, number INTEGER);
CREATE TABLE movement (movement_id TEXT PRIMARY KEY, account TEXT, at_ms INTEGER, day INTEGER, points REAL,
                       parts TEXT, fraud INTEGER, points_then REAL, rated INTEGER) WITHOUT ROWID;
CREATE TABLE pointed (name TEXT, movement_id TEXT, PRIMARY KEY (name, movement_id)) WITHOUT ROWID;
CREATE TABLE suspect (name TEXT, account TEXT, PRIMARY KEY (name, account)) WITHOUT ROWID;
CREATE TABLE ranked (account TEXT PRIMARY KEY, points REAL, movements INTEGER, findings INTEGER, fraud INTEGER)
                    WITHOUT ROWID;
CREATE TABLE got_in_from (number INTEGER, account TEXT, place INTEGER, PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE TABLE entered (number INTEGER, account TEXT, event_id TEXT, at_ms INTEGER);
CREATE TABLE about (number INTEGER, account TEXT, PRIMARY KEY (account, number)) WITHOUT ROWID;
"""


class Counted(NamedTuple):
    """The number of a rule's findings, of their subjects, of those that labels judge, and of those that are on
    fraud."""

    findings: int
    subjects: int
    judged: int
    proved: int


class Ranking:
    """The findings, movements and accounts of a run. `labels`: None when nobody knows what was fraud. `notes`: the
    things that labels say of it."""

    def __init__(self, ledger: Ledger, rules: Mapping[str, Rule], scope: Scope, labels: Labels | None) -> None:
        self.notes = LabelNotes(ledger, labels, scope)
        self._ledger = ledger
        self._rules = rules
        self._labels = labels
        self._since_ms = scope.since_ms
        self._shared_movements = 0
        ledger.database.executescript(_TABLES)
        self._settle_findings(scope)
        self._find_who_got_in()
        self.notes.note_events()
        if scope.ranked:
            self._rank_movements()
            self._raise_movements()
        self.notes.note_findings()
        if scope.ranked:
            self.notes.note_accounts()
            self._rank_accounts()

    def findings(self) -> Iterator[dict[str, Any]]:
        """The findings by the time of the last event that shows each."""
        rows = self._ledger.query(
            "SELECT f.number, name, stream, subject, started_ms, ended_ms, points, facts, event_ids, "
            "p.number IS NOT NULL, o.number IS NOT NULL "
            "FROM finding f LEFT JOIN proved p USING (number) LEFT JOIN open_finding o USING (number) ORDER BY f.number"
        )
        for number, name, stream, subject, started_ms, ended_ms, points, facts, event_ids, proved, is_open in rows:
            rule = self._rules[name]
            found = {
                "id": rule.finding_id(subject, started_ms),
                "detector": rule.detector.rule,
                "version": rule.detector.version,
                "subject_kind": Stream(stream).name.lower(),
                "subject": subject,
                "event_ids": json.loads(event_ids),
                "started_ms": started_ms,
                "ended_ms": ended_ms,
                "severity": rule.detector.severity.value,
                "score": points,
                "evidence": json.loads(facts),
            }
            if stream == Stream.SOURCE.value:
                who = self._ledger.query("SELECT account FROM got_in_from WHERE number = ? ORDER BY place", (number,))
                found["accounts"] = [account for (account,) in who]
            yield found if self._labels is None else {**found, "fraud": None if is_open else bool(proved)}

    def movements(self) -> Iterator[dict[str, Any]]:
        """The movements with any points, the riskiest first; of equal ones the earlier."""
        for movement_id, account, at_ms, points, parts, fraud in self._ledger.query(
            "SELECT movement_id, account, at_ms, points, parts, fraud FROM movement WHERE points > 0 "
            "ORDER BY points DESC, at_ms, movement_id"
        ):
            found = {"movement_id": movement_id, "account": account, "at_ms": at_ms, "score": points}
            told = {**found, "parts": json.loads(parts)}
            yield told if self._labels is None else {**told, "fraud": None if fraud is None else bool(fraud)}

    def accounts(self) -> Iterator[dict[str, Any]]:
        """The accounts with any points, the riskiest first."""
        for account, points, movements, findings, fraud in self._ledger.query(
            "SELECT account, points, movements, findings, fraud FROM ranked WHERE points > 0 "
            "ORDER BY points DESC, findings DESC, account"
        ):
            told = {"account": account, "score": points, "movements": movements, "findings": findings}
            yield told if self._labels is None else {**told, "fraud": None if fraud is None else bool(fraud)}

    def count_findings(self) -> dict[str, Counted]:
        """The findings by rule."""
        rows = self._ledger.query(
            "SELECT name, count(*), count(DISTINCT subject), count(*) - count(o.number), count(p.number) "
            "FROM finding f LEFT JOIN proved p USING (number) LEFT JOIN open_finding o USING (number) GROUP BY name"
        )
        return {name: Counted(*counts) for name, *counts in rows}

    def count_subjects(self) -> int:
        """The accounts on which there is a finding."""
        return self._ledger.count("SELECT count(DISTINCT subject) FROM finding WHERE stream = 'ACT'")

    def group_movements(self) -> dict[float, tuple[int, int]]:
        """The movements by points, see measures."""
        return self._group("movement")

    def group_accounts(self) -> dict[float, tuple[int, int]]:
        """The accounts by points, see measures."""
        return self._group("ranked")

    def group_unreported(self) -> dict[float, tuple[int, int]]:
        """The movements of accounts whose fraud was not reported yet, by the points of their moment, see measures."""
        return self._read_groups(
            "SELECT m.points_then, sum(m.fraud), sum(1 - m.fraud) FROM movement m LEFT JOIN reported r USING (account) "
            "WHERE m.fraud IS NOT NULL AND (r.day IS NULL OR m.day < r.day) GROUP BY m.points_then"
        )

    def point_movements(self, name: str | None = None) -> Hits:
        """How right findings are about the movements that they name: those of one rule, or all."""
        return self._point("pointed", "movement_id", "movement", name)

    def point_accounts(self, name: str | None = None) -> Hits:
        """How right findings are about accounts: those that they are on, that got in from a source, or
        whose movements they name."""
        return self._point("suspect", "account", "ranked", name)

    def point_events(self, name: str | None = None) -> Hits:
        """How right findings are about events of the period that are no movements, by their labels, or those of their
        accounts. Of a finding about a source these are the logins that got in. Nobody knows of each try whose it was,
        so one counts with a label of its own alone."""
        of_rule, values = ("", ()) if name is None else ("AND f.name = ?", (name,))
        rows = self._ledger.query(
            "SELECT DISTINCT n.event_id, e.event_id IS NOT NULL, f.stream = ? FROM named n "  # noqa: S608 - ours
            "JOIN finding f USING (number) LEFT JOIN fraud_event e ON e.event_id = n.event_id "
            "WHERE n.event_id NOT IN (SELECT event_id FROM told) "
            f"AND n.event_id NOT IN (SELECT event_id FROM named_before) {of_rule}",
            (Stream.SOURCE.value, *values),
        )
        known = () if self._labels is None else self._labels.events
        by_event = {event_id: is_fraud for event_id, is_fraud, is_try in rows if not is_try or event_id in known}
        by_event |= self._ledger.query(
            "SELECT DISTINCT g.event_id, e.event_id IS NOT NULL FROM entered g JOIN finding f USING (number) "  # noqa: S608
            f"LEFT JOIN fraud_event e ON e.event_id = g.event_id WHERE g.at_ms >= ? {of_rule}",
            (self._since_ms, *values),
        )
        verdicts = by_event.values()
        fraud = self._ledger.count("SELECT count(DISTINCT event_id) FROM fraud_event")
        return Hits(sum(verdicts), len(verdicts) - sum(verdicts), fraud)

    def count_shared(self) -> tuple[int, int]:
        """How many ids are used for several events of movements, and how many for movements of several accounts that
        pay. None of either without a ranking."""
        events = self._ledger.count("SELECT count(*) FROM (SELECT 1 FROM told GROUP BY event_id HAVING count(*) > 1)")
        return events, self._shared_movements

    def take_days(self, top: TopOfDays) -> TopOfDays:
        """Give every day's accounts to the measure, the riskiest first."""
        rows = self._ledger.query(
            # The people of a day know what it had told until then.
            "SELECT m.day, m.account, max(m.points_then) AS most, max(m.fraud), m.day >= r.day FROM movement m "
            "LEFT JOIN reported r USING (account) GROUP BY m.day, m.account ORDER BY m.day, most DESC, m.account"
        )
        for _, day in groupby(rows, key=itemgetter(0)):
            top.take_day(
                (account, points, bool(fraud), bool(is_reported)) for _, account, points, fraud, is_reported in day
            )
        return top

    def _settle_findings(self, scope: Scope) -> None:
        database = self._ledger.database
        rows = database.execute(
            "SELECT name, stream, subject, started_ms, ended_ms, facts, event_ids FROM hit "
            "WHERE withdrawn = 0 AND ended_ms >= ? AND ended_ms < ? "
            "ORDER BY ended_ms, detector, name, stream, subject, started_ms",
            (scope.since_ms, scope.until_ms),
        )
        number = 0
        database.execute("BEGIN")
        while some := rows.fetchmany(ROWS_AT_ONCE):
            findings: list[tuple[Any, ...]] = []
            named: list[tuple[str, int]] = []
            for name, stream, subject, started_ms, ended_ms, facts, event_ids in some:
                number += 1
                points = rate_finding(self._rules[name])
                findings.append((number, name, stream, subject, started_ms, ended_ms, points, facts, event_ids))
                named.extend((event_id, number) for event_id in json.loads(event_ids))
            database.executemany("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", findings)
            database.executemany("INSERT INTO named VALUES (?, ?)", named)
        database.execute("CREATE INDEX by_event ON named (event_id)")
        database.execute("COMMIT")

    def _find_who_got_in(self) -> None:
        """Note the accounts that got in from a source in the time of a finding about it, the earliest first."""
        self._ledger.database.execute(
            "INSERT INTO got_in_from SELECT number, account, place FROM ("
            "  SELECT number, account, row_number() OVER (PARTITION BY number ORDER BY at_ms, event_id) AS place FROM ("
            "    SELECT f.number, g.account, min(g.at_ms) AS at_ms, min(g.event_id) AS event_id FROM got_in g "
            "    JOIN finding f ON f.subject = g.source AND f.stream = ? "
            "    AND g.at_ms BETWEEN f.started_ms AND f.ended_ms GROUP BY f.number, g.account"
            "  )) WHERE place <= ?",
            (Stream.SOURCE.value, ACCOUNTS_MAX),
        )
        self._ledger.database.execute(
            "INSERT INTO entered SELECT w.number, g.account, g.event_id, g.at_ms FROM got_in_from w "
            "JOIN finding f USING (number) JOIN got_in g ON g.source = f.subject AND g.account = w.account "
            "AND g.at_ms BETWEEN f.started_ms AND f.ended_ms "
            # Of many accounts a finding lists the first ones, and names the logins of the latest.
            "UNION SELECT n.number, g.account, g.event_id, g.at_ms FROM named n JOIN finding f USING (number) "
            "JOIN got_in g ON g.source = f.subject AND g.event_id = n.event_id WHERE f.stream = ?",
            (Stream.SOURCE.value,),
        )

    def _rank_movements(self) -> None:
        database = self._ledger.database
        rows = database.execute(
            "SELECT t.movement_id, t.event_id, t.account, t.at_ms, t.parts, r.parts, f.name, f.points, t.inward "
            "FROM told t LEFT JOIN rated r ON (r.event_id, r.account, r.at_ms) = (t.event_id, t.account, t.at_ms) "
            "LEFT JOIN named n ON n.event_id = t.event_id LEFT JOIN finding f ON f.number = n.number "
            # A transfer that both sides tell is the payer's.
            "ORDER BY t.movement_id, t.inward, t.at_ms, t.event_id, t.account, n.number"
        )
        waiting: list[tuple[Any, ...]] = []
        pointed: list[tuple[str, str]] = []
        database.execute("BEGIN")
        for movement_id, told in groupby(rows, key=itemgetter(0)):
            row, names = self._rank_movement(movement_id, list(told))
            waiting.append(row)
            pointed.extend((name, movement_id) for name in names)
            if len(waiting) >= ROWS_AT_ONCE:
                self._write_movements(waiting, pointed)
        self._write_movements(waiting, pointed)
        database.execute("COMMIT")

    def _rank_movement(self, movement_id: str, told: list[Any]) -> tuple[tuple[Any, ...], list[str]]:
        _, _, account, at_ms, *_ = told[0]
        by_event: dict[tuple[str, str, int], list[Part]] = {
            row[1:4]: [*(json.loads(row[4]) or ()), *(json.loads(row[5]) if row[5] is not None else ())]
            for row in told
            if row[4] != _UNRATED or row[5] is not None
        }
        self._shared_movements += len({row[2] for row in told if not row[8]}) > 1
        by_name: dict[str, float] = {row[6]: row[7] for row in told if row[6] is not None}
        names = sorted(by_name)
        found = [(self._rules[name].detector.rule, by_name[name]) for name in names]
        parts = add_findings(max(by_event.values(), key=add_up, default=None), found)
        event_ids = sorted({row[1] for row in told})
        points, labels = add_up(parts), self._labels
        fraud = None if labels is None else labels.judge_movement(movement_id, event_ids, account, at_ms)
        # The payer may tell and label it under another id. So nothing follows from the lack of a label here.
        verdict = 0 if fraud is None and not told[0][8] else fraud
        row = (movement_id, account, at_ms, at_ms // DAY_MS, points, json.dumps(parts), verdict, points, bool(by_event))
        return row, names

    def _raise_movements(self) -> None:
        """Raise each movement that a finding on its account names to the riskiest one that the finding names. They are
        one matter: the first purchases with a stolen card look like any, until the third tells of them."""
        database = self._ledger.database
        rows = database.execute(
            "SELECT n.number, m.movement_id, m.points_then, m.parts, m.rated "
            "FROM finding f JOIN named n USING (number) JOIN told t ON t.event_id = n.event_id "
            "JOIN movement m ON m.movement_id = t.movement_id "
            "WHERE f.stream = ? ORDER BY n.number",
            (Stream.ACCOUNT.value,),
        )
        raised: list[tuple[float, str, str]] = []
        database.execute("CREATE TEMP TABLE raised (points REAL, parts TEXT, movement_id TEXT)")
        database.execute("BEGIN")
        for _, of_one in groupby(rows, key=itemgetter(0)):
            named = list(of_one)
            # The points of a finding are on another scale: one that was not rated raises no other.
            most = max((points for _, _, points, _, rated in named if rated), default=0.0)
            raised.extend(
                (most, json.dumps(raise_to(json.loads(parts), most)), movement_id)
                for _, movement_id, points, parts, _ in named
                if points < most
            )
            if len(raised) >= ROWS_AT_ONCE:
                self._note_raised(raised)
        self._note_raised(raised)
        database.execute(
            "UPDATE movement SET points = r.points, parts = r.parts FROM "
            "(SELECT movement_id, max(points) AS points, parts FROM raised GROUP BY movement_id) r "
            "WHERE movement.movement_id = r.movement_id"
        )
        database.execute("COMMIT")
        database.execute("DROP TABLE raised")

    def _note_raised(self, raised: list[tuple[float, str, str]]) -> None:
        self._ledger.database.executemany("INSERT INTO raised VALUES (?, ?, ?)", raised)
        raised.clear()

    def _write_movements(self, movements: list[tuple[Any, ...]], pointed: list[tuple[str, str]]) -> None:
        database = self._ledger.database
        database.executemany("INSERT INTO movement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", movements)
        database.executemany("INSERT OR IGNORE INTO pointed VALUES (?, ?)", pointed)
        movements.clear()
        pointed.clear()

    def _rank_accounts(self) -> None:
        database = self._ledger.database
        database.execute(
            "INSERT INTO about SELECT number, subject FROM finding WHERE stream = ?", (Stream.ACCOUNT.value,)
        )
        # A login of before the period proves the finding, and counts for nothing else.
        database.execute(
            "INSERT OR IGNORE INTO about SELECT number, account FROM entered WHERE at_ms >= ?", (self._since_ms,)
        )
        database.execute("INSERT OR IGNORE INTO suspect SELECT name, account FROM about JOIN finding USING (number)")
        database.execute(
            "INSERT OR IGNORE INTO suspect SELECT p.name, m.account FROM pointed p JOIN movement m USING (movement_id)"
        )
        database.execute(
            "INSERT INTO ranked SELECT a.account, max(coalesce(m.points, 0), coalesce(f.points, 0)), "
            "coalesce(m.movements, 0), coalesce(f.findings, 0), "
            "CASE WHEN m.fraud OR c.account IS NOT NULL THEN 1 WHEN u.account IS NULL THEN 0 END FROM account a "
            "LEFT JOIN (SELECT account, max(points) AS points, count(*) AS movements, max(fraud) AS fraud "
            "           FROM movement GROUP BY account) m ON m.account = a.account "
            "LEFT JOIN (SELECT account, sum(points) AS points, sum(findings) AS findings FROM "
            "           (SELECT b.account, f.name, max(f.points) AS points, count(*) AS findings FROM about b "
            "            JOIN finding f USING (number) GROUP BY b.account, f.name) GROUP BY account) f "
            "ON f.account = a.account "
            "LEFT JOIN compromised c ON c.account = a.account LEFT JOIN unjudged u ON u.account = a.account"
        )

    def _group(self, table: str) -> dict[float, tuple[int, int]]:
        return self._read_groups(
            f"SELECT points, sum(fraud), sum(1 - fraud) FROM {table} WHERE fraud IS NOT NULL GROUP BY points"  # noqa: S608 - ours
        )

    def _read_groups(self, statement: str) -> dict[float, tuple[int, int]]:
        return {points: (fraud, honest) for points, fraud, honest in self._ledger.query(statement)}

    def _point(self, table: str, key: str, truth: str, name: str | None) -> Hits:
        of_rule, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
        found, false = next(
            self._ledger.query(
                f"SELECT coalesce(sum(fraud), 0), coalesce(sum(1 - fraud), 0) FROM {truth} "  # noqa: S608 - ours
                f"WHERE {key} IN (SELECT {key} FROM {table} {of_rule})",
                values,
            )
        )
        return Hits(found, false, self._ledger.count(f"SELECT coalesce(sum(fraud), 0) FROM {truth}"))  # noqa: S608 - ours
