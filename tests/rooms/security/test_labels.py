"""The word of people that movements were fraud: what a confirmed finding labels, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline.contracts.model import Fact, MovementTold
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.security import items
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.detectors.rule import Signal
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.items import watch_key, watch_of
from hotline.security.labels import LABELLING_RULES
from hotline.security.model import Verdict
from hotline.security.settings import read_shipped_rules
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


def judge(world: ScanWorld, *verdicts: Verdict, shards: int | None = None) -> None:
    (found,) = stored(world, "FINDING#")
    for verdict in verdicts:
        change = Change(actor=Agent("agent-1", "-"), cause="judge", now=world.clock.now(), ids=world.ids)
        read = world.store.batch_get(list(security.verdict_keys(ACCOUNT, found["finding_id"])))
        security.contribute_verdict(
            change, read, ACCOUNT, found["finding_id"], verdict, judged_by="agent-1", zone="UTC"
        )
        change.commit(world.store)


def stored(world: ScanWorld, prefix: str) -> list[Item]:
    return [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith(prefix)]


def labels(world: ScanWorld) -> list[Item]:
    return [item for item in world.store.items(Table.ACTIVITY) if item["type"] == "transaction.confirmed_fraud"]


def frauds_of(world: ScanWorld, stream: Stream, subject: str) -> float:
    """How many frauds the memory of a subject counts now."""
    plan = read_shipped_rules().plans[stream]
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
    monkeypatch.setattr(items, "IS_SHORT", "unknown")
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


def test_every_rule_of_accounts_about_money_has_a_decision() -> None:
    about_money = {
        detector.rule
        for detector in DETECTORS
        if detector.stream is Stream.ACCOUNT and detector.listens & {Signal.MONEY_LEFT, Signal.REFUND_SENT}
    }
    assert about_money == LABELLING_RULES | NOT_LABELLING.keys()
