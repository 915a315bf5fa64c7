"""Rows of a hundred wrong codes or PINs that an agent begins anew, because their factor ends with them.

NIST SP 800-63B-4 3.2.2. Proof begins every row anew by itself. An agent does it for a customer whose
proof did not, as a sign-in to the app. For one who can prove nothing any more it takes a second person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible
from hotline.kit.ids import derive_id
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .counters import contribute_counters
from .gate import require
from .items import COUNTER_NAMES, counters_from, factors_key, point_key, with_counters
from .model import IdentityError, Operation, Subject
from .policy import FactorCounters, is_row_full, with_new_row


def row_keys(profile: Profile, keyring: Keyring) -> tuple[Key, ...]:
    """The keys to read: the counters of every contact point of the account, and those of its PIN."""
    return (factors_key(profile.account_id), *(point_key(one) for ids in _points(profile, keyring) for one in ids))


def rows_subject(read: Mapping[Key, Item], profile: Profile, keyring: Keyring) -> Subject:
    """The full rows of the account as they were read. Raises NotPossible `no_full_row` when there is none."""
    full = [f"{ids[0]}/{name}" for ids in _points(profile, keyring) for name in _full_rows_at(read, ids)]
    full += [f"pin/{name}" for name in _full_rows(read.get(factors_key(profile.account_id)))]
    if not full:
        raise NotPossible(IdentityError.NO_FULL_ROW, account_id=profile.account_id)
    return Subject(f"rows#{profile.account_id}", derive_id("rows", *sorted(full)), {"rows": len(full)})


def contribute_full_rows(
    change: Change, read: Mapping[Key, Item], profile: Profile, keyring: Keyring, *, proved: bool
) -> int:
    """Begin every full row of the account anew, by all ways; returns how many. The wrong ones of the day stay counted,
    and so does the block that they brought. `proved`: the customer has proved something; else it takes a second person.

    `read` holds what exists of `row_keys`. Raises NotPossible `no_full_row`, NeedProof, NeedSecond; at commit Stale."""
    subject = rows_subject(read, profile, keyring)
    operation = Operation.NEW_ROW if proved else Operation.NEW_ROW_UNPROVED
    require(change, operation, profile.account_id, subject)
    for ids in _points(profile, keyring):
        rows = _full_rows_at(read, ids)
        if rows:
            contribute_counters(change, read, ids, rows)
    key = factors_key(profile.account_id)
    rows = _full_rows(read.get(key))
    if rows:
        change.replace(key, read[key], with_counters(read[key], rows, now=change.now, owned=True))
    change.audit(profile.account_id, "rows.begun_anew", rows=int(subject.content["rows"]))
    return int(subject.content["rows"])


def _points(profile: Profile, keyring: Keyring) -> list[tuple[str, ...]]:
    return [accounts.point_ids(point.value, keyring) for point in profile.live_points]


def _full_rows_at(read: Mapping[Key, Item], ids: tuple[str, ...]) -> dict[str, FactorCounters]:
    found = [read[key] for key in map(point_key, ids) if key in read]
    return _full_rows({"counters": accounts.merged_counters(found)})


def _full_rows(stored: Mapping[str, Any] | None) -> dict[str, FactorCounters]:
    """The counters of a stored item of which a row is full, with that row begun anew."""
    known = {name: counters_from(stored, factor, counter) for name, (factor, counter) in COUNTER_NAMES.items()}
    return {name: with_new_row(counters) for name, counters in known.items() if is_row_full(counters)}
