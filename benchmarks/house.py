"""Counts of what makes the code long to read, in a checkout: `python -m benchmarks.house [FOLDER] [--json]`.

Run it on two checkouts to compare them. It only reads source files, so that it also counts older ones.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LAYER: Final = "layers/hotline/python/hotline"
TINY_LINES_MAX: Final = 40
PARTICIPLE: Final = re.compile(
    r"(told|kept|sent|made|begun|left|shown|said|heard|chosen|written|spoken|taken|hidden|lost|found|\w{2,}ed)"
)
NOT_PARTICIPLES: Final = frozenset({"embed", "feed", "need", "seed", "embeds", "speed"})
GERUND: Final = re.compile(r"\w{2,}ing")
NOT_GERUNDS: Final = frozenset(
    {"logging", "testing", "drawing", "wording", "rendering", "routing", "loading", "keyring"}
)
DOUBLES: Final = ("MemoryStore", "VirtualClock", "SeededIds", "LocalMacs")
ENVIRONMENT: Final = frozenset({"environ", "getenv"})
READERS: Final = frozenset(
    {
        "optional",
        "required",
        "read_setting",
        "require_setting",
        "read_count",
        "read_region",
        "read_switch",
        "read_time_zone",
    }
)
ERRORS: Final = frozenset({"NotPossible", "InvalidInput", "Unavailable", "Unreadable", "Stale", "Refused"})


def count_house(root: Path) -> dict[str, int]:
    """Count in the checkout at `root`; every figure is a number of places in source files."""
    doors, rooms = list(_modules(root / "functions")), list(_modules(root / LAYER))
    local = list(_modules(root / "local/hotline_local"))
    calls = [call for _, tree in doors for call in _calls(tree)]
    return {
        "batch_get calls in functions": calls.count("batch_get"),
        "contribute functions called or passed in functions": sum(
            _count_names(tree, "contribute_") for _, tree in doors
        ),
        "commits in functions": calls.count("commit"),
        "inner modules of rooms that functions import": sum(_inner_imports(tree) for _, tree in doors),
        "lines of functions": sum(_lines(path) for path, _ in doors),
        "functions named by a participle": sum(_participles(tree) for _, tree in (*doors, *rooms)),
        "modules named by a gerund": sum(_is_gerund(path.stem) for path, _ in (*doors, *rooms)),
        "test doubles in the layer": sum(_defines(tree, DOUBLES) for _, tree in rooms),
        "rules that read the environment": sum(_reads_environment(path, tree) for path, tree in (*doors, *rooms)),
        "error codes as free strings": sum(_free_codes(tree) for _, tree in (*doors, *rooms)),
        "imports of commands from below in hotline_local": sum(_climbs(root, path, tree) for path, tree in local),
        f"modules of rooms and doors of at most {TINY_LINES_MAX} lines": sum(
            path.name != "__init__.py" and _lines(path) <= TINY_LINES_MAX for path, _ in (*doors, *rooms)
        ),
        "decisions without heading": _decisions_without_heading(root / "docs/decisions.md"),
        "test functions": sum(_test_functions(tree) for _, tree in _modules(root / "tests")),
    }


def _modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def _count_names(tree: ast.AST, prefix: str) -> int:
    names = (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return sum(name.startswith(prefix) for name in names)


def _inner_imports(tree: ast.AST) -> int:
    found = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hotline."):
            _, room, *inner = (node.module or "").split(".")
            names = inner[:1] or [alias.name for alias in node.names]
            is_room = room not in ("kit", "wording", "contracts")
            found += is_room and any(name not in ("service", "model") for name in names)
    return found


def _participles(tree: ast.AST) -> int:
    return sum(
        isinstance(node, ast.FunctionDef)
        and not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
        and _is_participle(node.name.strip("_").split("_")[0])
        for node in ast.walk(tree)
    )


def _is_participle(word: str) -> bool:
    return word not in NOT_PARTICIPLES and PARTICIPLE.fullmatch(word) is not None


def _is_gerund(stem: str) -> bool:
    return stem not in NOT_GERUNDS and GERUND.fullmatch(stem.rsplit("_", 1)[-1]) is not None


def _defines(tree: ast.Module, names: tuple[str, ...]) -> int:
    return sum(isinstance(node, ast.ClassDef) and node.name in names for node in tree.body)


def _reads_environment(path: Path, tree: ast.AST) -> int:
    """Reads outside the kit and the settings of functions. `optional` and `required` were readers once; as attributes
    they are inputs of steps."""
    if "kit" in path.parts or path.name == "settings.py":
        return 0
    attributes = sum(isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT for node in ast.walk(tree))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return attributes + sum(isinstance(called, ast.Name) and called.id in READERS for called in calls)


def _free_codes(tree: ast.AST) -> int:
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ERRORS
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
        for node in ast.walk(tree)
    )


def _climbs(root: Path, path: Path, tree: ast.AST) -> int:
    commands = "hotline_local.commands"
    above = path.relative_to(root / "local/hotline_local").parts[0] in ("commands", "cli.py", "__main__.py")
    imported = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return 0 if above else sum(module.startswith(commands) for module in imported)


def _decisions_without_heading(page: Path) -> int:
    headed, found = False, 0
    for line in page.read_text(encoding="utf-8").splitlines():
        headed = headed or line.startswith("## ")
        found += line.startswith("**") and not headed
    return found


def _test_functions(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(tree))


def main() -> int:
    """Print the counts of a checkout, by default of this one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    counts = count_house(arguments.folder)
    if arguments.json:
        print(json.dumps(counts))
        return 0
    width = max(map(len, counts))
    for name, count in counts.items():
        print(f"{name:{width}} {count:>7}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
