"""Builds template.yaml into a folder: one artefact per function and layer, and the template that names them.

The Makefiles beside the code say what an artefact holds. This module only decides what to build again. An artefact is
left alone when its sources, target and tools are as before, and its own files are those that were built.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

from hotline_local.errors import CommandError
from hotline_local.launcher import template as sam
from hotline_local.launcher.definition_embedding import embed_definitions
from hotline_local.launcher.flow_embedding import embed_flows
from hotline_local.launcher.paths import BUILD, ROOT

type Progress = Callable[[str], None]

TEMPLATE_NAME: Final = "template.json"
PYTHON_VERSION: Final = (3, 13)
COMPILERS: Final = (
    ROOT / "local/hotline_local/launcher/precompile.py",
    ROOT / "layers/hotline/python/hotline/kit/precompiled.py",
)
"""The files that make each artefact's file of what is compiled ahead."""


class Target(Enum):
    """The machines that artefacts are for. The value is the platform of the third-party wheels."""

    AWS = "aarch64-manylinux2014"
    LOCAL = "host"

    @property
    def folder(self) -> Path:
        """The folder that this target is built into."""
        return BUILD / self.name.lower()


def build(target: Target, progress: Progress) -> Path:
    """Build what changed and return the built template's path. Raises CommandError when a part cannot be built."""
    if sys.version_info[:2] != PYTHON_VERSION:
        raise CommandError("The build needs Python 3.13: run it as make build or make run, which bring it along.")
    target.folder.mkdir(parents=True, exist_ok=True)
    with _alone(target):
        template = sam.read()
        embed_flows(template, ROOT)
        embed_definitions(template, ROOT)
        sources = sam.artefacts(template)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda part: _build_artefact(target, part[0], ROOT / part[1], progress), sources.items()))
        for logical_id in sources:
            resource = template["Resources"][logical_id]
            resource["Properties"][sam.ARTEFACT_PROPERTY[resource["Type"]]] = logical_id
            resource.pop("Metadata", None)
        built = target.folder / TEMPLATE_NAME
        _replace(built, json.dumps(template, ensure_ascii=False, indent=1))
        _remove_strays(target.folder, kept={*sources, TEMPLATE_NAME})
    return built


def _replace(file: Path, text: str) -> None:
    """Write a file that others may be reading: they find the old text or the new one, whole."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        partial = file.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)


@contextmanager
def _alone(target: Target) -> Iterator[None]:
    """Wait until no other process builds the same target."""
    with (BUILD / f"{target.name.lower()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint(target: Target, source: Path) -> str:
    # The interpreter counts as well, since its bytecode has to fit, and so does what compiles ahead.
    digest = hashlib.sha256(f"{target.value} {sys.implementation.cache_tag} {sys.platform}".encode())
    for tool in COMPILERS:
        digest.update(tool.read_bytes())
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _add_file(digest, path, source)
    return digest.hexdigest()


def _fingerprint_of_files(artefact: Path) -> str:
    """Of all files of an artefact, with who may read them and where links lead. Content tells more than times, which a
    copy of the folder changes, and costs a fifth of a second for all artefacts."""
    digest = hashlib.sha256()
    for path in sorted(artefact.rglob("*")):
        digest.update(f"\n{path.lstat().st_mode:o}".encode())
        if path.is_symlink():
            digest.update(f" {path.relative_to(artefact)} to {path.readlink()}".encode())
        elif path.is_file():
            _add_file(digest, path, artefact)
    return digest.hexdigest()


def _add_file(digest: "hashlib._Hash", path: Path, folder: Path) -> None:
    content = path.read_bytes()
    digest.update(f"\n{path.relative_to(folder)} {len(content)}\n".encode())
    digest.update(content)


def _build_artefact(target: Target, logical_id: str, source: Path, progress: Progress) -> None:
    artefact = target.folder / logical_id
    stamp = target.folder / f".{logical_id}.stamp"
    fingerprint = _fingerprint(target, source)
    if _is_built(stamp, fingerprint, artefact):
        return
    progress(f"building {logical_id}")
    fresh = target.folder / f".{logical_id}.new"
    for old in (fresh, artefact, stamp):
        _remove(old)
    fresh.mkdir()
    # The flags that an outer make hands down are not meant for this one.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    done = subprocess.run(
        ["make", "--no-print-directory", "-C", str(source), f"build-{logical_id}"],
        env=environment
        | {
            "ARTIFACTS_DIR": str(fresh),
            "PYTHON": sys.executable,
            "UV": str(ROOT / ".tools/uv/bin/uv"),
            "PLATFORM": target.value,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(f"{logical_id} could not be built:\n{done.stdout}{done.stderr}")
    fresh.rename(artefact)
    stamp.write_text(_stamp_text(fingerprint, artefact))


def _is_built(stamp: Path, fingerprint: str, artefact: Path) -> bool:
    try:
        return stamp.read_bytes() == _stamp_text(fingerprint, artefact).encode()
    except OSError:
        return False


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder with all in it, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _stamp_text(fingerprint: str, artefact: Path) -> str:
    return f"{fingerprint} {_fingerprint_of_files(artefact)}\n"


def _remove_strays(folder: Path, *, kept: set[str]) -> None:
    """Remove artefacts that the template no longer names."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            if path.name.removeprefix(".").removesuffix(".stamp") not in kept:
                _remove(path)
        elif path.name not in kept:
            _remove(path)
