"""Money that has to move by a date, and did not: held past its end, or taken in vain and not back.

The wallet is asked once about each hold. About money that was taken in vain it is asked, and then a case is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.accounts.facts_requests import FactsReason, request_keys
from hotline.accounts.service import feed_key, look_again_at, profile_key
from hotline.cases.model import Priority
from hotline.cases.service import case_keys, contribute_case
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, account_of
from hotline.kit.store.condition import Item

from . import items
from .model import FAILED_WINDOW, Movement
from .outcomes import CASE_TOPIC, ask_wallet, thing_named

NOT_BACK_REASON: Final = "money_not_back"
"""The reason of the case about money that was taken in vain."""


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no movement."""
    account_id = account_of(key)
    if account_id is None or not (key.sk or "").startswith("MOVE#"):
        return None
    contribute = partial(contribute_hold, account_id=account_id, key=key)
    movement_id = (key.sk or "").split("#", 2)[2]
    things = request_keys(account_id, [thing_named(movement_id)])
    keys = {key, profile_key(account_id), feed_key(), *things, *case_keys(account_id, CASE_TOPIC)}
    return Duty(account_id, "hold", frozenset(keys), contribute, rounds=2)


def contribute_hold(change: Change, read: Mapping[Key, Item], account_id: str, key: Key) -> tuple[Done, ...]:
    """Ask the wallet about a movement whose money did not move by its date, or open the case, and note that. Nothing
    for one that is not due. All of it waits for a time while the wallet's facts are behind. Of an erased account, and
    of a movement that is too old to be told of, the date alone is taken away. Raises NeedProof for anybody but the
    hotline itself; at commit Stale."""
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    movement = items.movement_from(item)
    passed_at = movement.look_at or change.now
    if profile_key(account_id) in read and (again_at := look_again_at(read, passed_at, change.now)) is not None:
        later = items.movement_item(movement) | due_attributes(movement.movement_id, again_at)
        change.replace(key, item, later)
        return ()
    looked = (
        replace(movement, hold_asked=movement.held_until)
        if movement.is_held
        else replace(movement, return_looks=movement.return_looks + 1)
    )
    change.replace(key, item, items.movement_item(looked))
    if profile_key(account_id) not in read or change.now - movement.ref.initiated_at > FAILED_WINDOW:
        return ()
    event = _look(change, read, movement)
    return () if event is None else (Done(event, {"account_id": account_id, "kind": movement.ref.kind.value}),)


def _look(change: Change, read: Mapping[Key, Item], movement: Movement) -> Event | None:
    """Ask the wallet, or open the case, as the date of the movement wants it; the event of what was done."""
    if movement.is_held:
        return Event.HOLD_OVERDUE if ask_wallet(change, read, movement, FactsReason.HOLD_OVERDUE) else None
    if movement.return_looks == 0:
        return Event.RETURN_ASKED if ask_wallet(change, read, movement, FactsReason.MONEY_NOT_BACK) else None
    contribute_case(
        change,
        read,
        account_id=movement.ref.account_id,
        topic=CASE_TOPIC,
        reason=NOT_BACK_REASON,
        facts={"movement_id": movement.movement_id},
        priority=Priority.HIGH,
    )
    return Event.RETURN_MISSED
