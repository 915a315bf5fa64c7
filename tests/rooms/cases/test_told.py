"""The cases that a customer may see, and how little of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.cases import service as cases
from hotline.cases.entries import ANSWERS_MAX
from hotline.cases.items import TOLD_CLOSED, told_key
from hotline.cases.model import (
    Audience,
    CaseError,
    CaseStatus,
    CloseReason,
    Priority,
    PromisedAnswer,
    ToldCase,
    skill_of,
)
from hotline.cases.records import SAID_MAX
from hotline.cases.service import TOLD_PAGE_MAX
from hotline.kit.actor import Actor, Caller, FactorKind, Proof, ProvedFactor, Purpose, Session, System
from hotline.kit.errors import HotlineError, InvalidInput, NotPossible
from hotline.kit.store import Prefix, Query, Store, Table, hotline_key
from hotline.kit.store.condition import PRESENT
from hotline_local.testing.memory_store import MemoryStore
from tests.support.case_world import ACCOUNT, ANNA, SECOND, CaseWorld
from tests.support.stores import NOON

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
    assert (case.status, case.opened_at) == (CaseStatus.OPEN, NOON)


def test_the_time_of_the_first_answer_is_told_while_it_is_ahead(world: CaseWorld) -> None:
    ref = world.add()
    due_at = world.case(ref.case_id).due_at
    assert told(world)[0].due_at == due_at
    world.now = due_at - timedelta(milliseconds=1)
    assert told(world)[0].due_at == due_at
    world.now = due_at
    (case,) = told(world)
    assert (case.due_at, case.status) == (None, CaseStatus.OPEN)


def test_beside_the_day_of_a_promised_answer_no_other_date_is_told(world: CaseWorld) -> None:
    ref = world.add(topic="dispute", answer=promised(14))
    for days, seen in ((20, 14), (1, 1)):
        world.add(topic="dispute", answer=promised(days))
        (case,) = told(world)
        assert (case.case_id, case.due_at, case.answer_by) == (ref.case_id, None, promised(seen).day)
    for days, seen in ((1, 14), (14, 20)):
        world.now = promised(days).ends_at - timedelta(milliseconds=1)
        assert told(world)[0].answer_by == promised(days).day
        world.now = promised(days).ends_at
        assert told(world)[0].answer_by == promised(seen).day
    world.now = promised(20).ends_at
    assert (told(world)[0].answer_by, told(world)[0].due_at) == (None, None)
    world.add(topic="dispute", answer=promised(30))
    assert (told(world)[0].answer_by, told(world)[0].due_at) == (promised(30).day, None)


def test_a_case_keeps_so_many_promised_answers_the_next_ones(world: CaseWorld) -> None:
    for days in range(ANSWERS_MAX + 1, 0, -1):
        ref = world.add(topic="dispute", answer=promised(days))
    assert world.case(ref.case_id).answers == tuple(map(promised, range(1, ANSWERS_MAX + 1)))
    world.now = promised(1).ends_at
    world.add(topic="dispute")
    assert world.case(ref.case_id).answers == tuple(map(promised, range(2, ANSWERS_MAX + 1)))


def promised(days: int) -> PromisedAnswer:
    """An answer by a day of December that ends at 16:00 UTC, as in Shanghai."""
    day = date(2026, 12, 1) + timedelta(days=days - 1)
    return PromisedAnswer(day, datetime.combine(day, time(16), UTC))


def test_no_time_of_a_first_answer_is_told_once_somebody_has_written(world: CaseWorld) -> None:
    ref = world.add()
    note(world, ref.case_id, "For colleagues.", Audience.AGENT)
    assert told(world)[0].due_at is not None
    note(world, ref.case_id, "We have asked the shop.")
    (case,) = told(world)
    assert (case.due_at, case.status) == (None, CaseStatus.OPEN)


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
    assert (case.status, case.due_at, texts(case)) == (CaseStatus.CLOSED, None, ["It is paid."])
    world.now = closed_at + TOLD_CLOSED - SECOND
    assert len(told(world)) == 1
    world.now = closed_at + TOLD_CLOSED
    assert told(world) == []
    world.act(cases.contribute_reopen, ref.case_id)
    assert [case.status for case in told(world)] == [CaseStatus.OPEN]


def test_others_have_no_part_in_it(world: CaseWorld) -> None:
    world.add("acc_2")
    world.add(None, case_id="case_of_nobody")
    assert told(world) == []


def test_a_note_to_a_customer_whom_nobody_knows_is_refused(world: CaseWorld) -> None:
    ref = world.add(None, case_id="case_of_nobody")
    with pytest.raises(NotPossible, match=CaseError.CASE_OF_NOBODY):
        note(world, ref.case_id, "For whom?")
    note(world, ref.case_id, "For colleagues.", Audience.AGENT)


def make_older(world: CaseWorld, case_id: str) -> None:
    """Let the case be as it was stored before customers could see any."""
    case = world.case(case_id)
    assert case.account_id is not None
    keys = [hotline_key(f"CASE#{case_id}", "CASE"), hotline_key(f"ACCOUNT#{case.account_id}", f"CASE#{case.topic}")]
    change = world.change(System("test", "test"))
    for key in keys:
        change.update(key, remove=("told_at", "said"), condition=PRESENT)
    change.delete(told_key(case, case.told_at or case.opened_at), condition=PRESENT)
    change.commit(world.store)


def test_a_case_from_before_customers_saw_any_is_listed_as_it_is_after_its_next_change(world: CaseWorld) -> None:
    ref = world.add(topic="refund")
    (as_new,) = told(world)
    make_older(world, ref.case_id)
    assert told(world) == [as_new]
    assert told(world, "acc_2") == []
    note(world, ref.case_id, "The shop has answered.")
    (changed,) = told(world)
    assert (changed.case_id, changed.opened_at) == (ref.case_id, as_new.opened_at)
    assert texts(changed) == ["The shop has answered."]
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    assert [case.status for case in told(world)] == [CaseStatus.CLOSED]


def test_an_older_case_of_an_attack_is_listed_once_its_customer_speaks_of_it(world: CaseWorld) -> None:
    ref = world.add(topic="security")
    assert world.case(ref.case_id).told_at is None
    assert told(world) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_older_cases_are_in_their_place_on_every_page(world: CaseWorld, limit: int) -> None:
    topics = ["refund", "payment", "lockout", "general", "dispute"]
    refs = []
    for topic in topics:
        refs.append(world.add(topic=topic))
        world.now += SECOND
    for ref in (refs[0], refs[1], refs[3]):
        make_older(world, ref.case_id)
    listed, after = list[str](), None
    while True:
        page = cases.list_told(world.store, ACCOUNT, world.now, limit=limit, after=after)
        assert len(page.cases) <= limit
        listed += [case.topic for case in page.cases]
        after = page.next
        if after is None:
            break
    assert listed == topics[::-1]


# ---------------------------------------------------------------- what may be an attack

LATER: Final = timedelta(days=3)


def proof(until: datetime | None, account_id: str = ACCOUNT, kind: FactorKind = FactorKind.SMS) -> Proof:
    """The proof of one factor that is good until then; of none for None."""
    factors = (ProvedFactor(kind, Purpose.PROTECT, "point", until),) if until is not None else ()
    return Proof(hotline_key("CONTACT#c", "CALL"), account_id, factors, two_step=False)


def ask(world: CaseWorld, by: Actor, reason: str = "freeze.asked") -> None:
    """Add to the account's case of an attack, or open it, as lockout and the scan do."""
    read = world.store.batch_get(sorted(cases.case_keys(ACCOUNT, "security"), key=repr))
    change = world.change(by)
    cases.contribute_case(change, read, account_id=ACCOUNT, topic="security", reason=reason, facts={})
    change.commit(world.store)


