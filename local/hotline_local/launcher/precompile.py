"""Compiles ahead of time what a start would compile: `python -m hotline_local.launcher.precompile FOLDER ..`.

FOLDER is the package `hotline` or `functions` of an artefact, or, with --packages, the folder of these packages. Those
that are named by --others are imported too: what they compile is kept beside what the package compiles.
hotline.kit.precompiled reads what is written here.
"""

from __future__ import annotations

import argparse
import dataclasses
import marshal
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module, reload
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from hotline.kit.precompiled import (
    COMPILER,
    FILE_NAME,
    INIT,
    LENGTH_BYTES,
    PYTHON,
    RUNNER,
    compile_text,
    engine,
    pattern_compiler,
    pattern_text,
    text_key,
)

PYC_HEADER_BYTES: Final = 16
"""PEP 552."""


@dataclass
class Compiled:
    """Code in marshal's form: bytecode by the module's name, methods and patterns by their text."""

    modules: dict[str, bytes] = field(default_factory=dict)
    methods: dict[str, bytes] = field(default_factory=dict)
    patterns: dict[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the folder's file. Of two texts with one key the first is kept."""
        entries: list[bytes] = []
        end = 0

        def put(entry: bytes) -> tuple[int, int]:
            nonlocal end
            entries.append(entry)
            end += len(entry)
            return end - len(entry), len(entry)

        def put_texts(texts: Mapping[str, bytes]) -> dict[int, tuple[int, int]]:
            first = {text_key(text): text for text in sorted(texts, reverse=True)}
            return {key: put(texts[text]) for key, text in sorted(first.items())}

        index = marshal.dumps(
            {
                "python": PYTHON,
                "engine": engine.MAGIC,
                "modules": {name: put(self.modules[name]) for name in sorted(self.modules)},
                "methods": put_texts(self.methods),
                "patterns": put_texts(self.patterns),
                "length": end,
            }
        )
        folder = folder / "__pycache__"
        folder.mkdir(exist_ok=True)
        (folder / FILE_NAME).write_bytes(b"".join([len(index).to_bytes(LENGTH_BYTES), index, *entries]))


def compile_package(package: Path, others: Sequence[str] = ()) -> Compiled:
    """The package's bytecode, and what its modules and others compile when they are imported. The package's are not yet
    imported in this process. A module that needs a package which is not installed is left out. Others that this process
    has imported for itself are executed again."""
    modules = [*modules_of(package, package.parent), *others]
    compiled = Compiled()
    with _record(compiled, {name.partition(".")[0] for name in modules}):
        for module in modules:
            try:
                known = sys.modules.get(module) if module in others else None
                reload(known) if known else import_module(module.removesuffix(INIT))
            except ModuleNotFoundError as error:
                if str(error.name).partition(".")[0] == package.name:
                    raise
    compiled.modules = read_bytecode(package, package.parent)
    return compiled


def read_bytecode(package: Path, root: Path) -> dict[str, bytes]:
    """The bytecode that this Python has of a package, or of one module, below a root of imports."""
    known: dict[str, bytes] = {}
    for name, path in modules_of(package, root).items():
        file = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        code = file.read_bytes() if file.exists() else b""
        if code.startswith(PYTHON):
            known[name] = code[PYC_HEADER_BYTES:]
    return known


def modules_of(package: Path, root: Path) -> dict[str, Path]:
    """The modules by their names, of packages without an __init__.py as well."""
    found = sorted(package.rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]
    return {".".join(path.relative_to(root).with_suffix("").parts): path for path in found}


@contextmanager
def _record(compiled: Compiled, kept: set[str]) -> Iterator[None]:
    """Keep the methods of these packages' classes, and all patterns: those of the standard library count as well."""
    compile_pattern = getattr(pattern_compiler, COMPILER)
    made: tuple[Any, ...] = ()

    def run(text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        code = compile_text(text)
        if str(names.get("__name__")).partition(".")[0] in kept:
            compiled.methods[text] = marshal.dumps((text, code))
        exec(code, names, found)  # noqa: S102 - as dataclasses does

    def note_and_compile(pattern: object, flags: int, code: list[int], *groups: Any) -> object:
        nonlocal made
        # Some of the numbers have names, which marshal does not know.
        made = int(flags), [int(each) for each in code], *groups
        return engine.compile(pattern, flags, code, *groups)

    def compile_and_keep(pattern: object, flags: int = 0) -> object:
        result = compile_pattern(pattern, flags)
        if isinstance(pattern, str | bytes):
            text = pattern_text(pattern, flags)
            compiled.patterns[text] = marshal.dumps((text, made))
        return result

    re.purge()
    setattr(dataclasses, RUNNER, run)
    setattr(pattern_compiler, COMPILER, compile_and_keep)
    setattr(pattern_compiler, engine.__name__, SimpleNamespace(**vars(engine) | {"compile": note_and_compile}))
    try:
        yield
    finally:
        delattr(dataclasses, RUNNER)
        setattr(pattern_compiler, COMPILER, compile_pattern)
        setattr(pattern_compiler, engine.__name__, engine)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", nargs="*", default=())
    parser.add_argument("--others", nargs="*", default=())
    given = parser.parse_args()
    if given.packages:
        parts = [read_bytecode(given.folder / name, given.folder) for name in given.packages]
        compiled = Compiled({name: code for part in parts for name, code in part.items()})
    else:
        compiled = compile_package(given.folder, given.others)
    compiled.write(given.folder)


if __name__ == "__main__":
    main()
