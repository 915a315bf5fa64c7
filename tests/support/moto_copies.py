"""Quicker copies of moto's tables: moto copies every item of a table before each transaction, to go back to it.

It never changes a scalar in place, so copies may share scalars; lists, maps and items are copied as before.
"""

from __future__ import annotations

from typing import Any, cast

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict


def install() -> None:
    """Make copies quick for the rest of the process."""
    DynamoType.__deepcopy__ = _copy_value  # type: ignore[assignment, method-assign]
    Item.__deepcopy__ = _copy_item  # type: ignore[assignment, method-assign]


def _copy_value(value: DynamoType, _memo: dict[int, Any]) -> DynamoType:
    if value.is_list():
        inner: Any = [_copy_value(one, _memo) for one in value.value]
    elif value.is_map():
        inner = {name: _copy_value(one, _memo) for name, one in value.value.items()}
    elif value.is_set():
        inner = list(value.value)
    else:
        return value
    copied = DynamoType.__new__(DynamoType)
    copied.type, copied.value = value.type, inner
    return copied


def _copy_item(item: Item, memo: dict[int, Any]) -> Item:
    copied = cast("Item", Item.__new__(Item))
    copied.hash_key, copied.range_key = item.hash_key, item.range_key
    # Its own __setitem__ weighs the whole map again with each name.
    attributes = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.__init__(attributes)
    for name, value in item.attrs.items():
        dict.__setitem__(attributes, name, _copy_value(value, memo))
    copied.attrs = attributes
    return copied
