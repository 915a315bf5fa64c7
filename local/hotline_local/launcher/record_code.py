"""Compiles the methods of dataclasses ahead of time: `python -m hotline_local.launcher.record_code FOLDER [MODULE ..]`.

FOLDER is the package `hotline` or `functions` of an artefact. Modules of other packages are imported too, and their
classes are kept beside those of the package. hotline.kit.record_code reads what is written here.
"""

from __future__ import annotations

import dataclasses
import marshal
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

from hotline.kit.record_code import FILE_NAME, RUNNER


def write_compiled(package: Path, others: Iterable[str] = ()) -> int:
    """Import the modules of the package in this folder, and others, in a process that has not imported them yet. Write
    the package's file, and return how many texts it holds. A module that needs a package which is not installed is left
    out."""
    known: dict[str, bytes] = {}
    modules = [*_modules_of(package), *others]
    kept = {name.partition(".")[0] for name in modules}

    def run(text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        code: CodeType = compile(text, "<string>", "exec")
        if str(names.get("__name__")).partition(".")[0] in kept:
            known[text] = marshal.dumps(code)
        exec(code, names, found)  # noqa: S102 - as dataclasses does

    setattr(dataclasses, RUNNER, run)
    try:
        for module in modules:
            try:
                import_module(module)
            except ModuleNotFoundError as error:
                if str(error.name).partition(".")[0] == package.name:
                    raise
    finally:
        delattr(dataclasses, RUNNER)
    folder = package / "__pycache__"
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_bytes(marshal.dumps(dict(sorted(known.items()))))
    return len(known)


def _modules_of(package: Path) -> list[str]:
    """The names of the modules, of packages without an __init__.py as well."""
    paths = (path.relative_to(package.parent).with_suffix("") for path in sorted(package.rglob("*.py")))
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


if __name__ == "__main__":
    write_compiled(Path(sys.argv[1]), sys.argv[2:])
