"""The face of erasure.

`account.erased` removes at once, in one transaction, the state that each room has of the customer: profile, contact
points, factors, funds, attempts, watch. It leaves a tombstone, with which later facts do nothing. State that may not
fit one transaction is worked off afterwards, a part at a time. This is free text in cases, contact points beyond a
number, and findings about others that name the account. Somebody who was on the line may write then. So the account is
looked at once more when no call from before can be left.

Records (movements, refunds, cases, findings, audit) stay under opaque ids, and end by themselves (kit.retention).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.contracts.model import AccountErased, Fact
from hotline.evidence import service as evidence
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.keyring import Keyring
from hotline.kit.logging import Event
from hotline.kit.store import Key, Store, account_of, hotline_key
from hotline.kit.store.condition import PRESENT, Item, equals
from hotline.security import service as security
from hotline.sessions.model import CALL_LIFE

from . import items
from .items import Erasure

NOTES_AT_ONCE: Final = 20
POINTS_AT_ONCE: Final = 8
STATE_AT_ONCE: Final = 10
EVIDENCE_AT_ONCE: Final = 5
NAMED_AT_ONCE: Final = 5
"""Two writes a note, a picture and a place where the account is named; one an item of state. A contact point takes up
to three while keys are replaced. These are 94, and the rest is for the erasure itself and the audit."""
STAYING: Final = (items.ERASURE_SK, "#LOCK", "#WATCH")
"""State that stays for now, and for good: the erasure itself, and the tombstone."""
ROUNDS: Final = 25
"""How many parts of one account are worked off in a row; the next minute goes on."""
LAST_LOOK_AFTER: Final = CALL_LIFE
"""No call, session or recovery that began before the erasure lasts for longer."""


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`."""
    return {items.erasure_key(fact.subject) for fact in facts if isinstance(fact.data, AccountErased)}


def contribute_facts(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact], keyring: Keyring) -> None:
    """Note that the account is erased, and what is left to be done about it; other facts change nothing here. `read`
    holds the profile as it was."""
    require(change, Operation.FACTS)
    if not fact_keys(facts):
        return
    account_id = facts[0].subject
    key = items.erasure_key(account_id)
    erasure = Erasure(account_id, change.now, accounts.points_left(read, account_id, keyring))
    change.replace(key, read.get(key), items.erasure_item(erasure, due_at=change.now))
    change.audit(account_id, "account.erased")


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no erasure."""
    account_id = account_of(key)
    if account_id is None or key != items.erasure_key(account_id):
        return None
    contribute = partial(contribute_due, account_id=account_id)
    objects = partial(list_objects, account_id=account_id)
    return Duty(account_id, "erasure", frozenset(), contribute, partial(look, account_id=account_id), ROUNDS, objects)


def list_objects(read: Mapping[Key, Item], now: datetime, account_id: str) -> tuple[str, ...]:
    """The customer's pictures that go with the part that was read; none when nothing is due."""
    stored = read.get(items.erasure_key(account_id))
    return evidence.objects_in(read, account_id) if stored is not None and is_due(stored, now) else ()


def look(store: Store, account_id: str) -> dict[Key, Item]:
    """The items to have before `contribute_due`: a part of what is left. At most eight reads."""
    key = items.erasure_key(account_id)
    read = store.batch_get([key])
    if key not in read:
        return {}
    erasure = items.erasure_of(account_id, read[key])
    points = {accounts.point_key(one) for ids in erasure.points[:POINTS_AT_ONCE] for one in ids}
    read |= store.batch_get(list(points)) if points else {}
    state = store.query(items.state_query(account_id, limit=STATE_AT_ONCE + len(STAYING))).items
    read |= {hotline_key(item["PK"], item["SK"]): item for item in state}
    read |= evidence.evidence_read(store, account_id, limit=EVIDENCE_AT_ONCE)
    read |= security.read_named(store, account_id, limit=NAMED_AT_ONCE)
    return {**read, **cases.notes_read(store, account_id, limit=NOTES_AT_ONCE)}


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str) -> tuple[Done, ...]:
    """Work off the part that was read, and set when to go on: at once while there is more. The last time is when no
    call from before is left. Nothing when nothing is due. At commit Stale when another run was quicker."""
    key = items.erasure_key(account_id)
    stored = read.get(key)
    if stored is None or not is_due(stored, change.now):
        return ()
    require(change, Operation.FACTS)
    erasure = items.erasure_of(account_id, stored)
    state = [found for found in read if items.is_state(found, account_id) and found.sk not in STAYING][:STATE_AT_ONCE]
    for found in state:
        change.delete(found, condition=PRESENT)
    for ids in erasure.points[:POINTS_AT_ONCE]:
        accounts.contribute_unlisted(change, read, account_id, ids)
    notes = cases.contribute_emptied(change, read, account_id)
    pictures = evidence.contribute_erased(change, read, account_id)
    named = security.contribute_forgotten(change, read, account_id)
    left = replace(erasure, points=erasure.points[POINTS_AT_ONCE:])
    last_look = erasure.erased_at + LAST_LOOK_AFTER
    more = (
        notes == NOTES_AT_ONCE,
        len(state) == STATE_AT_ONCE,
        pictures == EVIDENCE_AT_ONCE,
        named == NAMED_AT_ONCE,
    )
    if left.points or any(more):
        change.replace(key, stored, items.erasure_item(left, due_at=change.now))
    elif change.now < last_look:
        change.replace(key, stored, items.erasure_item(left, due_at=last_look))
    else:
        change.delete(key, condition=equals("rev", int(stored["rev"])))
        change.audit(account_id, "erasure.finished")
        return (Done(Event.ERASURE_FINISHED, {"account_id": account_id}),)
    worked_off = len(state) + len(erasure.points[:POINTS_AT_ONCE]) + notes + pictures + named
    return (Done(Event.ERASURE_GOES_ON, {"account_id": account_id, "count": worked_off}),)
