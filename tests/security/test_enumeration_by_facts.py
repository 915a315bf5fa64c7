"""Facts may hold more than the hotline tells: docs/contracts.md says what no caller hears and no client reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.customer_api.access import ROUTES
from hotline.contracts.model import (
    AccountDescribed,
    Fact,
    Failure,
    FundsTold,
    Instrument,
    LockAction,
    LoginKind,
    LoginSource,
    LoginTried,
    MovementKind,
    MovementStatus,
    PointKind,
)
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Postbox
from tests.support.api_world import ApiWorld
from tests.support.lock_desk import fact, told
from tests.support.phone import Phone, give, opened, words

ACCOUNT: Final = "acct-9"
PHONE: Final = "+8613800000009"
EMAIL: Final = "sentinel@customer.example"
BALANCE_MINOR: Final = 8765432
ORDER: Final = "DWSENTINEL770001"
BALANCE: Final = (str(BALANCE_MINOR), "87654.32", "87,654.32")
"""Told by its own route after proof, and nowhere else: after a movement it says where somebody pays."""
UNTOLD: Final = (
    *("Sentinel Person", "Sentinel Counterparty", "Sentinel Message", "192.0.2.77", "sentinel-device"),
    *(PHONE, PHONE[-8:], EMAIL, *BALANCE),
)
"""The texts in the facts below that nobody is told."""
STEPS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("lock_status", {}),
    ("payments", {"purpose": "failed"}),
    ("payment_answer", {"choice": "1"}),
    ("payments", {"purpose": "refund"}),
    ("payment_by_order", {"tail": "770001"}),
    ("payment_answer", {"choice": "1"}),
    ("refunds", {}),
    ("handover", {"topic": "payment", "reason": "asked"}),
)


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    """A customer of whom the wallet has told everything that a fact can hold."""
    made = ApiWorld(store, clock)
    at = clock.now() - timedelta(days=30)
    account = opened(ACCOUNT, (PointKind.PHONE, PHONE), (PointKind.EMAIL, EMAIL), at=at)
    assert isinstance(account.data, AccountDescribed)
    money = Money(BALANCE_MINOR, "CNY")
    source = LoginSource(ip="192.0.2.77", device_id="sentinel-device")
    tried = LoginTried("try-1", source, LoginKind.PASSWORD, succeeded=False)
    of_account: list[Fact] = [
        fact("funds.balance_changed", at, FundsTold(1, money, money, at)),
        fact("login.failed", clock.now(), tried),
        told(LockAction.LOCK_APPLIED, clock.now(), "AGENT"),
    ]
    give(made.ctx, [replace(account, data=replace(account.data, name="Sentinel Person"))])
    give(made.ctx, [replace(one, subject=ACCOUNT) for one in of_account])
    more: dict[str, Any] = {
        "balance_after_minor": BALANCE_MINOR,
        "counterparty": "Sentinel Counterparty",
        "account_id": ACCOUNT,
    }
    failure = Failure("iso8583", "51", "Sentinel Message")
    failed, paid = MovementStatus.FAILED, MovementStatus.SUCCEEDED
    made.pay("mov-1", failed, kind=MovementKind.TRANSFER, merchant=None, failure=failure, **more)
    made.pay("mov-2", paid, instrument=Instrument("card", "4242"), order_no=ORDER, **more)
    return made


def hidden_in(text: str) -> list[str]:
    plain = text.replace(" ", "")
    return [untold for untold in UNTOLD if untold in text or untold.replace(" ", "") in plain]


def test_no_client_of_the_api_reads_them(world: ApiWorld) -> None:
    client = world.client(ACCOUNT)
    client.prove("read")
    told = set()
    for route in ROUTES:
        method, _, path = route.partition(" ")
        if method == "GET" and path.startswith("/v1/me/"):
            for movement_id in ("mov-1", "mov-2"):
                answer = client.ask(method, path.replace("{id}", movement_id))
                may_be_told = BALANCE if path == "/v1/me/funds" else ()
                assert [text for text in hidden_in(str(answer.json)) if text not in may_be_told] == [], path
                told |= {(path, movement_id)} if answer.status == 200 else set()
    assert {("/v1/me/lock", "mov-1"), ("/v1/me/payments/{id}", "mov-1"), ("/v1/me/payments/{id}", "mov-2")} <= told


@pytest.mark.parametrize("proves", [True, False])
def test_no_caller_hears_them_with_proof_or_without(world: ApiWorld, proves: bool) -> None:
    phone = Phone(world.ctx, PHONE)
    heard = [words(phone.press("start"))]
    if proves:
        phone.prove()
    heard += [words(phone.press(step, **inputs)) for step, inputs in STEPS]
    assert [text for text in heard if hidden_in(text)] == []
    assert [text for text in heard if ORDER in text] == []


def test_no_message_and_no_decision_holds_them(world: ApiWorld) -> None:
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove()
    for step in ("handover", "freeze"):
        phone.press(step, **({"topic": "lockout", "reason": "asked"} if step == "handover" else {}))
    assert isinstance(world.ctx.store, MemoryStore)
    decisions = [entry["facts"] for entry in world.ctx.store.items(Table.OUTBOX) if entry["to"] == "bus"]
    assert decisions
    assert hidden_in(str(decisions)) == []
    post = Postbox(world.ctx)
    post.work()
    assert post.sent
    assert [letter.body for letter in post.sent if hidden_in(letter.subject + letter.body)] == []


def test_a_leak_would_be_found(world: ApiWorld) -> None:
    assert hidden_in("Dear Sentinel Person, 8 7 6 5 4 3 2") == ["Sentinel Person", str(BALANCE_MINOR)]
