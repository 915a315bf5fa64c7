"""One run of the scan on one shard, stream by stream.

The complete rows are read by the hour in which they came, from the cursor to a moment ago, grouped by subject, and
folded. The unit of commit is the subject. A watch is written once, with its findings and all their effects in one
transaction, made only if the watch was not moved meanwhile. Subjects commit in parallel, and the cursor moves after all
of them. So a crash leaves nothing half done: the rows are read again, and what was done is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError
from hotline.kit.store import BATCH_GET_KEYS_MAX, Key, Query
from hotline.kit.store.condition import Item

from . import activity_rows, watch_items
from .activity import ACTIVITY_LIFE
from .aside import ASIDE_MAX, TRIES_MAX, Aside, aside_from
from .detectors import Event
from .findings import Kind
from .model import Finding, Row, SecurityError, ShardReport
from .rules import Plan, RuleSet
from .settings import read_shipped_rules
from .subject_run import Judge, SubjectDone, change_of, name_faults
from .watch import is_too_late

COMPLETE_AFTER: Final = timedelta(seconds=90)
"""Younger rows are left for the next run. Writers give up after 30 s, so none lands behind the cursor; twice that is
room for clocks that differ."""
FIRST_LOOK_BACK: Final = timedelta(hours=24)
"""How far back the first run of a shard begins: a stack that is scanned from its first day on has nothing older."""
HOUR_CHARACTERS: Final = 13
"""Of a position, what names its hour."""
ROUND_ROWS_MAX: Final = 20_000
"""So many rows are held at once, some 20 MB. The rest of a run is its next round."""
RECALL_ROWS_MAX: Final = 100_000
"""So many rows of earlier runs are read again for late events of one round, and none when the time is out. Late events
are then judged without later events that changed nothing when they came."""
RECALL_SUBJECT_MAX: Final = 2_000
"""So many of them are held of one subject, so that a busy one takes no room from others."""
WORKERS_MAX: Final = 8
"""Subjects that commit at once; the SDK keeps ten connections."""
MINUTE_S: Final = 60


def scan_shard(
    ctx: Context,
    shard: int,
    *,
    until: datetime | None = None,
    has_time: Callable[[], bool] = lambda: True,
    rules: RuleSet | None = None,
    workers: int = WORKERS_MAX,
) -> ShardReport:
    """Read a shard from its cursors to 90 s ago, or to `until`, and raise, correct and withdraw findings. `until` is at
    most now, for a caller who knows that nothing is on its way. Streams without a rule are not read. No query is begun
    when `has_time` says so; the next run goes on from there. `rules` hold for the whole run; None: those of
    `detection.toml`. `workers`: how many subjects commit at once.

    Raises Stale when another run is on the shard, Unavailable; what was done until then stays done. Its fact
    `lag_minutes` says how far behind the oldest unread row is. It is missing where nobody knows, since no rows could be
    read.
    """
    rules = rules or read_shipped_rules()
    now = ctx.clock.now()
    end = now - COMPLETE_AFTER if until is None else min(until, now)
    tally = _Tally()
    with ThreadPoolExecutor(workers) as pool:
        plans = [plan for plan in rules.plans.values() if plan.rules]
        runs = [_StreamRun(ctx, pool, workers, rules, plan, shard, to_text(end), tally) for plan in plans]
        # The new rows of every stream come before a subject that is tried again, which may take all the time there is.
        for work in (_StreamRun.go, _StreamRun.try_again):
            for run in runs:
                try:
                    with name_faults(rules):
                        work(run, has_time)
                except HotlineError as error:
                    tally.fail(error)
                    if run.at_work is not None:
                        tally.leave(run.at_work)
        tally.set_aside = sum(run.count_set_aside() for run in runs)
    lag_minutes = 0 if tally.unread is None else _minutes_since(tally.unread, now)
    if tally.trouble is not None:
        if tally.unread is not None:
            tally.trouble.facts["lag_minutes"] = lag_minutes
        raise tally.trouble
    return ShardReport(
        shard,
        rules.digest,
        rows=tally.rows,
        subjects=tally.subjects,
        reads=tally.rows + tally.recalled + tally.requests,
        writes=tally.writes,
        raised=tuple(tally.findings[Kind.RAISE]),
        corrected=tuple(tally.findings[Kind.CORRECT]),
        withdrawn=tuple(tally.findings[Kind.WITHDRAW]),
        suppressed=tuple(tally.findings[Kind.SUPPRESS]),
        set_aside=tally.set_aside,
        complete=tally.complete,
        lag_minutes=lag_minutes,
    )


def _minutes_since(position: str, now: datetime) -> int:
    return int((now - from_text(position.split("#", 1)[0])).total_seconds()) // MINUTE_S


@dataclass(slots=True)
class _Tally:
    """The figures of a run. `recalled`: rows of earlier runs that were read again. `unread` is the position of the
    oldest row that is left, or one just before it."""

    rows: int = 0
    recalled: int = 0
    requests: int = 0
    subjects: int = 0
    writes: int = 0
    findings: dict[Kind, list[Finding]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    set_aside: int = 0
    complete: bool = True
    unread: str | None = None
    trouble: HotlineError | None = None

    def fail(self, error: HotlineError) -> None:
        """Note the first error."""
        self.trouble = self.trouble or error

    def leave(self, position: str) -> None:
        """Note that rows from a position on are left."""
        self.unread = position if self.unread is None else min(self.unread, position)


@dataclass(slots=True)
class _StreamRun:
    """A run on the rows of one stream, between the cursor and `end`. `quiet_ms`: the time of the newest event that was
    taken in, by this run or an earlier one, and that no watch holds. `at_work`: the position of the first row of the
    round that is being judged, None between rounds. `stuck`: subjects that could not be judged, whose later rows have
    to wait for the earlier ones. `aside`: what the cursor knows of such subjects, `aside_before` as it is
    stored. `cut_off_at`: the hour for which there was no time, empty while there is."""

    ctx: Context
    pool: ThreadPoolExecutor
    workers: int
    rules: RuleSet
    plan: Plan
    shard: int
    end: str
    tally: _Tally
    cursor: Item | None = None
    quiet_ms: int = 0
    at_work: str | None = None
    cut_off_at: str = ""
    stuck: set[str] = field(default_factory=set)
    aside: dict[str, Aside] = field(default_factory=dict)
    aside_before: dict[str, Aside] = field(default_factory=dict)

    def go(self, has_time: Callable[[], bool]) -> None:
        """Round after round. Rounds behind one with an error are done too, but read again with it: the cursor stays
        before it."""
        cursor = self.ctx.store.get(watch_items.cursor_key(self.shard, self.plan.stream))
        self.cursor = cursor
        oldest = to_text(from_text(self.end) - (FIRST_LOOK_BACK if cursor is None else ACTIVITY_LIFE))
        through = done = oldest if cursor is None else max(oldest, cursor["through"])
        self.quiet_ms = 0 if cursor is None else int(cursor.get("quiet_ms", 0))
        self.aside = aside_from(cursor)
        self.aside_before = dict(self.aside)
        self.stuck = {subject for subject, one in self.aside.items() if one.is_set_aside}
        pages = self._read_new(through, has_time)
        failed = False
        while rows := self._next_round(pages):
            self.at_work = rows[0].position
            trouble = self._take_in(rows, through, has_time)
            self.at_work, through = None, rows[-1].position
            if trouble is not None and not failed:
                failed = True
                self.tally.fail(trouble)
                self.tally.leave(rows[0].position)
            if cursor is None:
                # Nobody knows which of these rows were taken in before and not kept.
                self.quiet_ms = max(self.quiet_ms, *(row.event.at_ms for row in rows))
            if not failed:
                done = through
                self._move(done)
        if failed:
            if self.aside != self.aside_before:
                self._move(done)
        elif self.cut_off_at:
            # The hours behind the last row were read to their end, and had none. Without this they would be read again.
            through = max(through, self.cut_off_at)
            if through > done:
                self._move(through)
            self.tally.complete = False
            self.tally.leave(through)
        # Within the hour an unmoved cursor costs nothing, so an idle shard is written once an hour.
        elif through[:HOUR_CHARACTERS] < self.end[:HOUR_CHARACTERS]:
            self._move(self.end)

    def count_set_aside(self) -> int:
        """How many subjects the shard goes on without."""
        return sum(one.is_set_aside for one in self.aside.values())

    def try_again(self, has_time: Callable[[], bool]) -> None:
        """Judge the subjects that are set aside and due, by their rows up to the cursor, in the time that new rows have
        left. One that fails stays. Where the time is out, the next run goes on behind the rows that were judged."""
        due = self._find_due()
        if self.cursor is None or not due:
            return
        through: str = self.cursor["through"]
        self.stuck -= due
        oldest = to_text(from_text(self.end) - ACTIVITY_LIFE)
        after = max(oldest, min(self.aside[subject].after for subject in due))
        pages = self._read_pages(after, through, has_time)
        while due - self.stuck and (rows := self._next_round(pages)):
            self.tally.recalled += len(rows)
            trouble = self._take_in([row for row in rows if row.subject in due], after, has_time)
            if trouble is not None:
                self.tally.fail(trouble)
            after = rows[-1].position
            for subject in due - self.stuck:
                self.aside[subject] = self.aside[subject].move_to(after)
        for subject in due - self.stuck:
            if self.cut_off_at:
                # Hours without a row have been read too.
                self.aside[subject] = self.aside[subject].move_to(self.cut_off_at)
            else:
                del self.aside[subject]
        if self.aside != self.aside_before:
            self._move(through)

    def _find_due(self) -> set[str]:
        """The subjects that are to be judged again and have rows up to the cursor; none when the time is out."""
        if self.cursor is None or self.cut_off_at:
            return set()
        through, now = self.cursor["through"], self.ctx.clock.now()
        return {name for name, one in self.aside.items() if one.after < through and one.is_due(self.rules.digest, now)}

    def _set_aside(self, subject: str, trouble: HotlineError, after: str, failed_at: str) -> bool:
        """Note that a subject could not be judged by its rows from `after` to `failed_at`; whether the shard goes on
        without it."""
        known = self.aside.get(subject)
        if trouble.code != SecurityError.SUBJECT_NOT_JUDGED or (known is None and len(self.aside) >= ASIDE_MAX):
            return False
        if known is not None and known.is_set_aside:
            after = known.after
        tries = 1 if known is None else min(TRIES_MAX, known.tries + 1)
        self.aside[subject] = failed = Aside(after, tries, self.rules.digest, self.ctx.clock.now(), failed_at)
        return failed.is_set_aside

    def _read_new(self, after: str, has_time: Callable[[], bool]) -> Iterator[list[Item]]:
        for page in self._read_pages(after, self.end, has_time):
            self.tally.rows += len(page)
            yield page

    def _read_pages(self, after: str, before: str, has_time: Callable[[], bool] = lambda: True) -> Iterator[list[Item]]:
        for hour in activity_rows.hours_between(after, before):
            query: Query | None = activity_rows.rows_query(
                self.plan.stream, hour, self.shard, after=after, before=before
            )
            while query is not None:
                if not has_time():
                    self.cut_off_at = to_text(hour)
                    return
                self.tally.requests += 1
                page = self.ctx.store.query(query)
                yield page.items
                query = None if page.next is None else replace(query, start_after=page.next)

    def _next_round(self, pages: Iterator[list[Item]]) -> list[Row]:
        """The rows of the next round; none when there are no more, or no more time."""
        rows: list[Row] = []
        for page in pages:
            rows += [activity_rows.row_of(self.plan.stream, item) for item in page]
            if len(rows) >= ROUND_ROWS_MAX:
                break
        return rows

    def _take_in(self, rows: Sequence[Row], through: str, has_time: Callable[[], bool]) -> HotlineError | None:
        """Judge the rows of a round behind `through`, subject by subject. An error in one does not keep the others
        waiting, but the round has to be read again; it is returned. It is not where the subject is set aside."""
        by_subject: dict[str, list[Row]] = {}
        for row in rows:
            if row.subject not in self.stuck:
                by_subject.setdefault(row.subject, []).append(row)
        self.tally.subjects += len(by_subject)
        recalled = self._recall(rows, through, has_time)
        watches = self._read_watches(list(by_subject))
        trouble: HotlineError | None = None
        judges = Judge(self.ctx, self.rules, self.plan)

        def judge(subject: str) -> SubjectDone:
            key = watch_items.watch_key(self.plan.stream, subject)
            return judges.judge(subject, by_subject[subject], recalled.get(subject, ()), watches.get(key))

        for subject, done in zip(by_subject, self._each(judge, list(by_subject)), strict=True):
            if done.trouble is not None:
                self.stuck.add(subject)
                if not self._set_aside(subject, done.trouble, through, by_subject[subject][-1].position):
                    trouble = trouble or done.trouble
            self.quiet_ms = max(self.quiet_ms, done.quiet_ms)
            self.tally.requests += done.requests
            self.tally.writes += done.writes
            for step in done.steps:
                self.tally.findings[step.kind].append(step.finding)
        return trouble

    def _each[Thing, Answer](self, work: Callable[[Thing], Answer], things: Sequence[Thing]) -> Iterable[Answer]:
        """Do some work for each of some things, several at once. One thing, or one worker, needs no other thread."""
        if self.workers == 1 or len(things) == 1:
            return [work(one) for one in things]
        return self.pool.map(work, things)

    def _recall(
        self, rows: Iterable[Row], through: str, has_time: Callable[[], bool]
    ) -> Mapping[str, list[tuple[int, Event]]]:
        """Earlier rows of the subjects of late events, from the time of the earliest late event on. A watch that was
        not written does not hold the events that a late one may belong before. An event that is too late to be judged
        asks for none. It may be years old, and each hour since then is a query."""
        late = [row for row in rows if row.event.at_ms <= self.quiet_ms and not is_too_late(row.arrived_ms, row.event)]
        if not late:
            return {}
        wanted = {row.subject for row in late}
        earliest = to_text(activity_rows.instant_of_ms(min(row.event.at_ms for row in late)))
        found: dict[str, list[tuple[int, Event]]] = {}
        left = RECALL_ROWS_MAX
        for page in self._read_pages(earliest, through, has_time):
            self.tally.recalled += len(page)
            for item in page:
                row = activity_rows.row_of(self.plan.stream, item)
                if row.subject in wanted:
                    known = found.setdefault(row.subject, [])
                    known.append((row.arrived_ms, row.event))
                    if len(known) >= RECALL_SUBJECT_MAX:
                        wanted.remove(row.subject)
            left -= len(page)
            if left <= 0 or not wanted:
                break
        return found

    def _read_watches(self, subjects: Sequence[str]) -> dict[Key, Item]:
        keys = [watch_items.watch_key(self.plan.stream, subject) for subject in subjects]
        chunks = list(batched(keys, BATCH_GET_KEYS_MAX, strict=False))
        self.tally.requests += len(chunks)
        found: dict[Key, Item] = {}
        for read in self._each(self.ctx.store.batch_get, chunks):
            found |= read
        return found

    def _move(self, through: str) -> None:
        change = change_of(self.ctx, "watch")
        place: Item = {"through": through, "quiet_ms": self.quiet_ms}
        self.aside = {subject: one for subject, one in self.aside.items() if not one.is_over(through)}
        if self.aside:
            place["aside"] = {subject: one.to_store() for subject, one in self.aside.items()}
        change.replace(watch_items.cursor_key(self.shard, self.plan.stream), self.cursor, place)
        self.tally.writes += 1
        change.commit(self.ctx.store)
        self.aside_before = dict(self.aside)
        self.cursor = {**place, "rev": 1 if self.cursor is None else int(self.cursor["rev"]) + 1}
