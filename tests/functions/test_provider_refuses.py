"""A payment of which its provider refuses every refund: nobody is offered one, and a refusal says why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.contracts.model import Instrument, PointKind
from hotline.kit.languages import CHINESE, ENGLISH
from hotline.wording.catalogue import find
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.phone import Phone, give, opened

NUMBER = "+447700900009"
OWNER = "acct-provider"


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    made = ApiWorld(store, clock)
    give(made.ctx, [opened(OWNER, (PointKind.PHONE, NUMBER), at=clock.now() - timedelta(days=300))])
    paypal = Instrument("paypal", None)
    made.pay("mov-old", account_id=OWNER, ago=timedelta(days=200), instrument=paypal, order_no="DW2026004711")
    made.pay("mov-new", account_id=OWNER, ago=timedelta(days=100), instrument=paypal, order_no="DW2026004712")
    return made


def test_a_caller_is_offered_what_the_provider_pays_alone(world: ApiWorld, store: MemoryStore) -> None:
    phone = Phone(world.ctx, NUMBER, contact_id="contact-1")
    phone.press("start")
    phone.press("set_language", language=ENGLISH)
    phone.prove(goal="refund")
    reads, transactions = store.reads, store.transactions
    assert phone.press("payments", purpose="refund")["outcome"] == "ONE"
    assert store.reads - reads <= 2
    assert store.transactions - transactions <= 1
    phone.press("payment_by_order", tail="4711")
    assert phone.press("payment_answer", choice="1")["refundable"] == "no"
    phone.press("payment_by_order", tail="4712")
    assert phone.press("payment_answer", choice="1")["refundable"] == "yes"


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_the_app_is_told_why_in_the_words_of_the_phone(world: ApiWorld, language: str) -> None:
    client = world.client(OWNER)
    left = {one["id"]: one["refundable"]["minor"] for one in client.ask("GET", "/v1/me/payments").json["payments"]}
    assert left == {"mov-old": 0, "mov-new": 12850}
    client.prove("refund")
    refused = client.ask(
        "POST",
        "/v1/me/refunds",
        body={"payment_id": "mov-old", "reason": "defective"},
        headers={"Idempotency-Key": "key-of-the-request", "Accept-Language": language},
    )
    assert (refused.status, refused.code, refused.json["decided_by"]) == (422, "not_eligible", "provider.window")
    assert (find("refund.rule.provider.window", language) or "-")[:3] == refused.json["detail"][:3]
    assert refused.json["remedies"] == []
