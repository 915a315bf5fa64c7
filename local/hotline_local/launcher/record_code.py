"""Compiles the methods of the hotline's dataclasses ahead of time: `python -m hotline_local.launcher.record_code
FOLDER`, where FOLDER is the package `hotline` of an artefact. hotline.kit.record_code reads what is written here."""

from __future__ import annotations

import dataclasses
import marshal
import sys
from collections.abc import Iterable
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import walk_packages
from types import CodeType
from typing import Any, Final

from hotline.kit.record_code import FILE_NAME, RUNNER

WITH_RECORDS: Final = ("pydantic", "pydantic.json_schema", "aws_lambda_powertools.event_handler")
"""Packages of others whose dataclasses the HTTPS APIs need."""


def write_compiled(package: Path, modules: Iterable[str]) -> int:
    """Import the modules, in a process that has not imported them yet, and write the file of the package in this
    folder. Returns how many texts it holds. A module that needs a package which is not installed is left out."""
    known: dict[str, bytes] = {}

    def run(text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        code: CodeType = compile(text, "<string>", "exec")
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


def main(folder: str) -> None:
    """Write the file of the package in this folder, which is the one that is imported."""
    package = Path(folder)
    # One by one: looking for the modules of a package imports the package.
    names = (found.name for found in walk_packages([folder], f"{package.name}."))
    write_compiled(package, chain(names, WITH_RECORDS))


if __name__ == "__main__":
    main(sys.argv[1])
