"""A DynamoDB that keeps what it is given and finds it by its key, in a process of its own on loopback.

It looks at no condition and bills nothing: a client that sends it facts pays for its own work alone. It reads the
expressions that the hotline writes, and no others.
`python -m benchmarks.stub_tables` listens on a free port of loopback, and prints it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from benchmarks.stub_server import listen

_COUNTED: Final = re.compile(r"if_not_exists\(.+?, :\w+\) \+ (:\w+)")
_BETWEEN_ASSIGNMENTS: Final = re.compile(r", (?=#[\w.#]+ = )")

type _Wire = dict[str, Any]


class Tables:
    """Items by table and key."""

    def __init__(self) -> None:
        self._items: dict[str, dict[tuple[str, str], _Wire]] = defaultdict(dict)
        self._lock = Lock()

    def answer(self, operation: str, request: Mapping[str, Any]) -> _Wire:
        """The answer to one request."""
        with self._lock:
            match operation:
                case "BatchGetItem":
                    asked = request["RequestItems"].items()
                    rows = {name: self._find(name, wanted["Keys"]) for name, wanted in asked}
                    return {"Responses": rows, "UnprocessedKeys": {}}
                case "TransactWriteItems":
                    for action in request["TransactItems"]:
                        for kind, body in action.items():
                            self._write(kind, body)
                    return {}
                case "BatchWriteItem":
                    for name, some in request["RequestItems"].items():
                        for one in some:
                            self._write("Put", {"TableName": name, "Item": one["PutRequest"]["Item"]})
                    return {"UnprocessedItems": {}}
                case "PutItem" | "UpdateItem":
                    return {"Attributes": self._write(operation.removesuffix("Item"), request)}
        raise ValueError(operation)

    def _find(self, name: str, keys: list[_Wire]) -> list[_Wire]:
        held = self._items[name]
        return [held[key] for key in map(_key, keys) if key in held]

    def _write(self, kind: str, body: Mapping[str, Any]) -> _Wire:
        held = self._items[body["TableName"]]
        if kind == "Put":
            held[_key(body["Item"])] = body["Item"]
        elif kind == "Delete":
            held.pop(_key(body["Key"]), None)
        elif kind == "Update":
            item = held.setdefault(_key(body["Key"]), dict(body["Key"]))
            _update(item, body)
            return item
        return {}


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["PK"]["S"], item.get("SK", {"S": ""})["S"]


def _update(item: _Wire, body: Mapping[str, Any]) -> None:
    names, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
    setting, _, removing = body["UpdateExpression"].partition("REMOVE ")
    for text in _BETWEEN_ASSIGNMENTS.split(setting.removeprefix("SET ").strip()) if setting.strip() else ():
        path, _, value = text.partition(" = ")
        held, name = _step(item, path, names)
        if counted := _COUNTED.fullmatch(value):
            before = int(held.get(name, {"N": "0"})["N"])
            held[name] = {"N": str(before + int(values[counted[1]]["N"]))}
        else:
            held[name] = values[value]
    for path in removing.split(", ") if removing else ():
        held, name = _step(item, path.strip(), names)
        held.pop(name, None)


def _step(item: _Wire, path: str, names: Mapping[str, str]) -> tuple[_Wire, str]:
    """The map that holds the last part of a path, and that part."""
    *maps, last = (names[part] for part in path.split("."))
    for name in maps:
        item = item[name]["M"]
    return item, last


def main() -> None:
    """Listen until the process is ended."""
    tables = Tables()

    def answer(operation: str, body: bytes) -> bytes:
        told = json.dumps(tables.answer(operation, json.loads(body))).encode()
        start = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(told)}\r\n\r\n"
        return start.encode() + told

    listen(answer)


if __name__ == "__main__":
    main()
