"""Rules about what flows refer to: each other, and values that are there when they are read.

Source: Amazon Connect administrator guide, flow modules and contact attributes; developer guide, InvokeFlowModule.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from connect_sim.language.actions.forms import is_buffer_switch, is_store_input
from connect_sim.language.dataflow import collect_references
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import MAX_MODULE_DEPTH, FlowSet, collect_flow_references
from connect_sim.language.graph import Edge, find_states
from connect_sim.language.references import find_tokens, holds_reference, iterate_strings
from connect_sim.linter.rule import Problem, rule
from connect_sim.linter.rules.parameters import NAMESPACES

SYSTEM_VALUES = frozenset(
    {
        "AwsRegion",
        "Channel",
        "ContactId",
        "CustomerCallBackPhoneNumber",
        "CustomerId",
        "Description",
        "InitialContactId",
        "InitiationMethod",
        "InstanceARN",
        "LanguageCode",
        "Name",
        "PreviousContactId",
        "RelatedContactId",
        "StoredCustomerInput",
        "TextToSpeechVoiceId",
    }
)
_ANSWER = frozenset({"External", "LambdaInvocation"})
"""The root that the answer of a function fills. It survives transfers to other flows, until the next function."""
_FILLED_BY: Mapping[str, frozenset[str]] = {
    "InvokeLambdaFunction": _ANSWER,
    "ConnectParticipantWithLexBot": frozenset({"Lex"}),
    "GetMetricData": frozenset({"Metrics"}),
    "CreateCase": frozenset({"Case"}),
    "GetCase": frozenset({"Case"}),
    "UpdateCase": frozenset({"Case"}),
    "ShowView": frozenset({"Views"}),
}
_FILLED = frozenset({"StoredCustomerInput"}).union(*_FILLED_BY.values())
_FIXED_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:\S+")
_INSTANCE = re.compile(r"arn:aws[a-z-]*:connect:([a-z0-9-]+):(\d{12}):instance/([0-9A-Za-z-]+)")


@rule("E150", "A reference leads to the right kind of document")
def check_reference_kind(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, TransferToFlow takes a flow, InvokeFlowModule a module."""
    for action in flow.actions:
        target = flows.target(action)
        if target is None:
            continue
        is_module = target.is_module
        if action.type == "TransferToFlow" and is_module:
            yield Problem(
                action.identifier, f"{target.name} is a module; invoke it, a call cannot be transferred there."
            )
        if action.type == "InvokeFlowModule" and not is_module and target.declared_kind is not None:
            yield Problem(action.identifier, f"{target.name} is a flow; transfer to it, it cannot be invoked.")


def _depth(flow: Flow, flows: FlowSet, above: tuple[str, ...]) -> int | None:
    """Return how many modules deep a flow calls; None when one calls itself."""
    if flow.name in above:
        return None
    depths = [_depth(module, flows, (*above, flow.name)) for _, module in flows.modules_called_by(flow)]
    return None if None in depths else max((1 + depth for depth in depths if depth is not None), default=0)


