"""The kinds of factor that an account can give, by what it has: its contact points and its PIN. Pure.

An operation with the customer's proof needs as many kinds. An owner with fewer never gets there, whatever they prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.changes import CHANGE_WAIT
from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.contracts.model import PointKind
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change, stale
from hotline.kit.store import Key
from hotline.kit.store.condition import NEW, Item, equals

from .model import Operation
from .pins import factors_key, has_pin, pin_removed_at
from .policy import FACTORS, REQUIREMENTS

_FACTOR_OF: Final = {PointKind.PHONE: FactorKind.SMS, PointKind.EMAIL: FactorKind.EMAIL}


def list_account_factors(read: Mapping[Key, Item], account_id: str) -> tuple[FactorKind, ...]:
    """The kinds that the account has, in the order in which they are asked for. A new contact point counts, although it
    does not act yet. `read` holds what exists of `owner_keys`."""
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    points = profile.live_points if profile is not None else ()
    kinds = {_FACTOR_OF[point.kind] for point in points}
    return tuple(kind for kind in FACTORS if kind in kinds | _kind_of_pin(read, account_id))


def could_give(operation: Operation, read: Mapping[Key, Item], account_id: str, now: datetime) -> bool:
    """Whether the account has as many kinds as its owner would have to prove for the operation. An account with no kind
    at all never has.

    A point or a PIN that was removed in the last CHANGE_WAIT counts, too. Else whoever takes one off gets around the
    proof at once. An account that is not open, or not known yet, is taken to have enough. `read` holds what exists of
    `owner_keys`."""
    return _has_enough(operation, read, account_id, now)


def can_give(operation: Operation, read: Mapping[Key, Item], account_id: str) -> bool:
    """The same by what the account has now, without what was removed: so many kinds can be asked for."""
    return _has_enough(operation, read, account_id, None)


def gives_until(operation: Operation, read: Mapping[Key, Item], account_id: str, now: datetime) -> datetime | None:
    """The end of the time in which removed factors keep two people from standing in for a proof that nobody can give
    any more. None where the proof can be given, or two people stand in for it already."""
    if can_give(operation, read, account_id) or not could_give(operation, read, account_id, now):
        return None
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    removed = [point.removed_at for point in profile.points] if profile is not None else []
    removed.append(pin_removed_at(read.get(factors_key(account_id))))
    ends = sorted(at + CHANGE_WAIT for at in removed if at is not None)
    return next((end for end in ends if end > now and not could_give(operation, read, account_id, end)), None)


def count_kinds_at_risk(read: Mapping[Key, Item], account_id: str, now: datetime) -> int | None:
    """How many kinds the account has, also those that were lately removed, if it is at high risk; None if it is not. An
    unknown risk counts as none. `read` holds what exists of `owner_keys`."""
    if accounts.band_of(read.get(accounts.risk_key(account_id)), now) is not accounts.RiskBand.HIGH:
        return None
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    return 0 if profile is None else len(_kinds_of(profile, read, now))


def _has_enough(operation: Operation, read: Mapping[Key, Item], account_id: str, now: datetime | None) -> bool:
    """Whether the account has enough kinds; with `now` those that were lately removed count, too. A high risk does not
    count here: else two people would stand in for a proof that its owner could give."""
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    if profile is None or profile.status is not AccountStatus.OPEN:
        return True
    return len(_kinds_of(profile, read, now)) >= REQUIREMENTS[operation].factors_for(profile.two_step)


def _kinds_of(profile: Profile, read: Mapping[Key, Item], now: datetime | None) -> set[FactorKind]:
    kinds = {_FACTOR_OF[point.kind] for point in profile.points if _counts(point, now)}
    return kinds | _kind_of_pin(read, profile.account_id, now)


def require_same_factors(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Make the change depend on the contact points and the PIN as they were read; Stale otherwise."""
    for key in (accounts.profile_key(account_id), factors_key(account_id)):
        as_read = equals("rev", int(read[key]["rev"])) if key in read else NEW
        change.require_condition(key, as_read, stale)


def require_same_risk(change: Change, read: Mapping[Key, Item], account_id: str) -> None:
    """Make the change depend on the account's risk as it was read; Stale otherwise."""
    key = accounts.risk_key(account_id)
    change.require_condition(key, equals("rev", int(read[key]["rev"])) if key in read else NEW, stale)


def _kind_of_pin(read: Mapping[Key, Item], account_id: str, now: datetime | None = None) -> set[FactorKind]:
    """The kind of the PIN that the account has; with `now` also of one that was lately removed."""
    known = read.get(factors_key(account_id))
    lately = now is not None and _is_lately(pin_removed_at(known), now)
    return {FactorKind.PIN} if has_pin(known) or lately else set()


def _counts(point: ContactPoint, now: datetime | None) -> bool:
    lately = now is not None and _is_lately(point.removed_at, now)
    return point.confirmed_at is not None and (point.removed_at is None or lately)


def _is_lately(removed_at: datetime | None, now: datetime) -> bool:
    return removed_at is not None and now < removed_at + CHANGE_WAIT
