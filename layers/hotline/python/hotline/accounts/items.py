"""How profiles and contact points are stored.

`ACCOUNT#id / #PROFILE` is replaced as a whole, under `rev`. `POINT#version#hmac / POINT` is only ever updated, so that
its `counters`, which the identity room writes, stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hotline.contracts.model import FactVersion, PointKind
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Condition, Item, Missing, all_of, equals

from .model import AccountStatus, ContactPoint, Point, PointOwner, Profile
from .policy import judge_owners

_INSTANTS: Final = ("opened_at", "password_changed_at", "two_step_ended_at")
"""The times of a profile, by their attributes."""
_VERSIONS: Final = ("described", "two_step_told", "two_step_off", "closed")
"""The facts of a profile that are named apart, by their attributes."""


def profile_key(account_id: str) -> Key:
    """The key of the profile of an account."""
    return hotline_key(f"ACCOUNT#{account_id}", "#PROFILE")


def point_key(point_id: str) -> Key:
    """The key of the contact point `version#hmac`."""
    return hotline_key(f"POINT#{point_id}", "POINT")


def profile_item(profile: Profile) -> Item:
    """The stored form of a profile, without its key and `rev`."""
    item: Item = {
        "account_id": profile.account_id,
        "status": profile.status.value,
        "version": profile.version,
        "language": profile.language,
        "time_zone": profile.time_zone,
        "name": profile.name,
        "points": [_contact_point_map(point) for point in profile.points],
        "facts_as_of": to_text(profile.facts_as_of),
        "snapshots": [_version_list(version) for version in profile.snapshots],
    }
    if profile.two_step is not None:
        item["two_step"] = profile.two_step
    if profile.senior:
        item["senior"] = True
    for name in _INSTANTS:
        instant: datetime | None = getattr(profile, name)
        if instant is not None:
            item[name] = to_text(instant)
    # The latest fact about two-step login says so where it is on. Stored profiles of earlier releases know no more.
    versions = _VERSIONS if profile.two_step else (*_VERSIONS, "two_step_on")
    for name in versions:
        version: FactVersion | None = getattr(profile, name)
        if version is not None:
            item[name] = _version_list(version)
    return item


def profile_of(item: Mapping[str, Any]) -> Profile:
    """The profile in a stored item."""
    return Profile(
        account_id=item["account_id"],
        status=AccountStatus(item["status"]),
        version=item["version"],
        language=item["language"],
        time_zone=item["time_zone"],
        name=item["name"],
        # Of an account that was stored before its two-step was told, the stored value says nothing.
        two_step=item.get("two_step") if "two_step_told" in item else None,
        points=tuple(_contact_point(entry) for entry in item["points"]),
        facts_as_of=from_text(item["facts_as_of"]),
        described=_version_from(item.get("described")),
        two_step_told=_version_from(item.get("two_step_told")),
        closed=_version_from(item.get("closed")),
        opened_at=_instant(item.get("opened_at")),
        snapshots=tuple(_read_version(entry) for entry in item["snapshots"]),
        senior=item.get("senior", False),
        password_changed_at=_instant(item.get("password_changed_at")),
        two_step_ended_at=_instant(item.get("two_step_ended_at")),
        two_step_on=_version_from(item.get("two_step_told" if item.get("two_step") else "two_step_on")),
        two_step_off=_version_from(item.get("two_step_off")),
    )


def _contact_point_map(point: ContactPoint) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": point.kind.value, "value": point.value, "key": point.key}
    entry |= {"shared": point.shared, "reassigned": point.reassigned}
    entry["removals"] = [_version_list(version) for version in point.removals]
    for name in ("confirmed_at", "first_confirmed_at", "sim_changed_at"):
        instant: datetime | None = getattr(point, name)
        if instant is not None:
            entry[name] = to_text(instant)
    for name in ("told", "given_up", "sim_told", "first_told", "left"):
        version: FactVersion | None = getattr(point, name)
        if version is not None:
            entry[name] = _version_list(version)
    return entry


def _contact_point(entry: Mapping[str, Any]) -> ContactPoint:
    removals = tuple(_read_version(version) for version in entry["removals"])
    return ContactPoint(
        kind=PointKind(entry["kind"]),
        value=entry["value"],
        key=entry["key"],
        confirmed_at=_instant(entry.get("confirmed_at")),
        shared=entry["shared"],
        reassigned=entry["reassigned"],
        removed_at=removals[0].time if removals else None,
        told=_version_from(entry.get("told")),
        removals=removals,
        given_up=_version_from(entry.get("given_up")),
        # Points that were stored before their first confirmation was kept count from the latest one.
        first_confirmed_at=_instant(entry.get("first_confirmed_at", entry.get("confirmed_at"))),
        first_told=_version_from(entry.get("first_told")),
        left=_version_from(entry.get("left")),
        sim_told=_version_from(entry.get("sim_told")),
        sim_changed_at=_instant(entry.get("sim_changed_at")),
    )


def _version_list(version: FactVersion) -> list[int | str]:
    return [version.version, to_text(version.time), version.fact_id]


def _version_from(entry: Sequence[Any] | None) -> FactVersion | None:
    return None if entry is None else FactVersion(entry[0], from_text(entry[1]), entry[2])


def _read_version(entry: Sequence[Any]) -> FactVersion:
    return FactVersion(entry[0], from_text(entry[1]), entry[2])


def _instant(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)


def point_of(point_id: str, items: Sequence[Mapping[str, Any]]) -> Point:
    """The point from its items under all key versions, the newest first. Owners come from the newest item that lists
    some: under the newest key there may be only counters yet. Counters come from all."""
    listing: Mapping[str, Any] = next((item for item in items if "owners" in item), {})
    owners = tuple(_owner(account_id, entry) for account_id, entry in listing.get("owners", {}).items())
    return judge_owners(
        Point(
            key=point_id,
            owners=owners,
            counters=merge_counters(items),
            lost_alone_at=_instant(listing.get("lost_alone_at")),
            lost_shared_at=_instant(listing.get("lost_shared_at")),
        )
    )


def merge_counters(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One point's counters from its items under all key versions: nothing that any of them remembers is forgotten.
    No event is in two of them: who carries counters along takes them away where they were."""
    merged: dict[str, Any] = {}
    for item in items:
        for factor, counted in item.get("counters", {}).items():
            merged[factor] = _both_counted(merged[factor], counted) if factor in merged else counted
    return merged


