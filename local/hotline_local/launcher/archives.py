"""The archives of artefacts that are uploaded to MiniStack."""

import os
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

from hotline_local.launcher.build import PYTHON_VERSION

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The date of every entry, so that equal content is an equal archive."""
_SITE: Final = f"python/lib/python{PYTHON_VERSION[0]}.{PYTHON_VERSION[1]}/site-packages"
"""The folder of a layer whose `.pth` files tell Python of further folders."""


def archive(folder: Path) -> bytes:
    """The files of a folder as a zip file."""
    # Stored, not deflated: it travels through loopback only, and each function start unpacks it.
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                _add(file, str(path.relative_to(folder)), path.read_bytes())
    return buffer.getvalue()


def archive_shared(layer: Path, shared: Path) -> bytes:
    """A layer whose only file leads to `shared`, a new folder that gets what the layer holds.

    MiniStack unpacks every layer for every process of a function, some 7,000 files each time. On AWS that is done once
    for many starts. `shared` outlives a build that replaces the layer meanwhile.
    """
    shutil.copytree(layer / "python", shared, copy_function=_link)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        # As a line that begins with `import`, Python runs it: the folder comes first, as a layer's own does.
        _add(file, f"{_SITE}/shared.pth", f"import sys; sys.path.insert(0, {str(shared)!r})\n".encode())
    return buffer.getvalue()


def _add(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    file.writestr(entry, content)


def _link(source: str, target: str) -> None:
    """Link the file, or copy it where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
