"""Tests by their name, for documents and lists that say which test shows something: the test must exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@cache
def tests_in(path: str) -> frozenset[str]:
    """The names of the tests in a file, given from the root of the project; none when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def is_test(name: str) -> bool:
    """Whether `tests/folder/test_file.py::test_name` is a test that there is."""
    path, _, test = name.partition("::")
    return path.startswith("tests/") and test in tests_in(path)
