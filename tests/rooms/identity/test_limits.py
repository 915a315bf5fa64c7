"""Limits over more than one contact point, each below, at and above its edge; and what holds while codes are slow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.identity import limits
from hotline.identity.limits import (
    CALLS,
    CALLS_PER_NUMBER_MAX,
    CODES_OF_ACCOUNT,
    STRANGERS_PART,
    WRONG_CODES,
)
from hotline.identity.policy import (
    DAY,
    QUARTER_HOUR,
    SLOW,
    USUAL,
    FactorCounters,
    after_send,
    after_wrong,
    may_send,
    tries_after_wrong,
)
from hotline.identity.ways import Way
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, rate_keys, sum_window
from hotline.kit.ids import RandomIds
from hotline.kit.limits import WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import breaker
from hotline.sessions.model import Target
from hotline_local.testing.memory_store import MemoryStore
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OWN = Way.OWN_NUMBER
TRAFFIC = TrafficLimits()
TARGET, OTHER, DECOY = Target("1#phone", "acct_1"), Target("1#mail", "acct_1"), Target("1#nobody", None)


def counts(rate: Rate, number: int) -> dict[Key, Item]:
    """The stored items when something was counted so often just now."""
    return {rate_keys(rate, NOW)[-1 - rate.shards]: {"n": number}}


def change(after: timedelta = timedelta()) -> Change:
    return Change(actor=System("connect", "test"), cause="test", now=NOW + after, ids=RandomIds())


# ---------------------------------------------------------------- wrong codes of all callers


@pytest.mark.parametrize(
    ("wrong", "slow"), [(WRONG_CODES_MAX - 1, False), (WRONG_CODES_MAX, False), (WRONG_CODES_MAX + 1, True)]
)
def test_codes_are_slow_while_wrong_ones_of_all_callers_are_more_than_the_threshold(wrong: int, slow: bool) -> None:
    assert limits.pace(counts(WRONG_CODES, wrong), NOW, OWN, TRAFFIC) is (SLOW if slow else USUAL)


@pytest.mark.parametrize(("wrong", "slow"), [(4, False), (5, False), (6, True)])
def test_an_operator_may_set_the_threshold(wrong: int, slow: bool) -> None:
    few = TrafficLimits(wrong_codes_max=5)
    assert (limits.pace(counts(WRONG_CODES, wrong), NOW, OWN, few) is SLOW) is slow


def test_codes_are_at_their_usual_pace_again_when_wrong_ones_become_fewer() -> None:
    many = counts(WRONG_CODES, 2 * WRONG_CODES_MAX)
    assert limits.pace(many, NOW + 1.5 * FIVE_MINUTES - timedelta(milliseconds=1), OWN, TRAFFIC) is SLOW
    assert limits.pace(many, NOW + 1.5 * FIVE_MINUTES, OWN, TRAFFIC) is USUAL


def slow_after(number: int, *ways: Way) -> set[Way]:
    """The ways that are slow after so many wrong codes, which came by these ways in turn."""
    store = MemoryStore()
    for place in range(number):
        made = change()
        limits.count_wrong_code(made, f"chl_{place}", ways[place % len(ways)])
        made.commit(store)
    read = store.batch_get(limits.wrong_code_keys(NOW))
    return {way for way in Way if limits.pace(read, NOW, way, TRAFFIC) is SLOW}


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_wrong_codes_by_owners_ways_are_one_sum(off: int) -> None:
    slow = slow_after(WRONG_CODES_MAX + off, Way.APP, Way.PROVED)
    assert slow == ({Way.APP, Way.PROVED, Way.OWN_NUMBER} if off > 0 else set())


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_wrong_codes_from_numbers_that_can_be_faked_slow_such_calls_only(off: int) -> None:
    assert slow_after(WRONG_CODES_MAX + off, Way.OWN_NUMBER) == ({Way.OWN_NUMBER} if off > 0 else set())
    mixed = slow_after(WRONG_CODES_MAX + off, Way.OWN_NUMBER, Way.APP)
    assert mixed == ({Way.OWN_NUMBER} if off > 0 else set())


@sweep("way", [Way.RECOVERY, Way.OTHER_NUMBER])
@sweep("off", [-1, 0, 1])
def test_strangers_are_slow_above_a_third_of_the_threshold_and_slow_nobody_else(way: Way, off: int) -> None:
    store, most = MemoryStore(), WRONG_CODES_MAX // STRANGERS_PART
    for number in range(most + off):
        made = change()
        limits.count_wrong_code(made, f"chl_{number}", way)
        made.commit(store)
    read = store.batch_get(limits.wrong_code_keys(NOW))
    slow = {other for other in Way if limits.pace(read, NOW, other, TRAFFIC) is SLOW}
    assert slow == ({way} if off > 0 else set())


@pytest.mark.parametrize(
    ("ago", "may"),
    [(QUARTER_HOUR - timedelta(milliseconds=1), False), (QUARTER_HOUR, True), (QUARTER_HOUR * 2, True)],
)
def test_a_slow_contact_point_gets_one_code_in_a_quarter_of_an_hour(ago: timedelta, may: bool) -> None:
    counters = after_send(FactorCounters(), NOW - ago)
    assert may_send(counters, NOW, SLOW) is may
    assert may_send(counters, NOW, USUAL)


@pytest.mark.parametrize(("wrong", "may"), [(1, True), (2, False), (3, False)])
def test_a_slow_contact_point_gets_no_code_after_two_wrong_ones_in_a_day(wrong: int, may: bool) -> None:
    counters = FactorCounters()
    for _ in range(wrong):
        counters = after_wrong(counters, NOW)
    assert may_send(counters, NOW + timedelta(hours=23), SLOW) is may
    assert may_send(counters, NOW + timedelta(hours=23), USUAL)
    assert may_send(counters, NOW + DAY, SLOW)


@pytest.mark.parametrize(
    ("tries_left", "usual", "slow"),
    [(3, 2, 0), (2, 1, 1), (1, 0, 0)],
    ids=["none made yet", "told of two more", "told of one more, or slow from the start"],
)
def test_a_slow_code_has_one_try_and_who_was_told_of_more_keeps_them(tries_left: int, usual: int, slow: int) -> None:
    assert tries_after_wrong(tries_left, USUAL) == usual
    assert tries_after_wrong(tries_left, SLOW) == slow


# ---------------------------------------------------------------- codes of one account


@sweep(("rate", "most"), CODES_OF_ACCOUNT)
@sweep("target", [TARGET, OTHER, DECOY])
def test_an_account_has_so_many_codes_over_all_its_contact_points(rate: Rate, most: int, target: Target) -> None:
    owner = target.account_id or target.point
    for had, may in ((most - 1, True), (most, False), (most + 1, False)):
        assert limits.account_may_have(counts(rate.of(f"{owner}#app"), had), target, Way.APP, NOW) is may
        assert limits.account_may_have(counts(rate.of(f"{owner}#app"), had), target, Way.OWN_NUMBER, NOW)
    assert limits.account_may_have(counts(rate.of("somebody else#app"), most), target, Way.APP, NOW)


def test_codes_to_two_points_of_one_account_are_one_sum() -> None:
    store = MemoryStore()
    most = CODES_OF_ACCOUNT[0][1]
    for number in range(most):
        made = change()
        limits.count_code(made, TARGET if number % 2 else OTHER, Way.APP)
        made.commit(store)
    read = store.batch_get(limits.code_keys(TARGET, Way.APP, NOW))
    assert not limits.account_may_have(read, OTHER, Way.APP, NOW)
    assert not limits.account_may_have(read, TARGET, Way.APP, NOW)
    assert limits.account_may_have(store.batch_get(limits.code_keys(DECOY, Way.APP, NOW)), DECOY, Way.APP, NOW)


def test_a_code_that_never_left_the_house_is_taken_back_where_it_was_counted() -> None:
    store = MemoryStore()
    for number in range(2):
        made = change(number * QUARTER_HOUR)
        limits.count_code(made, TARGET, Way.APP)
        made.commit(store)
    made = change(QUARTER_HOUR)
    limits.take_code_back(made, TARGET, Way.APP, sent_at=NOW)
    made.commit(store)
    owner = [rate.of(f"{TARGET.account_id}#app") for rate, _ in CODES_OF_ACCOUNT]
    for at, expected in ((NOW, [0, 1]), (NOW + QUARTER_HOUR, [1, 1])):
        read = store.batch_get([key for rate in owner for key in rate_keys(rate, at)])
        assert [sum_window(rate, read, at) for rate in owner] == expected


# ---------------------------------------------------------------- calls from one number


@pytest.mark.parametrize(
    ("calls", "often"),
    [(CALLS_PER_NUMBER_MAX - 1, False), (CALLS_PER_NUMBER_MAX, True), (CALLS_PER_NUMBER_MAX + 1, True)],
)
def test_a_number_has_called_often_when_it_called_as_often_as_it_may(calls: int, often: bool) -> None:
    assert limits.calls_often(counts(CALLS.of("1#phone"), calls), "1#phone", NOW) is often
    assert not limits.calls_often(counts(CALLS.of("1#phone"), calls), "1#other", NOW)


def test_calls_are_forgotten_within_two_hours() -> None:
    store = MemoryStore()
    for number in range(CALLS_PER_NUMBER_MAX):
        made = change()
        limits.count_call(made, "1#phone", f"contact-{number}")
        made.commit(store)
    for after, often in ((timedelta(), True), (timedelta(hours=1.5), False), (timedelta(hours=2), False)):
        now = NOW + after
        assert limits.calls_often(store.batch_get(limits.call_keys("1#phone", now)), "1#phone", now) is often


# ---------------------------------------------------------------- pauses without a factor


@pytest.mark.parametrize(("pauses", "is_open"), [(49, False), (50, False), (51, True)])
def test_the_breaker_opens_above_fifty_pauses_without_a_factor(pauses: int, is_open: bool) -> None:
    assert breaker.PAUSES_WITHOUT_FACTOR_MAX == 50
    assert breaker.is_open(counts(breaker.PAUSES, pauses), NOW) is is_open


def test_the_breaker_closes_by_itself_when_pauses_become_fewer() -> None:
    many = counts(breaker.PAUSES, 100)
    assert breaker.is_open(many, NOW + 1.5 * FIVE_MINUTES - timedelta(seconds=3))
    assert not breaker.is_open(many, NOW + 1.5 * FIVE_MINUTES)


def test_a_call_that_pauses_nobody_counts_nothing() -> None:
    made = change()
    breaker.count_pauses(made, 0, by="contact-1")
    assert len(made) == 0
    breaker.count_pauses(made, 5, by="contact-1")
    assert len(made) == 1
