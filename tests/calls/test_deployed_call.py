"""One whole call through the deployed template. Facts come in over the bus, flows run against the real functions, and
codes come by text message. The decision goes out, the wallet's acknowledgement comes back, and the words follow it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline.kit.clock import to_text
from hotline_local.bus import put_facts
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack
from hotline_local.reference_wallet import ReferenceWallet
from tests.support.stack_calls import call, eventually, is_stored, outcomes

pytestmark = pytest.mark.slow

ACCOUNT, NUMBER, MAIL = "acct-e2e-1", "+8613800000071", "e2e@customer.example"
FAILURES = 5


@pytest.fixture(scope="module")
def stack(running_stack: RunningStack) -> Iterator[Stack]:
    """The deployed stack with a wallet that answers, and one customer who is locked out and has paid something."""
    wallet = ReferenceWallet(running_stack.stack)
    wallet.start()
    try:
        put_facts(running_stack.stack, facts())
        places = [(f"ACCOUNT#{ACCOUNT}", begin) for begin in ("#PROFILE", "MOVE#")]
        eventually(lambda: is_stored(running_stack.stack, *places))
        eventually(lambda: view(running_stack.stack, "#LOCK").get("applied_version"))
        yield running_stack.stack
    finally:
        wallet.stop()


def facts() -> list[dict[str, Any]]:
    now = datetime.now(UTC)

    def fact(name: str, kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
        common = {"specversion": "1.0", "id": f"e2e-{name}", "source": "wallet", "subject": ACCOUNT}
        return {**common, "type": f"{kind}.v1", "time": to_text(at), "data": data}

    year_ago = now - timedelta(days=365)
    points = [
        {"kind": kind, "value": value, "confirmed_at": to_text(year_ago)}
        for kind, value in (("phone", NUMBER), ("email", MAIL))
    ]
    opened = {"version": 1, "language": "en-US", "time_zone": "Asia/Shanghai", "name": "Test Customer"}
    opened |= {"contact_points": points, "two_step": False}
    paid = {
        "movement_id": "move-e2e-1",
        "version": 1,
        "initiated_at": to_text(now - timedelta(days=2)),
        "order_no": "E2E0004711",
        "merchant": {"id": "mer-e2e", "name": "Tea & <Cakes>"},
        "amount": {"minor": 12850, "currency": "CNY"},
        "instrument": {"kind": "balance"},
        "money": "debited",
    }
    logins = [
        fact(f"login-{n}", "login.failed", now - timedelta(seconds=60 - n), {
            "attempt_id": f"e2e-try-{n}", "source": {"ip": "192.0.2.7"}, "kind": "password"
        })
        for n in range(FAILURES)
    ]  # fmt: skip
    return [
        fact("opened", "account.opened", year_ago, opened),
        fact("paid", "payment.succeeded", now - timedelta(days=2), paid),
        *logins,
    ]


def view(stack: Stack, sort_key: str) -> dict[str, Any]:
    """An item of the customer's account, as it is stored."""
    key = {"PK": {"S": f"ACCOUNT#{ACCOUNT}"}, "SK": {"S": sort_key}}
    read = stack.client("dynamodb").get_item(TableName=stack.hotline_table, Key=key, ConsistentRead=True)
    item: dict[str, Any] = read.get("Item", {})
    return item


def test_a_locked_out_customer_calls_and_the_wallet_opens_the_account(
    running_stack: RunningStack, stack: Stack
) -> None:
    version = int(view(stack, "#LOCK")["applied_version"]["N"])
    exit_code, lines = call(running_stack, NUMBER, "2,{code},1,1")
    assert outcomes(lines) == [
        ("start", "KNOWN"),
        ("lock_status", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("lock_status", "SOFT"),
        ("unlock", "ASKED"),
    ]
    assert exit_code == 0
    assert lines[-1]["kind"] == "end"
    assert lines[-1]["reason"] == "ended"
    eventually(lambda: int(view(stack, "#LOCK")["applied_version"]["N"]) > version)
    _, again = call(running_stack, NUMBER, "2,{code}")
    assert ("lock_status", "OPEN") in outcomes(again)


def test_a_refund_is_asked_for_from_the_history_once_and_its_words_stay_well_formed(
    running_stack: RunningStack, stack: Stack
) -> None:
    _, lines = call(running_stack, NUMBER, "4,2,{code},1,1,1,1,1")
    assert ("refund_offer", "OFFERED") in outcomes(lines), outcomes(lines)
    decided = [outcome for step, outcome in outcomes(lines) if step == "refund_request"]
    assert decided == ["IN_REVIEW"], outcomes(lines)
    read_back = [line["ssml"] for line in lines if line["kind"] == "prompt" and "Tea & <Cakes>" in line["text"]]
    assert read_back
    assert all("Tea &amp; &lt;Cakes&gt;" in ssml for ssml in read_back)


def test_where_no_calls_are_made_none_is_offered_and_who_asks_for_one_is_told_of_a_text(
    running_stack: RunningStack,
) -> None:
    _, lines = call(running_stack, "+8613900000071", "2,#,2,*,5,!")
    assert [outcome for step, outcome in outcomes(lines) if step == "send_code"] == ["SENT", "SENT"]
    spoken = {line["block"]: line["text"] for line in lines if line["kind"] == "prompt"}
    assert "A call" not in spoken["Code options"]
    assert spoken["Say code sent"].startswith("I cannot call with a code at the moment, so I send it by text message.")
