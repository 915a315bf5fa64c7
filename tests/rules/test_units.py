"""A function's name stands for one unit of time, wherever it is defined."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import Final

from hotline_local.launcher.paths import ROOT

UNIT: Final = re.compile(r"(?:^|_)(ms|milliseconds|s|seconds|minutes|hours|days)$")
SPELT: Final = {"milliseconds": "ms", "seconds": "s"}
DEPLOYED: Final = ("layers/hotline/python", "functions")


def units_of(function: ast.FunctionDef) -> tuple[str, ...]:
    found = (UNIT.search(argument.arg) for argument in (*function.args.posonlyargs, *function.args.args))
    return tuple(SPELT.get(unit[1], unit[1]) for unit in found if unit)


def test_functions_of_one_name_take_times_in_one_unit() -> None:
    """A reader who knows one of two would give the other seconds for milliseconds, and no type tells them apart."""
    units: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for folder in DEPLOYED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for one in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and units_of(one):
                    units[one.name].add(units_of(one))
    assert ("s",) in units["instant_of"]
    assert {name: found for name, found in units.items() if len(found) > 1} == {}
