"""The release of a hold that somebody else than its owner set: by an agent, with a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.accounts import service as accounts
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from . import outgoing, policy, registers
from .facts import write_record
from .items import attempts_key, attempts_of, lock_key, record_of
from .model import Cause, Component, DecisionKind, LockoutError, LockState
from .outgoing import Notice

RELEASABLE: Final = (Cause.RISK_SCORE, Cause.COMPLIANCE, Cause.AGENT)
"""Holds that people set or look into. A hold for a stolen password ends with a new one, and a dormant account is the
wallet's to wake."""
HELD_BY_FINDINGS: Final = Cause.RISK_SCORE
"""The cause of the hold that a critical finding sets."""


class HoldEnd(StrEnum):
    """How a hold ends."""

    RELEASE = "release"
    """Two people at the hotline release it."""
    NEW_PASSWORD = "new_password"  # noqa: S105 - a way, not a secret
    """The wallet releases it when the owner has chosen a new password."""
    WALLET = "wallet"
    """The wallet alone ends it, by its own rules."""


class LockEnd(StrEnum):
    """How a freeze or hold ends that neither a check nor the owner's own proof ends."""

    PERSON = "person"
    """People at the hotline unfreeze it with the owner."""
    NEW_PASSWORD = "new_password"  # noqa: S105 - a way, not a secret
    """The wallet releases it when the owner has chosen a new password."""


def end_of_hold(cause: Cause | None) -> HoldEnd:
    """How a hold of this cause ends. A cause that the hotline does not know is the wallet's."""
    if cause in RELEASABLE:
        return HoldEnd.RELEASE
    return HoldEnd.NEW_PASSWORD if cause is Cause.COMPROMISED_CREDENTIAL else HoldEnd.WALLET


def list_holds(read: Mapping[Key, Item], account_id: str, now: datetime) -> tuple[Component, ...]:
    """The holds that run, what is told first in front. `read` holds what exists of `lock_keys`."""
    record = record_of(account_id, read.get(lock_key(account_id)))
    if record.erased:
        return ()
    found = policy.components(record, attempts_of(read.get(attempts_key(account_id))), now)
    return tuple(one for one in found if one.state is LockState.HOLD)


def find_hold(read: Mapping[Key, Item], account_id: str, cause: Cause, now: datetime) -> Component:
    """The hold of a cause that agents release. Raises NotPossible `no_such_hold` where none of this cause runs, or it
    is not one that they release."""
    for one in list_holds(read, account_id, now):
        if one.cause is cause and cause in RELEASABLE:
            return one
    raise NotPossible(LockoutError.NO_SUCH_HOLD, account_id=account_id)


def hold_subject(read: Mapping[Key, Item], account_id: str, cause: Cause) -> Subject:
    """The hold as it was read, for a second person. Its version is the word that set it: a hold that the wallet tells
    of anew is another one. One that findings set is another one, too, when a grave one has changed. `read` then holds
    what exists of the `found_key`. One that is over has the version `-`."""
    record = record_of(account_id, read.get(lock_key(account_id)))
    version = registers.version_of(record, cause.value)
    if cause is HELD_BY_FINDINGS:
        version = accounts.add_found(version, read, account_id)
    return Subject(f"hold#{account_id}#{cause.value}", version, {"cause": cause.value})


def contribute_release(change: Change, read: Mapping[Key, Item], account_id: str, cause: Cause) -> None:
    """Ask the wallet to release a hold. Other locks in force stay. `read` holds what exists of `acting_keys` and of
    the `found_key`.

    Raises NotPossible `no_such_hold` where none of this cause runs, or it is not one that agents release; NeedSecond.
    At commit Stale, also when a grave finding has changed that may have set the hold.
    """
    held = find_hold(read, account_id, cause, change.now)
    record = record_of(account_id, read.get(lock_key(account_id)))
    require(change, Operation.RELEASE_HOLD, account_id, hold_subject(read, account_id, cause))
    if cause is HELD_BY_FINDINGS:
        accounts.require_same_found(change, read, account_id)
    attempts = attempts_of(read.get(attempts_key(account_id)))
    record = registers.switch(record, cause.value, change.now, on=False)
    record, asked = registers.ask(record, DecisionKind.UNLOCK, change.now, was=held)
    outgoing.send_decision(change, record, attempts, asked, cause=cause, ends=held)
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    outgoing.notify(change, profile, Notice.UNLOCK_ASKED)
    write_record(change, read, record)
