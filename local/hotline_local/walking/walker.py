"""Drives calls through the shipped flows until every edge has been walked.

A walk is one call. At each block the walker may make it fail, choose what the function answers, or choose the key, and
it takes the choice that is nearest to an edge nobody has walked yet; a share of choices is left to chance (seeded), for
edges that depend on what was chosen long before. The engine, not the walker, decides which edge is taken.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.connect.contract import EMPTY, MORE_PROMPTS, NEEDS, SELF_SERVICE, STEPS
from hotline_local.flowlang.action_forms import is_menu
from hotline_local.flowlang.action_spec import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from hotline_local.flowlang.document import Action
from hotline_local.flowlang.flowset import FlowSet
from hotline_local.flowlang.graph import Edge, condition_label, error_label
from hotline_local.simulator.coverage import EdgeCoverage
from hotline_local.simulator.engine import Engine
from hotline_local.simulator.events import CallEvent, Place, Trace
from hotline_local.simulator.functions import FunctionResult
from hotline_local.simulator.keys import SILENCE
from hotline_local.simulator.state import CallSetup, CallState, EndReason
from hotline_local.walking.flow_map import FAR, FAULT_PRICE, FlowMap, Node, faults_of
from hotline_local.worlds.flow_files import OUTBOUND_FLOW

type Stack = tuple[Node, ...]

CONTACT = "00000000-0000-4000-8000-0000000000aa"
CALLER = "+8613900000000"
MAX_STEPS = 2000
PATIENCE = 60
"""Entries after which a caller hangs up: some circles, like waiting in line, have no end of their own."""
CHANCE = 0.1
"""Share of choices that are left to chance."""
MOST_CHANCE = 0.5
RESTLESS_AFTER = 50
"""Walks in a row without a new edge after which chance gets its share once more: the nearest way may be closed."""
ENTRY_KEYS: Mapping[tuple[str, str], str] = {
    ("Equals", "Timeout"): "-",
    ("Equals", "0"): "0#",
    ("Equals", "*"): "*#",
    ("TextStartsWith", "*"): "*#",
}
"""What to key in for the conditions of the block that compares an entry; digits for all others."""
DIGITS = "123456"
NO_SUCH_KEY = "#"
EMPTY_ENTRY = "#"
OUTBOUND_METHODS = ("API", "OUTBOUND", "INBOUND")
"""How contacts come to the flow that speaks on calls we make: the last one by somebody's mistake."""
EXTRA_VALUES: Mapping[str, tuple[str, ...]] = {
    "language": ("zh-CN", "en-US", EMPTY),
    "proved": ("yes", "no"),
    "needs": NEEDS,
    "self_service": SELF_SERVICE,
    "asked": ("yes", "no"),
    "refundable": ("yes", "no"),
    "count": ("1", "2", "3"),
    "topic": (EMPTY, "refund"),
    "locked": ("yes", "no"),
    "elsewhere": ("yes", "no"),
    "callback": ("yes", "no"),
    "calls": ("yes", "no"),
    **dict.fromkeys(MORE_PROMPTS, ("<speak>and more</speak>", EMPTY)),
}
"""What an answer may say beside its outcome, where a flow decides by it."""


def stack_of(state: CallState) -> Stack:
    """Where a call is: the running block last, before it the blocks that called its module."""
    return tuple((frame.flow, frame.block) for frame in state.frames)


