"""Attackers who know the rules, against the rules themselves: no store, no clock but theirs, thousands at a time.

A guess counts here when the wallet, or the hotline, would have looked at it. The rules get the same questions as from
the rooms; no limit is written down a second time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hotline.contracts.model import LoginKind
from hotline.identity import limits
from hotline.identity.policy import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_QUARTER_HOUR,
    DAY,
    QUARTER_HOUR,
    SLOW,
    USUAL,
    FactorCounters,
    Pace,
    after_send,
    after_wrong,
    is_row_full,
    may_send,
    may_try,
    tries_after_wrong,
)
from hotline.identity.ways import Way
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Key, Update
from hotline.lockout.model import Attempt, AttemptOutcome, Attempts, Component, LockRecord, LockState
from hotline.lockout.policy import CLEARED_FOR, may_unlock
from hotline.lockout.tiers import running_lock, with_attempts
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.lock_desk import NOON

SECOND: Final = timedelta(seconds=1)
OWNER, STRANGER = "owner", "stranger"
CODE_CHANCE: Final = 1e-6
"""Of one guess at six digits. The derivation prefers none of them by more than 10^6 in 2^64."""


@dataclass(slots=True)
class Victim:
    """One account whose password somebody guesses. `guesses`: when the wallet looked at one."""

    attempts: Attempts = field(default_factory=Attempts)
    cleared: tuple[datetime, ...] = ()
    guesses: list[datetime] = field(default_factory=list)
    _number: int = 0

    def locked_until(self, at: datetime) -> datetime | None:
        """The end of the lock that runs; the end of time for one that only recovery ends; None: it is open."""
        lock = running_lock(self.attempts, self.cleared, at)
        if lock is None:
            return None
        return lock.until or datetime.max.replace(tzinfo=at.tzinfo)

    def guess(self, at: datetime) -> bool:
        """A wrong password; whether the wallet looked at it."""
        if self.locked_until(at) is not None:
            return False
        self._take(at, AttemptOutcome.FAILED, STRANGER)
        self.guesses.append(at)
        return True

    def sign_in(self, at: datetime) -> bool:
        """The owner's right password; whether they got in."""
        if self.locked_until(at) is not None:
            return False
        self._take(at, AttemptOutcome.SUCCEEDED, OWNER)
        return True

    def unlock(self, at: datetime) -> bool:
        """The owner asks for the unlock; whether the rules allow it."""
        lock = running_lock(self.attempts, self.cleared, at)
        if lock is None:
            return False
        state = LockState.HARD if lock.until is None else LockState.SOFT
        found = [Component(state, lock.cause, lock.since, lock.until)]
        if not may_unlock(LockRecord("acct", cleared=self.cleared), found, at):
            return False
        self.cleared = (*(known for known in self.cleared if known > at - CLEARED_FOR), at)
        return True

    def _take(self, at: datetime, outcome: AttemptOutcome, source: str) -> None:
        self._number += 1
        new = Attempt(at, f"{self._number:09d}", LoginKind.PASSWORD, outcome, source)
        self.attempts = with_attempts(self.attempts, [new], self.cleared, at)


type Owner = Callable[[Victim, datetime], None]
"""The owner's act at a moment, just before the guesser tries again."""


def absent(victim: Victim, at: datetime) -> None:
    """An owner who does nothing."""


def unlocking(victim: Victim, at: datetime) -> None:
    """An owner who unlocks whenever that is possible: the help that a guesser would wish for."""
    victim.unlock(at)


def signing_in(victim: Victim, at: datetime) -> None:
    """An owner who gets in now and then, and so starts the hundred anew."""
    if at.minute < 5:
        victim.sign_in(at)


def guessed(
    victim: Victim, waits: Iterable[timedelta], *, until: datetime, owner: Owner = absent, helped_late: bool = False
) -> Victim:
    """Somebody guesses, waiting so long between tries, and at locks until they end. `helped_late`: the owner acts only
    when a day's lock is on, which leaves the guesser all the tries before it."""
    at = NOON
    for wait in waits:
        end = victim.locked_until(at)
        if end is None or not helped_late or end - at > timedelta(hours=2):
            owner(victim, at)
            at += SECOND
            end = victim.locked_until(at)
        if end is not None:
            if end > until:
                break
            at = end
            continue
        victim.guess(at)
        at += wait
        if at >= until:
            break
    return victim


def eager() -> Iterator[timedelta]:
    """A try a second."""
    while True:
        yield SECOND


def below_every_tier() -> Iterator[timedelta]:
    """Nine a day, spread so that no lock ever begins."""
    while True:
        yield DAY / 9 + SECOND


def at_random(seed: int) -> Iterator[timedelta]:
    """Waits between a second and a day, most of them short."""
    chance = random.Random(seed)
    while True:
        yield SECOND * int(10 ** chance.uniform(0, 4.9))


def most_within(times: Sequence[datetime], span: timedelta) -> int:
    """The most of these, in order, that lie within any span of this length."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - span:
            first += 1
        most = max(most, last - first + 1)
    return most


# ---------------------------------------------------------------- one-time codes


NOTHING_SHOWN: Final = (Way.OWN_NUMBER, Way.OTHER_NUMBER, Way.RECOVERY)
"""The ways of somebody who has nothing of the owner's: a calling number can be faked."""
type Place = tuple[int, str, Way]
"""A contact point, a factor, and the way by which it is guessed at."""


