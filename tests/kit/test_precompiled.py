"""Code that the build compiles ahead: taken by its text or its module's name, and never for another."""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotline.kit.precompiled import FILE_NAME, LENGTH_BYTES, PYTHON
from hotline_local.launcher.paths import ROOT

POINTS = """
import re
from dataclasses import dataclass, field

NAME = re.compile("(?P<first>[a-z]+)-(?P<rest>[α-ω]+)", re.IGNORECASE)
BYTES = re.compile(b"[0-9]+")

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    more: list[int] = field(default_factory=list)
"""
WRITE = """
import compileall, sys
from pathlib import Path
from hotline_local.launcher.precompile import compile_package
folder = Path(sys.argv[1])
compileall.compile_dir(folder, quiet=1)
compiled = compile_package(folder)
compiled.write(folder)
print(len(compiled.modules), len(compiled.methods), len(compiled.patterns))
"""
USE = """
import builtins, inspect, os, re, sys, typing
texts, patterns = [], []
run, make, parse = builtins.exec, builtins.compile, re._parser.parse
def noted(code, *names):
    if isinstance(code, str):
        texts.append(code)
    run(code, *names)
def noted_compile(code, file, *how, **more):
    if file == "<string>":
        texts.append(code)
    return make(code, file, *how, **more)
def noted_parse(pattern, *how):
    if pattern in (r"(?P<first>[a-z]+)-(?P<rest>[α-ω]+)", b"[0-9]+", b"[0-9]{2}"):
        patterns.append(pattern)
    return parse(pattern, *how)
builtins.exec, builtins.compile, re._parser.parse = noted, noted_compile, noted_parse
from hotline.kit.precompiled import use_precompiled
folder = sys.argv[1]
use_precompiled((folder, os.path.dirname(folder)))
import shapes.inner.points as points
from shapes.inner.points import BYTES, NAME, Point
assert Point(1) == Point(1, 2, []), Point(1)
assert repr(Point(1)) == "Point(x=1, y=2, more=[])"
assert hash(Point.__init__) and Point.__init__.__qualname__ == "Point.__init__"
hints = typing.get_type_hints(Point.__init__)
assert (hints["x"], hints["more"], hints["return"]) == (int, list[int], type(None)), hints
try:
    Point(1).x = 2
except AttributeError:
    pass
else:
    raise AssertionError
assert NAME.fullmatch("Ab-Γδ").groupdict() == {"first": "Ab", "rest": "Γδ"}
assert (NAME.pattern, NAME.flags) == ("(?P<first>[a-z]+)-(?P<rest>[α-ω]+)", re.IGNORECASE | re.UNICODE)
assert not NAME.fullmatch("Ab-cd") and BYTES.fullmatch(b"12")
print(len(texts), len(patterns), type(points.__loader__).__name__, points.__file__)
print(inspect.signature(Point), *(Point.__dict__[name].__annotations__ for name in ("__init__", "__eq__", "__repr__")))
import importlib, importlib.resources, shapes.inner
assert inspect.getsource(points).startswith("\\nimport re") and points.__package__ == "shapes.inner"
assert importlib.resources.files(shapes.inner).joinpath("words.txt").read_text() == "hello"
plain = importlib.machinery.PathFinder.find_spec("shapes.inner.points", shapes.inner.__path__)
ours = points.__spec__
assert (ours.name, ours.origin, ours.cached, ours.parent, ours.has_location) == (
    plain.name, plain.origin, plain.cached, plain.parent, plain.has_location)
package = importlib.machinery.PathFinder.find_spec("shapes.inner", [folder])
assert list(shapes.inner.__path__) == package.submodule_search_locations
assert shapes.inner.__spec__.cached == package.cached and shapes.inner.__file__ == package.origin
"""
"""Prints how many texts of dataclasses and patterns were compiled, and who loaded the module; then the signature and
annotations of the methods. Fails where something is not as it should be."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package without an __init__.py, as `functions` is, with one inside that has one."""
    folder = tmp_path / "shapes"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner/__init__.py").write_text("", encoding="utf-8")
    (folder / "inner/words.txt").write_text("hello", encoding="utf-8")
    (folder / "inner/points.py").write_text(POINTS, encoding="utf-8")
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


