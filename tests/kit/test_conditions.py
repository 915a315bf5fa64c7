"""Conditions mean the same to DynamoDB's engines, to the store in memory, and to `holds` on an item handed back.

Source: "Comparison operator and function reference" of the DynamoDB developer guide. On MiniStack these tests measure
the result of a comparison with a missing attribute or another type.
"""

from itertools import product
from typing import Any

import pytest

from hotline.kit.store import Check, Put, ReasonCode, Store, TransactionCancelled
from hotline.kit.store.condition import (
    NEW,
    PRESENT,
    All,
    Any_,
    Compare,
    Condition,
    Exists,
    Missing,
    Operator,
    all_of,
    any_of,
    equals,
    holds,
)
from tests.kit.writing import KEY, OTHER, put, write
from tests.support.sweeps import sweep

OPERATORS: tuple[Operator, ...] = ("=", "<>", "<", "<=", ">", ">=")
ITEM: dict[str, Any] = {
    "n": 5,
    "negative": -3,
    "big": 10**30,
    "s": "m",
    "zero": 0,
    "empty": "",
    "yes": True,
    "no": False,
    "map": {"n": 7, "in": {"s": "x"}},
    "list": [1, 2],
}


def made(store: Store, condition: Condition) -> bool:
    """Whether the store finds the condition true of KEY; a false one must be named, with the item as it is."""
    try:
        write(store, Check(KEY, condition))
    except TransactionCancelled as cancelled:
        (reason,) = cancelled.reasons
        assert reason.code is ReasonCode.CONDITION
        assert reason.item == store.get(KEY)
        assert not holds(condition, reason.item)
        return False
    assert holds(condition, store.get(KEY))
    return True


