"""How much shipped bytecode shortens the start of the phone's function: the same import with and without it, in turn.

Each figure is a whole new interpreter that imports the handler, as a cold start does. The ratio is what to quote, since
machines differ. Run with `make bench`.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
IMPORT = "import functions.connect.app, boto3; boto3.client('dynamodb', region_name='eu-central-1')"


def start_s(folder: Path, packages: Path) -> float:
    """Seconds from starting an interpreter to its end, with the code of `folder` and the wheels of `packages`."""
    path = os.pathsep.join([str(folder / "hotline"), str(folder), str(packages)])
    began = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-B", "-c", IMPORT], env={"PYTHONPATH": path, "PATH": os.defpath}, check=True)
    return time.perf_counter() - began


def copies(where: Path, packages: Path) -> dict[str, tuple[Path, Path]]:
    """The function, its layer and the wheels it needs, once with bytecode and once without."""
    made = {}
    for name in ("with", "without"):
        folder, wheels = where / name, where / f"{name}-wheels"
        for source, target in (
            (ROOT / "layers/hotline/python", folder / "hotline"),
            (ROOT / "functions", folder / "functions"),
        ):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(packages, wheels, ignore=shutil.ignore_patterns("__pycache__"))
        if name == "with":
            for part in (folder, wheels):
                compileall.compile_dir(part, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, workers=2)
        made[name] = (folder, wheels)
    return made


def measure(packages: Path, runs: int) -> dict[str, float]:
    """Medians in milliseconds of `runs` starts of each kind, made in turn, and the median of the pairs' ratios."""
    taken: dict[str, list[float]] = {"with": [], "without": []}
    with TemporaryDirectory() as where:
        made = copies(Path(where), packages)
        for _ in range(runs):
            for name, (folder, wheels) in made.items():
                taken[name].append(start_s(folder, wheels))
    medians = {f"{name}_bytecode_ms": round(statistics.median(times) * 1000) for name, times in taken.items()}
    ratio = statistics.median(b / a for a, b in zip(taken["with"], taken["without"], strict=True))
    return {**medians, "ratio_without_to_with": round(ratio, 2)}
