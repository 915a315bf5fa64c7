"""When a new factor begins to act: one rule for contact points and PINs. Pure.

Whoever takes an account over changes its contact points first, or chooses a PIN. So a new factor waits before it acts,
and its wait does not run while a freeze or hold is in force (see stops).

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
    """The instant at which a factor must have been acting to act at `now`: when the oldest freeze or hold that is in
    force began, else `now`."""
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
    if acting and stopped_since is not None and (point.came_at is None or stopped_since < point.came_at):
        return True
    return acting and _changed_lately(profile, point, at)


def has_stood(profile: Profile, point: ContactPoint, now: datetime) -> bool:
    """Whether the point is, or was when it was removed, the account's for CHANGE_WAIT, or came with the account. Of one
    whose beginning is not known that is not so."""
    since, at = point.stands_since, now if point.removed_at is None else min(now, point.removed_at)
    if since is None:
        return False
    return at >= since + CHANGE_WAIT or _came_with_the_account(profile, point, at)


def _changed_lately(profile: Profile, point: ContactPoint, at: datetime) -> bool:
    if point.came_at is None or at >= point.came_at + CHANGE_WAIT:
        return False
    return not _came_with_the_account(profile, point, at)


def _came_with_the_account(profile: Profile, point: ContactPoint, at: datetime) -> bool:
    """A new customer's first number and first address are no change: the account is as young, and had them when it was
    opened or has had no other of the kind before. A first number of an old account is a change all the same."""
    if profile.opened_at is None or at >= profile.opened_at + CHANGE_WAIT or point.came_at is None:
        return False
    return point.came_at <= profile.opened_at or not any(
        _was_before(other, point.came_at) for other in profile.points if other.kind is point.kind
    )


def _was_before(other: ContactPoint, instant: datetime) -> bool:
    """Whether the account had it before; one that is known by its removal alone it must have had."""
    if other.came_at is not None:
        return other.came_at < instant
    return bool(other.removals)
