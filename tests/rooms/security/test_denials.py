"""That was not me, counted for the rules whose findings name what an owner denies: once, whichever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.contracts.model import LoginKind, LoginSource, LoginTried, MovementTold
from hotline.intake.service import fold
from hotline.kit.store import Table
from hotline.reports import service as reports
from hotline.security import service as security
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, ApiWorld
from tests.support.lock_desk import fact
from tests.support.scan_runs import COMPLETE, chain, shard_of
from tests.support.stores import NOON

RULE = "reset_device_transfer"
BURST = "failed_login_burst"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    return ApiWorld(store, clock)


def steal(world: ApiWorld) -> str:
    """A takeover: a new password, a new device and money out. Gives the id of the movement."""
    *before, sent = chain(world.clock.now(), account=ACCOUNT)
    assert isinstance(sent.data, MovementTold)
    world.clock.advance(timedelta(minutes=31))
    fold(world.ctx, [*before, replace(sent, data=replace(sent.data, movement_id="stolen-1"))])
    return "stolen-1"


def scan(world: ApiWorld) -> None:
    world.clock.advance(COMPLETE)
    security.scan_shard(world.ctx, shard_of(ACCOUNT))


def deny(world: ApiWorld, about: str, id_: str) -> None:
    client = world.client()
    assert client.ask("POST", "/v1/me/repudiations", body={"about": about, "id": id_}).status == 202


def denied(world: ApiWorld) -> dict[str, int]:
    day = world.clock.now().date()
    report = reports.plain(reports.read_report(world.ctx.store, day - timedelta(days=1), day))
    return {one["rule"]: one["denied"] for one in report["rules"]}


def test_a_movement_that_a_finding_names_counts_for_its_rule(world: ApiWorld) -> None:
    movement_id = steal(world)
    scan(world)
    deny(world, "movement", movement_id)
    assert denied(world) == {RULE: 1}


def test_a_finding_counts_once_however_often_its_owner_says_so(world: ApiWorld) -> None:
    movement_id = steal(world)
    scan(world)
    for _ in range(2):
        deny(world, "movement", movement_id)
    scan(world)
    assert denied(world) == {RULE: 1}


def test_an_owner_who_is_quicker_than_the_scan_counts_too(world: ApiWorld) -> None:
    deny(world, "movement", steal(world))
    assert denied(world) == {}
    scan(world)
    assert denied(world) == {RULE: 1}


def test_another_movement_counts_for_nothing(world: ApiWorld) -> None:
    steal(world)
    world.pay("mov-1")
    scan(world)
    deny(world, "movement", "mov-1")
    assert denied(world) == {}


def test_a_login_that_a_finding_names_counts_for_its_rule(world: ApiWorld, store: MemoryStore) -> None:
    """Ten failures and a success from nowhere that the account knows."""
    at = world.clock.now()
    tries = [
        fact(
            f"login.{'succeeded' if number == 10 else 'failed'}",
            at + timedelta(seconds=number),
            LoginTried(
                f"try-{number}",
                LoginSource(ip="203.0.113.9", device_id="device-9", country="US"),
                LoginKind.PASSWORD,
                succeeded=number == 10,
            ),
            account=ACCOUNT,
        )
        for number in range(11)
    ]
    world.clock.advance(timedelta(minutes=1))
    fold(world.ctx, tries)
    scan(world)
    found = {item["rule"] for item in store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")}
    assert found == {BURST, "success_after_attack"}
    (login,) = world.client().ask("GET", "/v1/me/security").json["logins"]
    deny(world, "login", login["id"])
    assert denied(world) == {"success_after_attack": 1}
