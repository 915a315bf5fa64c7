"""The build makes an artefact again when its source or its own files are not as they were, and only then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from hotline_local.errors import CommandError
from hotline_local.launcher import build
from hotline_local.launcher.build import Target

MAKEFILE: Final = """
build-Thing:
\t@mkdir -p $(ARTIFACTS_DIR)/folder
\t@cp thing.py $(ARTIFACTS_DIR)/folder/thing.py
\t@cp thing.py $(ARTIFACTS_DIR)/other.py
\t@ln -s other.py $(ARTIFACTS_DIR)/link.py
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source with a Makefile, and a folder for what is built."""
    monkeypatch.setattr(build, "BUILD", tmp_path / "built")
    Target.LOCAL.folder.mkdir(parents=True)
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "thing.py").write_text("one = 1\n")
    return folder


def built(source: Path) -> bool:
    """Whether a build made the artefact, which is then whole."""
    steps: list[str] = []
    build._build_artefact(Target.LOCAL, "Thing", source, steps.append)
    for name in ("folder/thing.py", "other.py", "link.py"):
        assert (artefact() / name).read_text() == (source / "thing.py").read_text()
    assert sum(1 for path in artefact().rglob("*") if path.is_file()) == 3
    return steps == ["building Thing"]


def artefact() -> Path:
    return Target.LOCAL.folder / "Thing"


def rewrite(path: Path) -> None:
    """Other content of the same length, at another time."""
    before = path.stat()
    path.write_text("one = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def remove(path: Path) -> None:
    path.unlink()


def point_elsewhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("folder/thing.py")


def put_in_place_of(path: Path, make: Callable[[Path], object]) -> None:
    """Something else under the name."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    make(path)


def stamp() -> Path:
    return Target.LOCAL.folder / ".Thing.stamp"


SPOILS: Final[dict[str, Callable[[], object]]] = {
    "the artefact is a file": lambda: put_in_place_of(artefact(), Path.touch),
    "the artefact is a link": lambda: put_in_place_of(artefact(), lambda path: path.symlink_to("nowhere")),
    "the stamp is no text": lambda: stamp().write_bytes(b"\xff\xfe\x00"),
    "the stamp is a folder": lambda: put_in_place_of(stamp(), Path.mkdir),
    "a file has other content": lambda: rewrite(artefact() / "folder/thing.py"),
    "a file is longer": lambda: (artefact() / "other.py").write_text("one = 1\n\n"),
    "a file is empty": lambda: (artefact() / "other.py").write_text(""),
    "a file is gone": lambda: remove(artefact() / "folder/thing.py"),
    "a file has another name": lambda: (artefact() / "other.py").rename(artefact() / "another.py"),
    "a file was added": lambda: (artefact() / "folder/more.py").write_text(""),
    "a file may not be read by others": lambda: (artefact() / "other.py").chmod(0o600),
    "a link leads elsewhere": lambda: point_elsewhere(artefact() / "link.py"),
    "all of it is gone": lambda: artefact().rename(artefact().with_name("elsewhere")),
    "its stamp is gone": lambda: stamp().unlink(),
    "its stamp is of an older build": lambda: stamp().write_text(stamp().read_text().split()[0]),
}


def test_a_second_build_leaves_an_artefact_as_it_is(source: Path) -> None:
    assert [built(source) for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_spoilt_artefact_is_built_anew(spoil: Callable[[], object], source: Path) -> None:
    assert built(source)
    spoil()
    assert [built(source), built(source)] == [True, False]


@pytest.mark.parametrize("name", ["thing.py", "Makefile"])
def test_an_artefact_of_a_changed_source_is_built_anew(name: str, source: Path) -> None:
    assert built(source)
    with (source / name).open("a") as file:
        file.write("# more\n")
    assert [built(source), built(source)] == [True, False]


def test_bytecode_beside_a_source_changes_nothing(source: Path) -> None:
    assert built(source)
    (source / "__pycache__").mkdir()
    (source / "__pycache__/thing.pyc").write_bytes(b"compiled")
    assert not built(source)


def test_a_build_that_failed_is_tried_again(source: Path) -> None:
    (source / "Makefile").write_text("build-Thing:\n\t@false\n")
    for _ in range(2):
        with pytest.raises(CommandError, match="Thing could not be built"):
            built(source)
    (source / "Makefile").write_text(MAKEFILE)
    assert built(source)
