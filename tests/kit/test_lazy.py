"""Faces that import on demand: each lends the names that type checkers read, from the same places, and no others."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from hotline_local.launcher.paths import ROOT

LAYER: Final = ROOT / "layers/hotline/python"
FACES: Final = sorted(path for path in LAYER.rglob("*.py") if "= import_on_demand(" in path.read_text(encoding="utf-8"))


def shown(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The names that type checkers read, by the module of the package that has them."""
    branch = next(node for node in tree.body if isinstance(node, ast.If))
    assert isinstance(branch.test, ast.Name)
    assert branch.test.id == "TYPE_CHECKING"
    imports = [node for node in branch.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(branch.body)
    return {str(node.module): tuple(alias.name for alias in node.names) for node in imports}


def lent(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The names that the face lends, by the module that it takes them from."""
    made = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    found: dict[str, tuple[str, ...]] = ast.literal_eval(made)
    return found


def test_the_faces_of_the_rooms_that_the_phone_needs_little_of_import_on_demand() -> None:
    assert {path.parent.name for path in FACES} >= {"agents", "security"}


@pytest.mark.parametrize("path", FACES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_face_lends_what_type_checkers_read(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert lent(tree) == shown(tree)
    face = import_module(".".join(path.relative_to(LAYER).with_suffix("").parts))
    for home, names in lent(tree).items():
        module = import_module(f"{face.__package__}.{home}")
        for name in names:
            assert getattr(face, name) is getattr(module, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(face, "no_such_name")  # noqa: B009 - a type checker knows that there is none


def test_a_face_imports_its_parts_when_they_are_asked_for() -> None:
    code = """
import sys
from hotline.agents import service as agents
parts = lambda: sorted(name for name in sys.modules if name.startswith("hotline.agents."))
assert parts() == ["hotline.agents.service"], parts()
agents.LIMITS
assert "hotline.agents.limits" in parts() and "LIMITS" in vars(agents)
assert "hotline.agents.acts" not in parts()
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], env={"PYTHONPATH": str(LAYER)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
