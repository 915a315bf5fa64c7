"""The risk of an account: what speaks against it, when it is written, and how a person's word changes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.accounts.service import RISK_LIFE, RiskBand, band_of, risk_from, risk_key
from hotline.contracts.model import (
    DeviceRegistered,
    Fact,
    FraudConfirmed,
    Instrument,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PasswordChanged,
)
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.money import Money
from hotline.kit.store import Delete, Table
from hotline.kit.store.condition import Item, equals
from hotline.security import service as security
from hotline.security.account_risk import (
    SLACK,
    Evidence,
    Outlook,
    collect_evidence,
    evidence_from,
    must_write,
    outlook_from,
    stored_risk,
    with_verdicts,
)
from hotline.security.activity_rows import instant_of_ms
from hotline.security.detectors import Event, Severity, Stream
from hotline.security.fold import Fold
from hotline.security.model import Verdict
from hotline.security.rules import Bands
from hotline.security.scan import scan_shard
from hotline.security.score import RISK_MAX
from hotline.security.settings import read_shipped_rules
from hotline.security.watch_items import cursor_key, watch_key
from tests.support import found
from tests.support.lock_desk import ACCOUNT, NOON, fact, failures, minutes
from tests.support.scan_runs import COMPLETE, ScanWorld, chain, shard_of, undone
from tests.support.sweeps import sweep
from tests.support.toy_rules import excluded, rules_of

BANDS: Final = Bands()
PLAN: Final = read_shipped_rules().plans[Stream.ACCOUNT]
DAY_MS: Final = 86_400_000
NOON_MS: Final = round(NOON.timestamp() * 1000)
DAY: Final = timedelta(days=1)


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


def risk(world: ScanWorld) -> Item | None:
    return world.store.get(risk_key(ACCOUNT))


def band(world: ScanWorld) -> RiskBand:
    return band_of(risk(world), world.clock.now())


def writes_of(world: ScanWorld) -> int:
    stored = risk(world)
    return 0 if stored is None else int(stored["rev"])


def finding_id(world: ScanWorld, rule: str) -> str:
    (found,) = [
        item["finding_id"]
        for item in world.store.items(Table.HOTLINE)
        if item["SK"].startswith("FINDING#") and item["rule"] == rule
    ]
    return str(found)


def judge(world: ScanWorld, verdict: Verdict, rule: str = "reset_device_transfer") -> None:
    """An agent says what they think of a finding."""
    named = finding_id(world, rule)
    change = Change(actor=Agent("agent-1", "-"), cause="judge", now=world.clock.now(), ids=world.ids)
    read = world.store.batch_get(list(security.verdict_keys(ACCOUNT, named)))
    security.contribute_verdict(change, read, ACCOUNT, named, verdict, judged_by="agent-1", zone="UTC")
    change.commit(world.store)


# ---------------------------------------------------------------- what speaks against an account


def grave(points: float = 100.0, *, at_ms: int = NOON_MS, finding: str | None = "fnd_1") -> Evidence:
    return Evidence({"findings": points}, at_ms, 3 * DAY_MS, finding)


def test_a_grave_finding_is_high_for_two_days_and_raised_for_almost_four() -> None:
    outlook = Outlook.of([grave(75.0)], BANDS, NOON)
    assert outlook.band(NOON) is RiskBand.HIGH
    assert outlook.high_ms - NOON_MS == pytest.approx(1.755 * DAY_MS, rel=0.01)
    assert outlook.raised_ms - NOON_MS == pytest.approx(3.966 * DAY_MS, rel=0.01)
    assert outlook.band(instant_of_ms(outlook.high_ms)) is RiskBand.RAISED
    assert outlook.band(instant_of_ms(outlook.raised_ms)) is RiskBand.LOW


@sweep(
    ("points", "found"),
    [
        (10.0, RiskBand.LOW),
        (25.0, RiskBand.LOW),
        (33.4, RiskBand.RAISED),
        (75.0, RiskBand.HIGH),
        (100.0, RiskBand.HIGH),
    ],
)
def test_the_band_follows_from_the_severity(points: float, found: RiskBand) -> None:
    assert Outlook.of([grave(points)], BANDS, NOON).band(NOON) is found


points_of = st.floats(0.0, RISK_MAX)


@given(
    parts=st.dictionaries(st.sampled_from(["amount", "hour", "velocity", "findings"]), points_of, min_size=1),
    more=points_of,
    name=st.sampled_from(["amount", "hour", "velocity", "findings", "share"]),
    after=st.integers(0, 8 * DAY_MS),
)
def test_more_of_a_part_never_lowers_a_risk(parts: dict[str, float], more: float, name: str, after: int) -> None:
    less = Evidence(parts, NOON_MS, 7 * DAY_MS)
    greater = Evidence({**parts, name: parts.get(name, 0.0) + more}, NOON_MS, 7 * DAY_MS)
    at = instant_of_ms(NOON_MS + after)
    ranks = list(RiskBand)
    before, then = (ranks.index(Outlook.of([one], BANDS, NOON).band(at)) for one in (less, greater))
    assert then >= before
    both = Outlook.of([less, grave(more)], BANDS, NOON)
    assert ranks.index(both.band(at)) >= before


def test_a_dismissed_finding_counts_nowhere_and_the_parts_of_its_movement_stay() -> None:
    movement = Evidence({"amount": 34.0, "findings": 40.0}, NOON_MS, 7 * DAY_MS, "fnd_1")
    told = with_verdicts([grave(), movement], {"fnd_1": True})
    assert [one.points for one in told] == [0.0, 34.0]
    assert Outlook.of(told, BANDS, NOON).band(NOON) is RiskBand.RAISED
    again = with_verdicts(told, {"fnd_1": False})
    assert again == (grave(), movement)


def test_evidence_is_read_as_it_was_stored_and_parts_are_told_as_of_now() -> None:
    movement = Evidence({"amount": 20.5, "hour": 1.5}, NOON_MS - 7 * DAY_MS, 7 * DAY_MS, None)
    stored = stored_risk([grave(), movement], BANDS, NOON)
    assert evidence_from(stored) == (grave(), movement)
    told = risk_from(stored)
    assert told is not None
    assert told.parts == {"findings": 100, "amount": 10, "hour": 1}
    assert outlook_from(stored) == Outlook.of([grave(), movement], BANDS, NOON)


def test_a_movement_is_told_by_the_parts_of_its_score_and_later_by_what_was_stored() -> None:
    fold = Fold(PLAN)
    values = {"movement_id": "m1", "version": 1, "status": "succeeded", "kind": "transfer", "currency": "CNY"}
    for number in range(30):
        at_ms = NOON_MS - (60 - number) * DAY_MS
        told = {**values, "movement_id": f"m{number}", "amount_minor": 1_000, "party": "shop"}
        fold.take(Event(f"e{number}", at_ms, "transfer.succeeded", told))
    told = {**values, "movement_id": "large", "amount_minor": 900_000, "party": "stranger"}
    fold.take(Event("e-large", NOON_MS, "transfer.succeeded", told))
    (movement,) = collect_evidence(fold, PLAN, ACCOUNT, NOON, None)
    assert movement.parts["amount"] == 20.0
    assert {"amount", "first_time"} <= set(movement.parts)
    assert movement.points == pytest.approx(fold.account_risk(NOON_MS))
    settled = Fold(PLAN, fold.store())
    (unknown,) = collect_evidence(settled, PLAN, ACCOUNT, NOON, None)
    assert unknown.parts == {"movement": pytest.approx(movement.points)}
    (known,) = collect_evidence(settled, PLAN, ACCOUNT, NOON, stored_risk([movement], BANDS, NOON))
    assert known.parts == pytest.approx(movement.parts, abs=0.1)


# ---------------------------------------------------------------- when it is written


def outlook(high: timedelta, raised: timedelta, *, as_of: timedelta = timedelta()) -> Outlook:
    as_of_ms, high_ms, raised_ms = (NOON_MS + span // timedelta(milliseconds=1) for span in (as_of, high, raised))
    return Outlook(as_of_ms, high_ms, raised_ms)


LOW: Final = Outlook()
MOMENT: Final = timedelta(milliseconds=1)


@sweep(
    ("known", "found", "now", "written"),
    [
        (LOW, LOW, timedelta(), False),
        (LOW, outlook(DAY, 3 * DAY), timedelta(), True),
        (outlook(DAY, 3 * DAY), LOW, timedelta(), True),
        (outlook(DAY, 3 * DAY), outlook(DAY, 3 * DAY), timedelta(), False),
        (outlook(DAY, 3 * DAY), outlook(DAY + SLACK, 3 * DAY), timedelta(), False),
        (outlook(DAY, 3 * DAY), outlook(DAY + SLACK + MOMENT, 3 * DAY), timedelta(), True),
        (outlook(DAY, 3 * DAY), outlook(DAY, 3 * DAY - SLACK - MOMENT), timedelta(), True),
        # A band that has faded by itself is no change.
        (outlook(DAY, 3 * DAY), outlook(DAY, 3 * DAY, as_of=2 * DAY), 2 * DAY, False),
        # One that lasts is written anew before it is too old to count.
        (outlook(9 * DAY, 9 * DAY), outlook(9 * DAY, 9 * DAY, as_of=RISK_LIFE / 2 - MOMENT), RISK_LIFE / 2, False),
        (outlook(9 * DAY, 9 * DAY), outlook(9 * DAY, 9 * DAY, as_of=RISK_LIFE / 2), RISK_LIFE / 2, True),
        (LOW, outlook(-DAY, -DAY, as_of=30 * DAY), 30 * DAY, False),
    ],
)
def test_a_risk_is_written_where_its_band_changes_and_no_more(
    known: Outlook, found: Outlook, now: timedelta, *, written: bool
) -> None:
    assert must_write(known, found, NOON + now) is written


def test_an_account_without_anything_against_it_has_no_risk_stored(world: ScanWorld) -> None:
    world.come_in(*failures(2, NOON - minutes(10)))
    world.scan()
    assert risk(world) is None
    stored = world.store.get(watch_key(Stream.ACCOUNT, ACCOUNT))
    assert stored is not None
    assert "risk" not in stored


def test_a_stolen_account_is_at_high_risk_in_the_write_that_raises_the_finding(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    stored = risk_from(risk(world))
    assert stored is not None
    assert stored.band(world.clock.now()) is RiskBand.HIGH
    assert next(iter(stored.parts)) == "findings"
    assert writes_of(world) == 1


def test_events_that_leave_the_band_write_the_risk_once(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.clock.advance(minutes(40))
    world.scan()
    for number in range(5):
        world.clock.advance(minutes(20))
        world.come_in(payment(world, number))
        world.scan()
    assert (band(world), writes_of(world)) == (RiskBand.HIGH, 1)


def payment(world: ScanWorld, number: int) -> Fact:
    now = world.clock.now()
    told = MovementTold(
        kind=MovementKind.TRANSFER,
        status=MovementStatus.SUCCEEDED,
        movement_id=f"mov-later-{number}",
        version=1,
        initiated_at=now,
        amount=Money(500, "CNY"),
        instrument=Instrument("balance"),
        money=MoneyState.DEBITED,
    )
    return replace(fact("transfer.succeeded", now, told), id=f"pay-{number}")


def test_a_finding_that_is_taken_back_lowers_the_risk(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.come_in(undone())
    world.scan()
    assert band(world) is RiskBand.LOW


def test_a_run_that_comes_again_writes_no_risk_again(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    before = risk(world)
    world.scan()
    assert risk(world) == before


def fraud(number: int, world: ScanWorld) -> Fact:
    told = FraudConfirmed(f"mov-later-{number}", world.clock.now())
    return replace(fact("transaction.confirmed_fraud", world.clock.now(), told), id=f"label-{number}")


def test_a_label_that_comes_late_raises_the_risk(world: ScanWorld) -> None:
    world.come_in(payment(world, 0), payment(world, 1), payment(world, 2))
    world.scan()
    assert band(world) is RiskBand.UNKNOWN
    world.clock.advance(2 * DAY)
    world.come_in(fraud(0, world))
    world.scan()
    assert band(world) is RiskBand.RAISED
    world.come_in(fraud(1, world))
    world.scan()
    stored = risk_from(risk(world))
    assert stored is not None
    assert stored.band(world.clock.now()) is RiskBand.HIGH
    assert set(stored.parts) >= {"labels"}


def test_labels_that_the_wallet_takes_back_lower_the_risk(world: ScanWorld) -> None:
    world.come_in(payment(world, 0), payment(world, 1), payment(world, 2))
    for number in range(2):
        world.come_in(fraud(number, world))
        world.scan()
    assert band(world) is RiskBand.HIGH
    for number, left in ((0, RiskBand.RAISED), (1, RiskBand.LOW)):
        told = FraudConfirmed(f"mov-later-{number}", world.clock.now(), is_retracted=True)
        one = fact("transaction.confirmed_fraud", world.clock.now(), told)
        world.come_in(replace(one, id=f"retraction-{number}"))
        world.scan()
        assert band(world) is left


# ---------------------------------------------------------------- a person's word


def test_a_finding_that_is_dismissed_lowers_the_risk_and_one_that_is_confirmed_keeps_it(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    judge(world, Verdict.CONFIRMED)
    assert band(world) is RiskBand.HIGH
    judge(world, Verdict.FALSE_ALARM)
    assert band(world) in (RiskBand.LOW, RiskBand.RAISED)
    judge(world, Verdict.UNCLEAR)
    assert band(world) is RiskBand.HIGH


def test_a_dismissed_finding_stays_dismissed_in_later_runs(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    judge(world, Verdict.FALSE_ALARM)
    for number in range(3):
        world.clock.advance(DAY / 2)
        world.come_in(payment(world, number))
        world.scan()
        assert band(world) is not RiskBand.HIGH


def test_a_second_finding_counts_although_the_first_one_was_dismissed(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    judge(world, Verdict.FALSE_ALARM)
    world.clock.advance(DAY)
    later = world.clock.now()
    world.come_in(*[replace(one, id=f"again-{one.id}") for one in chain(later)])
    world.clock.advance(minutes(40))
    world.scan()
    assert band(world) is RiskBand.HIGH


# ---------------------------------------------------------------- a rule that is suppressed


THEFT: Final = "reset_device_transfer"


def suppress(world: ScanWorld, rule: str = THEFT, *, until: datetime = NOON + 7 * DAY) -> None:
    found.suppress(
        world.store, world.ids, rule, account_id=ACCOUNT, now=world.clock.now(), since=world.clock.now(), until=until
    )


def points_of_findings(world: ScanWorld) -> int:
    stored = risk_from(risk(world))
    assert stored is not None
    return stored.parts.get("findings", 0)


def test_a_suppressed_finding_counts_nothing_in_this_run_and_in_later_ones(world: ScanWorld) -> None:
    suppress(world)
    world.come_in(*chain())
    world.clock.advance(minutes(40))
    assert [one.rule for one in world.scan().suppressed] == [THEFT]
    for number in range(3):
        assert (band(world), points_of_findings(world)) == (RiskBand.LOW, 0)
        world.clock.advance(DAY / 2)
        world.come_in(payment(world, number))
        world.scan()
    assert writes_of(world) == 1


def test_a_run_that_comes_again_counts_no_suppressed_finding(world: ScanWorld) -> None:
    """The watch is lost, and the stored risk with it."""
    suppress(world)
    world.come_in(*chain())
    world.scan()
    gone = [cursor_key(shard_of()), watch_key(Stream.ACCOUNT, ACCOUNT), risk_key(ACCOUNT)]
    world.store.transact([Delete(key) for key in gone], token="t")
    world.scan()
    assert (band(world), points_of_findings(world)) == (RiskBand.LOW, 0)


def test_a_suppressed_finding_counts_once_it_goes_on_behind_the_end(world: ScanWorld) -> None:
    going = excluded(severity=Severity.HIGH)
    suppress(world, going.rule, until=NOON + minutes(10))
    told = []
    for number, minute in enumerate((5, 8, 15)):
        device = fact("device.registered", NOON + minutes(minute), DeviceRegistered(f"device-{number}"))
        first = [fact("password.changed", NOON + minutes(1), PasswordChanged(2))] if number == 0 else []
        world.come_in(*first, device)
        world.clock.advance(COMPLETE)
        scan_shard(world.ctx(), shard_of(), rules=rules_of(going))
        told.append(band(world))
    assert told == [RiskBand.LOW, RiskBand.LOW, RiskBand.HIGH]


def test_a_suppressed_finding_that_a_person_confirms_counts(world: ScanWorld) -> None:
    suppress(world)
    world.come_in(*chain())
    world.scan()
    judge(world, Verdict.CONFIRMED)
    assert band(world) is RiskBand.HIGH
    judge(world, Verdict.FALSE_ALARM)
    assert (band(world), points_of_findings(world)) == (RiskBand.LOW, 0)


def test_another_finding_counts_beside_a_suppressed_one(world: ScanWorld) -> None:
    suppress(world, "failed_login_burst")
    world.come_in(*failures(10, NOON), *chain())
    world.clock.advance(minutes(40))
    report = world.scan()
    assert ([one.rule for one in report.suppressed], [one.rule for one in report.raised]) == (
        ["failed_login_burst"],
        [THEFT],
    )
    assert band(world) is RiskBand.HIGH


# ---------------------------------------------------------------- what is gone


def test_a_verdict_where_no_risk_is_stored_writes_none(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    change = Change(actor=Agent("agent-1", "-"), cause="test", now=world.clock.now(), ids=world.ids)
    stored = risk(world)
    assert stored is not None
    change.delete(risk_key(ACCOUNT), condition=equals("rev", int(stored["rev"])))
    change.commit(world.store)
    judge(world, Verdict.FALSE_ALARM)
    assert risk(world) is None


def test_an_erased_account_keeps_no_risk(world: ScanWorld) -> None:
    world.come_in(*chain())
    world.scan()
    world.erase()
    assert risk(world) is None
    world.come_in(payment(world, 1))
    world.scan()
    assert risk(world) is None
