"""The hours in which people answer, as the customers' API tells it, and that line, desk and API tell the same
directory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.directory import service as directory
from hotline.kit.languages import LANGUAGES
from hotline_local.openapi import CUSTOMERS, document
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Client
from tests.support.phone import Phone

DEPLOYED = "+864008001234"
EDITED = "+18005550199"
HOURS: dict[str, Any] = {
    "timezone": "Asia/Shanghai",
    "weekly": [{"day": day, "opens": "08:00", "closes": "22:00"} for day in range(1, 6)]
    + [{"day": 6, "opens": "09:00", "closes": "12:00"}, {"day": 6, "opens": "13:00", "closes": "00:00"}],
    "special_days": [
        {"date": "2026-11-24", "name": "Stocktaking", "opens": "10:00", "closes": "12:00"},
        {"date": "2027-02-06", "name": "春节", "opens": None, "closes": None},
    ],
}


@pytest.fixture
def world(store: MemoryStore) -> AgentWorld:
    made = AgentWorld(store)
    made.ctx = replace(made.ctx, official_numbers=(DEPLOYED,))
    return made


@pytest.fixture
def chief(world: AgentWorld) -> AgentClient:
    return supervisor(world.ctx)


def put(client: AgentClient, path: str, body: dict[str, Any]) -> None:
    saved = client.ask("PUT", path, body=body, headers={"If-Match": '"0"'})
    assert saved.status == 200, saved


def hours(world: AgentWorld, **headers: str) -> Any:
    told = Client(world.ctx, None).ask("GET", "/v1/hotline/hours", headers=headers)
    assert told.status == 200, told
    return told.json


def test_people_are_always_there_until_somebody_writes_hours(world: AgentWorld) -> None:
    told = hours(world)
    assert told["open"]
    assert (told["opening"]["ends_at"], told["banner"], told["special_days"]) == (None, None, [])
    assert told["weekly"] == [{"day": day, "opens": "00:00", "closes": "00:00"} for day in range(1, 8)]


def test_customers_are_told_the_hours_that_supervisors_wrote(world: AgentWorld, chief: AgentClient) -> None:
    put(chief, "/hours", HOURS)
    told = hours(world)
    assert told == {
        "time_zone": "Asia/Shanghai",
        "open": True,
        "opening": {"begins_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-23T14:00:00Z"},
        "weekly": HOURS["weekly"],
        "special_days": HOURS["special_days"],
        "banner": None,
    }


def test_after_hours_customers_are_told_the_next_opening(world: AgentWorld, chief: AgentClient) -> None:
    put(chief, "/hours", HOURS)
    world.clock.advance(timedelta(hours=2))
    told = hours(world)
    assert not told["open"]
    assert told["opening"] == {"begins_at": "2026-11-24T02:00:00Z", "ends_at": "2026-11-24T04:00:00Z"}


def test_line_desk_and_api_say_at_every_hour_the_same(world: AgentWorld, chief: AgentClient) -> None:
    put(chief, "/hours", HOURS)
    seen = set()
    for number in range(48):
        phone = Phone(world.ctx, None, f"contact-{number}")
        phone.press("start")
        line = phone.press("hours")["outcome"] == "OPEN"
        assert hours(world)["open"] == chief.get("/hours").json["open"] == line
        seen.add(line)
        world.clock.advance(timedelta(hours=1))
        chief = supervisor(world.ctx)
    assert seen == {True, False}


def test_hours_without_an_opening_in_sight_have_none(world: AgentWorld, chief: AgentClient) -> None:
    tomorrow = str(world.clock.now().date() + timedelta(days=1))
    day = {"date": tomorrow, "name": "Last day", "opens": "09:00", "closes": "10:00"}
    put(chief, "/hours", {"timezone": "UTC", "weekly": [], "special_days": [day]})
    world.clock.advance(timedelta(days=2))
    assert (hours(world)["open"], hours(world)["opening"]) == (False, None)


@pytest.mark.parametrize(("wish", "language"), [("zh", "zh-CN"), ("en-GB", "en-US"), ("fr", "en-US"), ("", "en-US")])
def test_the_banner_is_told_in_the_customers_language_while_it_holds(
    world: AgentWorld, chief: AgentClient, wish: str, language: str
) -> None:
    words = dict(zip(LANGUAGES, ("支付可能延迟。", "Payments may be late."), strict=True))
    now = world.clock.now()
    begins, ends = now + timedelta(hours=1), now + timedelta(hours=2)
    body = {"words": words, "starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
    put(chief, "/banner", body)
    assert hours(world)["banner"] is None
    world.clock.advance(timedelta(hours=1))
    told = Client(world.ctx, None).ask("GET", "/v1/hotline/hours", headers={"accept-language": wish})
    assert told.json["banner"] == {"text": words[language], "ends_at": ends.isoformat().replace("+00:00", "Z")}
    assert told.headers["Content-Language"] == language
    world.clock.advance(timedelta(hours=1))
    assert hours(world)["banner"] is None


def test_the_hours_take_one_read_and_no_token(world: AgentWorld) -> None:
    store = world.store
    assert isinstance(store, MemoryStore)
    before = (store.reads, store.transactions)
    hours(world)
    assert (store.reads - before[0], store.transactions - before[1]) == (1, 0)
    assert document(CUSTOMERS)["paths"]["/v1/hotline/hours"]["get"]["security"] == []


def test_edited_numbers_are_told_on_the_line_and_by_the_api(world: AgentWorld, chief: AgentClient) -> None:
    anybody = Client(world.ctx, None)
    assert anybody.ask("GET", "/v1/hotline/numbers").json == {"numbers": [DEPLOYED]}
    asked = {"operation": "edit_numbers", "numbers": [EDITED], "reason": "correction"}
    approval_id = chief.post("/approvals", asked).json["id"]
    other = supervisor(world.ctx, "supervisor-2")
    assert other.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    put(chief, "/numbers", {"numbers": [EDITED], "reason": "correction", "approval_id": approval_id})
    assert anybody.ask("GET", "/v1/hotline/numbers").json == {"numbers": [EDITED]}
    for number, genuine in ((EDITED, True), (DEPLOYED, False)):
        verified = anybody.ask("GET", "/v1/hotline/numbers/verify", query={"number": number})
        assert verified.json == {"genuine": genuine}
    phone = Phone(world.ctx, None, "contact-9")
    phone.press("start")
    said = str(phone.press("advice", topic="numbers"))
    assert "0199" in said.replace(" ", "").replace(",", "")
    assert directory.read_numbers(world.store, ()).content == (EDITED,)
