"""Limits that others have used up tell nothing: the limits that a caller hears of are those of the number that they
keyed in.

A customer's address, account and PIN have limits of their own, over all ways by which they are come to. Where those
stand against a code it goes nowhere, and the line says what it says to everybody (OWASP ASVS 5.0, 6.3.8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import PointKind
from hotline.identity.policy import CODE_TRIES, CODES_PER_QUARTER_HOUR, WRONG_PER_DAY
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client, Postbox
from tests.support.old_pin import age_pin
from tests.support.phone import Phone, context, give, opened, words

START: Final = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
ACCOUNT, PIN = "acct-used", "482137"
FIRST, SECOND, NOBODYS = "+8613800000001", "+8613800000002", "+8613900000009"
MAIL: Final = "used@customer.example"


def recoveries(ctx: Context) -> None:
    """Somebody asks for recoveries to the address, as many as it may have."""
    for _ in range(CODES_PER_QUARTER_HOUR):
        body = {"contact": {"kind": "email", "value": MAIL}, "goal": "unlock"}
        assert Client(ctx, None).ask("POST", "/v1/recoveries", body=body).status == 202
        Postbox(ctx).work()


def guessed_recoveries(ctx: Context) -> None:
    """And enters nothing but wrong codes for them."""
    for _ in range(CODES_PER_QUARTER_HOUR):
        body = {"contact": {"kind": "email", "value": MAIL}, "goal": "unlock"}
        recovery = Client(ctx, None).ask("POST", "/v1/recoveries", body=body).json["id"]
        Postbox(ctx).work()
        for number in range(CODE_TRIES):
            path = f"/v1/recoveries/{recovery}/codes"
            assert Client(ctx, None).ask("POST", path, body={"code": f"{number:06d}"}).status == 422


def codes_by_the_other_phone(ctx: Context) -> None:
    """Somebody keys in the customer's other number and asks for all the codes that it may have."""
    phone = keyed_in(ctx, SECOND, "other")
    for method in ("sms", "email"):
        for _ in range(CODES_PER_QUARTER_HOUR):
            assert phone.press("send_code", method=method, goal="look")["outcome"] == "SENT"


def pins_by_the_other_phone(ctx: Context) -> None:
    """Somebody keys in the customer's other number and guesses PINs until there are no more tries."""
    phone = keyed_in(ctx, SECOND, "other")
    outcomes = [phone.press("check_pin", pin=f"{900_000 + number}")["outcome"] for number in range(WRONG_PER_DAY)]
    assert outcomes[-1] == "SPENT"


def nothing(ctx: Context) -> None:
    """Nobody was there before."""


def keyed_in(ctx: Context, number: str, contact_id: str) -> Phone:
    phone = Phone(ctx, None, contact_id=contact_id)
    phone.press("start")
    phone.press("set_language", language="en-US")
    assert phone.press("identify", phone=number)["outcome"] == "TAKEN"
    return phone


def town(clock: VirtualClock) -> Context:
    """A customer with two phones, an address and a PIN."""
    ctx = context(MemoryStore(clock), clock)
    points = ((PointKind.PHONE, FIRST), (PointKind.PHONE, SECOND), (PointKind.EMAIL, MAIL))
    give(ctx, [opened(ACCOUNT, *points, at=START - timedelta(days=365))])
    client = Client(ctx, ACCOUNT, signed_in_at=clock.now())
    client.prove("set_pin", "email")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
    age_pin(ctx.store, ACCOUNT)
    clock.advance(timedelta(days=2))
    return ctx


def heard(number: str, before: Callable[[Context], None]) -> list[tuple[str, str]]:
    """Outcomes and words for somebody who keys in a number and tries everything, now and in the next quarter hour."""
    clock = VirtualClock(START - timedelta(days=2))
    ctx = town(clock)
    before(ctx)
    said: list[tuple[str, str]] = []

    def press(phone: Phone, step: str, **inputs: str) -> None:
        answer = phone.press(step, **inputs)
        said.append((answer["outcome"], words(answer)))

    for contact in ("contact-1", "contact-2"):
        phone = keyed_in(ctx, number, contact)
        for method in ("sms", "email"):
            for _ in range(CODES_PER_QUARTER_HOUR):
                press(phone, "send_code", method=method, goal="look")
                wrong = "000000" if phone.challenge.id and phone.code != "000000" else "000001"
                press(phone, "check_code", code=wrong)
            press(phone, "send_code", method=method, goal="look")
        for guess in range(5):
            press(phone, "check_pin", pin=f"{800_000 + guess}")
        # 12:00:20 and 12:15:40: into the next window of what is counted by windows.
        clock.advance(timedelta(minutes=15, seconds=20))
    return said


@pytest.mark.parametrize(
    "before",
    [nothing, recoveries, guessed_recoveries, codes_by_the_other_phone, pins_by_the_other_phone],
    ids=lambda before: before.__name__,
)
def test_a_customers_number_and_a_strangers_hear_the_same(before: Callable[[Context], None]) -> None:
    known, unknown = heard(FIRST, before), heard(NOBODYS, before)
    assert known == unknown
    assert {"SENT", "LIMITED", "WRONG", "SPENT"} <= {outcome for outcome, _ in known}


@pytest.mark.parametrize("before", [recoveries, guessed_recoveries, codes_by_the_other_phone])
def test_a_code_that_goes_nowhere_proves_nothing_and_is_not_sent(before: Callable[[Context], None]) -> None:
    ctx = town(VirtualClock(START - timedelta(days=2)))
    before(ctx)
    phone = keyed_in(ctx, FIRST, "contact-1")
    post = Postbox(ctx)
    post.work()
    assert phone.press("send_code", method="email", goal="look")["outcome"] == "SENT"
    assert phone.challenge.decoy
    assert phone.press("check_code", code=phone.code)["outcome"] == "WRONG"
    sent = len(post.sent)
    post.work()
    assert len(post.sent) == sent


def test_a_right_pin_is_like_a_wrong_one_while_its_tries_are_used_up_elsewhere() -> None:
    clock = VirtualClock(START - timedelta(days=2))
    ctx = town(clock)
    pins_by_the_other_phone(ctx)
    assert keyed_in(ctx, FIRST, "contact-1").press("check_pin", pin=PIN)["outcome"] == "WRONG"
    clock.advance(timedelta(days=1))
    assert keyed_in(ctx, FIRST, "contact-2").press("check_pin", pin=PIN)["outcome"] == "PROVED"


def test_the_owner_is_told_of_a_limit_once_it_is_known_who_asks() -> None:
    ctx = town(VirtualClock(START - timedelta(days=2)))
    recoveries(ctx)
    client = Client(ctx, ACCOUNT, signed_in_at=ctx.clock.now())
    for _ in range(CODES_PER_QUARTER_HOUR):
        client.prove("unlock", "email")
    refused = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "email"})
    assert (refused.status, refused.code) == (429, "too_many_codes")
