"""The compiled methods of dataclasses, which the build keeps in a file beside the bytecode.

`dataclasses` writes the methods of each class as a text when its module is imported, and compiles that text. Python
keeps the bytecode of modules in files, but not of these texts. With some 300 classes they were a third of the import of
the phone's function. The build compiles the same texts once (hotline_local.launcher.record_code).

The text itself is the key. A text without code, such as one of another Python, is compiled as ever. Where there is no
file, as in a checkout, nothing is changed.
"""

from __future__ import annotations

import dataclasses
import io
import marshal
import sys
from typing import Any, Final

FILE_NAME: Final = f"records.{sys.implementation.cache_tag}.bin"
"""The file in a package's __pycache__: {text: marshal's form of its code}, in marshal's form."""
RUNNER: Final = "exec"
"""The name by which `dataclasses` runs a text. A global of this name in its module comes before the built-in one."""


def use_compiled(*packages: str) -> None:
    """Let dataclasses take their methods from the files of the packages in these folders, where there are such."""
    known: dict[str, bytes] = {}
    for package in packages:
        try:
            with io.open_code(f"{package}/__pycache__/{FILE_NAME}") as file:
                known |= marshal.load(file)  # noqa: S302 - ours, as bytecode is
        except OSError:
            continue
    if not known:
        return

    def run(text: str, names: dict[str, Any], found: dict[str, Any]) -> None:
        code = known.get(text)
        exec(text if code is None else marshal.loads(code), names, found)  # noqa: S102, S302 - as dataclasses does

    setattr(dataclasses, RUNNER, run)
