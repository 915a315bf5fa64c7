"""Rules of profiles and contact points: how facts are folded, who owns a point, who is told. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from copy import replace
from datetime import datetime, timedelta

from hotline.contracts.limits import CONTACT_POINTS_MAX
from hotline.contracts.model import (
    AccountClosed,
    AccountDescribed,
    ContactPointChanged,
    Fact,
    FactVersion,
    PasswordChanged,
    PointKind,
    SimChanged,
    TwoStepChanged,
)
from hotline.kit.clock import find_zone
from hotline.kit.languages import CHINESE, LANGUAGES, language_or_english

from .changes import has_stood
from .model import AccountStatus, ContactPoint, Point, PointOwner, Profile, Recipient

OWNERS_MAX = 5
"""Accounts listed at one contact point; more than that is no household (protocol of contact points)."""
VERSIONS_KEPT = 8
"""How far facts may be late, in versions of the account, before a removal's time is no longer exact. So many versions
of lists are remembered, and as many of a point's removals: of each version the first fact and the last."""
PRESENT_POINTS_MAX = 10
"""Twice what a list may hold (contracts.limits): a new point may be told before the old one's removal. Beyond it the
newest are not the account's, so that nobody pushes its owner's off by adding."""
REMOVED_POINTS_KEPT = 10
"""The latest removals, so that a fact that comes late finds what it is about."""
FORMER_POINTS_KEPT = 10
"""Also kept: of the removed points that may still be told, those that stood longest. Nobody pushes the owner's points
off by adding and removing."""
RECIPIENTS_MAX = 8
"""Messages that one notice may cost."""
PRESENT_TOLD_FIRST = CONTACT_POINTS_MAX
"""The number of present points that are told before the former ones, which keep at least three messages. A thief who
adds points does not take the owner's place."""
NOTICE_AFTER_REMOVAL = timedelta(days=30)
"""A removed point is told of changes for this long, since an attacker removes points first (NIST SP 800-63B-4,
notification of recovery to all addresses). It must have stood by then, see changes.has_stood."""
DEFAULT_LANGUAGE = CHINESE
DEFAULT_TIME_ZONE = "Asia/Shanghai"

type NameOf = Callable[[str], str]
"""Contact point value -> its key `version#hmac`."""


def stub(account_id: str, at: datetime) -> Profile:
    """The profile of an account of which only its facts are known."""
    return Profile(account_id, AccountStatus.STUB, 0, DEFAULT_LANGUAGE, DEFAULT_TIME_ZONE, "", None, (), at)


def fold(profile: Profile | None, facts: Iterable[Fact], *, account_id: str, name_of: NameOf) -> Profile:
    """The profile after the facts of one account, whatever their order; facts of other rooms only move facts_as_of.

    Raises ValueError when there is neither a profile nor a fact.
    """
    for fact in facts:
        if profile is None:
            profile = stub(account_id, fact.time)
        profile = _fold_fact(profile, fact, name_of)
    if profile is None:
        raise ValueError("a profile is folded from at least one fact")
    return profile


def _fold_fact(profile: Profile, fact: Fact, name_of: NameOf) -> Profile:
    profile = replace(profile, facts_as_of=max(profile.facts_as_of, fact.time))
    match fact.data:
        case AccountDescribed():
            profile = _fold_description(profile, fact.data, FactVersion.of(fact, fact.data.version), name_of)
            if fact.type == "account.opened":
                profile = replace(profile, opened_at=_earlier(profile.opened_at, fact.time))
        case ContactPointChanged():
            profile = _point_changed(profile, fact.data, FactVersion.of(fact, fact.data.version), name_of)
        case SimChanged():
            profile = _sim_changed(profile, fact.data, FactVersion.of(fact, fact.data.version), name_of)
        case TwoStepChanged():
            profile = _two_step(profile, fact.data.two_step, FactVersion.of(fact, fact.data.version))
            if not fact.data.two_step:
                profile = replace(profile, two_step_ended_at=_later(profile.two_step_ended_at, fact.time))
        case PasswordChanged():
            return replace(profile, password_changed_at=_later(profile.password_changed_at, fact.time))
        case AccountClosed():
            version = FactVersion.of(fact, fact.data.version)
            closed = version if profile.closed is None else min(profile.closed, version)
            profile = replace(profile, closed=closed, version=max(profile.version, version.version))
        case _:
            return profile
    return replace(profile, status=_status(profile))


