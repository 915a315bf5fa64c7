"""An account with very many contact points: no fact of it is lost, and nothing grows for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from hotline.accounts import items
from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.accounts.policy import FORMER_POINTS_KEPT, PRESENT_POINTS_MAX, REMOVED_POINTS_KEPT
from hotline.accounts.policy import fold as folded
from hotline.contracts.limits import CONTACT_POINTS_MAX
from hotline.contracts.model import (
    AccountDescribed,
    AccountErased,
    ContactPointChanged,
    ContactPointFact,
    Fact,
    PointKind,
    SimChanged,
)
from hotline.intake.service import fold
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.long_profiles import crowd
from tests.support.phone import LOOKUP_SECRET, context
from tests.support.stores import NOON

ACCOUNT: Final = "acct-many"
ROTATED: Final = LOOKUP_SECRET.replace('"current": "1"', '"current": "2"').replace(
    "}", ', "2": "another-lookup-key-for-tests-only-0123456"}'
)
POINTS_MAX: Final = PRESENT_POINTS_MAX + REMOVED_POINTS_KEPT + FORMER_POINTS_KEPT
YEAR: Final = timedelta(days=365)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(VirtualClock(NOON))


@pytest.fixture
def ctx(store: MemoryStore) -> Context:
    clock = store.clock
    assert isinstance(clock, VirtualClock)
    return context(store, clock)


def rotated(ctx: Context) -> Context:
    return replace(ctx, lookup_keys=CachedKeyring(lambda: ROTATED, ctx.clock))


def described(version: int, *values: str, two_step: bool = False, opened: bool = False) -> Fact:
    at = NOON - (YEAR if opened else timedelta()) + timedelta(seconds=version)
    points = tuple(ContactPointFact(PointKind.EMAIL, value, NOON - 2 * YEAR, shared=False) for value in values)
    data = AccountDescribed(version, "en-US", "Europe/London", "Test", points, two_step)
    kind = "account.opened" if opened else "account.updated"
    return Fact(f"{kind}-{version}", kind, "wallet", at, ACCOUNT, data)


def changed(version: int, *, old: str | None = None, new: str | None = None) -> Fact:
    at = NOON + timedelta(seconds=version)
    data = ContactPointChanged(version, PointKind.EMAIL, old, new, at, reassigned=False)
    return Fact(f"changed-{version}", "contact_point.changed", "wallet", at, ACCOUNT, data)


def address(number: int) -> str:
    return f"one{number:05}@customer.example"


def profile_of(ctx: Context) -> Profile:
    found = accounts.profile_from(ctx.store.get(accounts.profile_key(ACCOUNT)))
    assert found is not None
    return found


def points_that_list_it(store: MemoryStore) -> set[str]:
    found = [item for item in store.items(Table.HOTLINE) if item["SK"] == "POINT"]
    return {item["PK"] for item in found if ACCOUNT in item.get("owners", {})}


@pytest.mark.parametrize("keys", [lambda ctx: ctx, rotated])
@pytest.mark.parametrize("number", [*(PRESENT_POINTS_MAX + more for more in (-1, 0, 1)), 100, 300])
def test_an_update_is_taken_in_however_many_points_there_are(
    ctx: Context, store: MemoryStore, number: int, keys: Any
) -> None:
    fold(ctx, [described(1, address(0), opened=True)])
    for version in range(2, number + 1):
        fold(ctx, [changed(version, new=address(version))])
    assert len(profile_of(ctx).live_points) == min(number, PRESENT_POINTS_MAX)
    listed = [address(90_000 + place) for place in range(CONTACT_POINTS_MAX)]
    fold(keys(ctx), [described(number + 1, *listed, two_step=True)])
    after = profile_of(ctx)
    assert after.two_step
    assert [point.value for point in after.live_points] == listed
    assert len(after.points) <= POINTS_MAX
    assert len(points_that_list_it(store)) <= POINTS_MAX


def test_the_longest_standing_points_stay_and_the_newest_reach_nothing(ctx: Context, store: MemoryStore) -> None:
    fold(ctx, [described(1, address(0), address(1), opened=True)])
    for version in range(2, 50):
        fold(ctx, [changed(version, new=address(version))])
    live = {point.value for point in profile_of(ctx).live_points}
    assert {address(0), address(1)} < live
    assert address(49) not in live
    keys = accounts.point_keys(address(49), ctx.lookup_ring)
    assert accounts.point_from(address(49), ctx.lookup_ring, store.batch_get(keys)).owners == ()


def test_ten_thousand_points_that_came_and_went_leave_a_profile_of_a_stated_size() -> None:
    def name(value: str) -> str:
        return f"1#{value}"

    profile = folded(None, [described(1, address(0), opened=True)], account_id=ACCOUNT, name_of=name)
    for number in range(10_000):
        facts = [changed(2 * number + 2, new=address(number + 1)), changed(2 * number + 3, old=address(number + 1))]
        profile = folded(profile, facts, account_id=ACCOUNT, name_of=name)
    assert len(profile.points) <= POINTS_MAX
    assert len(str(items.profile_item(profile))) < 32_000
    assert [point.value for point in profile.live_points] == [address(0)]


def test_a_thousand_numbers_known_by_their_sim_alone_leave_ten(ctx: Context) -> None:
    fold(ctx, [described(1, address(0), opened=True)])
    for number in range(1_000):
        at = NOON + timedelta(seconds=number)
        data = SimChanged(number + 2, f"+4477009{number:05}", at)
        fold(ctx, [Fact(f"sim-{number}", "contact_point.sim_changed", "wallet", at, ACCOUNT, data)])
    assert len(profile_of(ctx).points) == 1 + REMOVED_POINTS_KEPT


def stored_as_it_was(ctx: Context, number: int) -> None:
    """A profile of an earlier version, which had no bound, with its items of points."""
    fold(ctx, [described(1, address(0), opened=True)])
    crowd(ctx, ACCOUNT, [address(place) for place in range(1, number)], since=NOON - timedelta(days=30))


@pytest.mark.parametrize("keys", [lambda ctx: ctx, rotated])
@pytest.mark.parametrize("number", [11, 41, 100, 400])
def test_a_profile_of_an_earlier_version_with_too_many_points_loses_no_fact(
    ctx: Context, store: MemoryStore, number: int, keys: Any
) -> None:
    stored_as_it_was(ctx, number)
    fold(keys(ctx), [described(9, address(0), "new@customer.example", two_step=True)])
    after = profile_of(ctx)
    assert after.two_step
    assert {point.value for point in after.live_points} == {address(0), "new@customer.example"}
    assert len(points_that_list_it(store)) <= POINTS_MAX


def test_it_can_be_erased_as_well(ctx: Context, store: MemoryStore) -> None:
    stored_as_it_was(ctx, 19)
    fold(ctx, [Fact("erased", "account.erased", "wallet", NOON, ACCOUNT, AccountErased(99))])
    assert ctx.store.get(accounts.profile_key(ACCOUNT)) is None
    assert points_that_list_it(store) == set()
