"""The accounts and contact points that a session may choose from: where codes would go, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import replace
from datetime import UTC, datetime

from hotline.accounts import service as accounts
from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.contracts.model import PointKind
from hotline.kit.actor import FactorKind
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.sessions.model import Identified, SessionState, Target

from . import code_messages
from .items import NOBODY as NOBODY
from .targets import pin_point, proves

_NEVER = datetime.min.replace(tzinfo=UTC)


def profiles_in(store: Store, account_ids: Sequence[str]) -> list[Profile]:
    """The profiles of some accounts, in that order, in one read."""
    if not account_ids:
        return []
    keys = [accounts.profile_key(account_id) for account_id in account_ids]
    read = store.batch_get(keys)
    found = [accounts.profile_from(read[key]) for key in keys if key in read]
    return [profile for profile in found if profile is not None]


def strip(state: SessionState) -> SessionState:
    """The call as somebody else may take it up: language, topic and case stay; proof, account and offers go."""
    calling = state.calling
    owner = calling.accounts[0] if calling and calling.accounts else None
    targets = {FactorKind.SMS: _phone_target(calling, owner)} if calling else {}
    return replace(
        state,
        factors=(),
        account_id=None,
        two_step=False,
        pin=False,
        kinds_at_risk=None,
        time_zone=None,
        offers=(),
        logins=(),
        checked=(),
        heard=(),
        about=None,
        challenge=None,
        typed=None,
        targets=targets,
    )


def identify_by(state: SessionState, typed: Identified, profiles: Sequence[Profile], keyring: Keyring) -> SessionState:
    """The call after somebody keyed in a number: whatever belonged to another account is gone."""
    return replace(strip(state), typed=typed, case_id=None, targets=targets_of(typed, profiles, keyring))


def targets_of(
    identified: Identified | None, profiles: Sequence[Profile], keyring: Keyring
) -> dict[FactorKind, Target]:
    """The targets to which codes would go before an account is chosen.

    SMS goes to the number itself. E-mail goes to the one address of the accounts behind it. A decoy stands in where
    there is no address, or more than one, so that nobody learns which. The limits that the caller is told of are
    counted for the number either way.
    """
    if identified is None:
        return {}
    owner = identified.accounts[0] if identified.accounts else None
    emails = {
        accounts.ids_of(point, keyring): profile.account_id
        for profile in profiles
        for point in live_points(profile, PointKind.EMAIL)
    }
    points, account_id = next(iter(emails.items())) if len(emails) == 1 else (decoy_points(identified, keyring), None)
    return {
        FactorKind.SMS: _phone_target(identified, owner),
        FactorKind.EMAIL: _target(points, account_id, via=decoy_points(identified, keyring, "way")),
    }


def _phone_target(identified: Identified, owner: str | None) -> Target:
    return Target(identified.point, owner, identified.also, prefix=identified.prefix)


def _target(
    points: tuple[str, ...], account_id: str | None, via: tuple[str, ...] = (), *, prefix: str | None = None
) -> Target:
    return Target(points[0], account_id, points[1:], via, prefix)


def decoy_points(identified: Identified, keyring: Keyring, purpose: str = "decoy") -> tuple[str, ...]:
    """The keys of a contact point that belongs to nobody, under the same versions as the number's. They are always the
    same for a number and purpose, so that its counters work."""
    decoys = []
    for point in (identified.point, *identified.also):
        version = point.partition("#")[0]
        decoys.append(f"{version}#{keyring.mac_text(version, purpose, point)}")
    return tuple(decoys)


def choose_profile(
    state: SessionState, profile: Profile, keyring: Keyring, *, pin: bool = False, kinds_at_risk: int | None = None
) -> SessionState:
    """The call once its account is known. Codes now go to that account's own points only. The number that the call is
    identified by is taken if it is one of them, else the phone confirmed last. A code that was asked for before is
    void. Offers about another account are gone, and so is what was heard of it."""
    phones = {accounts.ids_of(point, keyring): point.value for point in live_points(profile, PointKind.PHONE)}
    emails = [accounts.ids_of(point, keyring) for point in live_points(profile, PointKind.EMAIL)]
    identified = state.identified
    targets: dict[FactorKind, Target] = {}
    if phones:
        at = next((points for points in phones if identified and points[0] == identified.point), next(iter(phones)))
        # The number's own prefix is known, if it is the one at the line.
        known = identified.prefix if identified and at[0] == identified.point else None
        prefix = known or code_messages.prefix_of(phones[at], keyring)
        targets[FactorKind.SMS] = _target(at, profile.account_id, prefix=prefix)
    if emails:
        targets[FactorKind.EMAIL] = _target(emails[0], profile.account_id)
    stays = state.account_id in (None, profile.account_id)
    return replace(
        state,
        account_id=profile.account_id,
        two_step=profile.two_step,
        pin=pin,
        kinds_at_risk=kinds_at_risk,
        time_zone=profile.time_zone,
        targets=targets,
        challenge=None,
        offers=state.offers if stays else (),
        heard=state.heard if stays else (),
        about=state.about if stays else None,
        logins=state.logins if stays else (),
        checked=state.checked if stays else (),
    )


def choosable(
    state: SessionState, profiles: Sequence[Profile], read: Mapping[Key, Item], keyring: Keyring, now: datetime
) -> list[Profile]:
    """The accounts that the factors which are still good reach: open, and with every proved contact point among their
    own and not too new. `read` holds what exists of the accounts' `targets.proof_keys`."""
    good = state.good_factors(now)
    proved = {factor.point for factor in good}
    if not proved:
        return []
    return [
        profile
        for profile in profiles
        if profile.status is AccountStatus.OPEN
        and proved <= {pin_point(profile.account_id), *_list_own_points(profile, keyring)}
        and all(proves(profile, factor, read, now, keyring) for factor in good)
    ]


def _list_own_points(profile: Profile, keyring: Keyring) -> set[str]:
    return {accounts.ids_of(point, keyring)[0] for point in profile.live_points}


def live_points(profile: Profile, kind: PointKind | None = None) -> list[ContactPoint]:
    """The account's present contact points, the latest confirmed first."""
    points = [point for point in profile.live_points if kind in (None, point.kind)]
    return sorted(points, key=lambda point: point.confirmed_at or _NEVER, reverse=True)
