"""A payment that is reversed while its refund is out, as phone and API tell it: no second payment is promised."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hotline.contracts.model import MovementStatus, PointKind
from hotline.kit.languages import CHINESE, ENGLISH
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.phone import Phone, give, opened

NUMBER = "+447700900009"
OWNER = "acct-reversed"


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    made = ApiWorld(store, clock)
    give(made.ctx, [opened(OWNER, (PointKind.PHONE, NUMBER), at=clock.now() - timedelta(days=30))])
    made.publish_policy()
    made.pay("mov-1", account_id=OWNER)
    return made


@pytest.mark.parametrize(
    ("language", "words", "under_way"),
    [(ENGLISH, "a person is", "under way"), (CHINESE, "专人", "处理中")],
)
def test_phone_and_app_say_that_people_look_and_name_no_date(
    world: ApiWorld, language: str, words: str, under_way: str
) -> None:
    client = world.client(OWNER)
    client.prove("refund")
    asked = client.ask(
        "POST",
        "/v1/me/refunds",
        body={"payment_id": "mov-1", "reason": "cancelled"},
        headers={"Idempotency-Key": "key-of-the-request"},
    )
    assert (asked.status, asked.json["status"], asked.json["promised_on"] is None) == (201, "approved", False)
    world.pay("mov-1", MovementStatus.REVERSED, account_id=OWNER, version=2)
    told = client.ask("GET", f"/v1/me/refunds/{asked.json['id']}").json
    assert (told["status"], told.get("promised_on"), told.get("typical_on")) == ("called_back", None, None)
    payment = client.ask("GET", "/v1/me/payments/mov-1", headers={"Accept-Language": language}).json
    assert (words in payment["text"], under_way in payment["text"]) == (True, False), payment["text"]
    phone = Phone(world.ctx, NUMBER, contact_id="contact-1")
    phone.press("start")
    phone.press("set_language", language=language)
    phone.prove(goal="refund")
    listed = phone.press("refunds")
    said = re.sub(r"<[^>]*>", "", " ".join(listed[name] for name in ("prompt", "prompt_2", "prompt_3")))
    assert (words in said, "2026" in said, "最迟" in said, "by " in said) == (True, False, False, False), said
