"""One run of the scan on one shard.

Rows are read by the hour in which they came, from the cursor to a moment ago. The unit of commit is the account. Its
watch, its findings and all their effects are one transaction, made only if the watch was not moved meanwhile. The
cursor moves after the accounts of a page, so what a crash leaves half done is read again and finds itself known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, Stale
from hotline.kit.store import BATCH_GET_KEYS_MAX, Key, Page, Query
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout

from . import items
from .activity import ACTIVITY_LIFE
from .findings import FindingKnown, contribute_findings, raising_keys
from .model import Finding, Row, ShardReport
from .watch import judge_rows, list_watched_types

COMPLETE_AFTER: Final = timedelta(seconds=90)
"""Younger rows are left for the next run. Writers give up after 30 s, so none lands behind the cursor; twice that is
room for clocks that differ."""
FIRST_LOOK_BACK: Final = timedelta(hours=24)
"""How far back the first run of a shard begins: a stack that is scanned from its first day on has nothing older."""
HOUR_CHARACTERS: Final = 13
"""Of a position, what names its hour."""
ATTEMPTS_MAX: Final = 4
"""How often an account is read and judged anew when somebody else wrote meanwhile."""


def scan_shard(
    ctx: Context, shard: int, *, until: datetime | None = None, has_time: Callable[[], bool] = lambda: True
) -> ShardReport:
    """Read a shard from its cursor to 90 s ago, or to `until`, and raise findings. `until` is at most now, for a caller
    who knows that nothing is on its way. Stops after a page when `has_time` says so; the next run goes on from there.

    Raises Stale when another run is on the shard, Unavailable; what was done until then stays done.
    """
    now = ctx.clock.now()
    end = now - COMPLETE_AFTER if until is None else min(until, now)
    return _Run(ctx, shard, end).go(has_time)


@dataclass(slots=True)
class _Run:
    ctx: Context
    shard: int
    end: datetime
    rows: int = 0
    requests: int = 0
    writes: int = 0
    accounts: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def go(self, has_time: Callable[[], bool]) -> ShardReport:
        key = items.cursor_key(self.shard)
        cursor = self.ctx.store.get(key)
        oldest = to_text(self.end - (FIRST_LOOK_BACK if cursor is None else ACTIVITY_LIFE))
        through = oldest if cursor is None else max(oldest, cursor["through"])
        complete = True
        for hour in items.hours_between(through, self.end):
            query: Query | None = items.rows_query(hour, self.shard, after=through, before=self.end)
            while query is not None and (complete := complete and has_time()):
                page = self._query(query)
                if page.items:
                    self._take_in(page.items)
                    through = page.items[-1]["SK"]
                    cursor = self._move(cursor, through)
                query = None if page.next is None else replace(query, start_after=page.next)
        # Within the hour an unmoved cursor costs nothing, so an idle shard is written once an hour.
        if complete and through[:HOUR_CHARACTERS] < to_text(self.end)[:HOUR_CHARACTERS]:
            self._move(cursor, to_text(self.end))
        reads = self.rows + self.requests
        return ShardReport(
            self.shard, self.rows, len(self.accounts), reads, self.writes, tuple(self.findings), complete
        )

    def _take_in(self, page: Sequence[Item]) -> None:
        """Judge a page, account by account. An error in one account does not keep the others waiting, but the page has
        to be read again."""
        by_account: dict[str, list[Row]] = {}
        types = list_watched_types()
        for item in page:
            self.accounts.add(item["account_id"])
            row = items.row_of(item, types)
            if row is not None:
                by_account.setdefault(row.account_id, []).append(row)
        read, is_whole = self._read_ahead(list(by_account))
        trouble: HotlineError | None = None
        for account_id, rows in by_account.items():
            try:
                self._judge(account_id, rows, read, is_whole=is_whole)
            except HotlineError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble

    def _read_ahead(self, account_ids: Sequence[str]) -> tuple[dict[Key, Item], bool]:
        """Everything that findings may need, if that is one request; else the watches, a hundred at a time. The second
        value: it is everything."""
        everything = list(dict.fromkeys(key for account_id in account_ids for key in _keys(account_id)))
        if len(everything) <= BATCH_GET_KEYS_MAX:
            return self._read(everything), True
        return self._read([items.watch_key(account_id) for account_id in account_ids]), False

    def _judge(self, account_id: str, rows: Sequence[Row], read: dict[Key, Item], *, is_whole: bool) -> None:
        """Take in rows of one account: in one transaction, or in several when they bring about too much for one."""
        known: set[str] = set()
        attempts_left = ATTEMPTS_MAX
        while rows and not lockout.is_erased(read, account_id):
            old = read.get(items.watch_key(account_id))
            before = items.watch_of(account_id, old)
            watch, findings, taken = judge_rows(before, rows)
            if watch == before:
                return
            if findings and not is_whole:
                read, is_whole = self._read(_keys(account_id)), True
                continue
            fresh = [finding for finding in findings if finding.id not in known]
            change = self._change(fresh)
            change.replace(items.watch_key(account_id), old, items.watch_item(watch))
            contribute_findings(change, read, fresh)
            lockout.contribute_not_erased(change, account_id)
            try:
                self._commit(change)
            except FindingKnown as error:
                known.add(error.finding_id)
                continue
            except Stale:
                attempts_left -= 1
                if attempts_left == 0:
                    raise
            else:
                self.findings += fresh
                rows = rows[taken:]
            if rows:
                read, is_whole = self._read(_keys(account_id)), True

    def _change(self, findings: Sequence[Finding]) -> Change:
        rule = findings[0].rule if findings else "watch"
        return Change(actor=System("security_scan", rule), cause="scan", now=self.ctx.clock.now(), ids=self.ctx.ids)

    def _move(self, cursor: Item | None, through: str) -> Item:
        key = items.cursor_key(self.shard)
        change = self._change(())
        change.replace(key, cursor, {"through": through})
        self._commit(change)
        return {"through": through, "rev": 1 if cursor is None else int(cursor["rev"]) + 1}

    def _commit(self, change: Change) -> None:
        self.writes += 1
        change.commit(self.ctx.store)

    def _query(self, query: Query) -> Page:
        self.requests += 1
        page = self.ctx.store.query(query)
        self.rows += len(page.items)
        return page

    def _read(self, keys: Sequence[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for chunk in batched(keys, BATCH_GET_KEYS_MAX, strict=False):
            self.requests += 1
            found |= self.ctx.store.batch_get(chunk)
        return found


def _keys(account_id: str) -> list[Key]:
    return sorted({items.watch_key(account_id), *raising_keys(account_id)}, key=lambda key: (key.pk, key.sk or ""))
