"""One run: find the due items, work off each in a change of its own, and re-drive the entries that were left behind.

The items of one account are worked off one after the other, since their changes meet on one case and one lock. Accounts
are worked off beside each other.

Every handling is conditional on what was read, so that two runs at once do nothing twice. A failed item stays due for
the next run and does not keep the others waiting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Final

from functions.deadlines.partitions import find_partitions
from functions.deadlines.redrives import Queues, redrive
from hotline.cases import service as cases
from hotline.erasure import service as erasure
from hotline.evidence import service as evidence
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context
from hotline.kit.due import AT_ONCE, Done, Duty, all_of_them, due_keys
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.reports import service as reports
from hotline.security import service as security

FUNCTION: Final = "deadlines"
PER_ACCOUNT_MAX: Final = 50
"""As many items of one account in one run, which has 60 seconds; the next minute takes the others."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run. `due`: items that the index named. `failed`: items that stay due because the work could
    not be done. `erased`: accounts of which nothing is known any more. `followed_up`: refunds that failed or came back,
    and payments with a refund in another currency, about which people were told. `reminded`: bills that their customers
    were reminded of. `tasked`: cases that a task brings to a person, `woken`: those whose snooze has ended.
    `digested`: accounts whose owners are told of findings."""

    due: int
    resent: int
    alarmed: int
    over: int
    ended: int
    escalated: int
    redriven: int
    dropped: int
    failed: int
    erased: int = 0
    followed_up: int = 0
    reminded: int = 0
    tasked: int = 0
    woken: int = 0
    digested: int = 0

    def counts(self) -> dict[str, int]:
        """The same as plain numbers."""
        return asdict(self)


def work_off(ctx: Context, now: datetime, queues: Queues, *, at_once: int = AT_ONCE) -> Summary:
    """Work off everything whose date is not after `now`, `at_once` items at a time. Raises Unavailable when the store
    does not say what is due."""
    partitions = find_partitions(ctx, at_once=at_once)
    accounts = by_owner(due_keys(ctx.store, now, partitions.due, at_once=at_once))
    found = all_of_them(partial(_work_off_in_turn, ctx, now), accounts, at_once=at_once)
    outcomes = [outcome for of_account in found for outcome in of_account]
    done = Counter(one.event for outcome in outcomes if outcome is not None for one in outcome)
    driven = redrive(ctx, now, queues, partitions.pending, at_once=at_once)
    summary = Summary(
        due=len(outcomes),
        resent=done[Event.DECISION_RESENT],
        alarmed=done[Event.DECISION_UNCONFIRMED],
        over=done[Event.DECISION_MOOT],
        ended=done[Event.LOCK_ENDED],
        escalated=done[Event.REFUND_OVERDUE] + done[Event.REFUND_CLOCK_OVER] + done[Event.DISPUTE_OVERDUE],
        followed_up=done[Event.REFUND_UNPAID] + done[Event.CURRENCIES_DIFFER],
        redriven=driven.redriven,
        dropped=driven.dropped,
        failed=sum(outcome is None for outcome in outcomes) + driven.failed,
        erased=done[Event.ERASURE_FINISHED],
        reminded=done[Event.BILL_REMINDED],
        tasked=done[Event.CASE_TASKED],
        woken=done[Event.CASE_WOKEN],
        digested=done[Event.FINDINGS_SENT],
    )
    log(Event.DUE_WORKED_OFF, count=len(outcomes) + driven.redriven + driven.dropped)
    return summary


def by_owner(keys: Iterable[Key]) -> list[list[Key]]:
    """The items by whose they are, PER_ACCOUNT_MAX of each at most, in their order."""
    owners: dict[str, list[Key]] = {}
    for key in keys:
        owners.setdefault(key.pk, []).append(key)
    return [own[:PER_ACCOUNT_MAX] for own in owners.values()]


def _work_off_in_turn(ctx: Context, now: datetime, keys: Iterable[Key]) -> list[tuple[Done, ...] | None]:
    """The work done about each item of one account."""
    return [_work_off_safely(ctx, now, key) for key in keys]


def _work_off_safely(ctx: Context, now: datetime, key: Key) -> tuple[Done, ...] | None:
    """The work done about one item; None when it failed."""
    duty = duty_of(key)
    if duty is None:
        log(Event.DUE_FAILED, kind="item", reason="unknown_item")
        return None
    try:
        done = _work_off_rounds(ctx, now, duty)
    except HotlineError as error:
        log(Event.DUE_FAILED, kind="item", account_id=duty.account_id, reason=error.code)
        return None
    except Exception as error:  # noqa: BLE001 - one item must not stop the others, and only the error's name is logged
        log(Event.DUE_FAILED, kind="item", account_id=duty.account_id, reason=type(error).__name__)
        return None
    for found in done:
        log(found.event, **found.keys)
    return done


def _work_off_rounds(ctx: Context, now: datetime, duty: Duty) -> tuple[Done, ...]:
    """Everything that was done about the item, round by round until nothing is due or its rounds are over."""
    done: tuple[Done, ...] = ()
    for _ in range(duty.rounds):
        some = perform_alone(ctx, _WithObjects(duty, ctx), actor=System(FUNCTION, duty.rule), cause="deadline", now=now)
        if not some:
            break
        done += some
    return done


@dataclass(frozen=True, slots=True)
class _WithObjects:
    """A duty that deletes its objects of the bucket when it has read, before its writes are made."""

    duty: Duty
    ctx: Context

    def read(self, store: Store, now: datetime) -> Mapping[Key, Item]:
        found = self.duty.read(store, now)
        for name in self.duty.objects(found, now) if self.duty.objects is not None else ():
            self.ctx.pictures.delete(name)
        return found

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> tuple[Done, ...]:
        return self.duty.contribute(change, read)


_ROOMS: Final[tuple[Callable[[Key], Duty | None], ...]] = (
    lockout.duty_at,
    evidence.duty_at,
    refunds.duty_at,
    payments.duty_at,
    payments.bill_duty_at,
    cases.duty_at,
    erasure.duty_at,
    reports.duty_at,
    security.digest_duty_at,
    security.denials_duty_at,
)


def duty_of(key: Key) -> Duty | None:
    """The duty that an item's key names; None when no room has items of this kind with dates."""
    found = (duty_at(key) for duty_at in _ROOMS)
    return next((duty for duty in found if duty is not None), None)
