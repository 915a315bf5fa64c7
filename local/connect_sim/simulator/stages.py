"""The stages of a contact after the flow that answered: the queue, the whispers, and the flow after the talk. Each
takes place if an event hook names its flow.

An agent accepts between two blocks, or while an input waits; the talk of agent and caller is not simulated. Whispers
are heard one after the other here, the agent's first; on the line they are heard at once.
"""

from connect_sim.errors import ConnectSimError
from connect_sim.language.document import FlowKind
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.events import CallEvent, Place, Trace
from connect_sim.simulator.state import CallState, End, EndOutcome, EndReason, Frame, Stage

LONGEST_WAIT_S = 3600.0
"""How long a contact waits that nobody comes to, before the simulated call ends there. A bound of our own: the service
has none for voice that is documented."""
_FIRST_STAGES = {
    FlowKind.CUSTOMER_QUEUE: Stage.QUEUE,
    FlowKind.CUSTOMER_HOLD: Stage.HOLD,
    FlowKind.AGENT_HOLD: Stage.HOLD,
    FlowKind.AGENT_WHISPER: Stage.AGENT_WHISPER,
    FlowKind.CUSTOMER_WHISPER: Stage.CUSTOMER_WHISPER,
}
WAITING = frozenset({Stage.QUEUE, Stage.HOLD})
"""The stages in which a contact waits for an agent."""
_AROUND_THE_TALK = (Stage.AGENT_WHISPER, Stage.CUSTOMER_WHISPER, Stage.AFTER_TALK)


class MissingHookError(ConnectSimError):
    """An event hook names a flow that is not among those given; the text says which."""


def find_first_stage(kind: FlowKind) -> Stage:
    """Return where a contact is when a flow of this kind is run by itself."""
    return _FIRST_STAGES.get(kind, Stage.FLOW)


def is_waiting(state: CallState) -> bool:
    """Return whether the contact is in a queue or on hold, so that an agent may come."""
    return state.stage in WAITING


def find_agent_due_s(state: CallState) -> float | None:
    """Return the time on the line, in seconds, at which an agent comes; None when the contact waits for nobody."""
    waiting = state.setup.waiting
    if not is_waiting(state) or waiting is None or waiting.agent_after_s is None:
        return None
    return state.queued_at_s + waiting.agent_after_s


def find_vain_wait_end(state: CallState) -> End | None:
    """Return the end of a call that has waited for nobody as long as is simulated, else None."""
    if not is_waiting(state) or find_agent_due_s(state) is not None or state.at_s - state.queued_at_s < LONGEST_WAIT_S:
        return None
    return End(EndReason.ENDED, EndOutcome.QUEUE if state.stage is Stage.QUEUE else EndOutcome.AGENT)


def enter_queue(flows: FlowSet, state: CallState) -> bool:
    """Put the contact into its queue. Returns whether a flow runs there; otherwise the service's own music plays,
    which is not modelled. Raises MissingHookError."""
    state.queued_at_s = state.at_s
    state.stage = Stage.QUEUE
    return _begin(flows, state, Stage.QUEUE)


def accept_contact(flows: FlowSet, state: CallState, trace: Trace) -> End | None:
    """Let an agent take the contact out of the queue. Returns the end of the call when nothing runs afterwards.
    Raises MissingHookError."""
    waited_s = round(state.at_s - state.queued_at_s, 3)
    place = Place(state.frame.flow, state.frame.block)
    trace.events.append(CallEvent("agent", state.at_s, place, {"waited_s": waited_s, "queue": state.queue}))
    if state.stage is Stage.HOLD:
        return End(EndReason.ENDED, EndOutcome.AGENT)
    return _go_on(flows, state, _AROUND_THE_TALK)


def end_flow_stage(flows: FlowSet, state: CallState) -> End | None:
    """Go on when the running flow has nothing more to do.

    Returns the end of the call, or None when another flow runs or an agent is still to come. Raises MissingHookError.
    """
    match state.stage:
        case Stage.FLOW:
            return End(EndReason.ENDED, EndOutcome.AGENT)
        case Stage.QUEUE | Stage.HOLD:
            outcome = EndOutcome.QUEUE if state.stage is Stage.QUEUE else EndOutcome.AGENT
            return None if find_agent_due_s(state) is not None else End(EndReason.ENDED, outcome)
        case stage:
            return _go_on(flows, state, _AROUND_THE_TALK[_AROUND_THE_TALK.index(stage) + 1 :])


def _go_on(flows: FlowSet, state: CallState, stages: tuple[Stage, ...]) -> End | None:
    for stage in stages:
        if stage is Stage.AFTER_TALK and not (state.setup.waiting and state.setup.waiting.agent_leaves):
            break
        state.stage = stage
        if _begin(flows, state, stage):
            return None
    return End(EndReason.ENDED, EndOutcome.AGENT)


def _begin(flows: FlowSet, state: CallState, stage: Stage) -> bool:
    reference = state.event_hooks.get(stage.value)
    if reference is None:
        return False
    flow = flows.find(reference)
    if flow is None:
        raise MissingHookError(f"The flow {reference} that {stage.value} runs is not among those given.")
    state.frames = [Frame(flow.name, flow.start_action)]
    return True