def _status(profile: Profile) -> AccountStatus:
    """Closed is for good: a customer who comes back opens a new account."""
    if profile.closed is not None:
        return AccountStatus.CLOSED
    return AccountStatus.STUB if profile.described is None else AccountStatus.OPEN


def _fold_description(profile: Profile, told: AccountDescribed, version: FactVersion, name_of: NameOf) -> Profile:
    profile = _two_step(profile, told.two_step, version)
    if profile.described is None or version > profile.described:
        language = language_or_english(told.language)
        # A zone that no clock knows would be another one for each who reads it: UTC here, the bank's there.
        zone = told.time_zone if find_zone(told.time_zone) else LANGUAGES[language].time_zone or told.time_zone
        profile = replace(profile, language=language, time_zone=zone, name=told.name, described=version)
        profile = replace(profile, senior=told.senior)
    points = {point.value: point for point in profile.points}
    listed = {point.value for point in told.contact_points}
    for value in points.keys() - listed:
        # Of a point that is known by its removal alone, a list says nothing: it may have come after that list.
        if points[value].told is not None:
            points[value] = _absent(points[value], (version,))
    for point in told.contact_points:
        known = points.get(point.value) or ContactPoint(point.kind, point.value, name_of(point.value))
        points[point.value] = _present(known, version, point.confirmed_at, profile.snapshots, shared=point.shared)
    by_version = _group_by_version((*profile.snapshots, version))
    snapshots = tuple(itertools.chain.from_iterable(by_version[-VERSIONS_KEPT:]))
    return replace(profile, snapshots=snapshots, points=_keep_bounded(points.values(), profile.facts_as_of))


def _point_changed(profile: Profile, told: ContactPointChanged, version: FactVersion, name_of: NameOf) -> Profile:
    points = {point.value: point for point in profile.points}
    if told.old is not None and told.old != told.new:
        known = points.get(told.old) or ContactPoint(told.kind, told.old, name_of(told.old))
        # With a new point, `reassigned` speaks of that one.
        given_up = version if told.reassigned and told.new is None else None
        points[told.old] = _absent(known, (version,), given_up)
    if told.new is not None:
        known = points.get(told.new) or ContactPoint(told.kind, told.new, name_of(told.new))
        points[told.new] = _present(known, version, told.confirmed_at, profile.snapshots, reassigned=told.reassigned)
    kept = _keep_bounded(points.values(), profile.facts_as_of)
    return replace(profile, version=max(profile.version, version.version), points=kept)


def _sim_changed(profile: Profile, told: SimChanged, version: FactVersion, name_of: NameOf) -> Profile:
    points = {point.value: point for point in profile.points}
    known = points.get(told.value) or ContactPoint(PointKind.PHONE, told.value, name_of(told.value))
    if known.sim_told is None or version > known.sim_told:
        # No SIM has changed later than the wallet could say so.
        points[told.value] = replace(known, sim_told=version, sim_changed_at=min(told.changed_at, version.time))
    kept = _keep_bounded(points.values(), profile.facts_as_of)
    return replace(profile, version=max(profile.version, version.version), points=kept)


def _two_step(profile: Profile, two_step: bool, version: FactVersion) -> Profile:
    profile = replace(profile, version=max(profile.version, version.version))
    if profile.two_step_told is None or version > profile.two_step_told:
        profile = replace(profile, two_step=two_step, two_step_told=version)
    on, off = profile.two_step_on, profile.two_step_off
    if not two_step:
        is_first = (on is None or version > on) and (off is None or version < off)
        return replace(profile, two_step_off=version) if is_first else profile
    if on is not None and version <= on:
        return profile
    # A fact that comes late may part those that tell it as off. Of the ones behind it the last is known.
    if off is not None and off < version:
        off = None if profile.two_step else profile.two_step_told
    return replace(profile, two_step_on=version, two_step_off=off)


