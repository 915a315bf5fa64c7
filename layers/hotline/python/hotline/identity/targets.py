"""Targets that get no code, although somebody has them. The contact point is too new to prove anything, or was when the
freeze or hold in force began.

Such a target is answered like any other, in words, reads and writes; its challenge is a decoy. The caller proves by
another factor, or comes to an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.actor import ProvedFactor, Purpose
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionState, Target

NO_POINT: Final = "-"
"""See ProvedFactor."""


def pin_point(account_id: str) -> str:
    """The stand-in for a contact point in a factor that was proved by PIN: the account itself."""
    return f"account#{account_id}"


def reach_keys(state: SessionState, target: Target) -> tuple[Key, ...]:
    """The keys to read for `reaches_somebody`."""
    return tuple(key for account_id in _account_ids(state, target) for key in proof_keys(account_id))


def proof_keys(account_id: str) -> tuple[Key, ...]:
    """The keys to read for `proves`: the account's profile, and what stops it."""
    return (accounts.profile_key(account_id), accounts.stops_key(account_id))


def reaches_somebody(
    read: Mapping[Key, Item], state: SessionState, target: Target, purpose: Purpose, now: datetime, lookup_keys: Keyring
) -> bool:
    """Whether a code to the target could prove something for one of the accounts that the call may choose from. The
    account that is chosen later is checked again."""
    profiles = [
        accounts.profile_from(read.get(accounts.profile_key(account_id))) for account_id in _account_ids(state, target)
    ]
    return any(
        profile is not None and _may_be_told(profile, target.point, purpose, read, now, lookup_keys)
        for profile in profiles
    )


def proves(
    profile: Profile, factor: ProvedFactor, read: Mapping[Key, Item], now: datetime, lookup_keys: Keyring
) -> bool:
    """Whether a factor that was proved at a contact point counts for this account. Another account that shares the
    point may have had it for long. A PIN was held to the same rule when it was keyed in. `read` holds what exists of
    `proof_keys`."""
    pointless = (NO_POINT, pin_point(profile.account_id))
    return factor.point in pointless or _may_be_told(profile, factor.point, factor.purpose, read, now, lookup_keys)


def _account_ids(state: SessionState, target: Target) -> tuple[str, ...]:
    """The accounts for which a code to the target may be: the chosen one, else all that the caller's number reaches."""
    if target.account_id is None:
        return ()
    others = state.identified.accounts if state.account_id is None and state.identified is not None else ()
    return tuple(dict.fromkeys((target.account_id, *others)))


def _may_be_told(
    profile: Profile, point: str, purpose: Purpose, read: Mapping[Key, Item], now: datetime, lookup_keys: Keyring
) -> bool:
    found = accounts.contact_point(profile, point, lookup_keys)
    if found is None or not found.live:
        return False
    stopped_since = accounts.stopped_since(read.get(accounts.stops_key(profile.account_id)), now)
    acting = purpose is not Purpose.LOOK
    return not accounts.refuses_code(profile, found, now, acting=acting, stopped_since=stopped_since)
