"""The face of lockout: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.condition import Item
from hotline.kit.store import Key

from . import policy
from .acting import (
    acting_keys,
    contribute_end_pause,
    contribute_freeze,
    contribute_pause,
    contribute_reset_grant,
    contribute_unfreeze,
    contribute_unlock,
    pausable_accounts,
    pause_keys,
)
from .due import contribute_due, due_keys
from .facts import contribute_facts, fact_keys
from .holding import contribute_hold
from .items import NOT_ERASED, attempts_key, attempts_of, lock_key, record_of
from .model import LockView
from .repudiating import contribute_repudiation, repudiation_keys, repudiation_of
from .telling import Notice

__all__ = [
    "Notice",
    "acting_keys",
    "contribute_due",
    "contribute_end_pause",
    "contribute_facts",
    "contribute_freeze",
    "contribute_hold",
    "contribute_not_erased",
    "contribute_pause",
    "contribute_repudiation",
    "contribute_reset_grant",
    "contribute_unfreeze",
    "contribute_unlock",
    "due_keys",
    "fact_keys",
    "is_erased",
    "lock_keys",
    "pausable_accounts",
    "pause_keys",
    "repudiation_keys",
    "repudiation_of",
    "view_from",
]  # fmt: skip


def lock_keys(account_id: str) -> tuple[Key, Key]:
    """What must have been read for `view_from`: #LOCK and #ATTEMPTS."""
    return lock_key(account_id), attempts_key(account_id)


def is_erased(read: Mapping[Key, Item], account_id: str) -> bool:
    """Whether the account was erased: facts about it do nothing any more. `read` holds #LOCK if there is one."""
    return record_of(account_id, read.get(lock_key(account_id))).erased


def contribute_not_erased(change: Change, account_id: str) -> None:
    """Make the change depend on the account not having been erased since it was read; Stale otherwise."""
    require(change, Operation.FACTS)
    change.require_condition(lock_key(account_id), NOT_ERASED, stale)


def view_from(read: Mapping[Key, Item], account_id: str, now: datetime) -> LockView:
    """What is in force on the account at `now`, and what its owner may do about it; reading needs proof (READ)."""
    key, attempts = lock_keys(account_id)
    return policy.view(record_of(account_id, read.get(key)), attempts_of(read.get(attempts)), now)
