"""docs/architecture.md is true: its rooms are those of the code, and its table names every item and every writer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from hotline_local.launcher.paths import ROOT
from tests.support.documents import read_table
from tests.support.import_contracts import ROOMS
from tests.support.sweeps import sweep

ROOM_FOLDER: Final = "layers/hotline/python/hotline"
PAGE: Final = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
SECURITY: Final = (ROOT / "docs/security.md").read_text(encoding="utf-8")
QUOTED: Final = re.compile(r"`([^`]+)`")
WRITE: Final = re.compile(
    r"\b(?:change|self)\.(?:create|replace|replace_if_changed|put|update|delete|count)\(|\b(?:Put|Update)\("
)
"""A write of a Change, or one that goes to the store by itself."""
DELETES_STATE: Final = "erasure/service.py"
"""Deletes whatever belongs to a customer, and is therefore no writer of each single item."""
TABLE: Final = read_table(PAGE, "Key")


def quoted(cell: str) -> list[str]:
    return QUOTED.findall(cell)


@cache
def source(name: str) -> str:
    """The text of a module as the page names it: from its room, or from `functions/`."""
    root = ROOT if name.startswith("functions/") else ROOT / ROOM_FOLDER
    return (root / name).read_text(encoding="utf-8")


@cache
def names_in(name: str) -> frozenset[str]:
    """The functions, classes and constants of a module."""
    nodes = ast.parse(source(name)).body
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = (node.target for node in nodes if isinstance(node, ast.AnnAssign))
    return frozenset(defined | {target.id for target in targets if isinstance(target, ast.Name)})


def is_linked(form: str, writer: str) -> bool:
    """Whether the writer uses a name of the form's module, or the form's module imports the writer."""
    if form == writer:
        return True
    used = set(re.findall(r"\w+", source(writer)))
    return bool(names_in(form) & used) or writer.removesuffix(".py").rpartition("/")[2] in source(form)


def written_in() -> set[str]:
    """Every module of the rooms and doors that writes an item, as the page names it."""
    rooms, doors = ROOT / ROOM_FOLDER, ROOT / "functions"
    found = {str(path.relative_to(rooms)) for path in rooms.rglob("*.py")}
    found |= {str(path.relative_to(ROOT)) for path in doors.rglob("*.py")}
    return {name for name in found if WRITE.search(source(name)) and not name.startswith("kit/store/")}


def test_the_rooms_are_those_of_the_code_in_their_order() -> None:
    assert [quoted(row["Room"])[0] for row in read_table(PAGE, "Room | Does")] == list(ROOMS)


def test_the_items_are_those_whose_end_is_documented() -> None:
    told = [" ".join(quoted(row["Key"])) for row in TABLE]
    assert sorted(told) == sorted({" ".join(quoted(row["Key"])) for row in read_table(SECURITY, "What")})
    assert len(set(told)) == len(told)


@sweep("row", TABLE)
def test_the_form_has_the_parts_of_the_key_and_each_writer_writes_by_it(row: dict[str, str]) -> None:
    (form,), writers = quoted(row["Form"]), quoted(row["Writers"])
    text = "".join(map(source, (form, *writers)))
    first, *_ = parts = [part.strip("#") for part in quoted(row["Key"])]
    assert [part for part in parts if part not in text] == []
    assert first in source(form) or "account_pk" in source(form)
    for writer in writers:
        assert WRITE.search(source(writer)), f"{writer} writes nothing"
        assert is_linked(form, writer), f"{writer} does not know {form}"


def home_of(module: str) -> str:
    """The room of a module, or `door`."""
    return module.partition("/")[0].replace("functions", "door")


@sweep("row", TABLE)
def test_the_rooms_of_an_item_are_those_of_its_modules(row: dict[str, str]) -> None:
    rooms, writers = set(row["Room"].split(", ")), {home_of(writer) for writer in quoted(row["Writers"])}
    assert rooms <= writers | {home_of(quoted(row["Form"])[0])}
    assert writers <= rooms | {"kit"}


def test_every_module_that_writes_is_a_writer_of_some_item() -> None:
    told = {writer for row in TABLE for writer in quoted(row["Writers"])}
    assert written_in() - {DELETES_STATE} <= told
    assert told <= written_in()


@sweep("row", read_table(PAGE, "Question"))
def test_each_name_in_a_place_to_look_stands_in_a_file_of_that_place(row: dict[str, str]) -> None:
    paths = [name for name in quoted(row["Place"]) if "/" in name and not name.endswith("/")]
    folders = (ROOT, ROOT / ROOM_FOLDER)
    text = "".join(
        path.read_text(encoding="utf-8") for name in paths for folder in folders for path in files(folder, name)
    )
    missing = [name for name in quoted(row["Place"]) if name.isidentifier() and not re.search(rf"\b{name}\b", text)]
    assert missing == []


def files(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in folder.glob(pattern) if path.is_file())


def test_the_picture_of_deadlines_has_every_room_with_a_duty() -> None:
    found = re.search(r"duty_at of ([^\"]+)", PAGE)
    assert found is not None
    module = ast.parse((ROOT / "functions/deadlines/work.py").read_text(encoding="utf-8"))
    [rooms] = [
        node.value for node in module.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_ROOMS"
    ]
    with_duty = set(re.findall(r"(\w+)\.\w*duty_at", ast.unparse(rooms)))  # type: ignore[arg-type]  # it has a value
    assert set(re.findall(r"\w+", found[1].replace("<br>", " "))) == with_duty
