"""Bills and reminders over the API: by due date, a page at a time, by the account's day; and the owner's choice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import BillTold, Fact
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.payments.service import are_on, reminders_key
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_client import Client
from tests.support.api_world import ACCOUNT, OTHER, ApiWorld, ids
from tests.support.phone import give

BILLS, REMINDERS = "/v1/me/bills", "/v1/me/reminders"
TODAY: Final = date(2026, 11, 23)
DAY: Final = timedelta(days=1)


def tell(world: ApiWorld, bill_id: str, due_on: date, *, paid: bool = False, account_id: str = ACCOUNT) -> None:
    data = BillTold(bill_id, 1, "City Power", Money(1250, "CNY"), due_on, paid)
    name = "bill.paid" if paid else "bill.issued"
    give(world.ctx, [Fact(f"fact-{account_id}-{bill_id}", name, "wallet", world.clock.now(), account_id, data)])


def pages(client: Client, which: str) -> list[str]:
    seen: list[str] = []
    query = {"which": which, "limit": "2"}
    for _ in range(9):
        page = client.ask("GET", BILLS, query=query)
        assert page.status == 200
        seen += ids(page, "bills")
        if page.json["next"] is None:
            return seen
        query["cursor"] = page.json["next"]
    raise AssertionError("the list has no end")


def test_unpaid_bills_come_earliest_first_and_all_bills_latest_first(world: ApiWorld) -> None:
    for number in (3, -2, 1, 0, -9):
        tell(world, f"bil{number}", TODAY + number * DAY)
    tell(world, "bil2", TODAY + 2 * DAY, paid=True)
    tell(world, "bil9", TODAY, account_id=OTHER)
    client = world.client()
    assert pages(client, "unpaid") == ["bil-9", "bil-2", "bil0", "bil1", "bil3"]
    assert pages(client, "all") == ["bil3", "bil2", "bil1", "bil0", "bil-2", "bil-9"]


def test_a_bill_is_told_with_where_it_stands(world: ApiWorld) -> None:
    tell(world, "late", TODAY - DAY)
    tell(world, "today", TODAY)
    tell(world, "paid", TODAY + DAY, paid=True)
    bills = {bill["id"]: bill for bill in world.client().ask("GET", BILLS, query={"which": "all"}).json["bills"]}
    assert {name: bill["state"] for name, bill in bills.items()} == {"late": "overdue", "today": "due", "paid": "paid"}
    assert bills["paid"] == {
        "id": "paid",
        "biller": "City Power",
        "amount": {"minor": 1250, "currency": "CNY"},
        "due_on": "2026-11-24",
        "state": "paid",
        "shown_within_days": 3,
    }
    assert bills["today"]["shown_within_days"] is None


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (datetime(2026, 11, 23, 15, 59, tzinfo=UTC), "due"),
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "overdue"),
    ],
)
def test_a_bill_is_late_from_the_accounts_midnight_on(world: ApiWorld, now: datetime, state: str) -> None:
    """The account is in Shanghai, eight hours ahead of UTC."""
    tell(world, "bil", TODAY)
    world.clock.instant = now
    assert world.client().ask("GET", BILLS).json["bills"][0]["state"] == state


def test_a_cursor_of_one_list_is_none_of_the_other(world: ApiWorld) -> None:
    for number in range(3):
        tell(world, f"bil{number}", TODAY + number * DAY)
    client = world.client()
    cursor = client.ask("GET", BILLS, query={"limit": "1"}).json["next"]
    refused = client.ask("GET", BILLS, query={"limit": "1", "which": "all", "cursor": cursor})
    assert (refused.status, refused.code) == (400, "malformed_request")


# ---------------------------------------------------------------- the owner's choice


def test_reminders_are_on_until_they_are_switched_off_and_on_again(world: ApiWorld) -> None:
    client = world.client()
    assert client.ask("GET", REMINDERS).json == {"on": True}
    for on in (False, False, True):
        assert (told := client.ask("PUT", REMINDERS, body={"on": on})).status == 200
        assert told.json == {"on": on}
        assert client.ask("GET", REMINDERS).json == {"on": on}
    assert client.ask("GET", REMINDERS).json == {"on": True}
    assert world.client(OTHER).ask("GET", REMINDERS).json == {"on": True}


def test_a_choice_is_written_once_with_its_audit_entry(world: ApiWorld, store: MemoryStore) -> None:
    client = world.client()
    for _ in range(3):
        client.ask("PUT", REMINDERS, body={"on": False})
    item = store.get(reminders_key(ACCOUNT))
    assert item is not None
    assert (item["off"], item["by"], item["rev"], are_on(item)) == (True, "app", 1, False)
    audits = [row for row in store.items(Table.HOTLINE) if row.get("event", "").startswith("reminders.")]
    assert [(row["event"], row["facts"]) for row in audits] == [("reminders.off", {"by": "app"})]


def test_the_choice_needs_a_fresh_sign_in_and_its_scope_and_a_code_to_look_is_enough(world: ApiWorld) -> None:
    stale = world.stale_client()
    refused = stale.ask("PUT", REMINDERS, body={"on": False})
    assert (refused.status, refused.json["operation"]) == (401, "set_reminders")
    stale.prove("set_reminders", "sms")
    assert stale.ask("PUT", REMINDERS, body={"on": False}).status == 200
    assert world.client(scopes=("account.read",)).ask("PUT", REMINDERS, body={"on": False}).status == 403


@pytest.mark.parametrize("body", [{}, {"on": "false"}, {"on": 0}, {"on": True, "by": "reply"}])
def test_a_choice_is_true_or_false_and_nothing_else(world: ApiWorld, body: dict[str, object]) -> None:
    assert world.client().ask("PUT", REMINDERS, body=body).status == 400