GOOD: Final = NOON + 2 * LATER
SPOKEN: Final[dict[str, Actor]] = {
    "caller": Caller("contact-1", proof(GOOD)),
    "app": Session("session-1", proof(GOOD, kind=FactorKind.SESSION)),
}
STRANGE: Final[dict[str, Actor]] = {
    "caller without a factor": Caller("contact-1", proof(None)),
    "caller whose factor has ended": Caller("contact-1", proof(NOON + LATER)),
    "caller of another account": Caller("contact-1", proof(GOOD, "acc_2")),
    "recovery without a factor": Session("session-1", proof(None)),
}


@pytest.mark.parametrize("by", SPOKEN)
def test_a_case_of_an_attack_is_told_since_its_customer_has_spoken_of_it(world: CaseWorld, by: str) -> None:
    world.add(topic="security")
    assert told(world) == []
    world.now += LATER
    ask(world, SPOKEN[by])
    (case,) = told(world)
    assert (case.topic, case.opened_at, case.due_at) == ("security", NOON + LATER, None)


@pytest.mark.parametrize("by", STRANGE)
def test_nobody_learns_of_it_by_a_word_without_proof(world: CaseWorld, by: str) -> None:
    world.add(topic="security")
    world.now += LATER
    ask(world, STRANGE[by], "pause.refused")
    assert told(world) == []


