"""A PIN that is old enough to act, where a test cannot wait for it."""

from __future__ import annotations

from datetime import timedelta

from hotline.accounts.changes import CHANGE_WAIT
from hotline.identity.pins import factors_key
from hotline.kit.clock import from_text, to_text
from hotline.kit.store import Store, Update


def age_pin(store: Store, account_id: str, *, by: timedelta = CHANGE_WAIT) -> None:
    """Store the account's PIN as if it had been chosen so much earlier."""
    key = factors_key(account_id)
    stored = store.get(key)
    assert stored is not None
    earlier = to_text(from_text(stored["pin"]["set_at"]) - by)
    store.transact([Update(key, set={"pin": {**stored["pin"], "set_at": earlier}})], token=f"age-{account_id}")