def compared(found: Any, operator: Operator, wanted: Any) -> bool:
    return bool(
        {
            "=": found == wanted,
            "<>": found != wanted,
            "<": found < wanted,
            "<=": found <= wanted,
            ">": found > wanted,
            ">=": found >= wanted,
        }[operator]
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_values_of_one_type_are_compared_by_it(store: Store, operator: Operator) -> None:
    put(store, **ITEM)
    for path, found, wanted in [
        *(("n", 5, other) for other in (4, 5, 6, 10, -5)),
        *(("negative", -3, other) for other in (-4, -3, 3)),
        *(("big", 10**30, other) for other in (10**30 - 1, 10**30, 10**30 + 1)),
        *(("s", "m", other) for other in ("", "M", "m", "ma", "中")),
        *(("zero", 0, other) for other in (-1, 0, 1)),
    ]:
        assert made(store, Compare(path, operator, wanted)) is compared(found, operator, wanted), (path, wanted)


@pytest.mark.parametrize("operator", ["=", "<>"])
def test_booleans_are_equal_or_not(store: Store, operator: Operator) -> None:
    put(store, **ITEM)
    for path, wanted in product(("yes", "no"), (True, False)):
        assert made(store, Compare(path, operator, wanted)) is compared(ITEM[path], operator, wanted)


LISTS: list[tuple[str, tuple[str, ...]]] = [
    ("texts", ("a", "b")),
    *(("texts", other) for other in ((), ("a",), ("b", "a"), ("a", "b", "c"))),
    ("nothing", ()),
    *((name, ("a", "b")) for name in ("nothing", "list", "s", "map", "gone")),
]


@pytest.mark.parametrize("operator", ["=", "<>"])
def test_a_list_is_equal_to_one_of_the_same_texts_in_the_same_order(store: Store, operator: Operator) -> None:
    put(store, **ITEM, texts=["a", "b"], nothing=[])
    for path, wanted in LISTS:
        same = (path, wanted) in (("texts", ("a", "b")), ("nothing", ()))
        assert made(store, Compare(path, operator, wanted)) is (same is (operator == "=")), (path, wanted)


@sweep("operator, value", product(["<", "<=", ">", ">="], [True, ("a", "b")]))
def test_a_boolean_and_a_list_are_not_put_in_order(operator: Operator, value: Any) -> None:
    with pytest.raises(ValueError, match="order"):
        Compare("yes", operator, value)


OTHER_TYPES: list[tuple[str, str | int]] = [("n", "5"), ("s", 5), ("yes", "m"), ("map", "m"), ("list", 1), ("empty", 0)]


@pytest.mark.parametrize("operator", ["=", "<>"])
def test_another_type_is_unequal(store: Store, operator: Operator) -> None:
    put(store, **ITEM)
    for path, wanted in OTHER_TYPES:
        assert made(store, Compare(path, operator, wanted)) is (operator == "<>"), (path, wanted)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_another_type_is_neither_before_nor_after(exact_store: Store, operator: Operator) -> None:
    put(exact_store, **ITEM)
    for path, wanted in OTHER_TYPES:
        assert not made(exact_store, Compare(path, operator, wanted)), (path, wanted)


@pytest.mark.parametrize("operator", ["=", "<>"])
def test_a_number_is_no_boolean(exact_store: Store, operator: Operator) -> None:
    put(exact_store, one=1, zero=0, yes=True, no=False)
    for path, wanted in [("one", True), ("zero", False), ("yes", 1), ("no", 0)]:
        assert made(exact_store, Compare(path, operator, wanted)) is (operator == "<>")


def test_moto_takes_one_for_true(moto_store: Store) -> None:
    put(moto_store, one=1)
    write(moto_store, Check(KEY, equals("one", True)))


def test_moto_gives_an_unknown_reason_when_it_orders_values_of_two_types(moto_store: Store) -> None:
    put(moto_store, **ITEM)
    with pytest.raises(TransactionCancelled) as caught:
        write(moto_store, Check(KEY, Compare("n", "<", "5")))
    assert [reason.code for reason in caught.value.reasons] == [ReasonCode.OTHER]


MISSING_PATHS = ["gone", "map.gone", "gone.n", "s.n", "map.n.deeper"]


@pytest.mark.parametrize("operator", ["=", "<>"])
@pytest.mark.parametrize("path", MISSING_PATHS)
def test_a_missing_value_is_unequal_to_every_value(store: Store, operator: Operator, path: str) -> None:
    put(store, **ITEM)
    for wanted in ("x", 5):
        assert made(store, Compare(path, operator, wanted)) is (operator == "<>")


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("path", MISSING_PATHS)
def test_a_missing_value_is_neither_before_nor_after(exact_store: Store, operator: Operator, path: str) -> None:
    put(exact_store, **ITEM)
    for wanted in ("x", 5):
        assert not made(exact_store, Compare(path, operator, wanted))


def test_an_item_that_does_not_exist_has_nothing(store: Store) -> None:
    put(store, OTHER, a=1)
    assert made(store, NEW)
    assert not made(store, PRESENT)
    assert not made(store, equals("a", 1))
    assert made(store, Compare("a", "<>", 1))
    assert made(store, Missing("a.b"))


@pytest.mark.parametrize("path", ["n", "no", "zero", "empty", "list", "map", "map.n", "map.in", "map.in.s", "PK", "SK"])
def test_a_present_value_exists_whatever_it_is(store: Store, path: str) -> None:
    put(store, **ITEM)
    assert made(store, Exists(path))
    assert not made(store, Missing(path))


@pytest.mark.parametrize("path", ["gone", "map.gone", "map.in.gone", "gone.n", "n.n", "list.n"])
def test_an_absent_value_is_missing_on_every_level(store: Store, path: str) -> None:
    put(store, **ITEM)
    assert made(store, Missing(path))
    assert not made(store, Exists(path))


YES = equals("n", 5)
NO = equals("n", 6)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (all_of(YES, Exists("s")), True),
        (all_of(YES, NO), False),
        (any_of(NO, YES), True),
        (any_of(NO, Missing("n")), False),
        (any_of(all_of(YES, NO), YES), True),
        (all_of(any_of(YES, NO), NO), False),
        (all_of(any_of(NO, YES), any_of(YES, NO)), True),
        (any_of(all_of(NO, YES), all_of(NO, NO)), False),
        (All((YES,)), True),
        (Any_((NO,)), False),
    ],
)
def test_parts_are_joined_as_they_are_nested(store: Store, condition: Condition, expected: bool) -> None:
    put(store, **ITEM)
    assert made(store, condition) is expected


@pytest.mark.parametrize("joined", [All, Any_])
def test_a_condition_without_parts_is_refused(joined: type[All] | type[Any_]) -> None:
    with pytest.raises(ValueError, match="parts"):
        joined(())


def test_names_that_dynamodb_reserves_or_cannot_spell_are_no_trouble(store: Store) -> None:
    odd = {"name": 1, "size": 2, "and": 3, "with-dash": 4, "中": 5, "#hash": 6, ":colon": 7, "two words": 8}
    write(store, Put(KEY, odd))
    assert made(store, all_of(*(equals(name, value) for name, value in odd.items())))
