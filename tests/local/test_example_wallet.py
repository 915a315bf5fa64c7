"""docs/examples/wallet.py, a wallet to start from: what it tells is taken in, and what it hears is answered."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from functions.decisions.delivery import bus_event
from hotline.contracts.schemas import parse
from hotline.intake.service import fold
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import Stack
from hotline_local.reference_wallet import _ACTIONS
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.phone import context

FILE: Final = ROOT / "docs/examples/wallet.py"
LINES_MAX: Final = 150
CLOCK: Final = VirtualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
STACK: Final[dict[str, Any]] = {
    "endpoint": None,  # AWS's own, which is in process here
    "region": "eu-central-1",
    "access_key_id": "local",
    "secret_access_key": "local",
    "bus_name": "hotline-bus",
    "wallet_event_source": "wallet",
}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_wallet", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example: Any = load()


def test_it_is_short_and_needs_boto3_alone() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX
    assert "import hotline" not in text
    assert "from hotline" not in text


def test_it_reads_fields_that_the_file_of_a_running_stack_has() -> None:
    assert STACK.keys() <= {field.name for field in fields(Stack)}


# ---------------------------------------------------------------- against the hotline, in process


@pytest.fixture
def world() -> Context:
    return context(MemoryStore(CLOCK), CLOCK)


def tell(world: Context, facts: list[dict[str, Any]]) -> None:
    for told in facts:
        fold(world, [parse(json.loads(json.dumps(told)))])


def decisions(world: Context) -> list[dict[str, Any]]:
    """The decisions in the hotline's outbox for the bus, as they go out."""
    assert isinstance(world.store, MemoryStore)
    entries = [entry for entry in world.store.items(Table.OUTBOX) if entry["to"] == "bus"]
    return [dict(bus_event(entry).detail) for entry in sorted(entries, key=lambda entry: str(entry["entry_id"]))]


def test_the_hotline_takes_in_what_it_tells(world: Context) -> None:
    tell(world, example.first_facts(CLOCK.now()))
    client = Client(world, example.ACCOUNT, signed_in_at=CLOCK.now())
    lock = client.ask("GET", "/v1/me/lock").json
    assert (lock["state"], lock["cause"], lock["self_service"]) == ("SOFT", "TOO_MANY_OTP", "both")
    assert [payment["id"] for payment in client.ask("GET", "/v1/me/payments").json["payments"]] == [example.PAYMENT]


def test_an_unlock_that_the_owner_asks_for_is_done_once_it_has_answered(world: Context) -> None:
    tell(world, example.first_facts(CLOCK.now()))
    client = Client(world, example.ACCOUNT, signed_in_at=CLOCK.now())
    client.prove("unlock")
    assert client.ask("POST", "/v1/me/unlock").status == 202
    assert client.ask("GET", "/v1/me/lock").json["asked"] == "unlock"
    for decision in decisions(world):
        tell(world, example.answer(decision, CLOCK.now()))
    lock = client.ask("GET", "/v1/me/lock").json
    assert (lock["state"], lock["asked"]) == ("OPEN", None)


def test_its_answers_are_facts_of_the_contract_and_keep_their_ids(world: Context) -> None:
    tell(world, example.first_facts(CLOCK.now()))
    client = Client(world, example.ACCOUNT, signed_in_at=CLOCK.now())
    client.prove("refund")
    body = {"payment_id": example.PAYMENT, "reason": "cancelled"}
    assert client.ask("POST", "/v1/me/freeze").status == 202
    client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": "k" * 16})
    answered = {}
    for decision in decisions(world):
        now = example.answer(decision, CLOCK.now())
        later = example.answer(decision, CLOCK.now() + timedelta(hours=1))
        assert [told["id"] for told in now] == [told["id"] for told in later]
        answered[decision["type"]] = [parse(told).type for told in now]
    assert answered["account.freeze_requested.v1"] == ["freeze.applied"]
    assert answered["refund.requested.v1"] == []


def test_an_approved_refund_is_answered_with_its_sending() -> None:
    amount = {"minor": 1250, "currency": "USD"}
    data = {"decision_id": "d-1", "refund_id": "ref-1", "movement_id": "mov-1", "amount": amount, "reason": "cancelled"}
    decision = {"id": "out-1", "type": "refund.approved.v1", "subject": "acct-1", "data": data}
    (told,) = example.answer(decision, CLOCK.now())
    assert parse(told).type == "refund.sent"


