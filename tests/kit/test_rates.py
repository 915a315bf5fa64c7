"""Rates: which keys a count is under, how the window slides, and where a counted change stands in its transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, count, find_room, rate_keys, sum_window
from hotline.kit.errors import Stale
from hotline.kit.store import BATCH_GET_KEYS_MAX, Key, Update, hotline_key
from hotline.kit.store.condition import PRESENT, Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.stores import NOON
from tests.support.sweeps import sweep

RATE = Rate("tries", FIVE_MINUTES, shards=4)
KEY = hotline_key("ACCOUNT#1", "#LOCK")
MS = timedelta(milliseconds=1)


def change(after: timedelta = timedelta()) -> Change:
    return Change(actor=System("connect", "test"), cause="test", now=NOON + after, ids=SeededIds(1))


def counts(before: int, running: int) -> dict[Key, Item]:
    """The stored items when so many were counted in the window before noon and in the one that begins at noon."""
    first, *others = rate_keys(RATE, NOON)
    found: dict[Key, Item] = {first: {"n": running}, others[-1]: {"n": before}}
    return found


def test_a_count_is_one_addition_to_a_shard_that_ends_when_no_window_needs_it() -> None:
    made = change(timedelta(seconds=299))
    count(made, RATE, by="chl_1", times=3)
    (write,) = made.writes()
    assert isinstance(write, Update)
    assert write.key in rate_keys(RATE, NOON)[:4]
    assert (write.key.pk.rpartition("#")[0], write.key.sk) == ("RATE#tries#2026-11-23T12:00:00.000Z", "COUNT")
    assert (write.set, write.add) == ({"expires_at_epoch_s": epoch_s(NOON + 2 * FIVE_MINUTES)}, {"n": 3})
    assert write.condition is None


def test_shards_of_both_windows_are_read_and_all_are_used() -> None:
    keys = rate_keys(RATE, NOON + FIVE_MINUTES - MS)
    assert len(set(keys)) == 8
    assert keys == rate_keys(RATE, NOON)
    assert rate_keys(RATE, NOON + FIVE_MINUTES)[4:] == keys[:4]
    used = set()
    for number in range(50):
        made = change()
        count(made, RATE, by=f"chl_{number}")
        used.add(made.writes()[0].key)
    assert used == set(keys[:4])


def test_rates_of_two_subjects_and_of_two_names_do_not_meet() -> None:
    keys = [rate_keys(rate, NOON) for rate in (RATE, RATE.of("a"), RATE.of("b"), Rate("other", FIVE_MINUTES, 4))]
    assert len({key for some in keys for key in some}) == 4 * 8


@sweep(
    ("after", "seen"),
    [
        (timedelta(), 10 + 7),
        (MS, 10 + 7),
        (timedelta(seconds=30), 9 + 7),
        (timedelta(seconds=30) + MS, 9 + 7),
        (timedelta(seconds=60) - MS, 9 + 7),
        (timedelta(seconds=60), 8 + 7),
        (timedelta(seconds=150), 5 + 7),
        (timedelta(seconds=300) - MS, 1 + 7),
        (timedelta(seconds=300), 7),
    ],
)
def test_the_window_before_fades_out_and_is_rounded_up(after: timedelta, seen: int) -> None:
    assert sum_window(RATE, counts(before=10, running=7), NOON + after) == seen


def test_nothing_is_counted_where_nothing_was_read() -> None:
    assert sum_window(RATE, {}, NOON) == 0


def test_a_count_merges_with_an_update_of_its_item_and_keeps_that_ones_condition() -> None:
    made = change()
    made.update(KEY, set={"a": 1}, condition=PRESENT)
    made.count(KEY, add={"n": 1}, set={"b": 2})
    assert made.writes() == [Update(KEY, {"a": 1, "b": 2}, (), {"n": 1}, PRESENT)]
    with pytest.raises(ValueError, match="same attributes"):
        made.count(KEY, add={"n": 1}, set={})


def test_an_event_that_is_not_committed_is_not_counted() -> None:
    store = MemoryStore()
    made = change()
    made.update(KEY, set={"a": 1}, condition=PRESENT)
    count(made, RATE, by="chl_1")
    with pytest.raises(Stale):
        made.commit(store)
    assert sum_window(RATE, store.batch_get(rate_keys(RATE, NOON)), NOON) == 0


def test_the_widest_rate_of_the_hotline_leaves_most_of_a_batch_to_its_step() -> None:
    assert len(rate_keys(Rate("widest", FIVE_MINUTES, shards=8), NOON)) * 5 < BATCH_GET_KEYS_MAX


@given(
    before=st.integers(0, 40),
    running=st.integers(0, 40),
    most=st.integers(1, 20),
    after_ms=st.integers(0, int(FIVE_MINUTES.total_seconds()) * 1000 - 1),
)
def test_there_is_room_from_the_instant_that_is_named_and_not_a_second_before(
    before: int, running: int, most: int, after_ms: int
) -> None:
    read, now = counts(before, running), NOON + timedelta(milliseconds=after_ms)
    room_at = find_room(RATE, read, now, most=most)
    assert sum_window(RATE, read, room_at) < most
    assert now <= room_at <= NOON + 2 * FIVE_MINUTES
    if room_at > now:
        assert sum_window(RATE, read, max(now, room_at - timedelta(seconds=1))) >= most
