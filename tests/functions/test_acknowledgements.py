"""The end state is right whatever the wallet loses, repeats, delays or reorders, and the words on the line follow.

Requirement: "a missing acknowledgement is sent again after 60 s, and after 5 minutes is an alarm and a case. The line
never says that money is stopped, or an account open, before it is."
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from itertools import cycle
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.deadlines.work import Summary, work_off
from hotline.contracts.model import Fact, LockAction, LockTold
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState, LockView
from hotline.lockout.policy import ALARM_AFTER, RESEND_LATER
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import ACCOUNT, NOON, Desk, failures

pytestmark = pytest.mark.soak

ENFORCED: Final = (LockState.SOFT, LockState.HARD, LockState.PAUSED, LockState.FROZEN)
MINUTE: Final = timedelta(minutes=1)
ACKNOWLEDGED_AS: Final = {
    "account.lock_requested": LockAction.LOCK_APPLIED,
    "account.unlock_requested": LockAction.LOCK_RELEASED,
    "account.pause_requested": LockAction.PAUSE_APPLIED,
    "account.freeze_requested": LockAction.FREEZE_APPLIED,
}


class Fate(Enum):
    """The fate of one decision on its way to the wallet, or of one answer on its way back."""

    PROMPT = "prompt"
    LOST = "lost"
    TWICE = "twice"
    LATE = "late"
    """After what is sent in the next minutes."""


class Nowhere:
    """The queue of a consumer: entries are no matter of this test."""

    def send(self, bodies: Sequence[str]) -> None:
        assert bodies


@dataclass(slots=True)
class Wallet:
    """It enforces the list of the highest version that it has heard of, and answers everything."""

    version: int = 0
    in_force: Sequence[dict[str, str]] = ()

    def enforces(self, now: datetime) -> set[str]:
        return {found["state"] for found in self.in_force if "until" not in found or from_text(found["until"]) > now}

    def hear(self, decision: Item, now: datetime) -> Fact:
        version = int(decision["subject_version"])
        if version >= self.version:
            self.version, self.in_force = version, decision["facts"]["in_force"]
        action = ACKNOWLEDGED_AS[decision["kind"]]
        told = LockTold(action, decision["decision_id"], version, decision["facts"]["cause"])
        return Fact(f"ack-{decision['decision_id']}", action.value, "wallet", now, decision["account_id"], told)


@dataclass(slots=True)
class World:
    """A desk, the function that runs each minute, a wallet, and a way between them that does what `fates` say."""

    fates: Iterator[Fate]
    desk: Desk = field(default_factory=lambda: Desk(MemoryStore(VirtualClock(NOON))))
    wallet: Wallet = field(default_factory=Wallet)
    seen: set[str] = field(default_factory=set)
    under_way: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    alarms: int = 0

    def settle(self) -> None:
        """Everything that is new goes on its way, and what has arrived has its effect."""
        store = self.desk.store
        assert isinstance(store, MemoryStore)
        entries = [item for item in store.items(Table.OUTBOX) if item["kind"] in ACKNOWLEDGED_AS]
        for entry in sorted(entries, key=lambda found: (found["created_at"], found["subject_version"])):
            if entry["entry_id"] not in self.seen:
                self.seen.add(entry["entry_id"])
                self._send(partial(self._heard, entry))
        while ready := [found for found in self.under_way if found[0] <= self.desk.clock.now()]:
            for found in ready:
                self.under_way.remove(found)
                found[1]()

    def minute(self) -> Summary:
        """One minute passes."""
        self.desk.clock.advance(MINUTE)
        ctx = Context(store=self.desk.store, clock=self.desk.clock, ids=RandomIds())
        ran = work_off(ctx, self.desk.clock.now(), {"message": Nowhere(), "bus": Nowhere()}, at_once=1)
        assert ran.failed == 0
        self.alarms += ran.alarmed
        self.settle()
        return ran

    def check(self) -> None:
        """The line is never ahead of the wallet."""
        view = self.desk.view()
        enforced = self.wallet.enforces(self.desk.clock.now())
        if view.asked is None:
            assert spoken(view) == enforced
        elif view.state is LockState.OPEN:
            assert not enforced

    def _send(self, arrives: Callable[[], None]) -> None:
        now = self.desk.clock.now()
        times = {
            Fate.PROMPT: [now],
            Fate.LOST: [],
            Fate.TWICE: [now, now + 2 * MINUTE],
            Fate.LATE: [now + 3 * MINUTE],
        }[next(self.fates)]
        self.under_way += [(at, arrives) for at in times]

    def _heard(self, entry: Item) -> None:
        fact = self.wallet.hear(entry, self.desk.clock.now())
        self._send(partial(self._told, fact))

    def _told(self, fact: Fact) -> None:
        self.desk.tell(fact)


def spoken(view: LockView) -> set[str]:
    return {component.state.value for component in view.components if component.state in ENFORCED}


def guess(world: World) -> None:
    world.desk.tell(*failures(5, world.desk.clock.now(), apart=timedelta(milliseconds=1)))


def unlock(world: World) -> None:
    world.desk.act(lockout.contribute_unlock)


def pause(world: World) -> None:
    world.desk.pause(ACCOUNT)


def end_pause(world: World) -> None:
    world.desk.act(lockout.contribute_end_pause)


def freeze(world: World) -> None:
    world.desk.act(lockout.contribute_freeze)


ACTIONS: Final[Sequence[Callable[[World], Any]]] = (guess, guess, unlock, unlock, pause, end_pause, freeze)
FATES: Final = st.lists(st.sampled_from(Fate), min_size=1, max_size=12)
STEPS: Final = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 12)), min_size=1, max_size=8)
SEEDED: Final = settings(
    max_examples=settings().max_examples // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
"""Half as many as elsewhere: each example lives through an hour of minutes."""


def lived(steps: Sequence[tuple[Callable[[World], Any], int]], fates: Iterator[Fate]) -> World:
    """A world after some steps, each followed by so many minutes; checked after each."""
    world = World(fates)
    world.desk.open_account()
    for action, wait in steps:
        action(world)
        world.settle()
        world.check()
        for _ in range(wait):
            world.minute()
            world.check()
    return world


@SEEDED
@given(STEPS, FATES)
def test_the_line_never_says_done_before_it_is_and_in_the_end_the_wallet_does_what_it_was_asked(
    steps: Sequence[tuple[Callable[[World], Any], int]], fates: list[Fate]
) -> None:
    world = lived(steps, cycle(fates))
    world.fates = cycle([Fate.PROMPT])
    for _ in range(RESEND_LATER // MINUTE + 4):
        world.minute()
        world.check()
    view = world.desk.view()
    assert view.asked is None
    assert spoken(view) == world.wallet.enforces(world.desk.clock.now())
    assert all(world.minute().resent == 0 for _ in range(3))


@SEEDED
@given(STEPS)
def test_a_wallet_that_answers_at_once_is_asked_once_and_nobody_is_alarmed(
    steps: Sequence[tuple[Callable[[World], Any], int]],
) -> None:
    world = lived(steps, cycle([Fate.PROMPT]))
    assert len(world.seen) == world.wallet.version
    assert world.alarms == 0


@SEEDED
@given(st.sampled_from([pause, freeze]), st.integers(1, 40))
def test_a_wallet_that_hears_nothing_is_one_alarm_however_long_it_lasts(
    action: Callable[[World], Any], minutes: int
) -> None:
    world = lived([(action, minutes)], cycle([Fate.LOST]))
    assert world.alarms == (1 if minutes * MINUTE >= ALARM_AFTER else 0)
    assert world.wallet.enforces(world.desk.clock.now()) == set()
    assert world.desk.view().asked is not None
