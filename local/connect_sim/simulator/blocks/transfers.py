"""Blocks that send a call somewhere: queues, agents, third parties, other flows, modules, or nowhere."""

import re
from typing import Any

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.language.flow_set import MAX_MODULE_DEPTH
from connect_sim.language.references import holds_reference
from connect_sim.simulator.block import Block
from connect_sim.simulator.outcome import (
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
)
from connect_sim.simulator.state import Callback, CallSetup, EndOutcome, Frame, Stage, ThirdParty
from connect_sim.simulator.values import list_names, render_all

_DIALABLE = re.compile(r"\+[1-9]\d{6,14}")
_CASE_ATTRIBUTES = ("case_id", "case", "case_ref")
CONNECT_THIRD_PARTY_S = 5.0
MAX_HOPS = 11
"""How often a contact may go on from one queue to another (administrator guide, queue-to-queue transfer)."""


def set_queue(block: Block) -> Outcome:
    """UpdateContactTargetQueue: where a transfer will go."""
    agent = block.resolve_single("AgentId")
    queue = agent or block.resolve_single("QueueId")
    if not queue:
        return Failed(NO_MATCHING_ERROR, "no_queue")
    block.state.queue = queue
    block.state.queue_is_agent = agent is not None
    return Success()


def transfer_to_queue(block: Block) -> Outcome:
    """TransferContactToQueue: the simulated call ends there, unless the set-up lets it go on in the queue. A contact
    that is in a queue already cannot be put into one."""
    if block.state.stage is Stage.QUEUE:
        return Failed(NO_MATCHING_ERROR, "in_a_queue")
    return _into_queue(block, block.state.queue, to_agent=block.state.queue_is_agent)


def transfer_on(block: Block) -> Outcome:
    """DequeueContactAndTransferToQueue: from one queue into another, a bounded number of times."""
    state = block.state
    if state.hops >= MAX_HOPS:
        return Failed(NO_MATCHING_ERROR, "too_many_transfers")
    own = block.resolve_single("AgentId") or block.resolve_single("QueueId")
    to_agent = "AgentId" in block.action.parameters if own else state.queue_is_agent
    outcome = _into_queue(block, own or state.queue, to_agent=to_agent)
    if not isinstance(outcome, Failed):
        state.hops += 1
        state.queue, state.queue_is_agent = own or state.queue, to_agent
    return outcome


def _into_queue(block: Block, queue: str | None, *, to_agent: bool) -> Outcome:
    if not queue:
        return Failed(NO_MATCHING_ERROR, "no_queue")
    if _is_full(block.state.setup, queue):
        return Failed("QueueAtCapacity", "queue_at_capacity")
    _emit_transfer(block, queue=queue)
    block.state.buffered_keys = ""
    if block.state.setup.waiting is not None:
        return Queued()
    return Finish(EndOutcome.AGENT if to_agent else EndOutcome.QUEUE, leaves=True)


def _is_full(setup: CallSetup, queue: str) -> bool:
    names = list_names(queue)
    if setup.queue_at_capacity:
        return names.isdisjoint(setup.free_queues)
    return not names.isdisjoint(setup.full_queues)


def transfer_to_agent(block: Block) -> Outcome:
    """TransferContactToAgent: the last block of a transfer flow."""
    _emit_transfer(block, queue=block.state.queue)
    return Finish(EndOutcome.AGENT)


def transfer_to_third_party(block: Block) -> Outcome:
    """TransferParticipantToThirdParty: the set-up says whether it is answered. The flow goes on afterwards if the block
    says so, and only then tells a failed call from one that nobody answers."""
    number = block.resolve_single("ThirdPartyPhoneNumber")
    if not number:
        return Failed(NO_MATCHING_ERROR, "no_number")
    comes_back = block.action.is_true("ContinueFlowExecution")
    match block.state.setup.third_party:
        case ThirdParty.FAILS:
            return Failed("CallFailed" if comes_back else NO_MATCHING_ERROR, "call_failed")
        case ThirdParty.NO_ANSWER:
            block.pass_time(block.seconds("ThirdPartyConnectionTimeLimitSeconds", CONNECT_THIRD_PARTY_S))
            return Failed("ConnectionTimeLimitExceeded" if comes_back else NO_MATCHING_ERROR, "no_answer")
    _emit_transfer(block, queue=None, number=number)
    block.state.buffered_keys = ""
    block.pass_time(CONNECT_THIRD_PARTY_S)
    return Success() if comes_back else Finish(EndOutcome.AGENT, leaves=True)


