"""The partitions that a run of deadlines reads: few while nothing is due, and none too few after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import pytest

from functions.deadlines.partitions import LOOK_EVERY, READ_FOR, Partitions, find_partitions, look_key
from functions.deadlines.work import work_off
from hotline.kit import spread
from hotline.kit.clock import to_text
from hotline.kit.config import MalformedSetting
from hotline.kit.doors import Context
from hotline.kit.due import due_attributes
from hotline.kit.errors import Unavailable
from hotline.kit.outbox import entry_item, entry_key
from hotline.kit.spread import PARTITIONS_DEFAULT, PARTITIONS_MAX, partition_count, partition_name
from hotline.kit.store import Delete, Index, Put, Query, Table, hotline_key
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import NOON
from tests.support.outbox_entries import message

MINUTE: Final = timedelta(minutes=1)
MS: Final = timedelta(milliseconds=1)
NEW: Final = tuple(range(PARTITIONS_DEFAULT))
EVERY: Final = Partitions(tuple(range(PARTITIONS_MAX[Index.DUE])), tuple(range(PARTITIONS_MAX[Index.PENDING])))
QUIET: Final = Partitions(NEW, NEW)
OLD: Final = 37
"""A partition of the first release."""


@dataclass(slots=True)
class Queue:
    """A queue that takes everything."""

    bodies: list[str] = field(default_factory=list)

    def send(self, bodies: Sequence[str]) -> None:
        self.bodies += bodies


@dataclass(slots=True)
class Runs:
    """The function that runs each minute, on a store."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)

    @property
    def ctx(self) -> Context:
        return Context(store=self.store, clock=self.clock, ids=SeededIds(1))

    def find(self, at: datetime) -> Partitions:
        self.clock.instant = at
        return find_partitions(self.ctx, at_once=1)

    def run(self, at: datetime) -> int:
        """One run; how many items were found to be due, and entries left behind."""
        self.clock.instant = at
        queue = Queue()
        summary = work_off(self.ctx, at, {"message": queue, "bus": queue}, at_once=1)
        return summary.due + summary.redriven

    def settle(self) -> datetime:
        """A run each hour until only the partitions of new items are read; gives the time of the last one."""
        at = NOON
        while self.find(at) != QUIET:
            at += LOOK_EVERY
        return at

    def put(self, number: int, *, name: str = "late", due_at: datetime = NOON) -> None:
        """An item in a partition that new ones are not spread over."""
        item = due_attributes(name, due_at) | {"due_pk": partition_name(Index.DUE, number)}
        self.store.transact([Put(hotline_key(f"ACCOUNT#{name}", "#UNKNOWN"), item)], token=f"put-{name}-{number}")

    def remove(self, name: str = "late") -> None:
        self.store.transact([Delete(hotline_key(f"ACCOUNT#{name}", "#UNKNOWN"))], token=f"remove-{name}")


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def spread_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Set the number of partitions for new items."""

    def set_number(number: str) -> None:
        monkeypatch.setenv(spread.SETTING, number)
        spread._read_setting.cache_clear()

    yield set_number
    monkeypatch.delenv(spread.SETTING, raising=False)
    spread._read_setting.cache_clear()


def test_an_idle_run_reads_one_item_and_the_partitions_of_new_items(runs: Runs) -> None:
    at = runs.settle()
    for minute in range(1, 60):
        before = runs.store.reads, runs.store.transactions
        assert runs.run(at + minute * MINUTE) == 0
        assert runs.store.reads - before[0] == 1 + 2 * PARTITIONS_DEFAULT == 9
        assert runs.store.transactions == before[1]


def test_once_an_hour_a_run_looks_into_all_partitions(runs: Runs) -> None:
    at = runs.settle()
    for after, reads in ((LOOK_EVERY - MS, 9), (LOOK_EVERY, 1 + 64 + 16), (LOOK_EVERY + MINUTE, 9)):
        before = runs.store.reads
        assert runs.run(at + after) == 0
        assert runs.store.reads - before == reads


def test_all_partitions_are_read_for_a_day_from_the_first_run_on(runs: Runs) -> None:
    runs.put(OLD)
    assert runs.run(NOON) == 1
    runs.remove()
    for at in (NOON + MINUTE, NOON + LOOK_EVERY, NOON + READ_FOR - MS):
        assert runs.find(at) == EVERY
    # The look of a later hour finds that a day is over.
    assert runs.find(NOON + READ_FOR + LOOK_EVERY) == QUIET


def test_an_item_that_an_older_deployment_writes_within_the_day_is_due_in_time(runs: Runs) -> None:
    assert runs.run(NOON) == 0
    assert runs.run(NOON + LOOK_EVERY) == 0
    at = NOON + READ_FOR - MINUTE
    assert runs.run(at - MINUTE) == 0
    runs.put(OLD, due_at=at)
    assert runs.run(at) == 1


def test_a_partition_is_read_each_minute_as_long_as_it_holds_something_and_a_day_more(runs: Runs) -> None:
    month = timedelta(days=30)
    runs.put(OLD, due_at=NOON + month)
    at = NOON
    while at < NOON + timedelta(days=3):
        found = runs.find(at)
        at += LOOK_EVERY
    assert found == Partitions((*NEW, OLD), NEW)
    assert runs.run(NOON + month - MINUTE) == 0
    assert runs.run(NOON + month) == 1
    runs.remove()
    assert runs.find(NOON + month + READ_FOR - LOOK_EVERY).due == (*NEW, OLD)
    assert runs.find(NOON + month + READ_FOR + LOOK_EVERY) == QUIET


def test_an_entry_in_an_older_partition_goes_out(runs: Runs) -> None:
    entry = entry_item(message("out_m"), created_at=NOON) | {"pending_pk": partition_name(Index.PENDING, 13)}
    runs.store.transact([Put(entry_key("out_m"), entry)], token="entry")
    assert runs.run(NOON + 2 * MINUTE) == 1


def test_an_item_in_a_partition_that_is_not_read_waits_an_hour_at_most(runs: Runs) -> None:
    at = runs.settle()
    runs.put(OLD, due_at=at)
    assert runs.run(at + LOOK_EVERY - MS) == 0
    assert runs.run(at + LOOK_EVERY) == 1
    assert runs.run(at + LOOK_EVERY + MINUTE) == 1


def test_another_number_of_partitions_has_all_of_them_read_for_a_day(
    runs: Runs, spread_over: Callable[[str], None]
) -> None:
    spread_over("16")
    at = NOON
    while len(runs.find(at).due) != 16:
        at += LOOK_EVERY
    spread_over("4")
    runs.put(11, due_at=at + MINUTE)
    assert runs.run(at + MINUTE) == 1
    assert runs.find(at + MINUTE) == EVERY
    spread_over("8")
    assert runs.find(at + 2 * MINUTE) == EVERY


def test_a_look_that_cannot_be_remembered_is_taken_again(runs: Runs) -> None:
    def down(name: str) -> None:
        if name == "write_alone":
            raise Unavailable

    runs.store.before = down
    runs.put(OLD)
    assert runs.run(NOON) == 1
    assert runs.run(NOON + MINUTE) == 1
    assert runs.store.get(look_key()) is None
    runs.store.before = None
    assert runs.find(NOON + 2 * MINUTE) == EVERY
    assert runs.store.get(look_key()) is not None


def test_of_two_runs_that_look_at_once_one_is_remembered_and_neither_forgets(runs: Runs) -> None:
    at = runs.settle() + LOOK_EVERY
    other: list[Partitions] = []

    def meanwhile(name: str) -> None:
        if name == "write_alone":
            runs.store.before = None
            runs.put(OLD)
            other.append(runs.find(at))

    runs.store.before = meanwhile
    assert runs.find(at) == QUIET
    assert other == [Partitions((*NEW, OLD), NEW)]
    assert runs.find(at + MINUTE) == Partitions((*NEW, OLD), NEW)


def test_a_clock_that_goes_back_only_looks_again(runs: Runs) -> None:
    at = runs.settle()
    runs.put(OLD, due_at=at - LOOK_EVERY)
    assert runs.run(at - MINUTE) == 1


APART: Final = (MS, timedelta(seconds=1), MINUTE / 2, LOOK_EVERY, 2 * READ_FOR)


@pytest.mark.parametrize("put_after", [0, 1, 30, 59])
@pytest.mark.parametrize("ahead", [timedelta(), *APART, *(-one for one in APART)])
@pytest.mark.parametrize("stays", [True, False])
def test_clocks_that_differ_delay_an_item_by_an_hour_at_most(
    runs: Runs, ahead: timedelta, put_after: int, *, stays: bool
) -> None:
    """Two functions run each minute, one of them while the other one remembers its look. `stays`: both go on until the
    end, or the one with the other clock ends as the item comes."""
    settled = runs.settle()
    found: list[int] = []

    def run_all(minute: int, *, both: bool) -> None:
        at = settled + minute * MINUTE
        seen: list[Partitions] = []

        def meanwhile(name: str) -> None:
            if name == "write_alone":
                runs.store.before = None
                seen.append(runs.find(at + ahead))

        runs.store.before = meanwhile if both else None
        seen.append(runs.find(at))
        runs.store.before = None
        if both:
            seen.append(runs.find(at + ahead))
        if any(OLD in partitions.due for partitions in seen):
            found.append(minute)

    for minute in range(1, 130):
        if minute == 1 + put_after:
            runs.put(OLD)
        run_all(minute, both=stays or minute < 1 + put_after)
    assert 0 <= found[0] - (1 + put_after) <= LOOK_EVERY / MINUTE
    # From then on it is read in every minute.
    assert found == [*range(found[0], 130)]


@pytest.mark.parametrize("behind", [MS, LOOK_EVERY, -LOOK_EVERY])
@pytest.mark.parametrize(("first", "second"), [("4", "16"), ("16", "4")])
def test_two_looks_of_one_millisecond_for_other_numbers_of_partitions_leave_all_to_be_read(
    runs: Runs, spread_over: Callable[[str], None], first: str, second: str, behind: timedelta
) -> None:
    """Functions of two deployments. The second one writes a look that the first one takes for that which it has read,
    since both have one time."""
    spread_over(first)
    at = NOON
    while runs.find(at) == EVERY:
        at += LOOK_EVERY

    looked: list[Partitions] = []

    def meanwhile(name: str) -> None:
        if name == "write_alone":
            runs.store.before = None
            spread_over(second)
            looked.append(runs.find(at))
            spread_over(first)

    runs.store.before = meanwhile
    runs.find(at - behind)
    assert looked == [EVERY]
    for number in (second, first):
        spread_over(number)
        at += MINUTE
        assert runs.find(at) == EVERY


@pytest.mark.parametrize(("number", "counts"), [("", (4, 4)), ("1", (1, 1)), ("16", (16, 16)), ("64", (64, 16))])
def test_new_items_are_spread_over_as_many_partitions_as_the_setting_says(
    number: str, counts: tuple[int, int], spread_over: Callable[[str], None]
) -> None:
    spread_over(number)
    assert (partition_count(Index.DUE), partition_count(Index.PENDING)) == counts
    owners = [f"acct_{n}" for n in range(2_000)]
    assert len({due_attributes(owner, NOON)["due_pk"] for owner in owners}) == counts[0]
    entries = {entry_item(message(owner), created_at=NOON)["pending_pk"] for owner in owners}
    assert len(entries) == counts[1]


@pytest.mark.parametrize("number", ["0", "65", "four"])
def test_a_number_of_partitions_that_cannot_be_is_an_error_of_deployment(
    number: str, spread_over: Callable[[str], None]
) -> None:
    spread_over(number)
    with pytest.raises(MalformedSetting):
        due_attributes("acct_1", NOON)


def test_a_look_that_saw_nothing_remembers_nothing(runs: Runs) -> None:
    at = runs.settle()
    item = runs.store.get(look_key())
    assert item is not None
    assert (item["seen"], item["looked_at"]) == ({}, to_text(at))
    assert runs.store.query(Query(Table.HOTLINE, look_key().pk)).items == [item]
