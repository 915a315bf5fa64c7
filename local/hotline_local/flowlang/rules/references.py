"""Rules about what flows refer to: each other, and values that are there when they are read.

Source: Amazon Connect administrator guide, flow modules and contact attributes; developer guide, InvokeFlowModule.
"""

from collections.abc import Iterable, Iterator, Mapping

from hotline_local.flowlang.action_forms import is_buffer_switch, is_store_input
from hotline_local.flowlang.dataflow import references_of
from hotline_local.flowlang.document import Action, Flow, FlowKind
from hotline_local.flowlang.flowset import FLOW_PARAMETER, MAX_MODULE_DEPTH, FlowSet
from hotline_local.flowlang.graph import Edge, states_at
from hotline_local.flowlang.lint import Problem, rule
from hotline_local.flowlang.rules.parameters import NAMESPACES

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
_FILLED_BY: Mapping[str, frozenset[str]] = {
    "InvokeLambdaFunction": frozenset({"External", "LambdaInvocation"}),
    "ConnectParticipantWithLexBot": frozenset({"Lex"}),
    "GetMetricData": frozenset({"Metrics"}),
    "CreateCase": frozenset({"Case"}),
    "GetCase": frozenset({"Case"}),
    "UpdateCase": frozenset({"Case"}),
}
_FILLED = frozenset({"StoredCustomerInput"}).union(*_FILLED_BY.values())


@rule("E150", "A reference leads to the right kind of document")
def check_reference_kind(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, TransferToFlow takes a flow, InvokeFlowModule a module."""
    for action in flow.actions:
        target = flows.target(action)
        if target is None:
            continue
        is_module = target.kind is FlowKind.MODULE
        if action.type == "TransferToFlow" and is_module:
            yield Problem(
                action.identifier, f"{target.name} is a module; invoke it, a call cannot be transferred there."
            )
        if action.type == "InvokeFlowModule" and not is_module and "type" in target.metadata:
            yield Problem(action.identifier, f"{target.name} is a flow; transfer to it, it cannot be invoked.")


def _depth(flow: Flow, flows: FlowSet, above: tuple[str, ...]) -> int | None:
    """How many modules deep a flow calls; None when one calls itself."""
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
def check_filled(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide: a module does not see its caller's `$.External`, `$.Lex`, `$.Metrics`, stored input.

    The same holds for a flow that another has transferred to. A value counts as filled on the way out of the block
    that fills it, except by its error edges.
    """

    def transfer(action: Action, filled: frozenset[str], edge: Edge) -> Iterable[frozenset[str]]:
        if edge.label.startswith("error:NoMatchingError") or edge.label.startswith("error:TimeLimit"):
            return (filled,)
        stores = is_store_input(action) or (is_buffer_switch(action) and action.is_true("StoreInput"))
        return (filled | _FILLED_BY.get(action.type, frozenset({"StoredCustomerInput"} if stores else ())),)

    for block, states in states_at(flow, [(flow.start_action, frozenset[str]())], transfer).items():
        roots = {reference.root for reference in references_of(flow.by_identifier[block])} & _FILLED
        for root in sorted(roots):
            if any(root not in filled for filled in states):
                yield Problem(block, f"$.{root} is read here, and on some way to this block nothing has filled it.")


@rule("W219", "Flows that are referred to are checked too")
def check_known_targets(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: our own: a reference outside of what is checked together can be wrong unnoticed."""
    for action in flow.actions:
        parameter = FLOW_PARAMETER.get(action.type)
        reference = action.text(parameter) if parameter else ""
        if reference and not reference.startswith("$.") and flows.target(action) is None:
            yield Problem(action.identifier, f"{reference} is not among the flows that were checked.")


@rule("W220", "Every result of a module has a branch")
def check_results(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, InvokeFlowModule: a result without a branch takes the no-match edge."""
    for action, module in flows.modules_called_by(flow):
        handled = {condition.operand for condition in action.conditions}
        results = {
            end.text("Result") for end in module.actions if end.type == "EndFlowModuleExecution" and end.text("Result")
        }
        fixed = {result for result in results if not result.startswith("$.")}
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
        for reference in sorted(references_of(action), key=str):
            if reference.root not in known:
                yield Problem(action.identifier, f"{reference} is no attribute that the service knows.")
