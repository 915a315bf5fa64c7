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


ENDS: Final = """
import os
import pytest

@pytest.fixture
def ends_the_worker():
    yield
    os._exit(3)

def test_fails(ends_the_worker): raise RuntimeError("within the test")
"""


def run_in_a_worker(folder: Path, tests: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The end of a run of these tests by one worker of the suite."""
    (folder / "test_all.py").write_text(tests, encoding="utf-8")
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "1", "--import-mode=importlib", "-q", *more)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={folder}", "test_all.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_failure_is_told_whose_end_takes_the_worker_with_it(tmp_path: Path) -> None:
    done = run_in_a_worker(tmp_path, ENDS)
    assert "within the test" in done.stdout
    assert done.returncode == 1


def test_durations_name_every_phase(tmp_path: Path) -> None:
    done = run_in_a_worker(tmp_path, TESTS, "--durations=0", "-vvv")
    assert {"setup", "call", "teardown"} <= set(re.findall(r"s (\w+) +test_all\.py::test_passes", done.stdout))


def test_every_failure_in_a_worker_is_told_whatever_its_phase(tmp_path: Path) -> None:
    done = run_in_a_worker(tmp_path, TESTS)
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
