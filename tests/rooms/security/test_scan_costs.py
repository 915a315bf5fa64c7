"""The cost of the scan: writes by what happens, requests by activity, and neither by how many accounts there are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from hotline.contracts.model import (
    CodePurpose,
    CodeSent,
    DeviceRegistered,
    Fact,
    Instrument,
    LoginKind,
    LoginSource,
    LoginTried,
    Merchant,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
)
from hotline.kit.money import Money
from hotline.kit.store import TTL_ATTRIBUTE, Key, Table
from hotline.security.detectors import Stream
from hotline.security.items import watch_key
from hotline.security.service import ShardReport, activity_writes, scan_shard, write_activity
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore, Units
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import KEYS, NOON, fact
from tests.support.scan_runs import ScanWorld

RUN: Final = timedelta(minutes=5)
MIX: Final = (("login", 60), ("failed", 3), ("payment", 24), ("transfer", 5), ("top_up", 4), ("code", 3), ("device", 1))
"""The events of customers of a wallet, in hundredths: they look far more often than they pay."""
WRITE_UNITS_A_ROW_MAX: Final = 0.5
REQUESTS_AN_HOUR: Final = (12 * 3, 53)
"""Of twelve runs on 120 rows: reads (cursor, rows, and watches), and writes."""


def happen(kind: str, at: datetime, account: str, number: int) -> Fact:
    name = f"#{account}#{number}"
    place = LoginSource(f"192.0.2.{account}", f"phone-of-{account}", "CN", 31.2, 121.4)
    match kind:
        case "login" | "failed":
            tried = LoginTried(name, place, LoginKind.PASSWORD, succeeded=kind == "login")
            return fact("login.succeeded" if kind == "login" else "login.failed", at, tried, name=name, account=account)
        case "code":
            return fact("code.sent", at, CodeSent(CodePurpose.PAYMENT), name=name, account=account)
        case "device":
            return fact("device.registered", at, DeviceRegistered(f"new{name}"), name=name, account=account)
        case _:
            told: dict[str, Any] = {"counterparty": f"payee-{number % 7}"} if kind == "transfer" else {}
            told |= {"merchant": Merchant(f"mer-{number % 9}", "Tea House")} if kind == "payment" else {}
            moved = MovementTold(
                kind=MovementKind(kind),
                status=MovementStatus.SUCCEEDED,
                movement_id=f"mov{name}",
                version=1,
                initiated_at=at,
                amount=Money(100 + number, "CNY"),
                instrument=Instrument("balance"),
                money=MoneyState.DEBITED,
                balance_after_minor=100_000 - number,
                **told,
            )
            return fact(f"{kind}.succeeded", at, moved, name=name, account=account)


class Wallet:
    """Accounts that live as MIX says, spread over the day, in one shard that is scanned every five minutes."""

    def __init__(self, accounts: int) -> None:
        self.accounts = [str(number) for number in range(accounts)]
        self.clock = VirtualClock(NOON)
        self.store = MeteredStore(MemoryStore(self.clock))
        self.world = ScanWorld(self.store, now=NOON)
        self.clock = self.world.clock
        self.store.clock = self.clock
        self.random = random.Random(5)
        self.number = 0
        self.written = Units()
        self.rows = self.reads = self.writes = 0

    def live(self, hours: float, rows_an_hour: int) -> None:
        kinds, weights = zip(*MIX, strict=True)
        runs = round(hours * 12)
        each = max(1, rows_an_hour // 12)
        for _ in range(runs):
            for one in range(each):
                account = self.random.choice(self.accounts)
                (kind,) = self.random.choices(kinds, weights)
                self.come_in(kind, account)
                self.clock.advance(RUN / each if one < each - 1 else timedelta(0))
            self.clock.advance(RUN / each)
            self.scan()

    def come_in(self, kind: str, account: str) -> None:
        self.number += 1
        one = happen(kind, self.clock.now(), account, self.number)
        write_activity(self.store, activity_writes([one], self.clock.now(), KEYS, shards=1), self.world.ids)

    def scan(self) -> ShardReport:
        before = self.store.units.written + self.store.units.indexed
        reads, writes = self.store.reads, self.store.transactions
        report = scan_shard(self.world.ctx(self.store), 0, until=self.clock.now())
        self.written.written += self.store.units.written + self.store.units.indexed - before
        self.reads += self.store.reads - reads
        self.writes += self.store.transactions - writes
        self.rows += report.rows
        return report


def test_write_units_of_spread_activity_are_at_most_half_a_unit_a_row() -> None:
    wallet = Wallet(240)
    # A day and a half, in which the scan gets to know everybody.
    wallet.live(36, 60)
    wallet.written, wallet.rows = Units(), 0
    wallet.live(24, 60)
    # The cursor is a transaction of one item a run and one an hour, however many rows a run has.
    cursors = 2 * (24 * 12 + 24)
    ratio = (wallet.written.written - cursors) / wallet.rows
    assert ratio <= WRITE_UNITS_A_ROW_MAX, ratio
    # Not for want of events: somebody paid, failed or registered in four rows of ten.
    assert ratio > 0.2


def test_logins_from_known_places_write_nothing() -> None:
    wallet = Wallet(5)
    for account in wallet.accounts:
        wallet.come_in("login", account)
    wallet.clock.advance(RUN)
    wallet.scan()
    wallet.written, wallet.rows = Units(), 0
    for _ in range(12):
        for account in wallet.accounts:
            wallet.come_in("login", account)
        wallet.clock.advance(RUN)
        wallet.scan()
    # The cursor of the shard, a transaction of one item a run, and one more in the hour, is all.
    assert (wallet.rows, wallet.written.written) == (60, (12 + 1) * 2)


def dormant(accounts: int) -> Iterator[tuple[Key, dict[str, Any]]]:
    for number in range(accounts):
        item = {"memory": b"x" * 700, "rev": 1, TTL_ATTRIBUTE: 2_000_000_000}
        yield watch_key(Stream.ACCOUNT, f"dormant-{number}"), item


@pytest.mark.parametrize("times", [1, 10, 100])
def test_requests_are_flat_as_accounts_grow_at_equal_activity(times: int) -> None:
    wallet = Wallet(40)
    wallet.store.load(dormant(40 * (times - 1)))
    wallet.live(2, 120)
    wallet.reads = wallet.writes = 0
    wallet.live(1, 120)
    assert (wallet.reads, wallet.writes) == REQUESTS_AN_HOUR
    assert sum(1 for item in wallet.store.items(Table.HOTLINE) if item["SK"] == "#WATCH") >= 40 * times - 5
