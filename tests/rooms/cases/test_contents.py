"""The parts of a case beside its timeline: clock, language, links, facts that were established; and how it is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.connect.steps.handover import HANDOVER_TOPICS, NO_TOPIC
from hotline.accounts.service import profile_key, risk_key
from hotline.cases import service as cases
from hotline.cases.clocks import CLOCKS, OTHERWISE, URGENT_WITHIN, date_due
from hotline.cases.entries import HEARD_MAX, LINKS_MAX, TIMELINE_PAGE, add_links
from hotline.cases.items import case_from, case_from_pointer, case_key, pointer_key
from hotline.cases.model import (
    AuthorKind,
    CaseEntry,
    CaseError,
    CaseStatus,
    CloseReason,
    EntryKind,
    Established,
    Priority,
)
from hotline.directory.service import HOURS_KEY, Hours, Span, always_open
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import CHINESE, ENGLISH
from hotline.kit.store import Put
from hotline.kit.store.condition import Item
from hotline.lockout import due as lockout_due
from hotline.lockout import self_service
from hotline.payments import service as payments
from hotline_local.testing.memory_store import MemoryStore
from tests.support.case_world import ACCOUNT, SECOND, CaseWorld
from tests.support.money_world import MoneyWorld
from tests.support.stores import NOON
from tests.support.sweeps import sweep

OFFICE: Final = Hours("UTC", ((Span(8 * 60, 16 * 60),),) * 5 + ((),) * 2)
MONDAY: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OLD_CASE: Final[Item] = {
    "case_id": "case_old",
    "account_id": ACCOUNT,
    "topic": "refund",
    "reason": "refund_review",
    "priority": 5,
    "status": "open",
    "opened_at": "2026-11-20T12:00:00.000Z",
    "updated_at": "2026-11-21T12:00:00.000Z",
    "version": 3,
    "expires_at_epoch_s": 2_000_000_000,
    "queue_pk": "QUEUE#open#07",
    "queue_sk": "5#2026-11-20T12:00:00.000Z",
}
OLD_POINTER: Final[Item] = {
    "case_id": "case_old",
    "priority": 5,
    "version": 3,
    "reason": "refund_review",
    "opened_at": "2026-11-20T12:00:00.000Z",
    "expires_at_epoch_s": 2_000_000_000,
    "rev": 3,
}
"""As they were stored before cases had owners and clocks."""


@pytest.fixture
def world(memory_store: MemoryStore) -> CaseWorld:
    return CaseWorld(memory_store)


# ---------------------------------------------------------------- the clock


@sweep(
    ("since", "topic", "due_at"),
    [
        (MONDAY, "security", MONDAY + timedelta(hours=1)),
        (MONDAY, "refund", MONDAY + timedelta(hours=8)),
        (MONDAY + timedelta(hours=1), "refund", MONDAY + timedelta(days=1, hours=1)),
        (MONDAY, "advice", MONDAY + timedelta(days=1, hours=8)),
        (MONDAY - timedelta(hours=5), "security", MONDAY + timedelta(hours=1)),
        (MONDAY + timedelta(days=4, hours=7, minutes=30), "security", MONDAY + timedelta(days=7, minutes=30)),
        (MONDAY + timedelta(days=5), "lockout", MONDAY + timedelta(days=7, hours=4)),
        (MONDAY, "no_topic_of_ours", MONDAY + OTHERWISE),
    ],
)
def test_a_clock_runs_while_people_are_there(since: datetime, topic: str, due_at: datetime) -> None:
    assert date_due(topic, Priority.NORMAL, since, OFFICE) == due_at


def test_an_urgent_case_is_due_within_its_own_time_or_sooner() -> None:
    always = always_open()
    for topic, within in CLOCKS.items():
        assert date_due(topic, Priority.URGENT, NOON, always) == NOON + min(within, URGENT_WITHIN)
        assert date_due(topic, Priority.HIGH, NOON, always) == NOON + within


def test_a_case_is_due_by_the_hours_that_people_set(world: CaseWorld) -> None:
    week = [[[8 * 60, 16 * 60]]] * 5 + [[]] * 2
    hours: Item = {"time_zone": "UTC", "week": week, "special_days": [], "edited_by": "-", "rev": 1}
    hours |= {"edited_at": "2026-11-01T00:00:00.000Z"}
    world.store.transact([Put(HOURS_KEY, hours)], token="hours")
    world.now = MONDAY + timedelta(hours=10)
    due_at = world.case(world.add(topic="security").case_id).due_at
    assert due_at == MONDAY + timedelta(days=1, hours=1)


def test_an_addition_makes_a_case_due_sooner_only_when_it_is_urgent(world: CaseWorld) -> None:
    ref = world.add(topic="advice")
    first = world.case(ref.case_id).due_at
    world.now += SECOND
    world.add(topic="advice", priority=Priority.HIGH)
    assert world.case(ref.case_id).due_at == first
    world.add(topic="advice", priority=Priority.URGENT)
    assert world.case(ref.case_id).due_at == world.now + URGENT_WITHIN
    world.now += timedelta(days=1)
    world.add(topic="advice", priority=Priority.URGENT)
    assert world.case(ref.case_id).due_at < world.now


def test_every_topic_that_the_code_gives_is_one_that_agents_are_skilled_in() -> None:
    given = {*HANDOVER_TOPICS, NO_TOPIC, self_service.CASE_TOPIC, lockout_due.CASE_TOPIC, payments.CASE_TOPIC}
    assert given <= set(cases.TOPICS)


# ---------------------------------------------------------------- language and skill


def test_a_case_is_of_the_language_that_the_caller_speaks_else_of_the_profile(money: MoneyWorld) -> None:
    world = CaseWorld(money.store)
    profile = world.case(world.add(topic="refund").case_id)
    spoken = world.case(world.add(topic="payment", language=CHINESE).case_id)
    assert (profile.language, profile.skill) == (ENGLISH, f"refund:{ENGLISH}")
    assert (spoken.language, spoken.skill) == (CHINESE, f"payment:{CHINESE}")
    world.add(topic="payment", language=ENGLISH)
    assert world.case(spoken.case_id).skill == spoken.skill


@pytest.mark.parametrize("language", [None, "fr-FR", ""])
def test_a_case_of_no_known_language_is_in_a_queue_all_the_same(world: CaseWorld, language: str | None) -> None:
    ref = world.add(None, topic="lockout", language=language)
    assert world.queue(f"lockout:{ENGLISH}") == [ref.case_id]


def test_the_keys_of_a_case_are_its_pointer_the_profile_the_risk_and_the_hours() -> None:
    of_account = {pointer_key(ACCOUNT, "refund"), profile_key(ACCOUNT), risk_key(ACCOUNT)}
    assert cases.case_keys(ACCOUNT, "refund") == {*of_account, HOURS_KEY}
    assert cases.case_keys(None, "refund") == {HOURS_KEY}
    assert cases.case_keys(None, "refund", "case_1") == {HOURS_KEY, case_key("case_1")}


# ---------------------------------------------------------------- links and what was established


def test_a_thing_that_an_entry_names_is_linked_once(world: CaseWorld) -> None:
    facts: dict[str, str | int] = {"refund_id": "refund_1", "movement_id": "mov_1", "amount_minor": 100}
    ref = world.add(facts=facts)
    world.add(facts={**facts, "contact_id": "contact_1", "finding_id": "-"})
    assert world.case(ref.case_id).links == ("refund:refund_1", "payment:mov_1", "contact:contact_1")


@sweep("number", [LINKS_MAX - 1, LINKS_MAX, LINKS_MAX + 1, 100])
def test_links_are_so_many_and_calls_give_way_first(number: int) -> None:
    links: tuple[str, ...] = ("refund:refund_1",)
    for place in range(number):
        links = add_links(links, [f"contact:contact_{place}"])
    assert len(links) == min(number + 1, LINKS_MAX)
    assert links[0] == "refund:refund_1"
    assert links[-1] == f"contact:contact_{number - 1}"


def test_of_links_without_calls_the_oldest_gives_way() -> None:
    links = add_links((), [f"refund:refund_{number}" for number in range(LINKS_MAX + 1)])
    assert (links[0], links[-1]) == ("refund:refund_1", f"refund:refund_{LINKS_MAX}")


def test_an_established_fact_is_kept_and_the_later_word_holds(world: CaseWorld) -> None:
    first = Established(("start:KNOWN", "unlock:NEED_PROOF"), ("sms",), NOON, ("identity_card",))
    ref = world.add(established=first)
    assert world.case(ref.case_id).established == first
    world.add(established=Established(("unlock:ASKED",), ("sms", "email")))
    established = world.case(ref.case_id).established
    assert established.heard == ("start:KNOWN", "unlock:NEED_PROOF", "unlock:ASKED")
    assert (established.proved, established.login_failed_at) == (("sms", "email"), NOON)
    world.add()
    assert world.case(ref.case_id).established == established


def test_so_much_is_kept_of_what_was_heard(world: CaseWorld) -> None:
    for number in range(HEARD_MAX + 5):
        ref = world.add(established=Established((f"step{number}:OK",)))
    heard = world.case(ref.case_id).established.heard
    assert (len(heard), heard[-1]) == (HEARD_MAX, f"step{HEARD_MAX + 4}:OK")


def test_a_case_stays_small_however_much_is_added() -> None:
    """Well below the 400 KB of an item, and a page of the queue below the megabyte of an answer."""
    world = CaseWorld(MemoryStore())
    for number in range(200):
        facts = {"refund_id": f"refund_{number:0100d}", "movement_id": f"mov_{number:0100d}"}
        established = Established((f"step{number}:{'X' * 40}",), ("sms", "email", "pin"), NOON, ("identity_card",))
        ref = world.add(facts=facts, established=established)
        if number in (20, 199):
            sizes = [len(repr(world.store.get(key))) for key in (case_key(ref.case_id), pointer_key(ACCOUNT, "refund"))]
            assert max(sizes) < 6000


# ---------------------------------------------------------------- what was stored before


def test_a_case_that_was_stored_before_has_a_language_a_skill_and_is_due() -> None:
    case = case_from(OLD_CASE)
    assert (case.language, case.skill, case.due_at) == (ENGLISH, f"refund:{ENGLISH}", case.opened_at)
    assert (case.owner, case.tags, case.links, case.established) == (None, (), (), Established())


def test_a_pointer_that_was_stored_before_leads_to_its_case_which_is_added_to_and_worked(world: CaseWorld) -> None:
    pointed = case_from_pointer(OLD_POINTER, account_id=ACCOUNT, topic="refund")
    assert (pointed.case_id, pointed.status, pointed.version) == ("case_old", CaseStatus.OPEN, 3)
    puts = [Put(case_key("case_old"), OLD_CASE), Put(pointer_key(ACCOUNT, "refund"), OLD_POINTER)]
    world.store.transact(puts, token="old")
    claimed = world.claim("case_old")
    assert (claimed.version, claimed.reference is None) == (4, False)
    ref = world.add(reason="again")
    assert (ref.case_id, ref.opened, world.case("case_old").version) == ("case_old", False, 5)
    world.act(cases.contribute_close, "case_old", reason=CloseReason.RESOLVED)
    assert world.store.get(pointer_key(ACCOUNT, "refund")) is None


def test_an_addition_brings_an_old_case_into_the_queue_of_its_skill(world: CaseWorld) -> None:
    puts = [Put(case_key("case_old"), OLD_CASE), Put(pointer_key(ACCOUNT, "refund"), OLD_POINTER)]
    world.store.transact(puts, token="old")
    world.add(reason="again")
    assert world.queue(f"refund:{ENGLISH}") == ["case_old"]


# ---------------------------------------------------------------- authors, pages, lists


@sweep(
    ("actor", "author"),
    [
        ("caller:contact_1", AuthorKind.CALLER),
        ("session:session_1", AuthorKind.APP),
        ("agent:anna:case_1", AuthorKind.AGENT),
        ("system:deadlines:refund", AuthorKind.SYSTEM),
        ("test", AuthorKind.SYSTEM),
    ],
)
def test_an_entry_says_which_kind_of_actor_added_it(actor: str, author: AuthorKind) -> None:
    assert entry(actor=actor).author is author


def entry(**given: Any) -> CaseEntry:
    values: dict[str, Any] = {
        "entry_id": "entry_1",
        "number": 1,
        "at": NOON,
        "kind": EntryKind.OPENED,
        "audience": "agent",
        "actor": "test",
        "reason": "test",
        "facts": {},
    }
    return CaseEntry(**{**values, **given})


@pytest.mark.parametrize("limit", [1, 3, 7, 8, TIMELINE_PAGE])
def test_pages_of_a_timeline_put_together_are_the_whole(world: CaseWorld, limit: int) -> None:
    for _ in range(7):
        world.now += SECOND
        ref = world.add()
    seen, before = list[int](), None
    for _ in range(10):
        page = cases.read_timeline(world.store, ref.case_id, before=before, limit=limit)
        seen = [entry.number for entry in page.entries] + seen
        before = page.before
        if before is None:
            break
    assert seen == list(range(1, 8))


@pytest.mark.parametrize("before", ["", "x", "2026-11-23T12:00:00.000Z", "9999-99-99T99:99:99.999Z#entry_1", "#" * 40])
def test_a_timeline_goes_on_from_a_place_that_a_page_named(world: CaseWorld, before: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases.read_timeline(world.store, "case_1", before=before)
    assert caught.value.code == CaseError.CURSOR_INVALID


@pytest.mark.parametrize("limit", [0, TIMELINE_PAGE + 1])
def test_a_page_of_a_timeline_has_bounds(world: CaseWorld, limit: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases.read_timeline(world.store, "case_1", limit=limit)
    assert caught.value.code == CaseError.LIMIT_OUT_OF_RANGE
