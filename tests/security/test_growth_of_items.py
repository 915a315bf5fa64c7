"""Somebody who may act goes on and on, or a wallet answers nothing: no stored item grows without a bound."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.kit.actor import FactorKind
from hotline.kit.store import Table
from hotline.lockout import service as lockout
from hotline.lockout.model import DecisionKind, LockState
from hotline.lockout.registers import OPENINGS_MAX
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import PHONE, ApiWorld
from tests.support.lock_desk import ACCOUNT, NOON, Desk, failures, minutes
from tests.support.phone import Phone

LOCK, ATTEMPTS = lockout.lock_keys(ACCOUNT)
LOCK_BYTES_MAX = 4_096
"""`#LOCK` is read by every step; one read unit holds 4 KB."""
ROUNDS = 1_500


@pytest.fixture
def desk() -> Desk:
    clock = VirtualClock(NOON)
    return Desk(MemoryStore(clock), clock)


def bytes_of(desk: Desk) -> int:
    return len(str(desk.store.get(LOCK)).encode())


def test_fifteen_hundred_pauses_and_their_ends_leave_the_lock_as_small_as_ten_while_the_wallet_is_silent(
    desk: Desk,
) -> None:
    actor = desk.caller(FactorKind.SMS)
    sizes = []
    for _ in range(ROUNDS):
        assert desk.pause(ACCOUNT, actor=actor) == (ACCOUNT,)
        assert desk.act(lockout.contribute_end_pause, actor=actor) == "ASKED"
        sizes.append(bytes_of(desk))
    assert max(sizes[10:]) <= max(sizes[:10]) + 32
    assert desk.view().state is LockState.PAUSED
    assert desk.view().asked is DecisionKind.END_PAUSE


def test_hundreds_of_freezes_and_their_ends_leave_the_lock_small_while_the_wallet_is_silent(desk: Desk) -> None:
    actor = desk.caller(FactorKind.SMS, FactorKind.EMAIL)
    for _ in range(500):
        assert desk.act(lockout.contribute_freeze, actor=actor) == "ASKED"
        assert desk.act(lockout.contribute_unfreeze, actor=actor) == "ASKED"
    assert bytes_of(desk) < LOCK_BYTES_MAX
    assert desk.view().state is LockState.FROZEN
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN


def test_every_kind_of_lock_opened_over_and_over_leaves_no_more_than_one_opening_of_a_kind(desk: Desk) -> None:
    actor = desk.caller(FactorKind.SMS, FactorKind.EMAIL)
    for day in range(40):
        start = desk.clock.now()
        desk.tell(*failures(5, start, name=f"day{day}"))
        desk.clock.advance(minutes(5))
        actor = desk.caller(FactorKind.SMS, FactorKind.EMAIL)
        for contribute in (lockout.contribute_unlock, lockout.contribute_freeze, lockout.contribute_unfreeze):
            desk.act(contribute, actor=actor)
        desk.pause(ACCOUNT, actor=actor)
        desk.act(lockout.contribute_end_pause, actor=actor)
        stored = desk.store.get(LOCK)
        assert stored is not None
        kinds = [tuple(opening[1:3]) for opening in stored["opening"]]
        assert len(kinds) == len(set(kinds)) <= OPENINGS_MAX
        assert bytes_of(desk) < LOCK_BYTES_MAX
        desk.clock.advance(timedelta(hours=25))


def test_an_opening_that_takes_the_place_of_another_runs_as_long_as_the_longer_one(desk: Desk) -> None:
    """The wallet may have the first pause in force, or the second: what is told covers both."""
    actor = desk.caller(FactorKind.SMS)
    desk.pause(ACCOUNT, actor=actor)
    desk.act(lockout.contribute_end_pause, actor=actor)
    desk.clock.advance(timedelta(hours=1))
    actor = desk.caller(FactorKind.SMS)
    desk.pause(ACCOUNT, actor=actor)
    desk.act(lockout.contribute_end_pause, actor=actor)
    assert desk.view().until == NOON + timedelta(hours=25)
    first_end = next(entry for entry in desk.acknowledgements() if entry.type == "lock.released")
    desk.tell(first_end)
    assert desk.view().state is LockState.PAUSED
    desk.acknowledge()
    assert desk.view().state is LockState.OPEN


def test_ten_thousand_failed_logins_leave_a_hundred_attempts(desk: Desk) -> None:
    for round_ in range(20):
        desk.tell(*failures(500, desk.clock.now() - minutes(8), apart=timedelta(seconds=1), name=f"r{round_}"))
        desk.clock.advance(minutes(10))
    stored = desk.store.get(ATTEMPTS)
    assert stored is not None
    assert len(stored["recent"]) + len(stored["counted"]) <= 100
    assert bytes_of(desk) < LOCK_BYTES_MAX
    assert max(len(str(item)) for item in desk.store.items(Table.HOTLINE)) < 20_000  # type: ignore[attr-defined]


def largest(world: ApiWorld, prefix: str) -> int:
    store = world.ctx.store
    assert isinstance(store, MemoryStore)
    found = [item for item in store.items(Table.HOTLINE) if item["PK"].startswith(prefix)]
    return max(len(str(item).encode()) for item in found)


def test_a_call_of_hundreds_of_steps_is_stored_as_small_as_one_of_ten() -> None:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    sizes = []
    for step in range(300):
        phone.press("set_language", language=("zh-CN", "en-US")[step % 2])
        phone.press("send_code", method=("sms", "email")[step % 2], goal="look")
        phone.press("check_code", code="000000")
        phone.press("check_pin", pin="135790")
        clock.advance(timedelta(seconds=30))
        sizes.append(largest(world, "CONTACT#"))
    assert max(sizes) <= max(sizes[:10]) + 64
    assert max(sizes) < LOCK_BYTES_MAX


def test_two_months_of_codes_and_wrong_pins_leaves_counters_of_a_day() -> None:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    sizes = []
    for number in range(60):
        for hour in range(2):
            phone = Phone(world.ctx, PHONE, contact_id=f"contact-{number}-{hour}")
            phone.press("start")
            phone.press("send_code", method="sms", goal="look")
            phone.press("check_code", code="000000")
            phone.press("check_pin", pin="135790")
            clock.advance(timedelta(hours=12))
        sizes.append(largest(world, "POINT#"))
    assert max(sizes) <= max(sizes[:5]) + 64
