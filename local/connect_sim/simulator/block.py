"""A block at the moment it runs: what its handler may read, change and say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connect_sim.language.document import Action, ConditionEdge, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.references import holds_reference, replace_tokens
from connect_sim.simulator.events import CallEvent, Place, Trace
from connect_sim.simulator.outcome import Outcome
from connect_sim.simulator.seams import BotSeam, FunctionErrorKind, FunctionSeam
from connect_sim.simulator.state import CallState, Frame
from connect_sim.simulator.values import render, resolve_single

type Handler = Callable[["Block"], Outcome]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that a running call shares with its engine: flows and facts about them, functions, bots, the clock."""

    flows: FlowSet
    functions: FunctionSeam
    bots: BotSeam | None
    on_time: Callable[[float], None]
    secret_inputs: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Block:
    """One run of one block. `injected` is a function error that the fault hook asks for, None mostly."""

    surroundings: Surroundings
    state: CallState
    flow: Flow
    action: Action
    trace: Trace
    injected: FunctionErrorKind | None = None

    @property
    def frame(self) -> Frame:
        return self.state.frame

    @property
    def place(self) -> Place:
        return Place(self.flow.name, self.action.identifier)

    @property
    def is_secret_input(self) -> bool:
        """Whether what is typed at this block must not be shown."""
        return self.action.identifier in self.surroundings.secret_inputs.get(self.flow.name, frozenset())

    def emit(self, kind: str, **data: Any) -> None:
        """Add an event at this block and at the present time."""
        self.trace.events.append(CallEvent(kind, self.state.at_s, self.place, data))

    def render(self, name: str) -> str:
        """Return a free-text parameter with its references replaced."""
        return render(self.state, self.action.text(name))

    def resolve_single(self, name: str) -> str | None:
        """Return a parameter that is fixed or exactly one reference; None when it is missing or refers to nothing."""
        return resolve_single(self.state, self.action.text(name)) if name in self.action.parameters else None

    def describe_parameter(self, name: str) -> str:
        """Return a sentence about a parameter: its text, and the value behind its reference, if it has one."""
        if name not in self.action.parameters:
            return f"{name} is missing"
        written, value = self.action.text(name), self.resolve_single(name)
        if not holds_reference(written):
            return f"{name} is {written!r}"
        return f"{name} is {written}, which has {'no value' if value is None else f'the value {value!r}'}"

    def operand(self, condition: ConditionEdge) -> str | None:
        """Return what a condition compares with, references and tokens replaced; None when there is no such value."""
        written = str(replace_tokens(condition.operand, self.surroundings.flows.tokens))
        return resolve_single(self.state, written) if holds_reference(written) else written

    def seconds(self, name: str, default: float) -> float:
        """Return a parameter that is a number of seconds; `default` when it is missing or no number."""
        text = self.resolve_single(name) or ""
        return float(text) if text.isdecimal() else default

    def pass_time(self, seconds: float) -> None:
        """Let time go by on the line and in the world."""
        self.state.at_s = round(self.state.at_s + seconds, 3)
        self.surroundings.on_time(seconds)