def _present(
    point: ContactPoint,
    version: FactVersion,
    confirmed_at: datetime,
    snapshots: tuple[FactVersion, ...],
    *,
    shared: bool = False,
    reassigned: bool = False,
) -> ContactPoint:
    is_first_told = point.told is None
    first_told = version if point.first_told is None else min(point.first_told, version)
    first_confirmed_at = _earlier(point.first_confirmed_at, confirmed_at)
    point = replace(point, first_confirmed_at=first_confirmed_at, first_told=first_told)
    if point.told is None or version > point.told:
        point = replace(point, told=version, confirmed_at=confirmed_at, shared=shared, reassigned=reassigned)
    # Lists that came before any fact named this point do not hold it. One that comes later says so when it comes.
    return _absent(point, snapshots if is_first_told else ())


def _absent(
    point: ContactPoint, versions: tuple[FactVersion, ...], given_up: FactVersion | None = None
) -> ContactPoint:
    """The point after facts that say it is not the account's. Facts of one version tell of one state, so the first and
    the last of each version decide."""
    told = point.told
    known = {*point.removals, *versions, *((point.left,) if point.left is not None else ())}
    before = [group[0] for group in _group_by_version(version for version in known if told and version < told)]
    left = before[-1] if before else None
    by_version = _group_by_version(version for version in known if told is None or version > told)
    if left is not None and by_version and by_version[0][0].version == left.version:
        by_version[0] = by_version[0][-1:]
    if len(by_version) > VERSIONS_KEPT:
        by_version = [by_version[0], *by_version[1 - VERSIONS_KEPT :]]
    removals = tuple(itertools.chain.from_iterable(by_version))
    latest = max((version for version in (point.given_up, given_up) if version is not None), default=None)
    if latest is not None and told is not None and latest < told:
        latest = None
    removed_at = removals[0].time if removals else None
    return replace(point, removals=removals, removed_at=removed_at, given_up=latest, left=left)


def _group_by_version(versions: Iterable[FactVersion]) -> list[tuple[FactVersion, ...]]:
    """The first and the last fact of each version, in order: any number of lists of one version takes no more room."""
    groups = (tuple(group) for _, group in itertools.groupby(sorted(set(versions)), lambda one: one.version))
    return [group if len(group) == 1 else (group[0], group[-1]) for group in groups]


def bound_points(profile: Profile) -> Profile:
    """The profile with as many contact points as one may have; one of earlier versions may hold more."""
    return replace(profile, points=_keep_bounded(profile.points, profile.facts_as_of))


def _keep_bounded(points: Iterable[ContactPoint], as_of: datetime) -> tuple[ContactPoint, ...]:
    """The points in a fixed order, each group within its bound. Of present points the longest-standing stay. Of removed
    points the latest stay, and the longest-standing that may still be told. Of points known by their SIM alone the
    latest stay.
    """
    everything = sorted(points, key=lambda point: (point.kind, point.value))
    present = [point for point in everything if point.live]
    removed = [point for point in everything if point.removals]
    former = [point for point in removed if point.stood and as_of - point.removals[0].time <= NOTICE_AFTER_REMOVAL]
    others = [(point.sim_told, point) for point in everything if point.told is None and not point.removals]
    heard_of = sorted((version, point.value) for version, point in others if version is not None)
    kept = {point.value for point in sorted(present, key=_standing)[:PRESENT_POINTS_MAX]}
    kept |= {point.value for point in sorted(removed, key=lambda point: point.removals[-1])[-REMOVED_POINTS_KEPT:]}
    kept |= {point.value for point in sorted(former, key=lambda point: point.stood)[-FORMER_POINTS_KEPT:]}
    kept |= {value for _, value in heard_of[-REMOVED_POINTS_KEPT:]}
    return tuple(point for point in everything if point.value in kept)