def test_a_case_of_an_attack_has_its_place_by_the_time_that_is_told(world: CaseWorld) -> None:
    world.add(topic="security")
    world.now += LATER / 2
    world.add(topic="refund")
    world.now += LATER / 2
    ask(world, SPOKEN["caller"])
    assert [case.topic for case in told(world)] == ["security", "refund"]


def test_a_case_of_an_attack_that_a_closed_one_follows_is_told_anew(world: CaseWorld) -> None:
    """The second case of the account opens by a finding, too, and says nothing before its customer does."""
    ask(world, SPOKEN["caller"])
    (first,) = told(world)
    world.now += SECOND
    world.act(cases.contribute_close, first.case_id, reason=CloseReason.RESOLVED)
    world.add(topic="security")
    assert [case.case_id for case in told(world)] == [first.case_id]
    world.now += LATER
    ask(world, SPOKEN["app"])
    assert [case.opened_at for case in told(world)] == [NOON + SECOND + LATER, NOON]


_STEPS: Final = st.sampled_from(["finding", "wait", "tell", "close", *SPOKEN, *STRANGE])


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(_STEPS, max_size=12))
def test_a_customer_is_told_the_same_of_an_attack_with_findings_and_without(steps: list[str]) -> None:
    """Somebody who is looked into freezes, lists, and compares. Agents act on what the customer opened in both."""
    with_findings, without = CaseWorld(MemoryStore()), CaseWorld(MemoryStore())
    for step in steps:
        for world in (with_findings, without):
            world.now += timedelta(hours=30) if step == "wait" else SECOND
        if step == "finding":
            with_findings.add(topic="security", reason="finding.stolen", priority=Priority.URGENT)
        elif step in ("tell", "close"):
            _act_in_both(step, with_findings, without)
        elif step != "wait":
            for world in (with_findings, without):
                ask(world, (SPOKEN | STRANGE)[step])
        assert _shape(with_findings) == _shape(without)


def _act_in_both(step: str, with_findings: CaseWorld, without: CaseWorld) -> None:
    if not _open_case_of(without):
        return
    for world in (with_findings, without):
        (case_id,) = _open_case_of(world)
        if step == "tell":
            world.act(cases.contribute_note, case_id, note=FOR_CUSTOMER, audience=Audience.CUSTOMER)
        else:
            world.act(cases.contribute_close, case_id, reason=CloseReason.RESOLVED)


def _open_case_of(world: CaseWorld) -> list[str]:
    return world.queue(skill_of("security", "en-US"))


def _shape(world: CaseWorld) -> list[tuple[object, ...]]:
    """All that is told but for ids, which are drawn."""
    return [(case.topic, case.status, case.opened_at, case.due_at, case.notes) for case in told(world)]


def test_a_case_of_an_attack_is_told_once_an_agent_has_written_to_its_customer(world: CaseWorld) -> None:
    ref = world.add(topic="security")
    note(world, ref.case_id, "Looked into.", Audience.AGENT)
    world.act(cases.contribute_claim, ref.case_id, agent_name="Anna")
    assert told(world) == []
    note(world, ref.case_id, "Please call us.")
    (case,) = told(world)
    assert (texts(case), case.opened_at, case.due_at) == (["Please call us."], world.now, None)


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
    assert seen == opened[::-1]


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
        except HotlineError:  # a closed case takes few acts
            assert name != "tell"
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
