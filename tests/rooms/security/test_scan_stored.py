"""The scan in a store: what is read, what a finding sets off, and that nothing happens twice."""

from __future__ import annotations

import json
import random
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final
from uuid import UUID

import pytest

from functions.decisions.delivery import bus_event
from hotline.cases import service as cases
from hotline.contracts.decisions import parse_decision
from hotline.contracts.model import (
    ContactPointChanged,
    DeviceRegistered,
    Fact,
    LockAction,
    LoginKind,
    LoginSource,
    LoginTried,
    MovementTold,
    PasswordChanged,
    PointKind,
)
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import NeedProof, Stale, Unavailable
from hotline.kit.money import Money
from hotline.kit.store import Put, Table, hotline_key
from hotline.kit.store.condition import PRESENT, Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause, DecisionKind, LockState, ResetOutcome, UnlockOutcome
from hotline.security import service as security
from hotline.security.activity import ACTIVITY_SHARDS
from hotline.security.activity_rows import PAGE_ROWS
from hotline.security.detectors import Severity, Signal, Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.items import finding_key
from hotline.security.model import NEXT_STATES, FindingState, may_become
from hotline.security.packing import pack, unpack
from hotline.security.rules import RuleSet
from hotline.security.scan import COMPLETE_AFTER, FIRST_LOOK_BACK, scan_shard
from hotline.security.service import ShardReport
from hotline.security.settings import choose_rules, read_shipped_rules
from hotline.security.watch import PENDING_MAX
from hotline.security.watch_items import cursor_key, is_tombstone, watch_key
from tests.support.faults import once
from tests.support.lock_desk import ACCOUNT, KEYS, NOON, closed, fact, failures, minutes, succeeded, told
from tests.support.scan_runs import COMPLETE, ScanWorld, chain, shard_of, undone
from tests.support.sweeps import sweep
from tests.support.toy_rules import every, excluded, rules_of, spread, toy

SHIPPED: Final = read_shipped_rules()
STREAMS: Final = sum(bool(plan.rules) for plan in SHIPPED.plans.values())
"""So many streams are read."""
PARTY_RULES: Final = RuleSet.of(choose_rules({}, only=["counterparty_risk"]))


def rules_on(stream: Stream) -> RuleSet:
    """The shipped rules of one stream."""
    return RuleSet.of((rule.detector, rule.limits) for rule in SHIPPED.rules if rule.detector.stream is stream)


ACCOUNT_RULES: Final = rules_on(Stream.ACCOUNT)
SOURCE_RULES: Final = rules_on(Stream.SOURCE)


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


def watch(world: ScanWorld) -> Item | None:
    return world.store.get(watch_key(Stream.ACCOUNT, ACCOUNT))


def memory(world: ScanWorld) -> dict[str, Any]:
    stored = watch(world)
    assert stored is not None
    found: dict[str, Any] = unpack(stored["memory"])
    return found


