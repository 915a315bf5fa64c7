"""Conditions on stored items, as data.

One object has three uses. It is rendered to a DynamoDB condition expression (kit.dynamodb), and evaluated by the
in-memory store. It is evaluated again on the item that a failed transaction hands back, to learn which of several
conditions failed. Comparisons mean what they mean in DynamoDB: with another type or with nothing, only `<>` is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hotline.kit.records import quick

Item = dict[str, Any]
Operator = Literal["=", "<>", "<", "<=", ">", ">="]
type Value = str | int | bool | tuple[str, ...]
_ABSENT = object()


@quick
@dataclass(frozen=True, slots=True)
class Compare:
    """`path` (dots step into maps) compared with a value; a tuple stands for a list of texts. Raises ValueError for a
    boolean or a list that is to be ordered."""

    path: str
    operator: Operator
    value: Value

    def __post_init__(self) -> None:
        if isinstance(self.value, bool | tuple) and self.operator not in ("=", "<>"):
            raise ValueError("a boolean or a list has no order")


@dataclass(frozen=True, slots=True)
class Exists:
    """The item has something at `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The item has nothing at `path`; true of an item that does not exist."""

    path: str


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is. Raises ValueError without parts: DynamoDB has no way to write that."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _refuse_none(self.conditions)


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - Any is typing's
    """True when one part is. Raises ValueError without parts: DynamoDB has no way to write that."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        _refuse_none(self.conditions)


type Condition = Compare | Exists | Missing | All | Any_

NEW = Missing("PK")
"""The item must not exist yet."""
PRESENT = Exists("PK")
"""The item must exist."""


def equals(path: str, value: Value) -> Compare:
    """`path` has exactly this value; a list has these texts in this order."""
    return Compare(path, "=", value)


def all_of(*conditions: Condition) -> Condition:
    """All of one or more conditions."""
    return conditions[0] if len(conditions) == 1 else All(conditions)


def any_of(*conditions: Condition) -> Condition:
    """One of one or more conditions."""
    return conditions[0] if len(conditions) == 1 else Any_(conditions)


def holds(condition: Condition, item: Mapping[str, Any] | None) -> bool:
    """Whether the condition is true of the item; None stands for an item that does not exist."""
    match condition:
        case All(conditions):
            return all(holds(part, item) for part in conditions)
        case Any_(conditions):
            return any(holds(part, item) for part in conditions)
        case Exists(path):
            return _value(item, path) is not _ABSENT
        case Missing(path):
            return _value(item, path) is _ABSENT
        case Compare(path, operator, wanted):
            return _compare(_value(item, path), operator, wanted)


def _refuse_none(conditions: tuple[Condition, ...]) -> None:
    if not conditions:
        raise ValueError("a condition without parts")


def _value(item: Mapping[str, Any] | None, path: str) -> Any:
    found: Any = item if item is not None else {}
    for step in path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return _ABSENT
        found = found[step]
    return found


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, list):
        return "L"
    return "N" if isinstance(value, int) else "S" if isinstance(value, str) else "other"


def _compare(found: Any, operator: Operator, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        wanted = list(wanted)
    if _kind(found) != _kind(wanted):
        return operator == "<>"
    match operator:
        case "=":
            return bool(found == wanted)
        case "<>":
            return bool(found != wanted)
        case "<":
            return bool(found < wanted)
        case "<=":
            return bool(found <= wanted)
        case ">":
            return bool(found > wanted)
        case ">=":
            return bool(found >= wanted)
