"""The capacity of the scan up to 10,000 events a second, from units that are measured and prices that are listed.

Units are counted on a store in memory that bills as DynamoDB does; the facts are those of a small town. Seconds are of
the processor of this machine, all else is the same on every one. `make bench ARGS="scan --write"` puts the
tables into docs/performance.md. A test recomputes the second table from the first one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.tables import put, take
from hotline.contracts.schemas import parse
from hotline.kit.store import Key, Put, Write
from hotline.kit.store.condition import Item
from hotline.security.detectors import Stream
from hotline.security.service import activity_writes, scan_shard
from hotline_local.testing.memory_store import MemoryStore, size_of
from hotline_local.testing.metered_store import READ_BYTES, MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import KEYS
from tests.support.scan_runs import ScanWorld
from tests.support.town import live_in_town

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/performance.md"
UNITS_NAME, CAPACITY_NAME = "measured units", "capacity"
"""Its sections of the page."""
RATES: Final = (10, 100, 1_000, 10_000)
"""Events a second."""
CUSTOMERS: Final = 60
DAYS: Final = 2
WARM_DAYS: Final = 2
FULL_DAYS: Final = 40
"""After so many days nearly every account knows as many movements as its memory has room for."""
FULL_CUSTOMERS: Final = 20
"""Fewer live so long: each of them is a tenth of a second of processor a month."""
RUN_S: Final = 300
MONTH_S: Final = 30.4 * 86_400

PRICES: Final[Mapping[str, float]] = {
    "a million write units": 0.625,
    "a million read units": 0.125,
    "a GB of table a month": 0.25,
    "a GB-second of Lambda on arm64": 0.0000133334,
    "a million calls of Lambda": 0.20,
    "a million transitions of a standard state machine": 25.0,
    "a million express runs": 1.0,
}
"""List prices in US dollars, on demand, of us-east-1 as known in November 2026. Other regions have others."""
WATCH: Final = "#WATCH"
KEPT_DAYS: Final = 35
CORE_MB: Final = 1_769
"""The memory at which a function of Lambda has one whole core."""
WORKER_MB: Final = 1_769
ROUND_TRIP_S: Final = 0.006
"""One request to DynamoDB from a function, as assumed; nothing of it was measured on AWS."""
PARALLEL_WRITES: Final = 8
WATCHES_A_REQUEST: Final = 100
ROWS_A_PAGE: Final = 500
PARTITION_UNITS_A_S: Final = 1_000
PEAK: Final = 2
"""The peak by the mean, for which partitions must have room."""
WORKER_S: Final = 96
"""A worker begins no page in the last fifth of its 120 seconds."""
STREAMS: Final = len(Stream)
STEPS_A_RUN: Final = 6
STEPS_A_SHARD: Final = 3
INLINE_SHARDS_MAX: Final = 40
RUNS_A_MONTH: Final = MONTH_S / RUN_S


@dataclass(frozen=True, slots=True)
class Units:
    """The cost of one event or row."""

    rows_an_event: float
    bytes_a_row: float
    activity_units_a_row: float
    scanned_a_row: float
    watch_units_a_row: float
    full_watch_units_a_row: float
    watch_writes_a_row: float
    watch_reads_a_row: float
    subjects_a_row: float
    seconds_a_row: float


SAID: Final[Mapping[str, str]] = {
    "rows_an_event": "rows of activity that an event becomes",
    "bytes_a_row": "bytes of a row",
    "activity_units_a_row": "write units to keep a row",
    "scanned_a_row": "share of rows in streams that a rule reads",
    "watch_units_a_row": "write units of watches for a scanned row",
    "full_watch_units_a_row": "the same, once the memories of accounts are full",
    "watch_writes_a_row": "writes of watches for a scanned row",
    "watch_reads_a_row": "read units of watches for a scanned row",
    "subjects_a_row": "watches read for a scanned row",
    "seconds_a_row": "seconds of processor for a scanned row",
}
DIGITS: Final[Mapping[str, int]] = {"bytes_a_row": 0, "seconds_a_row": 6}


@dataclass(frozen=True, slots=True)
class Capacity:
    """The needs of a rate of events. Costs are US dollars a month."""

    rate: int
    shards: int
    worker_s: float
    """Seconds of a worker for one shard of one run."""
    workers: int
    activity_units_s: float
    cost_rows: float
    cost_watches: float
    cost_reads: float
    cost_storage: float
    cost_compute: float
    cost_orchestration: float

    @property
    def cost(self) -> float:
        """The whole month."""
        costs = (getattr(self, field.name) for field in fields(self) if field.name.startswith("cost_"))
        return float(sum(costs))


def measure_units() -> Units:
    """Count the units of a town's facts: two days teach the scan, the two after them are counted."""
    full = _count(FULL_DAYS, FULL_CUSTOMERS)
    return _count(WARM_DAYS, CUSTOMERS).units(full_units_a_write=full.watches.written / full.watches.writes)


