"""The time from which a new factor acts: one rule for contact points and PINs. Pure.

An attacker who takes an account over changes its contact points first, or chooses a PIN. So a new factor waits before
it acts, and its wait does not run while a freeze or hold is in force (see stops).

NIST SP 800-63B-4, out-of-band over the telephone network: consider a SIM change, a device swap or a ported number
before sending. Practice: no code to a number that changed in the last 24 to 72 hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from .model import ContactPoint, Profile

CHANGE_WAIT: Final = timedelta(hours=72)
"""How long a new number, address or PIN of an account does not act. Its owner has another factor, or an agent."""
SIM_CHANGE_WAIT: Final = timedelta(hours=72)
"""How long a number gets no code at all after its SIM changed: the code might reach somebody else altogether."""


def deciding_instant(now: datetime, stopped_since: datetime | None) -> datetime:
    """The instant at which a factor must have been acting to act at `now`. It is the start of the oldest freeze or hold
    in force, else `now`."""
    return now if stopped_since is None else min(now, stopped_since)


def pin_acts(set_at: datetime, now: datetime, stopped_since: datetime | None) -> bool:
    """Whether a PIN that was chosen at `set_at` acts."""
    return set_at + CHANGE_WAIT <= deciding_instant(now, stopped_since)


def refuses_code(
    profile: Profile, point: ContactPoint, now: datetime, *, acting: bool, stopped_since: datetime | None
) -> bool:
    """Whether a code to this point of the account would prove too little. `acting`: the code is to do more than look;
    what there is to see, whoever changed the point sees in the wallet as well."""
    at = deciding_instant(now, stopped_since) if acting else now
    if point.sim_changed_at is not None and at < point.sim_changed_at + SIM_CHANGE_WAIT:
        return True
    if acting and stopped_since is not None and (point.stands_since is None or stopped_since < point.stands_since):
        return True
    return acting and _has_changed_lately(profile, point, at)


def has_stood(profile: Profile, point: ContactPoint, now: datetime) -> bool:
    """Whether the point is, or was when it was removed, the account's for CHANGE_WAIT, or came with the account. Of one
    whose beginning is not known that is not so."""
    since, at = point.stands_since, now if point.removed_at is None else min(now, point.removed_at)
    if since is None:
        return False
    return at >= since + CHANGE_WAIT or _came_with_the_account(profile, point, at)


def _has_changed_lately(profile: Profile, point: ContactPoint, at: datetime) -> bool:
    """Whether the point is too new at the instant. A point that left and came back is as new as its latest
    confirmation. Somebody who had it on the account for an hour must not use it at once when it returns."""
    if point.stands_since is None or at >= point.stands_since + CHANGE_WAIT:
        return False
    return not _came_with_the_account(profile, point, at)


def _came_with_the_account(profile: Profile, point: ContactPoint, at: datetime) -> bool:
    """A new customer's first contact points are no change. The account is then as young, and it was opened with them or
    had no other point of any kind before. A first number of an old account is a change, and so is a first address of an
    account that had a number. Somebody who holds the unlocked phone could add one."""
    since = point.stands_since
    if profile.opened_at is None or at >= profile.opened_at + CHANGE_WAIT or since is None:
        return False
    if since <= profile.opened_at or _was_listed_at_opening(profile.opened_at, point):
        return True
    return not any(_was_before(other, since) for other in profile.points if other.value != point.value)


def _was_listed_at_opening(opened_at: datetime, point: ContactPoint) -> bool:
    """Whether account.opened listed the point and it has not left since, even where it was confirmed a moment later."""
    return point.first_told is not None and point.first_told.time <= opened_at and point.left is None


def _was_before(other: ContactPoint, instant: datetime) -> bool:
    """Whether the account had it before; one that is known by its removal alone it must have had."""
    if other.came_at is not None:
        return other.came_at < instant
    return bool(other.removals)
