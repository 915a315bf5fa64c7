"""Code that the build has compiled for a start, and that Python would compile or look for in each new process.

Three things are kept in one file of a package, beside its bytecode (hotline_local.launcher.precompile writes it):

- The methods of dataclasses. `dataclasses` writes them as a text when a module is imported, and compiles that text.
- Regular expressions. `re` compiles a pattern, in Python, to the code of its engine.
- The bytecode of all modules. Python looks for each of some 400 in several folders, and opens a file for each.

The text itself tells a method or a pattern from others. Python compiles one that is not in the file, as it does
without us. It does so with all of them where there is no file, as in a checkout, or one that cannot be read. The file
names the Python that made its bytecode: another Python takes none of it.
"""

from __future__ import annotations

import binascii
import dataclasses
import importlib
import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import _bootstrap_external
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType
from typing import Any, Final

FILE_NAME: Final = f"precompiled.{sys.implementation.cache_tag}.bin"
"""The file in a folder's __pycache__: the length of its index in 8 bytes, the index, then what the index points to."""
LENGTH_BYTES: Final = 8
RUNNER: Final = "exec"
"""The name by which `dataclasses` runs a text. A global of this name in its module comes before the built-in one."""
COMPILER: Final = "compile"
"""The name by which `re` has a pattern compiled."""
INIT: Final = ".__init__"
"""The end of a package's name in the index, as in that of its file."""

UNREADABLE: Final = (OSError, ValueError, EOFError, KeyError, TypeError)
"""The errors of a file that is not there, is cut off, or is none of ours."""

PYTHON: Final = _bootstrap_external.MAGIC_NUMBER
"""The number of this Python's bytecode (PEP 3147). `importlib.util` has it too, and is one more module of a start."""

type Place = tuple[int, int]
"""The offset and the length of an entry, in bytes after the index."""

pattern_compiler: Final = importlib.import_module("re._compiler")
"""The part of `re` that makes the engine's code of a pattern."""
engine: Final = importlib.import_module("_sre")


def text_key(text: str) -> int:
    """The key of a text in the index. Texts may share one, so that an entry begins with its text."""
    return binascii.crc32(text.encode("utf-8", "surrogatepass"))


def compile_text(text: str) -> CodeType:
    """The code of a dataclass's methods, as `dataclasses` makes it. The text inherits no `from __future__` of this
    module: annotations would stay names of its own, which nobody can resolve."""
    code: CodeType = compile(text, "<string>", "exec", dont_inherit=True)
    return code


def pattern_text(pattern: str | bytes, flags: int) -> str:
    """A pattern with its flags, as one text."""
    return f"{flags} {pattern!r}"


class Precompiled:
    """One file, whose entries are read when they are asked for. Raises one of UNREADABLE where there is no such file or
    no whole one."""

    def __init__(self, folder: str, root: str) -> None:
        """The file of a folder, with modules whose names are paths below `root`."""
        self.root: Final = root
        self._file: Final = os.open(f"{folder}/__pycache__/{FILE_NAME}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(self._file).st_size
            length = int.from_bytes(os.pread(self._file, LENGTH_BYTES, 0))
            self._start: Final = LENGTH_BYTES + length
            if self._start > size:
                raise EOFError(FILE_NAME)
            index = self._load(LENGTH_BYTES, length)
            if self._start + index["length"] != size:
                raise EOFError(FILE_NAME)
            is_ours = index["python"] == PYTHON
            self.modules: Final[Mapping[str, Place]] = index["modules"] if is_ours else {}
            self.methods: Final[Mapping[int, Place]] = index["methods"] if is_ours else {}
            self.patterns: Final[Mapping[int, Place]] = index["patterns"] if index["engine"] == engine.MAGIC else {}
        except UNREADABLE:
            os.close(self._file)
            raise

    def read(self, place: Place) -> Any:
        """One entry."""
        offset, length = place
        return self._load(self._start + offset, length)

    def _load(self, start: int, length: int) -> Any:
        return marshal.loads(os.pread(self._file, length, start))  # noqa: S302 - ours, as bytecode is


class Loader(SourceFileLoader):
    """Loads a module of such a file. All but its code comes from its source's path, as ever."""

    def __init__(self, name: str, path: str, file: Precompiled, place: Place) -> None:
        super().__init__(name, path)
        self._code: Final = file, place

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002 - the protocol
        """The code of the module."""
        file, place = self._code
        code: CodeType = file.read(place)
        return code


class Finder:
    """Finds the modules of these files without a look at any folder."""

    def __init__(self, files: Sequence[Precompiled]) -> None:
        self._files = files

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """The spec that Python would make of the module's source; None for a module of no file."""
        for file in self._files:
            for ending in ("", INIT):
                place = file.modules.get(name + ending)
                if place is not None:
                    return self._spec(name, file, place, is_package=ending == INIT)
        return None

    @staticmethod
    def _spec(name: str, file: Precompiled, place: Place, *, is_package: bool) -> ModuleSpec:
        stem = f"{file.root}/{name.replace('.', '/')}"
        folder, _, last = f"{stem}/__init__".rpartition("/") if is_package else stem.rpartition("/")
        source = f"{folder}/{last}.py"
        spec = ModuleSpec(name, Loader(name, source, file, place), origin=source, is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [folder]
        spec.has_location = True
        spec.cached = f"{folder}/__pycache__/{last}.{sys.implementation.cache_tag}.pyc"
        return spec


def use_precompiled(*places: tuple[str, str]) -> None:
    """Take modules, methods and patterns from the files of these folders, where there are such. Each folder comes with
    the root of the modules in it."""
    files: list[Precompiled] = []
    for folder, root in places:
        try:
            files.append(Precompiled(folder, root))
        except UNREADABLE:
            continue
    if not files:
        return

    def run(text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        key = text_key(text)
        for file in files:
            if key in file.methods:
                known, code = file.read(file.methods[key])
                if known == text:
                    exec(code, names, found)  # noqa: S102 - as dataclasses does
                    return
        exec(compile_text(text), names, found)  # noqa: S102 - as dataclasses does

    compile_pattern = pattern_compiler.compile

    def compile_or_take(pattern: object, flags: int = 0) -> object:
        if isinstance(pattern, str | bytes):
            text = pattern_text(pattern, flags)
            key = text_key(text)
            for file in files:
                if key in file.patterns:
                    known, made = file.read(file.patterns[key])
                    if known == text:
                        return engine.compile(pattern, *made)
        return compile_pattern(pattern, flags)

    setattr(dataclasses, RUNNER, run)
    setattr(pattern_compiler, COMPILER, compile_or_take)
    sys.meta_path.insert(0, Finder(files))
