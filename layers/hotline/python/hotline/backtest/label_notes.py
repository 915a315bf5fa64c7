"""The things that labels say of a run: which events, accounts and findings were fraud, and which labels say nothing.

All of it stands in the ledger, beside the ranking. The period of a run counts, and what came before it or comes after
it is told apart.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Final

from hotline.security.detectors import Stream

from .engine import DAY_MS, Scope
from .labels import Labels
from .ledger import Ledger
from .measures import DELAY_DAYS, TRAINING_DAYS

_TABLES: Final = """
CREATE TABLE compromised (account TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE unjudged (account TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE fraud_event (event_id TEXT, account TEXT, PRIMARY KEY (event_id, account)) WITHOUT ROWID;
CREATE TABLE fraud_before (event_id TEXT, account TEXT, day INTEGER, PRIMARY KEY (event_id, account)) WITHOUT ROWID;
CREATE TABLE named_before (event_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE reported (account TEXT PRIMARY KEY, day INTEGER) WITHOUT ROWID;
CREATE TABLE proved (number INTEGER PRIMARY KEY);
CREATE TABLE open_finding (number INTEGER PRIMARY KEY);
CREATE TABLE proved_before (account TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Unused(StrEnum):
    """The reasons for which a label measures nothing: what it is about is nowhere in the history, or outside the period
    alone."""

    UNMATCHED = "unmatched"
    EARLIER = "earlier"
    LATER = "later"


def _place(*, is_before: bool, is_after: bool) -> Unused:
    return Unused.EARLIER if is_before else Unused.LATER if is_after else Unused.UNMATCHED


class LabelNotes:
    """The notes of a run in its ledger. `labels`: None when nobody knows what was fraud, which notes nothing."""

    def __init__(self, ledger: Ledger, labels: Labels | None, scope: Scope) -> None:
        self._ledger = ledger
        self._labels = labels
        self._scope = scope
        ledger.database.executescript(_TABLES)

    def note_events(self) -> None:
        """Note the events that were fraud, in the period and before it. The findings of the run are settled."""
        if self._labels is not None:
            self._note_fraud_events(self._labels)
            self._note_fraud_before(self._labels)

    def note_accounts(self) -> None:
        """Note the accounts that were fraudulent, and those of which nobody knows. The findings are noted."""
        if self._labels is None:
            return
        database, scope = self._ledger.database, self._scope
        names = ((name,) for name in self._labels.fraudulent_accounts(scope.since_ms, scope.until_ms))
        database.executemany("INSERT INTO compromised VALUES (?)", names)
        database.execute("INSERT OR IGNORE INTO compromised SELECT account FROM fraud_event")
        self._note_unjudged(self._labels)

    def note_findings(self) -> None:
        """Note the findings that are on fraud, and when fraud is known without them. The movements are ranked, where
        that is asked for."""
        if self._labels is not None:
            self._prove_findings(self._labels)
            self._note_reported()

    def count_given(self) -> dict[str, int]:
        """The labels by what they are about."""
        return (self._labels or Labels()).count()

    def count_unused(self, first_ms: int, last_ms: int) -> dict[Unused, dict[str, int]]:
        """The labels that measure nothing, by why and by what they are about. The events that counted were from the
        first moment to the last."""
        labels, scope = self._labels or Labels(), self._scope
        counts = {why: dict.fromkeys(self.count_given(), 0) for why in Unused}
        inside = self._list("SELECT movement_id FROM movement"), self._list("SELECT event_id FROM labelled")
        ways = (labels.movements, "movements", "movement_id"), (labels.events, "events", "event_id")
        for (known, about, key), seen in zip(ways, inside, strict=True):
            before, after = (
                self._list(f"SELECT DISTINCT {key} FROM outside WHERE at_ms {place}")  # noqa: S608 - ours
                for place in (f"< {scope.since_ms:d}", f">= {scope.until_ms:d}")
            )
            for name in known.keys() - seen:
                counts[_place(is_before=name in before, is_after=name in after)][about] += 1
        met, before, after = (
            self._list("SELECT account FROM account"),
            self._list("SELECT account FROM met_outside WHERE NOT later"),
            self._list("SELECT account FROM met_outside WHERE later"),
        )
        for name, spans in labels.accounts.items():
            for since, until, _ in spans:
                is_near = since <= last_ms and first_ms < until
                if is_near and name in met:
                    continue
                is_seen = name in met or name in before or name in after
                why = _place(
                    is_before=is_seen and (until <= scope.since_ms or (is_near and name in before)),
                    is_after=is_seen and (since >= scope.until_ms or (is_near and name in after)),
                )
                counts[why]["accounts"] += 1
        return counts

    def _note_unjudged(self, labels: Labels) -> None:
        """Note the accounts without a label in the period that get the money of a fraud, or were found for fraud of
        before it. Labels of payers say nothing about a receiver, who may be a mule, or be deceived as well. The end of
        a takeover says nothing about what is found of it later."""
        scope = self._scope
        accounts = self._list(
            "SELECT DISTINCT r.account FROM received r JOIN movement m USING (movement_id) "
            "WHERE m.fraud AND m.account <> r.account UNION SELECT account FROM proved_before"
        )
        silent = (
            (name,) for name in accounts if labels.judge_account(name, scope.since_ms, scope.until_ms - 1) is None
        )
        self._ledger.database.executemany("INSERT INTO unjudged VALUES (?)", silent)

    def _note_fraud_events(self, labels: Labels) -> None:
        """Note the events that were fraud and are no movements."""
        database = self._ledger.database
        rows = database.execute(
            "SELECT event_id, account, at_ms FROM labelled WHERE event_id NOT IN (SELECT event_id FROM told)"
        )
        found = ((id_, account) for id_, account, at_ms in rows.fetchall() if labels.judge_event(id_, account, at_ms))
        database.executemany("INSERT OR IGNORE INTO fraud_event VALUES (?, ?)", found)

    def _note_fraud_before(self, labels: Labels) -> None:
        """Note the events of before the period that were fraud, or told of a movement that was, and which events of
        before it findings name."""
        database = self._ledger.database
        database.execute(
            "INSERT OR IGNORE INTO named_before SELECT event_id FROM before "
            "WHERE event_id IN (SELECT event_id FROM named)"
        )
        rows = database.execute(
            "SELECT movement_id, event_id, account, at_ms FROM outside WHERE at_ms < ?", (self._scope.since_ms,)
        )
        found = (
            (event_id, account, at_ms // DAY_MS)
            for movement_id, event_id, account, at_ms in rows.fetchall()
            if (
                labels.judge_event(event_id, account, at_ms)
                if movement_id is None
                else labels.judge_movement(movement_id, [event_id], account, at_ms)
            )
        )
        database.executemany("INSERT OR IGNORE INTO fraud_before VALUES (?, ?, ?)", found)

    def _prove_findings(self, labels: Labels) -> None:
        """Note the findings that are on fraud: an event or movement that they name was, or their account at that time.
        One about a source is where it got in, or where a try of it has a label of fraud of its own. Without an account
        that got in and without such a label, nothing judges it."""
        database, since_ms = self._ledger.database, self._scope.since_ms
        proved, before = self._prove_sources(labels)
        listed = {number for (number,) in self._ledger.query("SELECT DISTINCT number FROM got_in_from")}
        unjudged: list[tuple[int]] = []
        rows = database.execute(
            "SELECT f.number, f.stream, f.subject, f.started_ms, f.ended_ms, n.event_id, "
            "coalesce(m.fraud, 0) OR e.event_id IS NOT NULL, b.event_id IS NOT NULL FROM finding f "
            "LEFT JOIN named n USING (number) LEFT JOIN (SELECT DISTINCT event_id, movement_id FROM told) t "
            "ON t.event_id = n.event_id LEFT JOIN movement m ON m.movement_id = t.movement_id "
            "LEFT JOIN fraud_event e ON e.event_id = n.event_id "
            "LEFT JOIN fraud_before b ON b.event_id = n.event_id ORDER BY f.number"
        )
        for number, told in groupby(rows, key=itemgetter(0)):
            named = list(told)
            _, stream, subject, started_ms, ended_ms, *_ = named[0]
            own = [labels.events.get(event_id) for *_, event_id, _, _ in named]
            if any(own):
                proved.add(number)
            if stream == Stream.SOURCE.value:
                if number not in listed and all(verdict is None for verdict in own):
                    unjudged.append((number,))
                continue
            is_earlier = any(earlier for *_, earlier in named)
            if is_earlier or any(fraud for *_, fraud, _ in named):
                proved.add(number)
            if stream == Stream.ACCOUNT.value:
                if labels.judge_account(subject, started_ms, ended_ms):
                    proved.add(number)
                if is_earlier or labels.judge_account(subject, started_ms, min(ended_ms, since_ms - 1)):
                    before.add(subject)
        database.executemany("INSERT INTO proved VALUES (?)", ((number,) for number in proved))
        database.executemany("INSERT INTO open_finding VALUES (?)", unjudged)
        database.executemany("INSERT INTO proved_before VALUES (?)", ((account,) for account in before))

    def _prove_sources(self, labels: Labels) -> tuple[set[int], set[str]]:
        """The findings about sources from which fraud got in, and the accounts into which it got before the period."""
        proved: set[int] = set()
        before: set[str] = set()
        for number, account, event_id, at_ms in self._ledger.query(
            "SELECT number, account, event_id, at_ms FROM entered"
        ):
            if labels.judge_event(event_id, account, at_ms):
                proved.add(number)
                if at_ms < self._scope.since_ms:
                    before.add(account)
        return proved, before

    def _note_reported(self) -> None:
        """Note from which day on the fraud of an account is known without any finding, see `DELAY_DAYS`."""
        database = self._ledger.database
        if self._scope.since_ms:
            first = self._scope.since_ms // DAY_MS
        else:
            first = self._ledger.count("SELECT coalesce(min(day), 0) FROM movement")
        database.execute(
            "INSERT INTO reported SELECT account, min(day) + ? FROM "
            "(SELECT account, day FROM movement WHERE fraud UNION ALL SELECT account, day FROM fraud_before) "
            "WHERE day >= ? GROUP BY account",
            (DELAY_DAYS + 1, first - DELAY_DAYS - TRAINING_DAYS),
        )

    def _list(self, statement: str) -> set[str]:
        return {name for (name,) in self._ledger.query(statement)}