def test_it_answers_the_decisions_that_the_reference_wallet_answers_in_the_same_way() -> None:
    assert {kind.removesuffix(".v1"): told.removesuffix(".v1") for kind, told in example.ANSWERS.items()} == {
        kind: action.value for kind, action in _ACTIONS.items()
    }


# ---------------------------------------------------------------- on a bus


@pytest.fixture
def bus() -> Iterator[Any]:
    """The bus of a stack, and a queue that hears what the wallet puts there."""
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name=STACK["bus_name"])
        url = sqs.create_queue(QueueName="facts")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": [STACK["wallet_event_source"]]})
        events.put_rule(Name="facts", EventBusName=STACK["bus_name"], EventPattern=pattern)
        events.put_targets(Rule="facts", EventBusName=STACK["bus_name"], Targets=[{"Id": "facts", "Arn": arn}])
        yield (
            events,
            lambda: [
                json.loads(message["Body"])
                for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            ],
        )


def decide(events: Any, decision: dict[str, Any]) -> None:
    entry = {"EventBusName": STACK["bus_name"], "Source": "hotline", "DetailType": decision["type"]}
    assert events.put_events(Entries=[{**entry, "Detail": json.dumps(decision)}])["FailedEntryCount"] == 0


def test_it_tells_over_the_bus_and_answers_what_it_hears_there(bus: Any) -> None:
    events, facts = bus
    wallet = example.Wallet(STACK)
    wallet.tell(example.first_facts(CLOCK.now()))
    told = facts()
    assert [event["detail-type"] for event in told] == [event["detail"]["type"] for event in told]
    assert {event["detail"]["subject"] for event in told} == {example.ACCOUNT}
    assert len(told) == 3

    data = {"decision_id": "decision-1", "cause": "TOO_MANY_OTP", "ends": "SOFT", "in_force": []}
    decision = {"id": "out-1", "type": "account.unlock_requested.v1", "subject": "acct-1", "subject_version": 1}
    decide(events, {**decision, "data": data})
    ((heard, answers),) = wallet.hear(CLOCK.now(), wait_s=0)
    assert (heard["id"], [answer["type"] for answer in answers]) == ("out-1", ["lock.released.v1"])
    (answered,) = [event["detail"] for event in facts()]
    assert parse(answered).type == "lock.released"

    # The same delivery does nothing more; the same decision under a new id is answered with the same fact.
    decide(events, {**decision, "data": data})
    assert wallet.hear(CLOCK.now(), wait_s=0) == []
    decide(events, {**decision, "id": "out-2", "data": data})
    ((_, again),) = wallet.hear(CLOCK.now(), wait_s=0)
    assert [answer["id"] for answer in again] == [answered["id"]]


def test_an_older_decision_about_the_same_locks_is_dropped(bus: Any) -> None:
    events, _ = bus
    wallet = example.Wallet(STACK)
    for place, version in enumerate((2, 1, 3)):
        data = {"decision_id": f"decision-{version}", "cause": "CUSTOMER_REQUEST", "in_force": []}
        kind = "account.freeze_requested.v1"
        decide(
            events, {"id": f"out-{place}", "type": kind, "subject": "acct-1", "subject_version": version, "data": data}
        )
    heard = []
    while found := wallet.hear(CLOCK.now(), wait_s=0):
        heard += [(decision["subject_version"], len(answers)) for decision, answers in found]
    assert heard == [(2, 1), (1, 0), (3, 1)]


def test_a_decision_that_asks_nothing_of_the_wallet_is_heard_and_gets_no_answer(bus: Any) -> None:
    events, facts = bus
    wallet = example.Wallet(STACK)
    data = {"decision_id": "decision-1", "case_id": "case-1"}
    decide(events, {"id": "out-1", "type": "case.opened.v1", "subject": "-", "subject_version": 1, "data": data})
    ((_, answers),) = wallet.hear(CLOCK.now(), wait_s=0)
    assert answers == []
    assert facts() == []
