"""Walks flows by itself: every key, every answer of a function, every error, wherever a call comes to.

Each document is walked alone: a module that it calls is not entered, each result that the module can end with is tried
instead, and a transfer to another flow ends the walk. Since a module sees of its caller only contact attributes, which
the set-ups give, this covers what whole calls would cover, without multiplying the documents with each other.

Calls are forked at each choice, so nothing is run twice to get somewhere. A state is followed when at its block
something holds that has not held there before: an attribute, an answer, the count of a loop. That is the novelty test
of width 1 from planning (Lipovetzky and Geffner, ECAI 2012): it bounds the search by blocks times facts, where
following every combination would never end, and it reaches whatever depends on one fact at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

from hotline_local.flowlang.action_spec import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from hotline_local.flowlang.actions import spec_for
from hotline_local.flowlang.document import Action, Flow
from hotline_local.flowlang.flowset import FlowSet
from hotline_local.flowlang.graph import END
from hotline_local.simulator.blocks.asking import SILENCE
from hotline_local.simulator.coverage import EdgeCoverage
from hotline_local.simulator.engine import Engine
from hotline_local.simulator.events import Place, Trace, Visit
from hotline_local.simulator.functions import FunctionErrorKind, FunctionResult
from hotline_local.simulator.state import CallSetup, CallState, End, EndReason

DEFAULT_ENTRIES = (SILENCE, "#", "1234567890#")
DRAWS = 12
"""How many numbers a percentage block is tried with."""
_BY_THEMSELVES = frozenset({NO_MATCHING_CONDITION, INPUT_TIME_LIMIT_EXCEEDED})
"""Errors that keys, answers and set-ups lead to; only a module's unknown result has to be made up."""

