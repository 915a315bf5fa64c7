"""The cost of the scan: writes by what happens, requests by activity, and neither by how many accounts there are."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from hotline.contracts.model import (
    CodePurpose,
    CodeSent,
    DeviceRegistered,
    Fact,
    FactData,
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
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import RuleSet
from hotline.security.service import ShardReport, activity_writes, scan_shard
from hotline.security.settings import choose_rules, read_shipped_rules
from hotline.security.watch_items import cursor_key, watch_key
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore, Units
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import KEYS, NOON, fact
from tests.support.scan_runs import ScanWorld

RUN: Final = timedelta(minutes=5)
VISITS: Final[Mapping[tuple[str, ...], int]] = {
    ("login",): 27,
    ("login", "payment"): 21,
    ("login", "code", "payment"): 3,
    ("login", "transfer"): 5,
    ("login", "top_up"): 4,
    ("failed", "login"): 3,
    ("device", "login"): 1,
}
"""The visits of customers to their wallet, in sixty-fourths: most come to look, or to pay once."""
MERCHANTS: Final = [1 / rank for rank in range(1, 13)]
"""How much is paid at each merchant: some are much busier than others, with some fifty payments a day on average."""
STEP_S: Final = (20, 120)
"""Seconds between two steps of one visit."""
REQUESTS_AN_HOUR: Final = (72, 97)
"""Of twelve runs on sixty visits: reads (cursors, pages of rows, and watches), and writes."""
UNITS_A_ROW: Final = {"shipped": 0.5, "all": 0.85}
"""Write units of watches a row, by the set of rules."""
FULL_UNITS_A_ROW_MAX: Final = 0.5
"""Of customers of whom as many movements are known as a memory has room for."""
SUBJECT: Final = KEYS.mac_text(KEYS.current, "ip", "home-0")[:16]
ALL_RULES: Final = RuleSet.of(choose_rules({}, only=[detector.rule for detector in DETECTORS]))
RULE_SETS: Final = {"shipped": read_shipped_rules(), "all": ALL_RULES}


class Wallet:
    """Accounts whose owners visit their wallet, spread over the day. One shard, which is scanned every five minutes."""

    def __init__(self, accounts: int, rules: RuleSet | None = None) -> None:
        self.accounts = [str(number) for number in range(accounts)]
        self.clock = VirtualClock(NOON)
        self.store = MeteredStore(MemoryStore(self.clock))
        self.world = ScanWorld(self.store, now=NOON)
        self.clock = self.world.clock
        self.store.clock = self.clock
        self.random = random.Random(5)
        self.rules = rules
        self.number = 0
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.written = Units()
        self.cursors = self.rows = self.reads = self.writes = 0

    def live(self, hours: float, visits_an_hour: float) -> None:
        """Let visits begin at even times, and scan after each five minutes. A step of a visit may fall into the next
        run."""
        begin, end = self.clock.now(), self.clock.now() + timedelta(hours=hours)
        kinds, weights = zip(*VISITS.items(), strict=True)
        due: list[tuple[datetime, int, str, str, LoginSource]] = []
        for number in range(round(hours * visits_an_hour)):
            at = begin + timedelta(hours=number / visits_an_hour)
            account = self.random.choice(self.accounts)
            place = self.place_of(account)
            (kind,) = self.random.choices(kinds, weights)
            for step in kind:
                due.append((at, len(due), step, account, place))
                at += timedelta(seconds=self.random.randint(*STEP_S))
        due.sort(reverse=True)
        while self.clock.now() < end:
            run_at = self.clock.now() + RUN
            while due and due[-1][0] < run_at:
                at, _, step, account, place = due.pop()
                self.clock.advance(max(at - self.clock.now(), timedelta(milliseconds=1)))
                self.come_in(step, account, place)
            self.clock.advance(run_at - self.clock.now())
            self.scan()

    def place_of(self, account: str) -> LoginSource:
        """At home, at work with nineteen others, or on the way by one of six gateways of a carrier."""
        (kind,) = self.random.choices(("home", "work", "way"), (70, 20, 10))
        address = {"home": account, "work": str(int(account) // 20), "way": str(self.random.randrange(6))}[kind]
        return LoginSource(f"{kind}-{address}", f"phone-of-{account}", "CN", 31.2, 121.4)

    def come_in(self, kind: str, account: str, place: LoginSource | None = None) -> None:
        """Something happens now, by default at home."""
        home = LoginSource(f"home-{account}", f"phone-of-{account}", "CN", 31.2, 121.4)
        self.number += 1
        name = str(UUID(int=self.random.getrandbits(128)))
        (merchant,) = self.random.choices(range(len(MERCHANTS)), MERCHANTS)
        one = happen(kind, self.clock.now(), account, name, place or home, f"merchant-{merchant}")
        self.store.put_all(activity_writes([one], self.clock.now(), KEYS, shards=1))

    def scan(self) -> ShardReport:
        before = self.store.units.written + self.store.units.indexed
        cursors = self.cursor_moves()
        reads, writes = self.store.reads, self.store.transactions
        # Threads gain nothing in memory, and change nothing (test_scan_identity.py).
        report = scan_shard(self.world.ctx(self.store), 0, until=self.clock.now(), rules=self.rules, workers=1)
        self.written.written += self.store.units.written + self.store.units.indexed - before
        self.reads += self.store.reads - reads
        self.writes += self.store.transactions - writes
        self.rows += report.rows
        self.cursors += self.cursor_moves() - cursors
        return report

    def cursor_moves(self) -> int:
        found = [self.store.get(cursor_key(0, stream)) for stream in Stream]
        return sum(int(item["rev"]) for item in found if item is not None)

    def units_a_row(self) -> float:
        """Write units of watches by rows read. A move of a cursor is two units, however many rows a run has."""
        return (self.written.written - 2 * self.cursors) / self.rows


def happen(kind: str, at: datetime, account: str, name: str, place: LoginSource, merchant: str) -> Fact:
    match kind:
        case "login" | "failed":
            tried = LoginTried(name, place, LoginKind.PASSWORD, succeeded=kind == "login")
            return named("login.succeeded" if kind == "login" else "login.failed", at, tried, name, account)
        case "code":
            return named("code.sent", at, CodeSent(CodePurpose.PAYMENT), name, account)
        case "device":
            return named("device.registered", at, DeviceRegistered(f"new-{name}"), name, account)
        case _:
            number = int(name[:8], 16)
            told: dict[str, Any] = {"counterparty": f"payee-{account}-{number % 5}"} if kind == "transfer" else {}
            told |= {"merchant": Merchant(merchant, "Tea House")} if kind == "payment" else {}
            moved = MovementTold(
                kind=MovementKind(kind),
                status=MovementStatus.SUCCEEDED,
                movement_id=f"mov-{name}",
                version=1,
                initiated_at=at,
                amount=Money(100 + number % 9_000, "CNY"),
                instrument=Instrument("balance"),
                money=MoneyState.DEBITED,
                balance_after_minor=100_000 + number % 50_000,
                **told,
            )
            return named(f"{kind}.succeeded", at, moved, name, account)


def named(type_: str, at: datetime, data: FactData, name: str, account: str) -> Fact:
    """A fact with an id of the usual length."""
    return replace(fact(type_, at, data, account=account), id=name)


@pytest.mark.parametrize(("rules", "units_max"), UNITS_A_ROW.items())
def test_write_units_of_spread_activity(rules: str, units_max: float) -> None:
    wallet = Wallet(240, RULE_SETS[rules])
    # A day and a half, in which the scan gets to know everybody.
    wallet.live(36, 40)
    wallet.forget()
    wallet.live(24, 40)
    assert wallet.units_a_row() <= units_max
    # The risk of honest accounts is hardly ever written.
    risks = [item for item in wallet.store.items(Table.HOTLINE) if item["SK"] == "#RISK"]
    assert sum(int(item["rev"]) for item in risks) <= wallet.rows / 1_000
    # Not for want of events.
    assert wallet.rows > 2_000
    assert wallet.units_a_row() > 0.8 * units_max


def test_write_units_of_customers_whose_memories_are_full() -> None:
    wallet = Wallet(6)
    wallet.live(24 * 45, 1.2)
    wallet.forget()
    wallet.live(24 * 5, 1.2)
    assert 0.8 * FULL_UNITS_A_ROW_MAX < wallet.units_a_row() <= FULL_UNITS_A_ROW_MAX


def test_logins_from_the_last_place_write_nothing_for_ten_minutes() -> None:
    wallet = Wallet(5)
    for account in wallet.accounts:
        wallet.come_in("login", account)
    wallet.clock.advance(RUN)
    wallet.scan()
    wallet.forget()
    for account in wallet.accounts:
        wallet.come_in("login", account)
    wallet.clock.advance(RUN)
    wallet.scan()
    # A row of the account and one of the address each. A cursor of two streams moves, and in a new hour once more.
    assert (wallet.rows, wallet.written.written, wallet.cursors) == (10, 4, 2)
    for account in wallet.accounts:
        wallet.come_in("login", account)
    wallet.clock.advance(RUN)
    wallet.scan()
    # Then each account is written once, and no address.
    assert (wallet.rows, wallet.written.written, wallet.cursors) == (20, 4 + 4 + 5, 4)


def test_an_address_is_written_while_a_failure_is_in_the_window_and_no_longer() -> None:
    wallet = Wallet(1)
    written = []
    for kind, wait in (("login", 5), ("failed", 5), ("login", 5), ("login", 70), ("login", 5), ("login", 5)):
        before = wallet.store.get(watch_key(Stream.SOURCE, SUBJECT))
        wallet.come_in(kind, "0")
        wallet.clock.advance(timedelta(minutes=wait))
        wallet.scan()
        written.append(wallet.store.get(watch_key(Stream.SOURCE, SUBJECT)) != before)
    assert written == [False, True, True, True, False, False]


def dormant(accounts: int) -> Iterator[tuple[Key, dict[str, Any]]]:
    for number in range(accounts):
        item = {"memory": b"x" * 700, "rev": 1, TTL_ATTRIBUTE: 2_000_000_000}
        yield watch_key(Stream.ACCOUNT, f"dormant-{number}"), item


@pytest.mark.parametrize("times", [1, 10, 100])
def test_requests_are_flat_as_accounts_grow_at_equal_activity(times: int) -> None:
    wallet = Wallet(40)
    wallet.store.load(dormant(40 * (times - 1)))
    wallet.live(2, 60)
    wallet.forget()
    wallet.live(1, 60)
    assert (wallet.reads, wallet.writes) == REQUESTS_AN_HOUR
    assert sum(1 for item in wallet.store.items(Table.HOTLINE) if item["SK"] == "#WATCH") >= 40 * times - 5
