"""The wire form of a store call: attribute values, keys, expressions. Pure; imports no SDK.

Both stores check a request here first, so that a request that can never work is refused alike, and before it is sent.
Names are always placeholders (DynamoDB reserves some 570 words), each used once however often a path repeats.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from . import (
    BATCH_GET_KEYS_MAX,
    TRANSACTION_ITEMS_MAX,
    Between,
    Check,
    Index,
    Key,
    MalformedRequest,
    Prefix,
    Put,
    Query,
    Table,
    Update,
    Write,
)
from .condition import All, Any_, Compare, Condition, Exists, Item, Missing

TOKEN_CHARACTERS_MAX = 36
"""TransactWriteItems: length of a ClientRequestToken."""
NUMBER_DIGITS_MAX = 38
"""DynamoDB numbers hold up to 38 digits."""
INDEXES: Mapping[Table, frozenset[Index]] = {
    Table.HOTLINE: frozenset({Index.ATTENTION, Index.DUE, Index.QUEUE}),
    Table.ACTIVITY: frozenset(),
    Table.OUTBOX: frozenset({Index.PENDING}),
}

PARTITION_KEY_BYTES_MAX = 2048
SORT_KEY_BYTES_MAX = 1024

_INDEX_KEYS: Mapping[Table, Mapping[str, int]] = {
    table: {
        f"{index.value}_{part}": most
        for index in indexes
        for part, most in (("pk", PARTITION_KEY_BYTES_MAX), ("sk", SORT_KEY_BYTES_MAX))
    }
    for table, indexes in INDEXES.items()
}

type Wire = dict[str, Any]


def to_value(value: object) -> Wire:
    """The attribute value of a str, bytes, bool, int, list or dict (with str keys). Raises MalformedRequest for all
    else: None and float are refused, because the one has no use in an item and the other loses money."""
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case bool():
            return {"BOOL": value}
        case int():
            if abs(value) >= 10**NUMBER_DIGITS_MAX:
                raise MalformedRequest(f"a number of more than {NUMBER_DIGITS_MAX} digits")
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [to_value(part) for part in value]}
        case Mapping():
            return {"M": to_item(value)}
        case _:
            raise MalformedRequest(f"a value of type {type(value).__name__} cannot be stored")


def to_item(item: Mapping[str, Any]) -> Wire:
    """The wire form of an item. Raises MalformedRequest, see `to_value`."""
    for name in item:
        if not isinstance(name, str):
            raise MalformedRequest(f"an attribute name of type {type(name).__name__}")
    return {name: to_value(value) for name, value in item.items()}


def from_value(value: Wire) -> Any:
    """The plain value of an attribute value. Raises ValueError for types that the hotline never writes."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "B":
            # The SDK gives bytes; JSON, as of streams and our own client, has them as base64.
            return b64decode(content) if isinstance(content, str) else bytes(content)
        case "N":
            return int(content)
        case "L":
            return [from_value(part) for part in content]
        case "M":
            return from_item(content)
        case _:
            raise ValueError(f"unexpected attribute type {kind}")


def from_item(wire: Mapping[str, Wire]) -> Item:
    """The plain item of its wire form, as answers and stream records carry it."""
    return {name: from_value(value) for name, value in wire.items()}


def check_key(key: Key) -> None:
    """Raises MalformedRequest for a key that its table cannot have."""
    if (key.sk is None) is not (key.table is Table.OUTBOX):
        raise MalformedRequest(f"the table {key.table.value} has {'no' if key.sk is not None else 'a'} sort key")
    _check_key_part("PK", key.pk, PARTITION_KEY_BYTES_MAX)
    if key.sk is not None:
        _check_key_part("SK", key.sk, SORT_KEY_BYTES_MAX)


