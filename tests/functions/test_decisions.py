"""Decisions on the bus: their form, and that each gets there once and is never lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.decisions import app
from functions.decisions.delivery import bus_event, deliver
from hotline.contracts.decisions import parse_decision
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.outbox import entry_item
from hotline.kit.outbox.delivery import CLAIM_LEASE, NotDelivered
from hotline.kit.store import Key, Table
from hotline.kit.store.expressions import from_item
from tests.support import outbox_entries
from tests.support.function_settings import started
from tests.support.log_lines import lines, logged
from tests.support.outbox_entries import NOW, RecordingBus, decision, message, store_entry, stored, stream_event

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/decisions"


@pytest.fixture
def ctx() -> Context:
    return outbox_entries.context()


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


def post(ctx: Context, bus: RecordingBus, *entries: Any) -> None:
    for entry in entries:
        store_entry(ctx, entry)
    deliver(stream_event(*entries), ctx, bus)


def test_a_decision_stands_on_the_bus_as_a_cloud_event_under_its_own_id(ctx: Context, bus: RecordingBus) -> None:
    post(ctx, bus, decision())
    (event,) = bus.events
    assert (event.source, event.type, event.time) == ("hotline", "account.unlock_requested.v1", NOW)
    assert event.detail == {
        "specversion": "1.0",
        "id": "out_1",
        "source": "hotline",
        "type": "account.unlock_requested.v1",
        "time": "2026-11-23T12:00:00.000Z",
        "subject": outbox_entries.ACCOUNT,
        "subject_version": 3,
        "datacontenttype": "application/json",
        "dataschema": "urn:hotline:schema:account.unlock_requested.v1",
        "data": {"cause": "TOO_MANY_PASSWORD", "ends": "SOFT", "in_force": [], "decision_id": "decision_1"},
    }
    assert stored(ctx)["delivered_at"] == "2026-11-23T12:00:00.000Z"


def test_a_decision_without_an_order_has_no_subject_version() -> None:
    event = bus_event(entry_item(decision(subject_version=None), created_at=NOW))
    assert "subject_version" not in event.detail


def test_a_batch_goes_out_in_one_request_and_more_than_ten_in_two(ctx: Context, bus: RecordingBus) -> None:
    for count, calls in ((9, 1), (10, 1), (11, 2)):
        bus.calls = 0
        post(ctx, bus, *(decision(f"out_{count}_{number}") for number in range(count)))
        assert bus.calls == calls
    assert len(bus.events) == 30


def test_a_batch_that_comes_again_publishes_nothing_twice(ctx: Context, bus: RecordingBus) -> None:
    post(ctx, bus, decision("out_1"), decision("out_2"))
    deliver(stream_event(decision("out_1"), decision("out_2")), ctx, bus)
    assert [event.detail["id"] for event in bus.events] == ["out_1", "out_2"]
    assert bus.calls == 1


def test_a_decision_that_the_bus_refuses_raises_and_only_that_comes_again(ctx: Context, bus: RecordingBus) -> None:
    bus.refused = {"out_2": "ThrottlingException"}
    entries = decision("out_1"), decision("out_2"), decision("out_3")
    with logged() as log, pytest.raises(NotDelivered) as failure:
        post(ctx, bus, *entries)
    assert failure.value.facts == {"count": 1}
    assert [line["event"] for line in lines(log)] == ["HL030", "HL031", "HL030"]
    assert "pending_pk" in stored(ctx, "out_2")
    bus.refused = {}
    deliver(stream_event(*entries), ctx, bus)
    assert [event.detail["id"] for event in bus.events] == ["out_1", "out_3", "out_2"]


def test_a_bus_that_does_not_answer_keeps_every_decision_for_later(ctx: Context, bus: RecordingBus) -> None:
    bus.failure = Unavailable(service_code="ConnectTimeoutError")
    with pytest.raises(NotDelivered):
        post(ctx, bus, decision("out_1"), decision("out_2"))
    bus.failure = None
    deliver(stream_event(decision("out_1"), decision("out_2")), ctx, bus)
    assert len(bus.events) == 2


def test_a_decision_that_somebody_else_has_claimed_is_left_to_them_until_their_lease_is_over(
    ctx: Context, bus: RecordingBus
) -> None:
    store_entry(ctx, decision())

    class Crash(BaseException):
        """The process ends in the middle."""

    class DyingBus(RecordingBus):
        def publish(self, events: Any) -> list[str | None]:
            raise Crash

    with pytest.raises(Crash):
        deliver(stream_event(decision()), ctx, DyingBus())
    for wait, published in ((timedelta(0), 0), (CLAIM_LEASE - timedelta(milliseconds=1), 0)):
        outbox_entries.clock_of(ctx).advance(wait)
        with pytest.raises(NotDelivered):
            deliver(stream_event(decision()), ctx, bus)
        assert len(bus.events) == published
    outbox_entries.clock_of(ctx).advance(timedelta(milliseconds=1))
    deliver(stream_event(decision()), ctx, bus)
    assert len(bus.events) == 1


def test_a_message_is_none_of_its_business(ctx: Context, bus: RecordingBus) -> None:
    post(ctx, bus, message())
    assert bus.events == []
    assert "pending_pk" in stored(ctx)


PUBLISHED_BY_FILE: Final[Mapping[str, tuple[str, ...]]] = {
    "case_of_nobody": ("case.opened.v1",),
    "redrive": ("account.unlock_requested.v1",),
    "three_decisions": ("refund.requested.v1", "refund.approved.v1", "password_reset.authorised.v1"),
    "unlock_requested": ("account.unlock_requested.v1",),
}


def test_every_event_file_is_run() -> None:
    assert {path.stem for path in EVENTS.glob("*")} == set(PUBLISHED_BY_FILE)


@pytest.mark.parametrize("name", PUBLISHED_BY_FILE)
def test_an_event_file_publishes_what_it_should(ctx: Context, bus: RecordingBus, name: str) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    if name == "redrive":
        store_entry(ctx, decision())
    for record in event["Records"]:
        if "dynamodb" in record:
            image = from_item(record["dynamodb"]["NewImage"])
            outbox_entries.put(ctx, Key(Table.OUTBOX, image["PK"]), image)
    deliver(event, ctx, bus)
    assert tuple(sent.type for sent in bus.events) == PUBLISHED_BY_FILE[name]
    for sent in bus.events:
        told = parse_decision(json.loads(json.dumps(sent.detail)))
        assert f"{told.type}.v1" == sent.type


def test_the_handler_takes_its_bus_from_the_environment(
    ctx: Context, bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []

    def make(name: str) -> RecordingBus:
        named.append(name)
        return bus

    monkeypatch.setattr(app, "_context_of_start", lambda: ctx)
    monkeypatch.setattr(app, "EventBridgeBus", make)
    store_entry(ctx, decision())
    with started("decisions", {"EVENT_BUS_NAME": "hotline"}):
        app.handler(stream_event(decision()), None)
    assert named == ["hotline"]
    assert len(bus.events) == 1
