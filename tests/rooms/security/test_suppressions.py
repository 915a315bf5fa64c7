"""A rule that a person keeps from telling of one subject: what stays still meanwhile, and what comes afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from hotline.agents.findings import list_unjudged
from hotline.contracts.model import DeviceRegistered, PasswordChanged
from hotline.kit.actor import Agent, System
from hotline.kit.change import Change
from hotline.kit.errors import HotlineError, InvalidInput, NeedProof, NeedSecond, NotPossible
from hotline.kit.store import Delete, Table
from hotline.kit.store.condition import Item
from hotline.lockout.model import LockState
from hotline.security import service as security
from hotline.security.detectors import Severity, Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.findings import Kind
from hotline.security.model import FindingState, Suppression, Verdict
from hotline.security.scan import scan_shard
from hotline.security.service import ShardReport
from hotline.security.suppression_items import suppression_from, suppression_item
from hotline.security.suppressions import SUPPRESSION_MAX, check_until, suppression_need
from hotline.security.watch_items import cursor_key, watch_key
from tests.support import found
from tests.support.lock_desk import ACCOUNT, NOON, fact, failures, minutes
from tests.support.scan_runs import COMPLETE, ScanWorld, chain, shard_of, undone
from tests.support.sweeps import sweep
from tests.support.toy_rules import excluded, rules_of

GOING: Final = excluded(severity=Severity.HIGH).rule
BURST: Final = "failed_login_burst"
THEFT: Final = "reset_device_transfer"
LONG: Final = timedelta(days=7)
BY_STREAM: Final = {stream: [one.rule for one in DETECTORS if one.stream is stream] for stream in Stream}


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


def change_of(world: ScanWorld, agent_id: str = "agent-1") -> Change:
    return Change(actor=Agent(agent_id, "case-1"), cause="test", now=world.clock.now(), ids=world.ids)


def suppress(world: ScanWorld, rule: str = BURST, until: datetime = NOON + LONG) -> Suppression:
    change = change_of(world)
    read = world.store.batch_get(list(security.suppression_keys(ACCOUNT, rule)))
    made = security.contribute_suppression(
        change, read, ACCOUNT, rule, until, reason="customer_asked", made_by="agent-1"
    )
    change.commit(world.store)
    return made


def put(world: ScanWorld, rule: str, *, since: datetime = NOON, until: datetime = NOON + LONG) -> None:
    """A suppression that two people have made."""
    found.suppress(world.store, world.ids, rule, account_id=ACCOUNT, now=world.clock.now(), since=since, until=until)


def lift(world: ScanWorld, rule: str = BURST) -> None:
    change = change_of(world)
    read = world.store.batch_get(list(security.suppression_keys(ACCOUNT, rule)))
    security.contribute_suppression_end(change, read, ACCOUNT, rule)
    change.commit(world.store)


def stored(world: ScanWorld) -> dict[str, Item]:
    """The findings, by their rule."""
    found = (item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#"))
    return {item["rule"]: item for item in found}


def take_device(world: ScanWorld, number: int, minute: int) -> ShardReport:
    """A run over a new password, and one more new device that goes on with the pattern."""
    told = [fact("device.registered", NOON + minutes(minute), DeviceRegistered(f"device-{number}"))]
    if GOING not in stored(world):
        told.insert(0, fact("password.changed", NOON + minutes(1), PasswordChanged(2)))
    world.come_in(*told)
    world.clock.advance(COMPLETE)
    return scan_shard(world.ctx(), shard_of(), rules=rules_of(excluded(severity=Severity.HIGH)))


# ---------------------------------------------------------------- what stays still


def test_a_suppressed_theft_is_kept_and_nobody_hears_of_it(world: ScanWorld) -> None:
    put(world, THEFT)
    world.clock.advance(minutes(31))
    world.come_in(*chain())
    report = world.scan()
    assert (report.raised, [one.rule for one in report.suppressed]) == ((), [THEFT])
    finding = stored(world)[THEFT]
    assert (finding["state"], "attention_pk" in finding, "attention_sk" in finding) == ("suppressed", False, False)
    assert world.desk.view().state is LockState.OPEN
    assert (world.desk.notices(), world.desk.decisions()) == ([], [])
    assert not any(item["SK"].startswith("CASE") for item in world.store.items(Table.HOTLINE))
    assert security.list_told_findings(world.store, ACCOUNT, world.clock.now()) == ()
    (seen,) = security.list_findings(world.store, ACCOUNT, world.clock.now())
    assert seen.state is FindingState.SUPPRESSED
    # Time does not make it one that waits for somebody.
    assert security.list_findings(world.store, ACCOUNT, NOON + timedelta(days=200))[0].state is FindingState.SUPPRESSED


def test_one_rule_is_suppressed_and_no_other(world: ScanWorld) -> None:
    suppress(world, BURST)
    world.clock.advance(minutes(31))
    world.come_in(*chain(), *failures(10, NOON))
    report = world.scan()
    assert ([one.rule for one in report.suppressed], [one.rule for one in report.raised]) == ([BURST], [THEFT])
    assert world.desk.view().state is LockState.HOLD


def test_one_account_is_suppressed_and_no_other(world: ScanWorld) -> None:
    neighbour = next(name for name in (f"acct-{n}" for n in range(1000)) if shard_of(name) == shard_of())
    suppress(world, BURST)
    world.come_in(*(replace(one, id=f"{one.id}-n", subject=neighbour) for one in failures(10, NOON)))
    assert [one.subject for one in world.scan().raised] == [neighbour]


def test_a_suppressed_finding_that_is_excluded_is_withdrawn_and_nobody_hears_of_it(world: ScanWorld) -> None:
    put(world, THEFT)
    world.clock.advance(minutes(31))
    world.come_in(*chain())
    world.scan()
    world.come_in(undone())
    assert [one.rule for one in world.scan().withdrawn] == [THEFT]
    assert stored(world)[THEFT]["state"] == "withdrawn"
    assert world.desk.decisions() == []


# ---------------------------------------------------------------- which patterns it covers


@pytest.mark.parametrize(
    ("last_event", "state"),
    [
        (NOON - timedelta(milliseconds=1), "open"),
        (NOON, "suppressed"),
        (NOON + LONG - timedelta(milliseconds=1), "suppressed"),
        (NOON + LONG, "open"),
    ],
)
def test_the_time_of_the_last_event_decides_and_not_that_of_the_run(
    world: ScanWorld, last_event: datetime, state: str
) -> None:
    """Nobody hides what has happened already, and a run that is late judges as a punctual one."""
    suppress(world, BURST)
    begun_at = last_event - minutes(9)
    world.clock.advance(max(timedelta(), last_event - world.clock.now()) + minutes(20))
    world.come_in(*(replace(one, time=begun_at + minutes(n)) for n, one in enumerate(failures(10, begun_at))))
    world.scan()
    assert stored(world)[BURST]["state"] == state


def test_a_pattern_that_goes_on_behind_the_end_is_raised(world: ScanWorld) -> None:
    put(world, GOING, until=NOON + minutes(10))
    states = []
    for number, minute in enumerate((5, 8, 15, 20)):
        report = take_device(world, number, minute)
        (finding,) = stored(world).values()
        kinds = [kind for kind in ("suppressed", "raised", "corrected") for _ in getattr(report, kind)]
        states.append((kinds, finding["state"], finding["facts"], "attention_pk" in finding))
    assert states == [
        (["suppressed"], "suppressed", {"devices": 1}, False),
        (["corrected"], "suppressed", {"devices": 2}, False),
        (["raised"], "open", {"devices": 3}, True),
        (["corrected"], "open", {"devices": 4}, True),
    ]
    assert sorted(entry["kind"] for entry in world.desk.decisions()) == ["case.opened", "finding.raised"]
    (seen,) = security.list_findings(world.store, ACCOUNT, world.clock.now())
    assert seen.found_at == NOON + 3 * COMPLETE


def judge(world: ScanWorld, finding_id: str, verdict: Verdict) -> None:
    change = change_of(world)
    read = world.store.batch_get(list(security.verdict_keys(ACCOUNT, finding_id)))
    security.contribute_verdict(change, read, ACCOUNT, finding_id, verdict, judged_by="agent-1", zone="UTC")
    change.commit(world.store)


def test_a_pattern_that_goes_on_is_raised_where_somebody_could_not_tell_before(world: ScanWorld) -> None:
    put(world, GOING, until=NOON + minutes(10))
    take_device(world, 1, 5)
    judge(world, stored(world)[GOING]["finding_id"], Verdict.UNCLEAR)
    assert (stored(world)[GOING]["state"], stored(world)[GOING]["verdict"]) == ("suppressed", "unclear")
    report = take_device(world, 2, 15)
    assert [one.rule for one in report.raised] == [GOING]
    assert stored(world)[GOING]["state"] == "open"
    assert "attention_pk" in stored(world)[GOING]
    (seen,) = security.list_findings(world.store, ACCOUNT, world.clock.now())
    assert list_unjudged([seen]) == (seen,)


@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_one_that_comes_back_is_told_as_new_where_somebody_could_not_tell_before(
    world: ScanWorld, *, withdrawn_first: bool
) -> None:
    one, store, ids = found.finding_of("f1", NOON, account_id=ACCOUNT), world.store, world.ids
    found.take_step(store, ids, NOON, Kind.RAISE, one)
    if withdrawn_first:
        found.take_step(store, ids, NOON, Kind.WITHDRAW, one)
    judge(world, "f1", Verdict.UNCLEAR)
    if not withdrawn_first:
        found.take_step(store, ids, NOON, Kind.WITHDRAW, one)
    assert stored(world)[BURST]["state"] == "withdrawn"
    assert security.list_told_findings(store, ACCOUNT, NOON) == ()
    found.take_step(store, ids, NOON, Kind.RAISE, one)
    (told,) = security.list_told_findings(store, ACCOUNT, NOON)
    assert (told.id, told.confirmed_at) == ("f1", None)


@pytest.mark.parametrize("verdict", [Verdict.CONFIRMED, Verdict.FALSE_ALARM])
def test_a_word_on_what_was_suppressed_stands_when_the_pattern_goes_on(world: ScanWorld, verdict: Verdict) -> None:
    put(world, GOING, until=NOON + minutes(10))
    take_device(world, 1, 5)
    judge(world, stored(world)[GOING]["finding_id"], verdict)
    report = take_device(world, 2, 15)
    assert (report.raised, len(report.corrected)) == ((), 1)
    assert stored(world)[GOING]["state"] == "resolved"


def test_one_that_goes_on_joins_the_case_that_is_open(world: ScanWorld) -> None:
    world.come_in(*chain(NOON - minutes(60)))
    world.scan()
    put(world, GOING, until=NOON + minutes(10))
    for number, minute in enumerate((5, 15)):
        take_device(world, number, minute)
    assert stored(world)[GOING]["state"] == "open"
    kinds = [entry["kind"] for entry in world.desk.decisions()]
    # The chain is two findings: its theft, and its new password before the suppression.
    assert (kinds.count("case.opened"), kinds.count("finding.raised")) == (1, 3)


def test_a_late_event_before_the_newest_one_raises_nothing(world: ScanWorld) -> None:
    """The suppression of then has given way to another one; the pattern has not gone on."""
    put(world, GOING, until=NOON + minutes(10))
    take_device(world, 1, 8)
    put(world, GOING, since=NOON + minutes(30))
    report = take_device(world, 2, 5)
    assert (report.raised, len(report.corrected)) == ((), 1)
    assert [finding["state"] for finding in stored(world).values()] == ["suppressed"]


def test_a_lifted_suppression_covers_nothing_from_then_on(world: ScanWorld) -> None:
    suppress(world, BURST)
    world.come_in(*failures(10, NOON))
    world.scan()
    lift(world)
    assert security.list_suppressions(world.store, ACCOUNT, world.clock.now()) == ()
    world.clock.advance(timedelta(days=2))
    world.come_in(*failures(10, world.clock.now()))
    assert [one.rule for one in world.scan().raised] == [BURST]
    with pytest.raises(NotPossible, match="no_such_suppression"):
        lift(world)


def test_an_earlier_finding_that_people_wait_with_stays_open(world: ScanWorld) -> None:
    world.come_in(*failures(10, NOON))
    world.scan()
    suppress(world, BURST)
    world.clock.advance(minutes(3))
    world.come_in(*(replace(one, id=f"{one.id}-2") for one in failures(4, NOON + minutes(4))))
    assert [one.rule for one in world.scan().corrected] == [BURST]
    assert stored(world)[BURST]["state"] == "open"


def test_a_run_over_the_same_rows_changes_nothing(world: ScanWorld) -> None:
    """The watch is lost, and the rows are read again."""
    suppress(world, BURST)
    world.come_in(*failures(10, NOON))
    world.scan()
    before = stored(world)
    world.store.transact(
        [Delete(key) for key in (cursor_key(shard_of()), watch_key(Stream.ACCOUNT, ACCOUNT))], token="t"
    )
    report = world.scan()
    assert (report.raised, report.suppressed, stored(world)) == ((), (), before)


# ---------------------------------------------------------------- making one


def test_it_has_a_longest_time_and_a_date_to_come() -> None:
    check_until(NOON + SUPPRESSION_MAX, NOON)
    with pytest.raises(InvalidInput, match="suppressed_too_long"):
        check_until(NOON + SUPPRESSION_MAX + timedelta(milliseconds=1), NOON)
    for past in (NOON, NOON - LONG):
        with pytest.raises(InvalidInput, match="until_passed"):
            check_until(past, NOON)


def test_it_is_listed_and_in_the_trail_and_goes_on_with_a_new_date(world: ScanWorld) -> None:
    first = suppress(world, BURST)
    world.clock.advance(timedelta(days=1))
    second = suppress(world, BURST, NOON + 2 * LONG)
    assert (first.since, second.since, second.until) == (NOON, NOON, NOON + 2 * LONG)
    assert security.list_suppressions(world.store, ACCOUNT, world.clock.now()) == (second,)
    page = security.list_running_suppressions(world.store, Stream.ACCOUNT, world.clock.now(), limit=10)
    assert (page.suppressions, page.next) == ((second,), None)
    assert security.list_running_suppressions(world.store, Stream.PARTY, NOON, limit=10).suppressions == ()
    lift(world)
    events = [item["event"] for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#")]
    assert [event for event in events if "suppress" in event] == 2 * ["rule.suppressed"] + ["rule.suppression_ended"]
    assert security.list_running_suppressions(world.store, Stream.ACCOUNT, NOON, limit=10).suppressions == ()


def test_one_that_has_ended_begins_anew(world: ScanWorld) -> None:
    suppress(world, BURST)
    world.clock.advance(2 * LONG)
    now = world.clock.now()
    assert security.list_suppressions(world.store, ACCOUNT, now) == ()
    assert suppress(world, BURST, now + LONG).since == now


@pytest.mark.parametrize("rule", BY_STREAM[Stream.ACCOUNT])
def test_a_rule_that_holds_takes_a_second_person(world: ScanWorld, rule: str) -> None:
    (detector,) = [one for one in DETECTORS if one.rule == rule]
    if not detector.holds:
        assert suppress(world, rule).rule == rule
        return
    with pytest.raises(NeedSecond):
        suppress(world, rule)
    assert security.list_suppressions(world.store, ACCOUNT, NOON) == ()
    # To lift it is the safe way, for one person.
    put(world, rule)
    lift(world, rule)


@sweep(("stream", "rule"), [(one.stream, one.rule) for one in DETECTORS])
def test_rules_about_agents_and_of_another_stream_are_never_suppressed(stream: Stream, rule: str) -> None:
    for other in Stream:
        if other is stream and stream is not Stream.AGENT:
            suppression_need({}, "subject", rule, NOON, other)
        else:
            with pytest.raises(InvalidInput, match="no_such_rule"):
                suppression_need({}, "subject", rule, NOON, other)


def test_people_alone_suppress(world: ScanWorld) -> None:
    change = Change(actor=System("test", "test"), cause="test", now=NOON, ids=world.ids)
    with pytest.raises(NeedProof):
        security.contribute_suppression(change, {}, ACCOUNT, BURST, NOON + LONG, reason="case", made_by="nobody")
    put(world, BURST)
    read = world.store.batch_get(list(security.suppression_keys(ACCOUNT, BURST)))
    with pytest.raises(NeedProof):
        security.contribute_suppression_end(change, read, ACCOUNT, BURST)


def test_two_people_at_once_do_not_write_over_each_other(world: ScanWorld) -> None:
    read = world.store.batch_get(list(security.suppression_keys(ACCOUNT, BURST)))
    changes = []
    for _ in range(2):
        change = change_of(world)
        security.contribute_suppression(change, read, ACCOUNT, BURST, NOON + LONG, reason="case", made_by="agent-1")
        changes.append(change)
    changes[0].commit(world.store)
    with pytest.raises(HotlineError):
        changes[1].commit(world.store)


def test_a_stored_one_is_read_as_it_was_written() -> None:
    of_payee = Suppression(
        Stream.PARTY, "hash", "acct-1", "counterparty_risk", NOON, NOON + LONG, "complaint", "agent-1", "fnd_1"
    )
    assert suppression_from(suppression_item(of_payee, NOON)) == of_payee
