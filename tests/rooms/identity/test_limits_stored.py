"""Limits over all callers on every store: the phone's own steps count, and many calls at once lose no count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

from hotline.contracts.model import PointKind
from hotline.identity import code_messages, limits
from hotline.identity.ways import Way
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.counts.rates import Rate, rate_keys, sum_window
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.keyring import Keyring
from hotline.kit.limits import WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import Store
from hotline.lockout import breaker
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, give, opened
from tests.support.stores import NOON

CALLERS, WRONG_EACH = 8, 3
RING = Keyring("1", {"1": b"k" * 32})


def ctx_on(store: Store, *, wrong_codes_max: int = WRONG_CODES_MAX) -> Context:
    """A phone on this store, with ids that no other test has: tokens of requests are remembered there."""
    limits = TrafficLimits(wrong_codes_max=wrong_codes_max)
    return replace(context(store, VirtualClock(NOON)), ids=RandomIds(), limits=limits)


def number(place: int) -> str:
    return f"+861370000{place:04}"


def household(ctx: Context, size: int) -> None:
    at = NOON - timedelta(days=365)
    give(ctx, [opened(f"acct-{place}", (PointKind.PHONE, number(place)), at=at) for place in range(size)])


def guessing(ctx: Context, place: int) -> list[str]:
    """A caller who enters three wrong codes."""
    phone = Phone(ctx, number(place), f"contact-{place}")
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    wrong = f"{(int(phone.code) + 1) % 10**6:06d}"
    return [phone.press("check_code", code=wrong)["outcome"] for _ in range(WRONG_EACH)]


def total(store: Store, rate: Rate) -> int:
    return sum_window(rate, store.batch_get(rate_keys(rate, NOON)), NOON)


def test_wrong_codes_slow_the_next_caller_down(store: Store) -> None:
    ctx = ctx_on(store, wrong_codes_max=2)
    household(ctx, 2)
    assert guessing(ctx, 0) == ["WRONG", "WRONG", "SPENT"]
    assert total(store, limits.wrong_codes(Way.OWN_NUMBER)) == 3
    assert guessing(ctx, 1) == ["SPENT", "SPENT", "SPENT"], "one try, and none after it"
    assert total(store, limits.wrong_codes(Way.OWN_NUMBER)) == 4


def test_wrong_codes_of_many_calls_at_once_are_counted_exactly(exact_store: Store) -> None:
    ctx = ctx_on(exact_store, wrong_codes_max=CALLERS * WRONG_EACH)
    household(ctx, CALLERS)
    begin = Barrier(CALLERS)

    def run(place: int) -> list[str]:
        begin.wait()
        return guessing(ctx, place)

    with ThreadPoolExecutor(CALLERS) as pool:
        outcomes = list(pool.map(run, range(CALLERS)))
    assert outcomes == [["WRONG", "WRONG", "SPENT"]] * CALLERS
    assert total(exact_store, limits.wrong_codes(Way.OWN_NUMBER)) == CALLERS * WRONG_EACH


def test_pauses_of_many_calls_at_once_are_counted_exactly(exact_store: Store) -> None:
    ctx = ctx_on(exact_store)
    household(ctx, CALLERS)
    begin = Barrier(CALLERS)

    def run(place: int) -> str:
        phone = Phone(ctx, number(place), f"contact-{place}")
        phone.press("start")
        begin.wait()
        return phone.press("pause")["outcome"]

    with ThreadPoolExecutor(CALLERS) as pool:
        assert list(pool.map(run, range(CALLERS))) == ["ASKED"] * CALLERS
    assert total(exact_store, breaker.PAUSES) == CALLERS


def test_calls_of_one_number_at_once_are_counted_exactly(exact_store: Store) -> None:
    ctx = ctx_on(exact_store)
    begin = Barrier(CALLERS)

    def run(place: int) -> str:
        begin.wait()
        return Phone(ctx, number(0), f"contact-{place}").press("start")["outcome"]

    with ThreadPoolExecutor(CALLERS) as pool:
        assert list(pool.map(run, range(CALLERS))) == ["UNKNOWN"] * CALLERS
    point = Phone(ctx, number(0), "contact-0").state.calling
    assert point is not None
    assert total(exact_store, limits.CALLS.of(point.point)) == CALLERS


def test_code_messages_are_counted_by_prefix_and_in_all(store: Store) -> None:
    for place, phone in enumerate(("+8613800000001", "+8613800000002", "+447700900111")):
        change = Change(actor=System("messenger", "test"), cause="test", now=NOON, ids=RandomIds())
        way = (Way.APP, Way.RECOVERY, Way.APP)[place]
        code_messages.count_message(change, code_messages.prefix_of(phone, RING), way, by=f"out_{place}")
        change.commit(store)
    numbers = ("+8613899999999", "+447700900112", "+1202")
    rates = [code_messages.MESSAGES.of(code_messages.prefix_of(phone, RING)) for phone in numbers]
    assert [total(store, rate) for rate in rates] == [1, 1, 0]
    assert [total(store, rate.only("strangers")) for rate in rates] == [1, 0, 0]
    assert [total(store, code_messages.ALL), total(store, code_messages.ALL.only("strangers"))] == [2, 1]