def _standing(point: ContactPoint) -> float:
    """The sort key by which what has been the account's for longest comes first."""
    return point.stands_since.timestamp() if point.stands_since is not None else float("inf")


def with_owner(point: Point, owner: PointOwner) -> Point:
    """The point with the account's entry written anew; beyond OWNERS_MAX the one confirmed longest ago is unlisted,
    dropped ones first."""
    owners = [known for known in point.owners if known.account_id != owner.account_id] + [owner]
    owners.sort(key=lambda known: (not known.removed, known.confirmed_at, known.account_id), reverse=True)
    point = replace(point, owners=tuple(owners[:OWNERS_MAX]))
    for unlisted in owners[OWNERS_MAX:]:
        point = _take_over(point, unlisted)
    return judge_owners(point)


def without_owner(point: Point, account_id: str) -> Point:
    """The point after the account was erased. An account that lost the point to it does not get it back."""
    erased = point.owner(account_id)
    if erased is None:
        return point
    owners = tuple(owner for owner in point.owners if owner.account_id != account_id)
    return judge_owners(_take_over(replace(point, owners=owners), erased))


def _take_over(point: Point, owner: PointOwner) -> Point:
    if owner.shared and not owner.reassigned:
        return replace(point, lost_shared_at=_later(point.lost_shared_at, owner.confirmed_at))
    return replace(point, lost_alone_at=_later(point.lost_alone_at, owner.confirmed_at))


def _later(known: datetime | None, instant: datetime) -> datetime:
    return instant if known is None else max(known, instant)


def _earlier(known: datetime | None, instant: datetime) -> datetime:
    return instant if known is None else min(known, instant)


def judge_owners(point: Point) -> Point:
    """The point with `changed_hands` of each owner as the confirmations have it, owners in order of confirmation."""
    owners = (replace(owner, changed_hands=_has_changed_hands(point, owner)) for owner in point.owners)
    return replace(point, owners=tuple(sorted(owners, key=lambda owner: (owner.confirmed_at, owner.account_id))))


def _has_changed_hands(point: Point, owner: PointOwner) -> bool:
    """Another account confirmed the point later, and it is not one that both share."""
    if point.lost_alone_at is not None and owner.confirmed_at < point.lost_alone_at:
        return True
    if point.lost_shared_at is not None and not owner.shared and owner.confirmed_at < point.lost_shared_at:
        return True
    return any(
        other.confirmed_at > owner.confirmed_at and (other.reassigned or not (other.shared and owner.shared))
        for other in point.owners
        if other.account_id != owner.account_id
    )


def list_reached(point: Point) -> tuple[str, ...]:
    """Accounts that a judged point leads to, the longest confirmed first: neither dropped nor changed hands."""
    return tuple(owner.account_id for owner in point.owners if not (owner.removed or owner.changed_hands))


def recipients(profile: Profile, now: datetime) -> tuple[Recipient, ...]:
    """Everybody to be told of a change on the account: all present points, and points removed in the last 30 days that
    had stood. A removed point that belongs to somebody else now is left out. At most RECIPIENTS_MAX, of either kind the
    longest-standing first. A present point that has not stood yet is told, and may not repudiate: a thief may have
    added it."""
    present = sorted(profile.live_points, key=_standing)
    former = [
        point
        for point in profile.points
        if point.removed_at is not None
        and point.given_up is None
        and now - point.removed_at <= NOTICE_AFTER_REMOVAL
        and has_stood(profile, point, now)
    ]
    former.sort(key=lambda point: point.stood, reverse=True)
    told = [*present[:PRESENT_TOLD_FIRST], *former, *present[PRESENT_TOLD_FIRST:]][:RECIPIENTS_MAX]
    return tuple(
        Recipient(
            "sms" if point.kind is PointKind.PHONE else "email",
            point.key,
            profile.language,
            may_repudiate=has_stood(profile, point, now),
        )
        for point in told
    )