def findings(world: ScanWorld) -> list[str]:
    return sorted(item["rule"] for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#"))


# ---------------------------------------------------------------- what a finding sets off


def test_a_stolen_account_is_held_has_a_case_and_its_owner_is_told(world: ScanWorld) -> None:
    world.come_in(*chain())
    (finding,) = world.scan().raised
    assert (finding.rule, finding.account_id, finding.window_start) == ("reset_device_transfer", ACCOUNT, NOON)
    view = world.desk.view()
    assert (view.state, view.cause, view.asked) == (LockState.HOLD, Cause.RISK_SCORE, DecisionKind.LOCK)
    assert world.desk.notices() == ["hold.asked", "hold.asked"]
    (asked,) = [entry for entry in world.desk.decisions() if entry["kind"] == "account.lock_requested"]
    assert asked["facts"]["cause"] == "RISK_SCORE"
    assert [found["state"] for found in asked["facts"]["in_force"]] == ["HOLD"]
    pointer = world.store.get(hotline_key(f"ACCOUNT#{ACCOUNT}", "CASE#security"))
    assert pointer is not None
    found = cases.read_case(world.store, pointer["case_id"])
    assert found is not None
    case, (entry,) = found
    assert (case.topic, case.reason, case.priority) == ("security", "reset_device_transfer", 1)
    assert entry.facts["finding_id"] == finding.id


def test_the_hold_is_spoken_of_as_asked_until_the_wallet_has_confirmed_it(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.desk.acknowledge()
    view = world.desk.view()
    assert (view.state, view.asked) == (LockState.HOLD, None)


def test_a_burst_is_found_and_has_no_effect_on_the_account(world: ScanWorld) -> None:
    world.come_in(*failures(10, NOON - minutes(10)))
    (finding,) = world.scan().raised
    assert (finding.rule, dict(finding.facts)) == ("failed_login_burst", {"failures": 10})
    assert world.desk.view().state is LockState.OPEN
    assert world.desk.notices() == []
    assert [entry["kind"] for entry in world.desk.decisions()] == ["finding.raised"]


def test_a_finding_is_told_on_the_bus_as_its_contract_says(world: ScanWorld) -> None:
    world.come_in(*chain(), *failures(10, NOON - minutes(10)))
    assert len(world.scan().raised) == 2
    for entry in world.desk.decisions():
        decision = parse_decision(dict(bus_event(entry).detail))
        assert set(entry["facts"]) | {"decision_id"} <= set(type(decision.data).model_fields)


def test_nothing_personal_is_in_what_the_scan_writes(world: ScanWorld) -> None:
    world.come_in(*chain(), *failures(10, NOON - minutes(10)))
    world.scan()
    written = [
        item
        for table in (Table.HOTLINE, Table.OUTBOX)
        for item in world.store.items(table)
        if item.get("SK", "") not in ("#PROFILE", "POINT")
    ]
    written += [{"memory": unpack(item.pop("memory"))} for item in written if "memory" in item]
    text = json.dumps(written)
    assert "FINDING#" in text
    assert "login.failed" in text
    assert not [value for value in ("198.51.100.7", "device-9", "+8613800000001", "example.invalid") if value in text]


def test_a_hold_that_is_on_already_is_not_asked_again_but_the_finding_is_kept(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.clock.advance(timedelta(hours=30))
    world.come_in(*chain(NOON + timedelta(hours=30)))
    assert len(world.scan().raised) == 1
    assert findings(world) == ["reset_device_transfer"] * 2
    assert len([entry for entry in world.desk.decisions() if entry["kind"] == "account.lock_requested"]) == 1


def slices(at: datetime, number: int) -> list[Fact]:
    """Transfers of 999 yuan, one a minute, each to somebody else."""
    sent = chain()[-1]
    assert isinstance(sent.data, MovementTold)
    made = []
    for each in range(number):
        name, moment = f"slice-{at.isoformat()}-{each}", at + minutes(each)
        data = replace(sent.data, movement_id=name, counterparty=f"payee-{name}", amount=Money(99_900, "CNY"))
        made.append(replace(sent, id=name, time=moment, data=data))
    return made


def test_a_theft_that_goes_on_corrects_its_finding_once_a_run_and_names_every_payee(world: ScanWorld) -> None:
    world.come_in(*chain()[:2])
    world.clock.advance(minutes(30))
    done = []
    for number in (2, 4, 3):
        world.come_in(*slices(world.clock.now(), number))
        report = world.scan()
        watch = world.store.get(watch_key(Stream.ACCOUNT, ACCOUNT))
        assert watch is not None
        done.append((len(report.raised), len(report.corrected), int(watch["rev"])))
    assert done == [(1, 0, 1), (0, 1, 2), (0, 1, 3)]
    stored = stored_finding(world)
    assert stored["facts"] == {"transfers": 9, "amount_minor": 9 * 99_900, "currency": "CNY", "change": "password"}
    assert len({party for _, party in stored["movements"].values()}) == 9
    assert len([entry for entry in world.desk.decisions() if entry["kind"] == "account.lock_requested"]) == 1


def test_the_pattern_again_within_its_hours_asks_for_the_hold_that_people_have_released(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.desk.acknowledge()
    world.clock.advance(minutes(40))
    world.desk.tell(told(LockAction.LOCK_RELEASED, world.clock.now(), "RISK_SCORE"))
    assert world.desk.view().state is LockState.OPEN
    # More money alone is more of the same, on which people have said their word.
    world.come_in(*slices(world.clock.now(), 3))
    report = world.scan()
    assert (len(report.raised), len(report.corrected)) == (0, 1)
    assert world.desk.view().state is LockState.OPEN
    world.clock.advance(minutes(40))
    world.come_in(*chain(world.clock.now() - minutes(31)))
    (finding,) = world.scan().raised
    assert finding.facts["transfers"] == 1
    assert world.desk.view().state is LockState.HOLD
    assert len([entry for entry in world.desk.decisions() if entry["kind"] == "account.lock_requested"]) == 2


def test_an_account_that_is_closed_is_not_held_but_has_its_case(world: ScanWorld) -> None:
    world.desk.tell(closed(NOON))
    world.come_in(*chain())
    assert len(world.scan().raised) == 1
    assert sorted(entry["kind"] for entry in world.desk.decisions()) == ["case.opened", "finding.raised"]
    assert world.desk.notices() == []


def test_nobody_on_the_line_can_hold_an_account_or_open_one_that_is_held(world: ScanWorld) -> None:
    with pytest.raises(NeedProof):
        world.desk.act(lockout.contribute_hold)
    world.come_in(*chain())
    world.scan()
    assert world.desk.act(lockout.contribute_unlock) is UnlockOutcome.NOT_SELF_SERVICE
    assert world.desk.act(lockout.contribute_reset_grant) is ResetOutcome.NOT_SELF_SERVICE
    world.desk.acknowledge()
    assert world.desk.act(lockout.contribute_unlock) is UnlockOutcome.NOT_SELF_SERVICE


def test_a_later_decision_still_names_the_hold(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.desk.act(lockout.contribute_freeze)
    (freeze,) = [entry for entry in world.desk.decisions() if entry["kind"] == "account.freeze_requested"]
    assert {found["state"] for found in freeze["facts"]["in_force"]} == {"HOLD", "FROZEN"}


def test_two_attacks_that_are_read_at_once_are_two_findings_and_one_hold(world: ScanWorld) -> None:
    world.come_in(*chain(NOON - timedelta(hours=23)), *chain())
    starts = [finding.window_start for finding in world.scan().raised]
    assert starts == [NOON - timedelta(hours=23), NOON]
    kinds = [entry["kind"] for entry in world.desk.decisions()]
    assert sorted(kinds) == [
        "account.lock_requested",
        "case.opened",
        "case.updated",
        "finding.raised",
        "finding.raised",
    ]


# ---------------------------------------------------------------- what takes a finding back


def stored_finding(world: ScanWorld) -> Item:
    (found,) = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")]
    return found


def case_entries(world: ScanWorld) -> list[tuple[str, Any]]:
    pointer = world.store.get(hotline_key(f"ACCOUNT#{ACCOUNT}", "CASE#security"))
    assert pointer is not None
    found = cases.read_case(world.store, pointer["case_id"])
    assert found is not None
    return [(entry.reason, entry.facts.get("hold")) for entry in found[1]]


def test_a_finding_that_is_excluded_late_is_withdrawn_and_its_hold_stays(world: ScanWorld) -> None:
    world.come_in(*chain())
    (finding,) = world.scan().raised
    assert stored_finding(world)["state"] == "told"
    world.come_in(undone())
    report = world.scan()
    assert ([one.id for one in report.withdrawn], report.raised) == ([finding.id], ())
    stored = stored_finding(world)
    assert stored["state"] == "withdrawn"
    assert "attention_pk" not in stored
    assert security.list_told_findings(world.store, ACCOUNT, world.clock.now()) == ()
    assert [one.state for one in security.list_findings(world.store, ACCOUNT, world.clock.now())] == [
        FindingState.WITHDRAWN
    ]
    assert world.desk.view().state is LockState.HOLD
    assert case_entries(world) == [("reset_device_transfer", "asked"), ("finding_withdrawn", "stays")]
    kinds = Counter(entry["kind"] for entry in world.desk.decisions())
    assert (kinds["finding.raised"], kinds["finding.withdrawn"], kinds["account.lock_requested"]) == (1, 1, 1)
    assert len(world.desk.notices()) == 2


def test_a_finding_that_is_withdrawn_and_seen_again_is_raised_again(world: ScanWorld) -> None:
    """A password of half an hour before takes the second one in, until a contact point between them ends it."""
    rules = rules_of(excluded(severity=Severity.HIGH))
    second = fact("password.changed", NOON, PasswordChanged(2))
    first = fact("password.changed", NOON - minutes(30), PasswordChanged(1))
    point = ContactPointChanged(2, PointKind.PHONE, None, "+8613800000001", NOON, reassigned=False)
    between = fact("contact_point.changed", NOON - minutes(20), point)
    states = []
    for one in (second, first, between):
        world.come_in(one)
        world.clock.advance(minutes(6))
        scan_shard(world.ctx(), shard_of(), rules=rules)
        found = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")]
        states.append({item["window_start"][11:16]: (item["state"], "attention_pk" in item) for item in found})
    assert states == [
        {"12:00": ("open", True)},
        {"12:00": ("withdrawn", False), "11:30": ("open", True)},
        {"12:00": ("open", True), "11:30": ("withdrawn", False)},
    ]
    told = Counter(entry["kind"] for entry in world.desk.decisions())
    assert (told["finding.raised"], told["finding.withdrawn"]) == (3, 2)
    ids = [entry["decision_id"] for entry in world.desk.decisions()]
    assert len(set(ids)) == len(ids)


def test_a_finding_that_goes_on_is_corrected_and_told_nobody(world: ScanWorld) -> None:
    rules = rules_of(excluded(severity=Severity.HIGH))
    world.come_in(fact("password.changed", NOON, PasswordChanged(2)))
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx(), shard_of(), rules=rules)
    before = len(world.desk.decisions())
    world.come_in(fact("device.registered", NOON + minutes(5), DeviceRegistered("device-9")))
    world.clock.advance(COMPLETE)
    report = scan_shard(world.ctx(), shard_of(), rules=rules)
    assert [dict(one.facts) for one in report.corrected] == [{"devices": 1}]
    stored = stored_finding(world)
    assert (stored["facts"], stored["window_end"], stored["rules"]) == (
        {"devices": 1},
        "2026-11-23T12:05:00.000Z",
        rules.digest,
    )
    assert len(world.desk.decisions()) == before


def test_a_person_s_word_stands_whatever_comes_late(world: ScanWorld) -> None:
    world.come_in(*chain())
    (finding,) = world.scan().raised
    key = finding_key(finding)
    change = Change(actor=System("test", "test"), cause="test", now=world.clock.now(), ids=world.ids)
    change.update(key, set={"state": "resolved", "verdict": "confirmed"}, condition=PRESENT)
    change.commit(world.store)
    world.come_in(undone())
    assert world.scan().withdrawn == ()
    assert stored_finding(world)["state"] == "resolved"


def test_a_finding_about_a_payee_names_the_account_that_it_is(world: ScanWorld) -> None:
    rules = rules_of(spread(Stream.PARTY, Signal.MONEY_LEFT, severity=Severity.HIGH))
    for payer in ("acct-a", "acct-b", "acct-c"):
        sent = chain(account=payer)[-1]
        assert isinstance(sent.data, MovementTold)
        data = replace(sent.data, counterparty="A Payee", counterparty_account=ACCOUNT)
        world.come_in(replace(sent, id=f"{sent.id}{payer}", data=data))
    world.clock.advance(COMPLETE)
    reports = [scan_shard(world.ctx(), shard, rules=rules) for shard in range(ACTIVITY_SHARDS)]
    (finding,) = [one for report in reports for one in report.raised]
    assert (finding.stream, finding.account_id) == (Stream.PARTY, ACCOUNT)
    stored = stored_finding(world)
    assert stored["PK"] == f"SUBJECT#PTY#{finding.subject}"
    assert stored["attention_pk"] == "FINDINGS#PTY"
    # It is no finding on the account, and holds nothing; its case hears of it.
    assert security.list_findings(world.store, ACCOUNT, world.clock.now()) == ()
    assert case_entries(world) == [("spread_party", "not_asked")]
    assert world.desk.view().state is LockState.OPEN


def test_a_finding_about_a_payee_who_was_erased_keeps_nothing_of_the_account(world: ScanWorld) -> None:
    rules = rules_of(spread(Stream.PARTY, Signal.MONEY_LEFT, severity=Severity.HIGH))
    world.erase()
    for payer in ("acct-a", "acct-b", "acct-c"):
        sent = chain(account=payer)[-1]
        assert isinstance(sent.data, MovementTold)
        data = replace(sent.data, counterparty="A Payee", counterparty_account=ACCOUNT)
        world.come_in(replace(sent, id=f"{sent.id}{payer}", data=data))
    world.clock.advance(COMPLETE)
    before = {item["SK"] for item in world.store.items(Table.HOTLINE) if item["PK"] == f"ACCOUNT#{ACCOUNT}"}
    reports = [scan_shard(world.ctx(), shard, rules=rules) for shard in range(ACTIVITY_SHARDS)]
    assert sum(len(report.raised) for report in reports) == 1
    assert "account_id" not in stored_finding(world)
    after = {item["SK"] for item in world.store.items(Table.HOTLINE) if item["PK"] == f"ACCOUNT#{ACCOUNT}"}
    assert after == before


@sweep("state", FindingState)
def test_a_finding_goes_from_a_state_to_others_and_never_to_itself(state: FindingState) -> None:
    assert not may_become(state, state)
    assert {following for following in FindingState if may_become(state, following)} == NEXT_STATES[state]


# ---------------------------------------------------------------- neighbours


def test_a_subject_that_fails_does_not_keep_its_neighbours_waiting(world: ScanWorld) -> None:
    neighbour = next(name for name in (f"acct-{n}" for n in range(1000)) if shard_of(name) == shard_of())

    def broken(state: Any, signal: str, event: Any, *_: Any) -> Iterator[Any]:
        yield from ()
        if not event.id.endswith("neighbour"):
            raise KeyError(signal)

    rules = rules_of(*DETECTORS, toy(broken, Signal.PASSWORD_CHANGED))
    world.come_in(*chain(), *(replace(one, id=f"{one.type}-neighbour") for one in chain(account=neighbour)))
    world.clock.advance(COMPLETE)
    with pytest.raises(Unavailable, match="subject_not_judged") as failed:
        scan_shard(world.ctx(), shard_of(), rules=rules)
    assert failed.value.facts["lag_minutes"] == 2
    assert stored_finding(world)["subject"] == neighbour
    # The cursor has not moved, and nothing is lost.
    assert len(scan_shard(world.ctx(), shard_of()).raised) == 1


def test_a_run_that_fails_says_how_far_behind_it_is_and_never_that_it_is_not(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(minutes(41))
    for call, lag_minutes in (("get", None), ("query", None), ("batch_get", 41)):
        world.store.before = once(Unavailable(), on=call)
        with pytest.raises(Unavailable) as failed:
            scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES)
        assert failed.value.facts.get("lag_minutes") == lag_minutes, call


def test_a_row_that_cannot_be_read_holds_its_stream_and_no_other(world: ScanWorld) -> None:
    (row,) = world.rows(fact("password.changed", NOON, PasswordChanged(2)))
    world.store.load([(row.key, {name: value for name, value in row.item.items() if name != "type"})])
    world.clock.advance(COMPLETE)
    with pytest.raises(Unavailable, match="subject_not_judged"):
        scan_shard(world.ctx(), shard_of())
    assert world.store.get(cursor_key(shard_of(), Stream.ACCOUNT)) is None
    assert world.store.get(cursor_key(shard_of(), Stream.SOURCE)) is not None


def test_a_run_behind_says_by_how_many_minutes(world: ScanWorld) -> None:
    world.come_in(*failures(PAGE_ROWS + 1, NOON - timedelta(hours=10), apart=timedelta(seconds=20)))
    world.clock.advance(minutes(41))
    left = iter([True] * 25 + [False] * 100)
    report = scan_shard(world.ctx(), shard_of(), has_time=lambda: next(left), rules=ACCOUNT_RULES)
    assert (report.complete, report.lag_minutes) == (False, 41)
    assert scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES).lag_minutes == 0


def test_a_run_that_is_out_of_time_in_hours_without_rows_reads_none_of_them_again(world: ScanWorld) -> None:
    world.come_in(*failures(1, NOON))
    world.scan()
    world.clock.advance(timedelta(hours=30))
    world.come_in(*failures(1, NOON + timedelta(hours=30)))
    world.clock.advance(COMPLETE)
    for hours, hours_behind in ((12, 18), (0, 18), (10, 8)):
        left = iter([True] * hours + [False])
        report = scan_shard(world.ctx(), shard_of(), has_time=partial(next, left), rules=ACCOUNT_RULES)
        assert (report.rows, report.reads, report.complete) == (0, hours, False)
        assert report.lag_minutes // 60 == hours_behind
    last = scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES)
    assert (last.rows, last.complete) == (1, True)
    assert last.reads < 12


def test_a_stream_for_which_no_time_was_left_is_behind_by_all_that_it_has(world: ScanWorld) -> None:
    world.come_in(*failures(3, NOON))
    world.scan()
    world.clock.advance(minutes(60))
    left = iter([True] * 2 + [False] * 100)
    report = scan_shard(world.ctx(), shard_of(), has_time=lambda: next(left))
    # The hours of the accounts' stream were read, those of addresses were not.
    assert not report.complete
    assert report.lag_minutes >= 60


# ---------------------------------------------------------------- once, whatever happens


def test_a_second_run_finds_nothing_new_and_reads_no_row(world: ScanWorld) -> None:
    world.come_in(*chain())
    assert len(world.scan().raised) == 1
    before = list(world.store.items(Table.OUTBOX))
    again = world.scan()
    assert (again.rows, again.raised, again.writes) == (0, (), 0)
    assert list(world.store.items(Table.OUTBOX)) == before


def test_facts_that_come_again_count_once(world: ScanWorld) -> None:
    nine = failures(9, NOON - minutes(10))
    world.come_in(*nine, *nine, apart=timedelta(seconds=1))
    assert world.scan().raised == ()
    world.come_in(*nine)
    assert world.scan().raised == ()
    world.come_in(*failures(1, NOON - minutes(1)))
    assert len(world.scan().raised) == 1


def test_the_pattern_is_seen_across_runs_and_in_any_order_of_arrival(world: ScanWorld) -> None:
    reset, device, transfer = chain()
    for one in (transfer, reset):
        world.come_in(one)
        assert world.scan().raised == ()
    world.come_in(device)
    (finding,) = world.scan().raised
    assert finding.window_start == NOON


def test_a_burst_that_goes_on_is_one_finding_an_hour(world: ScanWorld) -> None:
    world.come_in(*failures(119, NOON - minutes(120)))
    assert len(world.scan().raised) == 2


def test_a_watch_that_was_lost_raises_nothing_a_second_time(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    watch = watch_key(Stream.ACCOUNT, ACCOUNT)
    world.store.transact([Put(watch, {"applied_to": "", "events": [], "raised": {}, "rev": 1})], token="lost")
    world.come_in(*chain())
    assert world.scan().raised == ()
    assert len(world.desk.notices()) == 2
    assert findings(world) == ["reset_device_transfer"]


def test_a_flood_of_failures_does_not_wash_out_what_else_happened(world: ScanWorld) -> None:
    reset, device, transfer = chain()
    moment = timedelta(milliseconds=1)
    world.come_in(reset, apart=moment)
    world.come_in(*failures(PENDING_MAX + 50, NOON, apart=timedelta(seconds=3)), apart=moment)
    world.come_in(device, transfer)
    assert {finding.rule for finding in world.scan().raised} == {"failed_login_burst", "reset_device_transfer"}
    assert len(memory(world)["pending"]) == PENDING_MAX


@pytest.mark.parametrize("call", ["batch_get", "query", "transact"])
def test_a_request_that_fails_leaves_the_cursor_where_it_was(world: ScanWorld, call: str) -> None:
    world.come_in(*chain())
    world.store.before = once(Unavailable(), on=call)
    with pytest.raises(Unavailable):
        world.scan()
    assert [finding.rule for finding in world.scan().raised] == ["reset_device_transfer"]


@pytest.mark.parametrize("crash_at", [0, 1, 2])
def test_a_run_that_ends_between_two_findings_is_made_good_whatever_has_come_since(
    world: ScanWorld, crash_at: int
) -> None:
    """The first finding is stored before the watch. An event that excludes it comes before the next run."""
    rules = rules_of(*DETECTORS, every(name="unusual", severity=Severity.HIGH))
    world.come_in(*chain())
    world.clock.advance(COMPLETE)
    writes = iter(range(100))

    def strike(call: str) -> None:
        if call == "transact" and next(writes) == crash_at:
            raise Unavailable

    world.store.before = strike
    with suppress(Unavailable):
        scan_shard(world.ctx(), shard_of(), rules=rules)
    world.store.before = None
    world.come_in(undone())
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx(), shard_of(), rules=rules)
    found = {item["rule"]: item["state"] for item in world.store.items(Table.HOTLINE) if "finding_id" in item}
    assert found == {"unusual": "open"} | ({"reset_device_transfer": "withdrawn"} if crash_at else {})


def test_two_runs_on_one_shard_raise_a_finding_once(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(COMPLETE)
    done: list[int] = []

    def other_run(name: str) -> None:
        if name == "transact" and not done:
            done.append(1)
            done.append(len(scan_shard(world.ctx(), shard_of()).raised))

    world.store.before = other_run
    with pytest.raises(Stale):
        scan_shard(world.ctx(), shard_of())
    assert done == [1, 1]
    assert findings(world) == ["reset_device_transfer"]
    assert len(world.desk.notices()) == 2


def test_an_erased_account_is_not_watched_any_more(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.erase()
    assert world.scan().raised == ()
    assert is_tombstone(watch(world))


@pytest.mark.parametrize("facts", [chain(), failures(1, NOON)], ids=["found", "nothing_found"])
def test_an_erasure_while_the_account_is_judged_wins(world: ScanWorld, facts: list[Fact]) -> None:
    world.come_in(*facts)

    def erase_first(name: str) -> None:
        if name in ("transact", "write_alone"):
            world.store.before = None
            world.erase()

    world.store.before = erase_first
    assert world.scan().raised == ()
    assert is_tombstone(watch(world))
    assert findings(world) == []


# ---------------------------------------------------------------- what is read


def test_a_row_is_read_once_it_is_ninety_seconds_old(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(COMPLETE_AFTER)
    assert scan_shard(world.ctx(), shard_of()).rows == 0
    world.clock.advance(timedelta(milliseconds=1))
    assert scan_shard(world.ctx(), shard_of()).rows == 3


def test_until_reads_to_that_moment_and_never_beyond_now(world: ScanWorld) -> None:
    world.come_in(*chain())
    assert scan_shard(world.ctx(), shard_of(), until=NOON - minutes(1)).rows == 0
    world.clock.advance(timedelta(milliseconds=1))
    assert scan_shard(world.ctx(), shard_of(), until=NOON + timedelta(days=9)).rows == 3
    world.come_in(*failures(10, NOON - minutes(10)))
    assert len(world.scan().raised) == 1


def test_a_run_right_after_one_up_to_the_present_has_nothing_to_read(world: ScanWorld) -> None:
    world.clock.advance(minutes(30))
    world.come_in(*chain())
    world.clock.advance(timedelta(milliseconds=1))
    assert scan_shard(world.ctx(), shard_of(), until=world.clock.now()).rows == 3
    again = scan_shard(world.ctx(), shard_of())
    assert (again.reads, again.writes, again.complete) == (0, 0, True)


def test_the_first_run_looks_a_day_back(world: ScanWorld) -> None:
    world.come_in(*failures(1, NOON))
    world.clock.advance(FIRST_LOOK_BACK)
    report = scan_shard(world.ctx(), shard_of(), until=world.clock.now())
    # The failure's address is a subject of another shard, but its stream is read by the hour, too.
    assert (report.rows, report.reads) == (1, 1 + 1 + 24 * STREAMS)


def test_a_run_that_is_out_of_time_stops_after_a_page_and_the_next_goes_on(world: ScanWorld) -> None:
    many = failures(PAGE_ROWS + 1, NOON - timedelta(hours=10), apart=timedelta(seconds=20))
    world.come_in(*many)
    left = iter([True] * 25 + [False] * 100)
    first = world.scan(has_time=lambda: next(left))
    assert (first.rows, first.complete) == (PAGE_ROWS, False)
    second = world.scan()
    assert (second.rows, second.complete) == (1, True)


def names_of_shard_0(count: int, stem: str = "acct") -> list[str]:
    """Names of subjects, all of one shard."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if shard_of(f"{stem}-{number}") == 0:
            found.append(f"{stem}-{number}")
    return found


def budget_of(report: ShardReport, streams: int = 1) -> float:
    """New rows x 1.1, one for each subject and page, one more for each with a finding, one query a stream and hour."""
    pages = -(-report.rows // PAGE_ROWS)
    found = len({(finding.stream, finding.subject) for finding in report.raised})
    return report.rows * 1.1 + report.subjects * pages + found + streams


@pytest.mark.parametrize(("accounts", "events"), [(1, 1), (1, 12), (19, 3), (20, 3), (21, 3), (130, 4)])
@pytest.mark.parametrize("attacked", [False, True])
def test_the_reads_of_accounts_keep_to_their_budget(accounts: int, events: int, attacked: bool) -> None:
    world = ScanWorld()
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx(), 0, rules=ACCOUNT_RULES)
    world.clock.advance(timedelta(minutes=5))
    for account in names_of_shard_0(accounts):
        many = chain(account=account) if attacked else failures(events, NOON, account=account)
        world.come_in(*many)
        world.clock.advance(timedelta(milliseconds=1))
    world.clock.advance(COMPLETE)
    report = scan_shard(world.ctx(), 0, rules=ACCOUNT_RULES)
    assert report.subjects == accounts
    assert len(report.raised) == (accounts if attacked else events // 10)
    assert report.reads <= budget_of(report)
    world.clock.advance(COMPLETE)
    assert scan_shard(world.ctx(), 0, rules=ACCOUNT_RULES).reads == 1


def came_from(source: str, accounts: int, *, succeeded: bool) -> list[Fact]:
    """One try at each of some accounts, from one address."""
    place = LoginSource(ip=source)
    word = "succeeded" if succeeded else "failed"
    return [
        fact(
            f"login.{word}",
            NOON + timedelta(seconds=number),
            LoginTried(f"{source}-{number}", place, LoginKind.PASSWORD, succeeded=succeeded),
            name=f"{source}-{number}",
            account=f"acct-{number}",
        )
        for number in range(accounts)
    ]


def shard_of_source(source: str) -> int:
    return shard_of(KEYS.mac_text(KEYS.current, "ip", source)[:16])


@pytest.mark.parametrize(("sources", "tries"), [(1, 1), (1, 40), (5, 3), (5, 30), (40, 2)])
@pytest.mark.parametrize("succeeded", [False, True])
def test_the_reads_of_addresses_keep_to_their_budget(sources: int, tries: int, succeeded: bool) -> None:
    world = ScanWorld()
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx(), 0, rules=SOURCE_RULES)
    world.clock.advance(timedelta(minutes=5))
    own = (name for name in (f"192.0.2.{n}" for n in range(10_000)) if shard_of_source(name) == 0)
    for source in islice(own, sources):
        world.come_in(*came_from(source, tries, succeeded=succeeded))
        world.clock.advance(timedelta(milliseconds=1))
    world.clock.advance(COMPLETE)
    report = scan_shard(world.ctx(), 0, rules=SOURCE_RULES)
    assert (report.rows, report.subjects) == (sources * tries, sources)
    assert len(report.raised) == (sources if tries >= 25 and not succeeded else 0)
    assert report.reads <= budget_of(report)
    # An address from which people get in writes nothing but the cursor.
    assert report.writes == 1 + (0 if succeeded else sources)
    assert scan_shard(world.ctx(), 0, rules=SOURCE_RULES).reads == 1


@pytest.mark.parametrize("payers", [1, 3, 40])
def test_the_reads_of_payees_keep_to_their_budget(payers: int) -> None:
    world = ScanWorld()
    world.clock.advance(COMPLETE)
    scan_shard(world.ctx(), 0, rules=PARTY_RULES)
    world.clock.advance(timedelta(minutes=5))
    hidden = (name for name in (f"payee-{n}" for n in range(10_000)) if shard_of(hide_party(name)) == 0)
    (payee,) = islice(hidden, 1)
    for payer in range(payers):
        sent = chain(account=f"acct-{payer}")[-1]
        assert isinstance(sent.data, MovementTold)
        world.come_in(replace(sent, id=f"sent-{payer}", data=replace(sent.data, counterparty=payee)))
        world.clock.advance(timedelta(milliseconds=1))
    world.clock.advance(COMPLETE)
    report = scan_shard(world.ctx(), 0, rules=PARTY_RULES)
    assert (report.rows, report.subjects) == (payers, 1)
    assert report.reads <= budget_of(report)


def hide_party(name: str) -> str:
    return KEYS.mac_text(KEYS.current, "party", name)[:16]


def test_the_reads_of_a_run_are_the_sum_over_its_streams(world: ScanWorld) -> None:
    world.scan_all()
    world.clock.advance(timedelta(minutes=5))
    world.come_in(*came_from("192.0.2.1", 40, succeeded=False), *chain())
    world.clock.advance(COMPLETE)
    reports = [scan_shard(world.ctx(), shard) for shard in range(ACTIVITY_SHARDS)]
    assert sum(report.rows for report in reports) == 40 * 2 + 3
    for report in reports:
        assert report.reads <= budget_of(report, STREAMS)
    # One query a stream, where nothing came in.
    world.clock.advance(COMPLETE)
    assert [scan_shard(world.ctx(), shard).reads for shard in range(ACTIVITY_SHARDS)] == [STREAMS] * ACTIVITY_SHARDS


def test_an_event_of_years_ago_asks_for_no_rows_of_the_years_since(world: ScanWorld) -> None:
    """A wallet may send its history again. Rows of so many hours would take longer than a run has."""
    world.scan_all()
    # A login from the last place is quiet: no watch is kept with it, so an event from before it has rows read again.
    for _ in range(2):
        world.come_in(succeeded(world.clock.now()))
        world.scan_all()
    world.come_in(*failures(1, NOON - timedelta(days=3650)))
    reports = world.scan_all()
    assert sum(report.rows for report in reports) == 2
    for report in reports:
        assert report.reads <= budget_of(report, STREAMS)


def test_a_login_from_the_last_place_and_device_writes_no_watch() -> None:
    world = ScanWorld()
    world.come_in(succeeded(NOON))
    world.clock.advance(COMPLETE)
    assert scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES).writes == 1 + 1
    first = watch(world)
    for _ in range(3):
        world.come_in(succeeded(world.clock.now()))
        world.clock.advance(COMPLETE)
        report = scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES)
        # The cursor moves, and nothing else.
        assert (report.rows, report.writes) == (1, 1)
    assert watch(world) == first
    world.come_in(succeeded(world.clock.now(), source=LoginSource(device_id="another")))
    world.clock.advance(COMPLETE)
    assert scan_shard(world.ctx(), shard_of(), rules=ACCOUNT_RULES).writes == 1 + 1
    assert watch(world) != first


def test_a_stored_memory_reads_as_it_was_written() -> None:
    watch = {"applied_to": "x", "horizon": [1, 1, ""], "settled": '{"states":{}}', "pending": [["a", 1, "b", {"c": 1}]]}
    packed = pack(watch)
    assert unpack(packed) == watch
    # The dictionary may never change: memories that were written with it could not be read any more.
    assert packed.hex() == "43cb1b15283903189c3a4a4aa85943295109249a04aef8c0c90b35626b6b01"


UUIDS: Final = [f"{number:08x}-aaaa-4bbb-8ccc-0123456789ab" for number in range(300)]
TEXTS: Final = [
    *(
        "",
        "payment",
        "window",
        "AAAAAA",
        "AAAAAB",
        "a-_9zA",
        'x"AAAAAA"',
        "\x01\x0e!",
        "\u4f59",
        "00c0ffee",
        "00C0FFEE",
    ),
    *(
        "0123456789abcdef",
        "0123456789abcde",
        UUIDS[0].upper(),
        f"x{UUIDS[1]}",
        f"f{UUIDS[2]}",
        f"{UUIDS[3]}#{UUIDS[3]}",
    ),
    *(f"2026-11-29T23:59:59.001Z#{UUIDS[4]}", "2026-02-30T23:59:59.001Z", "2026-11-29T23:59:60.001Z"),
    *("2026-11-29T23:59:59.001Z", "2026-11-29T24:00:00.000Z", "2026-11-29T23:59:59Z"),
]
NUMBERS: Final = [
    *(
        0,
        -1,
        99_999_999,
        100_000_000,
        4_294_967_295,
        4_294_967_296,
        9_999_999_999,
        1_800_000_000_000,
        1_799_999_999_999,
    ),
    *(9_999_999_999_999, -1_800_000_000_000, 1_800_000_000_064, 1.5, 61.736708145794374, 1e-12, 24640741.40000998),
    *(0.1234567891, 1e300, 123456789.12345678),
]


def test_every_value_of_a_memory_reads_as_it_was_written() -> None:
    draw = random.Random(3)
    values: list[Any] = [*TEXTS, *NUMBERS, *UUIDS, None]
    for _ in range(300):
        some = [draw.choice(values[: draw.choice((5, 60, len(values)))]) for _ in range(draw.randrange(500))]
        named = {str(value): value for value in some}
        watch = {
            "applied_to": draw.choice(TEXTS),
            "pending": some,
            "seen": [named],
            "settled": json.dumps([named, some]),
        }
        assert unpack(pack(watch)) == watch


def test_a_full_memory_of_random_ids_is_little_more_than_their_bytes() -> None:
    draw = random.Random(4)
    names = [urlsafe_b64encode(draw.randbytes(4)).decode().rstrip("=") for _ in range(32)]
    pending = [[str(UUID(int=draw.getrandbits(128))), 1_800_000_000_000, "login.succeeded", {}] for _ in range(10)]
    watch = {"pending": pending, "settled": json.dumps({"movements": dict.fromkeys(names, 3)}, separators=(",", ":"))}
    assert len(pack(watch)) < 32 * 4 + 10 * 16 + 60
