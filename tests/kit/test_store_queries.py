"""Queries of tables: order, ranges, pages."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hotline.kit.store import Between, Index, Key, MalformedRequest, Prefix, Put, Query, Store, Table, hotline_key
from hotline.kit.store.condition import Item
from tests.kit.writing import put, write

ACCOUNT = Query(Table.HOTLINE, "ACCOUNT#1")
SORT_KEYS = ["#LOCK", "MOVE#1", "MOVE#10", "MOVE#2", "REFUND#1", "é", "中"]


@pytest.fixture
def filled(store: Store) -> Store:
    write(
        store,
        *(Put(hotline_key("ACCOUNT#1", sk), {"n": number}) for number, sk in enumerate(reversed(SORT_KEYS))),
        Put(hotline_key("ACCOUNT#2", "MOVE#1"), {"n": 99}),
    )
    return store


def all_pages(store: Store, query: Query) -> list[list[Item]]:
    pages: list[list[Item]] = []
    start: Mapping[str, str] | None = None
    while True:
        page = store.query(replace(query, start_after=start))
        pages.append(page.items)
        start = page.next
        if start is None:
            return pages
        assert len(pages) < 20


def sort_keys(items: list[Item]) -> list[str]:
    return [item["SK"] for item in items]


def test_a_partition_is_answered_in_sort_key_order(filled: Store) -> None:
    page = filled.query(ACCOUNT)
    assert sort_keys(page.items) == SORT_KEYS
    assert page.next is None


def test_a_partition_is_answered_backwards_when_asked(filled: Store) -> None:
    assert sort_keys(filled.query(replace(ACCOUNT, descending=True)).items) == SORT_KEYS[::-1]


def test_an_unknown_partition_is_an_empty_page(filled: Store) -> None:
    assert filled.query(Query(Table.HOTLINE, "ACCOUNT#3")).items == []


def test_a_prefix_selects_by_the_beginning_of_the_sort_key(filled: Store) -> None:
    assert sort_keys(filled.query(replace(ACCOUNT, sk=Prefix("MOVE#1"))).items) == ["MOVE#1", "MOVE#10"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("MOVE#1", "MOVE#2", ["MOVE#1", "MOVE#10", "MOVE#2"]),
        ("MOVE#1", "MOVE#1", ["MOVE#1"]),
        ("MOVE#11", "MOVE#19", []),
        ("Z", "中", ["é", "中"]),
    ],
)
def test_a_range_includes_both_its_ends(filled: Store, low: str, high: str, expected: list[str]) -> None:
    assert sort_keys(filled.query(replace(ACCOUNT, sk=Between(low, high))).items) == expected


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_pages_put_together_are_the_whole(filled: Store, limit: int, descending: bool) -> None:
    pages = all_pages(filled, replace(ACCOUNT, limit=limit, descending=descending))
    assert all(len(page) <= limit for page in pages)
    together = [sk for page in pages for sk in sort_keys(page)]
    assert together == (SORT_KEYS[::-1] if descending else SORT_KEYS)


def test_a_page_that_was_cut_names_the_key_to_go_on_from(filled: Store) -> None:
    page = filled.query(replace(ACCOUNT, limit=2))
    assert page.next == {"PK": "ACCOUNT#1", "SK": "MOVE#1"}
    assert sort_keys(filled.query(replace(ACCOUNT, limit=2, start_after=page.next)).items) == ["MOVE#10", "MOVE#2"]


def test_a_page_may_start_after_a_key_that_is_not_there(filled: Store) -> None:
    start = {"PK": "ACCOUNT#1", "SK": "MOVE#11"}
    assert sort_keys(filled.query(replace(ACCOUNT, start_after=start, limit=1)).items) == ["MOVE#2"]


def test_a_page_ends_at_a_megabyte(store: Store) -> None:
    for number in range(4):
        put(store, hotline_key("ACCOUNT#1", f"CASE#{number}"), text="x" * 300_000)
    pages = all_pages(store, ACCOUNT)
    assert len(pages) > 1
    assert [sk for page in pages for sk in sort_keys(page)] == [f"CASE#{number}" for number in range(4)]


def test_the_outbox_is_queried_by_its_only_key(store: Store) -> None:
    stored = put(store, Key(Table.OUTBOX, "OUT#1"), kind="x")
    assert store.query(Query(Table.OUTBOX, "OUT#1")).items == [stored]


@pytest.mark.parametrize(
    "query",
    [
        replace(ACCOUNT, sk=Between("b", "a")),
        replace(ACCOUNT, sk=Prefix("")),
        replace(ACCOUNT, limit=0),
        replace(ACCOUNT, index=Index.PENDING),
        Query(Table.OUTBOX, "OUT#1", sk=Prefix("x")),
        Query(Table.ACTIVITY, "ACT#1", index=Index.DUE),
        Query(Table.HOTLINE, ""),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(store: Store, query: Query) -> None:
    with pytest.raises(MalformedRequest):
        store.query(query)
