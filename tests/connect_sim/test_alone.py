"""The package works without the hotline: in a process that can import nothing else of this project."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "local" / "connect_sim"
SAMPLES = Path(__file__).parent / "samples"
DISTRIBUTIONS = {"aws_encryption_sdk": "aws-encryption-sdk"}
"""Names of distributions where they are not those of their packages."""
IMPORT_ALL = """
import importlib, pkgutil, connect_sim
for module in pkgutil.walk_packages(connect_sim.__path__, "connect_sim."):
    importlib.import_module(module.name)
for name in ("hotline", "hotline_local", "functions", "tests"):
    assert importlib.util.find_spec(name) is None, name
"""


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """The environment of a process whose path holds the package and nothing else of the project."""
    (tmp_path / "connect_sim").symlink_to(PACKAGE)
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONPATH"}, "PYTHONPATH": str(tmp_path)}


def python(alone: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env=alone,
        cwd=alone["PYTHONPATH"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_can_be_imported(alone: dict[str, str]) -> None:
    done = python(alone, "-c", IMPORT_ALL)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_checks_and_runs_a_flow(alone: dict[str, str], tmp_path: Path) -> None:
    done = python(alone, "-m", "connect_sim", "check", str(SAMPLES / "right"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 errors" in done.stdout
    stubs = tmp_path / "stubs.json"
    stubs.write_text("{}", encoding="utf-8")
    flow = str(SAMPLES / "right" / "balance_line.json")
    done = python(alone, "-m", "connect_sim", "run", flow, "--keys", "0", "--functions", str(stubs))
    assert done.returncode == 0
    assert "ended, queue" in done.stdout


def test_every_import_is_declared_as_a_dependency() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    declared = {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}
    assert {DISTRIBUTIONS.get(name, name) for name in imported_names()} - sys.stdlib_module_names == declared


def imported_names() -> set[str]:
    """The first part of every name that the package imports from elsewhere."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | parts} - {"connect_sim"}


def test_the_package_carries_the_licence_of_the_project() -> None:
    assert (PACKAGE / "LICENSE").read_bytes() == (PACKAGE.parents[1] / "LICENSE").read_bytes()


def test_every_folder_of_the_package_is_a_package() -> None:
    """Otherwise the test above would not look into it."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
