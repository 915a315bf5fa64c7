"""The cost of each step of a call and of whole calls: requests to the store, and units that DynamoDB would bill.

Every scenario of `tests/calls` is played on a store that counts. A step's figures are the most that it took with this
outcome in any call; writes count tables and indexes. Work that the outbox sets off, such as a message, is not in them.
The figures are counts, the same on every machine. Run with `make bench`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hotline_local.scenarios.playing import demo_wallet, play
from hotline_local.scenarios.reading import load_scenario, scenario_files
from hotline_local.worlds.inprocess import StepCost

CALLS: Final = Path(__file__).resolve().parents[1] / "tests/calls"


def measure(calls: Iterable[Path] | None = None) -> dict[str, object]:
    """The figures of each step by outcome, and of each call as a whole. `calls`: the scenarios to play, all of
    them when None."""
    steps: dict[str, list[StepCost]] = {}
    whole: dict[str, object] = {}
    for path in scenario_files([CALLS]) if calls is None else calls:
        scenario = load_scenario(path)
        costs = play(scenario, demo_wallet(scenario.calling.at).fork(metered=True)).costs
        for cost in costs:
            steps.setdefault(f"{cost.step} {cost.outcome}", []).append(cost)
        written, read = sum(map(written_units, costs)), sum(map(read_units, costs))
        whole[f"call {path.stem}"] = f"{len(costs)} steps; {written} W, {read:g} R"
    return {name: _most(steps[name]) for name in sorted(steps)} | whole


def _most(costs: Iterable[StepCost]) -> str:
    found = list(costs)
    reads, transactions = max(cost.reads for cost in found), max(cost.transactions for cost in found)
    written, read = max(map(written_units, found)), max(map(read_units, found))
    return f"{reads} reads, {transactions} transactions; {written} W, {read:g} R"


def written_units(cost: StepCost) -> int:
    """The write units of a step, of tables and indexes."""
    return cost.units.written + cost.units.indexed if cost.units is not None else 0


def read_units(cost: StepCost) -> float:
    """The read units of a step."""
    return cost.units.read if cost.units is not None else 0
