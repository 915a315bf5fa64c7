"""One subject in a run of the scan: its rows are judged, and all that follows from them is committed.

A watch is written once, with its findings and all their effects in one transaction, made only if the watch was not
moved meanwhile. An error in one subject is told and not raised, since its neighbours must not wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, Stale, Unavailable
from hotline.kit.store import Key, Put, TransactionCancelled
from hotline.kit.store.condition import NEW, Condition, Item, equals
from hotline.lockout import service as lockout

from . import watch_items
from .account_risk_writes import RiskOutlook
from .activity import NAMED
from .detectors import Event, Stream
from .findings import Step, contribute_steps, find_suppressed, parts_of, step_keys, suppressing_keys
from .model import Row, SecurityError
from .rules import Plan, RuleSet
from .scan_steps import list_raised, list_steps
from .watch import Changes

ATTEMPTS_MAX: Final = 4
"""How often a subject is read and judged anew when somebody else wrote meanwhile."""


@dataclass(slots=True)
class SubjectDone:
    """The figures of one subject in a run. `quiet_ms`: the time of its newest event where no watch was written."""

    requests: int = 0
    writes: int = 0
    steps: list[Step] = field(default_factory=list)
    quiet_ms: int = 0
    trouble: HotlineError | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges subjects of one stream, by the rules of a run."""

    ctx: Context
    rules: RuleSet
    plan: Plan

    def judge(
        self, subject: str, rows: Sequence[Row], recalled: Sequence[tuple[int, Event]], stored: Item | None
    ) -> SubjectDone:
        """Take in the rows of one subject. Never raises: see `SubjectDone.trouble`."""
        done = SubjectDone()
        attempts_left = ATTEMPTS_MAX
        while True:
            try:
                with name_faults(self.rules):
                    self._judge_once(subject, rows, recalled, stored, done)
            except Stale as error:
                attempts_left -= 1
                if attempts_left == 0:
                    done.trouble = error
                    return done
            except HotlineError as error:
                done.trouble = error
                return done
            else:
                return done
            try:
                done.requests += 1
                stored = self.ctx.store.get(watch_items.watch_key(self.plan.stream, subject))
            except HotlineError as error:
                done.trouble = error
                return done

    def _judge_once(
        self,
        subject: str,
        rows: Sequence[Row],
        recalled: Sequence[tuple[int, Event]],
        stored: Item | None,
        done: SubjectDone,
    ) -> None:
        if watch_items.is_tombstone(stored):
            return
        now = self.ctx.clock.now()
        watch = watch_items.watch_of(self.plan, stored, now)
        known = [(row.arrived_ms, row.event) for row in rows if row.position <= watch.applied_to]
        watch.recall([*recalled, *known])
        for row in rows:
            watch.take(row.position, row.arrived_ms, row.event)
        if not watch.matters():
            done.quiet_ms = watch.newest_ms
            return
        names = next((row.names for row in reversed(rows) if row.names is not None), None)
        names = names or (None if stored is None else stored.get(NAMED))
        item = watch_items.watch_item(self.plan.stream, watch, names, now)
        changes = watch.changes()
        steps = list(list_steps(changes, self.rules, self.plan.stream, subject, names))
        outlook = None
        if self.plan.stream is Stream.ACCOUNT:
            outlook = RiskOutlook(self.rules, subject, watch.fold, stored, now)
            item |= outlook.to_remember()
        if steps:
            self._commit(subject, steps, changes, stored, item, done, outlook)
        elif outlook is None or not self._commit_risk(outlook, subject, stored, item, done):
            done.writes += 1
            _put_watch(self.ctx, watch_items.watch_key(self.plan.stream, subject), stored, item)

    def _commit(
        self,
        subject: str,
        steps: list[Step],
        changes: Changes,
        stored: Item | None,
        item: Item,
        done: SubjectDone,
        outlook: RiskOutlook | None,
    ) -> None:
        """The watch, its findings and the account's risk in one transaction. Findings that are too much for one go
        before it. Each part is made only if the watch is as it was read, and leaves in it what it has told. So a run
        that ends between two parts is made good by the next one, whatever has come since."""
        key = watch_items.watch_key(self.plan.stream, subject)
        parts = parts_of(steps)
        of_risk: set[Key] = set()
        if outlook is not None and outlook.must_look(found_something=True):
            # The findings of all parts count, and none that is suppressed.
            of_risk = {*outlook.keys(), *suppressing_keys(steps)}
        for number, part in enumerate(parts, 1):
            keys = sorted({*step_keys(part), *of_risk}, key=lambda key: (key.pk, key.sk or ""))
            done.requests += 1
            read = self.ctx.store.batch_get(keys)
            risk = None
            if outlook is not None and of_risk:
                risk = outlook.find_write(read, find_suppressed(read, steps, self.ctx.clock.now()))
            if risk is not None:
                # A case that is opened now goes by the risk as it will be.
                read[risk.key] = risk.item
            if self.plan.stream is Stream.ACCOUNT and lockout.is_erased(read, subject):
                return
            change = change_of(self.ctx, part[0].finding.rule)
            made = contribute_steps(change, read, part, zone=self.ctx.time_zone)
            if number == len(parts):
                change.replace(key, stored, item)
                if risk is not None:
                    change.replace(risk.key, risk.known, risk.item)
            elif made:
                told = list_raised(changes, subject, {step.finding.id for step in part})
                watch = watch_items.watch_of(self.plan, stored, change.now)
                begun = watch_items.begun_item(self.plan.stream, watch, told, stored, change.now)
                change.replace(key, stored, begun)
                stored = {**begun, "rev": 1 if stored is None else int(stored["rev"]) + 1}
            if self.plan.stream is Stream.ACCOUNT and len(change) > 0:
                lockout.contribute_not_erased(change, subject)
            done.writes += 1
            change.commit(self.ctx.store)
            done.steps += made

    def _commit_risk(
        self, outlook: RiskOutlook, subject: str, stored: Item | None, item: Item, done: SubjectDone
    ) -> bool:
        """The watch and the account's risk in one transaction, where the risk is another one. Tells whether it was."""
        if not outlook.must_look(found_something=False):
            return False
        done.requests += 1
        risk = outlook.find_write(self.ctx.store.batch_get(list(outlook.keys())))
        if risk is None:
            return False
        change = change_of(self.ctx, "risk")
        change.replace(watch_items.watch_key(self.plan.stream, subject), stored, item)
        change.replace(risk.key, risk.known, risk.item)
        lockout.contribute_not_erased(change, subject)
        done.writes += 1
        change.commit(self.ctx.store)
        return True


def change_of(ctx: Context, rule: str) -> Change:
    """A change that the scan makes now. `rule` is the actor's in the audit trail."""
    return Change(actor=System("security_scan", rule), cause="scan", now=ctx.clock.now(), ids=ctx.ids)


@contextmanager
def name_faults(rules: RuleSet) -> Iterator[None]:
    """Turn a fault of a rule into an expected error, with the fault as its cause: the neighbours must not wait."""
    try:
        yield
    except HotlineError:
        raise
    except Exception as error:
        raise Unavailable(SecurityError.SUBJECT_NOT_JUDGED, rules=rules.digest) from error


def _is_as_read(stored: Item | None) -> Condition:
    return NEW if stored is None else equals("rev", int(stored["rev"]))


def _put_watch(ctx: Context, key: Key, stored: Item | None, item: Item) -> None:
    """Write a watch alone, for half the price of a transaction. Raises Stale when it is not as it was read, also
    because an answer was lost: the rows are then found known."""
    rev = 1 if stored is None else int(stored["rev"]) + 1
    try:
        ctx.store.write_alone(Put(key, {**item, "rev": rev}, _is_as_read(stored)))
    except TransactionCancelled:
        raise Stale from None
