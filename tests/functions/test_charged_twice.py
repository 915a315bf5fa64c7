"""A payment that was charged twice, as phone, API and desk tell it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hotline.contracts.model import PointKind
from hotline.kit.languages import CHINESE, ENGLISH
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.phone import Phone, give, opened

ORDER = "DW2026114711"
NUMBER = "+447700900009"
OWNER = "acct-twice"
NOTHING_TO_DO = {ENGLISH: "nothing you have to do", CHINESE: "无需做任何操作"}


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> ApiWorld:
    made = ApiWorld(store, clock)
    give(made.ctx, [opened(OWNER, (PointKind.PHONE, NUMBER), at=clock.now() - timedelta(days=30))])
    for movement_id, minutes in (("mov-1", 62), ("mov-2", 60)):
        made.pay(movement_id, account_id=OWNER, ago=timedelta(minutes=minutes), order_no=ORDER)
    return made


def told(answer: dict[str, str]) -> str:
    prompts = " ".join(answer[name] for name in ("prompt", "prompt_2", "prompt_3") if answer.get(name, "-") != "-")
    return re.sub(r"<[^>]*>", "", prompts)


@pytest.mark.parametrize(
    ("language", "of_second", "of_first"),
    [
        (ENGLISH, ("was taken before", "you can ask for this one back"), ("taken again", "this payment stands")),
        (CHINESE, ("已经扣过一笔相同的金额", "这笔可以按重复付款申请退款"), ("又扣了一笔相同的金额", "这笔有效")),
    ],
)
def test_a_caller_is_told_which_charge_stands_in_two_reads(
    world: ApiWorld, store: MemoryStore, language: str, of_second: tuple[str, str], of_first: tuple[str, str]
) -> None:
    phone = Phone(world.ctx, NUMBER, contact_id="contact-1")
    phone.press("start")
    phone.press("set_language", language=language)
    phone.prove(goal="look")
    assert phone.press("payment_by_order", tail="4711")["outcome"] == "SEVERAL"
    for choice, words in (("1", of_second), ("2", of_first)):
        reads, transactions = store.reads, store.transactions
        answer = phone.press("payment_answer", choice=choice)
        assert (answer["outcome"], store.reads - reads <= 2) == ("DEBITED", True)
        assert store.transactions - transactions <= 1
        assert all(part in told(answer) for part in words), told(answer)
        assert "pay again" not in told(answer)
        assert "重新付款" not in told(answer)
        assert NOTHING_TO_DO[language] not in told(answer)


def test_the_app_is_told_which_charge_stands_and_may_ask_the_second_back(world: ApiWorld) -> None:
    client = world.client(OWNER)
    second = client.ask("GET", "/v1/me/payments/mov-2").json["charged_twice"]
    first = client.ask("GET", "/v1/me/payments/mov-1").json["charged_twice"]
    assert (second["other_id"], second["stands"], second["refundable"]) == ("mov-1", "other", True)
    assert (first["other_id"], first["stands"], first["refundable"]) == ("mov-2", "this", False)
    listed = client.ask("GET", "/v1/me/payments").json["payments"]
    assert [one["charged_twice"]["other_state"] for one in listed] == ["charged", "charged"]
    client.prove("refund")
    asked = client.ask(
        "POST",
        "/v1/me/refunds",
        body={"payment_id": "mov-2", "reason": "duplicate"},
        headers={"Idempotency-Key": "key-of-the-request"},
    )
    assert asked.status == 201
    told_now = client.ask("GET", "/v1/me/payments/mov-1").json["charged_twice"]
    assert (told_now["other_state"], told_now["stands"]) == ("refunding", "this")


def pressed(answer: dict[str, str]) -> tuple[str, str]:
    return answer["outcome"], answer["refundable"]


@pytest.mark.parametrize(("language", "words"), [(ENGLISH, "it stands"), (CHINESE, "这笔有效")])
def test_a_caller_is_offered_the_second_charge_alone_and_gets_one_refund(
    world: ApiWorld, store: MemoryStore, language: str, words: str
) -> None:
    phone = Phone(world.ctx, NUMBER, contact_id="contact-2")
    phone.press("start")
    phone.press("set_language", language=language)
    phone.prove(goal="refund")
    phone.press("payment_by_order", tail="4711")
    assert pressed(phone.press("payment_answer", choice="2")) == ("DEBITED", "no")
    assert pressed(phone.press("payment_answer", choice="1")) == ("DEBITED", "yes")
    reads, transactions = store.reads, store.transactions
    refused = phone.press("refund_request", choice="2", reason="duplicate")
    assert (refused["outcome"], words in told(refused)) == ("DENIED", True)
    assert store.reads - reads <= 2
    assert store.transactions - transactions <= 1
    assert phone.press("refund_request", choice="1", reason="duplicate")["outcome"] in ("APPROVED", "IN_REVIEW")


@pytest.mark.parametrize("order", [("mov-1", "mov-2"), ("mov-2", "mov-1")])
def test_the_app_never_gets_both_charges_back_unseen(world: ApiWorld, order: tuple[str, str]) -> None:
    client = world.client(OWNER)
    client.prove("refund")
    decided = {}
    for movement_id in order:
        answer = client.ask(
            "POST",
            "/v1/me/refunds",
            body={"payment_id": movement_id, "reason": "duplicate"},
            headers={"Idempotency-Key": f"key-of-the-request-{movement_id}"},
        )
        assert answer.status == 201
        decided[movement_id] = answer.json["decision"]
        client.prove("refund")
    standing = "DENIED" if order[0] == "mov-1" else "IN_REVIEW"
    assert decided["mov-1"]["outcome"] == standing
    assert decided["mov-1"]["text"] != ""
    assert decided["mov-2"]["outcome"] in ("APPROVED", "IN_REVIEW")
    assert "movement.stands" in {rule["rule"] for rule in decided["mov-2"]["rules"]}
