"""The face of accounts: whom a contact point leads to, whom to tell, and taking the wallet's facts in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hotline.contracts.model import AccountDescribed, AccountErased, ContactPointChanged, Fact
from hotline.kit.change import Change
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item, equals

from . import changes, facts_requests, items, policy, stops
from .feed import behind_since as behind_since
from .feed import feed_key as feed_key
from .feed import look_again_at as look_again_at
from .feed import move_feed_on as move_feed_on
from .found import add_found as add_found
from .found import contribute_found as contribute_found
from .found import found_key as found_key
from .found import require_same_found as require_same_found
from .model import ContactPoint, Point, PointOwner, Profile
from .notice_rates import admit_notice as admit_notice
from .notice_rates import is_last_for_now as is_last_for_now
from .notice_rates import notice_place as notice_place
from .notices import find_private_point as find_private_point
from .notices import find_standing_point as find_standing_point
from .notices import has_somebody_to_repudiate as has_somebody_to_repudiate
from .notices import send_notice as send_notice
from .notices import send_text as send_text
from .notices import send_to as send_to
from .phones import normalise_phone as normalise_phone
from .phones import number_prefix as number_prefix
from .phones import region_of as region_of
from .recency import is_recent as is_recent
from .risk import RISK_LIFE as RISK_LIFE
from .risk import AccountRisk as AccountRisk
from .risk import RiskBand as RiskBand
from .risk import band_of as band_of
from .risk import risk_from as risk_from
from .risk import risk_item as risk_item
from .risk import risk_key as risk_key
from .unopened import UnopenedFacts as UnopenedFacts
from .unopened import contribute_unopened as contribute_unopened
from .unopened import keys_of_unopened as keys_of_unopened
from .unopened import list_unopened_facts as list_unopened_facts


def profile_key(account_id: str) -> Key:
    """The key of the profile of an account."""
    return items.profile_key(account_id)


def profile_from(item: Mapping[str, Any] | None) -> Profile | None:
    """The profile in a stored item; None when there is none (unknown or erased account)."""
    return None if item is None else items.profile_of(item)


def find_profile(store: Store, account_id: str) -> Profile | None:
    """The profile of an account; None for an unknown or erased one. One read."""
    return profile_from(store.get(profile_key(account_id)))


POINTS_ERASED_AT_ONCE = 20
"""The number of contact points that go with an erased account's profile in one transaction. Each takes two items while
a lookup key is replaced. A wallet that keeps to five never has more; those beyond go by their keys afterwards."""


POINTS_DROPPED_AT_ONCE = 20
"""So many contact points of a profile that holds more than one may are dropped in one transaction."""


def point_ids(value: str, keyring: Keyring) -> tuple[str, ...]:
    """Every key `version#hmac` of a phone number (E.164) or e-mail address, the current version first."""
    canonical = value.lower()
    return tuple(f"{version}#{keyring.mac_text(version, 'point', canonical)}" for version in keyring.versions())


def point_id(value: str, keyring: Keyring) -> str:
    """The key `version#hmac` of a contact point under the current key version."""
    return point_ids(value, keyring)[0]


def ids_of(point: ContactPoint, keyring: Keyring) -> tuple[str, ...]:
    """`point_ids` of a profile's contact point. Its own key is one of them, and the only one of a keyring with no other
    version."""
    if len(keyring.keys) == 1 and point.key.startswith(f"{keyring.current}#"):
        return (point.key,)
    return point_ids(point.value, keyring)


def point_key(point_id: str) -> Key:
    """The key of the contact point with this key."""
    return items.point_key(point_id)


def point_keys(value: str, keyring: Keyring) -> tuple[Key, ...]:
    """The keys under which a contact point may be stored, the current key version first; read them all in one batch."""
    return tuple(items.point_key(name) for name in point_ids(value, keyring))


def point_from(value: str, keyring: Keyring, read: Mapping[Key, Item]) -> Point:
    """The contact point from what was read of `point_keys`; without owners when nobody has it."""
    found = [read[key] for key in point_keys(value, keyring) if key in read]
    return items.point_of(point_id(value, keyring), found)


def usable_owners(point_items: Sequence[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """Accounts that a contact point leads to, from its items in the order of `point_keys` (None: no such item).
    Accounts that dropped the point, or lost it to a later owner, are not among them."""
    return policy.list_reached(items.point_of("-", [item for item in point_items if item is not None]))


merged_counters = items.merge_counters


def contact_point(profile: Profile, point: str, keyring: Keyring | None = None) -> ContactPoint | None:
    """The account's contact point with the key `point`, present or removed. With a keyring, also under a key version
    other than the one that the profile was written with."""
    found = next((known for known in profile.points if known.key == point), None)
    if found is None and keyring is not None:
        found = next((known for known in profile.points if point in point_ids(known.value, keyring)), None)
    return found


stops_key = stops.stops_key
stopped_since = stops.find_stop
pin_acts = changes.pin_acts
refuses_code = changes.refuses_code


def address_to_send(store: Store, account_id: str, point: str, keyring: Keyring) -> str | None:
    """The address to send a message to, as it stands now. None when the account or point is gone, or when the point has
    changed hands since the message was written. Nothing with content may go there then. Two reads."""
    profile = profile_from(store.get(profile_key(account_id)))
    found = None if profile is None else contact_point(profile, point, keyring)
    if found is None or found.given_up is not None:
        return None
    keys = point_keys(found.value, keyring)
    owner = point_from(found.value, keyring, store.batch_get(keys)).owner(account_id)
    return None if owner is not None and owner.changed_hands else found.value


def names_points(facts: Iterable[Fact]) -> bool:
    """Whether one of the facts says which contact points an account has."""
    return any(isinstance(fact.data, AccountDescribed | ContactPointChanged) for fact in facts)


def fact_keys(facts: Iterable[Fact]) -> set[Key]:
    """The keys to read before `fact_keys_of_points`: the profile of each account, and requests that the facts end."""
    keys: set[Key] = set()
    for fact in facts:
        keys |= {items.profile_key(fact.subject)}
        keys |= facts_requests.request_keys(fact.subject, facts_requests.things_told([fact]))
    return keys


def fact_keys_of_points(read: Mapping[Key, Item], facts: Sequence[Fact], keyring: Keyring) -> set[Key]:
    """The further keys to read, in a second round. A list of contact points removes those that it does not name, and
    erasure removes all, so only the profile knows the touched ones."""
    if not names_points(facts) and not any(isinstance(fact.data, AccountErased) for fact in facts):
        return set()
    profile = profile_from(read.get(items.profile_key(facts[0].subject)))
    if any(isinstance(fact.data, AccountErased) for fact in facts):
        return {items.point_key(one) for ids in _points_of(profile, keyring)[:POINTS_ERASED_AT_ONCE] for one in ids}
    values = {point.value for point in profile.points} if profile is not None else set()
    return {key for value in values | _list_named(facts) for key in point_keys(value, keyring)}


def contribute_facts(
    change: Change, read: Mapping[Key, Item], facts: Sequence[Fact], keyring: Keyring
) -> Profile | None:
    """Add to the change the new profile and contact points that the facts of one account make. `facts` holds at least
    one, of any type and in any order. Returns the profile as it will be, None when it is erased.

    `read` holds what exists of the keys named above; facts after account.erased must not come here."""
    account_id = facts[0].subject
    key = items.profile_key(account_id)
    old = read.get(key)
    before = profile_from(old)
    if any(isinstance(fact.data, AccountErased) for fact in facts):
        _contribute_erasure(change, read, account_id, before, keyring)
        return None
    after = policy.fold(before, facts, account_id=account_id, name_of=lambda value: point_id(value, keyring))
    if after != before:
        change.replace(key, old, items.profile_item(after))
    facts_requests.end_requests(change, read, account_id, facts_requests.things_told(facts))
    if not names_points(facts):
        return after
    for point in after.points:
        if point.confirmed_at is not None and point.told is not None:
            owner = PointOwner(
                account_id,
                point.told.version,
                point.confirmed_at,
                point.shared,
                reassigned=point.reassigned,
                removed=not point.live,
            )
            known = point_from(point.value, keyring, read)
            items.write_point(change, read, point_keys(point.value, keyring), policy.with_owner(known, owner))
    kept = {point.value for point in after.points}
    known_before = {point.value for point in before.points} if before is not None else set()
    for value in sorted((known_before | _list_named(facts)) - kept):
        contribute_unlisted(change, read, account_id, point_ids(value, keyring))
    return after


def points_over(read: Mapping[Key, Item], account_id: str, keyring: Keyring) -> tuple[tuple[str, ...], ...]:
    """The next contact points to drop from a profile that was stored with more present points than one may hold. Each
    is given by its keys under all versions; any other profile gives no points. Their items must be read before
    `contribute_dropped`."""
    profile = profile_from(read.get(items.profile_key(account_id)))
    if profile is None or len(profile.live_points) <= policy.PRESENT_POINTS_MAX:
        return ()
    kept = {point.value for point in policy.bound_points(profile).points}
    over = [point for point in profile.points if point.value not in kept]
    return tuple(_ids_of(point, keyring) for point in over[:POINTS_DROPPED_AT_ONCE])


def contribute_dropped(
    change: Change, read: Mapping[Key, Item], account_id: str, over: Sequence[Sequence[str]], keyring: Keyring
) -> None:
    """Take the contact points of `points_over` off the profile and the account off them. Facts of points are folded
    when none is left: the transaction of one fact then holds all that it changes."""
    key = items.profile_key(account_id)
    profile = items.profile_of(read[key])
    dropped = {tuple(ids) for ids in over}
    points = tuple(point for point in profile.points if _ids_of(point, keyring) not in dropped)
    change.replace(key, read[key], items.profile_item(replace(profile, points=points)))
    for ids in over:
        contribute_unlisted(change, read, account_id, ids)


def _contribute_erasure(
    change: Change, read: Mapping[Key, Item], account_id: str, profile: Profile | None, keyring: Keyring
) -> None:
    """Delete the profile, and take the account off the contact points it ever had, as many as fit."""
    key = items.profile_key(account_id)
    if key in read:
        change.delete(key, condition=equals("rev", int(read[key]["rev"])))
    for ids in _points_of(profile, keyring)[:POINTS_ERASED_AT_ONCE]:
        contribute_unlisted(change, read, account_id, ids)


def points_left(read: Mapping[Key, Item], account_id: str, keyring: Keyring) -> tuple[tuple[str, ...], ...]:
    """The contact points that still list the account when its profile is gone, each by its keys under all versions."""
    profile = profile_from(read.get(items.profile_key(account_id)))
    return tuple(_points_of(profile, keyring)[POINTS_ERASED_AT_ONCE:])


def contribute_unlisted(change: Change, read: Mapping[Key, Item], account_id: str, ids: Sequence[str]) -> None:
    """Take the account off a contact point, given by its keys under all versions, the newest first. `read` holds what
    exists of them."""
    keys = [items.point_key(one) for one in ids]
    known = items.point_of(ids[0], [read[key] for key in keys if key in read])
    if known.owner(account_id) is not None:
        items.write_point(change, read, keys, policy.without_owner(known, account_id))


def _points_of(profile: Profile | None, keyring: Keyring) -> list[tuple[str, ...]]:
    """Every contact point that the profile remembers, by its keys. The key that it was first written under is one of
    them, since that version may have been retired."""
    return [_ids_of(point, keyring) for point in (profile.points if profile is not None else ())]


def _ids_of(point: ContactPoint, keyring: Keyring) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*point_ids(point.value, keyring), point.key)))


def _list_named(facts: Iterable[Fact]) -> set[str]:
    """Contact points that the facts themselves name."""
    values: set[str | None] = set()
    for fact in facts:
        match fact.data:
            case AccountDescribed(contact_points=points):
                values |= {point.value for point in points}
            case ContactPointChanged(old=old, new=new):
                values |= {old, new}
            case _:
                continue
    return {value for value in values if value is not None}
