"""The whole release on the deployed template: one customer's trouble from the wallet's first event to the last word. It
is told by phone, by the app, and found by the scan. Fails when a route, a permission, a mapping or a filter is
missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline.kit.clock import to_text
from hotline_local.bus import put_facts
from hotline_local.commands.scan import scan
from hotline_local.inbox import Inbox, code_in
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack
from hotline_local.reference_wallet import ReferenceWallet
from tests.support.stack_calls import ask, call, eventually, is_stored, outcomes, token

pytestmark = pytest.mark.slow

ACCOUNT, NUMBER, MAIL, SHOP = "acct-whole-1", "+8613800000081", "whole@customer.example", "mer-whole-1"
PAID_MINOR = 12_850


@pytest.fixture(scope="module")
def stack(running_stack: RunningStack) -> Iterator[Stack]:
    """The deployed stack with a wallet that answers, and a customer of it."""
    wallet = ReferenceWallet(running_stack.stack)
    wallet.start()
    try:
        put_facts(running_stack.stack, facts())
        begins = ("#PROFILE", "TAKEN#whole-paid", "TAKEN#whole-failed")
        places = [(f"ACCOUNT#{ACCOUNT}", begin) for begin in begins]
        eventually(lambda: is_stored(running_stack.stack, *places, (f"MERCHANT#{SHOP}", "POLICY")))
        yield running_stack.stack
    finally:
        wallet.stop()


def fact(name: str, kind: str, at: datetime, data: dict[str, Any], subject: str = ACCOUNT) -> dict[str, Any]:
    common = {"specversion": "1.0", "id": f"whole-{name}", "source": "wallet", "subject": subject}
    return {**common, "type": f"{kind}.v1", "time": to_text(at), "data": data}


def facts() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    confirmed = to_text(now - timedelta(days=365))
    points = [
        {"kind": kind, "value": value, "confirmed_at": confirmed}
        for kind, value in (("phone", NUMBER), ("email", MAIL))
    ]
    opened = {"version": 1, "language": "en-US", "time_zone": "Asia/Shanghai", "name": "Test Customer"}
    opened |= {"contact_points": points, "two_step": False}
    paid = {
        "version": 1,
        "initiated_at": to_text(now - timedelta(days=2)),
        "merchant": {"id": SHOP, "name": "Tea House"},
        "amount": {"minor": PAID_MINOR, "currency": "CNY"},
        "instrument": {"kind": "balance"},
    }
    went_through = {**paid, "movement_id": "whole-paid", "money": "debited"}
    failed = {**paid, "movement_id": "whole-failed", "money": "none", "failure": {"scheme": "iso8583", "code": "51"}}
    policy = {"merchant_id": SHOP, "version": 1, "window_days": 30, "partial": True}
    policy |= {"auto_approve_minor": 50_000, "categories": []}
    # Ten wrong passwords: the account is locked, and the scan has something to find.
    logins = [
        fact(f"login-{n}", "login.failed", now - timedelta(seconds=60 - n), {
            "attempt_id": f"whole-try-{n}", "source": {"ip": f"192.0.2.{n}"}, "kind": "password"
        })
        for n in range(10)
    ]  # fmt: skip
    return [
        fact("opened", "account.opened", now - timedelta(days=365), opened),
        fact("policy", "merchant.policy_published", now - timedelta(days=100), policy, subject=SHOP),
        fact("paid", "payment.succeeded", now - timedelta(days=2), went_through),
        fact("failed", "payment.failed", now - timedelta(days=2), failed),
        *logins,
    ]


def lock(stack: Stack, bearer: str) -> Any:
    status, told = ask(stack, "GET", "/v1/me/lock", bearer=bearer)
    return told if status == 200 else None


def new_code(inbox: Inbox) -> str:
    """The code in a message to the customer's phone that has not been looked at."""
    found: str = eventually(lambda: next(filter(None, (code_in(one.text) for one in inbox.fresh(NUMBER))), None))
    return found


def prove(stack: Stack, bearer: str, operation: str) -> None:
    inbox = Inbox(stack.endpoint)
    inbox.fresh(NUMBER)
    status, challenge = ask(
        stack, "POST", "/v1/challenges", bearer=bearer, body={"operation": operation, "method": "sms"}
    )
    assert status == 201, challenge
    answered = ask(
        stack, "POST", f"/v1/challenges/{challenge['id']}/answers", bearer=bearer, body={"code": new_code(inbox)}
    )
    assert answered[0] == 200, answered


def test_events_call_api_and_scan_work_together(running_stack: RunningStack, stack: Stack) -> None:
    bearer = token(stack, ACCOUNT, session="whole")

    # The wallet's events locked the account; the wallet confirmed it.
    told = eventually(lambda: (seen := lock(stack, bearer)) and seen["state"] == "SOFT" and not seen["asked"] and seen)
    assert told["cause"] == "TOO_MANY_PASSWORD"

    # On the phone the customer hears the same.
    _, lines = call(running_stack, NUMBER, "2,{code}")
    assert outcomes(lines)[-1] == ("lock_status", "SOFT")

    # The app reads why the payment failed, and asks for the refund of another after a code.
    status, failed = ask(stack, "GET", "/v1/me/payments?status=failed", bearer=bearer)
    assert (status, [one["id"] for one in failed["payments"]]) == (200, ["whole-failed"])
    assert failed["payments"][0]["money"]["state"] == "not_taken"
    body = {"payment_id": "whole-paid", "reason": "cancelled"}
    key = {"Idempotency-Key": "whole-refund-0001"}
    status, problem = ask(stack, "POST", "/v1/me/refunds", bearer=bearer, body=body, headers=key)
    assert (status, problem["code"]) == (401, "insufficient_user_authentication")
    prove(stack, bearer, "refund")
    status, refund = ask(stack, "POST", "/v1/me/refunds", bearer=bearer, body=body, headers=key)
    assert (status, refund["status"], refund["amount"]["minor"]) == (201, "approved", PAID_MINOR)
    assert ask(stack, "POST", "/v1/me/refunds", bearer=bearer, body=body, headers=key)[1]["id"] == refund["id"]

    # The decision reached the wallet, which sent the money and said so.
    eventually(
        lambda: ask(stack, "GET", f"/v1/me/refunds/{refund['id']}", bearer=bearer)[1]["status"] in ("sent", "succeeded")
    )

    # The scan finds the burst of failed logins; the app shows it.
    def found() -> bool:
        scan(stack, datetime.now(UTC))
        return "medium" in severities(stack, bearer)

    eventually(found)

    # Somebody who has lost the app gets back in by the phone, and the wallet opens the account for a new password.
    inbox = Inbox(stack.endpoint)
    inbox.fresh(NUMBER)
    contact = {"contact": {"kind": "phone", "value": NUMBER}, "goal": "unlock"}
    status, recovery = ask(stack, "POST", "/v1/recoveries", body=contact)
    assert status == 202
    code = new_code(inbox)
    state = ask(stack, "POST", f"/v1/recoveries/{recovery['id']}/codes", body={"code": code})
    assert state == (200, {"state": "granted", "needs": None})
    eventually(lambda: (seen := lock(stack, bearer)) and seen["state"] == "OPEN")


def severities(stack: Stack, bearer: str) -> list[str]:
    status, told = ask(stack, "GET", "/v1/me/security", bearer=bearer)
    return [finding["severity"] for finding in told["findings"]] if status == 200 else []
