"""The cost of each type of fact: units that DynamoDB would bill, for a fact alone and for one of ten of an account.

The account is open, and knows nothing of what the facts tell. Ten facts are about ten things, or ten versions of the
only one. They come in one message of the queue and are one transaction. Writes count tables and indexes.
The figures are counts, the same on every machine. Run with `make bench`.
"""

from __future__ import annotations

from typing import Any, Final

from functions.wallet_events.batch import take_in
from hotline.contracts.facts import FACTS
from hotline.kit.logging import logger
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore, Units
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON, event, sample_data, sqs_of
from tests.support.intake_context import context

TOGETHER: Final = 10
_OPENED: Final = "account.opened"
_NAMES: Final = ("movement_id", "refund_id", "bill_id", "attempt_id", "device_id")
"""The fields of which ten facts have ten values."""


def measure() -> dict[str, object]:
    """For each type of fact: write and read units of one alone, and of one of ten."""
    level = logger().log_level
    # A line of log for each message would stand before the figures.
    logger().setLevel("CRITICAL")
    try:
        return {name: tell_units(measure_type(name, 1), measure_type(name, TOGETHER)) for name in FACTS}
    finally:
        logger().setLevel(level)


def tell_units(alone: Units, together: Units) -> str:
    """The units of one fact alone, and of each of TOGETHER, in words."""
    each = (together.written + together.indexed) / TOGETHER, together.read / TOGETHER
    return f"{alone.written + alone.indexed} W, {alone.read:g} R; of {TOGETHER}: {each[0]:.1f} W, {each[1]:.1f} R"


def measure_type(name: str, count: int) -> Units:
    """The units of so many facts of a type in one message."""
    store = MeteredStore(MemoryStore(VirtualClock(NOON)))
    ctx = context(store)
    if name != _OPENED:
        _take_in(ctx, [event(_OPENED)])
    store.units = Units()
    _take_in(ctx, [_numbered(name, number) for number in range(1, count + 1)])
    return store.units


def _numbered(name: str, number: int) -> dict[str, Any]:
    data = sample_data(name)
    own: dict[str, Any] = {field: f"{data[field]}-{number}" for field in _NAMES if field in data}
    if not own and "version" in data:
        own["version"] = data["version"] + number
    if "movement_id" in own and "refund_id" in own:
        # Ten refunds of one payment.
        own["movement_id"] = data["movement_id"]
    return event(name, own, id=f"evt-{name}-{number}")


def _take_in(ctx: Any, facts: list[dict[str, Any]]) -> None:
    answer = take_in(sqs_of(facts), ctx)
    if answer["batchItemFailures"]:
        raise RuntimeError("a sample fact was not taken in")
