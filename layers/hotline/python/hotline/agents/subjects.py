"""The present version of what a second person is asked about, by its name. A changed thing makes its approval void."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hotline.accounts import service as accounts
from hotline.directory import service as directory
from hotline.identity.model import Subject
from hotline.identity.service import find_nameable, row_keys, rows_subject, version_of_point
from hotline.kit.errors import NotPossible
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause
from hotline.refunds import service as refunds
from hotline.security import service as security

NUMBERS_NAME = "numbers#official"
GONE = "gone"
"""The version of a thing that is no more; no approval names it."""


def first_keys(name: str) -> tuple[Key, ...]:
    """The keys to read first for `version_of`."""
    kind, _, rest = name.partition("#")
    owner, _, part = rest.partition("#")
    match kind:
        case "hold" | "freeze" | "lock":
            return (*lockout.lock_keys(owner), accounts.found_key(owner))
        case "refund":
            return (refunds.refund_key(owner, part),)
        case "rows" | "point":
            return (accounts.profile_key(owner),)
        case "suppression":
            return security.suppression_keys(owner, part)
        case "policy":
            return refunds.policy_keys(rest)
        case "numbers":
            return (directory.NUMBERS_KEY,)
        case _:
            return ()


def further_keys(name: str, read: Mapping[Key, Item], keyring: Keyring) -> tuple[Key, ...]:
    """The keys that are known only when those have been read."""
    kind, _, owner = name.partition("#")
    profile = accounts.profile_from(read.get(accounts.profile_key(owner))) if kind == "rows" else None
    return row_keys(profile, keyring) if profile is not None else ()


def version_of(name: str, read: Mapping[Key, Item], keyring: Keyring, now: datetime) -> str:
    """The present version of the thing."""
    kind, _, rest = name.partition("#")
    owner, _, part = rest.partition("#")
    match kind:
        case "hold":
            return lockout.hold_subject(read, owner, Cause(part)).version
        case "freeze":
            return _or_gone(lockout.freeze_subject(read, owner))
        case "lock":
            return _or_gone(lockout.lock_subject(read, owner, now))
        case "refund":
            item = read.get(refunds.refund_key(owner, part))
            return str(item["rev"]) if item is not None else GONE
        case "rows":
            return _version_of_rows(owner, read, keyring)
        case "point":
            return _version_of_point(owner, part, read)
        case "suppression":
            return security.suppression_version(read, owner, part)
        case "policy":
            known = refunds.policy_in(read, rest)
            return str(known.version if known is not None else 0)
        case "numbers":
            return str(directory.numbers_of(read, ()).version)
        case _:
            return UNVERSIONED


UNVERSIONED = "-"
"""The version of what does not change by being looked at: a value that is to be unmasked."""


def _or_gone(subject: Subject) -> str:
    return GONE if subject.version == UNVERSIONED else subject.version


def _version_of_rows(account_id: str, read: Mapping[Key, Item], keyring: Keyring) -> str:
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    if profile is None:
        return GONE
    try:
        return rows_subject(read, profile, keyring).version
    except NotPossible:
        return GONE


def _version_of_point(account_id: str, name: str, read: Mapping[Key, Item]) -> str:
    try:
        return version_of_point(find_nameable(accounts.profile_from(read.get(accounts.profile_key(account_id))), name))
    except NotPossible:
        return GONE
