"""A hold that the hotline asks for by itself, because something looks like an attack."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.accounts import service as accounts
from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals

from . import outgoing, registers
from .facts import write_record
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import Cause, DecisionKind
from .outgoing import Notice


def contribute_hold(change: Change, read: Mapping[Key, Item], account_id: str) -> bool:
    """Ask the wallet to hold the account by RISK_SCORE until people have released it, and tell every contact point.
    False, and no write, when such a hold is on already or the account is closed or erased. The change then depends on
    the hold that is on: it is Stale when people have released it meanwhile.

    `read` holds what exists of `acting_keys`. Raises NeedProof for an actor that may not hold.
    """
    require(change, Operation.HOLD)
    record = record_of(account_id, read.get(lock_key(account_id)))
    slot = Cause.RISK_SCORE.value
    held = record.told.get(slot)
    if record.erased or record.closed_at is not None:
        return False
    if held is not None and held.runs(change.now):
        change.require_condition(lock_key(account_id), equals("rev", int(read[lock_key(account_id)]["rev"])), stale)
        return False
    attempts = attempts_of(read.get(attempts_key(account_id)))
    record = registers.switch(record, slot, change.now, on=True)
    record, asked = registers.ask(record, DecisionKind.LOCK, change.now)
    outgoing.send_decision(change, record, attempts, asked, cause=Cause.RISK_SCORE)
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    outgoing.notify(change, profile, Notice.HOLD_ASKED, cause=Cause.RISK_SCORE.value)
    write_record(change, read, record)
    return True
