"""Calls about the account of a number other than the one that the call comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OWN, FRIEND, STRANGER = "+8613800000801", "+8613800000802", "+8613900000803"
ACCOUNT, FRIENDS = "acct-own", "acct-friend"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    year_ago = NOW - timedelta(days=365)
    for account, phone in ((ACCOUNT, OWN), (FRIENDS, FRIEND)):
        mail = f"{account}@example.com"
        give(made, [opened(account, (PointKind.PHONE, phone), (PointKind.EMAIL, mail), at=year_ago, two_step=True)])
        give(made, failed_logins(account, 5, until=NOW))
    return made


def calling(ctx: Context, number: str | None, about: str | None = None) -> Phone:
    """A call from a number, about the account of another one if that is keyed in."""
    phone = Phone(ctx, number, f"contact-{number}-{about}")
    phone.press("start")
    phone.press("set_language", language="en-US")
    if about is not None:
        phone.press("identify", phone=about)
    return phone


def paused(store: MemoryStore) -> list[str]:
    return [item["account_id"] for item in store.items(Table.OUTBOX) if item["kind"] == "account.pause_requested"]


def prove(phone: Phone, method: str, goal: str) -> None:
    phone.press("send_code", method=method, goal=goal)
    phone.press("check_code", code=phone.code)
    phone.press("choose_account")


# --- where the caller is


@pytest.mark.parametrize(
    ("number", "about", "elsewhere"),
    [(OWN, None, "no"), (OWN, OWN, "no"), (FRIEND, OWN, "yes"), (STRANGER, OWN, "yes"), (None, OWN, "yes")],
)
def test_a_call_is_from_elsewhere_when_its_number_is_not_the_accounts(
    ctx: Context, number: str | None, about: str | None, elsewhere: str
) -> None:
    phone = Phone(ctx, number)
    told = phone.press("start")
    assert told["elsewhere"] == ("yes" if number is None else "no")
    if about is not None:
        told = phone.press("identify", phone=about)
    assert told["elsewhere"] == elsewhere


@pytest.mark.parametrize(("number", "callback"), [(OWN, "yes"), (STRANGER, "yes"), (None, "no")])
def test_a_number_that_shows_can_be_called_back(ctx: Context, number: str | None, callback: str) -> None:
    assert Phone(ctx, number).press("start")["callback"] == callback


# --- pauses


@pytest.mark.parametrize("number", [FRIEND, STRANGER, None])
def test_a_pause_from_elsewhere_is_refused_and_nothing_is_said_to_be_asked_for(
    ctx: Context, store: MemoryStore, number: str | None
) -> None:
    phone = calling(ctx, number, OWN)
    answer = phone.press("pause")
    assert answer["outcome"] == "NOT_HERE"
    assert "I have asked" not in answer["prompt"]
    assert "freeze" in answer["prompt_2"]
    assert paused(store) == []


def test_a_withheld_number_cannot_be_paused(ctx: Context, store: MemoryStore) -> None:
    assert calling(ctx, None).press("pause")["outcome"] == "NOT_HERE"
    assert paused(store) == []


def test_a_caller_who_proved_their_account_on_the_phone_of_a_friend_pauses_that_account_alone(
    ctx: Context, store: MemoryStore
) -> None:
    phone = calling(ctx, FRIEND, OWN)
    prove(phone, "email", "pause")
    assert phone.press("pause")["outcome"] == "ASKED"
    assert paused(store) == [ACCOUNT]


def test_the_calling_number_is_paused_also_when_it_was_keyed_in(ctx: Context, store: MemoryStore) -> None:
    assert calling(ctx, OWN, OWN).press("pause")["outcome"] == "ASKED"
    assert paused(store) == [ACCOUNT]


# --- codes


@pytest.mark.parametrize("number", [FRIEND, STRANGER, None])
@pytest.mark.parametrize("about", [OWN, "+8613900000899"])
def test_a_caller_from_elsewhere_is_asked_where_the_code_shall_go(ctx: Context, number: str | None, about: str) -> None:
    """Whether or not the number is an account's."""
    assert calling(ctx, number, about).press("lock_status")["needs"] == "phone_or_email"


@pytest.mark.parametrize("number", [OWN, STRANGER])
def test_a_caller_from_the_number_itself_is_asked_nothing(ctx: Context, number: str) -> None:
    assert calling(ctx, number).press("lock_status")["needs"] == "sms"


def test_the_second_code_does_not_go_unasked_to_a_phone_that_is_elsewhere(ctx: Context) -> None:
    phone = calling(ctx, STRANGER, OWN)
    prove(phone, "email", "unlock")
    assert phone.press("unlock")["needs"] == "phone_or_person"
    phone = calling(ctx, FRIEND, OWN)
    prove(phone, "sms", "unlock")
    assert phone.press("unlock")["needs"] == "email"
