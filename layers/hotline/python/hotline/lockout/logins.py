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

from hotline.accounts.recency import is_recent

from .model import Attempts, Device, Login

DAYS_KEPT: Final = 4
"""Of each device the latest login of so many days."""
LOGINS_KEPT: Final = 20
"""So many for all devices together, 60 bytes each: five devices that are used every day."""
LOGINS_TOLD_MAX: Final = 5
LOGINS_TOLD_WITHIN: Final = timedelta(days=90)
KNOWN_FOR: Final = timedelta(hours=48)
"""A device is known when its kept logins lie so far apart. One that is used every day keeps four days of them."""
DEVICES_KEPT: Final = 10
"""So many registrations of devices are kept, the latest: three in a row are a finding already."""


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


def with_devices(known: tuple[Device, ...], new: Iterable[Device]) -> tuple[Device, ...]:
    """The registrations to keep of those that are known and new ones, the latest first; the same object when none is
    new."""
    joined = tuple(sorted({*known, *new}, reverse=True)[:DEVICES_KEPT])
    return known if joined == known else joined


def list_new_devices(attempts: Attempts, opened_at: datetime | None, now: datetime) -> tuple[datetime, ...]:
    """The times at which devices came that are new, the latest first: of each its registration, else its first login. A
    device is new while it is recent (accounts/recency.py). It is not, where it came in KNOWN_FOR before its
    registration. One that was never registered is new while its logins lie closer together, and where another one came
    in before it. `opened_at`: the opening of the account, None where nobody knows it."""
    logins: dict[str, list[datetime]] = {}
    for login in attempts.logins:
        if login.has_device:
            logins.setdefault(login.source, []).append(login.at)
    came: dict[str, datetime] = {source: min(times) for source, times in logins.items()}
    known = {source for source, times in logins.items() if max(times) - min(times) >= KNOWN_FOR}
    known |= {source for source, at in came.items() if not any(login.at < at for login in attempts.logins)}
    for device in attempts.devices:
        # They come with the latest first, so the earliest registration stays.
        came[device.source] = device.at
        known.discard(device.source)
        if any(device.at - at >= KNOWN_FOR for at in logins.get(device.source, ())):
            known.add(device.source)
    unknown = (at for source, at in came.items() if source not in known)
    return tuple(sorted((at for at in unknown if is_recent(at, opened_at, now)), reverse=True))


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
