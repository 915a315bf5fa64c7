"""A factor that was proved on the phone ends with its contact point, in the middle of the call; to freeze it still
helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import ContactPointChanged, Fact, PointKind, SimChanged
from hotline.identity import pins
from hotline.kit.doors import Context
from hotline.kit.store import Delete
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.old_pin import age_pin
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT, NUMBER, ANOTHER, PIN = "acct-mei", "+8613800000001", "+8613800000011", "482137"


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, "mei@example.com"))
    give(made, [opened(ACCOUNT, *points, at=NOW - timedelta(days=365))])
    give(made, failed_logins(ACCOUNT, 5, until=NOW))
    return made


def proved(ctx: Context) -> Phone:
    phone = Phone(ctx, NUMBER)
    phone.press("start")
    phone.press("set_language", language="en-US")
    assert phone.prove(goal="unlock")["outcome"] == "CHOSEN"
    return phone


def changed() -> Fact:
    data = ContactPointChanged(9, PointKind.PHONE, NUMBER, ANOTHER, NOW, reassigned=False)
    return Fact("changed", "contact_point.changed", "wallet", NOW, ACCOUNT, data)


def sim_changed() -> Fact:
    return Fact("sim", "contact_point.sim_changed", "wallet", NOW, ACCOUNT, SimChanged(9, NUMBER, NOW))


@pytest.mark.parametrize("step", ["unlock", "reset"])
@pytest.mark.parametrize("told", [changed, sim_changed])
def test_a_code_to_a_number_that_has_gone_acts_no_more(ctx: Context, told: object, step: str) -> None:
    phone = proved(ctx)
    assert callable(told)
    give(ctx, [told()])
    assert phone.press(step)["outcome"] == "NEED_PROOF"


def test_a_freeze_still_takes_what_was_proved_on_the_call(ctx: Context) -> None:
    """A customer who has just lost their number to somebody must be able to shut the account."""
    phone = proved(ctx)
    give(ctx, [changed()])
    assert phone.press("freeze")["outcome"] == "ASKED"


def test_a_number_that_goes_while_a_step_runs_is_noticed_at_commit(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx)

    def then(name: str) -> None:
        if name.startswith("transact"):
            store.before = None
            give(ctx, [changed()])

    store.before = then
    assert phone.press("unlock")["outcome"] == "NEED_PROOF"


def test_a_pin_that_was_taken_away_acts_no_more(ctx: Context, store: MemoryStore) -> None:
    client = Client(ctx, ACCOUNT, signed_in_at=NOW)
    client.prove("set_pin", "email")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
    age_pin(ctx.store, ACCOUNT)
    phone = Phone(ctx, NUMBER)
    phone.press("start")
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    assert phone.press("choose_account")["outcome"] == "CHOSEN"
    store.transact([Delete(pins.factors_key(ACCOUNT))], token="takes-the-pin")
    assert phone.press("unlock")["outcome"] == "NEED_PROOF"
