"""The requests that go over the wire to DynamoDB, by their members."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.store import (
    Between,
    Check,
    Delete,
    Index,
    MalformedRequest,
    Prefix,
    Put,
    Query,
    Table,
    Update,
    hotline_key,
)
from hotline.kit.store.condition import Any_, Compare, Exists, Missing, all_of, any_of, equals
from hotline.kit.store.expressions import Expression, from_value, query_request, to_value, transact_item
from tests.support.sweeps import sweep

KEY = hotline_key("A", "B")
WIRE_KEY = {"PK": {"S": "A"}, "SK": {"S": "B"}}
values = st.recursive(
    st.text(max_size=5) | st.binary(max_size=5) | st.booleans() | st.integers(1 - 10**38, 10**38 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_every_value_comes_back_from_the_wire(value: Any) -> None:
    found = from_value(to_value(value))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("wire", [{"NULL": True}, {"SS": ["a"]}, {"BS": [b"x"]}])
def test_a_type_that_is_never_written_is_not_read(wire: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unexpected"):
        from_value(wire)


def test_a_name_or_value_that_repeats_has_one_placeholder() -> None:
    expression = Expression()
    condition = all_of(
        equals("a.b", 1), any_of(Compare("b.a", "<>", 1), Exists("a")), Missing("c"), Any_((equals("a.b", True),))
    )
    assert expression.condition(condition) == (
        "(#n0.#n1 = :v0) AND ((#n1.#n0 <> :v0) OR (attribute_exists(#n0))) AND (attribute_not_exists(#n2))"
        " AND ((#n0.#n1 = :v1))"
    )
    assert expression.placeholders() == {
        "ExpressionAttributeNames": {"#n0": "a", "#n1": "b", "#n2": "c"},
        "ExpressionAttributeValues": {":v0": {"N": "1"}, ":v1": {"BOOL": True}},
    }


@sweep("path", ["", "a.", ".a", "a..b"])
def test_a_path_with_an_empty_step_is_refused(path: str) -> None:
    with pytest.raises(MalformedRequest):
        Expression().path(path)


def test_every_write_asks_for_the_old_item_when_its_condition_fails() -> None:
    for write in (Put(KEY, {}), Update(KEY, {"a": 1}), Delete(KEY), Check(KEY, Exists("a"))):
        (body,) = transact_item(write, "t").values()
        assert body["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
        assert body["TableName"] == "t"


def test_an_update_sets_and_removes_and_writes_additions_so_that_they_work_on_nested_paths() -> None:
    item = transact_item(Update(KEY, {"a.x": "1"}, ("b", "a.y"), {"a.n": 2, "m": 2}, Exists("PK")), "t")
    assert item == {
        "Update": {
            "TableName": "t",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "Key": WIRE_KEY,
            "UpdateExpression": "SET #n0.#n1 = :v0, #n0.#n2 = if_not_exists(#n0.#n2, :v1) + :v2,"
            " #n3 = if_not_exists(#n3, :v1) + :v2 REMOVE #n4, #n0.#n5",
            "ConditionExpression": "attribute_exists(#n6)",
            "ExpressionAttributeNames": {
                "#n0": "a", "#n1": "x", "#n2": "n", "#n3": "m", "#n4": "b", "#n5": "y", "#n6": "PK",
            },
            "ExpressionAttributeValues": {":v0": {"S": "1"}, ":v1": {"N": "0"}, ":v2": {"N": "2"}},
        }
    }  # fmt: skip


def test_a_put_carries_its_key_in_the_item_and_no_empty_members() -> None:
    assert transact_item(Put(KEY, {"n": 1}), "t") == {
        "Put": {
            "TableName": "t",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "Item": {"n": {"N": "1"}, **WIRE_KEY},
        }
    }


def test_a_query_of_a_table_is_consistent() -> None:
    request = query_request(Query(Table.HOTLINE, "A", Prefix("MOVE#"), limit=3, descending=True), "t")
    assert request == {
        "TableName": "t",
        "KeyConditionExpression": "#n0 = :v0 AND begins_with(#n1, :v1)",
        "ExpressionAttributeNames": {"#n0": "PK", "#n1": "SK"},
        "ExpressionAttributeValues": {":v0": {"S": "A"}, ":v1": {"S": "MOVE#"}},
        "ScanIndexForward": False,
        "ConsistentRead": True,
        "Limit": 3,
    }


def test_a_query_of_an_index_names_its_keys_and_cannot_be_consistent() -> None:
    start = {"PK": "A", "SK": "B", "due_pk": "DUE#01", "due_sk": "1"}
    request = query_request(Query(Table.HOTLINE, "DUE#01", Between("1", "2"), index=Index.DUE, start_after=start), "t")
    assert request == {
        "TableName": "t",
        "IndexName": "due",
        "KeyConditionExpression": "#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
        "ExpressionAttributeNames": {"#n0": "due_pk", "#n1": "due_sk"},
        "ExpressionAttributeValues": {":v0": {"S": "DUE#01"}, ":v1": {"S": "1"}, ":v2": {"S": "2"}},
        "ScanIndexForward": True,
        "ExclusiveStartKey": {name: {"S": value} for name, value in start.items()},
    }
