"""The flows as shipped, read once, and the small questions that tests ask of them."""

from collections.abc import Iterator, Mapping
from functools import cache

from connect_sim.language.actions.forms import is_menu, is_store_input
from connect_sim.language.document import Action, Flow, load_flow
from connect_sim.language.flow_set import FlowSet
from functions.connect.step import Step
from functions.connect.steps import STEPS
from hotline_local.entry_keys import key_of_this_process
from hotline_local.launcher.flow_embedding import resource_name
from hotline_local.worlds.flow_files import flow_files, flow_set, flows_without_key

ENTRY = "hotline-entry"
HANDOVER = "hotline-handover"
QUEUE = "hotline-customer-queue"
WHISPER = "hotline-agent-whisper"
OUTBOUND = "hotline-outbound-code"
SURVEY = "hotline-survey"
AGENT_PROOF = "hotline-agent-proof"
AGENT_TRANSFER = "hotline-agent-transfer"
TASK = "hotline-task"

RESOURCE_TOKENS: Mapping[str, str] = {
    "ConnectFunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:hotline-connect",
    "QueueArn": "arn:aws:connect:us-east-1:111122223333:instance/i/queue/people",
    "WalletName": "Demo Wallet",
    **key_of_this_process().tokens,
}
"""Tokens that name no flow, with values to run the flows with."""


@cache
def shipped() -> FlowSet:
    """All flows of the project, tokens resolved, entries of codes encrypted."""
    return flow_set([load_flow(path) for path in flow_files()], RESOURCE_TOKENS)


@cache
def shipped_without_key() -> FlowSet:
    """The same flows as an instance without a key gets them."""
    return flow_set(flows_without_key(), RESOURCE_TOKENS)


def token_of(flow: Flow) -> str:
    """The token by which other flows and the template name this flow: `module-proof` is `ModuleProofArn`."""
    return f"{resource_name(flow.name)}Arn"


def blocks(flow: Flow, type_: str) -> Iterator[Action]:
    """The flow's blocks of one type."""
    return (action for action in flow.actions if action.type == type_)


def steps_of(flow: Flow) -> Iterator[tuple[Action, Step]]:
    """Every block that calls the connect function, with the contract of its step."""
    for action in blocks(flow, "InvokeLambdaFunction"):
        yield action, STEPS[str(action.mapping("LambdaInvocationAttributes")["step"])]


def is_of_a_call(step: Action) -> bool:
    """Whether a block calls a step of a caller's call, which has a turn to keep."""
    return STEPS[str(step.mapping("LambdaInvocationAttributes")["step"])].run_outbound is None


def keeper_of(flow: Flow, step: Action) -> Action:
    """The block right after a step of a call."""
    return flow.by_identifier[step.next_action or ""]


def outcome_of(flow: Flow, step: Action) -> Action:
    """The block that decides by a step's outcome."""
    before = keeper_of(flow, step) if is_of_a_call(step) else step
    return flow.by_identifier[before.next_action or ""]


def menus(flow: Flow) -> Iterator[Action]:
    """Blocks that ask for one key."""
    return (action for action in flow.actions if is_menu(action))


def entries(flow: Flow) -> Iterator[Action]:
    """Blocks that ask for digits."""
    return (action for action in flow.actions if is_store_input(action))


def is_encrypted(entry: Action) -> bool:
    """Whether what is keyed in at a block is kept encrypted."""
    return "InputEncryption" in entry.parameters


def key_targets(action: Action) -> dict[str, str | None]:
    """The blocks to which a block's `Equals` conditions lead, by operand."""
    return {edge.operand: edge.target for edge in action.conditions if edge.operator == "Equals"}


def flow_attributes(action: Action) -> dict[str, str]:
    """The attributes that an UpdateFlowAttributes block sets."""
    return {name: str(entry["Value"]) for name, entry in action.mapping("FlowAttributes").items()}
