"""The dates of a case. At the end of a snooze it comes back to its owner, or to the queue. A case that nobody has
claimed is brought to a person by a task of Amazon Connect, once. `unanswered` has the dates of requests for facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.outbox import Task
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from . import items, unanswered
from .model import NO_ACCOUNT, EntryKind
from .records import end_task_date, write_next

WOKEN: Final = "snooze.ended"


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is neither a case nor a request for facts."""
    case_id = items.case_id_at(key)
    if case_id is None:
        return unanswered.duty_at(key)
    return Duty(NO_ACCOUNT, "case", frozenset({key}), partial(contribute_due, case_id=case_id))


def contribute_due(change: Change, read: Mapping[Key, Item], case_id: str) -> tuple[Done, ...]:
    """End the snooze of the case, or ask for its task; do nothing when its date is gone, or still to come. Raises
    NeedProof for anybody but the hotline itself; at commit Stale."""
    item = read.get(items.case_key(case_id))
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    known = items.case_from(item)
    told = {"account_id": known.account_id or NO_ACCOUNT, "case_id": case_id}
    if known.snoozed_until is None:
        change.send(Task(change.ids.new("out"), case_id, known.language))
        end_task_date(change, known)
        return (Done(Event.CASE_TASKED, told),)
    write_next(change, known, replace(known, snoozed_until=None), EntryKind.WOKEN, WOKEN)
    return (Done(Event.CASE_WOKEN, told),)
