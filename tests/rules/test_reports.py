"""The workers of the suite send fewer reports than pytest makes (tests/conftest.py). Every failure is among them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = """
import pytest

@pytest.fixture
def breaks_before():
    raise RuntimeError("before")

@pytest.fixture
def breaks_after():
    yield
    raise RuntimeError("after")

def test_passes(): pass
def test_fails(): raise RuntimeError("within")
def test_does_not_begin(breaks_before): pass
def test_does_not_end(breaks_after): pass
def test_fails_and_does_not_end(breaks_after): raise RuntimeError("within")
def test_skips(): pytest.skip("why")

@pytest.mark.skip
def test_is_skipped(): pass

@pytest.mark.xfail(strict=True)
def test_fails_as_it_should(): assert False

@pytest.mark.xfail(strict=True)
def test_passes_as_it_should_not(): pass
"""


def test_every_failure_in_a_worker_is_told_whatever_its_phase(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(TESTS, encoding="utf-8")
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "1", "--import-mode=importlib", "-q")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", "test_all.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    told = set(re.findall(r"^(FAILED|ERROR) test_all\.py::(\w+)", done.stdout, re.MULTILINE))
    assert told == {
        ("FAILED", "test_fails"),
        ("ERROR", "test_does_not_begin"),
        ("ERROR", "test_does_not_end"),
        ("FAILED", "test_fails_and_does_not_end"),
        ("ERROR", "test_fails_and_does_not_end"),
        ("FAILED", "test_passes_as_it_should_not"),
    }, done.stdout + done.stderr
    assert "3 failed, 2 passed, 2 skipped, 1 xfailed, 3 errors" in done.stdout
    assert done.returncode == 1
