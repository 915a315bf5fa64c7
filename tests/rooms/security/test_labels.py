"""The word of people that movements were fraud: what a confirmed finding labels, and what it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.contracts.model import Fact, MovementTold
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.store import Key, Put, Table
from hotline.kit.store.condition import Item
from hotline.security import activity_rows, items
from hotline.security import service as security
from hotline.security.activity import ACTIVITY_SHARDS, row_at
from hotline.security.detectors import Stream
from hotline.security.detectors.history import BY_PEOPLE, RECORD_HALF_LIFE_MS, History, PartyHistory
from hotline.security.detectors.rule import HOUR_MS, Signal
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.findings import Kind
from hotline.security.labels import LABELLED_MAX, LABELLING_RULES
from hotline.security.model import NamedMovement, Verdict
from hotline.security.rules import RuleSet
from hotline.security.scan import scan_shard
from hotline.security.settings import read_shipped_rules
from hotline.security.streams import LABEL_TYPE, RETRACTION_TYPE, Told
from hotline.security.watch_items import watch_key, watch_of
from tests.support.found import finding_of, take_step
from tests.support.lock_desk import ACCOUNT, minutes
from tests.support.scan_runs import ScanWorld, chain

NOT_LABELLING = {
    "pass_through": "what an owner passes on is their own payment",
    "refund_abuse": "a refund is no movement of money out",
}
"""Rules of accounts about money whose confirmed findings label nothing, and why."""
PAYEE = "payee-of-thieves"


def theft(world: ScanWorld) -> list[Fact]:
    """The chain of facts of a takeover, whose transfer goes to a payee that the wallet names."""
    *before, sent = chain(world.clock.now())
    assert isinstance(sent.data, MovementTold)
    return [*before, replace(sent, data=replace(sent.data, counterparty=PAYEE))]


def judge(world: ScanWorld, *verdicts: Verdict) -> None:
    for verdict in verdicts:
        contribute(world, verdict).commit(world.store)


def contribute(world: ScanWorld, verdict: Verdict) -> Change:
    """The word of somebody who has read the finding as it is now, before it is written."""
    (found,) = stored(world, "FINDING#")
    change = Change(actor=Agent("agent-1", "-"), cause="judge", now=world.clock.now(), ids=world.ids)
    read = world.store.batch_get(list(security.verdict_keys(ACCOUNT, found["finding_id"])))
    security.contribute_verdict(change, read, ACCOUNT, found["finding_id"], verdict, judged_by="agent-1", zone="UTC")
    return change


def stored(world: ScanWorld, prefix: str) -> list[Item]:
    return [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith(prefix)]


def labels(world: ScanWorld) -> list[Item]:
    return [item for item in world.store.items(Table.ACTIVITY) if item["type"] == "transaction.confirmed_fraud"]


def every_rule() -> RuleSet:
    """All rules that are shipped, also those that are off: payees are read for one of them."""
    return RuleSet.of((detector, detector.limits) for detector in DETECTORS)


def scan_all_rules(world: ScanWorld) -> None:
    """A run by the shipped settings, and one that reads payees too."""
    world.scan_all()
    for shard in range(ACTIVITY_SHARDS):
        scan_shard(world.ctx(), shard, rules=every_rule())


def frauds_of(world: ScanWorld, stream: Stream, subject: str, rules: RuleSet | None = None) -> float:
    """How many frauds the memory of a subject counts now."""
    plan = (rules or read_shipped_rules()).plans[stream]
    watch = watch_of(plan, world.store.get(watch_key(stream, subject)), world.clock.now())
    return watch.fold.history.fraud_weight(round(world.clock.now().timestamp() * 1000))


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    world.come_in(*theft(world))
    world.clock.advance(minutes(40))
    world.scan_all()
    return world


def test_a_confirmed_finding_labels_the_movements_that_it_names_and_their_payees(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED)
    of_account, of_payee = sorted(labels(world), key=lambda item: item["PK"])
    assert of_account["account_id"] == ACCOUNT
    assert of_payee["account"] == ACCOUNT
    (paid,) = [item for item in world.store.items(Table.ACTIVITY) if item["PK"].startswith("PTY#")][:1]
    assert of_payee["subject"] == paid["subject"]
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)


def test_a_release_that_does_not_know_short_names_counts_the_label_too(
    world: ScanWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It scans what a newer release wrote: while that is deployed, and after it was taken back."""
    judge(world, Verdict.CONFIRMED)
    monkeypatch.setattr(activity_rows, "IS_SHORT", "unknown")
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)


