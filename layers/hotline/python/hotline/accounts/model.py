"""Profiles and contact points.

Both are folded from the wallet's facts, which may come late, twice and in any order. So what could be overtaken carries
the version of the fact that said it, and the highest version holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from hotline.contracts.model import FactVersion, PointKind
from hotline.kit.records import quick

type Channel = Literal["sms", "email"]


class AccountStatus(StrEnum):
    """STUB: facts have come, but not yet account.opened. An erased account has no profile at all."""

    STUB = "stub"
    OPEN = "open"
    CLOSED = "closed"


@quick
@dataclass(frozen=True, slots=True)
class ContactPoint:
    """A phone number or e-mail address of one account, present or removed."""

    kind: PointKind
    value: str
    """E.164 or an address. Personal: it is stored in the profile alone."""
    key: str
    """`version#hmac`, its name everywhere else."""
    confirmed_at: datetime | None = None
    """None: the hotline has only heard of its removal."""
    shared: bool = False
    """The owner said that others use it too, e.g. a family's phone."""
    reassigned: bool = False
    """The wallet knew, when this account confirmed it, that it had belonged to somebody else before."""
    removed_at: datetime | None = None
    told: FactVersion | None = None
    """The latest fact that says it belongs to the account."""
    removals: tuple[FactVersion, ...] = ()
    """Later facts that say it does not, in order: of each version the first and the last."""
    given_up: FactVersion | None = None
    """The latest removal that came with the news that it belongs to somebody else now."""
    first_confirmed_at: datetime | None = None
    """The earliest time at which this account confirmed it; `confirmed_at` is the latest."""
    first_told: FactVersion | None = None
    """The earliest fact that says it belongs to the account."""
    left: FactVersion | None = None
    """The fact before `told` that says it does not: of the highest version the first."""
    sim_told: FactVersion | None = None
    """The latest fact about the SIM behind the number."""
    sim_changed_at: datetime | None = None
    """Since when, by that fact, another SIM answers to it."""

    @property
    def live(self) -> bool:
        return self.removed_at is None and self.confirmed_at is not None

    @property
    def came_at(self) -> datetime | None:
        """Since when the account has had it, as far as the hotline knows. Confirming it again does not make it new,
        unless the wallet knows that it was somebody else's in between."""
        return self.confirmed_at if self.reassigned else self.first_confirmed_at

    @property
    def stands_since(self) -> datetime | None:
        """The time since which the account has the point without a break, or had it when it was removed. Time during
        which the point was not the account's does not count. None: not known."""
        came_back = self.left is not None and self.first_told is not None and self.first_told < self.left
        return self.confirmed_at if came_back else self.came_at

    @property
    def stood(self) -> timedelta:
        """How long a removed point had been the account's when it was removed; nothing for one of which that is not
        known."""
        since, until = self.stands_since, self.removed_at
        return max(until - since, timedelta()) if since is not None and until is not None else timedelta()


@quick
@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that the hotline knows of one customer. Raw personal values live here and nowhere else."""

    account_id: str
    status: AccountStatus
    version: int
    """The highest version of the account that a fact has named; 0 when none has."""
    language: str
    """The tag of a language that the line speaks (kit.languages)."""
    time_zone: str
    name: str
    two_step: bool | None
    """Whether the account asks for two factors. None: the wallet has not said yet."""
    points: tuple[ContactPoint, ...]
    facts_as_of: datetime
    """The time of the newest fact about this account, of any type."""
    described: FactVersion | None = None
    two_step_told: FactVersion | None = None
    closed: FactVersion | None = None
    opened_at: datetime | None = None
    """The time of the account's opening. None: account.opened has not come, or came before this was kept."""
    snapshots: tuple[FactVersion, ...] = ()
    """The latest facts that listed all contact points, of each version the first and the last. They remove the points
    that they do not list."""
    senior: bool = False
    """Whether the customer is of an age from which a person is offered first; the wallet says so, and never the age."""
    password_changed_at: datetime | None = None
    """The latest time at which the password was changed, as far as the wallet has told."""
    two_step_ended_at: datetime | None = None
    """The latest time at which two-step login was switched off, by a fact of its own. It may be on again."""
    two_step_on: FactVersion | None = None
    """The latest fact that told two-step login as on."""
    two_step_off: FactVersion | None = None
    """The first known fact after that one, or of all, that told it as off. One that tells the whole account counts."""

    @property
    def two_step_off_at(self) -> datetime | None:
        """The latest time at which two-step login was switched off. It may be on again. A fact that tells the whole
        account switches it off only where it was known to be on."""
        told = self.two_step_off if self.two_step_on is not None else None
        return _latest((self.two_step_ended_at, None if told is None else told.time))

    @property
    def live_points(self) -> tuple[ContactPoint, ...]:
        return tuple(point for point in self.points if point.live)

    @property
    def contact_changed_at(self) -> datetime | None:
        """The time at which a contact point was last confirmed or removed, or its SIM changed."""
        return _latest((self.point_changed_at, self.sim_changed_at))

    @property
    def point_changed_at(self) -> datetime | None:
        """The time at which a contact point was last confirmed or removed. A point that is merely confirmed again
        counts too: this is the safe side."""
        return _latest(instant for point in self.points for instant in (point.confirmed_at, point.removed_at))

    @property
    def sim_changed_at(self) -> datetime | None:
        """The time since which another SIM answers to one of the numbers, the latest one."""
        return _latest(point.sim_changed_at for point in self.points)


def _latest(instants: Iterable[datetime | None]) -> datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)


@quick
@dataclass(frozen=True, slots=True)
class PointOwner:
    """One account that confirmed a contact point."""

    account_id: str
    version: int
    confirmed_at: datetime
    shared: bool
    reassigned: bool = False
    removed: bool = False
    """The account has dropped the point since. It stays listed, because others may have lost the point to it."""
    changed_hands: bool = False
    """Somebody else has confirmed the point since: it reaches this account no more."""


@quick
@dataclass(frozen=True, slots=True)
class Point:
    """A contact point as it is looked up: who owns it. `counters` belongs to the identity room and passes through."""

    key: str
    owners: tuple[PointOwner, ...]
    counters: Mapping[str, Any] = field(default_factory=dict)
    lost_alone_at: datetime | None = None
    """The latest confirmation by an account that is no longer listed, when it did not share the point."""
    lost_shared_at: datetime | None = None
    """The same, by accounts that shared it: only owners who do not share lost it to them."""

    def owner(self, account_id: str) -> PointOwner | None:
        return next((owner for owner in self.owners if owner.account_id == account_id), None)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell, named by a contact point's key."""

    channel: Channel
    point: str
    language: str
    may_repudiate: bool = True
    """Whether a notice to it holds the token that freezes the account."""
