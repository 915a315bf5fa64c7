"""The engine: runs flows block by block, chooses edges, and stops where the caller has to act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from connect_sim.errors import ConnectSimError
from connect_sim.language.actions.specs import NO_MATCHING_CONDITION, NO_MATCHING_ERROR
from connect_sim.language.dataflow import collect_operand_references, collect_references, find_secret_inputs
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import END, LEAVES, NEXT, label_condition, label_error
from connect_sim.language.references import Reference
from connect_sim.simulator.block import Block, Surroundings
from connect_sim.simulator.blocks.bots import take_words
from connect_sim.simulator.blocks.branches import satisfies
from connect_sim.simulator.blocks.handlers import HANDLERS
from connect_sim.simulator.blocks.inputs import note_silence, take_keys
from connect_sim.simulator.events import CallEvent, Place, Trace, Visit
from connect_sim.simulator.keys import SILENCE
from connect_sim.simulator.outcome import (
    Await,
    Enter,
    Failed,
    Finish,
    FlowOver,
    Impossible,
    Leave,
    Outcome,
    Queued,
    Return,
    Success,
    Value,
)
from connect_sim.simulator.seams import BotSeam, FunctionErrorKind, FunctionSeam
from connect_sim.simulator.stages import (
    MissingHookError,
    accept_contact,
    end_flow_stage,
    enter_queue,
    find_agent_due_s,
    find_first_stage,
    find_vain_wait_end,
    is_waiting,
)
from connect_sim.simulator.state import CallSetup, CallState, End, EndOutcome, EndReason, Frame
from connect_sim.simulator.values import NOT_MODELLED, resolve

MAX_ACTIONS = 250
"""Blocks in one flow or module (Amazon Connect service quotas)."""
DEFAULT_MAX_STEPS = 500
HANG_UP_FAULT = "hang_up"

type FaultHook = Callable[[Place, Action], str | None]
"""Asked before every block. An error type takes its edge (`NoMatchingError`, `QueueAtCapacity`), and a
FunctionErrorKind is for a function block (`timeout`, `lost_answer`). HANG_UP_FAULT loses the caller there; None lets
the block run."""


def _collect_read_values(actions: Mapping[str, Action]) -> Mapping[str, tuple[Reference, ...]]:
    """Return the run-time values that each block of a flow needs, sorted."""
    return MappingProxyType(
        {
            name: tuple(
                sorted(
                    (collect_operand_references if action.type == "Compare" else collect_references)(action), key=str
                )
            )
            for name, action in actions.items()
        }
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """The parts of a set of flows that the engine reads at each block: with tokens replaced."""

    resolved: Mapping[str, Flow]
    needed: Mapping[str, Mapping[str, tuple[Reference, ...]]]
    secret_inputs: Mapping[str, frozenset[str]]


@lru_cache(maxsize=8)
def _read(flows: FlowSet) -> _Reading:
    """Read a set of flows once for all engines over it: a search makes an engine for every call."""
    resolved = {flow.name: flow.resolve(flows.tokens) for flow in flows.flows}
    return _Reading(
        resolved=resolved,
        needed={flow.name: _collect_read_values(flow.by_identifier) for flow in resolved.values()},
        secret_inputs={flow.name: find_secret_inputs(flow) for flow in flows.flows},
    )


class UnknownFlowError(ConnectSimError):
    """The start flow is not among the flows; the text says which there are."""


def _ignore_time(_: float) -> None:
    return None


class Engine:
    """Runs calls over one set of flows. Holds nothing of a call: that is all in the CallState.

    `flows` carries the token values; what is not among them stays as written (see `unresolved_tokens`). `bots` answers
    for Lex bots; without it a call stops where it comes to one. `max_steps` bounds the blocks of one call; the
    count begins anew whenever time passes for a contact in a queue or on hold. `faults` may make any block fail.
    `on_time` is told of every bit of time that passes, in seconds.
    """

    def __init__(
        self,
        flows: FlowSet,
        functions: FunctionSeam,
        *,
        bots: BotSeam | None = None,
        max_steps: int = DEFAULT_MAX_STEPS,
        faults: FaultHook | None = None,
        on_time: Callable[[float], None] = _ignore_time,
    ) -> None:
        self.flows = flows
        self.max_steps = max_steps
        self._faults = faults
        reading = _read(flows)
        self._resolved = reading.resolved
        self._needed = reading.needed
        self._surroundings = Surroundings(
            flows=flows,
            functions=functions,
            bots=bots,
            on_time=on_time,
            secret_inputs=reading.secret_inputs,
        )

    @property
    def unresolved_tokens(self) -> frozenset[str]:
        """Tokens in the flows that have no value and do not name a flow of the set."""
        names = frozenset(name for flow in self._resolved.values() for name in flow.tokens)
        return frozenset(name for name in names if self.flows.find(f"${{{name}}}") is None)

    def begin(self, setup: CallSetup, start_flow: str) -> CallState:
        """Return the state of a call that has just come in. Raises UnknownFlowError when there is no such flow."""
        flow = self.flows.find(start_flow)
        if flow is None:
            known = ", ".join(sorted(self.flows.by_name))
            raise UnknownFlowError(f"There is no flow {start_flow!r}; known are: {known}.")
        return CallState(
            setup=setup,
            frames=[Frame(flow.name, flow.start_action)],
            attributes=dict(setup.attributes),
            references=dict(setup.references),
            language=setup.language,
            queue=setup.queue,
            stage=find_first_stage(self.flows.kind_of(flow)),
        )

    def step(self, state: CallState) -> Trace:
        """Run exactly one block. The state must be neither waiting nor ended."""
        trace = Trace()
        if state.waiting is not None or state.end is not None:
            raise ValueError("The call waits for keys or is over; it cannot go a step.")
        frame = state.frame
        flow = self._resolved[frame.flow]
        action = flow.by_identifier.get(frame.block)
        if action is None or len(flow.actions) > MAX_ACTIONS:
            missing = f"There is no block {frame.block!r} in {frame.flow}."
            too_many = f"{frame.flow} has {len(flow.actions)} blocks; the service takes {MAX_ACTIONS}."
            self._stop(state, trace, missing if action is None else too_many)
            return trace
        if state.steps - state.waited_at_step >= self.max_steps:
            self._end(state, trace, End(EndReason.STEP_CAP, detail=f"{self.max_steps} blocks have run."))
            return trace
        if (end := find_vain_wait_end(state)) is not None:
            self._end(state, trace, end)
            return trace
        due_s = find_agent_due_s(state)
        if due_s is not None and state.at_s >= due_s:
            self._accept_contact(state, trace)
            return trace
        state.steps += 1
        began_at_s, waits = state.at_s, is_waiting(state)
        fault = self._faults(Place(frame.flow, frame.block), action) if self._faults else None
        if fault == HANG_UP_FAULT:
            return self.hang_up(state)
        injected = FunctionErrorKind(fault) if fault is not None and fault in FunctionErrorKind else None
        block = Block(self._surroundings, state, flow, action, trace, injected)
        self._name_missing(block)
        handler = HANDLERS.get(action.type)
        if handler is None:
            outcome: Outcome = Impossible(f"The simulator does not know the action {action.type}.")
        elif fault is not None and injected is None:
            outcome = Failed(fault, "injected")
        else:
            outcome = handler(block)
        if waits and state.at_s > began_at_s:
            state.waited_at_step = state.steps
        self._apply(block, outcome)
        return trace

    def run(self, state: CallState) -> Trace:
        """Run blocks until one waits for keys or the call is over."""
        trace = Trace()
        while state.waiting is None and state.end is None:
            trace.extend(self.step(state))
        return trace

    def answer(self, state: CallState, keys: str, *, secret: bool = False) -> Trace:
        """Give the waiting block keys (`0-9*#`), or `-` for silence; the next block has not run afterwards."""
        if state.waiting is None:
            raise ValueError("No block waits for keys.")
        trace = Trace()
        request, state.waiting = state.waiting, None
        flow = self._resolved[state.frame.flow]
        action = flow.by_identifier[state.frame.block]
        block = Block(self._surroundings, state, flow, action, trace)
        due_s = find_agent_due_s(state)
        if keys == SILENCE and due_s is not None and due_s < state.at_s + request.time_limit_s:
            note_silence(block)
            block.pass_time(max(0.0, due_s - state.at_s))
            self._accept_contact(state, trace)
        elif request.speech:
            self._apply(block, take_words(block, keys))
        else:
            spoken = keys.startswith('"')
            self._apply(block, take_keys(block, SILENCE if spoken else keys, secret=secret))
        return trace

    def press(self, state: CallState, keys: str, *, secret: bool = False) -> Trace:
        """`answer`, then `run`: what one entry of the caller leads to."""
        trace = self.answer(state, keys, secret=secret)
        trace.extend(self.run(state))
        return trace

    def skip_module(self, state: CallState, result: str | None) -> Trace:
        """Go on as if the module that the present block calls had run and ended with this result.

        For searches that look at one document at a time; the module's own effects on the contact do not happen.
        """
        trace = Trace()
        flow = self._resolved[state.frame.flow]
        action = flow.by_identifier[state.frame.block]
        state.frame.module_result = {"Result": result, "ResultData": {}}
        block = Block(self._surroundings, state, flow, action, trace)
        self._apply(block, Value(result) if action.conditions else Success())
        return trace

    def hang_up(self, state: CallState) -> Trace:
        """End the call as one whose caller hung up, wherever it is."""
        trace = Trace()
        place = Place(state.frame.flow, state.frame.block)
        trace.events.append(CallEvent("disconnect", state.at_s, place, {"by": "caller"}))
        self._end(state, trace, End(EndReason.ENDED, EndOutcome.HUNG_UP))
        return trace

    def call_back(self, state: CallState, contact_id: str) -> CallState | None:
        """Return the contact of a callback that was arranged, in the flow that it begins with.

        None when it begins with no flow, so that an agent is rung first. It has the attributes of its call only.
        """
        callback = state.callback
        flow = self.flows.find(callback.flow) if callback is not None and callback.flow else None
        if callback is None or flow is None:
            return None
        setup = replace(
            state.setup,
            contact_id=contact_id,
            customer_number=callback.number,
            initial_contact_id=state.setup.initial_contact_id or state.setup.contact_id,
            previous_contact_id=state.setup.contact_id,
            initiation_method="CALLBACK",
            attributes=callback.attributes,
            language=state.language,
        )
        begun = self.begin(setup, flow.name)
        begun.queue = callback.queue
        return begun

    def give_up(self, state: CallState, end: End) -> Trace:
        """End a call from outside: keys that ran out, a code that never came."""
        trace = Trace()
        self._end(state, trace, end)
        return trace

    def _apply(self, block: Block, outcome: Outcome) -> None:
        """Turn what a block came to into an edge, and go along it."""
        state, trace = block.state, block.trace
        match outcome:
            case Await() | Enter():
                return
            case Impossible(problem):
                self._stop(state, trace, problem, block.place)
            case Finish(ending, leaves):
                self._visit(block, LEAVES if leaves else END, None)
                self._end(state, trace, End(EndReason.ENDED, ending), block.place)
            case Leave():
                self._visit(block, LEAVES, None)
            case Queued():
                self._visit(block, LEAVES, None)
                self._enter_queue(block)
            case FlowOver():
                self._visit(block, END, None)
                self._end_flow_stage(block)
            case Return(result):
                self._visit(block, END, None)
                self._return_to_caller(block, result)
            case Failed(error_type, cause):
                self._follow_error(block, error_type, cause)
            case Value(value):
                self._follow_condition(block, value)
            case Success():
                self._go(block, NEXT, block.action.next_action)

    def _enter_queue(self, block: Block) -> None:
        try:
            runs = enter_queue(self.flows, block.state)
        except MissingHookError as error:
            self._stop(block.state, block.trace, str(error), block.place)
            return
        if not runs:
            self._wait_silently(block)

    def _end_flow_stage(self, block: Block) -> None:
        """A flow has nothing more to do: another one follows, or an agent, or the call ends for the simulator."""
        state = block.state
        in_queue = is_waiting(state)
        try:
            end = end_flow_stage(self.flows, state)
        except MissingHookError as error:
            self._stop(state, block.trace, str(error), block.place)
            return
        if end is not None:
            self._end(state, block.trace, end, block.place)
        elif in_queue:
            self._wait_silently(block)

    def _wait_silently(self, block: Block) -> None:
        """Nothing runs in the queue: the contact waits for an agent, or for nobody."""
        due_s = find_agent_due_s(block.state)
        if due_s is None:
            self._end(block.state, block.trace, End(EndReason.ENDED, EndOutcome.QUEUE), block.place)
            return
        block.pass_time(max(0.0, due_s - block.state.at_s))
        self._accept_contact(block.state, block.trace)

    def _accept_contact(self, state: CallState, trace: Trace) -> None:
        try:
            end = accept_contact(self.flows, state, trace)
        except MissingHookError as error:
            self._stop(state, trace, str(error))
            return
        if end is not None:
            self._end(state, trace, end)

    def _name_missing(self, block: Block) -> None:
        """Say which values a block needs that are not there. The compared value may be missing; the value that it is
        compared with may not."""
        read = self._needed[block.flow.name].get(block.action.identifier, ())
        missing = [reference for reference in read if resolve(block.state, reference) is None]
        if missing:
            unknown = [str(reference) for reference in missing if reference.root in NOT_MODELLED]
            block.emit("missing", values=[str(reference) for reference in missing], not_modelled=unknown)

    def _return_to_caller(self, block: Block, result: str | None) -> None:
        block.state.frames.pop()
        flow = self._resolved[block.state.frame.flow]
        action = flow.by_identifier[block.state.frame.block]
        caller = Block(self._surroundings, block.state, flow, action, block.trace)
        self._apply(caller, Value(result) if action.conditions else Success())

    def _follow_error(self, block: Block, error_type: str, cause: str) -> None:
        """The edge of this very error, else that of NoMatchingError."""
        targets = {name: block.action.error_target(name) for name in (error_type, NO_MATCHING_ERROR)}
        taken = next((name for name, target in targets.items() if target is not None), None)
        block.emit("error", error=error_type, cause=cause, edge=taken)
        if taken is None:
            problem = f"{error_type} ({cause}) has no edge, nor has {NO_MATCHING_ERROR}; the line goes dead."
            self._stop(block.state, block.trace, problem, block.place)
            return
        self._go(block, label_error(taken), targets[taken])

    def _follow_condition(self, block: Block, value: str | None) -> None:
        """The first condition that is true, else the edge of NoMatchingCondition."""
        for condition in block.action.conditions:
            if satisfies(value, condition.operator, block.operand(condition)):
                self._go(block, label_condition(condition), condition.target)
                return
        target = block.action.error_target(NO_MATCHING_CONDITION)
        if target is None and not block.action.conditions:
            self._go(block, NEXT, block.action.next_action)
            return
        if target is None:
            self._stop(
                block.state, block.trace, "No condition is true and NoMatchingCondition has no edge.", block.place
            )
            return
        self._go(block, label_error(NO_MATCHING_CONDITION), target)

    def _go(self, block: Block, label: str, target: str | None) -> None:
        if target is None:
            self._stop(block.state, block.trace, f"The edge {label} leads nowhere.", block.place)
            return
        self._visit(block, label, target)
        block.frame.block = target

    @staticmethod
    def _visit(block: Block, label: str, target: str | None) -> None:
        block.trace.visits.append(Visit(block.flow.name, block.action.identifier, label, target))

    def _stop(self, state: CallState, trace: Trace, problem: str, place: Place | None = None) -> None:
        place = place or Place(state.frame.flow, state.frame.block)
        data = {"error": "failed", "cause": problem, "edge": None}
        trace.events.append(CallEvent("error", state.at_s, place, data))
        self._end(state, trace, End(EndReason.FAILED, detail=problem), place)

    @staticmethod
    def _end(state: CallState, trace: Trace, end: End, place: Place | None = None) -> None:
        place = place or Place(state.frame.flow, state.frame.block)
        state.waiting = None
        state.end = end
        data = {"reason": end.reason, "outcome": end.outcome, "detail": end.detail}
        trace.events.append(CallEvent("end", state.at_s, place, data))
