"""A subject that cannot be judged: it holds its shard for a while, is set aside, and is judged when it can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.kit.clock import to_text
from hotline.kit.errors import Unavailable
from hotline.kit.store import Table
from hotline.security.activity_rows import PAGE_ROWS
from hotline.security.aside import AGAIN_AFTER, ASIDE_MAX, TRIES_MAX
from hotline.security.detectors import Signal
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import RuleSet
from hotline.security.scan import scan_shard
from hotline.security.service import ShardReport
from tests.support.lock_desk import ACCOUNT, NOON, failures, minutes
from tests.support.scan_runs import COMPLETE, ScanWorld, chain, shard_of
from tests.support.toy_rules import rules_of, toy


class Faulty:
    """A rule that fails for some accounts until it is mended. `poison`: the end of the ids that it fails for."""

    def __init__(self) -> None:
        self.is_broken = True
        self.poison = "poison"

    def step(self, state: Any, signal: str, event: Any, *_: Any) -> Iterator[Any]:
        yield from ()
        if self.is_broken and event.id.endswith(self.poison):
            raise KeyError(signal)

    @property
    def rules(self) -> RuleSet:
        return rules_of(*DETECTORS, toy(self.step, Signal.PASSWORD_CHANGED, Signal.DEVICE_REGISTERED))


@pytest.fixture
def faulty() -> Faulty:
    return Faulty()


def opened() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


@pytest.fixture
def world() -> ScanWorld:
    world = opened()
    world.come_in(*(replace(one, id=f"{one.type}-poison") for one in chain()))
    world.clock.advance(minutes(40))
    return world


@pytest.fixture
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.security.scan.ROUND_ROWS_MAX", 2)
    monkeypatch.setattr("hotline.security.activity_rows.PAGE_ROWS", 2)


def scattered(world: ScanWorld, *poisoned: int) -> None:
    """The chain of the account as rows of three hours, each behind two good rows. The first two may be poisoned."""
    for number, one in enumerate(chain(world.clock.now())):
        world.come_in(*failures(2, world.clock.now(), apart=timedelta(seconds=1)))
        name = f"{one.type}-{one.time:%H}-{number}-poison" if number in poisoned else one.id
        world.clock.advance(timedelta(seconds=5))
        world.come_in(replace(one, id=name))
        world.clock.advance(timedelta(hours=1))


def neighbours(count: int) -> list[str]:
    found = (name for name in (f"acct-{n}" for n in range(100_000)) if shard_of(name) == shard_of())
    return [next(found) for _ in range(count)]


def scan(world: ScanWorld, rules: RuleSet, *, pages: int = 10_000) -> ShardReport:
    """A run that has the time for some pages."""
    world.clock.advance(COMPLETE)
    left = iter(range(pages))
    return scan_shard(world.ctx(), shard_of(), rules=rules, has_time=lambda: next(left, None) is not None)


def fail(world: ScanWorld, faulty: Faulty, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable, match="subject_not_judged"):
            scan(world, faulty.rules)


def set_aside_of_many(faulty: Faulty) -> ScanWorld:
    """A world whose subject of many rows is set aside, and may be tried again by rules that are whole."""
    world = opened()
    scattered(world, 0)
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    faulty.is_broken = False
    world.clock.advance(AGAIN_AFTER)
    return world


def findings(world: ScanWorld) -> dict[str, dict[str, Any]]:
    """The findings by their names, but for the time of the run that found them."""
    told = ("subject", "rule", "window_start", "window_end", "facts", "event_ids", "state")
    return {
        item["SK"]: {name: item.get(name) for name in told}
        for item in world.store.items(Table.HOTLINE)
        if item["SK"].startswith("FINDING#")
    }


def subjects_found(world: ScanWorld) -> set[str]:
    return {one["subject"] for one in findings(world).values()}


def test_it_holds_its_shard_so_often_and_then_the_shard_goes_on(world: ScanWorld, faulty: Faulty) -> None:
    fail(world, faulty, TRIES_MAX - 1)
    report = scan(world, faulty.rules)
    assert (report.set_aside, report.complete, report.lag_minutes) == (1, True, 0)
    (neighbour,) = neighbours(1)
    world.come_in(*chain(world.clock.now() - minutes(31), account=neighbour))
    report = scan(world, faulty.rules)
    assert (report.set_aside, len(report.raised), report.rows) == (1, 1, 3)
    assert subjects_found(world) == {neighbour}


def test_it_is_judged_when_the_rules_change(world: ScanWorld, faulty: Faulty) -> None:
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    report = scan(world, rules_of(*DETECTORS))
    assert (report.set_aside, len(report.raised)) == (0, 1)
    assert subjects_found(world) == {ACCOUNT}
    # Nothing of it is read again.
    assert scan(world, rules_of(*DETECTORS)).rows == 0


def test_it_is_judged_again_after_a_day_with_all_that_came_meanwhile(world: ScanWorld, faulty: Faulty) -> None:
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    world.come_in(*failures(10, world.clock.now(), apart=timedelta(seconds=1)))
    scan(world, faulty.rules)
    faulty.is_broken = False
    assert scan(world, faulty.rules).set_aside == 1
    world.clock.advance(AGAIN_AFTER)
    report = scan(world, faulty.rules)
    assert report.set_aside == 0
    assert {one.rule for one in report.raised} >= {"reset_device_transfer", "failed_login_burst"}


def test_one_that_fails_again_stays_aside_and_holds_nothing(world: ScanWorld, faulty: Faulty) -> None:
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    world.clock.advance(AGAIN_AFTER)
    for _ in range(2):
        assert scan(world, faulty.rules).set_aside == 1


def test_an_error_of_the_store_sets_nobody_aside(world: ScanWorld, faulty: Faulty) -> None:
    faulty.is_broken = False
    world.store.before = lambda call: (_ for _ in ()).throw(Unavailable()) if call == "batch_get" else None
    for _ in range(TRIES_MAX + 1):
        with suppress(Unavailable):
            scan(world, faulty.rules)
    world.store.before = lambda call: None
    report = scan(world, faulty.rules)
    assert (report.set_aside, len(report.raised)) == (0, 1)


def test_a_rule_that_fails_for_many_holds_the_shard(world: ScanWorld, faulty: Faulty) -> None:
    for number, name in enumerate(neighbours(ASIDE_MAX)):
        facts = chain(world.clock.now() - minutes(31), account=name)
        world.come_in(*(replace(one, id=f"{one.type}-{number}-poison") for one in facts))
    fail(world, faulty, TRIES_MAX + 2)


@pytest.mark.usefixtures("small_rounds")
def test_good_rows_before_the_poison_do_not_forget_its_tries(faulty: Faulty) -> None:
    world = opened()
    scattered(world, 0)
    fail(world, faulty, TRIES_MAX - 1)
    report = scan(world, faulty.rules)
    assert (report.set_aside, report.complete, report.lag_minutes) == (1, True, 0)


@pytest.mark.usefixtures("small_rounds")
def test_rounds_before_the_poison_are_not_read_again(faulty: Faulty) -> None:
    world = opened()
    scattered(world, 1)
    fail(world, faulty, 2)
    (cursor,) = [item for item in world.store.items(Table.HOTLINE) if "aside" in item]
    assert cursor["through"] > to_text(NOON + timedelta(hours=1))


@pytest.mark.usefixtures("small_rounds")
def test_tries_are_forgotten_when_it_is_judged_in_the_end(faulty: Faulty) -> None:
    world = opened()
    scattered(world, 0)
    fail(world, faulty, TRIES_MAX - 1)
    faulty.is_broken = False
    assert scan(world, faulty.rules).set_aside == 0
    faulty.is_broken = True
    scattered(world, 0)
    fail(world, faulty, TRIES_MAX - 1)


@pytest.mark.usefixtures("small_rounds")
def test_new_rows_come_first_and_a_retry_of_many_runs_ends(faulty: Faulty) -> None:
    world = set_aside_of_many(faulty)
    # Of the idle day, so that a run with little time begins at the present.
    assert scan(world, faulty.rules, pages=120).set_aside == 1
    (neighbour,) = neighbours(1)
    for runs in range(60):
        world.come_in(*failures(1, world.clock.now(), account=neighbour))
        report = scan(world, faulty.rules, pages=8)
        assert (report.rows, report.complete, report.lag_minutes) == (1, True, 0), runs
        if report.set_aside == 0:
            break
    assert runs > 1
    assert report.set_aside == 0
    assert subjects_found(world) == {ACCOUNT}


@pytest.mark.usefixtures("small_rounds")
def test_one_that_fails_later_in_its_retry_stays_aside_with_all_of_its_rows(faulty: Faulty) -> None:
    world = opened()
    scattered(world, 0, 1)
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    faulty.poison = "1-poison"
    world.clock.advance(AGAIN_AFTER)
    for _ in range(2):
        assert scan(world, faulty.rules).set_aside == 1
    faulty.is_broken = False
    world.clock.advance(AGAIN_AFTER)
    report = scan(world, faulty.rules)
    assert (report.set_aside, {one.rule for one in report.raised}) == (0, {"reset_device_transfer"})


@pytest.mark.usefixtures("small_rounds")
def test_no_row_is_lost_where_no_more_subjects_can_be_set_aside(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline.security.scan.ASIDE_MAX", 1)
    world = opened()
    scattered(world, 0, 1)
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    (neighbour,) = neighbours(1)
    world.clock.advance(AGAIN_AFTER)
    faulty.poison = "1-poison"
    world.come_in(*(replace(one, id=f"{one.type}-1-poison") for one in chain(world.clock.now(), account=neighbour)))
    world.clock.advance(minutes(40))
    fail(world, faulty, TRIES_MAX + 1)
    faulty.is_broken = False
    world.clock.advance(AGAIN_AFTER)
    assert scan(world, faulty.rules).set_aside == 0
    assert subjects_found(world) == {ACCOUNT, neighbour}


@pytest.mark.usefixtures("small_rounds")
def test_an_error_of_the_store_in_a_retry_fails_the_run_and_loses_nothing(faulty: Faulty) -> None:
    world = set_aside_of_many(faulty)
    world.store.before = lambda call: (_ for _ in ()).throw(Unavailable()) if call == "write_alone" else None
    with pytest.raises(Unavailable):
        scan(world, faulty.rules)
    world.store.before = lambda call: None
    report = scan(world, faulty.rules)
    assert (report.set_aside, {one.rule for one in report.raised}) == (0, {"reset_device_transfer"})


@pytest.mark.usefixtures("small_rounds")
@pytest.mark.parametrize("pages", [7, 8, 9, 11, 13, 40])
def test_a_retry_in_any_number_of_runs_finds_the_same(faulty: Faulty, pages: int) -> None:
    world, once = opened(), opened()
    for one in (world, once):
        scattered(one, 0, 1)
    fail(world, faulty, TRIES_MAX - 1)
    scan(world, faulty.rules)
    faulty.is_broken = False
    scan(once, faulty.rules)
    world.clock.advance(AGAIN_AFTER)
    scan(world, faulty.rules, pages=120)
    for _ in range(60):
        report = scan(world, faulty.rules, pages=pages)
        if report.set_aside == 0:
            break
    assert report.set_aside == 0
    assert findings(world) == findings(once) != {}


def test_no_earlier_rows_are_read_again_when_the_time_is_out() -> None:
    world = ScanWorld()
    rules = rules_of(*DETECTORS)
    world.come_in(*failures(3 * PAGE_ROWS, NOON - timedelta(hours=3), apart=timedelta(seconds=5)))
    world.scan()
    world.come_in(*failures(1, NOON - timedelta(hours=2, seconds=1)))
    world.clock.advance(COMPLETE)
    left = iter([True])
    report = scan_shard(world.ctx(), shard_of(), rules=rules, has_time=lambda: next(left, False))
    assert (report.rows, report.complete) == (1, False)
    assert report.reads < PAGE_ROWS


def test_a_busy_subject_takes_no_room_from_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of 60 neighbours lie before those that a late event needs."""
    monkeypatch.setattr("hotline.security.scan.RECALL_SUBJECT_MAX", 5)
    world, (busy,) = ScanWorld(), neighbours(1)
    rules = rules_of(*DETECTORS)
    world.come_in(*failures(60, NOON - minutes(30), apart=timedelta(seconds=1), account=busy))
    world.come_in(*chain(NOON - minutes(31))[1:])
    assert scan(world, rules).raised[0].subject == busy
    world.come_in(
        *failures(1, NOON - minutes(40), account=busy),
        *(replace(one, time=NOON - minutes(60)) for one in chain(NOON - minutes(31))[:1]),
    )
    report = scan(world, rules)
    assert [one.rule for one in report.raised if one.subject == ACCOUNT] == ["reset_device_transfer"]