@dataclass(slots=True)
class Line:
    """The line as somebody sees it who guesses codes at many contact points. It has the counters of each by each way,
    and the sums over all callers that slow them down."""

    counters: dict[tuple[int, str, str], FactorCounters] = field(default_factory=dict)
    tries: dict[Place, int] = field(default_factory=dict)
    wrong: dict[Key, Counter[str]] = field(default_factory=dict)
    guesses: list[tuple[datetime, int, str, Way]] = field(default_factory=list)
    slow_guesses: int = 0
    pace_when_asked: dict[Way, Pace] = field(default_factory=dict)

    def pace(self, at: datetime, way: Way) -> Pace:
        read = {key: dict(self.wrong[key]) for key in limits.wrong_code_keys(at) if key in self.wrong}
        return limits.pace(read, at, way, TrafficLimits())

    def ask(self, place: Place, at: datetime) -> bool:
        """A code to a contact point; whether one is sent."""
        *_, way = place
        counters, pace = self._counters(place), self.pace(at, way)
        if not may_send(counters, at, pace) or is_row_full(counters):
            return False
        self._keep(place, after_send(counters, at))
        self.tries[place] = pace.tries
        self.pace_when_asked[way] = pace
        return True

    def guess(self, place: Place, at: datetime) -> bool:
        """A wrong code; whether it was held against the right one."""
        *_, way = place
        counters, left = self._counters(place), self.tries.get(place, 0)
        pace = self.pace(at, way)
        if left < 1 or not may_try(counters, left, at, pace) or is_row_full(counters):
            return False
        self.tries[place] = max(0, tries_after_wrong(left, pace))
        self._keep(place, after_wrong(counters, at))
        self.guesses.append((at, *place))
        self.slow_guesses += pace is SLOW
        self._count(at, way)
        return True

    def _counters(self, place: Place) -> FactorCounters:
        point, factor, way = place
        return self.counters.get((point, factor, way.counter), FactorCounters())

    def _keep(self, place: Place, counters: FactorCounters) -> None:
        point, factor, way = place
        self.counters[point, factor, way.counter] = counters

    def _count(self, at: datetime, way: Way) -> None:
        change = Change(actor=System("test", "test"), cause="test", now=at, ids=SeededIds())
        limits.count_wrong_code(change, f"challenge-{len(self.guesses)}", way)
        for write in change.writes():
            assert isinstance(write, Update)
            self.wrong.setdefault(write.key, Counter()).update(write.add)


def places_of(points: int, factors: Sequence[str], ways: Sequence[Way]) -> list[Place]:
    """The ways in which somebody guesses, from one to the next."""
    return [(point, factor, way) for point in range(points) for factor in factors for way in ways]


def codes_guessed(
    points: int,
    *,
    factors: Sequence[str] = ("sms", "email"),
    ways: Sequence[Way] = NOTHING_SHOWN,
    length: timedelta = DAY,
    every: timedelta,
) -> Line:
    """Somebody who guesses at all contact points and factors, as often as the line lets them: every so often, from one
    to the next."""
    line, at = Line(), NOON
    places = places_of(points, factors, ways)
    while at < NOON + length:
        for place in places:
            while line.guess(place, at) or (line.ask(place, at) and line.guess(place, at)):
                pass
        at += every
    return line


def codes_hoarded(
    points: int,
    *,
    factors: Sequence[str] = ("sms", "email"),
    ways: Sequence[Way] = NOTHING_SHOWN,
    length: timedelta = DAY,
) -> Line:
    """Somebody who asks for codes while the line is at its usual pace, as many as it gives, and tries them all
    afterwards. So a slower pace for codes would come too late for those."""
    line, at = Line(), NOON
    places = places_of(points, factors, ways)
    while at < NOON + length:
        hoard = [place for place in places for _ in range(CODES_PER_QUARTER_HOUR) if line.ask(place, at)]
        for place in hoard:
            asked_at = line.pace_when_asked[place[-1]]
            line.tries[place] = CODE_TRIES if asked_at is USUAL else asked_at.tries
            line.guess(place, at)
        at += QUARTER_HOUR
    return line


def codes_saved_up(*, ways: Sequence[Way] = NOTHING_SHOWN, length: timedelta = DAY) -> Line:
    """Somebody with more contact points than a day has minutes, who tries each code once while the line is at its usual
    pace. They save the tries that they have been told of for the minute before the codes end."""
    line, at, asked = Line(), NOON, 0
    saved: list[tuple[datetime, Place]] = []
    while at < NOON + length:
        for way in ways:
            while line.pace(at, way) is USUAL:
                place, asked = (asked, "sms", way), asked + 1
                line.ask(place, at)
                line.guess(place, at)
                saved.append((at + CODE_LIFE - timedelta(minutes=1), place))
        if saved and saved[0][0] <= at:
            for _, place in saved:
                while line.guess(place, at):
                    pass
            saved.clear()
        at += timedelta(seconds=10)
    return line


def chance(guesses: int) -> float:
    """The chance that one of so many guesses is right, at most (the union of them)."""
    return guesses * CODE_CHANCE
