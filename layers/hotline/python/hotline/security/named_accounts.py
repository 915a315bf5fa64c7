"""Accounts that records about somebody else name, and how they leave these when they are erased.

    ACCOUNT#id / NAMED#key of the record · where the account is named

A finding about an address names the accounts that got in, and one about a payee the account that the payee is. So does
a suppression for a payee. Nobody could find them by an account, so the account keeps the place of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Prefix, Query, Store, Table, hotline_key
from hotline.kit.store.condition import NEW, PRESENT, Item, any_of, equals

from .items import ACCOUNTS

_NAMED: Final = "NAMED#"
_ACCOUNT: Final = "account_id"
_ANY: Final = any_of(PRESENT, NEW)
"""Always true: two writers of a place write the same item."""


def contribute_named(change: Change, at: Key, account_ids: Iterable[str], written_at: datetime) -> None:
    """Note with the change that the record at a key names the accounts: one write each. Each is written again with the
    record, since an erasure may have taken it away after the record was read. `written_at`: when the record was first
    written, from which on it is kept."""
    item = {"at_pk": at.pk, "at_sk": at.sk, **record_end(written_at)}
    for account_id in account_ids:
        change.put(_named_key(account_id, at), item, condition=_ANY)


def read_named(store: Store, account_id: str, *, limit: int) -> dict[Key, Item]:
    """The items to read before `contribute_forgotten`: places where the account is named, and the records there. At
    most `limit` places, and at most a hundred. Two reads, one where there is none."""
    found = store.query(Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(_NAMED), limit=limit)).items
    places = {hotline_key(item["PK"], item["SK"]): item for item in found}
    records = {hotline_key(item["at_pk"], item["at_sk"]) for item in found}
    return {**places, **(store.batch_get(sorted(records, key=str)) if records else {})}


def contribute_forgotten(change: Change, read: Mapping[Key, Item], account_id: str) -> int:
    """Take the account out of the records that were read: two writes for each; returns how many places these were. At
    commit Stale when one of them has changed or ended meanwhile."""
    require(change, Operation.FACTS)
    partition = f"ACCOUNT#{account_id}"
    places = {key: item for key, item in read.items() if key.pk == partition and (key.sk or "").startswith(_NAMED)}
    for key, item in places.items():
        at = hotline_key(item["at_pk"], item["at_sk"])
        if at in read:
            _forget(change, at, read[at], account_id)
        change.delete(key, condition=PRESENT)
    return len(places)


def _named_key(account_id: str, at: Key) -> Key:
    return hotline_key(f"ACCOUNT#{account_id}", f"{_NAMED}{at.pk}#{at.sk}")


def _forget(change: Change, at: Key, record: Mapping[str, Any], account_id: str) -> None:
    accounts = list(record.get(ACCOUNTS, ()))
    left = [one for one in accounts if one != account_id]
    gone = {ACCOUNTS} if accounts and not left else set()
    gone |= {_ACCOUNT} if record.get(_ACCOUNT) == account_id else set()
    kept: Item = {ACCOUNTS: left} if left and left != accounts else {}
    if gone or kept:
        # A late login adds an account within the pattern's time, and another erasure takes one out.
        as_read = equals(ACCOUNTS, tuple(accounts)) if left != accounts else PRESENT
        change.update(at, set=kept, remove=tuple(sorted(gone)), condition=as_read)
