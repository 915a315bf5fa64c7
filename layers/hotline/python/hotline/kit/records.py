"""Records that a step makes often: frozen dataclasses with slots, made and copied by quicker code.

For each field of a frozen class, the `__init__` of `dataclasses` looks for `object.__setattr__`, which looks for the
field. Its `__replace__` goes through a description of all fields. The methods here are bound to the slots once. A
record refuses changes as before, and compares, prints and lists its fields as `dataclasses` makes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from .precompiled import RUNNER

_ABSENT: Final = object()
"""Stands for an argument that was not given."""


def quick[Record](cls: type[Record]) -> type[Record]:
    """Give a frozen dataclass with slots its quicker `__init__` and `__replace__`, the method of `copy.replace`; a
    decorator above `dataclass`. Raises TypeError for a class with a field that `__init__` does not take."""
    # A dataclass, since the decorator below made it one. `__init__` takes those without a place last.
    fields = sorted(dataclasses.fields(cls), key=lambda field: bool(field.kw_only))  # type: ignore[arg-type]
    names: dict[str, Any] = {"__name__": cls.__module__, "_absent": _ABSENT}
    for field in fields:
        if not field.init:
            raise TypeError(f"{cls.__name__}.{field.name} is no argument")
        names[f"_set_{field.name}"] = getattr(cls, field.name).__set__
        names[f"_default_{field.name}"] = field.default
        names[f"_make_{field.name}"] = field.default_factory
    found: dict[str, Any] = {}
    # As `dataclasses` runs a text of its own, so that the build compiles this one ahead as well.
    run = getattr(dataclasses, RUNNER, exec)
    run(_write_init(cls, fields) + _write_replace(fields), names, found)
    for name, method in found.items():
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        method.__annotations__ = getattr(cls, name).__annotations__
        setattr(cls, name, method)
    return cls


def _write_init(cls: type, fields: Sequence[dataclasses.Field[Any]]) -> str:
    arguments, lines = ["self"], []
    for field in fields:
        name, value = field.name, field.name
        if field.kw_only and "*" not in arguments:
            arguments.append("*")
        if field.default_factory is not dataclasses.MISSING:
            name, value = f"{name}=_absent", f"_make_{name}() if {name} is _absent else {name}"
        elif field.default is not dataclasses.MISSING:
            name = f"{name}=_default_{name}"
        arguments.append(name)
        lines.append(f" _set_{field.name}(self, {value})\n")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()\n")
    return f"def __init__({', '.join(arguments)}):\n{''.join(lines)}"


def _write_replace(fields: Sequence[dataclasses.Field[Any]]) -> str:
    arguments = ", ".join(f"{field.name}=_absent" for field in fields)
    values = ", ".join(
        f"{f'{field.name}=' if field.kw_only else ''}self.{field.name} if {field.name} is _absent else {field.name}"
        for field in fields
    )
    return f"def __replace__(self, /, *, {arguments}):\n return self.__class__({values})\n"