def _count(warm_days: int, customers: int) -> _Total:
    facts = [fact for fact in live_in_town(3, customers=customers, days=warm_days + DAYS).facts if _is_activity(fact)]
    began = datetime.fromisoformat(facts[0]["time"])
    clock = VirtualClock(began)
    store = WatchMeter(MemoryStore(clock))
    world = ScanWorld(store, now=began)
    store.clock = clock = world.clock
    total = _Total()
    store.watches = total.watches
    at = 0
    for run in range(1, (warm_days + DAYS) * 288 + 1):
        if run == warm_days * 288 + 1:
            total = _Total()
        ends = began + timedelta(seconds=run * RUN_S)
        while at < len(facts) and (time_of := datetime.fromisoformat(facts[at]["time"])) < ends:
            clock.advance(max(timedelta(0), time_of - clock.now()))
            rows = activity_writes([parse(facts[at])], clock.now(), KEYS, shards=1)
            total.keep(store, rows)
            at += 1
        clock.advance(max(timedelta(0), ends - clock.now()))
        total.scan(store, world, ends, is_timed=run > warm_days * 288)
    return total


class WatchMeter(MeteredStore):
    """A meter that knows which units are of watches. Cursors and queries cost by the run, and not by the row."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.watches = WatchUnits()

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """See Store.batch_get."""
        before = self.units.read
        found = super().batch_get(keys)
        if all(key.sk == WATCH for key in keys):
            self.watches.read += self.units.read - before
        return found

    def _bill(self, write: Write, before: Item | None, times: int) -> None:
        units = self.units.written + self.units.indexed
        super()._bill(write, before, times)
        if write.key.sk == WATCH:
            self.watches.written += self.units.written + self.units.indexed - units
            self.watches.writes += 1


@dataclass(slots=True)
class WatchUnits:
    """Units of watches so far, and how many were written."""

    read: float = 0
    written: int = 0
    writes: int = 0


class _Total:
    """Sums over the runs that count."""

    def __init__(self) -> None:
        self.events = self.rows = self.scanned = self.bytes = self.subjects = 0
        self.kept = self.seconds = 0.0
        self.watches = WatchUnits()

    def keep(self, store: WatchMeter, rows: list[Put]) -> None:
        before = store.units.written
        store.put_all(rows)
        self.kept += store.units.written - before
        self.events += 1
        self.rows += len(rows)
        self.bytes += sum(size_of(dict(row.item)) for row in rows)

    def scan(self, store: WatchMeter, world: ScanWorld, until: datetime, *, is_timed: bool) -> None:
        store.watches = self.watches
        # One worker: threads gain nothing in memory, and their start would be counted as time of rows.
        seconds, report = _time(lambda: scan_shard(world.ctx(store), 0, until=until, workers=1))
        if is_timed:
            # A run without rows takes what a run takes anyway.
            idle, _ = _time(lambda: scan_shard(world.ctx(store), 0, until=until, workers=1))
            self.seconds += max(0.0, seconds - idle)
        self.scanned += report.rows
        self.subjects += report.subjects

    def units(self, *, full_units_a_write: float) -> Units:
        """The units of what was counted. `full_units_a_write`: what a full memory changes. How many rows bring a write
        about is the habit of the days that are counted, and of a few customers another one each week."""
        writes_a_row = self.watches.writes / self.scanned
        return Units(
            rows_an_event=self.rows / self.events,
            bytes_a_row=self.bytes / self.rows,
            activity_units_a_row=self.kept / self.rows,
            scanned_a_row=self.scanned / self.rows,
            watch_units_a_row=self.watches.written / self.scanned,
            full_watch_units_a_row=writes_a_row * full_units_a_write,
            watch_writes_a_row=writes_a_row,
            watch_reads_a_row=self.watches.read / self.scanned,
            subjects_a_row=self.subjects / self.scanned,
            seconds_a_row=self.seconds / self.scanned,
        )


def _time[Answer](work: Callable[[], Answer]) -> tuple[float, Answer]:
    began = time.process_time()
    answer = work()
    return time.process_time() - began, answer


def _is_activity(fact: Mapping[str, Any]) -> bool:
    """Facts of accounts that are opened come once in a life."""
    return not fact["type"].startswith(("account.", "refund."))


def plan(rate: int, units: Units) -> Capacity:
    """The shards, workers and costs of so many events a second."""
    rows_s = rate * units.rows_an_event
    scanned_s = rows_s * units.scanned_a_row
    scanned_run = scanned_s * RUN_S
    waits_s = (
        units.subjects_a_row / WATCHES_A_REQUEST + units.watch_writes_a_row / PARALLEL_WRITES + 1 / ROWS_A_PAGE
    ) * ROUND_TRIP_S
    row_s = units.seconds_a_row * CORE_MB / WORKER_MB + waits_s
    by_writes = rows_s * units.activity_units_a_row * PEAK / PARTITION_UNITS_A_S
    by_time = scanned_run * PEAK * row_s / WORKER_S
    shards = max(16, math.ceil(max(by_writes, by_time)))
    worker_s = scanned_run * row_s / shards
    rows_month, scanned_month = rows_s * MONTH_S, scanned_s * MONTH_S
    read_units = units.bytes_a_row / READ_BYTES + units.watch_reads_a_row
    million = 1_000_000
    idle_reads = RUNS_A_MONTH * shards * STREAMS * 1.5
    calls = RUNS_A_MONTH * shards
    is_inline = shards <= INLINE_SHARDS_MAX
    transitions = RUNS_A_MONTH * (STEPS_A_RUN + (STEPS_A_SHARD * shards if is_inline else 0))
    express = 0 if is_inline else RUNS_A_MONTH * shards
    return Capacity(
        rate=rate,
        shards=shards,
        worker_s=worker_s,
        workers=max(1, math.ceil(worker_s * shards / (RUN_S - 10) * PEAK)),
        activity_units_s=rows_s * units.activity_units_a_row,
        cost_rows=rows_month * units.activity_units_a_row / million * PRICES["a million write units"],
        cost_watches=(scanned_month * units.watch_units_a_row + calls * STREAMS * 2)
        / million
        * PRICES["a million write units"],
        cost_reads=(scanned_month * read_units + idle_reads) / million * PRICES["a million read units"],
        cost_storage=rows_s * KEPT_DAYS * 86_400 * (units.bytes_a_row + 100) / 1e9 * PRICES["a GB of table a month"],
        cost_compute=(worker_s + 0.05) * calls * WORKER_MB / 1024 * PRICES["a GB-second of Lambda on arm64"]
        + calls / million * PRICES["a million calls of Lambda"],
        cost_orchestration=transitions / million * PRICES["a million transitions of a standard state machine"]
        + express / million * PRICES["a million express runs"],
    )


def render_units(units: Units) -> str:
    """The table of units."""
    rows = [
        f"| {SAID[field.name]} | {getattr(units, field.name):.{DIGITS.get(field.name, 3)}f} |"
        for field in fields(units)
    ]
    return "\n".join(["| Unit | Measured |", "|---|---|", *rows])


def read_units(page: str) -> Units:
    """The units that the page tells."""
    told = {
        cells[1].strip(): float(cells[2])
        for line in take(page, UNITS_NAME).splitlines()
        if len(cells := line.split("|")) == 4 and cells[1].strip() in SAID.values()
    }
    return Units(**{name: told[said] for name, said in SAID.items()})


def render_capacity(units: Units) -> str:
    """The table of capacity."""
    head = "| Events a second | 0 | " + " | ".join(f"{rate:,}" for rate in RATES) + " |"
    plans = [plan(rate, units) for rate in (0, *RATES)]
    lines: list[tuple[str, list[str]]] = [
        ("shards", [f"{one.shards:,}" for one in plans]),
        ("map", ["inline" if one.shards <= INLINE_SHARDS_MAX else "distributed" for one in plans]),
        ("seconds of a worker, a shard and run", [f"{one.worker_s:.1f}" for one in plans]),
        ("workers at once, at twice the mean", [f"{one.workers:,}" for one in plans]),
        ("write units a second, rows of activity", [f"{one.activity_units_s:,.0f}" for one in plans]),
        ("rows, $ a month", [f"{one.cost_rows:,.2f}" for one in plans]),
        ("watches and cursors, $ a month", [f"{one.cost_watches:,.2f}" for one in plans]),
        ("reads, $ a month", [f"{one.cost_reads:,.2f}" for one in plans]),
        ("storage of 35 days, $ a month", [f"{one.cost_storage:,.2f}" for one in plans]),
        ("workers, $ a month", [f"{one.cost_compute:,.2f}" for one in plans]),
        ("state machine, $ a month", [f"{one.cost_orchestration:,.2f}" for one in plans]),
        ("**together, $ a month**", [f"**{one.cost:,.2f}**" for one in plans]),
        (
            "$ for a million events",
            ["-", *(f"{one.cost / (one.rate * MONTH_S) * 1_000_000:.2f}" for one in plans if one.rate)],
        ),
    ]
    rows = [f"| {name} | {' | '.join(values)} |" for name, values in lines]
    return "\n".join([head, "|---|" + "---|" * len(plans), *rows])


def write_tables(page: str, units: Units, source: str) -> str:
    """The page with both tables. The second one follows from the first, rounded as it is. `source`: by which command,
    on which machine and commit the units were measured."""
    page = put(page, UNITS_NAME, f"{render_units(units)}\n\n{source}")
    return put(page, CAPACITY_NAME, render_capacity(read_units(page)))
