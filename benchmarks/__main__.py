"""`make bench`: every benchmark, each figure a ratio or with what it is to be compared to."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping

from benchmarks import (
    agent_routes,
    attackers,
    backtest,
    capacity,
    decline_codes,
    desk_page,
    facts,
    first_encrypted_code,
    imports,
    phone_steps,
    same_for_everybody,
    start_of_the_phone,
)
from hotline_local.launcher.build import Target, build
from hotline_local.launcher.progress import Lines


def main() -> int:
    """Build for this machine, run the benchmarks, print what they found."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each kind (default 7)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    folder = build(Target.LOCAL, Lines()).parent
    packages = folder / "DependenciesLayer/python"
    found: dict[str, Mapping[str, object]] = {
        "start_of_the_phone": start_of_the_phone.measure(packages, arguments.runs),
        "first_encrypted_code": first_encrypted_code.measure(packages, arguments.runs),
        "same_for_everybody": same_for_everybody.measure(arguments.runs),
        "attackers": attackers.measure(),
        "backtest": backtest.measure(),
        "capacity": capacity.measure(),
        "agent_routes": agent_routes.measure(),
        "imports": imports.measure(),
        "facts": facts.measure(),
        "phone_steps": phone_steps.measure(),
        "decline_codes": decline_codes.measure(arguments.runs),
        "desk_page": desk_page.measure(arguments.runs),
    }
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, **found}))
        return 0
    for name, figures in found.items():
        print(f"{name.replace('_', ' ')} (--runs {arguments.runs})")
        width = max(map(len, figures))
        for figure, value in figures.items():
            print(f"  {figure.replace('_', ' '):{width}} {value!s:>8}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
