"""Attempts of an attacker, or of a flow with a mistake in it, on the phone's steps: each ends where it must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.cases.model import QUEUE, Priority
from hotline.contracts.model import PointKind
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.actor import Caller
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof
from hotline.kit.logging import Event
from hotline.kit.store import Table
from hotline.sessions import service as sessions
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHARED, OWN = "+8613800000002", "+8613800000003"
PHONE, EMAIL = PointKind.PHONE, PointKind.EMAIL
A, B, C = "acct-a", "acct-b", "acct-c"


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    """A and B share a phone and have an e-mail address each, B with two-step verification; C has a phone of its own."""
    made = context(store, clock)
    at = NOW - timedelta(days=400)
    give(
        made,
        [
            opened(A, (PHONE, SHARED), (EMAIL, "a@example.com"), at=at, shared=True),
            opened(B, (PHONE, SHARED), (EMAIL, "b@example.com"), at=at, shared=True, two_step=True),
            opened(C, (PHONE, OWN), (EMAIL, "c@example.com"), at=at),
            *failed_logins(B, 5, until=NOW),
        ],
    )
    return made


def place_of(phone: Phone, account_id: str) -> str:
    """The place at which an account is read out to this caller."""
    for place in ("1", "2"):
        phone.press("choose_account", choice=place)
        if phone.state.account_id == account_id:
            return place
    raise AssertionError(f"{account_id} is not offered")


def decisions(store: MemoryStore) -> list[str]:
    return [item["kind"] for item in store.items(Table.OUTBOX) if item["to"] == "bus"]


def test_a_code_to_one_accounts_mailbox_is_no_second_factor_for_another(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, SHARED)
    phone.press("start")
    phone.prove(goal="unlock")
    of_a, of_b = place_of(phone, A), place_of(phone, B)
    phone.press("choose_account", choice=of_a)
    phone.press("send_code", method="email", goal="unlock")
    code_of_a = phone.code
    phone.press("choose_account", choice=of_b)
    assert phone.press("check_code", code=code_of_a)["outcome"] == "SPENT"
    assert phone.press("unlock")["outcome"] == "NEED_PROOF"
    assert "account.unlock_requested" not in decisions(store)


def test_a_code_that_was_asked_for_before_the_account_changed_proves_nothing_even_when_kept(ctx: Context) -> None:
    phone = Phone(ctx, SHARED)
    phone.press("start")
    phone.prove(goal="unlock")
    phone.press("choose_account", choice=place_of(phone, A))
    phone.press("send_code", method="email", goal="unlock")
    phone.press("check_code", code=phone.code)
    assert phone.press("choose_account", choice="2")["outcome"] == "CHOSEN"
    assert phone.state.account_id == A, "the factors reach A alone now"


def test_an_operation_on_an_account_that_was_not_proved_is_refused_by_the_gate(ctx: Context) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.prove(goal="unlock")
    caller = Caller("contact-1", sessions.proof_from(phone.state))
    change = Change(actor=caller, cause="test", now=NOW, ids=ctx.ids)
    for operation in (Operation.REFUND, Operation.UNLOCK, Operation.FREEZE):
        identity.require(change, operation, C)
        with pytest.raises(NeedProof):
            identity.require(change, operation, A)


def test_a_leg_that_is_not_inbound_may_not_pause_without_a_factor(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.initiation_method = "CALLBACK"
    phone.press("start")
    assert phone.press("pause")["outcome"] == "NOT_HERE"
    assert decisions(store) == ["account.lock_requested"]


def test_a_keyed_in_number_may_not_be_paused_without_a_code(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, None)
    phone.press("start")
    phone.press("identify", phone=OWN)
    assert phone.press("pause")["outcome"] == "NOT_HERE"
    assert decisions(store) == ["account.lock_requested"]


def test_a_number_that_calls_in_pauses_and_hears_what_a_strangers_number_hears(
    ctx: Context, store: MemoryStore
) -> None:
    prompts = []
    for number in (OWN, "+8613800000099"):
        phone = Phone(ctx, number, f"contact-{number}")
        phone.press("start")
        phone.press("set_language", language="en-US")
        prompts.append(phone.press("pause")["prompt"])
    assert prompts[0] == prompts[1]
    assert decisions(store).count("account.pause_requested") == 1


def test_factors_that_have_ended_choose_no_account_and_name_no_count(ctx: Context, clock: VirtualClock) -> None:
    phone = Phone(ctx, SHARED)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    phone.press("check_code", code=phone.code)
    clock.advance(timedelta(minutes=10))
    said = phone.press("choose_account")
    assert (said["outcome"], said["count"]) == ("NONE", "0")


def test_a_caller_who_left_the_choice_of_accounts_is_asked_for_a_code_and_not_sent_to_a_mailbox(ctx: Context) -> None:
    phone = Phone(ctx, SHARED)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    phone.press("check_code", code=phone.code)
    said = phone.press("lock_status")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "sms")


def test_two_step_that_is_switched_on_in_mid_call_counts_from_the_next_code_on(
    ctx: Context, clock: VirtualClock
) -> None:
    give(ctx, failed_logins(C, 5, until=NOW))
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.prove(goal="unlock")
    points = ((PHONE, OWN), (EMAIL, "c@example.com"))
    changed = opened(C, *points, at=NOW - timedelta(days=1), two_step=True)
    give(ctx, [changed])
    clock.advance(timedelta(minutes=9))
    phone.prove(goal="unlock")
    assert phone.press("unlock")["needs"] == "email"


def test_a_handover_after_the_proof_has_ended_does_not_touch_the_accounts_case(
    ctx: Context, clock: VirtualClock
) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.prove()
    first = phone.press("handover", topic="refund", reason="asked")
    clock.advance(timedelta(minutes=11))
    second = phone.press("handover", topic="refund", reason="callback")
    assert second["outcome"] == "CALLBACK"
    assert second["case_id"] != first["case_id"]
    later = Phone(ctx, OWN, "contact-later")
    later.press("start")
    later.prove()
    third = later.press("handover", topic="refund", reason="asked")
    assert (third["outcome"], third["case_id"]) == ("QUEUE", first["case_id"])


@pytest.mark.parametrize("number", [OWN, "+8613999999999", None])
def test_the_case_of_a_caller_who_proved_nothing_names_the_call_and_no_account(
    ctx: Context, number: str | None
) -> None:
    phone = Phone(ctx, number)
    phone.press("start")
    for kind in ("case.opened", "case.updated"):
        case_id = phone.press("handover", topic="security", reason="asked")["case_id"]
        assert isinstance(ctx.store, MemoryStore)
        (told,) = [entry for entry in ctx.store.items(Table.OUTBOX) if entry["kind"] == kind]
        assert told["account_id"] == "-"
        names = ("case_id", "contact_id", "topic", "reason", "priority", "queue")
        assert tuple(told["facts"][name] for name in names) == (
            *(case_id, phone.contact_id, "security", "caller.asked"),
            *(Priority.URGENT.value, QUEUE),
        )


def test_keying_in_another_number_leaves_the_first_accounts_case_alone(ctx: Context) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.prove()
    first = phone.press("handover", topic="lockout", reason="asked")
    phone.press("identify", phone=SHARED)
    assert phone.press("handover", topic="lockout", reason="asked")["case_id"] != first["case_id"]


@pytest.mark.parametrize(
    ("step", "inputs"),
    [
        ("handover", {"topic": "weather", "reason": "asked"}),
        ("handover", {"topic": "refund", "reason": "duplicate"}),
        ("advice", {"topic": "lockout"}),
        ("refund_request", {"choice": "1", "reason": "asked"}),
    ],
)
def test_a_word_that_belongs_to_another_input_is_invalid(ctx: Context, step: str, inputs: dict[str, str]) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    assert phone.press(step, **inputs)["outcome"] == "INVALID"


@pytest.mark.parametrize(
    ("step", "inputs", "reason"),
    [
        ("identify", {}, "phone_missing"),
        ("identify", {"phone": "+86138000000012345678"}, "phone_malformed"),
        ("check_code", {"code": "123456789012"}, "code_malformed"),
        ("payment_by_order", {"tail": "12"}, "tail_malformed"),
        ("handover", {"topic": "weather", "reason": "asked"}, "topic_malformed"),
        ("payment_answer", {"choice": "3"}, "unusable"),
        ("check_code", {"code": "12345"}, "unusable"),
    ],
)
def test_an_input_that_a_step_cannot_use_is_logged_by_name_and_never_repeated(
    ctx: Context, step: str, inputs: dict[str, str], reason: str
) -> None:
    phone = Phone(ctx, OWN)
    phone.press("start")
    phone.prove(goal="unlock")
    with logged() as buffer:
        assert phone.press(step, **inputs)["outcome"] == "INVALID"
    told = [line for line in lines(buffer) if line["event"] == Event.INPUT_INVALID.code]
    assert [(line["step"], line["reason"]) for line in told] == [(step, reason)]
    assert not any(text in buffer.getvalue() for text in inputs.values() if len(text) > 2 and text != "asked")
