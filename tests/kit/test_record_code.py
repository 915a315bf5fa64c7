"""The compiled methods of dataclasses: written by the build, taken by their text, and never for another class."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotline.kit.record_code import FILE_NAME
from hotline_local.launcher.paths import ROOT

RECORDS = """
from dataclasses import dataclass, field

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    more: list[int] = field(default_factory=list)
"""
WRITE = """
import sys
from pathlib import Path
from hotline_local.launcher.record_code import write_compiled
print(write_compiled(Path(sys.argv[1])))
"""
USE = """
import builtins, sys
texts = []
run = builtins.exec
def noted(code, *names):
    if isinstance(code, str):
        texts.append(code)
    run(code, *names)
builtins.exec = noted
from hotline.kit.record_code import use_compiled
use_compiled(sys.argv[1])
from shapes.points import Point
assert Point(1) == Point(1, 2, []), Point(1)
assert repr(Point(1)) == "Point(x=1, y=2, more=[])"
assert hash(Point.__init__) and Point.__init__.__qualname__ == "Point.__init__"
try:
    Point(1).x = 2
except AttributeError:
    print(len(texts))
"""
"""Prints how many texts of dataclasses were compiled; fails where the class is not as it should be."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "shapes"
    folder.mkdir()
    (folder / "points.py").write_text(RECORDS, encoding="utf-8")
    return folder


def run(code: str, package: Path, *more: str) -> str:
    path = ":".join([str(package.parent), str(ROOT / "local"), str(ROOT / "layers/hotline/python")])
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(package), *more],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_methods_come_from_the_file_and_are_those_of_the_class(package: Path) -> None:
    assert run(USE, package) == "1"
    assert int(run(WRITE, package)) >= 1
    assert run(USE, package) == "0"


def test_a_class_that_has_changed_since_is_compiled_anew(package: Path) -> None:
    run(WRITE, package)
    (package / "points.py").write_text(RECORDS + "    other: int = 3\n", encoding="utf-8")
    code = USE.replace("more=[])", "more=[], other=3)")
    assert run(code, package) == "1"


def test_a_module_that_needs_a_package_of_others_is_left_out_and_one_of_our_own_is_not(package: Path) -> None:
    (package / "points.py").write_text("import no_such_package\n", encoding="utf-8")
    assert run(WRITE, package) == "0"
    assert (package / "__pycache__" / FILE_NAME).exists()
    (package / "points.py").write_text("import shapes.nothing\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="shapes"):
        run(WRITE, package)
