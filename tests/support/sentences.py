"""The sentences that the project writes, each with its place: docstrings, comments and texts of code, and pages."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotline_local.launcher.paths import ROOT

_WITH_DOCSTRING: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_ASSIGNMENT: Final = (ast.Assign, ast.AnnAssign, ast.TypeAlias)
_PARAGRAPH: Final = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])[\"'”’)*_`]*\s+")
_DIRECTIVE: Final = re.compile(r"(?:noqa|type: ignore|fmt:|pragma)\S*(?: [A-Z0-9, ]+)?(?: - )?")
_FENCE: Final = re.compile(r"^\s*```.*?^\s*```", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_HEADING: Final = re.compile(r"^#+ .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it begins."""

    place: str
    text: str

    @property
    def words(self) -> int:
        """How many words it has, counted at spaces."""
        return len(self.text.split())

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def split_sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text with paragraphs and list items. Indented blocks are code, and have no sentence."""
    for paragraph in _PARAGRAPH.split(inspect.cleandoc(text)):
        if not all(line.startswith("    ") for line in paragraph.split("\n")):
            yield from filter(None, _SENTENCE_END.split(" ".join(paragraph.split())))


def _with_statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module and its statements, inner ones too. Expressions, most of a tree, hold no statement."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            left += getattr(node, name, ())


def docstrings(file: Path) -> Iterator[Sentence]:
    """Yield the sentences of the docstrings of a Python file, those below an attribute included."""
    for node in _with_statements(ast.parse(file.read_text(encoding="utf-8"))):
        body = getattr(node, "body", None)
        statements = body if isinstance(body, list) else []
        for before, statement in zip([None, *statements], statements, strict=False):
            documents = isinstance(node, _WITH_DOCSTRING) if before is None else isinstance(before, _ASSIGNMENT)
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))) if documents:
                    yield from _located(file, statement.lineno, text)


def comments(file: Path) -> Iterator[Sentence]:
    """Yield the sentences of the comments of a Python file. Comments on lines that follow each other are one text."""
    block: list[str] = []
    start = end = (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = _DIRECTIVE.sub("", token.string.removeprefix("#").strip(), count=1).strip("- ")
        if not text or token.start != (end[0] + 1, end[1]):
            yield from _located(file, start[0], " ".join(block))
            block, start = [], token.start
        block.append(text)
        end = token.start
    yield from _located(file, start[0], " ".join(block))


def texts(file: Path) -> Iterator[Sentence]:
    """Yield the sentences of the strings of a Python file that are no docstrings: messages, titles, help."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield from _located(file, node.lineno, node.value)


def page_sentences(file: Path) -> Iterator[Sentence]:
    """Yield the whole sentences of a Markdown page, in paragraphs, lists and cells; code and headings have none."""
    page = _HEADING.sub("", _LINK.sub(r"\1", _FENCE.sub("", file.read_text(encoding="utf-8"))))
    for paragraph in _PARAGRAPH.split(page):
        for part in paragraph.split("|") if paragraph.lstrip().startswith("|") else [paragraph]:
            for sentence in split_sentences(part):
                if sentence.endswith((".", ":", "!", "?")):
                    yield Sentence(file.relative_to(ROOT).as_posix(), sentence)


def _located(file: Path, line: int, text: str) -> Iterator[Sentence]:
    place = f"{file.relative_to(ROOT).as_posix()}:{line}"
    return (Sentence(place, sentence) for sentence in split_sentences(text))
