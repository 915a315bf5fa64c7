"""Money that is still held after the time until which it was to be held: the wallet is asked, once for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from hotline.accounts.facts_requests import FactsReason, request_keys
from hotline.accounts.service import profile_key
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, account_of
from hotline.kit.store.condition import Item

from . import items
from .model import FAILED_WINDOW
from .outcomes import ask_wallet, thing_named


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no movement."""
    account_id = account_of(key)
    if account_id is None or not (key.sk or "").startswith("MOVE#"):
        return None
    contribute = partial(contribute_hold, account_id=account_id, key=key)
    movement_id = (key.sk or "").split("#", 2)[2]
    things = request_keys(account_id, [thing_named(movement_id)])
    return Duty(account_id, "hold", frozenset({key, profile_key(account_id), *things}), contribute)


def contribute_hold(change: Change, read: Mapping[Key, Item], account_id: str, key: Key) -> tuple[Done, ...]:
    """Ask the wallet about a movement whose hold is over, and note that it was asked. Nothing for one that is not due.
    Of an erased account, and of a movement that is too old to be told of, the date alone is taken away. Raises
    NeedProof for anybody but the hotline itself; at commit Stale."""
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    movement = items.movement_from(item)
    change.replace(key, item, items.movement_item(replace(movement, hold_asked=movement.held_until)))
    if profile_key(account_id) not in read or change.now - movement.ref.initiated_at > FAILED_WINDOW:
        return ()
    if not ask_wallet(change, read, movement, FactsReason.HOLD_OVERDUE):
        return ()
    return (Done(Event.HOLD_OVERDUE, {"account_id": account_id, "kind": movement.ref.kind.value}),)
