"""The cost of taking in the facts of many accounts, and what so many facts a second need.

The facts are those of a small town in the order of their times, so that a batch has nearly as many accounts as facts.
Requests and units are counted on a store in memory that bills as DynamoDB does; they are the same on every machine.
Facts a second are of the processor alone, with the client that functions have. It asks a DynamoDB that keeps what it is
given, in a process of its own (`benchmarks.stub_tables`). Run with `make bench`.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import batched
from typing import Any, Final

from benchmarks.capacity import CORE_MB, MONTH_S, PEAK, PRICES, ROUND_TRIP_S
from benchmarks.store_clients import REGION, SETTINGS
from benchmarks.stub_server import run_stub
from benchmarks.tables import Table, read_rows, take
from functions.wallet_events.batch import AT_ONCE, take_in
from hotline.kit import store as kept
from hotline.kit.aws.credentials import EnvironmentCredentials
from hotline.kit.aws.direct import DirectService
from hotline.kit.config import TableNames
from hotline.kit.doors import Context
from hotline.kit.store import Write
from hotline.kit.store.condition import Item
from hotline.kit.store.dynamodb import DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import event, sqs_of
from tests.support.intake_context import context
from tests.support.template import cloudformation, properties
from tests.support.town import live_in_town

CUSTOMERS: Final = 200
DAYS: Final = 2
SIZES: Final = (1, 10, 100)
"""Facts in a batch of the queue."""
TRIES: Final = 3
"""The fastest of so many rounds counts."""
RATES: Final = (100, 1_000, 10_000)
"""Facts a second."""
GOAL: Final = 1_000
"""Facts in a second of the processor."""
OPENED_AT_ONCE: Final = 50
NAME, CAPACITY_NAME = "intake", "intake capacity"
"""Sections of the page."""
_UNITS: Final[Mapping[str, str]] = {
    "others": "write units of the main table, the outbox and their indexes",
    "activity": "write units of rows for the scan",
}
_OPENED: Final = "account.opened"
_NO_POINTS: Final[Mapping[str, Any]] = {"contact_points": []}
_READS, _WRITES, _READ_UNITS, _RATE = "requests to read", "requests to write", "read units", "facts a second"


class _Meter(MeteredStore):
    """A meter that knows which units are of rows for the scan."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.by_place: Counter[str] = Counter()

    def _bill(self, write: Write, before: Item | None, times: int) -> None:
        written = self.units.written + self.units.indexed
        super()._bill(write, before, times)
        place = "activity" if write.key.table is kept.Table.ACTIVITY else "others"
        self.by_place[place] += self.units.written + self.units.indexed - written


@cache
def town() -> Sequence[dict[str, Any]]:
    """Two days of a small town, without the facts that open its accounts."""
    facts = live_in_town(5, customers=CUSTOMERS, days=DAYS).facts
    return [fact for fact in facts if not fact["type"].startswith("account.")]


def tabulate() -> Table:
    """A row for each figure of one fact, with a column for each size of a batch."""
    counts = {size: count(size) for size in SIZES}
    rows = [(name, *(f"{counts[size][name]:.2f}" for size in SIZES)) for name in counts[SIZES[0]]]
    rows.append((_RATE, *(f"{max(time_batches(size) for _ in range(TRIES)):,.0f}" for size in SIZES)))
    head = ("of one fact, in a batch of", *(f"{size:,}" for size in SIZES))
    return Table(head, rows, figures=rows)


def count(size: int) -> dict[str, float]:
    """Requests and units of a fact, by their names in the table."""
    ctx = _open(_Meter(MemoryStore(VirtualClock(_now()))))
    store = ctx.store
    assert isinstance(store, _Meter)
    reads, writes, units = store.reads, store.transactions, store.units.read
    store.by_place.clear()
    _take_in(ctx, size, at_once=1)
    facts = len(town())
    found = {_READS: (store.reads - reads) / facts, _WRITES: (store.transactions - writes) / facts}
    found |= {said: store.by_place[place] / facts for place, said in _UNITS.items()}
    return found | {_READ_UNITS: (store.units.read - units) / facts}


def time_batches(size: int) -> float:
    """Facts in a second of the processor, with the function's own client and threads."""
    with run_stub("benchmarks.stub_tables") as endpoint:
        service = DirectService(
            "dynamodb",
            region=REGION,
            endpoint=endpoint,
            credentials=EnvironmentCredentials(SETTINGS),
            connect_timeout_s=1.0,
            read_timeout_s=5.0,
            environment=SETTINGS,
        )
        names = TableNames({table: table.value for table in kept.Table})
        ctx = _open(DynamoStore(service, names))
        began = time.process_time()
        _take_in(ctx, size, at_once=AT_ONCE)
        return len(town()) / (time.process_time() - began)


