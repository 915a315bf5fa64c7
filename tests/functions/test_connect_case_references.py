"""The reference of a case on the phone: said in groups of three, sent by text to whoever has proved an account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from hotline.cases import service as cases
from hotline.contracts.model import PointKind
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.worlds.closed_hours import close_line
from tests.support.api_client import Client
from tests.support.phone import Phone, context, give, opened, words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER = "+447700900001"


@pytest.fixture
def ctx() -> Context:
    ctx = context(MemoryStore(VirtualClock(NOW)), VirtualClock(NOW))
    give(ctx, [opened("acct-mei", (PointKind.PHONE, NUMBER), at=NOW - timedelta(days=30))])
    return ctx


def texts(ctx: Context) -> list[tuple[str, str, str]]:
    """Kind, channel and reference of the messages about cases."""
    assert isinstance(ctx.store, MemoryStore)
    entries = list(ctx.store.items(Table.OUTBOX))
    cases = [entry for entry in entries if str(entry["kind"]).startswith("case.") and entry["to"] == "message"]
    return [(entry["kind"], entry["channel"], entry["facts"]["case_reference"]) for entry in cases]


def asks(phone: Phone, reason: str = "asked", topic: str = "lockout") -> str:
    phone.press("handover", topic=topic, reason=reason)
    return words(phone.answers[-1])


def begun(ctx: Context, number: str | None = NUMBER, contact: str = "contact-1") -> Phone:
    phone = Phone(ctx, number, contact_id=contact)
    phone.press("start")
    phone.press("set_language", language="en-US")
    return phone


def test_a_proved_caller_hears_the_reference_and_gets_it_by_text_once(ctx: Context) -> None:
    phone = begun(ctx)
    phone.prove()
    said = asks(phone)
    ((kind, channel, reference),) = texts(ctx)
    assert (kind, channel) == ("case.opened", "sms")
    assert f"Your reference is {reference[:3]}, {reference[3:]}." in said
    assert "I am texting it to you as well." in said
    again = asks(phone)
    assert f"{reference[:3]}, {reference[3:]}" in again
    assert "texting" not in again
    assert len(texts(ctx)) == 1


def test_a_delivery_that_comes_again_says_the_same_reference(ctx: Context) -> None:
    phone = begun(ctx)
    phone.prove()
    event = phone.event("handover", topic="lockout", reason="asked")
    first = phone.deliver(event)
    assert words(phone.deliver(event)) == words(first)
    assert len(texts(ctx)) == 1


def test_a_caller_without_proof_hears_a_reference_and_no_text_is_promised_or_sent(ctx: Context) -> None:
    said = asks(begun(ctx, None))
    assert "Your reference is" in said
    assert "texting" not in said
    assert texts(ctx) == []


def test_a_callback_is_confirmed_by_text_with_the_reference(ctx: Context) -> None:
    phone = begun(ctx)
    phone.prove()
    asks(phone, reason="callback")
    assert [kind for kind, _, _ in texts(ctx)] == ["case.callback"]


@pytest.mark.parametrize("reasons", [("asked",), ("callback",), ("asked", "asked"), ("asked", "callback")])
@pytest.mark.parametrize("freezes", [False, True])
def test_a_customer_cannot_tell_that_a_finding_had_opened_their_case(
    reasons: tuple[str, ...], *, freezes: bool
) -> None:
    """A customer who is looked into must not learn it (FATF recommendation 21): by phone, app or text."""
    told = [_hear_all(reasons, found=found, freezes=freezes) for found in (False, True)]
    assert told[0] == told[1]
    assert told[0]["texts"] == (
        [] if freezes else [("case.callback" if reasons[0] == "callback" else "case.opened", "sms")]
    )


def _hear_all(reasons: tuple[str, ...], *, found: bool, freezes: bool) -> dict[str, object]:
    """All that a customer can see of a case of an attack which a finding may have opened an hour before."""
    clock = VirtualClock(NOW)
    ctx = context(MemoryStore(clock), clock)
    give(ctx, [opened("acct-mei", (PointKind.PHONE, NUMBER), at=NOW - timedelta(days=30))])
    if found:
        read = ctx.store.batch_get(sorted(cases.case_keys("acct-mei", "security"), key=repr))
        change = Change(actor=System("security_scan", "scan"), cause="scan", now=NOW, ids=ctx.ids)
        cases.contribute_case(
            change, read, account_id="acct-mei", topic="security", reason="finding.stolen", facts={"finding_id": "f-1"}
        )
        change.commit(ctx.store)
    clock.advance(timedelta(hours=1))
    phone = begun(ctx)
    phone.prove("sms", "freeze" if freezes else "look")
    said = [words(phone.press("freeze"))] if freezes else []
    said += [asks(phone, reason, "security") for reason in reasons]
    listed = Client(ctx, "acct-mei", signed_in_at=clock.now()).ask("GET", "/v1/me/cases").json
    return {
        "said": [re.sub("[0-9]{3}, [0-9]{3}", "000, 000", text) for text in said],
        "texts": [(kind, channel) for kind, channel, _ in texts(ctx)],
        "listed": [{name: value for name, value in one.items() if name != "id"} for one in listed["cases"]],
    }


def test_closed_hours_say_what_it_is_about_only_when_that_is_known(ctx: Context) -> None:
    close_line(ctx)
    assert "I have noted that it is about a locked account." in asks(begun(ctx, None))
    assert "I have noted your call." in asks(begun(ctx, None, "contact-2"), topic="-")


def test_closed_hours_say_when_people_answer_next(ctx: Context) -> None:
    close_line(ctx)
    for reason in ("asked", "failed"):
        said = asks(begun(ctx, None, f"contact-{reason}"), reason=reason)
        assert "We are here from 8 AM to 10 PM tomorrow, China time." in said
