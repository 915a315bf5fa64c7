"""Secondary indexes: sparse, ordered, projected; what the template says of them is what the stores believe."""

from dataclasses import replace
from typing import Any

import pytest

from hotline.kit.store import (
    Delete,
    Index,
    Key,
    MalformedRequest,
    Prefix,
    Put,
    Query,
    Store,
    Table,
    Update,
    hotline_key,
)
from hotline.kit.store.expressions import INDEXES
from hotline_local.testing.memory_store import PROJECTED_WHOLE, MemoryStore
from tests.kit.test_store_queries import all_pages
from tests.kit.writing import ENTRY, KEY, put, write
from tests.support.template import table_definitions

ATTENTION = Query(Table.HOTLINE, "ACCOUNT#1", index=Index.ATTENTION)
DUE = Query(Table.HOTLINE, "DUE#07", index=Index.DUE)


def test_the_template_has_the_indexes_that_the_stores_know() -> None:
    for definition, table in zip(table_definitions(), Table, strict=True):
        indexes: list[dict[str, Any]] = definition.get("GlobalSecondaryIndexes", [])
        assert {index["IndexName"] for index in indexes} == {index.value for index in INDEXES[table]}
        for index in indexes:
            whole = Index(index["IndexName"]) in PROJECTED_WHOLE
            assert index["Projection"]["ProjectionType"] == ("ALL" if whole else "KEYS_ONLY")
            name = index["IndexName"]
            assert [part["AttributeName"] for part in index["KeySchema"]] == [f"{name}_pk", f"{name}_sk"]


def test_an_item_is_in_an_index_while_it_has_both_keys(store: Store) -> None:
    put(store, a=1, attention_pk="ACCOUNT#1")
    assert store.query(ATTENTION).items == []
    write(store, Update(KEY, {"attention_sk": "FAILED#1"}))
    assert store.query(ATTENTION).items == [store.get(KEY)]
    write(store, Update(KEY, remove=("attention_pk",)))
    assert store.query(ATTENTION).items == []


def test_an_item_moves_in_an_index_with_its_keys(store: Store) -> None:
    put(store, due_pk="DUE#07", due_sk="2026-11-23#1")
    write(store, Update(KEY, {"due_sk": "2026-11-24#1"}))
    assert [item["due_sk"] for item in store.query(DUE).items] == ["2026-11-24#1"]
    write(store, Update(KEY, {"due_pk": "DUE#08"}))
    assert store.query(DUE).items == []
    assert len(store.query(replace(DUE, pk="DUE#08")).items) == 1


def test_an_item_that_is_deleted_or_replaced_leaves_the_index(store: Store) -> None:
    put(store, attention_pk="ACCOUNT#1", attention_sk="FAILED#1")
    put(store, a=1)
    assert store.query(ATTENTION).items == []
    put(store, attention_pk="ACCOUNT#1", attention_sk="FAILED#1")
    write(store, Delete(KEY))
    assert store.query(ATTENTION).items == []


def test_an_index_of_keys_answers_keys_only(store: Store) -> None:
    put(store, due_pk="DUE#07", due_sk="1", secret="x", queue_pk="QUEUE#open#00", queue_sk="1")
    assert store.query(DUE).items == [{**KEY.attributes(), "due_pk": "DUE#07", "due_sk": "1"}]
    put(store, ENTRY, pending_pk="PENDING#00", pending_sk="1", facts={"a": 1})
    pending = store.query(Query(Table.OUTBOX, "PENDING#00", index=Index.PENDING)).items
    assert pending == [{"PK": "OUT#1", "pending_pk": "PENDING#00", "pending_sk": "1"}]


def test_a_whole_index_answers_the_item_as_it_is_now(store: Store) -> None:
    put(store, queue_pk="QUEUE#open#00", queue_sk="1", note="a")
    write(store, Update(KEY, {"note": "b"}))
    page = store.query(Query(Table.HOTLINE, "QUEUE#open#00", index=Index.QUEUE))
    assert [item["note"] for item in page.items] == ["b"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_an_index_put_together_are_the_whole(store: Store, limit: int, descending: bool) -> None:
    for number, sk in enumerate(["FINDING#1", "FINDING#2", "FINDING#3"]):
        put(store, hotline_key(f"ACCOUNT#{9 - number}", sk), attention_pk="ACCOUNT#1", attention_sk=sk)
    put(store, attention_pk="ACCOUNT#1", attention_sk="BILL#1")
    query = replace(ATTENTION, sk=Prefix("FINDING#"), limit=limit, descending=descending)
    found = [item["attention_sk"] for page in all_pages(store, query) for item in page]
    assert found == sorted(["FINDING#1", "FINDING#2", "FINDING#3"], reverse=descending)


def test_items_with_equal_index_keys_are_all_answered_page_by_page(store: Store) -> None:
    keys = {hotline_key("ACCOUNT#1", f"MOVE#{number}") for number in range(5)}
    for key in keys:
        put(store, key, due_pk="DUE#07", due_sk="same")
    pages = all_pages(store, replace(DUE, limit=2))
    assert {Key(Table.HOTLINE, item["PK"], item["SK"]) for page in pages for item in page} == keys


@pytest.mark.parametrize("value", [5, True, "", ["a"], {}])
def test_an_index_key_that_is_no_text_is_refused(store: Store, value: Any) -> None:
    put(store, a=1)
    for refused in (Put(KEY, {"due_pk": value, "due_sk": "1"}), Update(KEY, {"due_pk": value})):
        with pytest.raises(MalformedRequest):
            write(store, refused)
    assert store.get(KEY) == {**KEY.attributes(), "a": 1}


def test_a_frozen_index_answers_as_of_then_while_tables_answer_as_of_now(memory_store: MemoryStore) -> None:
    put(memory_store, attention_pk="ACCOUNT#1", attention_sk="FAILED#1", state="failed")
    memory_store.freeze_indexes()
    write(memory_store, Update(KEY, {"state": "reversed"}))
    put(memory_store, hotline_key("ACCOUNT#1", "BILL#1"), attention_pk="ACCOUNT#1", attention_sk="BILL#1")
    assert [item["state"] for item in memory_store.query(ATTENTION).items] == ["failed"]
    assert len(memory_store.query(Query(Table.HOTLINE, "ACCOUNT#1")).items) == 2
    memory_store.thaw_indexes()
    assert {item["attention_sk"] for item in memory_store.query(ATTENTION).items} == {"FAILED#1", "BILL#1"}
