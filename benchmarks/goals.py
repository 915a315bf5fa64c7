"""The goals of speed and cost, each with what was measured at the first release and what the page tells now.

The table follows from the other sections of docs/performance.md; a test computes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks import intake
from benchmarks.backtest import GOAL_PER_S
from benchmarks.phone_steps import ALL
from benchmarks.starts import FIRST_RELEASE, GOALS, WARM_NOTE
from benchmarks.tables import Table, read_rows, take

FIRST: Final = 2
"""The column of a start with its first invocation."""
OWN: Final = 4
USD: Final = "USD of DynamoDB for 1,000 calls"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure with its unit; `before` and `goal` are None where there is none. `is_least`: more is better."""

    name: str
    before: float | None
    now: float
    goal: float | None
    digits: int = 2
    is_least: bool = False

    def row(self) -> tuple[str, ...]:
        """The cells of the table, the last one: whether the goal is reached."""
        told = ("-" if value is None else f"{value:,.{self.digits}f}" for value in (self.before, self.now, self.goal))
        return (self.name, *told, "-" if self.goal is None else "yes" if self._is_reached(self.goal) else "no")

    def _is_reached(self, goal: float) -> bool:
        return self.now >= goal if self.is_least else self.now <= goal


def tabulate(page: str) -> Table:
    """The goals, from the sections of the page."""
    head = ("goal", "first release", "now", "goal", "reached")
    return Table(head, [goal.row() for goal in read_goals(page)])


def read_goals(page: str) -> list[Goal]:
    """The figures that the sections of the page tell."""
    starts, steps = take(page, "starts"), read_rows(take(page, "steps"))
    functions = read_rows(starts)
    wanted = [name for name in functions if name in GOALS or name in FIRST_RELEASE]
    found = [
        Goal(
            f"start of {name} with its first invocation, x bare",
            FIRST_RELEASE.get(name),
            float(functions[name][FIRST]),
            GOALS.get(name),
        )
        for name in wanted
    ]
    warm = float(starts.partition(WARM_NOTE)[2].split()[0])
    judging = read_rows(take(page, "backtest"))
    judged, watched = float(judging["events a second"][0]), float(judging["with watches of 200 events"][0])
    cost = float(read_rows(take(page, "cost"))[USD][0])
    return [
        *found,
        Goal("a warm step of the phone with its client, ms of processor", 7.3, warm, 2.5),
        Goal("own time of a step, median, ms", 1.7, float(steps[ALL][OWN]), 0.5),
        Goal("own time of check_code, ms", 5.6, float(steps["check_code"][OWN]), None),
        Goal(USD, 0.061, cost, 0.04, digits=3),
        Goal(
            "facts of many accounts in a second of the processor, with the client",
            None,
            intake.read_rate(page),
            intake.GOAL,
            digits=0,
            is_least=True,
        ),
        Goal("events of a backtest in a second of one core", None, judged, GOAL_PER_S, digits=0, is_least=True),
        Goal("the same, watches of 200 events", None, watched, GOAL_PER_S / 3, digits=0, is_least=True),
    ]