def test_methods_patterns_and_modules_come_from_the_file_and_are_what_python_would_make(package: Path) -> None:
    source = str(package / "inner/points.py")
    counts, signatures = run(USE, package).splitlines()
    assert counts.split() == ["1", "2", "SourceFileLoader", source]
    assert run(WRITE, package) == "2 1 2"
    counts, with_file = run(USE, package).splitlines()
    assert counts.split() == ["0", "0", "Loader", source]
    assert with_file == signatures


def test_a_class_and_a_pattern_that_are_not_in_the_file_are_compiled_as_ever(package: Path) -> None:
    code = WRITE.replace("compiled.write", "compiled.modules = {}; compiled.write")
    run(code, package)
    changed = POINTS.replace('b"[0-9]+"', 'b"[0-9]{2}"') + "    other: int = 3\n"
    (package / "inner/points.py").write_text(changed, encoding="utf-8")
    use = USE.replace("more=[])", "more=[], other=3)")
    assert run(use, package).split()[:3] == ["1", "1", "SourceFileLoader"]


def test_texts_with_one_key_are_told_apart(package: Path) -> None:
    one_key = "import hotline.kit.precompiled as kept\nkept.text_key = lambda text: 1\n"
    run(one_key + WRITE, package)
    (package / "inner/other.py").write_text(POINTS + "    other: int = 3\n", encoding="utf-8")
    use = USE.replace("shapes.inner.points", "shapes.inner.other").replace("more=[])", "more=[], other=3)")
    assert run(one_key + use, package).split()[:3] == ["1", "1", "SourceFileLoader"]


def test_patterns_of_another_engine_are_left_alone(package: Path) -> None:
    run(
        WRITE.replace(
            "compiled.write", "import hotline_local.launcher.precompile as p\np.engine.MAGIC = 1\ncompiled.write"
        ),
        package,
    )
    assert run(USE, package).split()[:3] == ["0", "2", "Loader"]


def test_without_a_file_that_can_be_read_everything_is_as_ever(package: Path) -> None:
    run(WRITE, package)
    file = package / "__pycache__" / FILE_NAME
    whole = file.read_bytes()
    index_end = LENGTH_BYTES + int.from_bytes(whole[:LENGTH_BYTES])
    index = marshal.loads(whole[LENGTH_BYTES:index_end])  # noqa: S302 - written by this test

    def with_index(index: Any) -> bytes:
        written = marshal.dumps(index)
        return len(written).to_bytes(LENGTH_BYTES) + written + whole[index_end:]

    spoilt = {
        "empty": b"",
        "within the length": whole[:3],
        "within the index": whole[: index_end - 20],
        "within the entries": whole[:-1],
        "a length beyond any file": b"\xff" * len(whole),
        "no marshal": whole[:LENGTH_BYTES] + b"?" * (len(whole) - LENGTH_BYTES),
        "no mapping": with_index([]),
        "a part of the index": with_index({"modules": index["modules"]}),
    }
    for name, text in spoilt.items():
        file.write_bytes(text)
        assert run(USE, package).split()[:3] == ["1", "2", "SourceFileLoader"], name
    file.write_bytes(with_index(index))
    assert run(USE, package).split()[:3] == ["0", "0", "Loader"]


def test_bytecode_of_another_python_is_never_loaded(package: Path) -> None:
    assert PYTHON == importlib.util.MAGIC_NUMBER
    other = "import hotline_local.launcher.precompile as p\np.PYTHON = b'none'\n"
    run(WRITE.replace("compiled.write", f"{other}compiled.write"), package)
    assert run(USE, package).split()[:3] == ["1", "0", "SourceFileLoader"]


def test_a_pyc_of_another_python_is_not_taken(package: Path) -> None:
    spoil = "[file.write_bytes(b'none' + file.read_bytes()[4:]) for file in folder.rglob('points.*.pyc')]\n"
    assert run(WRITE.replace("compiled =", f"{spoil}compiled ="), package) == "1 1 2"


def test_a_module_that_needs_a_package_of_others_is_left_out_and_one_of_our_own_is_not(package: Path) -> None:
    (package / "inner/points.py").write_text("import no_such_package\n", encoding="utf-8")
    assert run(WRITE, package) == "2 0 0"
    assert (package / "__pycache__" / FILE_NAME).exists()
    (package / "inner/points.py").write_text("import shapes.nothing\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="shapes"):
        run(WRITE, package)