def _emit_transfer(block: Block, *, queue: str | None, **more: Any) -> None:
    attributes = block.state.attributes
    case = next((attributes[name] for name in _CASE_ATTRIBUTES if name in attributes), None)
    block.emit("transfer", queue=queue, case=case, attributes=dict(attributes), **more)


def set_callback_number(block: Block) -> Outcome:
    """UpdateContactCallbackNumber: only a number in E.164 form will do."""
    number = block.resolve_single("CallbackNumber")
    if number is None or not _DIALABLE.fullmatch(number):
        return Failed("InvalidCallbackNumber", "callback_number")
    block.state.callback_number = number
    return Success()


def create_callback(block: Block) -> Outcome:
    """CreateCallbackContact: to the callback number, else the caller's own, through a queue."""
    state = block.state
    number = state.callback_number or state.setup.customer_number
    queue = block.resolve_single("AgentId") or block.resolve_single("QueueId") or state.queue
    if number is None or queue is None:
        return Failed(NO_MATCHING_ERROR, "no_number" if number is None else "no_queue")
    delay_s = block.seconds("InitialCallDelaySeconds", 0.0)
    state.callback = Callback(number, queue, block.resolve_single("ContactFlowId"), delay_s, dict(state.attributes))
    block.emit("callback", number=number, queue=queue, delay_s=delay_s, attributes=dict(state.attributes))
    return Success()


def transfer_to_flow(block: Block) -> Outcome:
    """TransferToFlow: what belonged to this flow is gone. The contact's attributes stay, and so does the answer of the
    last function, until the next call of one."""
    reference = block.resolve_single("ContactFlowId")
    flow = block.surroundings.flows.find(reference) if reference else None
    if flow is None:
        return _not_found(block, "ContactFlowId", reference)
    answered = next((frame for frame in reversed(block.state.frames) if frame.invocation_id is not None), None)
    following = Frame(flow.name, flow.start_action)
    if answered is not None:
        following.external, following.invocation_id = answered.external, answered.invocation_id
    block.state.frames = [following]
    block.state.buffered_keys = ""
    return Leave()


def invoke_module(block: Block) -> Outcome:
    """InvokeFlowModule: a frame of its own, up to five deep."""
    reference = block.resolve_single("FlowModuleId")
    module = block.surroundings.flows.find(reference) if reference else None
    if module is None:
        return _not_found(block, "FlowModuleId", reference)
    if len(block.state.frames) > MAX_MODULE_DEPTH:
        return Failed(NO_MATCHING_ERROR, "nested_too_deeply")
    given = render_all(block.state, dict(block.action.mapping("Input")))
    block.state.frames.append(Frame(module.name, module.start_action, module_input=given))
    return Enter()


def _not_found(block: Block, parameter: str, reference: str | None) -> Outcome:
    """Return the outcome for a flow that is not here: Impossible for a fixed reference, an error for a computed one."""
    if holds_reference(block.action.text(parameter)):
        return Failed(NO_MATCHING_ERROR, "unknown_flow")
    return Impossible(f"No flow or module {reference} is among those given.")


def end_module(block: Block) -> Outcome:
    """EndFlowModuleExecution: the result decides the caller's branch and is `$.Modules.Result` there. A module that is
    run by itself ends with its result."""
    result = block.resolve_single("Result")
    if len(block.state.frames) == 1:
        block.emit("noted", action=block.action.type, answer=result)
        return Finish(EndOutcome.RETURNED)
    data = render_all(block.state, dict(block.action.mapping("ResultData")))
    block.state.frames[-2].module_result = {"Result": result, "ResultData": data}
    return Return(result)


def disconnect(block: Block) -> Outcome:
    """DisconnectParticipant: the line is cut; what had been arranged before decides how the caller is left."""
    block.emit("disconnect", by="flow")
    if block.state.stage is Stage.AFTER_TALK:
        return Finish(EndOutcome.AGENT)
    if block.state.callback is not None:
        return Finish(EndOutcome.CALLBACK)
    return Finish(EndOutcome.CLOSED if block.state.told_closed else EndOutcome.DISCONNECTED)


def end_flow(_: Block) -> Outcome:
    """EndFlowExecution: the flow is over and the contact stays where it is."""
    return FlowOver()
