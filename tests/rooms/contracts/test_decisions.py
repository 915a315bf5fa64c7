"""Every decision that a room sends keeps to the contract of decisions, and says nothing besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.decisions.delivery import SOURCE as PUBLISHED_AS
from functions.decisions.delivery import bus_event
from hotline.agents import service as agents
from hotline.contracts.decisions import DECISIONS, SOURCE, DecisionError, parse_decision
from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.contracts.schemas import parse
from hotline.identity.model import PointLoss
from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput
from hotline.kit.money import Money
from hotline.kit.store import Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.refunds.model import PayoutWay, RefundReason, ReviewDecision
from hotline_local.reference_wallet import acknowledge
from hotline_local.schemas import documents
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.told_facts import ToldFacts
from tests.support.agent_world import NUMBER, AgentWorld
from tests.support.evidence_world import EvidenceWorld
from tests.support.facts import NOON, event
from tests.support.lock_desk import ACCOUNT, Desk, failures, minutes
from tests.support.money_world import ACCOUNT as MONEY_ACCOUNT
from tests.support.money_world import MoneyWorld, billed, do_due, moved, published, refunded
from tests.support.scan_runs import ScanWorld, chain, undone
from tests.support.sweeps import sweep

type Detail = dict[str, Any]


def on_the_bus(entries: Sequence[Item]) -> list[Detail]:
    return [dict(bus_event(entry).detail) for entry in entries if entry["to"] == "bus"]


def lock_decisions() -> list[Detail]:
    desk = Desk(MemoryStore(VirtualClock(NOON)))
    desk.open_account()
    desk.tell(*failures(5, NOON - minutes(5)))
    desk.act(lockout.contribute_unlock)
    desk.act(lockout.contribute_reset_grant)
    desk.act(lockout.contribute_reset_grant)
    desk.pause(ACCOUNT)
    desk.act(lockout.contribute_end_pause)
    desk.act(partial(lockout.contribute_freeze, by_agent=True))
    desk.act(lockout.contribute_unfreeze, actor=desk.caller(FactorKind.SMS, FactorKind.EMAIL))
    return on_the_bus(desk.decisions())


def refund_decisions() -> list[Detail]:
    store = MemoryStore(VirtualClock(NOON))
    world = MoneyWorld(store)
    world.give_profile()
    dear = Money(400_000, "CNY")
    world.tell(published(window_days=1))
    world.tell(
        moved(MovementStatus.SUCCEEDED),
        moved(MovementStatus.SUCCEEDED, "mov_2", amount=dear),
        moved(MovementStatus.SUCCEEDED, "mov_3", amount=Money(9_900, "CNY"), initiated_at=NOON - timedelta(hours=3)),
    )
    world.ask(request_key="one")
    world.ask(RefundReason.DEFECTIVE, movement_id="mov_2", request_key="two")
    world.tell(published(version=2, window_days=0, categories=("food",)))
    world.ask(RefundReason.NO_REASON_RETURN, movement_id="mov_3", request_key="three")
    world.tell(moved(MovementStatus.UNKNOWN, "mov_4"))
    do_due(world, world.now)
    late = refunds.refund_id_of(MONEY_ACCOUNT, "one")
    work_off_refund(store, late, days=60)
    stopped = refunds.refund_id_of(MONEY_ACCOUNT, "two")
    world.tell(moved(MovementStatus.REVERSED, "mov_2", version=2, amount=dear))
    work_off_refund(store, stopped, days=1)
    world.tell(refunded(RefundStatus.FAILED, late))
    work_off_refund(store, late, days=61)
    return on_the_bus(list(store.items(Table.OUTBOX)))


def work_off_refund(store: MemoryStore, refund_id: str, *, days: int) -> None:
    now = NOON + timedelta(days=days)
    change = Change(actor=System("deadlines", "refund"), cause="deadline", now=now, ids=SeededIds(days))
    read = store.batch_get(list(refunds.due_keys(MONEY_ACCOUNT, refund_id)))
    refunds.contribute_due(change, read, MONEY_ACCOUNT, refund_id)
    change.commit(store)


def scan_decisions() -> list[Detail]:
    world = ScanWorld()
    world.come_in(*chain())
    world.scan()
    world.come_in(undone())
    world.scan()
    return on_the_bus(world.desk.decisions())


def reminder_decisions() -> list[Detail]:
    store = MemoryStore(VirtualClock(NOON))
    world = MoneyWorld(store)
    world.give_profile()
    world.tell(billed())
    bill_key = hotline_key(f"ACCOUNT#{MONEY_ACCOUNT}", "BILL#2026-12-01#bil_1")
    change = Change(
        actor=System("deadlines", "bill"), cause="deadline", now=NOON + timedelta(days=9, hours=8), ids=SeededIds(9)
    )
    read = store.batch_get(list(payments.reminder_keys(MONEY_ACCOUNT, bill_key)))
    payments.contribute_reminder(change, read, MONEY_ACCOUNT, bill_key)
    change.commit(store)
    return on_the_bus([item for item in store.items(Table.OUTBOX) if item["to"] == "bus"])


def agent_decisions() -> list[Detail]:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    world.hold()
    world.pay(100_000)
    refund_id = world.ask_refund()
    movement_id = world.refund(refund_id).movement_id
    basis, token = world.claimed(), world.token()
    world.do(token, basis, agents.ReviewRefund(refund_id, ReviewDecision.APPROVE))
    world.tell_refund(refunded(RefundStatus.FAILED, refund_id, movement_id, minor=100_000, version=2))
    gone = agents.RemovePoint(world.point_name(NUMBER), PointLoss.LOST)
    for act in (agents.PayOtherWay(refund_id, PayoutWay.BALANCE), agents.ReleaseHold(Cause.RISK_SCORE), gone):
        world.do(token, basis, act, world.approve(token, basis, act))
    return on_the_bus(world.decisions())


def evidence_decisions() -> list[Detail]:
    clock = VirtualClock(NOON)
    world = EvidenceWorld(MemoryStore(clock), clock)
    world.send_clean(world.ask_refund())
    return on_the_bus(list(world.store.items(Table.OUTBOX)))


@cache
def decided() -> list[Detail]:
    """Decisions of every room. Made by the first test that asks, since each worker collects this file."""
    return [
        *evidence_decisions(),
        *lock_decisions(),
        *refund_decisions(),
        *reminder_decisions(),
        *scan_decisions(),
        *agent_decisions(),
    ]


def test_the_rooms_send_decisions_of_every_type_here() -> None:
    assert {detail["type"].removesuffix(".v1") for detail in decided()} == set(DECISIONS)


@sweep("detail", decided)
def test_a_decision_keeps_to_its_contract_and_its_schema(detail: Detail) -> None:
    decision = parse_decision(detail)
    assert (decision.id, decision.subject) == (detail["id"], detail["subject"])
    Draft202012Validator(documents()[f"decisions/{detail['type']}.json"]).validate(detail)


@sweep("detail", decided)
def test_a_decision_says_nothing_that_its_contract_does_not_name(detail: Detail) -> None:
    contract = DECISIONS[detail["type"].removesuffix(".v1")]
    assert set(detail["data"]) <= set(contract.model_fields)
    schema = documents()[f"decisions/{detail['type']}.json"]
    assert set(detail) - {"datacontenttype"} <= set(schema["properties"])
    assert detail["dataschema"] == schema["properties"]["data"]["$id"]


def test_decisions_have_one_source() -> None:
    assert PUBLISHED_AS == SOURCE


# ---------------------------------------------------------------- the reference wallet


@sweep("detail", decided)
def test_the_reference_wallet_answers_with_good_facts_always_of_the_same_id(detail: Detail) -> None:
    now, later = acknowledge(detail, NOON), acknowledge(detail, NOON + timedelta(hours=1))
    assert [fact["id"] for fact in now] == [fact["id"] for fact in later]
    for fact in now:
        assert parse(fact).subject == detail["subject"]


def test_the_reference_wallet_answers_what_asks_something_of_it() -> None:
    answered = {
        detail["type"].removesuffix(".v1"): {fact["type"].removesuffix(".v1") for fact in acknowledge(detail, NOON)}
        for detail in decided()
    }
    assert answered == {
        "account.lock_requested": {"lock.applied"},
        "account.unlock_requested": {"lock.released"},
        "account.pause_requested": {"pause.applied"},
        "account.freeze_requested": {"freeze.applied"},
        "account.unfreeze_requested": {"unfreeze.applied"},
        "account.facts_requested": set(),
        "password_reset.authorised": set(),
        "account.contact_change_requested": set(),
        "refund.requested": set(),
        "refund.approved": {"refund.sent"},
        "refund.rejected": set(),
        "refund.escalated": set(),
        "refund.evidence_received": set(),
        "refund.unpaid": set(),
        "refund.stopped": set(),
        "refund.payout_requested": {"refund.sent"},
        "case.opened": set(),
        "case.updated": set(),
        "finding.raised": set(),
        "finding.withdrawn": set(),
        "bill.reminder_sent": set(),
    }


def locked() -> Detail:
    return next(detail for detail in decided() if detail["type"] == "account.lock_requested.v1")


def without(detail: Detail, name: str) -> Detail:
    return {**detail, "data": {key: value for key, value in detail["data"].items() if key != name}}


def test_the_demo_wallet_tells_again_what_it_is_asked_for() -> None:
    told = ToldFacts()
    unknown = event("payment.unknown", {"movement_id": "mov_4", "version": 2}, subject=MONEY_ACCOUNT)
    older = event("payment.authorised", {"movement_id": "mov_4", "version": 1}, subject=MONEY_ACCOUNT)
    elsewhere = event("payment.failed", {"movement_id": "mov_4"}, subject="acc_other")
    told.remember([unknown, older, elsewhere, event("device.registered", subject=MONEY_ACCOUNT)])
    assert [fact for detail in decided() for fact in told.find(detail)] == [unknown]


@sweep(
    ("kind", "named", "thing"),
    [
        ("refund.sent", {"refund_id": "ref_7"}, {"kind": "refund", "id": "ref_7"}),
        ("bill.issued", {"bill_id": "bil_7"}, {"kind": "bill", "id": "bil_7"}),
        ("funds.balance_changed", {}, {"kind": "funds"}),
        ("account.updated", {}, {"kind": "account"}),
    ],
)
def test_the_demo_wallet_knows_each_kind_of_thing(kind: str, named: Detail, thing: Detail) -> None:
    told, fact = ToldFacts(), event(kind, named)
    told.remember([fact])
    asked = next(detail for detail in decided() if detail["type"] == "account.facts_requested.v1")
    asked = {**asked, "subject": fact["subject"], "data": {**asked["data"], "about": [thing]}}
    assert told.find(asked) == [fact]


@sweep(
    ("broken", "reason"),
    lambda: [
        ({}, DecisionError.BAD_DECISION),
        (None, DecisionError.BAD_DECISION),
        (locked() | {"type": "account.exploded.v1"}, DecisionError.UNKNOWN_TYPE),
        (locked() | {"type": "account.lock_requested"}, DecisionError.BAD_DECISION),
        (locked() | {"source": "wallet"}, DecisionError.BAD_DECISION),
        (without(locked(), "cause"), DecisionError.BAD_DECISION),
        (without(locked(), "decision_id"), DecisionError.BAD_DECISION),
    ],
)
def test_a_malformed_decision_is_refused_and_gets_no_answer(broken: Any, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_decision(broken)
    assert caught.value.code == reason
    if isinstance(broken, Mapping):
        assert acknowledge(broken, NOON) == []