def _check_key_part(name: str, value: object, most: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise MalformedRequest(f"the key attribute {name} must be text of 1 to {most} bytes")


def _check_index_keys(table: Table, attributes: Mapping[str, Any]) -> None:
    for name, most in _INDEX_KEYS[table].items():
        if name in attributes:
            _check_key_part(name, attributes[name], most)


def check_keys(keys: Sequence[Key]) -> None:
    """Raises MalformedRequest for what BatchGetItem refuses: more than 100 keys, or one twice."""
    if len(keys) > BATCH_GET_KEYS_MAX:
        raise MalformedRequest(f"{len(keys)} keys in one batch")
    if len(set(keys)) != len(keys):
        raise MalformedRequest("the same key twice in one batch")
    for key in keys:
        check_key(key)


def check_query(query: Query) -> None:
    """Raises MalformedRequest for a query that the table or index cannot answer."""
    _check_key_part("PK", query.pk, PARTITION_KEY_BYTES_MAX)
    if query.index is not None and query.index not in INDEXES[query.table]:
        raise MalformedRequest(f"the table {query.table.value} has no index {query.index.value}")
    if query.sk is not None and query.index is None and query.table is Table.OUTBOX:
        raise MalformedRequest("the outbox has no sort key")
    if query.limit is not None and query.limit < 1:
        raise MalformedRequest("a limit below 1")
    match query.sk:
        case Between(low, high) if low > high:
            raise MalformedRequest("a range that ends before it starts")
        case Prefix(""):
            raise MalformedRequest("an empty prefix")
        case _:
            return


def check_writes(writes: Sequence[Write], token: str) -> None:
    """Raises MalformedRequest for writes that TransactWriteItems refuses whatever is stored. These are no write or more
    than 100 writes, a key twice, and an index key that is no text. So is an update of nothing, of a key attribute, or
    of overlapping paths."""
    if not 1 <= len(writes) <= TRANSACTION_ITEMS_MAX:
        raise MalformedRequest(f"{len(writes)} writes in one transaction")
    if len({write.key for write in writes}) != len(writes):
        raise MalformedRequest("two writes on one key in one transaction")
    if not 1 <= len(token) <= TOKEN_CHARACTERS_MAX:
        raise MalformedRequest(f"a token has 1 to {TOKEN_CHARACTERS_MAX} characters")
    for write in writes:
        check_write(write)


def check_write(write: Write) -> None:
    """Raises MalformedRequest for a write that its table refuses whatever is stored."""
    check_key(write.key)
    if isinstance(write, Update):
        _check_update(write)
    if isinstance(write, Put):
        _check_put(write)


def check_puts(puts: Sequence[Put]) -> None:
    """Raises MalformedRequest for a put that its table cannot hold, a key twice, and a condition."""
    if len({put.key for put in puts}) != len(puts):
        raise MalformedRequest("two puts on one key")
    for put in puts:
        if put.condition is not None:
            raise MalformedRequest("a batch takes no condition")
        check_write(put)


def _check_put(write: Put) -> None:
    for name, value in write.key.attributes().items():
        if write.item.get(name, value) != value:
            raise MalformedRequest(f"the item's {name} is not its key's")
    _check_index_keys(write.key.table, write.item)


def _check_update(write: Update) -> None:
    paths = [tuple(path.split(".")) for path in (*write.set, *write.remove, *write.add)]
    if not paths:
        raise MalformedRequest("an update of nothing")
    if any(path[0] in ("PK", "SK") for path in paths):
        raise MalformedRequest("an update of a key attribute")
    prefixes = {path[:length] for path in paths for length in range(1, len(path))}
    if len(set(paths)) != len(paths) or prefixes & set(paths):
        raise MalformedRequest("an update of overlapping paths")
    if any(type(step) is not int for step in write.add.values()):
        raise MalformedRequest("only whole numbers can be added")
    _check_index_keys(write.key.table, {**write.set, **write.add})


class Expression:
    """Collects the placeholders of one request while its expressions are written."""

    def __init__(self) -> None:
        self._placeholder_of: dict[str, str] = {}
        self._values: dict[str, Wire] = {}
        self._shared: dict[tuple[type, object], str] = {}

    def path(self, path: str) -> str:
        """The path in placeholders. Raises MalformedRequest for an empty step."""
        return ".".join(self._name(step) for step in path.split("."))

    def _name(self, step: str) -> str:
        if not step:
            raise MalformedRequest("an empty step in a path")
        return self._placeholder_of.setdefault(step, f"#n{len(self._placeholder_of)}")

    def value(self, value: object) -> str:
        """The placeholder of a value; equal texts, numbers and booleans share one."""
        sharable = isinstance(value, str | int)
        if sharable and (type(value), value) in self._shared:
            return self._shared[type(value), value]
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = to_value(value)
        if sharable:
            self._shared[type(value), value] = placeholder
        return placeholder

    def condition(self, condition: Condition) -> str:
        """The condition as DynamoDB writes it; see condition.holds for what it means."""
        match condition:
            case Compare(path, operator, value):
                wanted = list(value) if isinstance(value, tuple) else value
                return f"{self.path(path)} {operator} {self.value(wanted)}"
            case Exists(path):
                return f"attribute_exists({self.path(path)})"
            case Missing(path):
                return f"attribute_not_exists({self.path(path)})"
            case All(parts):
                return " AND ".join(f"({self.condition(part)})" for part in parts)
            case Any_(parts):
                return " OR ".join(f"({self.condition(part)})" for part in parts)
            case _ as never:
                assert_never(never)

    def update(self, update: Update) -> str:
        """The update expression. `add` is written as SET, because ADD is documented for top-level attributes only."""
        assignments = [f"{self.path(path)} = {self.value(value)}" for path, value in update.set.items()]
        for path, step in update.add.items():
            name = self.path(path)
            assignments.append(f"{name} = if_not_exists({name}, {self.value(0)}) + {self.value(step)}")
        clauses = [f"SET {', '.join(assignments)}"] if assignments else []
        if update.remove:
            clauses.append(f"REMOVE {', '.join(self.path(path) for path in update.remove)}")
        return " ".join(clauses)

    def placeholders(self) -> Wire:
        """The request members that explain the placeholders; empty ones are left out, as DynamoDB demands."""
        names = {placeholder: name for name, placeholder in self._placeholder_of.items()}
        found = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self._values}
        return {name: content for name, content in found.items() if content}


