"""Imports of built functions, each in a process with nothing but its artefact, the layers and the standard library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotline_local.launcher.build import TEMPLATE_NAME
from hotline_local.launcher.template import read

_IMPORT: Final = """
import builtins, json, os, sys
from re import _parser as parser
asked = json.load(sys.stdin)
sys.path[:0] = asked["layers"]
import importlib
for name in asked["first"]:
    importlib.import_module(name)
for module, folder, attribute in asked["modules"]:
    # A process of its own for each: what one imports, no other may find.
    if os.fork() == 0:
        sys.path.insert(0, folder)
        texts, run = set(), builtins.exec
        def noted(code, *names):
            if isinstance(code, str) and names:
                texts.add(str(names[0].get("__name__")))
            run(code, *names)
        builtins.exec = noted
        patterns, parse = set(), parser.parse
        def noted_parse(text, *how):
            # Before anything of ours, Python compiles some for itself.
            if "hotline.kit.start" in sys.modules:
                patterns.add(str(text))
            return parse(text, *how)
        parser.parse = noted_parse
        has = callable(getattr(importlib.import_module(module), attribute))
        files = sorted({m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)})
        told = {"callable": has, "files": files, "modules": sorted(sys.modules), "texts": sorted(texts)}
        bundled = "hotline.kit.precompiled"
        searched = {
            name for name, module in sys.modules.items()
            if (getattr(module, "__file__", None) or "").startswith(os.getcwd())
            and module.__file__.endswith(".py") and type(module.__loader__).__module__ != bundled
        }
        told |= {"patterns": sorted(patterns), "searched": sorted(searched)}
        print(json.dumps(told), flush=True)
        os._exit(0)
    if os.wait()[1] != 0:
        sys.exit(f"{module} cannot be imported from {folder}")
"""
"""Imports modules, each in a fork. Imports that all share may be made first, which saves each fork the time."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The files and names of all modules that an import brought. `texts` are the modules for which a text was compiled,
    as dataclasses do, and `patterns` the regular expressions that were compiled. `searched` are the modules
    of the artefacts that were looked for in their folders."""

    files: frozenset[Path]
    modules: frozenset[str]
    texts: frozenset[str]
    patterns: frozenset[str]
    searched: frozenset[str]


def imported(
    functions: Sequence[str], local: Path, *, module: str = "", attribute: str = "handler", first: Sequence[str] = ()
) -> dict[str, Imported]:
    """Import the handler of each function, by its logical id, or another module of it."""
    template = read(local / TEMPLATE_NAME)
    asked, settings = [], set[str]()
    for function in functions:
        properties = template["Resources"][function]["Properties"]
        asked.append((module or properties["Handler"].rpartition(".")[0], str(local / function), attribute))
        settings |= {name for name in properties["Environment"]["Variables"] if name.startswith("POWERTOOLS_SERVICE")}
    layers = [str(local / layer["Ref"] / "python") for layer in template["Globals"]["Function"]["Layers"]]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IMPORT],
        input=json.dumps({"modules": asked, "layers": layers, "first": first}),
        env={"PATH": os.defpath, "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_METRICS_NAMESPACE": "Hotline"}
        | dict.fromkeys(settings, "x"),
        cwd=local,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(answer["callable"] for answer in answers)
    return {
        function: Imported(
            frozenset(map(Path, answer["files"])),
            frozenset(answer["modules"]),
            frozenset(answer["texts"]),
            frozenset(answer["patterns"]),
            frozenset(answer["searched"]),
        )
        for function, answer in zip(functions, answers, strict=True)
    }
