"""A payment and a refund of it in different currencies: people are told, once. `holds` has the dates of movements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.cases.model import Priority
from hotline.cases.service import case_keys, contribute_case
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, account_of, id_at
from hotline.kit.store.condition import Item

from . import holds, ledger_items

CASE_TOPIC: Final = "refund"
"""The topic of all cases about refunds, those of the refunds room too: one person looks at all that is about a
customer's refunds."""
CASE_REASON: Final = "refund_currency"


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is neither a ledger nor a movement."""
    account_id, movement_id = account_of(key), id_at(key, "TAKEN")
    if account_id is None or movement_id is None:
        return holds.duty_at(key)
    contribute = partial(contribute_due, account_id=account_id, movement_id=movement_id)
    return Duty(account_id, "currencies", frozenset(due_keys(account_id, movement_id)), contribute)


def due_keys(account_id: str, movement_id: str) -> set[Key]:
    """The keys to read before `contribute_due`."""
    return {ledger_items.ledger_key(account_id, movement_id), *case_keys(account_id, CASE_TOPIC)}


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str, movement_id: str) -> tuple[Done, ...]:
    """Open a case about a ledger whose currencies differ, and note that it is open. Adds nothing for a ledger that is
    not due any more. Raises NeedProof for anybody but the hotline itself; at commit Stale."""
    key = ledger_items.ledger_key(account_id, movement_id)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.ESCALATE)
    ledger = ledger_items.ledger_from(item)
    case = contribute_case(
        change,
        read,
        account_id=account_id,
        topic=CASE_TOPIC,
        reason=CASE_REASON,
        facts={"movement_id": movement_id, "currency": ledger.currency or "-"},
        priority=Priority.HIGH,
    )
    change.replace(key, item, ledger_items.ledger_item(replace(ledger, looked_at=True)))
    change.audit(account_id, "refund.currency_differs", movement_id=movement_id)
    return (Done(Event.CURRENCIES_DIFFER, {"account_id": account_id, "case_id": case.case_id}),)
