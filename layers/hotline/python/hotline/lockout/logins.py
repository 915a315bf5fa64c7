"""The latest logins of an account by device, as its owner may hear them. Pure.

Of each device the latest login of each of its latest days is kept, and of all devices together so many. The choice
depends on the logins alone and not on the order in which they are told. A thief who comes in again and again keeps one
place in what the owner hears.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .model import Login

DAYS_KEPT: Final = 4
"""Of each device the latest login of so many days."""
LOGINS_KEPT: Final = 20
"""So many for all devices together, 60 bytes each: five devices that are used every day."""
LOGINS_TOLD_MAX: Final = 5
LOGINS_TOLD_WITHIN: Final = timedelta(days=90)
KNOWN_FOR: Final = timedelta(hours=48)
"""A device is known when its kept logins lie so far apart. One that is used every day keeps four days of them."""


@dataclass(frozen=True, slots=True)
class ToldLogin:
    """The latest login of a device, as the owner hears it.

    `is_known`: the device came in before, at least KNOWN_FOR earlier. None: the wallet names no device, or nothing
    older is kept to compare it with. `is_elsewhere`: it is not known, and no other device came in from its country
    lately.
    """

    id: str
    at: datetime
    country: str | None
    is_known: bool | None
    is_elsewhere: bool


def with_logins(known: tuple[Login, ...], new: Iterable[Login]) -> tuple[Login, ...]:
    """The logins to keep of those that are known and new ones, the latest first; the same object when none is new."""
    joined = _keep({*known, *new})
    return known if joined == known else joined


def list_told(logins: tuple[Login, ...], now: datetime) -> tuple[ToldLogin, ...]:
    """The latest login of each device, the latest first, at most LOGINS_TOLD_MAX within LOGINS_TOLD_WITHIN."""
    told: dict[str, ToldLogin] = {}
    for login in logins:
        if login.source not in told and now - login.at <= LOGINS_TOLD_WITHIN:
            told[login.source] = _tell(login, logins)
    return tuple(told.values())[:LOGINS_TOLD_MAX]


def _tell(login: Login, logins: tuple[Login, ...]) -> ToldLogin:
    own = [one for one in logins if one.source == login.source]
    others = [one for one in logins if one.source != login.source]
    oldest_at = min(one.at for one in own)
    is_known: bool | None = None
    if login.has_device and login.at - oldest_at >= KNOWN_FOR:
        is_known = True
    elif login.has_device and any(one.at < oldest_at for one in others):
        is_known = False
    countries = {one.country for one in others} - {None}
    is_elsewhere = login.country is not None and bool(countries) and login.country not in countries
    # The owner's own device is elsewhere than a thief's, too.
    is_elsewhere = is_elsewhere and is_known is not True
    return ToldLogin(login.id, login.at, login.country, is_known, is_elsewhere)


def _keep(logins: set[Login]) -> tuple[Login, ...]:
    ordered = sorted(logins, key=lambda login: (login.at, login.id), reverse=True)
    return tuple(_latest_of_days(ordered))[:LOGINS_KEPT]


def _latest_of_days(ordered: Iterable[Login]) -> Iterator[Login]:
    days: dict[str, set[str]] = {}
    for login in ordered:
        seen, day = days.setdefault(login.source, set()), login.at.date().isoformat()
        if day not in seen and len(seen) < DAYS_KEPT:
            seen.add(day)
            yield login
