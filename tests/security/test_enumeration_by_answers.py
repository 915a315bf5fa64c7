"""A caller without a code learns nothing on the phone: the words and the requests are the same, in the same order. The
keyed-in number may be nobody's, or that of a customer whose account is open, locked, frozen, closed or erased. Source:
OWASP ASVS 5.0, 6.3.8. How long it takes is compared by `make bench`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import AccountClosed, AccountErased, Fact, FactData, PointKind
from hotline.identity.policy import CODE_LIFE, CODE_TRIES
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.phone import Phone, context, failed_logins, give, opened

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT: Final = "acct-alike"
NUMBER: Final = "+8613800000001"
NOBODYS: Final = "+8613900000009"
EVERYBODY: Final = ("known", "unknown", "locked", "hard locked", "frozen", "closed", "erased", "two-step", "with a pin")
type Seen = list[tuple[str, str, str, list[str]]]
"""Step, outcome, words, and the requests to the store in their order."""


def told(data: FactData, kind: str) -> Fact:
    return Fact(kind, kind, "wallet", NOON, ACCOUNT, data)


def prepared(who: str) -> tuple[Phone, MemoryStore, VirtualClock]:
    """A call that hides its number, in a world with one customer."""
    clock = VirtualClock(NOON)
    store = MemoryStore(clock)
    ctx = context(store, clock)
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, "alike@customer.example"))
    give(ctx, [opened(ACCOUNT, *points, at=NOON - timedelta(days=365), two_step=who == "two-step")])
    match who:
        case "locked":
            give(ctx, failed_logins(ACCOUNT, 5, until=NOON))
        case "hard locked":
            for day in range(25):
                give(ctx, failed_logins(f"{ACCOUNT}", 4, until=NOON - timedelta(days=24 - day, seconds=day)))
        case "frozen":
            assert Client(ctx, ACCOUNT, signed_in_at=NOON).ask("POST", "/v1/me/freeze").status == 202
        case "closed":
            give(ctx, [told(AccountClosed(9), "account.closed")])
        case "erased":
            give(ctx, [told(AccountErased(9), "account.erased")])
        case "with a pin":
            client = Client(ctx, ACCOUNT, signed_in_at=NOON)
            client.prove("set_pin", "email")
            assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).status == 200
            clock.advance(timedelta(days=2))
    return Phone(ctx, None), store, clock


def followed(who: str) -> Seen:
    """The whole way of somebody who keys in the number and has no code."""
    phone, store, clock = prepared(who)
    seen: Seen = []
    calls: list[str] = []
    store.before = calls.append

    def press(step: str, **inputs: str) -> None:
        calls.clear()
        said = phone.press(step, **inputs)
        # Each case has a reference of its own.
        words = said["prompt"].partition("reference")[0] if step == "handover" else said["prompt"]
        seen.append((step, said["outcome"], words, list(calls)))

    def wrong(number: int) -> str:
        store.before = None
        code = f"{(int(phone.code) + 1 + number) % 10**6:06d}"
        store.before = calls.append
        return code

    press("start")
    press("set_language", language="en-US")
    press("identify", phone=NOBODYS if who == "unknown" else NUMBER)
    for method in ("sms", "email"):
        press("send_code", method=method, goal="unlock")
        for number in range(CODE_TRIES + 1):
            press("check_code", code=wrong(number))
    press("check_pin", pin="900001")
    press("send_code", method="sms", goal="look")
    late = wrong(-1 if who == "unknown" else 0)
    clock.advance(CODE_LIFE)
    press("check_code", code=late)
    press("choose_account")
    for step in ("lock_status", "unlock", "reset", "freeze", "end_pause", "pause", "refunds"):
        press(step)
    press("payments", purpose="failed")
    press("handover", topic="lockout", reason="asked")
    return seen


def unlike(one: Seen, other: Seen) -> list[str]:
    return [mine[0] for mine, theirs in zip(one, other, strict=True) if mine != theirs]


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_caller_without_a_code_hears_the_same_words_and_causes_the_same_requests(who: str) -> None:
    assert unlike(followed(who), followed("known")) == []


def test_the_way_is_long_enough_to_tell_something() -> None:
    seen = followed("known")
    assert {outcome for _, outcome, _, _ in seen} >= {
        "TAKEN",
        "SENT",
        "WRONG",
        "SPENT",
        "EXPIRED",
        "NEED_PROOF",
        "QUEUE",
    }
    assert [step for step, _, _, requests in seen if not requests] == []