type Answers = Callable[[Place, Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""All answers to try for a function block, by its place and the parameters it sends."""


@dataclass(slots=True)
class Exploration:
    """What came of it: coverage of edges, every end that was reached, and the calls that failed with how they began."""

    coverage: EdgeCoverage
    ends: Counter[End] = field(default_factory=Counter)
    failures: list[tuple[Place, str]] = field(default_factory=list)
    states: int = 0


class _ChosenAnswer:
    """A FunctionSeam that gives the answer which the explorer has chosen, and remembers what was sent."""

    def __init__(self) -> None:
        self.answer: Mapping[str, Any] = {}

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        del arn, event, time_limit_s
        return FunctionResult(payload=dict(self.answer))


class Explorer:
    """Explores the flows and modules of a set.

    `answers` says what each function may answer. `entries` are tried at every store input, every key at every menu.
    `max_states` bounds the search.
    """

    def __init__(
        self,
        flows: FlowSet,
        answers: Answers,
        *,
        entries: Sequence[str] = DEFAULT_ENTRIES,
        max_states: int = 200_000,
    ) -> None:
        self._functions = _ChosenAnswer()
        self._fault: str | None = None
        self._engine = Engine(flows, self._functions, max_steps=max_states, faults=lambda _place, _action: self._fault)
        self._flows = flows
        self._answers = answers
        self._entries = entries
        self._max_states = max_states

    def explore(self, setups: Sequence[CallSetup]) -> Exploration:
        """Walk every document of the set from its start, with a call that begins in each of these ways.

        What has just gone along an edge that is seldom taken goes first, then calls with fewer made-up errors.
        """
        found = Exploration(EdgeCoverage(self._flows))
        held: set[object] = set()
        order = count()
        begun = [self._engine.begin(setup, flow.name) for flow in self._flows.flows for setup in setups]
        taken: Counter[Visit] = Counter()
        open_states = [(0, 0, next(order), state) for state in begun]
        while open_states and found.states < self._max_states:
            _, faults, _, state = heappop(open_states)
            found.states += 1
            for trace, following, faulted in self._successors(state):
                found.coverage.add(trace.visits)
                taken.update(trace.visits)
                if following.end is not None:
                    found.ends[following.end] += 1
                    if following.end.reason is EndReason.FAILED:
                        found.failures.append((trace.events[-1].place, following.end.detail))
                    continue
                if trace.visits and trace.visits[-1].target is None:
                    continue
                facts = _facts(following)
                if not facts <= held:
                    held |= facts
                    seldom = min((taken[visit] for visit in trace.visits), default=0)
                    heappush(open_states, (seldom, faults + faulted, next(order), following))
        return found

    def _successors(self, state: CallState) -> Iterator[tuple[Trace, CallState, bool]]:
        """Every way on from a state, each with whether it began with an error made up here."""
        if state.waiting is not None:
            for keys in self._keys(state):
                fork = state.fork()
                yield self._engine.answer(fork, keys), fork, False
            return
        place = Place(state.frame.flow, state.frame.block)
        action = self._flows.by_name[place.flow].by_identifier.get(place.block)
        if action is None:
            yield self._step(state.fork())
            return
        for fault in self._faults(action):
            yield self._step(state.fork(), fault)
        if action.type == "InvokeLambdaFunction":
            for answer in self._answers(place, action.mapping("LambdaInvocationAttributes")):
                self._functions.answer = answer
                yield self._step(state.fork())
        elif action.type == "InvokeFlowModule" and (module := self._flows.target(action)) is not None:
            for result in _results(module):
                fork = state.fork()
                yield self._engine.skip_module(fork, result), fork, False
        elif action.type == "EndFlowModuleExecution":
            yield Trace(visits=[Visit(place.flow, place.block, END, None)]), state.fork(), False
        elif action.type == "DistributeByPercentage":
            for draws in range(DRAWS):
                fork = state.fork()
                fork.draws = draws
                yield self._step(fork)
        else:
            yield self._step(state.fork())

    def _step(self, state: CallState, fault: str | None = None) -> tuple[Trace, CallState, bool]:
        self._fault = fault
        return self._engine.step(state), state, fault is not None

    def _keys(self, state: CallState) -> Sequence[str]:
        request = state.waiting
        if request is None or not request.menu:
            return self._entries
        unknown = next((key for key in "8765432190*#" if key not in request.keys), None)
        return [*request.keys, *([unknown] if unknown else []), SILENCE]

    @staticmethod
    def _faults(action: Action) -> list[str]:
        if action.type == "InvokeLambdaFunction":
            return [FunctionErrorKind.TIMEOUT, FunctionErrorKind.EXCEPTION]
        spec = spec_for(action)
        declared = {edge.error_type for edge in action.errors}
        if action.type != "InvokeFlowModule":
            declared -= _BY_THEMSELVES
        return sorted(declared & spec.errors) if spec else []


def _results(module: Flow) -> list[str | None]:
    """The fixed results that a module can end with; None stands for one without, or one known only at run time."""
    ends = [action.text("Result") for action in module.actions if action.type == "EndFlowModuleExecution"]
    fixed = sorted({end for end in ends if end and not end.startswith("$.")})
    return [*fixed] if fixed else [None]


def _facts(state: CallState) -> set[object]:
    """What holds at the block where a call is, one by one: all that a later branch can depend on.

    The count of a loop is taken together with what was answered, typed or returned last: only so is its last round
    with each answer something new.
    """
    frame = state.frame
    here = (frame.flow, frame.block, state.waiting is not None)
    facts: set[object] = {(here, id(state.setup)), (here, state.queue), (here, state.language)}
    facts |= {(here, state.callback_number), (here, state.callback_created)}
    facts |= {(here, "contact", fact) for fact in state.attributes.items()}
    facts |= {(here, "flow", fact) for fact in frame.flow_attributes.items()}
    lately = [*(frame.external or {}).items(), ("stored", frame.stored_input), ("result", repr(frame.module_result))]
    for loop in (None, *frame.loops.items()):
        facts |= {(here, loop, name, repr(value)) for name, value in lately}
    return facts