def _both_counted(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both: dict[str, Any] = {
        "sent": sorted([*one.get("sent", []), *other.get("sent", [])]),
        "wrong": sorted([*one.get("wrong", []), *other.get("wrong", [])]),
        "wrong_in_a_row": max(one.get("wrong_in_a_row", 0), other.get("wrong_in_a_row", 0)),
    }
    blocked = [counted["blocked_until"] for counted in (one, other) if "blocked_until" in counted]
    return both | ({"blocked_until": max(blocked)} if blocked else {})


def _owner(account_id: str, entry: Mapping[str, Any]) -> PointOwner:
    return PointOwner(
        account_id=account_id,
        version=entry["version"],
        confirmed_at=from_text(entry["confirmed_at"]),
        shared=entry["shared"],
        reassigned=entry["reassigned"],
        removed=entry["removed"],
    )


def _owners_map(point: Point) -> dict[str, Any]:
    return {
        owner.account_id: {
            "version": owner.version,
            "confirmed_at": to_text(owner.confirmed_at),
            "shared": owner.shared,
            "reassigned": owner.reassigned,
            "removed": owner.removed,
        }
        for owner in point.owners
    }


def write_point(change: Change, read: Mapping[Key, Item], keys: Sequence[Key], point: Point) -> None:
    """Write the point under its newest key (the first) if that changes anything, and move it there from older ones.

    A point that nobody owns any more goes altogether, its counters too.
    """
    newest = read.get(keys[0])
    older = [key for key in keys[1:] if key in read]
    if not point.owners:
        for key in [key for key in keys if key in read]:
            change.delete(key, condition=_is_unchanged(read[key]))
        return
    wanted: dict[str, Any] = {"owners": _owners_map(point)}
    for name in ("lost_alone_at", "lost_shared_at"):
        instant: datetime | None = getattr(point, name)
        if instant is not None:
            wanted[name] = to_text(instant)
    condition = _is_unchanged(newest)
    counted = None if newest is None else newest.get("counters")
    if point.counters and point.counters != counted:
        wanted["counters"] = dict(point.counters)
        condition = condition if counted else all_of(condition, Missing("counters"))
    # Counters alone end by themselves; a point that somebody owns does not.
    ends = newest is not None and TTL_ATTRIBUTE in newest
    if newest is None or ends or any(newest.get(name) != value for name, value in wanted.items()):
        remove = (TTL_ATTRIBUTE,) if ends else ()
        change.update(keys[0], set=wanted, remove=remove, add={"rev": 1}, condition=condition)
    for key in older:
        change.delete(key, condition=_is_unchanged(read[key]))


def _is_unchanged(item: Mapping[str, Any] | None) -> Condition:
    """Nobody has written the owners since the item was read; an item of counters alone has no `rev`."""
    return equals("rev", int(item["rev"])) if item is not None and "rev" in item else Missing("rev")
