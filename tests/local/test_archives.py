"""The archives that go to MiniStack: equal content is an equal archive, and a shared layer leads to what it holds."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from hotline_local.launcher import archives


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    folder = tmp_path / "layer"
    (folder / "python/shown").mkdir(parents=True)
    (folder / "python/shown/__init__.py").write_text("WORD = 'found'\n", encoding="utf-8")
    return folder


def test_equal_content_is_an_equal_archive(layer: Path) -> None:
    first = archives.archive(layer)
    (layer / "python/shown/__init__.py").touch()
    assert archives.archive(layer) == first
    assert zipfile.ZipFile(BytesIO(first)).namelist() == ["python/shown/__init__.py"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_shared_layer_is_imported_first_though_it_was_built_anew(
    layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def refuse(_source: str, _target: str) -> None:
        raise OSError

    if not has_links:
        monkeypatch.setattr("os.link", refuse)
    shared = tmp_path / "it's shared"
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(BytesIO(archives.archive_shared(layer, shared))).extractall(unpacked)
    (layer / "python/shown/__init__.py").unlink()
    (site,) = unpacked.glob("python/lib/*/site-packages")
    program = f"import site, sys; site.addsitedir({str(site)!r}); print(sys.path[0]); import shown; print(shown.WORD)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(shared), "found"]
