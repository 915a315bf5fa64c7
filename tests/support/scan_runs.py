"""The scan in tests: facts kept as they come in, and runs over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hotline.contracts.model import (
    AccountErased,
    DeviceRegistered,
    Fact,
    Instrument,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PasswordChanged,
)
from hotline.kit.doors import Context
from hotline.kit.ids import IdSource, bucket
from hotline.kit.money import Money
from hotline.kit.store import Put, Store
from hotline.security import service as security
from hotline.security.activity import ACTIVITY_SHARDS
from hotline.security.service import ShardReport, activity_writes, scan_shard
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, Desk, fact, minutes

COMPLETE: Final = timedelta(minutes=2)
"""After so long a row is old enough for any run."""


def shard_of(account: str = ACCOUNT) -> int:
    return bucket(account, ACTIVITY_SHARDS)


def chain(at: datetime = NOON, *, account: str = ACCOUNT, amount_minor: int = 250_000) -> list[Fact]:
    """A new password, a new device and a transfer within half an hour."""
    told = MovementTold(
        kind=MovementKind.TRANSFER,
        status=MovementStatus.SUCCEEDED,
        movement_id=f"mov-{account}-{at.isoformat()}",
        version=1,
        initiated_at=at + minutes(30),
        amount=Money(amount_minor, "CNY"),
        instrument=Instrument("balance"),
        money=MoneyState.DEBITED,
    )
    return [
        fact("password.changed", at, PasswordChanged(2), account=account),
        fact("device.registered", at + minutes(10), DeviceRegistered("device-9"), account=account),
        fact("transfer.succeeded", at + minutes(30), told, account=account),
    ]


def undone(at: datetime = NOON, *, account: str = ACCOUNT) -> Fact:
    """The transfer of the chain failed in the end."""
    sent = chain(at, account=account)[-1]
    assert isinstance(sent.data, MovementTold)
    data = replace(sent.data, status=MovementStatus.FAILED, version=2, money=MoneyState.RETURNED)
    return fact("transfer.failed", at + minutes(31), data, account=account)


class ScanWorld:
    """A store in memory with a clock, into which facts come as rows of activity, and which is scanned."""

    def __init__(self, store: MemoryStore | None = None, *, now: datetime = NOON, seed: int = 0) -> None:
        self.clock = VirtualClock(now)
        self.store = store or MemoryStore(self.clock)
        self.ids: IdSource = SeededIds(seed)
        self.desk = Desk(self.store, self.clock, self.ids)

    def ctx(self, store: Store | None = None) -> Context:
        return Context(store=store or self.store, clock=self.clock, ids=self.ids)

    def come_in(self, *facts: Fact, apart: timedelta = timedelta(0)) -> None:
        """Facts reach the hotline now, one after the other."""
        for one in facts:
            self.store.put_all(self.rows(one))
            self.clock.advance(apart)

    def rows(self, *facts: Fact) -> list[Put]:
        return activity_writes(facts, self.clock.now(), KEYS)

    def erase(self, account: str = ACCOUNT) -> None:
        """The wallet tells that an account is erased."""
        one = fact("account.erased", self.clock.now(), AccountErased(10), account=account)
        change = self.desk.folding(one)
        security.contribute_facts(change, self.store.batch_get(list(security.fact_keys([one]))), [one])
        change.commit(self.store)

    def scan(self, shard: int | None = None, *, has_time: Callable[[], bool] = lambda: True) -> ShardReport:
        """A run on one shard, when all rows that came in are complete."""
        self.clock.advance(COMPLETE)
        return scan_shard(self.ctx(), shard_of() if shard is None else shard, has_time=has_time)

    def scan_all(self, shards: Sequence[int] = range(ACTIVITY_SHARDS)) -> list[ShardReport]:
        self.clock.advance(COMPLETE)
        return [scan_shard(self.ctx(), shard) for shard in shards]
