"""The check-up as it is read from what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.accounts.model import AccountStatus, Profile
from hotline.contracts.model import DeviceRegistered
from hotline.intake.service import fold
from hotline.lockout import service as lockout
from hotline.security.checkup import Matter
from hotline.security.checkup_reading import check_up
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, ApiWorld
from tests.support.lock_desk import fact
from tests.support.stores import NOON

PROFILE = Profile(ACCOUNT, AccountStatus.OPEN, 1, "en-US", "UTC", "", True, (), NOON)


@pytest.mark.parametrize(
    ("profile", "is_told"),
    [
        (replace(PROFILE, opened_at=NOON - timedelta(days=400)), True),
        (replace(PROFILE, opened_at=NOON - timedelta(hours=2)), False),
        (None, True),
    ],
)
def test_a_device_of_the_first_day_of_an_account_is_no_new_one(profile: Profile | None, *, is_told: bool) -> None:
    clock = VirtualClock(NOON)
    world = ApiWorld(MemoryStore(clock), clock)
    fold(
        world.ctx, [fact("device.registered", NOON - timedelta(hours=1), DeviceRegistered("device-9"), account=ACCOUNT)]
    )
    read = world.store.batch_get(list(lockout.lock_keys(ACCOUNT)))
    told = check_up(world.store, read, ACCOUNT, NOON, profile=profile, pin=True).matters
    assert (Matter.NEW_DEVICE in [one.matter for one in told]) is is_told