def test_slices_of_earlier_runs_are_named_too() -> None:
    world = ScanWorld()
    world.desk.open_account(points=2)
    for one in theft(world):
        world.come_in(one)
        world.clock.advance(minutes(15))
        world.scan_all()
    (found,) = stored(world, "FINDING#")
    ((name, party),) = found["movements"].values()
    assert (len(name), len(party)) == (6, 16)


@pytest.mark.parametrize("verdict", [Verdict.FALSE_ALARM, Verdict.UNCLEAR])
def test_another_word_labels_nothing(world: ScanWorld, verdict: Verdict) -> None:
    judge(world, verdict)
    assert labels(world) == []


def test_a_finding_that_is_confirmed_twice_counts_its_movement_once(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED, Verdict.CONFIRMED)
    assert len(labels(world)) == 2
    world.clock.advance(minutes(1))
    judge(world, Verdict.FALSE_ALARM, Verdict.CONFIRMED)
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("verdict", [Verdict.FALSE_ALARM, Verdict.UNCLEAR])
@pytest.mark.parametrize("scanned_between", [True, False])
def test_another_word_takes_the_label_back_everywhere(
    world: ScanWorld, verdict: Verdict, *, scanned_between: bool
) -> None:
    judge(world, Verdict.CONFIRMED)
    payee = next(item["subject"] for item in labels(world) if item["PK"].startswith("PTY#"))
    if scanned_between:
        world.scan_all()
        assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)
    judge(world, verdict)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0
    assert frauds_of(world, Stream.PARTY, payee, every_rule()) == 0
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)
    assert frauds_of(world, Stream.PARTY, payee, every_rule()) == pytest.approx(1.0, rel=1e-3)


def grow(world: ScanWorld, *, keeps: bool) -> str:
    """A later event corrects the finding: it names another movement, beside the one that it named or in its place.
    Gives the short name of the new one."""
    (found,) = stored(world, "FINDING#")
    finding = finding_of(found["finding_id"], world.clock.now(), account_id=ACCOUNT, rule=found["rule"])
    event_ids = (*(found["event_ids"] if keeps else ()), "event-c")
    grown = replace(finding, event_ids=event_ids, movements={"event-c": NamedMovement("cccccc", "")})
    take_step(world.store, world.ids, world.clock.now(), Kind.CORRECT, grown)
    return "cccccc"


def test_a_word_that_is_taken_back_ends_the_label_of_a_movement_that_has_dropped_out(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED)
    payee = next(item["subject"] for item in labels(world) if item["PK"].startswith("PTY#"))
    grow(world, keeps=False)
    world.clock.advance(minutes(1))
    judge(world, Verdict.FALSE_ALARM)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0
    assert frauds_of(world, Stream.PARTY, payee, every_rule()) == 0


def test_a_word_that_is_taken_back_ends_no_label_that_it_did_not_give(world: ScanWorld) -> None:
    """The finding names another movement since it was confirmed, which another finding has labelled."""
    judge(world, Verdict.CONFIRMED)
    name = grow(world, keeps=True)
    values = {"movement_id": name, activity_rows.IS_SHORT: 1, BY_PEOPLE: 1}
    told = Told(Stream.ACCOUNT, ACCOUNT, values, LABEL_TYPE)
    world.store.put_all([row_at(world.clock.now(), "label-of-another", told, shards=ACTIVITY_SHARDS)])
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED, Verdict.FALSE_ALARM)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)


def names_of(rows: list[Item]) -> list[str]:
    return sorted(row["movement_id"] for row in rows if row["PK"].startswith("ACT#"))


def test_a_finding_that_grew_labels_the_rest_when_it_is_confirmed_again(world: ScanWorld) -> None:
    """Nobody has said yet that what came later was fraud: two people may have released the hold to the owner."""
    judge(world, Verdict.CONFIRMED)
    first = names_of(labels(world))
    name = grow(world, keeps=True)
    assert names_of(labels(world)) == first
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    assert names_of(labels(world)) == sorted([*first, name])
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(2.0, rel=1e-3)
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED, Verdict.FALSE_ALARM)
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0


def test_a_theft_in_nine_slices_labels_nine_payees() -> None:
    world = ScanWorld()
    world.desk.open_account(points=2)
    *before, sent = theft(world)
    assert isinstance(sent.data, MovementTold)
    parts = [
        replace(
            sent,
            id=f"part-{number}",
            time=sent.time + minutes(number),
            data=replace(sent.data, movement_id=f"part-{number}", counterparty=f"mule-{number}"),
        )
        for number in range(9)
    ]
    world.come_in(*before, *parts)
    world.clock.advance(minutes(60))
    world.scan_all()
    judge(world, Verdict.CONFIRMED)
    assert len(names_of(labels(world))) == 9
    assert len({row["subject"] for row in labels(world) if row["PK"].startswith("PTY#")}) == 9


