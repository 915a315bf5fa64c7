"""Walks a set of flows by itself: every key, every answer of a function, every error, wherever a call comes to.

Calls are forked at each choice, so nothing is run twice to get somewhere. States are told apart by where the call is
and by what its branches can depend on; of states at one place only so many are followed, which bounds the search.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotline_local.flowlang.action_spec import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from hotline_local.flowlang.actions import spec_for
from hotline_local.flowlang.document import Action
from hotline_local.flowlang.flowset import FlowSet
from hotline_local.simulator.blocks.asking import SILENCE
from hotline_local.simulator.coverage import EdgeCoverage
from hotline_local.simulator.engine import Engine
from hotline_local.simulator.events import Place, Trace
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
    """Explores `flows` from a start flow.

    `answers` says what each function may answer. `entries` are tried at every store input, every key at every menu.
    `per_place` bounds how many different states are followed at one block with one count of its loops; `max_states` bounds
    the search as a whole.
    """

    def __init__(
        self,
        flows: FlowSet,
        answers: Answers,
        *,
        entries: Sequence[str] = DEFAULT_ENTRIES,
        per_place: int = 12,
        max_states: int = 200_000,
    ) -> None:
        self._functions = _ChosenAnswer()
        self._fault: str | None = None
        self._engine = Engine(flows, self._functions, max_steps=max_states, faults=lambda _place, _action: self._fault)
        self._flows = flows
        self._answers = answers
        self._entries = entries
        self._per_place = per_place
        self._max_states = max_states

    def explore(self, setups: Iterable[CallSetup], start_flow: str) -> Exploration:
        """Explore calls that begin in each of these ways."""
        found = Exploration(EdgeCoverage(self._flows))
        seen: set[object] = set()
        followed: Counter[object] = Counter()
        open_states = deque(self._engine.begin(setup, start_flow) for setup in setups)
        while open_states and found.states < self._max_states:
            state = open_states.popleft()
            found.states += 1
            for trace, following in self._successors(state):
                found.coverage.add(trace.visits)
                if following.end is not None:
                    found.ends[following.end] += 1
                    if following.end.reason is EndReason.FAILED:
                        found.failures.append((trace.events[-1].place, following.end.detail))
                    continue
                key = _fingerprint(following)
                place = tuple((frame.flow, frame.block, *sorted(frame.loops.items())) for frame in following.frames)
                if key not in seen and followed[place] < self._per_place:
                    seen.add(key)
                    followed[place] += 1
                    open_states.append(following)
        return found

    def _successors(self, state: CallState) -> Iterator[tuple[Trace, CallState]]:
        if state.waiting is not None:
            for keys in self._keys(state):
                fork = state.fork()
                yield self._engine.answer(fork, keys), fork
            return
        place = Place(state.frame.flow, state.frame.block)
        action = self._flows.by_name[place.flow].by_identifier.get(place.block)
        if action is None:
            yield self._step(state.fork(), None)
            return
        for fault in self._faults(action):
            yield self._step(state.fork(), fault)
        if action.type == "InvokeLambdaFunction":
            for answer in self._answers(place, action.mapping("LambdaInvocationAttributes")):
                self._functions.answer = answer
                yield self._step(state.fork(), None)
        elif action.type == "DistributeByPercentage":
            for draws in range(DRAWS):
                fork = state.fork()
                fork.draws = draws
                yield self._step(fork, None)
        else:
            yield self._step(state.fork(), None)

    def _step(self, state: CallState, fault: str | None) -> tuple[Trace, CallState]:
        self._fault = fault
        return self._engine.step(state), state

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


def _fingerprint(state: CallState) -> object:
    """What later branches can depend on: where the call is, what it has stored, what it has arranged."""
    frames = tuple(
        (
            frame.flow,
            frame.block,
            repr(frame.external),
            frame.stored_input,
            tuple(sorted(frame.loops.items())),
            tuple(sorted(frame.flow_attributes.items())),
            repr(frame.module_result),
        )
        for frame in state.frames
    )
    attributes = tuple(sorted(state.attributes.items()))
    return (
        frames,
        attributes,
        state.queue,
        state.language,
        state.callback_number,
        state.callback_created,
        id(state.setup),
        state.waiting is not None,
    )
