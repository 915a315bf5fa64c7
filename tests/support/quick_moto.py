"""moto's DynamoDB, quicker and with the same answers: tests of the stores, and of moto's own tables, run on it.

moto copies whole tables, streams included, before each transaction. Here a copy shares the items, and a write copies
what it changes. moto compares texts by way of a general function. It looks for each member of an answer under five
names, and for each of ten types in a value. DynamoDB's answers use one of them. It counts the clauses of an update
below each of its nodes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final, cast

from moto.core.serialize import AttributePicker, AttributePickerContext, BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DDBType, DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser  # type: ignore[attr-defined]  # moto types it not
from moto.dynamodb.parsing.validators import ActionCountValidator

_cast_any: Final[Any] = DynamoType.__dict__["cast_value"].fget
_put_item: Final = Table.put_item
_delete_item: Final = Table.delete_item
_update_item: Final = DynamoDBBackend.update_item
_pick: Final = AttributePicker.__call__
_serialize_structure: Final = BaseJSONSerializer._serialize_type_structure
_SCALARS: Final = frozenset({"S", "N", "BOOL", "NULL"})


def install() -> None:
    """Make moto quick for the rest of the process."""
    replaced: Mapping[type, Mapping[str, Any]] = {
        DynamoType: {"__deepcopy__": _copy_value, "__hash__": _hash_value, "cast_value": property(_cast_value)},
        Item: {"__deepcopy__": _copy_item},
        Table: {"__deepcopy__": _copy_table, "put_item": _put_apart, "delete_item": _delete_apart},
        DynamoDBBackend: {"update_item": _update_apart},
        AttributePicker: {"__call__": _pick_quickly},
        DepthFirstTraverser: {"nodes_to_be_processed": _list_once},
        ActionCountValidator: {"traverse": ActionCountValidator.verify_action_counts},
        BaseJSONSerializer: {"_serialize_type_structure": _serialize_quickly},
    }
    for owner, methods in replaced.items():
        for name, method in methods.items():
            setattr(owner, name, method)


def empty_tables() -> None:
    """Remove every item of every table, behind the back of the API: it would answer, copy and delete one by one."""
    for regions in dynamodb_backends.values():
        for backend in regions.values():
            for table in backend.tables.values():
                table.items.clear()


# ---------------------------------------------------------------- values


def _cast_value(value: DynamoType) -> Any:
    return value.value if value.type == DDBType.STRING else _cast_any(value)


def _hash_value(value: DynamoType) -> int:
    return hash(value.cast_value)


def _copy_value(value: DynamoType, _memo: dict[int, Any]) -> DynamoType:
    """moto never changes a scalar in place, so copies share scalars."""
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


# ---------------------------------------------------------------- tables


def _copy_table(table: Any, _memo: dict[int, Any]) -> Any:
    """The table as it is now: later writes to either replace what they change and leave the other's as it is."""
    copied: Any = Table.__new__(Table)
    copied.__dict__.update(table.__dict__)
    copied.items = table.items.copy()
    if table.stream_shard is not None:
        copied.stream_shard = copy.copy(table.stream_shard)
        copied.stream_shard.table = copied
        copied.stream_shard.items = table.stream_shard.items.copy()
    return copied


def _part(table: Any, hash_key: DynamoType) -> None:
    """Give the table a partition of its own, before an item of it is put or removed. Without range keys a partition is
    the item itself, which moto replaces."""
    if table.has_range_key and hash_key in table.items:
        table.items[hash_key] = table.items[hash_key].copy()


def _put_apart(table: Any, item_attrs: dict[str, Any], *rest: Any, **named: Any) -> Item:
    _part(table, DynamoType(item_attrs[table.hash_key_attr]))
    return _put_item(table, item_attrs, *rest, **named)


def _delete_apart(table: Any, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    _part(table, hash_key)
    return _delete_item(table, hash_key, range_key)


def _update_apart(backend: Any, table_name: str, key: dict[str, Any], *rest: Any, **named: Any) -> Item:
    """moto changes the stored item in place: so it gets a copy to change."""
    table: Any = backend.get_table(table_name)
    hash_key = DynamoType(key[table.hash_key_attr])
    _part(table, hash_key)
    partition, place = table.items, hash_key
    if table.has_range_key:
        partition, place = table.items.get(hash_key, {}), DynamoType(key[table.range_key_attr])
    if place in partition:
        partition[place] = copy.deepcopy(partition[place])
    return _update_item(backend, table_name, key, *rest, **named)


# ---------------------------------------------------------------- updates


def _list_once(traverser: Any) -> tuple[type, ...]:
    """The kinds of nodes that a traverser works on. moto lists them anew at each node. Clauses of one kind are counted
    at the root alone, which holds all of them: moto counts them again below each."""
    if not hasattr(traverser, "_kinds"):
        traverser._kinds = tuple(traverser._processing_map())
    kinds: tuple[type, ...] = traverser._kinds
    return kinds


# ---------------------------------------------------------------- answers


def _pick_quickly(picker: AttributePicker, context: AttributePickerContext) -> Any:
    service = context.service_model
    if service is not None and service.service_name == "dynamodb" and type(context.obj) is dict:
        return context.obj.get(context.key)
    return _pick(picker, context)


def _serialize_quickly(serializer: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """A scalar of an item is as the answer has it. moto would look for each of the ten types that it may have."""
    if shape.name == "AttributeValue" and type(value) is dict and len(value) == 1 and not value.keys() - _SCALARS:
        serializer._default_serialize(serialized, value, shape, key)
    else:
        _serialize_structure(serializer, serialized, value, shape, key)
