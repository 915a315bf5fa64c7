"""The cost of each type of fact: units that DynamoDB would bill and own time, for a fact alone and in batches.

The account is open, and knows nothing of what the facts tell. The facts of a batch are about as many things, or are as
many versions of the only one. They come in one batch of the queue. Writes count tables and indexes. Units are counts,
the same on every machine. Facts a second are those of one core that does nothing else, with the store in memory. Run
with `make bench`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.tables import Table
from functions.wallet_events.batch import take_in
from hotline.contracts.facts import FACTS
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore, Units
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON, event, sample_data, sqs_of
from tests.support.intake_context import context

TOGETHER: Final = 10
BATCHES: Final = (1, TOGETHER, 100)
"""Facts of one account in a batch."""
TRIES: Final = 3
"""The least time of so many batches counts."""
_OPENED: Final = "account.opened"
_NAMES: Final = ("movement_id", "refund_id", "bill_id", "attempt_id", "device_id")
"""The fields of which many facts have as many values."""


def tabulate() -> Table:
    """A row for each type: write and read units of a fact by the size of its batch, and facts a second."""
    rows = []
    for name in FACTS:
        units = [measure_type(name, count) for count in BATCHES]
        seconds = [min(time_type(name, count) for _ in range(TRIES)) for count in BATCHES]
        rates = [f"{count / taken:,.0f}" for count, taken in zip(BATCHES, seconds, strict=True)]
        rows.append((name, *tell_units(units), *rates))
    units_of = [f"units of 1 in {count}" if count > 1 else "units of 1" for count in BATCHES]
    head = ("fact", *units_of, *(f"facts/s, {count}" for count in BATCHES))
    return Table(head, rows, "Units are write units, then read units.", rows)


def tell_units(units: Sequence[Units]) -> list[str]:
    """The units of one fact of each batch, in words."""
    return [
        f"{(one.written + one.indexed) / count:.1f} W, {one.read / count:.1f} R"
        for count, one in zip(BATCHES, units, strict=True)
    ]


def measure_type(name: str, count: int) -> Units:
    """The units of so many facts of a type in one batch."""
    return _measure(name, count)[0]


def time_type(name: str, count: int) -> float:
    """Seconds of the processor for so many facts of a type in one batch."""
    return _measure(name, count)[1]


def _measure(name: str, count: int) -> tuple[Units, float]:
    store = MeteredStore(MemoryStore(VirtualClock(NOON)))
    ctx = context(store)
    if name != _OPENED:
        _take_in(ctx, [event(_OPENED)])
    store.units = Units()
    facts = [_numbered(name, number) for number in range(1, count + 1)]
    began = time.process_time()
    _take_in(ctx, facts)
    return store.units, time.process_time() - began


def _numbered(name: str, number: int) -> dict[str, Any]:
    data = sample_data(name)
    own: dict[str, Any] = {field: f"{data[field]}-{number}" for field in _NAMES if field in data}
    if not own and "version" in data:
        own["version"] = data["version"] + number
    if "movement_id" in own and "refund_id" in own:
        # Many refunds of one payment.
        own["movement_id"] = data["movement_id"]
    return event(name, own, id=f"evt-{name}-{number}")


def _take_in(ctx: Any, facts: list[dict[str, Any]]) -> None:
    answer = take_in(sqs_of(facts), ctx)
    if answer["batchItemFailures"]:
        raise RuntimeError("a sample fact was not taken in")
