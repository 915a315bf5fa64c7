"""The word of a person on a finding, as it is read and stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible, Stale
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.security import items
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.findings import Kind
from hotline.security.model import Finding, FindingState, SecurityError, Verdict
from tests.support.found import finding_of, suppress, take_step
from tests.support.lock_desk import ACCOUNT, NOON
from tests.support.scan_runs import ScanWorld


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


def give_word(world: ScanWorld, finding: Finding, verdict: Verdict) -> Change:
    """The word of somebody who has read the finding as it is now, before it is written."""
    change = Change(actor=Agent("agent-1", "case-1"), cause="judge", now=world.clock.now(), ids=world.ids)
    named = (finding.subject, finding.id)
    read = world.store.batch_get(list(security.verdict_keys(*named, finding.stream)))
    security.contribute_verdict(change, read, *named, verdict, judged_by="agent-1", zone="UTC", stream=finding.stream)
    return change


def test_of_two_people_who_give_the_first_word_at_once_the_second_has_to_look_again(world: ScanWorld) -> None:
    finding = finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=Stream.SOURCE)
    take_step(world.store, world.ids, NOON, Kind.RAISE, finding)
    first, second = (give_word(world, finding, verdict) for verdict in (Verdict.CONFIRMED, Verdict.FALSE_ALARM))
    first.commit(world.store)
    with pytest.raises(Stale):
        second.commit(world.store)
    stored = world.store.get(items.finding_key(finding))
    assert stored is not None
    assert stored["verdict"] == Verdict.CONFIRMED.value


@pytest.mark.parametrize("first", [Verdict.CONFIRMED, Verdict.FALSE_ALARM])
def test_a_suppressed_finding_is_suppressed_again_when_somebody_cannot_tell_after_another_word(
    world: ScanWorld, first: Verdict
) -> None:
    finding = finding_of("fnd_1", NOON, account_id=ACCOUNT)
    since, until = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    suppress(world.store, world.ids, finding.rule, account_id=ACCOUNT, now=NOON, since=since, until=until)
    take_step(world.store, world.ids, NOON, Kind.RAISE, finding)
    states: list[FindingState] = []
    for verdict in (first, Verdict.UNCLEAR):
        give_word(world, finding, verdict).commit(world.store)
        stored = world.store.get(items.finding_key(finding))
        assert stored is not None
        states.append(items.state_of(stored, NOON))
    assert states == [FindingState.RESOLVED, FindingState.SUPPRESSED]


@pytest.mark.parametrize("stream", [Stream.ACCOUNT, Stream.PARTY])
def test_a_stored_finding_tells_its_rule_and_account_and_another_one_is_refused(
    world: ScanWorld, stream: Stream
) -> None:
    finding = finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=stream)
    take_step(world.store, world.ids, NOON, Kind.RAISE, finding)
    key = items.finding_key(finding)
    stored = world.store.get(key)
    assert stored is not None
    read: dict[Key, Item] = {key: stored}
    named = (read, stream, finding.subject)
    assert security.rule_of_finding(*named, "fnd_1") == finding.rule
    assert security.account_of_finding(*named, "fnd_1") == ACCOUNT
    for find in (security.rule_of_finding, security.account_of_finding):
        with pytest.raises(NotPossible) as refused:
            find(*named, "fnd_2")
        assert refused.value.code == SecurityError.NO_SUCH_FINDING.value
