"""How often the grave findings on an account have changed, `ACCOUNT#id / #FOUND`.

    PK ACCOUNT#id · SK #FOUND · changes: counted up with each change

A query of the findings cannot be a condition of a transaction, and this count can. The security room counts in the
transaction that raises, corrects, withdraws or judges a grave finding. A second person reads the findings as they are
at one count. Their word is good for what is done at that very count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.kit.change import Change, stale
from hotline.kit.retention import record_end
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import Item, Missing, equals

_CHANGES: Final = "changes"
_OVER: Final = "-"
"""The version of a thing that is over (lockout.registers). It stays that, whatever was found."""


def found_key(account_id: str) -> Key:
    """The key of the count."""
    return hotline_key(f"ACCOUNT#{account_id}", "#FOUND")


def contribute_found(change: Change, account_id: str) -> None:
    """Count with the change that a grave finding on the account has changed. Once for each change."""
    change.count(found_key(account_id), add={_CHANGES: 1}, set=record_end(change.now))


def add_found(version: str, read: Mapping[Key, Item], account_id: str) -> str:
    """The version of a thing that a second person decides on together with what was found. `read` holds what exists of
    `found_key`. Before the first change, and of a thing that is over, it is the thing's own."""
    item = read.get(found_key(account_id))
    return version if item is None or version == _OVER else f"{version}#{int(item[_CHANGES])}"


def require_same_found(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Make the change depend on the findings being as they were read: no grave one was written meanwhile. Stale at
    commit otherwise. `read` holds what exists of `found_key`, read before the findings."""
    key = found_key(account_id)
    item = read.get(key)
    change.require_condition(key, Missing(_CHANGES) if item is None else equals(_CHANGES, item[_CHANGES]), stale)
