"""The cases that a customer may see, and how little of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.cases import service as cases
from hotline.cases.items import TOLD_CLOSED
from hotline.cases.model import Audience, CaseError, CloseReason, Priority, ToldCase, skill_of
from hotline.cases.records import SAID_MAX
from hotline.cases.service import TOLD_PAGE_MAX
from hotline.kit.actor import Caller, Proof, Session
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.store import Prefix, Query, Store, Table, hotline_key
from hotline_local.testing.memory_store import MemoryStore
from tests.support.case_world import ACCOUNT, ANNA, SECOND, CaseWorld

INNER = "inner-word"
"""Stands in everything that a customer must not see."""
FOR_CUSTOMER = "for-the-customer"


@pytest.fixture
def world(store: Store) -> CaseWorld:
    return CaseWorld(store)


def told(world: CaseWorld, account_id: str = ACCOUNT) -> list[ToldCase]:
    return list(cases.list_told(world.store, account_id, world.now).cases)


def texts(case: ToldCase) -> list[str]:
    return [one.note for one in case.notes]


def note(world: CaseWorld, case_id: str, text: str, audience: Audience = Audience.CUSTOMER) -> None:
    world.now += SECOND
    world.act(cases.contribute_note, case_id, note=text, audience=audience)


def test_a_note_for_the_customer_is_told_to_them_and_no_other_is(world: CaseWorld) -> None:
    ref = world.add(note="what the customer wrote")
    note(world, ref.case_id, "We have asked the shop.")
    note(world, ref.case_id, "Rude caller.", Audience.AGENT)
    (case,) = told(world)
    assert (case.case_id, case.topic, texts(case)) == (ref.case_id, "refund", ["We have asked the shop."])
    assert case.due_at is not None


def test_the_newest_texts_are_told_the_oldest_of_them_first(world: CaseWorld) -> None:
    ref = world.add()
    for number in range(SAID_MAX + 1):
        note(world, ref.case_id, f"text {number}")
    (case,) = told(world)
    assert texts(case) == [f"text {number}" for number in range(1, SAID_MAX + 1)]


def test_a_closed_case_is_told_for_a_time_and_one_that_was_opened_again_is_open(world: CaseWorld) -> None:
    ref = world.add()
    note(world, ref.case_id, "It is paid.")
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    closed_at = world.now
    (case,) = told(world)
    assert (case.due_at, texts(case)) == (None, ["It is paid."])
    world.now = closed_at + TOLD_CLOSED - SECOND
    assert len(told(world)) == 1
    world.now = closed_at + TOLD_CLOSED
    assert told(world) == []
    world.act(cases.contribute_reopen, ref.case_id)
    (case,) = told(world)
    assert case.due_at is not None


def test_others_have_no_part_in_it(world: CaseWorld) -> None:
    world.add("acc_2")
    world.add(None, case_id="case_of_nobody")
    assert told(world) == []


def test_a_note_to_a_customer_whom_nobody_knows_is_refused(world: CaseWorld) -> None:
    ref = world.add(None, case_id="case_of_nobody")
    with pytest.raises(NotPossible, match=CaseError.CASE_OF_NOBODY):
        note(world, ref.case_id, "For whom?")
    note(world, ref.case_id, "For colleagues.", Audience.AGENT)


CALLER = Caller("contact-1", Proof(hotline_key("CONTACT#c", "CALL"), ACCOUNT, (), two_step=False))
APP = Session("session-1", Proof(hotline_key("SESSION#s", "CALL"), ACCOUNT, (), two_step=False))


@pytest.mark.parametrize("by", [CALLER, APP])
def test_a_case_of_an_attack_is_told_once_its_customer_has_spoken_of_it(world: CaseWorld, by: Any) -> None:
    world.add(topic="security")
    assert told(world) == []
    world.now += SECOND
    read = world.store.batch_get(sorted(cases.case_keys(ACCOUNT, "security"), key=repr))
    change = world.change(by)
    cases.contribute_case(change, read, account_id=ACCOUNT, topic="security", reason="freeze.asked", facts={})
    change.commit(world.store)
    assert [case.topic for case in told(world)] == ["security"]


def test_a_case_of_an_attack_is_told_once_an_agent_has_written_to_its_customer(world: CaseWorld) -> None:
    ref = world.add(topic="security")
    note(world, ref.case_id, "Looked into.", Audience.AGENT)
    world.act(cases.contribute_claim, ref.case_id, agent_name="Anna")
    assert told(world) == []
    note(world, ref.case_id, "Please call us.")
    (case,) = told(world)
    assert texts(case) == ["Please call us."]


def test_pages_put_together_are_all_cases_the_newest_first(world: CaseWorld) -> None:
    opened = []
    for _ in range(3):
        for topic in ("refund", "payment"):
            ref = world.add(topic=topic)
            opened.append(ref.case_id)
            world.now += SECOND
            world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    seen, after = [], None
    while True:
        page = cases.list_told(world.store, ACCOUNT, world.now, limit=2, after=after)
        seen += [case.case_id for case in page.cases]
        after = page.next
        if after is None:
            break
    assert len(seen) == 6
    assert set(seen) == set(opened)


@pytest.mark.parametrize("after", ["", "TOLD#", "CASE#refund", "#PROFILE", "TOLD#2026-11-23T12:00:00.000Z#../x", "~"])
def test_a_place_that_no_page_named_is_refused(world: CaseWorld, after: str) -> None:
    with pytest.raises(InvalidInput, match=CaseError.CURSOR_INVALID):
        cases.list_told(world.store, ACCOUNT, world.now, after=after)


@pytest.mark.parametrize("limit", [0, TOLD_PAGE_MAX + 1])
def test_a_page_has_its_bounds(world: CaseWorld, limit: int) -> None:
    with pytest.raises(InvalidInput, match=CaseError.LIMIT_OUT_OF_RANGE):
        cases.list_told(world.store, ACCOUNT, world.now, limit=limit)


# ---------------------------------------------------------------- nothing internal

ACTS: dict[str, Any] = {
    "claim": (cases.contribute_claim, {"agent_name": INNER}),
    "release": (cases.contribute_release, {}),
    "note": (cases.contribute_note, {"note": INNER}),
    "tell": (cases.contribute_note, {"note": FOR_CUSTOMER, "audience": Audience.CUSTOMER}),
    "snooze": (cases.contribute_snooze, {}),
    "queue": (cases.contribute_transfer_to_skill, {"skill": skill_of("payment", "en-US"), "note": INNER}),
    "agent": (cases.contribute_transfer_to_agent, {"agent_id": ANNA, "agent_name": INNER, "note": INNER}),
    "edit": (cases.contribute_edit, {"priority": Priority.URGENT, "tags": [INNER]}),
    "decide": (cases.contribute_decided, {"reason": "agent.unlock", "facts": {"outcome": INNER}}),
    "close": (cases.contribute_close, {"reason": CloseReason.FALSE_ALARM, "note": INNER}),
    "reopen": (cases.contribute_reopen, {}),
}


@settings(max_examples=60, deadline=None)
@given(done=st.lists(st.sampled_from(sorted(ACTS)), max_size=8), topic=st.sampled_from(["refund", "security"]))
def test_nothing_internal_is_ever_told_whatever_agents_do(done: list[str], topic: str) -> None:
    world = CaseWorld(MemoryStore())
    ref = world.add(topic=topic, reason=INNER.replace("-", "_"), facts={"finding_id": INNER}, note=INNER)
    said = 0
    for name in done:
        world.now += SECOND
        contribute, own = ACTS[name]
        own = own | ({"until": world.now + timedelta(hours=1)} if name == "snooze" else {})
        try:
            world.act(contribute, ref.case_id, **own)
        except Exception:  # noqa: S112, BLE001 - a closed case takes few acts
            continue
        said += name == "tell"
    found = told(world)
    assert len(found) == (topic == "refund" or said > 0)
    for case in found:
        assert texts(case) == [FOR_CUSTOMER] * said
        assert INNER not in repr(case)
        assert ANNA not in repr(case)
    rows = world.store.query(Query(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}", Prefix("TOLD#"))).items
    kept = json.dumps(rows, default=str)
    assert not [word for word in (INNER, INNER.replace("-", "_"), ANNA, FOR_CUSTOMER) if word in kept]
