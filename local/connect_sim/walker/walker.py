"""A search for calls that walk every edge of a set of flows.

A walk is one call. At each block the walker may make it fail, choose a function's answer, or choose the key. It takes
the choice that is nearest to an edge nobody has walked yet. A share of choices is left to chance (seeded), for edges
that depend on a choice long before. The engine, not the walker, decides which edge is taken.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from connect_sim.language.actions.forms import is_menu
from connect_sim.language.actions.specs import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from connect_sim.language.document import Action, ConditionEdge
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, label_condition, label_error
from connect_sim.simulator.blocks.inputs import SILENCE, TIMEOUT_LITERAL
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent, Place, Trace
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, CallState, EndReason
from connect_sim.walker.coverage import EdgeCoverage
from connect_sim.walker.flow_map import FAR, FAULT_PRICE, FlowMap, Node

type Stack = tuple[Node, ...]

MAX_STEPS = 2000
PATIENCE = 60
"""Entries after which a caller hangs up: some circles, like waiting in line, have no end of their own."""
CHANCE = 0.1
"""Share of choices that are left to chance."""
MOST_CHANCE = 0.5
RESTLESS_AFTER = 50
"""Walks in a row without a new edge after which chance gets its share once more: the nearest way may be closed."""
MAX_BLOCKS_TO_DECISION = 3
"""Blocks between a function and the comparison of its answer, such as those that keep parts of the answer."""
DIGITS = "123456"
"""The digits that a caller keys in where any number will do."""
NO_SUCH_KEY = "#"
EMPTY_ENTRY = "#"
UNHEARD_OF = "UNHEARD_OF"
"""An answer that no flow has a branch for."""
_KEYS = re.compile(r"[0-9*]+")


class WalkedFunctions(Protocol):
    """Stands in for all functions of the flows that are walked, and says how calls come in."""

    outcome_key: str
    """The key of an answer by which flows branch first, so that the walker chooses its value."""

    def set_up(self, start_flow: str, chance: random.Random) -> CallSetup:
        """Return the set-up of the next call, which begins in this flow; `chance` decides what may differ."""
        ...

    def plan(self, outcome: str, chance: random.Random) -> None:
        """Take the value that the next answer has under `outcome_key`; `chance` decides the rest of the answer."""
        ...

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Answer one call of a function as planned; see FunctionSeam."""
        ...


class PlannedAnswers:
    """WalkedFunctions for flows that branch by one value alone: answers hold that value, and constants if given."""

    CONTACT_ID = "00000000-0000-4000-8000-0000000000aa"
    CALLER = "+12025550123"

    def __init__(self, outcome_key: str = "outcome", constants: Mapping[str, str] | None = None) -> None:
        self.outcome_key = outcome_key
        self._constants = dict(constants or {})
        self._outcome = ""

    def set_up(self, start_flow: str, chance: random.Random) -> CallSetup:
        """Return a call whose number may be withheld, at open or at closed hours."""
        del start_flow
        number = None if chance.random() < CHANCE else self.CALLER
        return CallSetup(self.CONTACT_ID, number, hours_open=chance.random() < 0.5)

    def plan(self, outcome: str, chance: random.Random) -> None:
        """See WalkedFunctions."""
        del chance
        self._outcome = outcome

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """See WalkedFunctions."""
        del arn, event, time_limit_s
        return FunctionResult(payload={**self._constants, self.outcome_key: self._outcome}, duration_ms=100)


def read_stack(state: CallState) -> Stack:
    """Return where a call is: the running block last, before it the blocks that called its module."""
    return tuple((frame.flow, frame.block) for frame in state.frames)


