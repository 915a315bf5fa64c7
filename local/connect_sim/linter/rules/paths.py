"""Rules about the ways through a flow.

Source: Amazon Connect administrator guide, blocks "AWS Lambda function" and "Store customer input".
"""

from collections.abc import Iterable, Iterator

from connect_sim.language.actions.catalogue import find_spec
from connect_sim.language.actions.forms import is_store_input
from connect_sim.language.dataflow import STORED_INPUT, reads_stored_input
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, find_reachable, find_states, list_walkable_edges
from connect_sim.language.references import parse_reference
from connect_sim.linter.rule import Problem, rule

MAX_CHAIN_S = 20
DEFAULT_FUNCTION_S = 3
TIMEOUT_LITERAL = "Timeout"
_NEVER_FAILING = frozenset({"CompleteOutboundCall"})
"""Actions of which the guide says that they have no error."""
WAITING_FOR_SOMEBODY = frozenset(
    {
        "AuthenticateParticipant",
        "ConnectParticipantWithAgenticCX",
        "ConnectParticipantWithLexBot",
        "GetParticipantInput",
        "MessageParticipantIteratively",
        "ShowView",
        "Wait",
    }
)
"""Blocks that take their time until somebody does something: a caller, an agent at a view, an agent who is free."""
_SPEAKING = WAITING_FOR_SOMEBODY | {"MessageParticipant"}
_COUNTED_OR_HEARD = WAITING_FOR_SOMEBODY | {"Loop", "InvokeFlowModule"}


@rule("W201", "Every block can be reached")
def check_reachable(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: our own: a block that no call comes to is a mistake in an edge, or left over."""
    blocks = find_reachable(flow)
    for action in flow.actions:
        if action.identifier not in blocks:
            yield Problem(action.identifier, "No way from the start leads to this block.")


@rule("W202", "Errors that can happen have an edge")
def check_error_edges(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, the actions' errors; without an edge the line goes dead."""
    for action in flow.actions:
        spec = find_spec(action)
        can_fail = spec is not None and "NoMatchingError" in spec.permitted_errors and action.type not in _NEVER_FAILING
        holds = spec is not None and spec.next_action_optional and action.next_action is None
        if can_fail and not holds and not action.errors:
            yield Problem(action.identifier, f"{action.type} can fail and has no error edge.")


def _compares_timeout(action: Action) -> bool:
    reference = parse_reference(action.text("ComparisonValue")) if action.type == "Compare" else None
    if reference is None or reference.root != STORED_INPUT:
        return False
    return any(edge.operator == "Equals" and edge.operand == TIMEOUT_LITERAL for edge in action.conditions)


@rule("W203", "An entry is compared with Timeout before it is used")
def check_timeout(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: "Store customer input": silence takes the success edge and stores the word Timeout."""

    def transfer(action: Action, entry: str, _: Edge) -> Iterable[str]:
        return () if is_store_input(action) or _compares_timeout(action) else (entry,)

    starts = [
        (edge.target, action.identifier)
        for action in flow.actions
        if is_store_input(action)
        for edge in list_walkable_edges(flow, action)
        if edge.label == "next" and edge.target
    ]
    for block, entries in find_states(flow, starts, transfer).items():
        action = flow.by_identifier[block]
        if action.type != "Compare" and reads_stored_input(action):
            for entry in sorted(entries):
                yield Problem(block, f"What {entry} stored is used here and may be the word Timeout; compare it first.")


def _function_s(action: Action) -> int:
    if action.type != "InvokeLambdaFunction" or action.text("InvocationType") == "ASYNCHRONOUS":
        return 0
    limit = action.text("InvocationTimeLimitSeconds")
    return int(limit) if limit.isdecimal() else DEFAULT_FUNCTION_S


@rule("W210", "Functions in a row stay within 20 s without a prompt")
def check_chains(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: "AWS Lambda function" block: a chain without a prompt is cut at 20 s in total."""

    def transfer(action: Action, seconds: int, _: Edge) -> Iterable[int]:
        total = 0 if action.type in _SPEAKING else seconds + _function_s(action)
        return (min(total, MAX_CHAIN_S + 1),)

    for block, totals in find_states(flow, [(flow.start_action, 0)], transfer).items():
        action = flow.by_identifier[block]
        own = _function_s(action)
        before = max(totals)
        if own and before + own > MAX_CHAIN_S:
            yield Problem(
                block, f"Functions may take more than {MAX_CHAIN_S} s up to here without a word to the caller."
            )


@rule("W217", "No way goes round for ever")
def check_endless(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: our own: a circle needs a Loop or a block that waits for somebody, or it turns for ever."""
    inner = {
        action.identifier: [
            edge.target
            for edge in list_walkable_edges(flow, action)
            if edge.target in flow.by_identifier and action.type not in _COUNTED_OR_HEARD
        ]
        for action in flow.actions
    }
    for action in flow.actions:
        seen: set[str] = set()
        ahead = [target for target in inner[action.identifier] if target]
        while ahead:
            block = ahead.pop()
            if block not in seen:
                seen.add(block)
                ahead += [target for target in inner[block] if target]
        if action.identifier in seen:
            yield Problem(
                action.identifier, "From here a call can come back without a Loop or somebody to wait for in between."
            )