@pytest.mark.parametrize(("known", "new"), [(LABELLED_MAX - 1, 1), (LABELLED_MAX, 0), (LABELLED_MAX + 1, 0)])
def test_one_finding_labels_so_many_movements_that_one_word_can_take_them_back(
    world: ScanWorld, known: int, new: int
) -> None:
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    labelled = [[f"m{number:05d}", "payee"] for number in range(known)]
    world.store.put_all([Put(items.named_finding_key(ACCOUNT, found["finding_id"]), {**found, "labelled": labelled})])
    before = len(names_of(labels(world)))
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    assert len(names_of(labels(world))) == before + new
    judge(world, Verdict.FALSE_ALARM)


def test_a_finding_keeps_what_it_labelled_while_it_is_confirmed(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    assert found["labelled"] == list(found["movements"].values())
    assert found["labelled_at"] == found["judged_at"]
    judge(world, Verdict.UNCLEAR)
    (found,) = stored(world, "FINDING#")
    assert not found.keys() & {"labelled", "labelled_at"}
    grow(world, keeps=True)
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    assert len(found["labelled"]) == 2
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    (again,) = stored(world, "FINDING#")
    assert (again["labelled"], again["labelled_at"]) == (found["labelled"], again["judged_at"])


def test_a_finding_that_an_earlier_release_confirmed_takes_back_what_it_names(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    key = items.named_finding_key(ACCOUNT, found["finding_id"])
    world.store.put_all([Put(key, {name: value for name, value in found.items() if name != "labelled"})])
    judge(world, Verdict.FALSE_ALARM)
    world.scan_all()
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0


def test_a_label_by_people_that_does_not_say_so_yet_is_taken_back_too(world: ScanWorld) -> None:
    """An earlier release wrote its row, which this one reads. Only people's rows have the short name of a movement."""
    judge(world, Verdict.CONFIRMED)
    rows = labels(world)
    assert len(rows) == 2
    bare = [{name: value for name, value in row.items() if name != BY_PEOPLE} for row in rows]
    world.store.put_all([Put(Key(Table.ACTIVITY, row["PK"], row["SK"]), row) for row in bare])
    assert not any(BY_PEOPLE in row for row in labels(world))
    payee = next(item["subject"] for item in rows if item["PK"].startswith("PTY#"))
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)
    judge(world, Verdict.FALSE_ALARM)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0
    assert frauds_of(world, Stream.PARTY, payee, every_rule()) == 0


def counted(world: ScanWorld) -> dict[str, int]:
    """The verdicts that count today, without those that count no more."""
    day = world.clock.now().date()
    ((_, told),) = security.read_feedback(world.store, day, day)
    return {name.rpartition("/")[2]: number for name, number in told.items() if number}


def test_a_word_that_is_taken_back_counts_no_more_for_its_rule(world: ScanWorld) -> None:
    judge(world, Verdict.CONFIRMED, Verdict.FALSE_ALARM)
    assert counted(world) == {"false_alarm": 1}


@pytest.mark.parametrize("confirmations", [1, 2, 3])
def test_people_change_their_minds_within_one_millisecond(world: ScanWorld, confirmations: int) -> None:
    """The last word holds: for the finding, for its rule, and for what the scan remembers."""
    for _ in range(confirmations):
        judge(world, Verdict.FALSE_ALARM, Verdict.CONFIRMED)
    payee = next(item["subject"] for item in labels(world) if item["PK"].startswith("PTY#"))
    scan_all_rules(world)
    assert counted(world) == {"confirmed": 1}
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == pytest.approx(1.0, rel=1e-3)
    assert frauds_of(world, Stream.PARTY, payee, every_rule()) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("behind_ms", [0, 1, 40])
def test_a_word_takes_a_label_back_by_a_clock_that_is_behind(world: ScanWorld, behind_ms: int) -> None:
    """Functions have clocks of their own, and the second word comes after the first whatever they show."""
    judge(world, Verdict.CONFIRMED)
    world.clock.advance(-timedelta(milliseconds=behind_ms))
    judge(world, Verdict.FALSE_ALARM)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0


def test_a_release_that_does_not_keep_what_is_labelled_judges_in_between(world: ScanWorld) -> None:
    """It takes the label of one movement back and confirms the finding for another one. The item still has the
    first, which a newer release had kept, and it holds no more."""
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    kept = {name: found[name] for name in ("labelled", "labelled_at")}
    world.clock.advance(minutes(1))
    judge(world, Verdict.FALSE_ALARM)
    grow(world, keeps=False)
    world.clock.advance(minutes(1))
    judge(world, Verdict.CONFIRMED)
    (found,) = stored(world, "FINDING#")
    key = items.named_finding_key(ACCOUNT, found["finding_id"])
    world.store.put_all([Put(key, found | kept)])
    world.clock.advance(minutes(1))
    judge(world, Verdict.FALSE_ALARM)
    scan_all_rules(world)
    assert frauds_of(world, Stream.ACCOUNT, ACCOUNT) == 0


def label(name: str, *, by_people: bool = False, end: bool = False) -> tuple[str, dict[str, object]]:
    """The word that a movement was fraud, or its end: the type and values of an event."""
    values: dict[str, object] = {"movement_id": name} | ({BY_PEOPLE: 1} if by_people else {})
    return (RETRACTION_TYPE if end else LABEL_TYPE), values


FIRST, SECOND = label("a"), label("a", by_people=True)
END_OF_FIRST, END_OF_SECOND = label("a", end=True), label("a", by_people=True, end=True)


@pytest.mark.parametrize("history", [History, PartyHistory])
@pytest.mark.parametrize(
    ("words", "left"),
    [
        ((FIRST, END_OF_FIRST), 0),
        ((FIRST, FIRST, END_OF_FIRST), 0),
        ((FIRST, SECOND, END_OF_FIRST), 1),
        ((FIRST, SECOND, END_OF_SECOND), 1),
        ((SECOND, FIRST, END_OF_SECOND, END_OF_FIRST), 0),
        ((SECOND, SECOND, END_OF_SECOND), 1),
        ((SECOND, SECOND, END_OF_SECOND, END_OF_SECOND), 0),
        ((SECOND, END_OF_FIRST), 1),
        ((FIRST, END_OF_SECOND), 1),
        ((END_OF_FIRST,), 0),
        ((FIRST, END_OF_FIRST, FIRST), 1),
        ((SECOND, END_OF_SECOND, FIRST, END_OF_FIRST, SECOND), 1),
    ],
)
def test_a_movement_is_fraud_while_somebody_says_so(
    history: type[History] | type[PartyHistory], words: tuple[tuple[str, dict[str, object]], ...], left: int
) -> None:
    """The wallet's word is one, however often it is told; each finding that people confirm is another one. The memory
    is written and read after each word."""
    told = history()
    other = label("b")
    told.take(other[0], 0, other[1])
    for number, (type_, values) in enumerate(words, start=1):
        told = history(json.loads(json.dumps(told.store())))
        told.take(type_, number * HOUR_MS, values)
    now_ms = len(words) * HOUR_MS
    assert len(told.labels) == 1 + left
    labelled = [now_ms - at_ms for at_ms in told.labels.values()]
    weights = sum(0.5 ** (age_ms / RECORD_HALF_LIFE_MS) for age_ms in labelled)
    assert told.fraud_weight(now_ms) == pytest.approx(weights)


@pytest.mark.parametrize("history", [History, PartyHistory])
def test_a_label_whose_author_nobody_kept_is_the_wallets_word(history: type[History] | type[PartyHistory]) -> None:
    """Memories of an earlier release do not say who gave a label. People's word does not end it, and the wallet's does.
    It fades until then."""
    stored = {"labels": {"a": HOUR_MS}, "frauds": [1.0, HOUR_MS]}
    by_people, by_wallet = history(json.loads(json.dumps(stored))), history(json.loads(json.dumps(stored)))
    assert by_people.take(END_OF_SECOND[0], 2 * HOUR_MS, END_OF_SECOND[1]) is None
    assert by_people.fraud_weight(HOUR_MS + RECORD_HALF_LIFE_MS) == pytest.approx(0.5)
    assert by_wallet.take(END_OF_FIRST[0], 2 * HOUR_MS, END_OF_FIRST[1]) == RETRACTION_TYPE
    assert by_wallet.fraud_weight(2 * HOUR_MS) == 0


def test_the_last_label_that_is_taken_back_leaves_no_memory() -> None:
    told = History()
    told.take(LABEL_TYPE, HOUR_MS, {"movement_id": "a"})
    told.take(RETRACTION_TYPE, 2 * HOUR_MS, {"movement_id": "a"})
    assert told.store() == {"born": HOUR_MS}


def test_every_rule_of_accounts_about_money_has_a_decision() -> None:
    about_money = {
        detector.rule
        for detector in DETECTORS
        if detector.stream is Stream.ACCOUNT and detector.listens & {Signal.MONEY_LEFT, Signal.REFUND_SENT}
    }
    assert about_money == LABELLING_RULES | NOT_LABELLING.keys()
