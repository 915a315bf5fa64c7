"""Numbers of things in the sentences of the command line."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from typing import Final

from hotline_local.counts import count_things
from hotline_local.launcher.paths import ROOT
from tests.support.sweeps import sweep

FOLDERS: Final = ("local/hotline_local/commands", "local/hotline_local/scenarios")
PLURAL: Final = re.compile(r" ([a-z]{2,}(?<!s)s)\b(?! of )")
VERBS: Final = frozenset({"is", "has", "asks", "says", "serves", "holds", "takes", "runs", "was", "belongs"})
MANY: Final = {
    "calls that showed a number.": "of all calls",
    "facts sent.": "of all facts",
    "turns.": "of all turns",
    "days back)": "a constant",
    "days up to --to": "a constant",
    "columns ": "two at least",
    "inputs, on the line ": "a column of a table",
    "blocks ": "a column of a table",
    "times": "two at least",
}
"""Plurals that are right for any number, each with the reason."""


def plurals() -> Iterator[str]:
    """The plural nouns that follow a value in a text, from there to its end or to the next value."""
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                values = node.values if isinstance(node, ast.JoinedStr) else []
                for value, text in itertools.pairwise(values):
                    if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                        found = PLURAL.match(str(text.value))
                        if found is not None and found[1] not in VERBS:
                            yield str(text.value)[1:]


@sweep(("number", "said"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (1200, "1,200 calls")])
def test_one_thing_is_said_in_the_singular(number: int, said: str) -> None:
    assert count_things(number, "call") == said


def test_a_plural_may_be_more_than_an_s() -> None:
    assert [count_things(number, "line was", "lines were") for number in (1, 2)] == ["1 line was", "2 lines were"]


def test_no_command_says_a_plural_after_a_number_that_may_be_one() -> None:
    assert sorted(set(plurals())) == sorted(MANY)
