"""The cost of steps and requests of an account with 1, 100 and 10,000 payments: requests to the store, and its units.

The figures are counts, the same on every machine. A list that is read in pages costs the same however long it is. Run
with `make bench`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from typing import Final

from benchmarks.tables import Table
from hotline.contracts.model import Fact
from hotline.intake.service import fold
from hotline.kit.clock import to_text
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.facts import fact
from tests.support.phone import Phone
from tests.support.stores import NOON

SIZES: Final = (1, 100, 10_000)
FOLDED_AT_ONCE: Final = 50
STEPS: Final = ("start", "lock_status", "payments", "balance", "bills", "logins", "refunds")
ROUTES: Final = tuple(f"/v1/me/{name}" for name in ("lock", "payments", "refunds", "bills", "cases", "security"))


def tabulate(sizes: Sequence[int] = SIZES) -> Table:
    """A row for each step and route, with a column for each size."""
    found = measure(sizes)
    names = list(found[sizes[0]])
    rows = [(name, *(found[size][name] for size in sizes)) for name in names]
    return Table(("with so many payments", *(f"{size:,}" for size in sizes)), rows, "Reads, read units.", found)


def measure(sizes: Sequence[int] = SIZES) -> dict[int, dict[str, str]]:
    """Reads and read units by step or route, for each size. Sizes ascend."""
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    found: dict[int, dict[str, str]] = {}
    known = 0
    for size in sizes:
        for some in batched((_payment(number) for number in range(known, size)), FOLDED_AT_ONCE, strict=False):
            fold(world.ctx, list(some))
        known = size
        found[size] = _ask(world)
    return found


def _ask(world: ApiWorld) -> dict[str, str]:
    assert isinstance(world.ctx.store, MemoryStore)
    found = {}
    for step in STEPS:
        store = MeteredStore(world.ctx.store)
        phone = Phone(replace(world.ctx, store=store), PHONE)
        if step != "start":
            phone.press("start")
            phone.prove()
        reads, units = store.reads, store.units.read
        phone.press(step)
        found[f"step {step}"] = f"{store.reads - reads}, {store.units.read - units:g}"
    for path in ROUTES:
        store = MeteredStore(world.ctx.store)
        client = replace(world.client(ACCOUNT), ctx=replace(world.ctx, store=store))
        assert client.ask("GET", path).status == 200
        found[f"GET {path}"] = f"{store.reads}, {store.units.read:g}"
    return found


def _payment(number: int) -> Fact:
    at = NOON - timedelta(days=30) + timedelta(seconds=number)
    data = {"movement_id": f"mov-{number}", "order_no": f"DW{number:010}", "initiated_at": to_text(at)}
    return fact("payment.succeeded", data, subject=ACCOUNT, time=to_text(at), id=f"fact-{number}")
