"""Somebody whose contact point was the account's for an hour, or who pushes its owner's points off the list.

The time for which a point was the account's decides who is told of a change on the account, and whose token freezes it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import pytest

from hotline.accounts import service as accounts
from hotline.accounts.changes import CHANGE_WAIT
from hotline.accounts.model import Profile
from hotline.accounts.policy import (
    FORMER_POINTS_KEPT,
    NOTICE_AFTER_REMOVAL,
    PRESENT_POINTS_MAX,
    RECIPIENTS_MAX,
    REMOVED_POINTS_KEPT,
    recipients,
)
from hotline.contracts.model import ContactPointChanged, Fact, PointKind
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, EMAIL, PHONE, ApiWorld
from tests.support.phone import give, opened
from tests.support.stores import NOON

THIEF: Final = "thief@mail.example"
HOUR: Final = timedelta(hours=1)
MS: Final = timedelta(milliseconds=1)
TOKEN: Final = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")


@pytest.fixture
def world() -> ApiWorld:
    clock = VirtualClock(NOON)
    return ApiWorld(MemoryStore(clock), clock)


class Wallet:
    """The wallet of this world: it tells of contact points that come and go now."""

    def __init__(self, world: ApiWorld) -> None:
        self.world = world
        self.version = 1

    def change(self, *, old: str | None = None, new: str | None = None) -> None:
        self.version += 1
        now = self.world.clock.now()
        kind = PointKind.PHONE if (old or new or "").startswith("+") else PointKind.EMAIL
        data = ContactPointChanged(self.version, kind, old, new, now, reassigned=False)
        give(self.world.ctx, [Fact(f"point-{self.version}", "contact_point.changed", "wallet", now, ACCOUNT, data)])

    def add_and_remove(self, value: str, after: timedelta) -> None:
        self.change(new=value)
        self.world.clock.advance(after)
        self.change(old=value)


def notices(world: ApiWorld) -> dict[str, str]:
    """The notices of a new PIN, by address. Codes that are sent to prove are not among them."""
    client = world.client()
    client.prove("set_pin")
    world.postbox().work()
    pin = "620935" if world.clock.now().day % 2 else "842617"
    assert client.ask("PUT", "/v1/me/pin", body={"pin": pin}).status == 200
    post = world.postbox()
    post.work()
    return {outgoing.address: outgoing.body for outgoing in post.sent}


def profile(world: ApiWorld) -> Profile:
    found = accounts.profile_from(world.ctx.store.get(accounts.profile_key(ACCOUNT)))
    assert found is not None
    return found


def test_an_address_that_was_on_the_account_for_an_hour_is_told_nothing_when_it_is_gone(world: ApiWorld) -> None:
    Wallet(world).add_and_remove(THIEF, HOUR)
    for _ in range(2):
        told = notices(world)
        assert set(told) == {PHONE, EMAIL}
        world.clock.advance(timedelta(days=19))


def test_the_first_address_of_a_new_account_is_told_nothing_either_when_it_was_there_for_an_hour() -> None:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=NOON)])
    for version, (old, new) in enumerate(((None, THIEF), (THIEF, None)), start=2):
        clock.advance(HOUR)
        now = clock.now()
        data = ContactPointChanged(version, PointKind.EMAIL, old, new, now, reassigned=False)
        give(world.ctx, [Fact(f"first-{version}", "contact_point.changed", "wallet", now, "acct-3", data)])
    clock.advance(timedelta(days=20))
    found = accounts.profile_from(world.ctx.store.get(accounts.profile_key("acct-3")))
    assert found is not None
    assert [one.point for one in recipients(found, clock.now())] == [
        point.key for point in found.points if point.value == number
    ]


@pytest.mark.parametrize(
    ("had_for", "told"), [(CHANGE_WAIT - MS, False), (CHANGE_WAIT, True), (CHANGE_WAIT + MS, True)]
)
def test_a_removed_address_is_told_when_it_was_the_accounts_for_three_days(
    world: ApiWorld, had_for: timedelta, told: bool
) -> None:
    Wallet(world).add_and_remove("former@customer.example", had_for)
    world.clock.advance(HOUR)
    found = notices(world)
    assert ("former@customer.example" in found) is told
    assert all(TOKEN.search(body) for body in found.values())


@pytest.mark.parametrize(("edge", "told"), [(-MS, True), (timedelta(), True), (MS, False)])
def test_and_for_thirty_days_after_its_removal(world: ApiWorld, edge: timedelta, told: bool) -> None:
    wallet = Wallet(world)
    world.clock.advance(timedelta(days=10))
    wallet.change(old=EMAIL)
    world.clock.advance(NOTICE_AFTER_REMOVAL + edge)
    assert (EMAIL in notices(world)) is told


def test_time_for_which_an_address_was_not_the_accounts_counts_for_nothing(world: ApiWorld) -> None:
    wallet = Wallet(world)
    wallet.add_and_remove(THIEF, HOUR)
    world.clock.advance(timedelta(days=20))
    wallet.add_and_remove(THIEF, HOUR)
    assert set(notices(world)) == {PHONE, EMAIL}


def test_an_address_that_was_added_an_hour_ago_is_told_and_freezes_nothing(world: ApiWorld) -> None:
    Wallet(world).change(new=THIEF)
    world.clock.advance(HOUR)
    told = notices(world)
    assert set(told) == {PHONE, EMAIL, THIEF}
    assert TOKEN.search(told[THIEF]) is None
    assert TOKEN.search(told[EMAIL])
    assert "Or enter" not in told[THIEF]


def test_where_nobody_has_stood_nobody_has_a_token_and_everybody_is_told(world: ApiWorld) -> None:
    wallet = Wallet(world)
    wallet.change(old=PHONE)
    wallet.change(old=EMAIL)
    world.clock.advance(NOTICE_AFTER_REMOVAL + timedelta(days=1))
    wallet.change(new="+8613800000077")
    assert profile(world).live_points
    assert not accounts.has_somebody_to_repudiate(profile(world), world.clock.now())


def churn(wallet: Wallet, number: int, apart: timedelta) -> None:
    for place in range(number):
        wallet.add_and_remove(f"churn{place}@mail.example", apart)


@pytest.mark.parametrize("number", [REMOVED_POINTS_KEPT - 1, REMOVED_POINTS_KEPT, REMOVED_POINTS_KEPT + 1, 60])
def test_the_owners_points_are_told_however_many_others_were_added_and_removed_since(
    world: ApiWorld, number: int
) -> None:
    wallet = Wallet(world)
    wallet.change(new=THIEF)
    wallet.change(old=EMAIL)
    churn(wallet, number, timedelta(minutes=5))
    told = notices(world)
    assert {PHONE, EMAIL} <= set(told)
    assert TOKEN.search(told[EMAIL])
    assert len(profile(world).points) <= PRESENT_POINTS_MAX + REMOVED_POINTS_KEPT + FORMER_POINTS_KEPT


@pytest.mark.parametrize("number", [RECIPIENTS_MAX - 1, RECIPIENTS_MAX, RECIPIENTS_MAX + 1, 40])
def test_the_owners_points_are_told_however_many_others_are_there(world: ApiWorld, number: int) -> None:
    wallet = Wallet(world)
    for place in range(number):
        wallet.change(new=f"thief{place}@mail.example")
    wallet.change(old=EMAIL)
    told = notices(world)
    assert {PHONE, EMAIL} <= set(told)
    assert len(told) <= RECIPIENTS_MAX


def test_points_that_stood_for_four_days_do_not_push_the_owners_off(world: ApiWorld) -> None:
    wallet = Wallet(world)
    wallet.change(old=EMAIL)
    for place in range(9):
        wallet.change(new=f"thief{place}@mail.example")
    world.clock.advance(timedelta(days=4))
    for place in range(9):
        wallet.change(old=f"thief{place}@mail.example")
    for place in range(REMOVED_POINTS_KEPT + 2):
        wallet.add_and_remove(f"more{place}@mail.example", timedelta(minutes=1))
    assert {PHONE, EMAIL} <= set(notices(world))


def test_a_new_customers_first_points_are_told_and_may_repudiate(world: ApiWorld) -> None:
    told = notices(world)
    assert set(told) == {PHONE, EMAIL}
    assert all(TOKEN.search(body) for body in told.values())
