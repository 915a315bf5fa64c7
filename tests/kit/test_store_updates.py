"""Updates of some attributes: nested paths, additions, and what has no place to go."""

from typing import Any

import pytest

from hotline.kit.store import Delete, MalformedRequest, Put, Store, TransactionCancelled, Update
from hotline.kit.store.condition import NEW, PRESENT, equals
from tests.kit.writing import KEY, OTHER, put, write

ITEM: dict[str, Any] = {"n": 5, "s": "a", "map": {"n": 7, "in": {"s": "x"}}, "list": [1, 2], "name": "reserved"}


def after(store: Store, update: Update) -> dict[str, Any] | None:
    put(store, **ITEM)
    write(store, update)
    found = store.get(KEY)
    assert found is not None
    return {name: value for name, value in found.items() if name not in ("PK", "SK")}


@pytest.mark.parametrize(
    ("update", "changed"),
    [
        (Update(KEY, {"s": "b"}), {"s": "b"}),
        (Update(KEY, {"new": {"a": [1]}}), {"new": {"a": [1]}}),
        (
            Update(KEY, {"name": "still reserved", "s": "still reserved"}),
            {"name": "still reserved", "s": "still reserved"},
        ),
        (Update(KEY, {"map": {}}), {"map": {}}),
        (Update(KEY, {"map.n": 8}), {"map": {"n": 8, "in": {"s": "x"}}}),
        (Update(KEY, {"map.in.t": True}), {"map": {"n": 7, "in": {"s": "x", "t": True}}}),
        (Update(KEY, {"map.n": 8}, ("map.in",)), {"map": {"n": 8}}),
        (Update(KEY, remove=("map.gone",)), {}),
        (Update(KEY, remove=("gone",)), {}),
        (Update(KEY, add={"n": 3}), {"n": 8}),
        (Update(KEY, add={"n": -6}), {"n": -1}),
        (Update(KEY, add={"n": 0}), {"n": 5}),
        (Update(KEY, add={"fresh": 3}), {"fresh": 3}),
        (Update(KEY, add={"map.n": 1, "map.fresh": -2}), {"map": {"n": 8, "in": {"s": "x"}, "fresh": -2}}),
        (
            Update(KEY, {"s": "b", "t": 1}, ("list",), {"n": 1}, equals("n", 5)),
            {"s": "b", "t": 1, "n": 6, "list": None},
        ),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    store: Store, update: Update, changed: dict[str, Any]
) -> None:
    expected = {name: value for name, value in (ITEM | changed).items() if value is not None}
    assert after(store, update) == expected


def test_removing_an_attribute_leaves_the_others(store: Store) -> None:
    assert after(store, Update(KEY, remove=("n", "map"))) == {"s": "a", "list": [1, 2], "name": "reserved"}


def test_an_update_makes_an_item_that_is_not_there(store: Store) -> None:
    write(store, Update(KEY, {"a": "b"}, add={"n": 2}))
    assert store.get(KEY) == {"PK": "ACCOUNT#1", "SK": "#PROFILE", "a": "b", "n": 2}


def test_an_update_that_requires_its_item_makes_none(store: Store) -> None:
    with pytest.raises(TransactionCancelled):
        write(store, Update(KEY, {"a": "b"}, condition=PRESENT))
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    "update",
    [Update(KEY, {"gone.a": 1}), Update(KEY, {"map.gone.a": 1}), Update(KEY, add={"gone.a": 1})],
    ids=["set", "set below", "add"],
)
def test_a_path_through_a_map_that_is_not_there_is_refused(store: Store, update: Update) -> None:
    put(store, **ITEM)
    with pytest.raises(MalformedRequest):
        write(store, Update(OTHER, {"a": 1}), update)
    assert store.get(KEY) == {**ITEM, **KEY.attributes()}
    assert store.get(OTHER) is None


