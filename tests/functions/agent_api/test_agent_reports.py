"""The lists and numbers of the agents' API: callbacks, and the reports of supervisors."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from functions.contact_events.batch import take_in
from hotline.agents import service as agents
from hotline.contracts.model import PointKind
from hotline.kit.store import Delete
from hotline.kit.store.condition import PRESENT
from hotline.reports.model import DAYS_MAX
from hotline.sessions.service import session_key
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import CONTACT, NUMBER, AgentWorld
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone, give, opened
from tests.support.report_events import SOURCES, ZONE, call_events, contact_event
from tests.support.stores import NOON

FIRST = date(2026, 11, 23)


def ask_callback(world: AgentWorld, contact_id: str, *, topic: str = "refund", language: str = "en") -> Phone:
    """A caller who asks to be called back."""
    phone = Phone(world.ctx, None, contact_id)
    phone.press("start")
    phone.press("set_language", language=language)
    assert phone.press("handover", topic=topic, reason="callback")["outcome"] == "CALLBACK"
    return phone


def tell(world: AgentWorld, *events: dict[str, Any]) -> None:
    """Amazon Connect tells of contacts."""
    records = [{"messageId": str(place), "body": json.dumps(event)} for place, event in enumerate(events)]
    failed = take_in({"Records": records}, world.ctx, zone=ZONE, sources=SOURCES, users=None)
    assert failed == {"batchItemFailures": []}


# ---------------------------------------------------------------- callbacks


def test_a_callback_is_listed_with_its_case_and_without_its_number(world: AgentWorld, anna: AgentClient) -> None:
    phone = ask_callback(world, "contact-7", language="en")
    (row,) = anna.get("/callbacks").json["callbacks"]
    assert row == {
        "case_id": world.case_of(phone),
        "reference": anna.get(f"/cases/{world.case_of(phone)}").json["reference"],
        "asked_at": row["asked_at"],
        "topic": "refund",
        "language": "en-US",
        "state": "waiting",
    }


def test_a_caller_who_waits_in_line_is_no_callback_until_they_ask_for_one(world: AgentWorld, anna: AgentClient) -> None:
    phone = world.call_in()
    assert anna.get("/callbacks").json == {"callbacks": [], "next": None}
    phone.press("handover", topic="lockout", reason="callback")
    (row,) = anna.get("/callbacks").json["callbacks"]
    assert (row["case_id"], row["topic"]) == (world.case_of(phone), "lockout")
    phone.press("handover", topic="lockout", reason="asked")
    assert anna.get("/callbacks").json["callbacks"] == [row]


@pytest.mark.parametrize("own_account", [ACCOUNT, "acct-linked"])
def test_callbacks_and_calls_of_the_agents_own_account_are_left_out(world: AgentWorld, own_account: str) -> None:
    give(world.ctx, [opened("acct-linked", (PointKind.PHONE, NUMBER), at=NOON - timedelta(days=300))])
    others = world.case_of(ask_callback(world, "contact-of-nobody"))
    proved = world.call_in()
    proved.press("handover", topic="lockout", reason="callback")
    own = AgentClient(world.ctx, account_id=own_account)
    someone = AgentClient(world.ctx, "agent-2", account_id="acct-of-another")

    def listed(client: AgentClient) -> set[str]:
        return {row["case_id"] for row in client.get("/callbacks").json["callbacks"]}

    assert listed(someone) == {others, world.case_of(proved)}
    assert listed(own) == {others}
    # A contact event says that they are in the call all the same.
    agents.note_connected(world.ctx, CONTACT, "agent-1", leg_id=CONTACT, at=world.clock.now())
    agents.note_connected(world.ctx, "contact-of-nobody", "agent-1", leg_id="leg-2", at=world.clock.now())
    assert own.get("/me").json["live_contacts"] == ["contact-of-nobody"]
    assert set(AgentClient(world.ctx).get("/me").json["live_contacts"]) == {CONTACT, "contact-of-nobody"}
    assert own.get(f"/contacts/{CONTACT}").code == "own_account"
    # The call is forgotten before its case.
    world.store.transact([Delete(session_key(CONTACT), PRESENT)], token="forget")
    assert listed(own) == {others}


def test_the_state_of_a_callback_follows_the_contact_events(world: AgentWorld, anna: AgentClient) -> None:
    asked = {}
    for name in ("waiting", "called", "failed", "again"):
        asked[name] = world.case_of(ask_callback(world, name))
        tell(world, *call_events(name, begun=world.clock.now()))
    began: dict[str, Any] = {"method": "CALLBACK", "at": world.clock.now()}
    tell(world, contact_event("INITIATED", "waiting-2", first="waiting", **began))
    tell(world, *call_events("called-2", first="called", method="CALLBACK", queued_after_s=1, answered_after_s=9))
    tell(world, *call_events("failed-2", first="failed", method="CALLBACK", queued_after_s=1))
    tell(world, *call_events("again-2", first="again", method="CALLBACK", queued_after_s=1))
    tell(world, contact_event("INITIATED", "again-3", first="again", **began))
    states = {row["case_id"]: row["state"] for row in anna.get("/callbacks").json["callbacks"]}
    assert {name: states[case_id] for name, case_id in asked.items()} == {
        "waiting": "waiting",
        "called": "called",
        "failed": "failed",
        "again": "waiting",
    }


def test_callbacks_come_in_pages_the_newest_first_and_each_once(world: AgentWorld, anna: AgentClient) -> None:
    cases = []
    for number in range(7):
        cases.append(world.case_of(ask_callback(world, f"contact-{number}")))
        world.clock.advance(timedelta(minutes=1))
    found, cursor = [], None
    while True:
        page = anna.get("/callbacks", query={"limit": "3", **({"cursor": cursor} if cursor else {})}).json
        found += [row["case_id"] for row in page["callbacks"]]
        assert len(page["callbacks"]) <= 3
        if (cursor := page["next"]) is None:
            break
    assert found == cases[::-1]


@pytest.mark.parametrize(("ago", "listed"), [(timedelta(days=7), 1), (timedelta(days=7, seconds=1), 0)])
def test_a_callback_is_listed_for_seven_days(world: AgentWorld, anna: AgentClient, ago: timedelta, listed: int) -> None:
    ask_callback(world, "contact-7")
    world.clock.advance(ago)
    assert len(anna.get("/callbacks").json["callbacks"]) == listed


def test_a_cursor_of_another_agent_or_list_leads_nowhere(world: AgentWorld, anna: AgentClient, bo: AgentClient) -> None:
    for number in range(2):
        ask_callback(world, f"contact-{number}")
    cursor = anna.get("/callbacks", query={"limit": "1"}).json["next"]
    assert anna.get("/callbacks", query={"cursor": cursor}).status == 200
    assert bo.get("/callbacks", query={"cursor": cursor}).status == 400
    assert anna.get("/queue", query={"cursor": cursor}).status == 400


# ---------------------------------------------------------------- reports


def report(client: AgentClient, start: object, end: object) -> Any:
    return client.get("/reports", query={"from": str(start), "to": str(end)})


def test_a_report_tells_the_days_that_were_asked_for(world: AgentWorld, chief: AgentClient) -> None:
    tell(world, *call_events("contact-1", queued_after_s=5, answered_after_s=30))
    tell(world, *call_events("contact-2", queued_after_s=5))
    tell(world, *call_events("contact-3", begun=world.clock.now() + timedelta(minutes=1)))
    told = report(chief, FIRST, FIRST + timedelta(days=1))
    assert (told.status, told.json["from"], told.json["to"]) == (200, "2026-11-23", "2026-11-24")
    assert told.json["contacts"] == [
        {
            "day": day,
            "contained": 0,
            "transferred": ours,
            "abandoned": ours,
            "callback": 0,
            "closed_hours": 0,
            "left": ours,
        }
        for day, ours in (("2026-11-23", 1), ("2026-11-24", 0))
    ]
    assert told.json["answer"] == {"count": 1, "median_s": 30, "p90_s": 30}
    assert [row["score"] for row in told.json["survey"]] == [1, 2, 3, 4, 5]


def test_a_report_is_for_supervisors_alone(world: AgentWorld, anna: AgentClient) -> None:
    assert report(anna, FIRST, FIRST).code == "role_missing"
    without = supervisor(world.ctx, scopes=("desk/read", "desk/manage"))
    assert report(without, FIRST, FIRST).code == "insufficient_scope"


@pytest.mark.parametrize(("days", "status"), [(DAYS_MAX - 1, 200), (DAYS_MAX, 200), (DAYS_MAX + 1, 400)])
def test_a_report_has_so_many_days_at_most(chief: AgentClient, days: int, status: int) -> None:
    told = report(chief, FIRST, FIRST + timedelta(days=days - 1))
    assert told.status == status
    assert status == 400 or len(told.json["contacts"]) == days


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-11-24", "2026-11-23"), ("yesterday", "2026-11-23"), ("2026-02-30", "2026-03-01"), ("0", "1"), ("", "")],
)
def test_days_that_are_none_or_in_the_wrong_order_are_refused(chief: AgentClient, start: str, end: str) -> None:
    told = report(chief, start, end)
    assert (told.status, told.code) == (400, "malformed_request"), told
    assert {one["pointer"] for one in told.json["errors"]} <= {"from", "to"}


def test_days_beyond_the_calendar_are_refused_or_empty(chief: AgentClient) -> None:
    assert report(chief, "9999-12-01", "9999-12-31").json["repeats"] == {"count": 0, "of": 0}
    assert chief.get("/reports", query={"from": "2026-11-23"}).code == "malformed_request"