def transact_item(write: Write, table_name: str) -> Wire:
    """One action of TransactWriteItems, which hands the old item back when its condition fails."""
    action = "ConditionCheck" if isinstance(write, Check) else type(write).__name__
    return {action: write_request(write, table_name)}


def write_request(write: Write, table_name: str) -> Wire:
    """The members of a write alone, which hands the old item back when its condition fails."""
    expression = Expression()
    body: Wire = {"TableName": table_name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if isinstance(write, Put):
        body["Item"] = to_item({**write.item, **write.key.attributes()})
    else:
        body["Key"] = to_item(write.key.attributes())
    if isinstance(write, Update):
        body["UpdateExpression"] = expression.update(write)
    if write.condition is not None:
        body["ConditionExpression"] = expression.condition(write.condition)
    return body | expression.placeholders()


def query_request(query: Query, table_name: str) -> Wire:
    """The members of a Query request; consistent on the table, as an index cannot be."""
    expression = Expression()
    prefix = "" if query.index is None else f"{query.index.value}_"
    pk, sk = ("PK", "SK") if not prefix else (f"{prefix}pk", f"{prefix}sk")
    text = f"{expression.path(pk)} = {expression.value(query.pk)}"
    match query.sk:
        case Prefix(start):
            text += f" AND begins_with({expression.path(sk)}, {expression.value(start)})"
        case Between(low, high):
            name = expression.path(sk)
            text += f" AND {name} BETWEEN {expression.value(low)} AND {expression.value(high)}"
    request: Wire = {"TableName": table_name, "KeyConditionExpression": text, **expression.placeholders()}
    request["ScanIndexForward"] = not query.descending
    if query.index is None:
        request["ConsistentRead"] = True
    else:
        request["IndexName"] = query.index.value
    if query.limit is not None:
        request["Limit"] = query.limit
    if query.start_after is not None:
        request["ExclusiveStartKey"] = to_item(query.start_after)
    return request