IMPOSSIBLE = {
    "set in a text": Update(KEY, {"s.a": 1}),
    "set in a list": Update(KEY, {"list.a": 1}),
    "set in a number": Update(KEY, {"map.n.a": 1}),
    "remove from nothing": Update(KEY, remove=("gone.a",)),
    "remove from a text": Update(KEY, remove=("s.a",)),
    "add to a text": Update(KEY, add={"s": 1}),
    "add to a map": Update(KEY, add={"map": 1}),
}
UNDONE_BUT_NOT_REFUSED = {
    "memory": [],
    "moto": ["set in a text", "set in a list", "set in a number"],
    "ministack": list(IMPOSSIBLE),
}
SPOILED = {"ministack": ["set in a text", "set in a list", "set in a number"]}
"""The engine then keeps a value of two types, of which the SDK passes over one. No such value is read as another."""


@pytest.mark.parametrize("case", IMPOSSIBLE)
@pytest.mark.parametrize("engine", UNDONE_BUT_NOT_REFUSED)
def test_an_update_that_does_not_fit_the_item_changes_nothing_and_is_refused_as_dynamodb_would(
    engine: str, case: str, request: pytest.FixtureRequest
) -> None:
    store: Store = request.getfixturevalue(f"{engine}_store")
    put(store, **ITEM)
    if case in UNDONE_BUT_NOT_REFUSED[engine]:
        write(store, IMPOSSIBLE[case])
    else:
        # moto names no reason when it removes from a text, and a validation error for the others.
        with pytest.raises((MalformedRequest, TransactionCancelled)):
            write(store, IMPOSSIBLE[case])
    if case in SPOILED.get(engine, []):
        with pytest.raises(ValueError, match="too many values"):
            store.get(KEY)
        return
    assert store.get(KEY) == {**ITEM, **KEY.attributes()}


@pytest.mark.parametrize(
    "update",
    [
        Update(KEY),
        Update(KEY, {"PK": "x"}),
        Update(KEY, remove=("SK",)),
        Update(KEY, {"a": 1}, ("a",)),
        Update(KEY, {"a": 1}, add={"a": 1}),
        Update(KEY, {"a": {}, "a.b": 1}),
        Update(KEY, {"map.in": {}}, ("map.in.s",)),
        Update(KEY, remove=("a", "a")),
        Update(KEY, add={"a": True}),
        Update(KEY, add={"a": 1.5}),  # type: ignore[dict-item]
        Update(KEY, {"a": None}),
    ],
    ids=str,
)
def test_an_update_that_can_never_work_is_refused(store: Store, update: Update) -> None:
    put(store, **ITEM)
    with pytest.raises(MalformedRequest):
        write(store, update)
    assert store.get(KEY) == {**ITEM, **KEY.attributes()}


def test_names_that_begin_alike_do_not_overlap(store: Store) -> None:
    write(store, Update(KEY, {"a": 1, "ab": 2, "abc": 3}))
    assert store.get(KEY) == {**KEY.attributes(), "a": 1, "ab": 2, "abc": 3}


@pytest.mark.parametrize("bytes_of_text", [404_900, 409_600])  # moto draws the line at 405,000 bytes
def test_an_item_holds_four_hundred_kilobytes(store: Store, bytes_of_text: int) -> None:
    fits = bytes_of_text < 400 * 1024
    put(store, OTHER, a=1)
    for big in (Put(KEY, {"text": "x" * bytes_of_text}), Update(OTHER, {"text": "x" * bytes_of_text})):
        if fits:
            write(store, big)
        else:
            with pytest.raises(MalformedRequest):
                write(store, big)
    assert (store.get(KEY) is not None) is fits


def test_the_condition_is_judged_before_the_update(store: Store) -> None:
    put(store, s="a")
    with pytest.raises(TransactionCancelled):
        write(store, Update(KEY, {"gone.a": 1}, condition=NEW))


def test_a_delete_with_a_condition_deletes_when_it_holds(store: Store) -> None:
    put(store, n=1)
    with pytest.raises(TransactionCancelled):
        write(store, Delete(KEY, equals("n", 2)))
    assert store.get(KEY) is not None
    write(store, Delete(KEY, equals("n", 1)))
    assert store.get(KEY) is None
