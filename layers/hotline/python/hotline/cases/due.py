"""The end of a snooze: the case comes back to its owner, or to the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from . import items
from .model import NO_ACCOUNT, EntryKind, with_status
from .records import add_entry, give_reference, tell, write_case, write_pointer

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
    case = replace(known, snoozed_until=None, updated_at=change.now, version=known.version + 1)
    case = give_reference(change, with_status(case))
    write_case(change, known, case)
    write_pointer(change, known, case, failed=stale)
    add_entry(change, case, EntryKind.WOKEN, reason=WOKEN, facts={})
    tell(change, case, opened=False, reason=WOKEN)
    return (Done(Event.CASE_WOKEN, {"account_id": known.account_id or NO_ACCOUNT, "case_id": case_id}),)
