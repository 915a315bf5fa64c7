"""The face of lockout: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hotline.kit.condition import Item
from hotline.kit.store import Key

from . import policy
from .acting import (
    acting_keys,
    contribute_end_pause,
    contribute_freeze,
    contribute_pause,
    contribute_reset_grant,
    contribute_unlock,
    pausable_accounts,
)
from .facts import contribute_facts, fact_keys
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import LockView
from .telling import Notice

__all__ = [
    "Notice", "acting_keys", "contribute_end_pause", "contribute_facts", "contribute_freeze", "contribute_pause",
    "contribute_reset_grant", "contribute_unlock", "fact_keys", "lock_keys", "pausable_accounts", "view_from",
]  # fmt: skip


def lock_keys(account_id: str) -> tuple[Key, Key]:
    """What must have been read for `view_from`: #LOCK and #ATTEMPTS."""
    return lock_key(account_id), attempts_key(account_id)


def view_from(read: Mapping[Key, Item], account_id: str, now: datetime) -> LockView:
    """What is in force on the account at `now`, and what its owner may do about it; reading needs proof (READ)."""
    key, attempts = lock_keys(account_id)
    return policy.view(record_of(account_id, read.get(key)), attempts_of(read.get(attempts)), now)
