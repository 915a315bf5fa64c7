"""The memory of the reference wallet: what a request about a thing, or about a range of things, gets again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.decisions.delivery import bus_event as decision_event
from functions.digests.batch import take_in as compare
from functions.wallet_events.batch import take_in
from hotline.drift import service as drift
from hotline.drift.model import Kind
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.demo.wallet import drop_newest_movements
from hotline_local.told_facts import ToldFacts, find_drift
from hotline_local.wallet_modes import Answering, Mode
from tests.support.facts import ACCOUNT, NOON, bus_event, event, sqs_of
from tests.support.intake_context import context, items
from tests.support.sweeps import sweep

SINCE: Final = datetime(2026, 8, 25, tzinfo=UTC)
OLD: Final = event("payment.failed", {"movement_id": "mov_0", "initiated_at": "2026-08-24T23:59:59.000Z"}, id="evt-old")
FACTS: Final = (
    event("account.opened"),
    event("payment.failed"),
    event("payment.failed", {"movement_id": "mov_2", "initiated_at": "2026-11-01T09:00:00Z"}, id="evt-2"),
    event("refund.settled"),
    event("bill.issued"),
    event("funds.balance_changed"),
    OLD,
)


def memory(facts: Sequence[dict[str, Any]] = FACTS) -> ToldFacts:
    told = ToldFacts()
    told.remember(facts)
    return told


def asking(*about: dict[str, Any], reason: str = "drift") -> dict[str, Any]:
    data = {"decision_id": "dec_1", "reason": reason, "about": list(about), "asked_at": "2026-11-23T12:00:00.000Z"}
    head = {"specversion": "1.0", "id": "out_1", "source": "hotline", "time": data["asked_at"], "subject": ACCOUNT}
    return {**head, "type": "account.facts_requested.v1", "data": data}


def found(told: ToldFacts, *about: dict[str, Any]) -> list[str]:
    return [fact["id"] for fact in told.find(asking(*about))]


@sweep(
    ("thing", "place"),
    [
        ({"kind": "range", "id": "refunds=2026-08-25"}, 3),
        ({"kind": "range", "id": "bills=2026-08-25"}, 4),
        ({"kind": "bill", "id": FACTS[4]["data"]["bill_id"]}, 4),
        ({"kind": "movement", "id": "mov_2"}, 2),
        ({"kind": "funds"}, 5),
        ({"kind": "account"}, 0),
    ],
)
def test_each_thing_that_is_asked_about_is_told_again(thing: dict[str, Any], place: int) -> None:
    assert found(memory(), thing) == [FACTS[place]["id"]]


def test_a_range_of_payments_is_told_from_its_day_on() -> None:
    assert found(memory(), {"kind": "range", "id": "movements=2026-08-25"}) == [FACTS[1]["id"], FACTS[2]["id"]]
    assert OLD["id"] in found(memory(), {"kind": "range", "id": "movements=2026-08-24"})


def test_a_thing_nobody_told_of_and_another_decision_get_nothing() -> None:
    assert found(memory(), {"kind": "movement", "id": "mov_9"}) == []
    assert memory().find({"type": "case.opened.v1"}) == []


def test_the_newest_version_of_a_thing_is_told() -> None:
    newer = event("payment.succeeded", {"movement_id": "mov_2", "version": 9}, id="evt-9")
    told = memory([newer, *FACTS])
    assert found(told, {"kind": "movement", "id": "mov_2"}) == ["evt-9"]


def test_an_account_that_was_erased_is_not_told_of_again() -> None:
    told = memory([*FACTS, event("account.erased")])
    assert list(told) == []
    assert found(told, {"kind": "account"}, {"kind": "range", "id": "movements=2026-08-25"}) == []


def test_only_a_request_that_a_digest_led_to_asks_for_a_digest() -> None:
    about = [{"kind": "range", "id": "bills=2026-09-01"}, {"kind": "range", "id": "movements=2026-08-25"}]
    assert find_drift(asking(*about)) == (ACCOUNT, SINCE)
    assert find_drift(asking({"kind": "account"})) == (ACCOUNT, None)
    assert find_drift(asking(*about, reason="unanswered")) is None
    assert find_drift({"type": "case.opened.v1"}) is None


def tell_digest(ctx: Context, told: ToldFacts, as_of: datetime) -> None:
    body = json.dumps(bus_event(told.tell_digest(ACCOUNT, since=SINCE, as_of=as_of)))
    answer = compare({"Records": [{"messageId": "m", "body": body}]}, ctx, left_ms=lambda: 60_000)
    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize("missing", range(6), ids=[fact["type"] for fact in FACTS[:6]])
def test_a_lost_fact_is_found_by_a_digest_asked_for_told_again_and_the_next_digest_agrees(missing: int) -> None:
    ctx, told = context(), memory()
    take_in(sqs_of([fact for place, fact in enumerate(FACTS) if place != missing]), ctx)
    tell_digest(ctx, told, NOON)
    (named,) = drift.list_drifts(ctx.store)
    assert (named.account_id, len(named.differences)) == (ACCOUNT, 1)
    entries = [entry for entry in items(ctx, Table.OUTBOX).values() if entry["kind"] == "account.facts_requested"]
    (request,) = [dict(decision_event(entry).detail) for entry in entries]
    again = told.find(request)
    assert FACTS[missing]["id"] in [fact["id"] for fact in again]
    take_in(sqs_of(again), ctx)
    tell_digest(ctx, told, NOON + timedelta(seconds=10))
    assert drift.list_drifts(ctx.store) == ()


def test_a_wallet_that_drops_facts_has_never_told_the_newest_payment_of_an_account() -> None:
    ctx, told = context(), memory()
    lost = [fact["id"] for fact in FACTS if fact not in drop_newest_movements(FACTS)]
    assert len(lost) == 1
    take_in(sqs_of(drop_newest_movements(FACTS)), ctx)
    tell_digest(ctx, told, NOON)
    (named,) = drift.list_drifts(ctx.store)
    assert set(named.differences) == {Kind.MOVEMENTS}
    wallet = Answering(Mode.DROP, lambda decision, now: told.find(decision))
    wallet.hear(asking({"kind": "range", "id": "movements=2026-08-25"}), NOON)
    assert lost[0] in [fact["id"] for fact in wallet.due(NOON)]
