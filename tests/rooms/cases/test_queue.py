"""The queue: by skill and priority, the longest due first, in pages of bounded reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hotline.cases import service as cases
from hotline.cases.clocks import CLOCKS
from hotline.cases.model import CaseError, Priority, QueuePage, skill_of
from hotline.cases.queue import QUEUE_PAGE_MAX, SKILLS_MAX
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import CHINESE, ENGLISH, LANGUAGES
from hotline.kit.store import Page, Query, Store
from hotline_local.testing.memory_store import MemoryStore
from tests.support.case_world import ANNA, BO, SECOND, CaseWorld

REFUNDS = skill_of("refund", ENGLISH)


def fill(world: CaseWorld, number: int, *, topic: str = "refund") -> list[str]:
    """So many cases, each of another account; their ids in the order in which they are to be worked."""
    priorities = list(Priority)
    opened = []
    for place in range(number):
        world.now += SECOND
        priority = priorities[place % len(priorities)]
        ref = world.add(f"acc_{topic}_{place}", topic=topic, priority=priority)
        opened.append((priority, world.case(ref.case_id).due_at, ref.case_id))
    return [case_id for _, _, case_id in sorted(opened)]


def test_the_queue_is_in_order_of_priority_and_then_of_what_is_due_first(store: Store) -> None:
    world = CaseWorld(store)
    expected = fill(world, 12)
    assert world.queue() == expected
    assert world.queue(REFUNDS) == expected


def test_cases_of_several_skills_are_one_queue(world: CaseWorld) -> None:
    late = world.add("acc_1", topic="advice")
    soon = world.add("acc_2", topic="security")
    urgent = world.add("acc_3", topic="advice", priority=Priority.URGENT)
    assert CLOCKS["security"] < CLOCKS["advice"]
    skills = (skill_of("advice", ENGLISH), skill_of("security", ENGLISH))
    assert world.queue(*skills) == [urgent.case_id, soon.case_id, late.case_id]
    assert world.queue(skills[1]) == [soon.case_id]
    assert world.queue(skill_of("security", CHINESE)) == []


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12, 13])
def test_pages_put_together_are_the_whole_queue(world: CaseWorld, limit: int) -> None:
    expected = fill(world, 12)
    found, after = list[str](), None
    for _ in range(13):
        page = cases.list_queue(world.store, [REFUNDS], limit=limit, after=after, at_once=1)
        assert len(page.cases) <= limit
        found += [case.case_id for case in page.cases]
        after = page.next
        assert (after is None) is (len(found) == len(expected)), "no page is empty"
        if after is None:
            break
    assert found == expected


def test_a_page_after_a_case_that_was_claimed_meanwhile_goes_on_behind_it(world: CaseWorld) -> None:
    first, second, third = fill(world, 3)
    page = cases.list_queue(world.store, [REFUNDS], limit=1, at_once=1)
    world.claim(first)
    rest = cases.list_queue(world.store, [REFUNDS], limit=5, after=page.next, at_once=1)
    assert [case.case_id for case in rest.cases] == [second, third]


def test_partitions_are_asked_at_once_with_the_same_answer(world: CaseWorld) -> None:
    expected = fill(world, 12)
    page = cases.list_queue(world.store, cases.all_skills(), limit=50)
    assert [case.case_id for case in page.cases] == expected


def test_an_agents_own_cases_are_in_the_same_order_and_nobody_elses(world: CaseWorld) -> None:
    expected = fill(world, 6)
    for case_id in expected[:4]:
        world.claim(case_id)
    world.claim(expected[4], agent=BO)
    page = cases.list_owned(world.store, ANNA, limit=3)
    assert [case.case_id for case in page.cases] == expected[:3]
    rest = cases.list_owned(world.store, ANNA, limit=3, after=page.next)
    assert ([case.case_id for case in rest.cases], rest.next) == (expected[3:4], None)
    assert world.owned(BO) == [expected[4]]


class CountingStore(MemoryStore):
    """Counts queries, and the rows that they answered."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0
        self.rows = 0

    def query(self, query: Query) -> Page:
        page = super().query(query)
        self.queries += 1
        self.rows += len(page.items)
        return page


def test_a_page_of_a_long_queue_costs_a_query_and_a_page_for_each_skill() -> None:
    store = CountingStore()
    world = CaseWorld(store)
    fill(world, 60)
    store.queries = store.rows = 0
    assert len(world.queue(REFUNDS, skill_of("refund", CHINESE), limit=5)) == 5
    assert store.queries == 2
    assert store.rows <= 2 * (5 + 1)


def test_all_skills_fit_one_request() -> None:
    skills = cases.all_skills()
    assert len(skills) == len(cases.TOPICS) * len(LANGUAGES) <= SKILLS_MAX
    assert all(cases.is_skill(skill) for skill in skills)


@pytest.mark.parametrize("limit", [0, -1, QUEUE_PAGE_MAX + 1])
def test_a_page_has_bounds(world: CaseWorld, limit: int) -> None:
    works: tuple[Callable[[], QueuePage], ...] = (
        lambda: cases.list_queue(world.store, [REFUNDS], limit=limit),
        lambda: cases.list_owned(world.store, ANNA, limit=limit),
        lambda: cases.list_waiting(world.store, [REFUNDS], limit=limit),
    )
    for work in works:
        with pytest.raises(InvalidInput) as caught:
            work()
        assert caught.value.code == CaseError.LIMIT_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("skills", "code"),
    [
        ([], CaseError.SKILLS_COUNT),
        ([f"refund:{number}" for number in range(SKILLS_MAX + 1)], CaseError.SKILLS_COUNT),
        (["refund:en-US#00"], CaseError.SKILL_UNKNOWN),
        (["lock:en-US"], CaseError.SKILL_UNKNOWN),
    ],
)
def test_a_queue_is_asked_for_by_skills_that_there_are(world: CaseWorld, skills: list[str], code: CaseError) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases.list_queue(world.store, skills, limit=5)
    assert caught.value.code == code


@pytest.mark.parametrize("after", ["", "~", "0", "5#2026", "5#x#case_0", "!" * 60, "5#2026-11-23T12:00:00.000Z#other"])
def test_a_page_goes_on_from_a_place_that_a_page_named(world: CaseWorld, after: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases.list_queue(world.store, [REFUNDS], limit=5, after=after)
    assert caught.value.code == CaseError.CURSOR_INVALID


def test_waiting_cases_come_back_first_to_last(world: CaseWorld) -> None:
    first, second, third = fill(world, 3)
    for case_id, hours in ((first, 3), (second, 1), (third, 2)):
        world.act(cases.contribute_snooze, case_id, until=world.now + timedelta(hours=hours))
    page = cases.list_waiting(world.store, [REFUNDS], limit=2, at_once=1)
    assert [case.case_id for case in page.cases] == [second, third]
    rest = cases.list_waiting(world.store, [REFUNDS], limit=2, after=page.next, at_once=1)
    assert [case.case_id for case in rest.cases] == [first]


@pytest.fixture
def world(memory_store: MemoryStore) -> CaseWorld:
    return CaseWorld(memory_store)
