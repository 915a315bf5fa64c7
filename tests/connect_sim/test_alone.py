"""The package works without the hotline: in a process that can import nothing else of this project."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connect_sim.linter import rules
from connect_sim.linter.rule import RULES
from connect_sim.simulator.setup_file import SetupFile
from tests.connect_sim.samples.build import ERROR, block, call, ends, menu, say

PACKAGE = Path(__file__).parents[2] / "local" / "connect_sim"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
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


def test_the_readme_counts_the_rules_and_names_every_key_of_a_set_up() -> None:
    rules.load()
    assert f"by {len(RULES)} rules" in README
    described = README[README.index("### The set-up file") : README.index("## From tests")]
    assert [name for name in SetupFile.model_fields if f"`{name}`" not in described] == []


def test_the_example_of_the_readme_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [
        say("welcome", "Welcome.", "lookup"),
        call("lookup", "menu", step="lookup"),
        menu("menu", {"0": "moment"}),
        say("moment", "One moment.", "set"),
        block("set", "UpdateContactTargetQueue", {"QueueId": "${QueueArn}"}, then="wait", errors={ERROR: "bye"}),
        block("wait", "TransferContactToQueue", errors={ERROR: "bye", "QueueAtCapacity": "bye"}),
        *ends(),
    ]
    blocks[2]["Parameters"].pop("Text")
    (tmp_path / "flows").mkdir()
    document = {"Version": "2019-10-30", "StartAction": "welcome", "Metadata": {}, "Actions": blocks}
    (tmp_path / "flows" / "main.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - it is ours
    names["test_a_known_caller_reaches_the_queue"]()


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