class CannedFunction:
    """The connect function's place: answers what the walker wants, and counts turns the way the function does."""

    def __init__(self) -> None:
        self.next_outcome = ""
        self.extras: Mapping[str, str] = {}
        self.turn = 0
        self.calls: list[Mapping[str, str]] = []
        self.turns: list[str] = []

    def forget(self) -> None:
        """Be as before the first call."""
        self.turn, self.calls, self.turns = 0, [], []

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Answer a step; see FunctionSeam."""
        del arn, time_limit_s
        given = event["Details"]["Parameters"]
        step = STEPS[given["step"]]
        self.calls.append(given)
        self.turn += step.acting
        self.turns.append(str(self.turn))
        answer = dict.fromkeys(step.answer_keys, EMPTY) | {
            key: self.extras[key] for key in step.answer_keys if key in self.extras
        }
        answer |= {
            "outcome": self.next_outcome,
            "prompt": f"<speak>{given['step']} {self.next_outcome}</speak>",
            "turn": str(self.turn),
            "account_ref": "ref",
        }
        return FunctionResult(payload=answer, duration_ms=100)


@dataclass(slots=True)
class Walk:
    """One call that was driven to its end. `calls` are the parameters that steps got, `turns` the turns they answered,
    `faults` the blocks that were made to fail."""

    state: CallState
    events: list[CallEvent] = field(default_factory=list)
    calls: list[Mapping[str, str]] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    faults: list[Place] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.state.end is not None and self.state.end.reason is EndReason.ENDED

    def story(self) -> str:
        """What happened, in a few lines, for a failing test."""
        lines = [f"{event.place.flow}/{event.place.block}: {event.kind} {event.data}" for event in self.events[-12:]]
        return "\n".join([*lines, f"faults: {self.faults}", f"end: {self.state.end}"])


class Walker:
    """Walks calls over one set of flows; `starts` are the flows that calls begin in, `walked` edges that need not be
    walked any more."""

    def __init__(self, flows: FlowSet, starts: Iterable[str], seed: int = 0, walked: Iterable[Edge] = ()) -> None:
        self.coverage = EdgeCoverage(flows, walked)
        self.function = CannedFunction()
        self.engine = Engine(flows, self.function, max_steps=MAX_STEPS, faults=self._fault)
        self._flows = flows
        self._starts = tuple(starts)
        self._random = random.Random(seed)  # noqa: S311 - a search that is to repeat
        self._planned_fault: str | None = None
        self._map = FlowMap(flows)
        self._goals: set[Edge] = set()
        self._ignored: set[Edge] = set()
        self._chance = CHANCE
        self._fruitless = 0

    def walks(self, most: int) -> Iterator[Walk]:
        """Walk until every edge is walked, or so many calls were made."""
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
        self._ignored = {edge for edge in self.coverage.missing if self._random.random() < 0.5}
        self._measure()
        if not any(self._map.nearest_from_start(name) < FAR for name in self._starts):
            self._ignored = set()
            self._measure()

    def _measure(self) -> None:
        self._goals = set(self.coverage.missing) - self._ignored
        self._map.measure(self._goals)

    # --- one call

    def _walk(self, start: str) -> Walk:
        self.function.forget()
        withheld = self._random.random() < CHANCE
        setup = CallSetup(
            contact_id=CONTACT,
            customer_number=None if withheld else CALLER,
            hours_open=self._random.random() < 0.5,
            attributes={} if start == self._starts[0] else self._attributes_of(start),
            initiation_method=self._random.choice(OUTBOUND_METHODS) if start == OUTBOUND_FLOW else "INBOUND",
        )
        walk = Walk(self.engine.begin(setup, start))
        entries = 0
        while walk.state.end is None:
            entries += walk.state.waiting is not None
            if entries > PATIENCE:
                trace = self.engine.hang_up(walk.state)
            else:
                trace = self._press(walk.state) if walk.state.waiting else self._step(walk)
            self.coverage.add(trace.visits)
            if any(Edge(v.flow, v.block, v.edge, v.target) in self._goals for v in trace.visits):
                self._measure()
            walk.events += trace.events
        walk.calls, walk.turns = self.function.calls, self.function.turns
        return walk

    def _attributes_of(self, start: str) -> dict[str, str]:
        """What a call that begins in a flow brings along."""
        if start == OUTBOUND_FLOW:
            return {"challenge": "chl_1"}
        language = self._random.choice(("zh-CN", "en-US", EMPTY))
        pace = {"pace": self._random.choice(("medium", "slow")), "pause": "1ms"} if self._random.random() < 0.5 else {}
        kept = {"turn": "0", "account_ref": "ref", "topic": "refund", "reason": "asked"}
        kept |= {"callback": self._random.choice(("yes", "no"))}
        return {**kept, "language": language, **pace}

    def _step(self, walk: Walk) -> Trace:
        stack = stack_of(walk.state)
        action = self._map.action(stack[-1])
        self._planned_fault = self._choose_fault(stack, action)
        if self._planned_fault:
            walk.faults.append(Place(*stack[-1]))
        elif action.type == "InvokeLambdaFunction":
            self._choose_answer(stack, action)
        return self.engine.step(walk.state)

    def _fault(self, place: Place, action: Action) -> str | None:
        del place, action
        return self._planned_fault

    def _choose_fault(self, stack: Stack, action: Action) -> str | None:
        """An error, where that is the shortest way to an unwalked edge."""
        nearest = self._map.nearest(stack)
        choices = [
            error_type
            for error_type in faults_of(action)
            if FAULT_PRICE + self._error_cost(stack, action, error_type) <= nearest + 1
        ]
        return self._random.choice(sorted(choices)) if choices and self._random.random() > self._chance else None

    def _choose_answer(self, stack: Stack, action: Action) -> None:
        decision = self._decision(stack, action)
        there = (*stack[:-1], (stack[-1][0], decision.identifier))
        choices = [
            (self._map.cost(there, condition_label(edge), edge.target), edge.operand) for edge in decision.conditions
        ]
        choices.append((self._error_cost(there, decision, NO_MATCHING_CONDITION), "UNHEARD_OF"))
        self.function.next_outcome = self._pick(choices)
        self.function.extras = {key: self._random.choice(values) for key, values in EXTRA_VALUES.items()}

    def _decision(self, stack: Stack, step: Action) -> Action:
        """The block that decides by a step's outcome: right after the one that keeps the turn, if there is a turn."""
        before = step
        if STEPS[str(step.mapping("LambdaInvocationAttributes")["step"])].of_call:
            before = self._map.action((stack[-1][0], step.next_action or ""))
        return self._map.action((stack[-1][0], before.next_action or ""))

    def _error_cost(self, stack: Stack, action: Action, error_type: str) -> int:
        return self._map.cost(stack, error_label(error_type), action.error_target(error_type))

    def _press(self, state: CallState) -> Trace:
        stack = stack_of(state)
        action = self._map.action(stack[-1])
        if self._map.nearest(stack) >= FAR:
            return self.engine.hang_up(state)
        if is_menu(action):
            return self.engine.answer(state, self._pick(self._menu_choices(stack, action)))
        compared = (*stack[:-1], (stack[-1][0], action.next_action or ""))
        return self.engine.answer(state, self._pick(self._entry_choices(compared, self._map.action(compared[-1]))))

    def _menu_choices(self, stack: Stack, menu: Action) -> list[tuple[int, str]]:
        choices = [
            (self._map.cost(stack, condition_label(edge), edge.target), edge.operand) for edge in menu.conditions
        ]
        choices.append((self._error_cost(stack, menu, INPUT_TIME_LIMIT_EXCEEDED), SILENCE))
        choices.append((self._error_cost(stack, menu, NO_MATCHING_CONDITION), NO_SUCH_KEY))
        return choices

    def _entry_choices(self, stack: Stack, compared: Action) -> list[tuple[int, str]]:
        choices = [
            (
                self._map.cost(stack, condition_label(edge), edge.target),
                ENTRY_KEYS.get((edge.operator, edge.operand), DIGITS),
            )
            for edge in compared.conditions
        ]
        return [*choices, (self._error_cost(stack, compared, NO_MATCHING_CONDITION), EMPTY_ENTRY)]

    def _pick(self, choices: list[tuple[int, str]]) -> str:
        """Mostly one of the nearest, sometimes any."""
        least = min(cost for cost, _ in choices)
        best = [choice for cost, choice in choices if cost == least]
        return self._random.choice(best if self._random.random() > self._chance else [choice for _, choice in choices])
