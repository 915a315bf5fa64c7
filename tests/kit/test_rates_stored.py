"""Rates on every store: sums over shards, and exact ones when many count at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import StrEnum
from threading import Barrier

import pytest

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, count, rate_keys, sum_window
from hotline.kit.errors import NotPossible
from hotline.kit.ids import RandomIds
from hotline.kit.store import Store, hotline_key
from hotline.kit.store.condition import Compare
from tests.support.stores import NOON

RATE = Rate("tries", FIVE_MINUTES, shards=4)
THREADS, EACH = 8, 12
LEFT = hotline_key("ACCOUNT#1", "#LEFT")


class Refusal(StrEnum):
    """The codes of a room, as far as these tests need some."""

    NOTHING_LEFT = "nothing_left"


def change(after: timedelta = timedelta()) -> Change:
    return Change(actor=System("connect", "test"), cause="test", now=NOON + after, ids=RandomIds())


def counted_at(store: Store, after: timedelta) -> int:
    return sum_window(RATE, store.batch_get(rate_keys(RATE, NOON + after)), NOON + after)


def test_counts_in_changes_are_read_as_one_sum_and_fade_out(store: Store) -> None:
    for number in range(10):
        made = change()
        made.create(hotline_key("ACCOUNT#1", f"MOVE#{number}"), {})
        count(made, RATE, by=f"chl_{number}", times=2)
        made.commit(store)
    late = change(FIVE_MINUTES)
    count(late, RATE, by="chl_late")
    late.commit(store)
    assert counted_at(store, FIVE_MINUTES - timedelta(seconds=1)) == 20
    assert counted_at(store, FIVE_MINUTES) == 21
    assert counted_at(store, FIVE_MINUTES * 1.5) == 11
    assert counted_at(store, FIVE_MINUTES * 2) == 1
    assert counted_at(store, FIVE_MINUTES * 3) == 0


@pytest.mark.parametrize("shards", [1, 8])
def test_many_threads_lose_no_count_and_count_nothing_twice(exact_store: Store, shards: int) -> None:
    rate = Rate("race", FIVE_MINUTES, shards)
    start = Barrier(THREADS)

    def run(thread: int) -> None:
        start.wait()
        for number in range(EACH):
            made = change()
            made.create(hotline_key("ACCOUNT#1", f"MOVE#{thread}#{number}"), {})
            count(made, rate, by=f"chl_{thread}_{number}")
            made.commit(exact_store)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))
    assert sum_window(rate, exact_store.batch_get(rate_keys(rate, NOON)), NOON) == THREADS * EACH


def test_a_count_rides_on_its_change_so_that_the_losers_of_a_race_are_not_counted(exact_store: Store) -> None:
    first = change()
    first.create(LEFT, {"left": 5})
    first.commit(exact_store)
    start = Barrier(THREADS)

    def take(thread: int) -> bool:
        start.wait()
        made = change()
        enough = Compare("left", ">=", 1)
        made.update(LEFT, add={"left": -1}, condition=enough, failed=lambda _: NotPossible(Refusal.NOTHING_LEFT))
        count(made, RATE, by=f"chl_{thread}")
        try:
            made.commit(exact_store)
        except NotPossible:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        won = sum(pool.map(take, range(THREADS)))
    assert counted_at(exact_store, timedelta()) == won == 5
    assert (exact_store.get(LEFT) or {})["left"] == 0
