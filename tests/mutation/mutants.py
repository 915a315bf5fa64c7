"""The places at which a rule can be changed, and what the change makes of it."""

from __future__ import annotations

import ast
import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeGuard

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.operators import operators
from tests.mutation.rules import ROOM, Members, Rule

ROOT: Final = Path(__file__).resolve().parents[2]
EQUIVALENTS: Final = Path(__file__).with_name("equivalents.toml")
DETECTORS: Final = "security/detectors/"
WORDS_OF_ERRORS: Final = ("ValueError", "TypeError", "RuntimeError")
"""Raised for bugs alone: their words are for whoever reads a traceback."""

type Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a rule where an operator can change something: the operator's how-manieth place in the file."""

    rule: Rule
    operator: str
    occurrence: int
    line: int
    at_top: bool
    """In a table or limit of the module itself, rather than in a function."""


@dataclass(frozen=True, slots=True)
class Change:
    """The changed source of the file, and its lines before and after."""

    source: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A change that means the same: the file, its lines before and after, and why nobody can notice it."""

    file: str
    before: str
    after: str
    reason: str


def read_equivalents() -> tuple[Equivalent, ...]:
    """The list of changes that mean the same."""
    listed = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    return tuple(Equivalent(**entry) for entry in listed)


def find_detectors(rule: Rule) -> frozenset[str] | None:
    """The files of detectors, without their ending, that a change of the rule may change: its own, and those that
    import it. None: a change may change any."""
    if not rule.file.startswith(DETECTORS):
        return None
    imports = _read_imports()
    found = {Path(rule.file).stem}
    while more := {name for name, imported in imports.items() if imported & found} - found:
        found |= more
    return frozenset(found)


@cache
def _read_imports() -> dict[str, set[str]]:
    """By each file of the folder of detectors those that it imports from there."""
    files = sorted((ROOT / ROOM / DETECTORS).glob("*.py"))
    modules = {file.stem: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    return {
        name: {
            imported
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and node.level == 1
            for imported in ([node.module] if node.module else [alias.name for alias in node.names])
        }
        for name, module in modules.items()
    }


def find_sites(rule: Rule, members: Members) -> Iterator[Site]:
    """Every place at which the rule can be changed."""
    source = _read(rule)
    untouched, functions = _ranges(source)
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators(members).items():
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            if not _is_within(start, untouched):
                yield Site(rule, name, occurrence, start[0], at_top=not _is_within(start, functions))


def make_change(site: Site, members: Members) -> Change | None:
    """The change that the operator makes to the rule there. None when the result is the same program, or no program at
    all."""
    source = _read(site.rule)
    changed = mutate_code(source, operators(members)[site.operator], site.occurrence)
    if changed is None:
        return None
    try:
        if ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source)):
            return None
    except SyntaxError:
        return None
    _, _, *lines = difflib.unified_diff(source.splitlines(), changed.splitlines(), n=0, lineterm="")
    before, after = ("\n".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return Change(changed, before, after)


def _read(rule: Rule) -> str:
    return (ROOT / rule.path).read_text(encoding="utf-8")


@cache
def _ranges(source: str) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """The ranges that are not changed, since no program depends on them; and the ranges of functions."""
    lines = source.splitlines()
    module = ast.parse(source)
    untouched = [_range(node, lines) for node in _for_examples_alone(module)]
    functions: list[Range] = []
    # A table that is a field's default is a table, as the limits of a rule are.
    defaults = {id(node.value) for node in ast.walk(module) if _is_factory(node)}
    for node in ast.walk(module):
        untouched += [_range(part, lines) for part in _untouched(node)]
        if isinstance(node, ast.FunctionDef | ast.Lambda) and id(node) not in defaults:
            functions.append(_range(node, lines))
    return tuple(untouched), tuple(functions)


def _untouched(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """The parts of a node that are never run, or are words for programmers alone. They are imports, annotations,
    decorators, docstrings, the words of errors for bugs, a detector's own test cases and its instructions for
    people."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.TypeAlias():
            yield node
        case ast.Expr(value=ast.Constant(value=str())):
            yield node
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            yield node
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name))) if name in WORDS_OF_ERRORS:
            yield node
        case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation):
            yield annotation
        case ast.keyword(arg="runbook" | "examples", value=value):
            yield value
        case ast.FunctionDef(decorator_list=decorators, returns=returns):
            yield from decorators
            if returns is not None:
                yield returns
        case ast.ClassDef(decorator_list=decorators):
            yield from decorators


def _is_factory(node: ast.AST) -> TypeGuard[ast.keyword]:
    return isinstance(node, ast.keyword) and node.arg == "default_factory"


def _for_examples_alone(module: ast.Module) -> list[ast.stmt]:
    """The functions and tables of a detector that only its own test cases use: they are tests, and no rules."""
    named = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)} | {
        node.target.id: node
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    examples = [node for node in ast.walk(module) if isinstance(node, ast.keyword) and node.arg == "examples"]
    of_examples = {id(part) for node in examples for part in ast.walk(node)}
    found: dict[str, ast.stmt] = {}
    while True:
        inside = of_examples | {id(part) for node in found.values() for part in ast.walk(node)}
        uses = [part for part in ast.walk(module) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)]
        elsewhere = {part.id for part in uses if id(part) not in inside}
        used = {part.id for part in uses if id(part) in inside}
        more = {name: node for name, node in named.items() if name in used - elsewhere and name not in found}
        if not examples or not more:
            return list(found.values())
        found |= more


def _range(node: Any, lines: Sequence[str]) -> Range:
    """The place of a node, in characters; Python counts columns in bytes."""
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    return (node.lineno, start), (end_line, len(lines[end_line - 1].encode()[:end_column].decode()))


def _is_within(position: tuple[int, int], ranges: Sequence[Range]) -> bool:
    return any(start <= position < end for start, end in ranges)
