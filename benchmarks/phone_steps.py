"""The cost of each step of a call and of whole calls: requests to the store, units that DynamoDB would bill, own time.

Every scenario of `tests/calls` is played on a store that counts. A step's figures are the most that it took in any
call; writes count tables and indexes. Work that the outbox sets off, such as a message, is not in them. These figures
are counts, the same on every machine. A step's own time is the processor's, without what the store in memory takes.
Run with `make bench`.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.capacity import PRICES
from benchmarks.tables import Table
from functions.connect.runner import answer
from hotline_local.scenarios.playing import demo_wallet, play
from hotline_local.scenarios.reading import load_scenario, scenario_files
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.worlds.inprocess import StepCost

CALLS: Final = Path(__file__).resolve().parents[1] / "tests/calls"
ALL: Final = "all, the median"
OPERATIONS: Final = ("get", "batch_get", "query", "transact", "write_alone", "put_all")


@dataclass(slots=True)
class Calls:
    """Every step of every scenario. `own_ms` are the times of each step, in the order of `costs`."""

    costs: dict[str, tuple[StepCost, ...]] = field(default_factory=dict)
    own_ms: dict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))
    seconds: float = 0.0
    """The processor's time of one round of all calls, with flows, store and messages."""


class Watch:
    """The time of the processor in the phone's function, without the store's."""

    def __init__(self) -> None:
        self.own_ms: list[float] = []
        self._in_store = 0.0
        self._depth = 0

    def around_store(self, store: MeteredStore) -> None:
        """Take the time of every operation, the outer one where one calls another."""
        for name in OPERATIONS:
            setattr(store, name, partial(self._operation, getattr(store, name)))

    def around_step(self, run: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
        """Take the time of a step."""

        def timed(*given: Any) -> dict[str, str]:
            began, self._in_store = time.thread_time(), 0.0
            try:
                return run(*given)
            finally:
                self.own_ms.append((time.thread_time() - began - self._in_store) * 1000)

        return timed

    def _operation(self, operate: Callable[..., Any], *given: Any, **named: Any) -> Any:
        began = time.thread_time()
        self._depth += 1
        try:
            return operate(*given, **named)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._in_store += time.thread_time() - began


def play_all(calls: Iterable[Path] | None = None, rounds: int = 1) -> Calls:
    """Play the scenarios, all of them when None. The costs are the same in each round."""
    made = Calls()
    paths = list(scenario_files([CALLS]) if calls is None else calls)
    for path in paths:
        demo_wallet(load_scenario(path).calling.at)
    began = time.process_time()
    for _ in range(rounds):
        for path in paths:
            scenario = load_scenario(path)
            world, watch = demo_wallet(scenario.calling.at).fork(metered=True), Watch()
            watch.around_store(world._store)  # type: ignore[arg-type]  # noqa: SLF001 - the meter of a metered world
            with patch("hotline_local.worlds.inprocess.answer", watch.around_step(answer)):
                made.costs[path.stem] = play(scenario, world).costs
            made.own_ms[path.stem].append(watch.own_ms)
    made.seconds = (time.process_time() - began) / rounds
    return made


def cost_usd(written: float, read: float) -> float:
    """US dollars for so many units, at list prices."""
    return (written * PRICES["a million write units"] + read * PRICES["a million read units"]) / 1_000_000


def usd_per_1000_calls(calls: Mapping[str, Sequence[StepCost]]) -> float:
    """US dollars of DynamoDB for a thousand calls, of all scenarios alike, with step and turn and all that is kept."""
    costs = [cost for each in calls.values() for cost in each]
    return cost_usd(sum(map(written_units, costs)), sum(map(read_units, costs))) / len(calls) * 1000


def tabulate_steps(calls: Calls) -> Table:
    """A row for each step: the most of any outcome, and the median of its own time."""
    times: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[StepCost]] = defaultdict(list)
    for name, listed in calls.costs.items():
        for place, cost in enumerate(listed):
            costs[cost.step].append(cost)
            times[cost.step].append(statistics.median(own[place] for own in calls.own_ms[name]))
    rows = [(step, *most(costs[step]), f"{statistics.median(times[step]):.2f}") for step in sorted(costs)]
    median = statistics.median(one for each in times.values() for one in each)
    rows.append((ALL, "-", "-", "-", "-", f"{median:.2f}"))
    return Table(("step", "reads", "transactions", "write units", "read units", "own ms"), rows, figures=rows)


def tabulate_calls(calls: Calls) -> Table:
    """A row for each call."""
    rows = []
    for name, costs in calls.costs.items():
        written, read = sum(map(written_units, costs)), sum(map(read_units, costs))
        usd = cost_usd(written, read) * 1000
        rows.append((name, str(len(costs)), f"{written:g}", f"{read:g}", f"{usd:.3f}"))
    return Table(("call", "steps", "write units", "read units", "USD for 1,000"), rows, figures=rows)


def most(costs: Sequence[StepCost]) -> tuple[str, str, str, str]:
    """The most reads, transactions, write units and read units of any."""
    return (
        str(max(cost.reads for cost in costs)),
        str(max(cost.transactions for cost in costs)),
        f"{max(map(written_units, costs)):g}",
        f"{max(map(read_units, costs)):g}",
    )


def written_units(cost: StepCost) -> int:
    """The write units of a step, of tables and indexes."""
    return cost.units.written + cost.units.indexed if cost.units is not None else 0


def read_units(cost: StepCost) -> float:
    """The read units of a step."""
    return cost.units.read if cost.units is not None else 0
