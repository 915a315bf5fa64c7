"""Rules are given values: the environment is read by the settings of each function, and by the kit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import hotline.kit.config
from hotline_local.launcher.paths import ROOT

LAYER: Final = ROOT / "layers/hotline/python/hotline"
READERS: Final = frozenset(
    name for name in vars(hotline.kit.config) if name.startswith(("read_", "require_")) or name == "patience_s"
)
ENVIRONMENT: Final = frozenset({"environ", "environb", "getenv"})


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in (LAYER, ROOT / "functions"):
        for path in sorted(folder.rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.Module) -> set[str]:
    """Every name that a module uses or imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
    return found


def users_of(names: frozenset[str]) -> set[str]:
    return {path for path, tree in modules() if names_in(tree) & names}


def settings_modules() -> set[str]:
    return {f"functions/{path.parent.name}/settings.py" for path in (ROOT / "functions").glob("*/app.py")}


def test_the_environment_is_read_by_the_settings_of_functions_and_by_two_modules_of_the_kit() -> None:
    # A start has to know that it is one before anything else is imported.
    kit = {f"layers/hotline/python/hotline/kit/{name}.py" for name in ("config", "start")}
    assert users_of(ENVIRONMENT) == {*settings_modules(), *kit}


def test_no_room_and_no_other_module_of_a_function_reads_a_setting() -> None:
    kit = "layers/hotline/python/hotline/kit/"
    assert {"read_setting", "require_setting", "read_count", "read_switch", "patience_s"} <= READERS
    assert {path for path in users_of(READERS) if not path.startswith(kit)} <= settings_modules()


def test_every_function_has_its_settings() -> None:
    assert len(settings_modules()) == 13
    assert all(Path(ROOT, path).is_file() for path in settings_modules())
