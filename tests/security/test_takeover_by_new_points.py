"""A number that changed, or whose SIM changed, proves nothing on the phone. Nobody hears it; customers have a way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.accounts.changes import CHANGE_WAIT, SIM_CHANGE_WAIT
from hotline.contracts.model import AccountDescribed, ContactPointChanged, ContactPointFact, Fact, PointKind, SimChanged
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
MS = timedelta(milliseconds=1)
MEI, OLD, SHARED, STRANGER = "+8613800000001", "+8613800000011", "+8613800000002", "+8613800000009"
PHONE, EMAIL = PointKind.PHONE, PointKind.EMAIL


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    give(made, [opened("acct-mei", (PHONE, OLD), (EMAIL, "mei@example.com"), at=NOW - YEAR)])
    return made


def number_changed(ago: timedelta, *, account_id: str = "acct-mei", old: str | None = OLD, new: str = MEI) -> Fact:
    data = ContactPointChanged(7, PHONE, old, new, NOW - ago, reassigned=False)
    return Fact(f"changed-{account_id}", "contact_point.changed", "wallet", NOW - ago, account_id, data)


def sim_changed(ago: timedelta, value: str = OLD, account_id: str = "acct-mei") -> Fact:
    data = SimChanged(8, value, NOW - ago)
    return Fact(f"sim-{account_id}", "contact_point.sim_changed", "wallet", NOW - ago, account_id, data)


def asked(ctx: Context, number: str, goal: str, method: str = "sms", contact_id: str = "contact-1") -> Phone:
    """A call in which a code was asked for; it is SENT, whoever it is for."""
    phone = Phone(ctx, number, contact_id)
    phone.press("start")
    phone.press("set_language", language="en-US")
    assert phone.press("send_code", method=method, goal=goal)["outcome"] == "SENT"
    return phone


def proved(phone: Phone) -> bool:
    """Whether the code that would have been sent proves something."""
    return phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


@pytest.mark.parametrize(("ago", "proves"), [(CHANGE_WAIT - MS, False), (CHANGE_WAIT, True)])
def test_a_number_that_changed_proves_nothing_that_acts_for_three_days(
    ctx: Context, ago: timedelta, proves: bool
) -> None:
    give(ctx, [number_changed(ago)])
    assert proved(asked(ctx, MEI, "unlock")) is proves
    assert proved(asked(ctx, MEI, "look", contact_id="contact-2"))


@pytest.mark.parametrize("goal", ["look", "unlock"])
@pytest.mark.parametrize(("ago", "proves"), [(SIM_CHANGE_WAIT - MS, False), (SIM_CHANGE_WAIT, True)])
def test_a_number_whose_sim_changed_proves_nothing_at_all_for_three_days(
    ctx: Context, ago: timedelta, proves: bool, goal: str
) -> None:
    give(ctx, [sim_changed(ago)])
    assert proved(asked(ctx, OLD, goal)) is proves


def test_a_refused_number_hears_costs_and_leaves_what_any_other_does(ctx: Context, store: MemoryStore) -> None:
    give(ctx, [number_changed(timedelta(hours=1)), opened("acct-other", (PHONE, SHARED), at=NOW - YEAR)])
    heard, spent, left = [], [], []
    for place, number in enumerate((MEI, SHARED, STRANGER)):
        before = (store.reads, store.transactions)
        phone = Phone(ctx, None, f"contact-{place}")
        phone.press("start")
        phone.press("set_language", language="en-US")
        phone.press("identify", phone=number)
        phone.press("send_code", method="sms", goal="unlock")
        phone.press("check_code", code=f"{(int(phone.code) + 1) % 10**6:06d}")
        heard.append([said["prompt"] for said in phone.answers])
        spent.append((store.reads - before[0], store.transactions - before[1]))
        left.append(sorted(f"{entry['to']} {entry['kind']}" for entry in store.items(Table.OUTBOX))[place:])
    assert heard[0] == heard[1] == heard[2]
    assert spent[0] == spent[1] == spent[2]
    assert left[0] == left[1] == left[2] == ["message code"]


def test_a_customer_with_a_changed_number_unlocks_by_a_code_by_email(ctx: Context) -> None:
    give(ctx, [number_changed(timedelta(hours=1)), *failed_logins("acct-mei", 5, until=NOW)])
    phone = asked(ctx, MEI, "unlock")
    assert not proved(phone)
    phone.press("send_code", method="email", goal="unlock")
    assert proved(phone)
    assert phone.press("choose_account")["outcome"] == "CHOSEN"
    assert phone.press("unlock")["outcome"] == "ASKED"


def test_a_customer_with_nothing_but_a_changed_number_comes_to_a_person(ctx: Context) -> None:
    give(ctx, [number_changed(timedelta(hours=1), account_id="acct-mei")])
    phone = asked(ctx, MEI, "unlock")
    assert not proved(phone)
    assert phone.press("handover", topic="lockout", reason="asked")["outcome"] == "QUEUE"


def test_a_new_customer_is_not_locked_out_by_the_number_that_the_account_was_opened_with(ctx: Context) -> None:
    opened_at = NOW - timedelta(minutes=30)
    points = (ContactPointFact(PHONE, "+8613800000020", NOW - timedelta(minutes=20)),)
    data = AccountDescribed(1, "en-US", "Asia/Shanghai", "Test new", points, two_step=False)
    give(ctx, [Fact("fact-new", "account.opened", "wallet", opened_at, "acct-new", data)])
    give(ctx, failed_logins("acct-new", 5, until=NOW))
    phone = asked(ctx, "+8613800000020", "unlock")
    assert proved(phone)
    phone.press("choose_account")
    assert phone.press("unlock")["outcome"] == "ASKED"


def test_of_two_accounts_on_one_phone_the_one_that_has_it_since_yesterday_is_not_opened_with_it(ctx: Context) -> None:
    give(ctx, [opened("acct-old", (PHONE, SHARED), at=NOW - YEAR, shared=True)])
    points = (
        ContactPointFact(EMAIL, "victim@example.com", NOW - YEAR),
        ContactPointFact(PHONE, SHARED, NOW - timedelta(days=1), shared=True),
    )
    data = AccountDescribed(9, "en-US", "Asia/Shanghai", "Test victim", points, two_step=False)
    give(ctx, [opened("acct-victim", (EMAIL, "victim@example.com"), at=NOW - YEAR)])
    give(ctx, [Fact("fact-moved", "account.updated", "wallet", NOW - timedelta(days=1), "acct-victim", data)])
    acting = asked(ctx, SHARED, "unlock")
    assert proved(acting)
    assert acting.press("choose_account", choice="2")["outcome"] == "CHOSEN"
    assert acting.state.account_id == "acct-old"
    looking = asked(ctx, SHARED, "look", contact_id="contact-2")
    assert proved(looking)
    assert looking.press("choose_account")["outcome"] == "CHOOSE"


def test_a_sim_that_changes_after_the_code_was_sent_still_keeps_its_account_shut(ctx: Context) -> None:
    phone = asked(ctx, OLD, "look")
    give(ctx, [sim_changed(timedelta())])
    assert proved(phone)
    assert phone.press("choose_account")["outcome"] == "NONE"
