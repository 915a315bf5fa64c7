"""People's words on findings as numbers: each finding once, by its last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hotline.agents.model import Basis
from hotline.agents.service import JudgeFinding, JudgeSubjectFinding
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s
from hotline.kit.errors import Stale
from hotline.kit.retention import RECORD_LIFE
from hotline.kit.store import TTL_ATTRIBUTE
from hotline.reports import service as reports
from hotline.security import items
from hotline.security import service as security
from hotline.security.findings import Kind
from hotline.security.model import Verdict
from hotline.security.service import Stream
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_world import SPRAYING, AgentWorld
from tests.support.found import finding_of, take_step
from tests.support.lock_desk import ACCOUNT
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


def contribute(world: AgentWorld, finding_id: str, verdict: Verdict, *, version: int | None = None) -> Change:
    """The word of a supervisor who has read a finding about an address as it is now, before it is written."""
    change = Change(actor=Agent("agent-2", "-"), cause="judge", now=world.clock.now(), ids=world.ctx.ids)
    read = world.store.batch_get(list(security.verdict_keys(SPRAYING, finding_id, Stream.SOURCE)))
    security.contribute_verdict(
        change,
        read,
        SPRAYING,
        finding_id,
        verdict,
        judged_by="agent-2",
        zone="UTC",
        stream=Stream.SOURCE,
        version=version,
    )
    return change


def test_a_word_is_never_written_over_one_that_was_given_meanwhile(world: AgentWorld) -> None:
    """Three words within one millisecond, the last two by people who have both read the first."""
    found = world.find_spray()
    contribute(world, found, Verdict.FALSE_ALARM).commit(world.store)
    second, third = contribute(world, found, Verdict.CONFIRMED), contribute(world, found, Verdict.UNCLEAR)
    second.commit(world.store)
    with pytest.raises(Stale):
        third.commit(world.store)
    assert told(world) == [("password_spray", 1, 1, 0, 0, 1000)]
    contribute(world, found, Verdict.UNCLEAR).commit(world.store)
    assert told(world) == [("password_spray", 1, 0, 0, 1, None)]


@pytest.mark.parametrize(
    "correction",
    [
        {"window_end": NOON + timedelta(minutes=1)},
        {"facts": {"failures": 16, "accounts_failed": 5, "accounts_in": 1}},
        {"event_ids": ("try-0", "try-2")},
    ],
)
def test_nobody_judges_what_they_have_not_seen(world: AgentWorld, correction: dict[str, Any]) -> None:
    """A late event corrects the finding between the reading and the writing of a word, also within its time."""
    finding = replace(finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=Stream.SOURCE), account_id=None)
    finding = replace(finding, subject=SPRAYING, facts={"failures": 15, "accounts_failed": 5, "accounts_in": 1})
    take_step(world.store, world.ctx.ids, NOON, Kind.RAISE, finding)
    stored = world.store.get(items.finding_key(finding))
    assert stored is not None
    seen = items.version_of(stored)
    change = contribute(world, finding.id, Verdict.CONFIRMED, version=seen)
    take_step(world.store, world.ctx.ids, NOON, Kind.CORRECT, replace(finding, **correction))
    with pytest.raises(Stale):
        change.commit(world.store)


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


def test_the_counts_of_a_day_are_kept_as_long_as_what_they_count(world: AgentWorld) -> None:
    world.find_theft(1, holds=False)
    judge(world, Verdict.CONFIRMED)
    (item,) = (item for item in world.items() if item["PK"].startswith("FEEDBACK#"))
    day_began = NOON.replace(hour=0, minute=0, second=0, microsecond=0)
    assert item[TTL_ATTRIBUTE] == epoch_s(day_began + RECORD_LIFE)