@rule("E151", "Modules are nested at most five deep")
def check_nesting(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide, flow modules: up to five levels."""
    for action, module in flows.modules_called_by(flow):
        depth = _depth(module, flows, (flow.name,))
        if depth is None:
            yield Problem(action.identifier, f"{module.name} comes back to a module that is still running.")
        elif 1 + depth > MAX_MODULE_DEPTH:
            problem = f"From here modules are called {1 + depth} deep; {MAX_MODULE_DEPTH} are allowed."
            yield Problem(action.identifier, problem)


@rule("W204", "A value is read after something has filled it")
def check_values_filled(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide: a module does not see its caller's `$.External`, `$.Lex`, `$.Metrics`, stored input.

    A flow that another has transferred to sees the answer of the last function, and none of the rest. A value counts as
    filled on the way out of the block that fills it, except by its error edges.
    """
    for block, states in _find_filled_roots(flow, _find_roots_on_entry(flows).get(flow.name, {frozenset()})).items():
        roots = {reference.root for reference in collect_references(flow.by_identifier[block])} & _FILLED
        for root in sorted(roots):
            if any(root not in filled for filled in states):
                yield Problem(block, f"$.{root} is read here, and on some way to this block nothing has filled it.")


def _find_filled_roots(flow: Flow, entries: Iterable[frozenset[str]]) -> Mapping[str, set[frozenset[str]]]:
    """Return the roots that may be filled at each block, one set for each combination that a call can come with."""

    def transfer(action: Action, filled: frozenset[str], edge: Edge) -> Iterable[frozenset[str]]:
        if edge.label.startswith("error:NoMatchingError") or edge.label.startswith("error:TimeLimit"):
            return (filled,)
        stores = is_store_input(action) or (is_buffer_switch(action) and action.is_true("StoreInput"))
        return (filled | _FILLED_BY.get(action.type, frozenset({"StoredCustomerInput"} if stores else ())),)

    return find_states(flow, [(flow.start_action, entry) for entry in entries], transfer)


@lru_cache(maxsize=1)
def _find_roots_on_entry(flows: FlowSet) -> Mapping[str, set[frozenset[str]]]:
    """Return what may be filled where each flow of a set begins: what the transfers to it bring along.

    A flow that none of the others transfers to begins with nothing. A module does not know what its caller has filled,
    so a transfer out of one counts as bringing an answer.
    """
    entries: dict[str, set[frozenset[str]]] = {flow.name: set() for flow in flows.flows}
    targets = {
        target.name
        for flow in flows.flows
        for action in flow.actions
        if action.type == "TransferToFlow" and (target := flows.target(action)) is not None and target is not flow
    }
    ahead = [(flow, frozenset[str]()) for flow in flows.flows if flow.name not in targets]
    while ahead or (ahead := [(flow, frozenset[str]()) for flow in flows.flows if not entries[flow.name]][:1]):
        flow, entry = ahead.pop()
        if entry in entries[flow.name]:
            continue
        entries[flow.name].add(entry)
        for block, states in _find_filled_roots(flow, [entry]).items():
            action = flow.by_identifier[block]
            target = flows.target(action) if action.type == "TransferToFlow" else None
            if target is not None:
                is_module = flows.kind_of(flow).is_module
                ahead += [(target, _ANSWER if is_module else filled & _ANSWER) for filled in states]
    return entries


@rule("W219", "Flows that are referred to are checked too")
def check_known_targets(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: our own: a reference outside of what is checked together can be wrong unnoticed."""
    for action in flow.actions:
        for reference in collect_flow_references(action):
            if not holds_reference(reference) and flows.find(reference) is None:
                yield Problem(action.identifier, f"{reference} is not among the flows that were checked.")


@rule("W220", "Every result of a module has a branch")
def check_results(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, InvokeFlowModule: a result without a branch takes the no-match edge."""
    for action, module in flows.modules_called_by(flow):
        handled = {condition.operand for condition in action.conditions}
        results = {
            end.text("Result") for end in module.actions if end.type == "EndFlowModuleExecution" and end.text("Result")
        }
        fixed = {result for result in results if not holds_reference(result)}
        if action.conditions:
            for missing in sorted(fixed - handled):
                yield Problem(action.identifier, f"{module.name} can end with {missing}, which has no branch here.")
            if fixed == results:
                for extra in sorted(handled - fixed):
                    yield Problem(action.identifier, f"{module.name} never ends with {extra}.")


@rule("W222", "References begin with a known namespace")
def check_roots(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide, list of contact attributes and their JSONPath references."""
    known = NAMESPACES | SYSTEM_VALUES
    for action in flow.actions:
        for reference in sorted(collect_references(action), key=str):
            if reference.root not in known:
                yield Problem(action.identifier, f"{reference} is no attribute that the service knows.")


@rule("W226", "A flow attribute is set by the flow that reads it")
def check_flow_attributes(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide, flow attributes: they belong to one flow, and no module or next flow sees them."""
    written = {
        name
        for action in flow.actions
        if action.type == "UpdateFlowAttributes"
        for name in action.mapping("FlowAttributes")
    }
    if any(holds_reference(name) for name in written):
        return
    for action in flow.actions:
        for reference in sorted(collect_references(action), key=str):
            if reference.root == "FlowAttributes" and reference.keys and reference.keys[0] not in written:
                yield Problem(action.identifier, f"{reference} is read here, and no block of this document sets it.")


@rule("W227", "ARNs are filled in")
def check_fixed_arns(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: common trouble with published flows: a fixed ARN leads to one account and one instance only."""
    for action in flow.actions:
        for text in dict.fromkeys(iterate_strings(action.parameters)):
            if _FIXED_ARN.fullmatch(text.strip()) and not holds_reference(text) and not find_tokens(text):
                yield Problem(action.identifier, f"{text.strip()} is fixed; write a token, or take it from the call.")


def _instances(action: Action) -> tuple[str, ...]:
    """Return the instances that a block names, as region, account and id, in order."""
    found = (match for text in iterate_strings(action.parameters) for match in _INSTANCE.finditer(text))
    return tuple(dict.fromkeys("/".join(match.groups()) for match in found))


@rule("E152", "A flow refers to one instance")
def check_one_instance(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide: queues, flows, hours and prompts are those of the flow's own instance.

    The instance of a document is the first that it names; flows that a call goes on in belong to the same.
    """
    named = [(action, instance) for action in flow.actions for instance in _instances(action)]
    for action, instance in named:
        if instance != named[0][1]:
            yield Problem(action.identifier, f"The instance {instance} is another than {named[0][1]} of this document.")
    for action in flow.actions:
        target = flows.target(action)
        others = [] if target is None else [each for block in target.actions for each in _instances(block)]
        if named and others and others[0] != named[0][1]:
            yield Problem(
                action.identifier, f"This document is of the instance {named[0][1]}, the other of {others[0]}."
            )
