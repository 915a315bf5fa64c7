"""The findings in the store depend on what happened, not on how it came and was scanned.

Histories are generated, and each is scanned once. It is then scanned in runs at any time, in rounds of any size, and
shards in any order. There are crashes at any request, duplicates, and facts that come up to a day late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.contracts.model import (
    CodePurpose,
    CodeSent,
    ContactPointChanged,
    DeviceRegistered,
    Fact,
    LoginKind,
    LoginSource,
    LoginTried,
    MovementTold,
    PasswordChanged,
    PointKind,
)
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, Unavailable
from hotline.kit.store import Put, Table, Update, Write
from hotline.kit.store.condition import Item
from hotline.security import activity_rows, items, scan
from hotline.security.detectors import Severity, Signal, Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.packing import unpack
from hotline.security.service import activity_writes, scan_shard
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import KEYS, NOON, Desk, fact, minutes
from tests.support.scan_runs import chain, undone
from tests.support.toy_rules import excluded, moved, rules_of, spread

pytestmark = pytest.mark.soak

SHARDS: Final = 2
ACCOUNTS: Final = ("acct-1", "acct-2", "acct-3", "acct-4")
RULES: Final = rules_of(
    *DETECTORS,
    excluded(severity=Severity.HIGH),
    moved(),
    spread(Stream.SOURCE, Signal.LOGIN_FAILED, severity=Severity.HIGH),
    spread(Stream.PARTY, Signal.MONEY_LEFT),
)
DAY: Final = timedelta(hours=24) - timedelta(seconds=1)
"""A day, but for the moments that rows and runs of these searches take."""
END: Final = NOON + timedelta(hours=80)


@dataclass(frozen=True)
class Came:
    """A fact and when it comes."""

    at: datetime
    fact: Fact


class CountingStore(MemoryStore):
    """A store that counts the writes of each watch. One that tells a grave finding beside it is not one: the watch has
    not moved (Watch.store_begun)."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.watches: Counter[str] = Counter()

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        super().transact(writes, token=token)
        for write in writes:
            self._count(write)

    def write_alone(self, write: Put | Update) -> Item:
        after = super().write_alone(write)
        self._count(write)
        return after

    def _count(self, write: Write) -> None:
        if isinstance(write, Put) and write.key.sk == "#WATCH" and "begun" not in unpack(write.item["memory"]):
            self.watches[write.key.pk] += 1


