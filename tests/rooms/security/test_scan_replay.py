"""A scan that is cut off anywhere, and begun again, finds what an undisturbed one finds, once.

"The unit of commit is the account; the shard's cursor moves afterwards, so a replay is harmless."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.model import Fact
from hotline.kit.errors import HotlineError, Unavailable
from hotline.kit.store import Delete, Table
from hotline.security import activity_rows, watch_items
from hotline.security.detectors import Stream
from hotline.security.packing import unpack
from hotline_local.testing.memory_store import MemoryStore
from tests.support.lock_desk import ACCOUNT, NOON, failures, minutes
from tests.support.scan_runs import ScanWorld, chain, shard_of

pytestmark = pytest.mark.soak

NEIGHBOUR = next(name for name in (f"acct-{n}" for n in range(1000)) if shard_of(name) == shard_of())
FACTS = [
    *chain(),
    *failures(12, NOON - minutes(20)),
    *chain(NOON + minutes(3), account=NEIGHBOUR),
    *failures(4, NOON + minutes(40)),
]


def effects(store: MemoryStore) -> Counter[str]:
    """Everything that a finding sets off, whatever its ids are."""
    found: Counter[str] = Counter()
    for item in store.items(Table.HOTLINE):
        if item["SK"].startswith("FINDING#"):
            found[item["SK"]] += 1
        elif item["SK"].startswith("ENTRY#"):
            found[f"case entry {item['reason']}"] += 1
        elif item["SK"] == "#WATCH":
            found[f"{item['PK']} {unpack(item['memory'])!r}"] += 1
        elif item["SK"] == "#LOCK":
            found[f"{item['PK']} version {item['version']}"] += 1
    for item in store.items(Table.OUTBOX):
        found[f"{item['kind']} {item.get('account_id')} {item.get('point')}"] += 1
    return found


def world_with(facts: list[Fact]) -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account()
    world.desk.open_account(NEIGHBOUR)
    world.come_in(*facts, apart=timedelta(milliseconds=7))
    return world


def scan_with_small_pages(world: ScanWorld, page_rows: int) -> None:
    usual = activity_rows.PAGE_ROWS
    try:
        activity_rows.PAGE_ROWS = page_rows  # type: ignore[misc]
        world.scan()
    finally:
        activity_rows.PAGE_ROWS = usual  # type: ignore[misc]


def undisturbed(facts: list[Fact]) -> Counter[str]:
    world = world_with(facts)
    world.scan()
    return effects(world.store)


def striking(at: int) -> Callable[[str], None]:
    """Raises at the n-th call from now, once."""
    calls = iter(range(10**6))

    def strike(_: str) -> None:
        if next(calls) == at:
            raise Unavailable

    return strike


def test_the_facts_of_these_searches_bring_about_findings_of_both_rules() -> None:
    found = undisturbed(FACTS)
    assert len([name for name in found if name.startswith("FINDING#")]) == 3
    assert found["case entry reset_device_transfer"] == 2


def test_a_crash_at_every_single_point_changes_nothing() -> None:
    expected = undisturbed(FACTS)
    calls: Counter[str] = Counter()
    for side in ("before", "after"):
        point = 0
        while True:
            world = world_with(FACTS)
            setattr(world.store, side, striking(point))
            try:
                scan_with_small_pages(world, 4)
            except HotlineError:
                calls[side] += 1
            else:
                break
            setattr(world.store, side, None)
            scan_with_small_pages(world, 5)
            assert effects(world.store) == expected, (side, point)
            point += 1
    # Each page reads rows and accounts, commits accounts and moves the cursor: the search has met them all.
    assert min(calls.values()) > 20


@given(st.data())
def test_crashes_replays_duplicates_and_pages_of_any_size_find_the_same(data: Any) -> None:
    facts = data.draw(st.permutations(FACTS))
    expected = undisturbed(list(facts))
    world = world_with(list(facts))
    for _ in range(data.draw(st.integers(0, 6))):
        if data.draw(st.booleans()):
            # The cursor is lost, and everything is read again.
            world.store.transact([Delete(watch_items.cursor_key(shard_of()))], token=world.ids.new("t")[-36:])
        side = data.draw(st.sampled_from(["before", "after"]))
        setattr(world.store, side, striking(data.draw(st.integers(0, 60))))
        try:
            scan_with_small_pages(world, data.draw(st.integers(1, 30)))
        except HotlineError:
            pass
        finally:
            setattr(world.store, side, None)
    world.scan()
    assert effects(world.store) == expected
    assert world.store.get(watch_items.watch_key(Stream.ACCOUNT, ACCOUNT)) is not None
