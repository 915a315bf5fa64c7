"""The face of reports: folding what happened, and reading what it comes to."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context
from hotline.kit.store import Store, query_all
from hotline.security import service as security

from . import calls, figures, items, matters, records
from .due import duty_at
from .figures import plain, rows_of, yearly
from .model import (
    Call,
    CallbackState,
    Complaint,
    ContactEvent,
    Counts,
    Handover,
    Lock,
    RefundRecord,
    Report,
    check_days,
)

__all__ = [
    "duty_at",
    "is_complaint",
    "is_wish",
    "plain",
    "read_callbacks",
    "read_counts",
    "read_report",
    "rows_of",
    "take_complaint",
    "take_contact",
    "take_handover",
    "take_lock",
    "take_refund",
    "yearly",
]

ATTEMPTS_MAX: Final = 5
"""How often one event is folded before it is delivered again: the events of a call come at once, and meet."""
is_complaint = matters.is_complaint
is_wish = matters.is_wish


def take_contact(ctx: Context, event: ContactEvent, *, zone: str) -> None:
    """Fold an event of Amazon Connect about a call, and count it. `zone` is the IANA time zone of the days. Raises
    Stale, Unavailable; then the event has to come again."""
    _take_call(ctx, event.initial_contact_id, zone, lambda call: calls.fold_event(call, event))


def take_handover(ctx: Context, contact_id: str, handover: Handover, *, zone: str) -> None:
    """Fold the word on a call's handover to a person. Raises the same."""
    _take_call(ctx, contact_id, zone, lambda call: calls.fold_handover(call, handover))


def take_lock(ctx: Context, decision_id: str, lock: Lock, *, zone: str) -> None:
    """Fold one word on a lock, pause or freeze, which is known by its decision. Raises the same."""
    _take(ctx, records.FoldMatter(records.LOCK, decision_id, lock, zone))


def take_refund(ctx: Context, refund_id: str, refund: RefundRecord, *, zone: str) -> None:
    """Fold one word on a refund. Raises the same."""
    _take(ctx, records.FoldMatter(records.REFUND, refund_id, refund, zone))


def take_complaint(ctx: Context, case_id: str, complaint: Complaint, *, zone: str) -> None:
    """Fold one word on a case. Raises the same."""
    _take(ctx, records.FoldMatter(records.COMPLAINT, case_id, complaint, zone))


def read_callbacks(store: Store, contact_ids: Iterable[str]) -> Mapping[str, CallbackState]:
    """How far the callbacks of some calls are, by the calls' first contact ids; at most 100, in one read. A callback of
    which no event has come waits. Raises Unavailable."""
    keys = {items.call_key(contact_id): contact_id for contact_id in contact_ids}
    read = store.batch_get(list(keys)) if keys else {}
    called = {keys[key]: calls.callback_of(items.call_from(item)) for key, item in read.items()}
    return {contact_id: called.get(contact_id, CallbackState.WAITING) for contact_id in keys.values()}


def read_report(store: Store, start: date, end: date) -> Report:
    """The numbers of the days from `start` to `end`, both included: two queries a month. Raises InvalidInput
    `days_out_of_order`, `too_many_days` (model.DAYS_MAX); Unavailable."""
    return figures.make_report(start, end, read_counts(store, start, end))


def read_counts(store: Store, start: date, end: date) -> Counts:
    """The same as they were counted, day by day: for those who calculate by themselves. Raises the same."""
    check_days(start, end)
    counted = ((items.tally_day(item), items.tally_counts(item)) for item in _tallies(store, start, end))
    return figures.add_up(chain(counted, security.read_feedback(store, start, end)))


def _tallies(store: Store, start: date, end: date) -> Iterator[Mapping[str, object]]:
    first = start
    while True:
        last = min(end, first.replace(day=monthrange(first.year, first.month)[1]))
        yield from query_all(store, items.tallies_query(first, last))
        if last == end:
            return
        first = last + timedelta(days=1)


def _take_call(ctx: Context, contact_id: str, zone: str, fold: Callable[[Call], Call]) -> None:
    _take(ctx, records.FoldCall(contact_id, zone, fold))


def _take[Record](ctx: Context, act: records.FoldCall | records.FoldMatter[Record]) -> None:
    actor = System("contact_events", "report")
    perform_alone(ctx, act, actor=actor, cause="report", attempts_max=ATTEMPTS_MAX)