class World:
    """Accounts in a store, over two shards. Facts come in and are scanned."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOON)
        self.store = CountingStore(self.clock)
        self.ids = SeededIds()
        desk = Desk(self.store, self.clock, self.ids)
        for account in ACCOUNTS:
            desk.open_account(account)
        # A first run would look back a day only.
        for shard in range(SHARDS):
            self.scan(shard)

    def go_to(self, at: datetime) -> None:
        self.clock.advance(max(timedelta(0), at - self.clock.now()))

    def come_in(self, one: Fact) -> None:
        self.store.put_all(activity_writes([one], self.clock.now(), KEYS, shards=SHARDS))
        self.clock.advance(timedelta(milliseconds=1))

    def scan(self, shard: int) -> None:
        """A run up to the present: nothing is on its way."""
        self.clock.advance(timedelta(milliseconds=1))
        self.store.watches.clear()
        ctx = Context(store=self.store, clock=self.clock, ids=self.ids)
        report = scan_shard(ctx, shard, until=self.clock.now(), rules=RULES, workers=3)
        assert report.rules == RULES.digest
        assert report.complete

    def findings(self) -> dict[str, Any]:
        """Everything of every finding that holds, but when the scan saw it, and whether its customer was told. They are
        told once of a hold, by the first finding that asks for it."""
        found = {}
        for item in self.store.items(Table.HOTLINE):
            if item["SK"].startswith("FINDING#"):
                kept = {name: value for name, value in item.items() if name not in LATER}
                kept["state"] = "open" if kept["state"] == "told" else kept["state"]
                kept |= {"movements": items.named_movements(item), "logins": items.named_logins(item)}
                found[f"{item['PK']} {item['SK']}"] = kept | {"attends": "attention_pk" in item}
        return {name: one for name, one in found.items() if one["state"] != "withdrawn"}


LATER: Final = frozenset(
    {"found_at", "attention_sk", "attention_pk", "queue_pk", "queue_sk", "expires_at_epoch_s", "state_at"}
)


def told(kind: str, number: int, at: datetime, account: str, place: str) -> list[Fact]:
    name = f"#{number}"
    source = LoginSource(ip=f"192.0.2.{len(place)}", device_id=place)
    match kind:
        case "password.changed":
            return [fact(kind, at, PasswordChanged(2), account=account, name=name)]
        case "code.sent":
            return [fact(kind, at, CodeSent(CodePurpose.RESET), account=account, name=name)]
        case "contact_point.changed":
            return [
                fact(
                    kind,
                    at,
                    ContactPointChanged(2, PointKind.PHONE, None, "+8613800000001", at, reassigned=False),
                    account=account,
                    name=name,
                )
            ]
        case "device.registered":
            return [fact(kind, at, DeviceRegistered(place), account=account, name=name)]
        case "login.failed" | "login.succeeded":
            data = LoginTried(name, source, LoginKind.PASSWORD, succeeded=kind == "login.succeeded")
            return [fact(kind, at, data, account=account, name=name)]
        case "flood":
            # It goes on after its finding, which is corrected then.
            data = LoginTried(name, source, LoginKind.PASSWORD, succeeded=False)
            return [
                fact("login.failed", at + timedelta(seconds=20 * n), data, account=account, name=f"{name}-{n}")
                for n in range(22)
            ]
        case _:
            sent = [*chain(at, account=account), undone(at, account=account)]
            return [to_one_payee(one, number) for one in sent[: 3 + number % 2]]


def to_one_payee(one: Fact, number: int) -> Fact:
    """The fact of a chain under an id of its own."""
    own = replace(one, id=f"{one.id}#{one.subject}#{number}")
    return replace(own, data=replace(own.data, counterparty="A Payee")) if isinstance(own.data, MovementTold) else own


KINDS: Final = (
    *("password.changed", "code.sent", "contact_point.changed", "device.registered", "chain", "flood"),
    *("login.failed", "login.failed", "login.succeeded", "login.succeeded", "login.succeeded"),
)
LATE: Final = (timedelta(0), timedelta(0), timedelta(seconds=2), minutes(7), timedelta(hours=3), DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[Came]:
    """The life of four accounts within two days, in the order in which it comes."""
    came: list[Came] = []
    for number in range(draw(st.integers(1, 25))):
        # No two events lie a day apart to the moment: runs take moments, too, and evidence is at hand for a day.
        at = NOON + timedelta(minutes=20 * draw(st.integers(0, 150)), seconds=7 * number)
        place = draw(st.sampled_from(["phone", "phone", "phone", "another"]))
        facts = told(draw(st.sampled_from(KINDS)), number, at, draw(st.sampled_from(ACCOUNTS)), place)
        came += [Came(one.time + draw(st.sampled_from(LATE)), one) for one in facts]
    return sorted(came, key=lambda one: (one.at, one.fact.id))


def scanned_once(came: Sequence[Came]) -> World:
    world = World()
    for one in came:
        world.go_to(one.at)
        world.come_in(one.fact)
    world.go_to(END)
    for shard in range(SHARDS):
        world.scan(shard)
    return world


def striking(at: int) -> Callable[[str], None]:
    """Raises at the n-th call from now, once."""
    calls = iter(range(10**6))

    def strike(_: str) -> None:
        if next(calls) == at:
            raise Unavailable

    return strike


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=50)
@given(histories(), st.data())
def test_any_split_crash_repetition_and_order_of_shards_leave_the_same_findings(came: list[Came], data: Any) -> None:
    expected = scanned_once(came).findings()
    world = World()
    for number, one in enumerate(came):
        world.go_to(one.at)
        if data.draw(st.integers(0, 3)) == 0:
            scan_somehow(world, data)
        world.come_in(one.fact)
        if data.draw(st.integers(0, 9)) == 0:
            world.come_in(came[data.draw(st.integers(max(0, number - 2), number))].fact)
    world.go_to(END)
    for shard in data.draw(st.permutations(range(SHARDS))):
        world.scan(shard)
    assert world.findings() == expected


def scan_somehow(world: World, data: Any) -> None:
    """Runs over some shards in some order, in rounds of some size, which a crash may end."""
    usual = scan.ROUND_ROWS_MAX, activity_rows.PAGE_ROWS
    sizes = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    side = data.draw(st.sampled_from(["before", "after"]))
    strike = striking(data.draw(st.integers(0, 25))) if data.draw(st.booleans()) else None
    shards = data.draw(st.sampled_from([(0, 1), (1, 0), (0,), (1,), (1, 1)]))
    try:
        scan.ROUND_ROWS_MAX, activity_rows.PAGE_ROWS = sizes  # type: ignore[misc]
        setattr(world.store, side, strike)
        for shard in shards:
            world.scan(shard)
    except HotlineError:
        pass
    finally:
        setattr(world.store, side, None)
        scan.ROUND_ROWS_MAX, activity_rows.PAGE_ROWS = usual  # type: ignore[misc]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(histories(), st.integers(1, 40))
def test_a_watch_moves_at_most_once_a_run_and_subject(came: list[Came], apart: int) -> None:
    world = World()
    for number, one in enumerate(came):
        world.go_to(one.at)
        world.come_in(one.fact)
        if number % apart == 0:
            for shard in range(SHARDS):
                world.scan(shard)
                assert max(world.store.watches.values(), default=0) <= 1
    world.go_to(END)
    for shard in range(SHARDS):
        world.scan(shard)
        assert max(world.store.watches.values(), default=0) <= 1


def some_history() -> list[Came]:
    """One in which every rule of these searches has a finding, one of which is withdrawn late."""
    kinds = ["chain", "login.failed", "login.failed", "login.failed", "login.succeeded", "login.succeeded"]
    came = [
        Came(one.time, one)
        for number, kind in enumerate(kinds)
        for one in told(
            kind, 2 * number, NOON + minutes(40 * number), ACCOUNTS[number % 3], "phone" if number < 5 else "another"
        )
    ]
    more = told("login.succeeded", 20, NOON + minutes(300), ACCOUNTS[1], "another")
    more += told("login.succeeded", 21, NOON + minutes(301), ACCOUNTS[1], "phone")
    more += [to_one_payee(chain(NOON + minutes(400), account=account)[-1], 30) for account in ACCOUNTS]
    more += told("password.changed", 22, NOON + minutes(500), ACCOUNTS[3], "phone")
    code = told("code.sent", 23, NOON + minutes(490), ACCOUNTS[3], "phone")[0]
    came += [Came(one.time, one) for one in more] + [Came(code.time + timedelta(hours=5), code)]
    return sorted(came, key=lambda one: (one.at, one.fact.id))


def test_a_crash_at_every_request_leaves_the_same_findings_of_every_stream() -> None:
    came = some_history()
    expected = scanned_once(came).findings()
    rules = {one["rule"] for one in expected.values()}
    assert rules >= {"reset_device_transfer", "excluded", "moved", "spread_source", "spread_party"}
    half = came[: len(came) // 2]
    for side in ("before", "after"):
        point, crashed = 0, True
        while crashed:
            world = World()
            for part in (half, came[len(half) :]):
                for one in part:
                    world.go_to(one.at)
                    world.come_in(one.fact)
                setattr(world.store, side, striking(point))
                crashed = False
                for shard in range(SHARDS):
                    try:
                        world.scan(shard)
                    except HotlineError:
                        crashed = True
                setattr(world.store, side, None)
            world.go_to(END)
            for shard in range(SHARDS):
                world.scan(shard)
            assert world.findings() == expected, (side, point)
            point += 1
        assert point > 20
