"""Reading by key: what comes back is what was written, and nothing that the reader holds is the stored thing."""

from typing import Any

import pytest

from hotline.kit.store import Delete, Key, MalformedRequest, Put, Store, Table, hotline_key
from tests.kit.writing import ENTRY, KEY, OTHER, put, write
from tests.support.stores import AnyStore

VALUES: list[Any] = [
    "text",
    b"\x00raw",
    b"",
    "",
    "中文与 emoji 🙂",
    0,
    -1,
    10**38 - 1,
    1 - 10**38,
    True,
    False,
    [],
    {},
    ["a", 1, True, ["b"], {"c": [2]}],
    {"a": {"b": {"c": "d"}}, "n": 5, "no": False},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was_written(store: Store, value: Any) -> None:
    put(store, value=value)
    item = store.get(KEY)
    assert item == {"PK": "ACCOUNT#1", "SK": "#PROFILE", "value": value}
    assert type(item["value"]) is type(value)


@pytest.mark.parametrize(
    "value", [None, 1.5, bytearray(b"raw"), {1, 2}, {"deep": [None]}, {1: "a"}, 10**38, -(10**38)], ids=repr
)
def test_a_value_that_has_no_place_in_an_item_is_refused(store: Store, value: Any) -> None:
    with pytest.raises(MalformedRequest):
        write(store, Put(KEY, {"value": value}))
    assert store.get(KEY) is None


def test_an_item_that_is_not_there_is_none(store: Store) -> None:
    assert store.get(KEY) is None
    assert store.get(ENTRY) is None


def test_an_item_of_the_outbox_has_no_sort_key(store: Store) -> None:
    assert put(store, ENTRY, kind="account.locked") == store.get(ENTRY) == {"PK": "OUT#1", "kind": "account.locked"}


def test_a_deleted_item_is_gone(store: Store) -> None:
    put(store, a=1)
    write(store, Delete(KEY))
    assert store.get(KEY) is None


def test_deleting_what_is_not_there_is_no_error(store: Store) -> None:
    write(store, Delete(KEY))
    assert store.get(KEY) is None


def test_a_put_replaces_the_whole_item(store: Store) -> None:
    put(store, a=1, b=2)
    put(store, c=3)
    assert store.get(KEY) == {"PK": "ACCOUNT#1", "SK": "#PROFILE", "c": 3}


def test_a_batch_finds_what_exists_in_every_table_with_one_request(store: AnyStore) -> None:
    activity = Key(Table.ACTIVITY, "ACT#1", "1")
    expected = {
        KEY: put(store, KEY, a=1),
        OTHER: put(store, OTHER, b=2),
        ENTRY: put(store, ENTRY, c=3),
        activity: put(store, activity, d=4),
    }
    before = store.reads
    assert store.batch_get([*expected, hotline_key("ACCOUNT#2", "#LOCK")]) == expected
    assert store.reads == before + 1


def test_an_outbox_item_is_found_by_its_key_even_when_it_has_an_attribute_named_like_a_sort_key(store: Store) -> None:
    stored = put(store, ENTRY, SK="stray")
    assert store.batch_get([ENTRY]) == {ENTRY: stored}


def test_an_empty_batch_sends_no_request(store: AnyStore) -> None:
    before = store.reads
    assert store.batch_get([]) == {}
    assert store.reads == before


def test_a_batch_takes_a_hundred_keys_and_no_more(store: Store) -> None:
    keys = [hotline_key("ACCOUNT#1", f"MOVE#{number:03d}") for number in range(101)]
    write(store, *(Put(key, {"n": number}) for number, key in enumerate(keys[:100])))
    assert [store.batch_get(keys[:100])[key]["n"] for key in keys[:100]] == list(range(100))
    with pytest.raises(MalformedRequest):
        store.batch_get(keys)


def test_a_batch_refuses_the_same_key_twice(store: Store) -> None:
    with pytest.raises(MalformedRequest):
        store.batch_get([KEY, KEY])


@pytest.mark.parametrize(
    "key",
    [
        Key(Table.HOTLINE, "ACCOUNT#1"),
        Key(Table.OUTBOX, "OUT#1", "x"),
        hotline_key("", "x"),
        hotline_key("x", ""),
    ],
)
def test_a_key_that_its_table_cannot_have_is_refused(store: Store, key: Key) -> None:
    for refused in (lambda: store.get(key), lambda: store.batch_get([key]), lambda: write(store, Put(key, {}))):
        with pytest.raises(MalformedRequest):
            refused()


def test_changing_what_was_written_or_read_changes_nothing_stored(store: Store) -> None:
    mine: dict[str, Any] = {"map": {"a": [1]}}
    write(store, Put(KEY, mine))
    mine["map"]["a"].append(2)
    read = store.get(KEY)
    assert read is not None
    read["map"]["a"].append(3)
    store.batch_get([KEY])[KEY]["map"]["b"] = 1
    assert store.get(KEY) == {"PK": "ACCOUNT#1", "SK": "#PROFILE", "map": {"a": [1]}}