def _open(store: kept.Store) -> Context:
    """A context in which the accounts of the town are open."""
    ctx = context(store, now=_now())
    accounts, at = sorted({fact["subject"] for fact in town()}), town()[0]["time"]
    for some in batched(accounts, OPENED_AT_ONCE, strict=False):
        opened = [event(_OPENED, _NO_POINTS, subject=account, id=f"open-{account}", time=at) for account in some]
        _require_all_taken(take_in(sqs_of(opened), ctx))
    return ctx


def _take_in(ctx: Context, size: int, *, at_once: int) -> None:
    for some in batched(town(), size, strict=False):
        _require_all_taken(take_in(sqs_of(some), ctx, at_once=at_once))


def _require_all_taken(answer: Mapping[str, Sequence[object]]) -> None:
    if answer["batchItemFailures"]:
        raise RuntimeError("a fact of the town was not taken in")


def _now() -> datetime:
    return datetime.fromisoformat(town()[-1]["time"]) + timedelta(seconds=1)


# ---------------------------------------------------------------- what so many facts a second need


@dataclass(frozen=True, slots=True)
class Plan:
    """The needs of a rate of facts, with batches of `batch` facts. Units are of a second, dollars of a month."""

    rate: int
    batch: int
    batch_s: float
    """Seconds of a run of the function for one batch."""
    runs: int
    """Runs at once, at twice the mean."""
    units: Mapping[str, float]
    """Write units a second, by their place."""
    read_units: float
    cost: float


def plan(rate: int, batch: int, found: Mapping[str, float]) -> Plan:
    """The needs of a rate; `found` are the figures of a fact in such a batch, by their names in the table."""
    memory_mb = properties("WalletEventsFunction")["MemorySize"]
    processor_s = batch / found[_RATE] * CORE_MB / memory_mb
    # Transactions of accounts go beside each other. The few requests with rows for the scan are counted as if they did.
    waits_s = batch * (found[_READS] + found[_WRITES] / AT_ONCE) * ROUND_TRIP_S
    batch_s = processor_s + waits_s
    units = {place: rate * found[said] for place, said in _UNITS.items()}
    million, month = 1_000_000, rate * MONTH_S
    dollars = (
        sum(units.values()) * MONTH_S / million * PRICES["a million write units"]
        + month * found[_READ_UNITS] / million * PRICES["a million read units"]
        + month / batch * batch_s * memory_mb / 1024 * PRICES["a GB-second of Lambda on arm64"]
        + month / batch / million * PRICES["a million calls of Lambda"]
    )
    return Plan(
        rate, batch, batch_s, math.ceil(rate * PEAK * batch_s / batch), units, rate * found[_READ_UNITS], dollars
    )


def tabulate_plans(page: str) -> Table:
    """A column for each rate, from what the page tells of a fact."""
    plans = read_plans(page)
    rows = [
        ("facts of a batch (`FactBatchSize`)", *(f"{one.batch:,}" for one in plans)),
        ("seconds of a run", *(f"{one.batch_s:.2f}" for one in plans)),
        ("runs at once, at twice the mean (`FactConcurrency`)", *(f"{one.runs:,}" for one in plans)),
        ("facts in flight of SQS, at twice the mean", *(f"{one.runs * one.batch:,}" for one in plans)),
        *((f"{said}, a second", *(f"{one.units[place]:,.0f}" for one in plans)) for place, said in _UNITS.items()),
        ("read units, a second", *(f"{one.read_units:,.0f}" for one in plans)),
        ("DynamoDB and Lambda, $ a month", *(f"{one.cost:,.0f}" for one in plans)),
    ]
    return Table(("facts a second", *(f"{rate:,}" for rate in RATES)), rows)


def read_plans(page: str) -> list[Plan]:
    """The plan of each rate, with the template's size of a batch."""
    batch = default_of("FactBatchSize")
    return [plan(rate, batch, _read(page, batch)) for rate in RATES]


def read_rate(page: str) -> float:
    """Facts in a second of the processor that the page tells, with the template's size of a batch."""
    return _read(page, default_of("FactBatchSize"))[_RATE]


def default_of(parameter: str) -> int:
    """The default of a number among the template's parameters."""
    return int(cloudformation()["Parameters"][parameter]["Default"])


def _read(page: str, batch: int) -> dict[str, float]:
    """The figures of a fact in such a batch, by their names in the table."""
    place = SIZES.index(batch)
    return {name: float(cells[place].replace(",", "")) for name, cells in read_rows(take(page, NAME)).items()}
