"""`make bench`: one table of the cost of starts, steps, requests, facts and the scan.

It writes what it measured into docs/performance.md. ARGS="starts steps" measures these sections only, and writes them
with --write.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from benchmarks import (
    api_routes,
    attackers,
    backtest,
    capacity,
    decline_codes,
    desk_page,
    facts,
    first_encrypted_code,
    goals,
    growth,
    imports,
    intake,
    item_sizes,
    phone_steps,
    same_for_everybody,
    start_of_the_phone,
    starts,
)
from benchmarks.phone_steps import usd_per_1000_calls
from benchmarks.quiet import quiet
from benchmarks.tables import Table, put
from hotline_local.launcher.build import Target, build
from hotline_local.launcher.progress import Lines

ROUNDS: Final = 3
"""Times that every call is played, for the own time of its steps."""


@dataclass
class Bench:
    """The work that sections share: one build, one round of calls."""

    runs: int
    tell: Callable[[str], None] = field(repr=False)

    @cached_property
    def folder(self) -> Path:
        """The artefacts for this machine."""
        return build(Target.LOCAL, Lines()).parent

    @property
    def packages(self) -> Path:
        """The wheels of the built layer."""
        return self.folder / "DependenciesLayer/python"

    @cached_property
    def units(self) -> capacity.Units:
        """The units of the scan."""
        return capacity.measure_units()

    @cached_property
    def calls(self) -> phone_steps.Calls:
        """Every scenario, played."""
        return phone_steps.play_all(rounds=ROUNDS)


def simulate(bench: Bench) -> Table:
    """How many calls a second of the processor the simulator plays."""
    count = len(bench.calls.costs)
    rows = [("calls", str(count)), ("calls in a second of the processor", f"{count / bench.calls.seconds:.1f}")]
    return Table(("simulator", "measured"), rows, figures=rows)


def price(bench: Bench) -> Table:
    """The cost of calls and requests at list prices, from the units."""
    routes = api_routes.list_usd()
    listed = bench.calls.costs.values()
    rows = [
        (goals.USD, f"{usd_per_1000_calls(bench.calls.costs):.3f}"),
        ("steps of a call, mean", f"{sum(map(len, listed)) / len(listed):.1f}"),
        ("USD of DynamoDB for 1,000 requests, mean of all routes", f"{sum(routes) / len(routes):.4f}"),
        ("USD of DynamoDB for 1,000 requests, dearest route", f"{max(routes):.4f}"),
    ]
    return Table(("at list prices", "measured"), rows, figures=rows)


def list_figures(name: str, found: Mapping[str, object]) -> Table:
    """Figures by their names, as a table."""
    return Table((name, "measured"), [(key.replace("_", " "), str(value)) for key, value in found.items()], "", found)


IN_PAGE: Final[Mapping[str, Callable[[Bench], Table]]] = {
    "starts": lambda bench: starts.tabulate(starts.measure(bench.folder, bench.runs, tell=bench.tell)),
    "steps": lambda bench: phone_steps.tabulate_steps(bench.calls),
    "calls": lambda bench: phone_steps.tabulate_calls(bench.calls),
    "cost": price,
    "routes": lambda _: api_routes.tabulate(),
    "growth": lambda _: growth.tabulate(),
    "items": lambda _: item_sizes.tabulate(),
    "facts": lambda _: facts.tabulate(),
    intake.NAME: lambda _: intake.tabulate(),
    "simulator": simulate,
    "backtest": lambda _: list_figures("backtest", backtest.measure()),
}
"""Sections of the page."""
SCAN: Final = "scan"
"""Two sections of the page, of which one follows from the other."""
OTHERS: Final[Mapping[str, Callable[[Bench], Mapping[str, object]]]] = {
    "start_of_the_phone": lambda bench: start_of_the_phone.measure(bench.packages, bench.runs),
    "first_encrypted_code": lambda bench: first_encrypted_code.measure(bench.packages, bench.runs),
    "same_for_everybody": lambda bench: same_for_everybody.measure(bench.runs),
    "attackers": lambda _: attackers.measure(),
    "imports": lambda _: imports.measure(),
    "decline_codes": lambda bench: decline_codes.measure(bench.runs),
    "desk_page": lambda bench: desk_page.measure(bench.runs),
}
"""Sections that are printed only."""


def _print_only(name: str, bench: Bench) -> Table:
    return list_figures(name, OTHERS[name](bench))


SECTIONS: Final[Mapping[str, Callable[[Bench], Table]]] = {
    **IN_PAGE,
    SCAN: lambda bench: list_figures(SCAN, asdict(bench.units)),
    **{name: partial(_print_only, name) for name in OTHERS},
}
NAMES: Final = tuple(SECTIONS)


def describe_machine() -> str:
    """The kind of processor, its cores, and the Python; nothing that names the machine."""
    kind = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        kind = f"{models[0]} ({kind})" if models else kind
    return f"{kind}, {os.cpu_count()} cores, Python {platform.python_version()}"


def describe_commit() -> str:
    """The commit that was measured, and whether its code was changed."""
    commit, changed = (
        subprocess.run(
            ["git", *command], cwd=capacity.PAGE.parent, capture_output=True, text=True, check=False
        ).stdout.strip()
        for command in (("rev-parse", "--short=10", "HEAD"), ("status", "--porcelain", "--", ":/", ":!/docs"))
    )
    return f"commit {commit or 'unknown'}{' with changes' if changed else ''}"


def write(bench: Bench, found: Mapping[str, Table]) -> None:
    """Put what was measured into the page, each section with the command, the machine and the commit. Two sections
    follow from the others."""
    page = capacity.PAGE.read_text(encoding="utf-8")
    for name, table in found.items():
        said = f'`make bench ARGS="{name} --write --runs {bench.runs}"`: {describe_machine()}, {describe_commit()}.'
        if name in IN_PAGE:
            page = put(page, name, f"{table.markdown()}\n\n{said}")
        elif name == SCAN:
            page = capacity.write_tables(page, bench.units, said)
    page = put(page, intake.CAPACITY_NAME, intake.tabulate_plans(page).markdown())
    capacity.PAGE.write_text(put(page, "goals", goals.tabulate(page).markdown()), encoding="utf-8")


def main() -> int:
    """Measure the sections, print them, and write them into the page: all, or with --write those that are named."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*NAMES, []], metavar="section", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=starts.RUNS, help=f"runs of each kind (default {starts.RUNS})")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--write",
        action=argparse.BooleanOptionalAction,
        help="write what was measured into docs/performance.md (default where no section is named)",
    )
    arguments = parser.parse_args()
    bench = Bench(arguments.runs, lambda text: print(text, file=sys.stderr, flush=True))
    found: dict[str, Table] = {}
    for name in arguments.sections or NAMES:
        bench.tell(f"measuring {name}")
        with quiet():
            found[name] = SECTIONS[name](bench)
    if arguments.write or (arguments.write is None and not arguments.sections):
        write(bench, found)
    if arguments.json:
        figures = {name: table.figures for name, table in found.items()}
        print(json.dumps({"runs": bench.runs, "machine": describe_machine(), "commit": describe_commit(), **figures}))
        return 0
    print(f"{describe_machine()}, {describe_commit()}, --runs {bench.runs}\n")
    print("\n\n".join(table.text() for table in found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
