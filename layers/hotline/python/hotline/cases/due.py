"""The end of a snooze: the case comes back to its owner, or to the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from . import items
from .model import NO_ACCOUNT, EntryKind
from .records import write_next

WOKEN: Final = "snooze.ended"


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no case."""
    case_id = items.case_id_at(key)
    if case_id is None:
        return None
    return Duty(NO_ACCOUNT, "case", frozenset({key}), partial(contribute_due, case_id=case_id))


def contribute_due(change: Change, read: Mapping[Key, Item], case_id: str) -> tuple[Done, ...]:
    """End the snooze of the case; do nothing when it waits no more, or still has to. Raises NeedProof for anybody but
    the hotline itself; at commit Stale."""
    item = read.get(items.case_key(case_id))
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    known = items.case_from(item)
    write_next(change, known, replace(known, snoozed_until=None), EntryKind.WOKEN, WOKEN)
    return (Done(Event.CASE_WOKEN, {"account_id": known.account_id or NO_ACCOUNT, "case_id": case_id}),)
