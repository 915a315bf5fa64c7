"""By which way somebody comes to an account: the owner's ways and the strangers' ways are counted apart.

Guesses of strangers must never end a factor for its owner (OWASP ASVS 5.0, 6.1.1). A calling number can be faked, so a
call from the customer's own number has counters of its own as well. They cannot use up those of a signed-in session or
of a caller who has proved a factor.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from hotline.sessions.model import SessionKind, SessionState


class Way(StrEnum):
    """How somebody comes to an account."""

    APP = "app"
    """A session of the wallet's app, with a token of the account."""
    PROVED = "proved"
    """A call or a recovery that has proved a factor of the account."""
    OWN_NUMBER = "own_number"
    """A call that shows a number of the account. The network may have been told a false one."""
    OTHER_NUMBER = "other_number"
    """A call from anywhere else: the number of the account was keyed in, or the number that shows is nobody's."""
    RECOVERY = "recovery"
    """A request without a token."""

    @property
    def is_strangers(self) -> bool:
        """Whether somebody may come by it who has nothing of the owner's, and shows nothing."""
        return self in (Way.OTHER_NUMBER, Way.RECOVERY)

    @property
    def counter(self) -> str:
        """Under which name a contact point counts what comes this way. Strangers have one between them, so that two
        ways in are not twice the guesses."""
        return STRANGER if self.is_strangers else self.value


STRANGER = "stranger"
COUNTERS = tuple(dict.fromkeys(way.counter for way in Way))
"""Every name under which a contact point counts."""


def way_of(state: SessionState, now: datetime) -> Way:
    """By which way the call, session or recovery comes to the accounts that it is about."""
    if state.kind is SessionKind.APP:
        return Way.APP
    if state.good_factors(now):
        return Way.PROVED
    if state.kind is SessionKind.RECOVERY:
        return Way.RECOVERY
    calling, about = state.calling, state.identified
    is_own = calling is not None and bool(calling.accounts) and about is not None and about.point == calling.point
    return Way.OWN_NUMBER if is_own else Way.OTHER_NUMBER
