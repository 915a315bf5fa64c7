"""Rules about where blocks go on.

Source: Amazon Connect developer guide, "Flow language", transitions, with corrections seen by publishing.
"""

from collections import Counter
from collections.abc import Iterator

from connect_sim.language.actions.catalogue import find_spec
from connect_sim.language.actions.specs import OPERATORS, ActionSpec
from connect_sim.language.document import Action, ConditionEdge, Flow, FlowKind
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import label_condition, list_written_edges
from connect_sim.language.references import find_references, parse_reference
from connect_sim.linter.rule import Problem, rule

_DYNAMIC_OPERANDS = frozenset({"Compare"})
"""Actions whose operands may be references."""


def _described(flow: Flow) -> Iterator[tuple[Action, ActionSpec]]:
    for action in flow.actions:
        spec = find_spec(action)
        if spec is not None:
            yield action, spec


@rule("E130", "Every block that does not end has a NextAction")
def check_next(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: Loop and Compare need it too (seen by publishing); only a hold message goes without."""
    for action, spec in _described(flow):
        if action.next_action is None and not spec.terminal and not spec.next_action_optional:
            yield Problem(action.identifier, f"{action.type} needs NextAction.")


@rule("E131", "Targets exist")
def check_targets(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "NextAction"."""
    for action in flow.actions:
        for edge in list_written_edges(flow, action):
            if edge.target not in flow.by_identifier:
                yield Problem(
                    action.identifier, f"{edge.label} goes to {edge.target!r}, which is no block of this flow."
                )
        for condition in action.conditions:
            if condition.target is None:
                yield Problem(action.identifier, f"{label_condition(condition)} goes nowhere.")
        for error in action.errors:
            if error.target is None:
                yield Problem(action.identifier, f"The error edge {error.error_type} goes nowhere.")


@rule("E132", "Required error edges are there")
def check_missing_errors(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, the actions' errors; UpdateFlowAttributes and CheckMetricData as seen by publishing."""
    for action, spec in _described(flow):
        for missing in sorted(spec.required_errors - {edge.error_type for edge in action.errors}):
            yield Problem(action.identifier, f"{action.type} needs an edge for {missing}.")


@rule("E133", "There is no error edge that the action cannot take")
def check_extra_errors(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: the service refuses them, such as a time-out of an entry or NoMatchingError of Compare."""
    for action, spec in _described(flow):
        for extra in sorted({edge.error_type for edge in action.errors} - spec.errors):
            form = f" ({spec.form})" if spec.form else ""
            yield Problem(action.identifier, f"{action.type}{form} can have no edge for {extra}.")


@rule("E134", "Each error and each condition has one edge")
def check_doubled_edges(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: of two edges for one error or one condition, the second could never be taken."""
    for action in flow.actions:
        labels = [edge.error_type for edge in action.errors] + [label_condition(edge) for edge in action.conditions]
        for label, count in Counter(labels).items():
            if count > 1:
                yield Problem(action.identifier, f"{label} has {count} edges.")


@rule("E135", "A block that ends has no transitions")
def check_terminal(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, terminal actions carry empty transitions."""
    for action, spec in _described(flow):
        if spec.terminal and (action.next_action or action.errors or action.conditions):
            yield Problem(action.identifier, f"{action.type} ends the flow and can go nowhere.")


@rule("E136", "Operators are those of the action")
def check_operators(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: eight operators and KeyExists are taken; And, Or, Not, Contains and Exists are refused."""
    for action, spec in _described(flow):
        allowed = spec.conditions.operators
        if action.conditions and not allowed:
            yield Problem(action.identifier, f"{action.type} can have no conditions.")
            continue
        for operator in sorted({edge.operator for edge in action.conditions} - allowed):
            what = "is not allowed here" if operator in OPERATORS else "does not exist"
            yield Problem(action.identifier, f"Operator {operator} {what}; allowed are {', '.join(sorted(allowed))}.")


def _bad_operand(action: Action, condition: ConditionEdge) -> str | None:
    if len(condition.operands) != 1:
        return f"{condition.operator} takes one operand, not {len(condition.operands)}"
    operand = condition.operands[0]
    if not isinstance(operand, str):
        return f"the operand {operand!r} is no string"
    if operand == "":
        return "an operand is empty, which no value equals"
    if not find_references(operand):
        return None
    if action.type not in _DYNAMIC_OPERANDS:
        return f"the operand {operand} holds a reference; those of {action.type} are fixed texts"
    if parse_reference(operand) is None:
        return f"the operand {operand} is neither a fixed text nor exactly one reference"
    return None


@rule("E137", "A condition has one operand")
def check_operands(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: a second operand, a nested condition, an empty operand are refused (seen by publishing).

    An operand of Compare may be a reference: administrator guide, "Check contact attributes", dynamic conditions.
    """
    for action in flow.actions:
        for condition in action.conditions:
            if problem := _bad_operand(action, condition):
                yield Problem(action.identifier, f"{problem[0].upper()}{problem[1:]}.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@rule("E138", "Operands are those of the action")
def check_operand_values(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide: keys of a menu, True and False of an hours check, the two branches of a Loop."""
    for action, spec in _described(flow):
        rules = spec.conditions
        operands = [edge.operand for edge in action.conditions if edge.operand]
        allowed = rules.exactly or rules.operands
        if allowed is not None:
            for operand in operands:
                if operand not in allowed:
                    yield Problem(action.identifier, f"{operand!r} is none of {', '.join(sorted(allowed))}.")
        if rules.exactly is not None and (missing := rules.exactly - set(operands)):
            yield Problem(action.identifier, f"{action.type} needs a condition for {', '.join(sorted(missing))}.")
        if rules.number:
            for operand in operands:
                if not _is_number(operand):
                    yield Problem(action.identifier, f"{operand!r} is no number.")


@rule("W218", "A module returns to its caller")
def check_module_returns(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: one who published flows found DisconnectParticipant refused in modules, real exports have it."""
    if flows.kind_of(flow) is not FlowKind.MODULE:
        return
    for action in flow.actions:
        if action.type == "DisconnectParticipant":
            yield Problem(
                action.identifier, "A module that hangs up is not taken everywhere; return to the flow instead."
            )
