"""Time. One clock, passed in; instants are aware UTC datetimes, stored as RFC 3339 text with
milliseconds, which sorts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

CLOCK_SKEW = timedelta(minutes=5)
"""How far the wallet's clock may be ahead of ours."""
ISSUER_AHEAD_MAX = timedelta(minutes=1)
"""How far the clock of an issuer of tokens may be ahead."""


class Clock(Protocol):
    """The source of the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def to_text(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, e.g. `2026-11-23T10:00:00.000Z`; text order is time order."""
    if instant.tzinfo is None:
        raise ValueError("a naive time has no place on the line")
    in_utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """The instant of an RFC 3339 text; raises ValueError when it has no offset or is no time."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError("time without offset")
    return instant.astimezone(UTC)


_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def from_told_text(text: str) -> datetime:
    """The instant of a text that others wrote, in UTC. Raises ValueError unless it has the form of RFC 3339, 5.6:
    Python reads much more of ISO 8601, such as weeks and times without colons. Raises OverflowError beyond its years.
    """
    if _RFC_3339.fullmatch(text) is None:
        raise ValueError("no time of RFC 3339")
    return from_text(text.upper())


def epoch_s(instant: datetime) -> int:
    """Whole seconds since 1970, as time to live wants them."""
    return int(instant.timestamp())


def instant_of(seconds: int) -> datetime:
    """The instant of so many seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def count_seconds(length: timedelta) -> int:
    """A length in whole seconds, rounded up, as Retry-After wants it (RFC 9110, 10.2.3)."""
    return -(-length // timedelta(seconds=1))


def find_zone(name: str | None) -> ZoneInfo | None:
    """The IANA time zone of a name; None without one, or where this machine has no data for it."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None


def day_of(at: datetime, zone: str) -> date:
    """The day of an instant where the people of the hotline are; `zone` is an IANA time zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def zone_of(name: str | None) -> tzinfo:
    """The time zone of an account, from its IANA name. UTC for a name that is missing, or that this machine has no data
    for. No fact is refused for its zone."""
    if name:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            pass
    return UTC