@dataclass(slots=True)
class Walk:
    """One call that was driven to its end. `faults` are the blocks that were made to fail."""

    state: CallState
    events: list[CallEvent] = field(default_factory=list)
    faults: list[Place] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the call ended by itself, and not by a failure of the flow."""
        return self.state.end is not None and self.state.end.reason is EndReason.ENDED

    def describe(self) -> str:
        """Return what happened last, in a few lines, for a failing test."""
        lines = [f"{event.place.flow}/{event.place.block}: {event.kind} {event.data}" for event in self.events[-12:]]
        return "\n".join([*lines, f"faults: {self.faults}", f"end: {self.state.end}"])


class Walker[Functions: WalkedFunctions]:
    """Walks calls over one set of flows.

    `starts` are the flows that calls begin in, and `functions` stand in for all functions. `seed` decides all chances,
    and `walked` are edges that need not be walked any more.
    """

    def __init__(
        self,
        flows: FlowSet,
        starts: Iterable[str],
        functions: Functions,
        *,
        seed: int = 0,
        walked: Iterable[Edge] = (),
    ) -> None:
        self.coverage = EdgeCoverage(flows, walked)
        self.functions = functions
        self.engine = Engine(flows, functions, max_steps=MAX_STEPS, faults=self._fault)
        self._decided_by = f"$.External.{functions.outcome_key}"
        self._flows = flows
        self._starts = tuple(starts)
        self._random = random.Random(seed)  # noqa: S311 - a search that is to repeat
        self._planned_fault: str | None = None
        self._map = FlowMap(flows, self._decided_by)
        self._goals: set[Edge] = set()
        self._chance = CHANCE
        self._fruitless = 0

    def walks(self, most: int) -> Iterator[Walk]:
        """Walk until every edge is walked, no edge can be reached, or `most` calls were made."""
        for _ in range(most):
            self._choose_goals()
            near = [name for name in self._starts if self._map.nearest_from_start(name) < FAR]
            if not near:
                return
            left = len(self.coverage.missing)
            self._chance = min(MOST_CHANCE, CHANCE * (1 + self._fruitless // RESTLESS_AFTER))
            yield self._walk(self._random.choice(near))
            self._fruitless = self._fruitless + 1 if len(self.coverage.missing) == left else 0

    def _choose_goals(self) -> None:
        """Leave half of the unwalked edges out of sight for one walk, so that a hard one does not hold up the rest."""
        self._goals = {edge for edge in self.coverage.missing if self._random.random() >= 0.5}
        self._map.measure(self._goals)
        if not any(self._map.nearest_from_start(name) < FAR for name in self._starts):
            self._goals = set(self.coverage.missing)
            self._map.measure(self._goals)

    # --- one call

    def _walk(self, start: str) -> Walk:
        walk = Walk(self.engine.begin(self.functions.set_up(start, self._random), start))
        entries = 0
        while walk.state.end is None:
            entries += walk.state.waiting is not None
            if entries > PATIENCE:
                trace = self.engine.hang_up(walk.state)
            else:
                trace = self._press(walk.state) if walk.state.waiting else self._step(walk)
            self.coverage.add(trace.visits)
            reached = {Edge(v.flow, v.block, v.edge, v.target) for v in trace.visits} & self._goals
            if reached:
                self._goals -= reached
                self._map.measure(self._goals)
            walk.events += trace.events
        return walk

    def _step(self, walk: Walk) -> Trace:
        stack = read_stack(walk.state)
        action = self._map.action(stack[-1])
        self._planned_fault = self._choose_fault(stack, action)
        if self._planned_fault:
            walk.faults.append(Place(*stack[-1]))
        elif action.type == "InvokeLambdaFunction":
            self.functions.plan(self._choose_outcome(stack, action), self._random)
        return self.engine.step(walk.state)

    def _fault(self, place: Place, action: Action) -> str | None:
        del place, action
        return self._planned_fault

    def _choose_fault(self, stack: Stack, action: Action) -> str | None:
        """Return an error, where that is the shortest way to an unwalked edge."""
        nearest = self._map.nearest(stack)
        choices = [
            error_type
            for error_type in self._map.faults(stack[-1])
            if FAULT_PRICE + self._error_cost(stack, action, error_type) <= nearest + 1
        ]
        return self._random.choice(choices) if choices and self._random.random() > self._chance else None

    def _choose_outcome(self, stack: Stack, function: Action) -> str:
        decision = self._decision(stack[-1][0], function)
        if decision is None:
            return UNHEARD_OF
        there = (*stack[:-1], (stack[-1][0], decision.identifier))
        choices = [
            (self._map.cost(there, label_condition(edge), edge.target), edge.operand) for edge in decision.conditions
        ]
        choices.append((self._error_cost(there, decision, NO_MATCHING_CONDITION), UNHEARD_OF))
        return self._pick(choices)

    def _decision(self, flow: str, function: Action) -> Action | None:
        """Return the comparison of a function's outcome, which follows it soon; None when there is none."""
        action = function
        for _ in range(MAX_BLOCKS_TO_DECISION):
            following = self._flows.by_name[flow].by_identifier.get(action.next_action or "")
            if following is None:
                return None
            if following.type == "Compare" and following.text("ComparisonValue") == self._decided_by:
                return following
            action = following
        return None

    def _error_cost(self, stack: Stack, action: Action, error_type: str) -> int:
        return self._map.cost(stack, label_error(error_type), action.error_target(error_type))

    def _press(self, state: CallState) -> Trace:
        stack = read_stack(state)
        action = self._map.action(stack[-1])
        if self._map.nearest(stack) >= FAR:
            return self.engine.hang_up(state)
        if is_menu(action):
            return self.engine.answer(state, self._pick(self._menu_choices(stack, action)))
        return self.engine.answer(state, self._pick(self._entry_choices(stack, action)))

    def _menu_choices(self, stack: Stack, menu: Action) -> list[tuple[int, str]]:
        choices = [
            (self._map.cost(stack, label_condition(edge), edge.target), edge.operand) for edge in menu.conditions
        ]
        choices.append((self._error_cost(stack, menu, INPUT_TIME_LIMIT_EXCEEDED), SILENCE))
        choices.append((self._error_cost(stack, menu, NO_MATCHING_CONDITION), NO_SUCH_KEY))
        return choices

    def _entry_choices(self, stack: Stack, entry: Action) -> list[tuple[int, str]]:
        flow = stack[-1][0]
        compared = self._flows.by_name[flow].by_identifier.get(entry.next_action or "")
        if compared is None or compared.type != "Compare":
            return [(0, keys) for keys in (DIGITS, SILENCE, EMPTY_ENTRY)]
        there = (*stack[:-1], (flow, compared.identifier))
        choices = [
            (self._map.cost(there, label_condition(edge), edge.target), _entry_for(edge))
            for edge in compared.conditions
        ]
        return [*choices, (self._error_cost(there, compared, NO_MATCHING_CONDITION), EMPTY_ENTRY)]

    def _pick(self, choices: list[tuple[int, str]]) -> str:
        """Return mostly one of the nearest choices, sometimes any."""
        least = min(cost for cost, _ in choices)
        best = [choice for cost, choice in choices if cost == least]
        return self._random.choice(best if self._random.random() > self._chance else [choice for _, choice in choices])


def _entry_for(condition: ConditionEdge) -> str:
    """Return what to key in so that a condition on the entry is true; digits where keys cannot make it so."""
    if condition.operand == TIMEOUT_LITERAL:
        return SILENCE
    if condition.operator in {"Equals", "TextStartsWith"} and _KEYS.fullmatch(condition.operand):
        return f"{condition.operand}#"
    return DIGITS
