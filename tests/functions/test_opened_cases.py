"""Cases that a handover, a freeze, a dispute and a recovery open, and what an agent finds in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.cases import service as cases
from hotline.cases.model import Case, CaseEntry, Priority, skill_of
from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline.kit.languages import CHINESE, ENGLISH
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.functions.test_api_recoveries import asked, code_of, enter
from tests.support.api_world import ACCOUNT, ApiWorld
from tests.support.phone import Phone, context, give, opened
from tests.support.stored_cases import find_case_of_contact, list_open_cases

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER = "+447700900001"
OWNER = "acct-mei"


@pytest.fixture
def ctx() -> Context:
    ctx = context(MemoryStore(VirtualClock(NOW)), VirtualClock(NOW))
    give(ctx, [opened(OWNER, (PointKind.PHONE, NUMBER), at=NOW - timedelta(days=30))])
    return ctx


def begun(ctx: Context, *, contact: str = "contact-1", language: str = CHINESE, number: str | None = NUMBER) -> Phone:
    phone = Phone(ctx, number, contact_id=contact)
    phone.press("start")
    phone.press("set_language", language=language)
    return phone


def of_contact(ctx: Context, contact: str = "contact-1") -> tuple[Case, tuple[CaseEntry, ...]]:
    found = find_case_of_contact(ctx.store, contact)
    assert found is not None
    return found


# ---------------------------------------------------------------- handover


def test_the_case_of_an_unproved_caller_is_found_by_the_contact(ctx: Context) -> None:
    begun(ctx, number=None).press("handover", topic="refund", reason="asked")
    case, timeline = of_contact(ctx)
    assert (case.account_id, case.topic, case.skill) == (None, "refund", skill_of("refund", CHINESE))
    assert (case.established.proved, len(timeline)) == ((), 1)
    assert "start:WITHHELD" in case.established.heard
    assert case.links == ("contact:contact-1",)
    assert cases.list_queue(ctx.store, [case.skill], limit=5, at_once=1).cases[0] == case


def test_the_case_of_a_proved_caller_is_found_by_the_contact_and_says_what_was_proved(ctx: Context) -> None:
    phone = begun(ctx, language=ENGLISH)
    phone.prove()
    phone.press("handover", topic="security", reason="asked")
    case, _ = of_contact(ctx)
    assert (case.account_id, case.priority, case.language) == (OWNER, Priority.URGENT, ENGLISH)
    assert case.established.proved == ("sms",)


def test_a_contact_leads_to_the_case_that_it_was_handed_over_with_last(ctx: Context) -> None:
    phone = begun(ctx)
    phone.press("handover", topic="refund", reason="asked")
    before, _ = of_contact(ctx)
    phone.prove()
    phone.press("handover", topic="payment", reason="asked")
    after, _ = of_contact(ctx)
    assert (before.account_id, after.account_id, after.topic) == (None, OWNER, "payment")


def test_two_calls_about_one_thing_lead_to_one_case(ctx: Context) -> None:
    for contact in ("contact-1", "contact-2"):
        phone = begun(ctx, contact=contact)
        phone.prove()
        phone.press("handover", topic="refund", reason="asked")
    assert of_contact(ctx)[0].case_id == of_contact(ctx, "contact-2")[0].case_id
    assert of_contact(ctx)[0].links == ("contact:contact-1", "contact:contact-2")


def test_a_contact_that_was_not_handed_over_has_no_case(ctx: Context) -> None:
    begun(ctx)
    assert find_case_of_contact(ctx.store, "contact-1") is None
    assert find_case_of_contact(ctx.store, "contact-of-nobody") is None


# ---------------------------------------------------------------- a freeze


def test_a_freeze_opens_a_case_once(ctx: Context) -> None:
    phone = begun(ctx)
    phone.prove(goal="freeze")
    assert phone.press("freeze")["outcome"] == "ASKED"
    assert phone.press("freeze")["outcome"] == "ASKED"
    (case,) = list_open_cases(ctx.store, OWNER)
    assert (case.topic, case.reason, case.priority) == ("security", "freeze.asked", Priority.HIGH)
    assert (case.links, case.version) == (("contact:contact-1",), 1)


def test_a_handover_after_a_freeze_is_in_the_same_case(ctx: Context) -> None:
    phone = begun(ctx)
    phone.prove(goal="freeze")
    phone.press("freeze")
    phone.press("handover", topic="security", reason="asked")
    (case,) = list_open_cases(ctx.store, OWNER)
    assert (case.case_id, case.priority) == (of_contact(ctx)[0].case_id, Priority.URGENT)


# ---------------------------------------------------------------- the app


def test_a_dispute_in_the_app_is_a_case_of_its_own_beside_that_of_a_freeze(world: ApiWorld) -> None:
    payment = "mov-1"
    world.pay(payment)
    client = world.client()
    assert client.ask("POST", "/v1/me/freeze").status == 202
    client.prove("refund")
    body = {"payment_id": payment, "reason": "unauthorised", "note": "I was <b>asleep</b>."}
    for key in ("request-key-0001", "request-key-0002"):
        answer = client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": key})
        assert answer.code == "route_dispute"
    topics = {case.topic: case for case in list_open_cases(world.ctx.store, ACCOUNT)}
    assert set(topics) == {"security", "dispute"}
    case = topics["dispute"]
    assert (case.links, case.priority) == ((f"payment:{payment}",), Priority.HIGH)
    found = cases.read_case(world.ctx.store, case.case_id)
    assert found is not None
    (entry,) = found[1]
    assert (entry.reason, entry.note) == ("payment.disputed", "I was <b>asleep</b>.")


def test_a_recovery_that_only_a_person_can_go_on_with_opens_a_case(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=clock.now(), two_step=True)])
    anybody = world.client(None)
    recovery = asked(anybody, number).json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    for _ in range(2):
        assert enter(anybody, recovery, code).json == {"state": "more", "needs": "agent"}
    (case,) = list_open_cases(store, "acct-3")
    assert (case.topic, case.reason, case.version) == ("lockout", "recovery.stuck", 1)
    assert case.established.proved == ("sms",)


def test_a_recovery_that_meets_a_hold_opens_a_case_in_the_same_change(world: ApiWorld) -> None:
    world.client().ask("POST", "/v1/me/freeze")
    anybody = world.client(None)
    recovery = asked(anybody).json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    for _ in range(2):
        assert enter(anybody, recovery, code).json == {"state": "more", "needs": "agent"}
    topics = {case.topic: case for case in list_open_cases(world.ctx.store, ACCOUNT)}
    assert set(topics) == {"lockout", "security"}
    assert (topics["lockout"].reason, topics["lockout"].version) == ("recovery.refused", 1)


def test_a_recovery_that_goes_through_opens_none(world: ApiWorld, store: MemoryStore) -> None:
    world.lock_out()
    recovery = asked(world.client(None)).json["id"]
    world.postbox().work()
    assert enter(world.client(None), recovery, code_of(world, recovery)).json["state"] == "granted"
    assert list_open_cases(store, ACCOUNT) == ()
    assert [item["PK"] for item in store.items(Table.HOTLINE) if item["PK"].startswith("CASE#")] == []
