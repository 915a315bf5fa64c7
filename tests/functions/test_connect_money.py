"""The phone's steps about money, with the demo wallet's customers on the in-memory store."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.deadlines.work import work_off
from hotline.cases import service as cases
from hotline.contracts.model import Fact, PointKind
from hotline.contracts.schemas import parse
from hotline.intake.service import fold
from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event
from hotline.kit.store import Table
from hotline.payments.service import movement_id_of
from hotline_local.demo import seed_facts
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import event
from tests.support.faults import once
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, context, failed_logins, give, opened, words

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOPPER, FAILING, TWO_STEP = "+8613800000004", "+8613800000003", "+12025550113"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(VirtualClock(NOW))


@pytest.fixture
def ctx(store: MemoryStore) -> Context:
    made = context(store, VirtualClock(NOW))
    for detail in seed_facts(NOW):
        fold(made, [parse(detail)])
    return made


def proved(ctx: Context, number: str, goal: str, contact_id: str = "contact-1") -> Phone:
    phone = Phone(ctx, number, contact_id)
    phone.press("start")
    phone.prove(goal=goal)
    return phone


def outgoing(store: MemoryStore) -> int:
    return len(list(store.items(Table.OUTBOX)))


def text(answer: dict[str, str]) -> str:
    return re.sub(r"<[^>]*>", "", answer["prompt"])


def test_a_refund_is_one_and_no_later_answer_of_the_call_contradicts_it_while_indexes_lag(
    ctx: Context, store: MemoryStore
) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    store.freeze_indexes()
    assert phone.press("payments", purpose="refund")["outcome"] == "SEVERAL"
    first = phone.state.offers[0]
    assert phone.press("refund_offer", choice="1")["outcome"] == "OFFERED"
    before = outgoing(store)
    asked = phone.press("refund_request", choice="1", reason="duplicate")
    assert asked["outcome"] in ("APPROVED", "IN_REVIEW")
    told = outgoing(store) - before
    assert phone.press("refund_request", choice="1", reason="duplicate")["outcome"] == "EXISTS"
    assert phone.press("refund_request", choice="1", reason="cancelled")["outcome"] == "EXISTS"
    assert outgoing(store) - before == told
    phone.press("payments", purpose="refund")
    assert first not in phone.state.offers
    assert phone.press("refunds")["outcome"] == "OPEN"
    store.thaw_indexes()
    assert phone.press("refunds")["outcome"] == "OPEN"


@pytest.mark.parametrize(
    ("reason", "outcomes"), [("duplicate", {"APPROVED", "IN_REVIEW"}), ("unauthorised", {"ROUTE_DISPUTE"})]
)
def test_the_case_of_a_caller_has_the_steps_of_their_refund_and_nothing_of_what_was_said(
    ctx: Context, reason: str, outcomes: set[str]
) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("payments", purpose="refund")
    phone.press("refund_offer", choice="1")
    asked = phone.press("refund_request", choice="1", reason=reason)
    assert asked["outcome"] in outcomes
    phone.press("handover", topic="refund", reason="asked")
    found = cases.read_case(ctx.store, phone.state.case_id or "-")
    assert found is not None
    assert found[0].established.heard == (
        "start:KNOWN",
        "send_code:SENT",
        "check_code:PROVED",
        "choose_account:CHOSEN",
        "payments:SEVERAL",
        "refund_offer:OFFERED",
        f"refund_request:{asked['outcome']}",
    )
    assert found[1][-1].facts["history"] == ",".join(found[0].established.heard)


def test_the_case_of_a_caller_has_what_they_were_told_and_about_which_payment(ctx: Context) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("lock_status")
    phone.press("payments", purpose="latest")
    told = phone.press("payment_answer", choice="1")["outcome"]
    chosen = phone.state.offers[0].movement
    phone.press("unfreeze")
    phone.press("handover", topic="payment", reason="asked")
    found = cases.read_case(ctx.store, phone.state.case_id or "-")
    assert found is not None
    assert found[0].established.heard[-4:] == (
        "lock_status:OPEN",
        "payments:SEVERAL",
        f"payment_answer:{told}",
        "unfreeze:NEED_PROOF",
    )
    assert f"payment:{movement_id_of(chosen)}" in found[0].links
    assert found[1][-1].facts["movement_id"] == movement_id_of(chosen)


@pytest.mark.parametrize(
    ("step", "outcome", "event"),
    [("unfreeze", "NEED_PROOF", Event.ANSWER_UNKEPT), ("lock_status", "OPEN", Event.SERVICE_UNCOUNTED)],
)
def test_an_answer_that_could_not_be_kept_is_given_and_logged_as_what_it_was(
    ctx: Context, store: MemoryStore, step: str, outcome: str, event: Event
) -> None:
    """A try that needs proof has helped nobody, so the log says nothing of what the call counts for."""
    phone = proved(ctx, SHOPPER, "look")
    store.before = once(Unavailable(), on="write_alone")
    with logged() as buffer:
        assert phone.press(step)["outcome"] == outcome
    assert [line["event"] for line in lines(buffer) if line["level"] == "WARNING"] == [event.code]


def test_the_case_of_somebody_unknown_names_no_payment_and_no_lock(ctx: Context) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("payments", purpose="latest")
    phone.press("payment_answer", choice="1")
    phone.press("identify", phone="+8613900000009")
    phone.press("handover", topic="payment", reason="asked")
    found = cases.read_case(ctx.store, phone.state.case_id or "-")
    assert found is not None
    assert found[0].established.heard == ("identify:TAKEN",)
    assert [link for link in found[0].links if not link.startswith("contact:")] == []


def test_a_refund_that_a_caller_asked_for_twice_is_heard_as_one_that_was_there(ctx: Context) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("payments", purpose="refund")
    first = phone.press("refund_request", choice="1", reason="duplicate")["outcome"]
    assert phone.press("refund_request", choice="1", reason="duplicate")["outcome"] == "EXISTS"
    phone.press("handover", topic="refund", reason="asked")
    found = cases.read_case(ctx.store, phone.state.case_id or "-")
    assert found is not None
    assert found[0].established.heard[-2:] == (f"refund_request:{first}", "refund_request:EXISTS")


def test_a_look_proof_does_not_ask_for_a_refund(ctx: Context) -> None:
    phone = proved(ctx, SHOPPER, "look")
    assert phone.press("payments", purpose="refund")["outcome"] == "SEVERAL"
    said = phone.press("refund_request", choice="1", reason="duplicate")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "sms")


def test_a_two_step_account_asks_for_a_second_factor_before_money_moves(ctx: Context) -> None:
    phone = proved(ctx, TWO_STEP, "refund")
    assert phone.press("payment_by_order", tail="130001")["outcome"] == "FOUND"
    said = phone.press("refund_request", choice="1", reason="duplicate")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "email")
    phone.prove(method="email", goal="refund")
    assert phone.press("refund_request", choice="1", reason="duplicate")["outcome"] != "NEED_PROOF"


def refund_count(store: MemoryStore) -> int:
    return sum(str(item["SK"]).startswith("REFUND#") for item in store.items(Table.HOTLINE))


def test_an_unauthorised_payment_is_a_dispute_and_never_a_refund(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("payments", purpose="refund")
    before, refunds_before = outgoing(store), refund_count(store)
    first = phone.press("refund_request", choice="1", reason="unauthorised")
    assert first["outcome"] == "ROUTE_DISPUTE"
    assert "7 December" in str(first["prompt"]) or "12月7日" in str(first["prompt"])
    sent = outgoing(store) - before
    phone.press("payments", purpose="refund")
    again = phone.press("refund_request", choice="1", reason="unauthorised")
    assert (again["outcome"], again["prompt"]) == ("ROUTE_DISPUTE", first["prompt"])
    assert outgoing(store) - before == sent
    assert refund_count(store) == refunds_before


@pytest.mark.parametrize(
    "inputs",
    [
        {"choice": "9", "reason": "duplicate"},
        {"choice": "1", "reason": "because"},
        {"choice": "1", "reason": "asked"},
        {"choice": "1", "reason": "duplicate", "amount_minor": "0"},
        {"choice": "1", "reason": "duplicate", "amount_minor": "-5"},
        {"choice": "1", "reason": "duplicate", "amount_minor": "999999999999"},
        {"choice": "1", "reason": "duplicate", "amount_minor": "9" * 40},
        {"choice": "1", "reason": "duplicate", "amount_minor": "1e3"},
    ],
)
def test_a_refund_that_makes_no_sense_changes_nothing(ctx: Context, store: MemoryStore, inputs: dict[str, str]) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("payments", purpose="refund")
    before = outgoing(store)
    assert phone.press("refund_request", **inputs)["outcome"] == "INVALID"
    assert outgoing(store) == before


def test_nothing_of_another_account_can_be_chosen_by_its_key(ctx: Context) -> None:
    other = proved(ctx, FAILING, "look", "contact-other")
    other.press("payments")
    theirs = other.state.offers[0].movement
    phone = proved(ctx, SHOPPER, "look")
    phone.press("payments", purpose="refund")
    assert phone.press("payment_answer", movement=theirs)["outcome"] == "INVALID"
    assert phone.press("refund_offer", movement=theirs)["outcome"] == "INVALID"


def test_several_orders_with_the_same_digits_are_offered_and_each_is_explained(ctx: Context) -> None:
    phone = proved(ctx, FAILING, "look")
    said = phone.press("payment_by_order", tail="1111")
    assert (said["outcome"], said["count"]) == ("SEVERAL", "2")
    answers = [phone.press("payment_answer", choice=place) for place in ("1", "2")]
    assert {said["outcome"] for said in answers} == {"RETURNED", "NOT_TAKEN"}
    assert answers[0]["prompt"] != answers[1]["prompt"]


def test_an_open_outcome_is_told_as_open_and_nobody_is_told_to_pay_again(ctx: Context) -> None:
    phone = proved(ctx, FAILING, "look")
    phone.press("set_language", language="en-US")
    assert phone.press("payment_by_order", tail="030007")["outcome"] == "FOUND"
    said = phone.press("payment_answer", choice="1")
    assert said["outcome"] == "UNKNOWN"
    assert "try again" not in text(said).lower()


def whole(answer: dict[str, str]) -> str:
    """All that is said, in however many prompts."""
    return " ".join(text({"prompt": answer.get(part, "")}) for part in ("prompt", "prompt_2", "prompt_3"))


class Nowhere:
    """A queue of nobody."""

    def send(self, bodies: Sequence[str]) -> None:
        assert bodies


@pytest.mark.parametrize("path", [("sent", "failed"), ("sent", "settled", "returned")])
def test_phone_and_message_name_the_date_of_the_next_step_after_money_did_not_arrive(
    ctx: Context, store: MemoryStore, path: tuple[str, ...]
) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("set_language", language="en-US")
    phone.press("payments", purpose="refund")
    before = {item["refund_id"] for item in store.items(Table.HOTLINE) if item["SK"].startswith("REFUND#")}
    assert phone.press("refund_request", choice="1", reason="duplicate")["outcome"] in ("APPROVED", "IN_REVIEW")
    (made,) = [
        item
        for item in store.items(Table.HOTLINE)
        if item["SK"].startswith("REFUND#") and item["refund_id"] not in before
    ]
    promised_on = from_text(f"{made['promised_on']}T00:00:00.000Z")
    for version, status in enumerate(path, start=1):
        own = {name: made[name] for name in ("refund_id", "movement_id", "amount")} | {"version": version}
        kind = f"refund.{status}"
        fold(ctx, [parse(event(kind, own, subject=made["account_id"], id=kind, time=to_text(NOW)))])
    said = text(phone.press("refunds"))
    assert f"{promised_on:%B} {promised_on.day}" not in said, "the date that was promised holds no more"
    work_off(ctx, NOW, {"message": Nowhere(), "bus": Nowhere()})
    sent = [entry for entry in store.items(Table.OUTBOX) if entry["kind"] in ("refund.failed", "refund.returned")]
    (next_step,) = {entry["facts"]["promised_on"] for entry in sent}
    day = from_text(f"{next_step}T00:00:00.000Z")
    answer = phone.press("refunds")
    assert f"{day:%B} {day.day}" in whole(answer)

    phone.press("payments", purpose="refund")
    listed = [offer.movement for offer in phone.state.offers]
    assert made["movement_sk"] not in listed
    phone.press("payment_by_order", tail=made["order_tail"])
    choice = str([offer.movement for offer in phone.state.offers].index(made["movement_sk"]) + 1)
    told = phone.press("payment_answer", choice=choice)
    offered = phone.press("refund_offer", choice=choice)
    asked = phone.press("refund_request", choice=choice, reason="cancelled")
    assert told["refundable"] == "no"
    assert (offered["outcome"], asked["outcome"]) == ("NOT_ELIGIBLE", "EXISTS")
    for said in (whole(told), whole(offered), whole(asked)):
        assert "was not paid out, and a person arranges another way" in said


def test_the_line_says_that_nothing_was_recorded_when_too_many_requests_were_denied(
    ctx: Context, store: MemoryStore
) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("set_language", language="en-US")
    phone.press("payments", purpose="refund")
    merchant_id = phone.state.offers[0].merchant_id
    strict = {"merchant_id": merchant_id, "version": 99, "window_days": 0}
    fold(ctx, [parse(event("merchant.policy_published", strict, time=to_text(NOW)))])
    reasons = ("cancelled", "price_adjustment", "no_reason_return", "other", "missing_item", "defective")
    answers = [phone.press("refund_request", choice="1", reason=reason) for reason in reasons]
    assert [answer["outcome"] for answer in answers] == ["DENIED"] * 5 + ["LIMITED"]
    assert "not recorded" in text(answers[-1])
    assert "reference" not in text(answers[-1])


def test_a_payment_that_its_owner_disputes_is_not_offered_for_a_refund(ctx: Context) -> None:
    phone = proved(ctx, SHOPPER, "refund")
    phone.press("set_language", language="en-US")
    phone.press("payments", purpose="refund")
    assert phone.press("refund_request", choice="1", reason="unauthorised")["outcome"] == "ROUTE_DISPUTE"
    repeated = phone.event("refund_offer", choice="1")
    offered = phone.press("refund_offer", choice="1")
    assert (offered["outcome"], offered["amount"]) == ("NOT_ELIGIBLE", "-")
    assert "You said that you did not make it" in whole(offered)
    assert "A person is checking this and will answer by December 7." in whole(offered)
    assert whole(phone.deliver(repeated)) == whole(offered)


def test_no_step_about_money_needs_more_than_two_reads_and_one_transaction(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx, SHOPPER, "refund")

    def cost(step: str, **inputs: str) -> tuple[int, int]:
        before = (store.reads, store.transactions)
        assert phone.press(step, **inputs)["outcome"] not in ("INVALID", "TRY_LATER", "NEED_PROOF")
        return store.reads - before[0], store.transactions - before[1]

    assert cost("payments", purpose="failed") == (2, 1)
    assert cost("payments", purpose="latest") == (2, 1)
    assert cost("payments", purpose="older") == (2, 1)
    assert cost("payments", purpose="refund") == (2, 1)
    assert cost("payment_answer", choice="1") == (2, 1)
    assert cost("refund_offer", choice="1") == (2, 1)
    assert cost("refund_request", choice="1", reason="duplicate") == (2, 1)
    # A refund that the wallet began names its payment alone, whose ledger knows the merchant: one more read.
    assert cost("refunds") == (3, 1)
    assert cost("payment_by_order", tail="040005") == (2, 1)
    assert cost("lock_status") == (2, 1)
    assert cost("freeze") == (2, 1)
    assert cost("reset")[0] == 2
    assert cost("handover", topic="refund", reason="asked") == (2, 1)


def test_every_payment_can_be_asked_about_three_at_a_time_also_without_an_order_number(ctx: Context) -> None:
    owner = "+447700900077"
    account = opened("acc_plain", (PointKind.PHONE, owner), at=NOW - timedelta(days=100))
    give(ctx, [account, *(succeeded("payment", number) for number in (2, 3, 4, 5, 6))])
    phone = proved(ctx, owner, "look")
    assert phone.press("payments", purpose="failed")["outcome"] == "NONE"
    repeated = phone.event("payments", purpose="latest")
    assert "These are the latest." in words(phone.press("payments", purpose="latest"))
    assert [offer.movement.split("#")[2] for offer in phone.state.offers] == ["mov_2", "mov_3", "mov_4"]
    assert words(phone.deliver(repeated)) == words(phone.answers[-1])
    assert phone.press("payment_answer", choice="1")["outcome"] == "DEBITED"
    assert "went through" in words(phone.answers[-1])
    repeated = phone.event("payments", purpose="older")
    assert "These are the ones before." in words(phone.press("payments", purpose="older"))
    assert [offer.movement.split("#")[2] for offer in phone.state.offers] == ["mov_5", "mov_6"]
    assert words(phone.deliver(repeated)) == words(phone.answers[-1])
    assert "There are no older payments." in words(phone.press("payments", purpose="older"))
    give(ctx, [succeeded("withdrawal", 30)])
    assert phone.press("payments")["outcome"] == "ONE"
    phone.press("payment_answer")
    assert "was to be at your bank by" in words(phone.answers[-1])
    give(ctx, [succeeded("withdrawal", 30, version=2, arrived_at=to_text(NOW - timedelta(days=28)))])
    assert phone.press("payments")["outcome"] == "NONE"
    phone.press("payments", purpose="latest")
    while "mov_30" not in [offer.movement.split("#")[2] for offer in phone.state.offers]:
        phone.press("payments", purpose="older")
    phone.press("payment_answer", choice=str(len(phone.state.offers)))
    assert "The money reached your bank on " in words(phone.answers[-1])


def succeeded(kind: str, days: int, **own: Any) -> Fact:
    """The fact of a movement of the account that went through so many days ago and has no order number."""
    at = to_text(NOW - timedelta(days=days))
    told = {
        "movement_id": f"mov_{days}",
        "version": 1,
        "initiated_at": at,
        "amount": {"minor": 100 * days, "currency": "CNY"},
        "instrument": {"kind": "bank_account", "last4": "4242"},
        "money": "debited",
        **own,
    }
    return parse(event(f"{kind}.succeeded", subject="acc_plain", time=at) | {"data": told})


def test_a_locked_account_hears_unlock_first_and_no_promise_that_paying_works(ctx: Context) -> None:
    phone = proved(ctx, FAILING, "look")
    account_id = phone.state.account_id
    assert account_id is not None
    give(ctx, failed_logins(account_id, 12, until=NOW))
    phone.press("set_language", language="en-US")
    assert phone.press("payments")["outcome"] == "SEVERAL"
    told = {}
    for place in range(1, len(phone.state.offers) + 1):
        phone.press("payment_answer", choice=str(place))
        told[place] = words(phone.answers[-1])
    assert any("Please unlock your account first" in text for text in told.values())
    for text in told.values():
        assert not re.search("it will work|should work|as soon as|next day", text, re.IGNORECASE)
        assert re.search("unlock your account first|Do not pay again|do not pay again|nothing you have to do", text), (
            text
        )
