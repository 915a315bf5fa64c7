"""People's words on findings as numbers: each finding once, by its last word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hotline.agents.model import Basis
from hotline.agents.service import JudgeFinding, JudgeSubjectFinding
from hotline.reports import service as reports
from hotline.security.model import Verdict
from hotline.security.service import Stream
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_world import SPRAYING, AgentWorld
from tests.support.stores import NOON

DAY = NOON.date()
RULE = "reset_device_transfer"


@pytest.fixture
def world() -> AgentWorld:
    return AgentWorld(MemoryStore(VirtualClock(NOON)))


def told(world: AgentWorld, start: date = DAY, end: date = DAY) -> list[tuple[str, int, int, int, int, int | None]]:
    report = reports.plain(reports.read_report(world.store, start, end))
    names = ("rule", "version", "confirmed", "false_alarm", "unclear", "precision_permille")
    return [tuple(one[name] for name in names) for one in report["rules"]]


def judge(world: AgentWorld, *verdicts: Verdict) -> None:
    basis = world.claimed(topic="security")
    for verdict in verdicts:
        world.do(world.token(), basis, JudgeFinding("fnd_theft", verdict))


@pytest.mark.parametrize(
    ("verdicts", "counted"),
    [
        ([Verdict.CONFIRMED], (1, 0, 0, 1000)),
        ([Verdict.FALSE_ALARM], (0, 1, 0, 0)),
        ([Verdict.UNCLEAR], (0, 0, 1, None)),
        ([Verdict.UNCLEAR, Verdict.CONFIRMED], (1, 0, 0, 1000)),
        ([Verdict.CONFIRMED, Verdict.CONFIRMED], (1, 0, 0, 1000)),
        ([Verdict.CONFIRMED, Verdict.FALSE_ALARM, Verdict.CONFIRMED], (1, 0, 0, 1000)),
    ],
)
def test_a_finding_counts_once_by_its_last_word(
    world: AgentWorld, verdicts: list[Verdict], counted: tuple[int, int, int, int | None]
) -> None:
    world.find_theft(1, holds=False)
    judge(world, *verdicts)
    assert told(world) == [(RULE, 1, *counted)]


def test_it_counts_on_the_day_on_which_it_was_found(world: AgentWorld) -> None:
    world.find_theft(1, holds=False)
    world.clock.advance(timedelta(days=3))
    judge(world, Verdict.CONFIRMED)
    world.clock.advance(timedelta(days=40))
    assert told(world) == [(RULE, 1, 1, 0, 0, 1000)]
    assert told(world, DAY + timedelta(days=1), DAY + timedelta(days=60)) == []
    assert told(world, DAY - timedelta(days=60), DAY + timedelta(days=60)) == [(RULE, 1, 1, 0, 0, 1000)]


def test_versions_of_a_rule_and_addresses_are_told_apart(world: AgentWorld) -> None:
    for number, verdict in enumerate((Verdict.CONFIRMED, Verdict.FALSE_ALARM, Verdict.FALSE_ALARM), 1):
        found = world.find_spray(f"fnd_{number}", version=1 if number == 3 else 2)
        world.do(world.supervisor(), Basis(), JudgeSubjectFinding(Stream.SOURCE, SPRAYING, found, verdict))
    assert told(world) == [("password_spray", 1, 0, 1, 0, 0), ("password_spray", 2, 1, 1, 0, 500)]


def test_rows_of_the_table_name_rule_and_verdict(world: AgentWorld) -> None:
    world.find_theft(1, holds=False)
    judge(world, Verdict.CONFIRMED)
    rows = list(reports.rows_of(reports.read_counts(world.store, DAY, DAY)))
    assert rows == [(str(DAY), "finding", f"{RULE}:1", "confirmed", 1)]
