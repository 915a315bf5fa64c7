"""Values on their way through a flow: what a caller keys in, and the fixed texts of attributes."""

from collections.abc import Iterable, Mapping
from typing import Any

from connect_sim.language.actions.forms import is_store_input
from connect_sim.language.document import Action, Flow
from connect_sim.language.graph import Edge, find_states, list_walkable_edges
from connect_sim.language.references import Reference, find_references, iterate_strings, parse_reference

STORED_INPUT = "StoredCustomerInput"
SECRET_NAMES = frozenset({"code", "pin", "otp", "password", "passcode", "secret", "cvv", "card_number"})
"""Parameter names under which a function is given something that only the caller may know."""

_STORED = Reference(STORED_INPUT, ())
type _Carriers = frozenset[Reference]


def collect_references(action: Action) -> frozenset[Reference]:
    """Return every run-time value that a block reads, in its parameters or in the operands of its conditions."""
    return frozenset(
        reference
        for text in iterate_strings([action.parameters, *action.operands])
        for reference in find_references(text)
    )


def collect_operand_references(action: Action) -> frozenset[Reference]:
    """Return the run-time values that the conditions of a block compare with."""
    return frozenset(reference for text in iterate_strings(action.operands) for reference in find_references(text))


def reads_stored_input(action: Action) -> bool:
    """Return whether a block reads what the caller has keyed in."""
    return any(reference.root == STORED_INPUT for reference in collect_references(action))


def is_secret_name(name: str) -> bool:
    """Return whether a parameter of this name holds a secret."""
    return name.lower() in SECRET_NAMES


def _carries(value: Any, carriers: _Carriers) -> bool:
    return any(reference in carriers for text in iterate_strings(value) for reference in find_references(text))


def _copies(action: Action, carriers: _Carriers) -> _Carriers:
    """Return the carriers after a block: attributes that it filled from a carrier carry the input too."""
    roots = {"UpdateFlowAttributes": "FlowAttributes", "UpdateContactAttributes": "Attributes"}
    root = roots.get(action.type)
    if root is None:
        return carriers
    assigned = action.mapping("FlowAttributes" if root == "FlowAttributes" else "Attributes")
    return carriers | {Reference(root, (name,)) for name, value in assigned.items() if _carries(value, carriers)}


def _hands_over_secret(action: Action, carriers: _Carriers) -> bool:
    given: Mapping[str, Any] = {
        "InvokeLambdaFunction": action.mapping("LambdaInvocationAttributes"),
        "InvokeFlowModule": action.mapping("Input"),
    }.get(action.type, {})
    return any(is_secret_name(name) and _carries(value, carriers) for name, value in given.items())


def find_secret_inputs(flow: Flow) -> frozenset[str]:
    """Return the identifiers of the store inputs that ask for a secret.

    An input is secret when it is encrypted. It is also secret when its value reaches a function (or a module's input)
    under a secret name before another entry replaces it. It may get there directly or by way of an attribute.
    """
    return frozenset(
        action.identifier for action in flow.actions if is_store_input(action) and _is_secret(flow, action)
    )


def _is_secret(flow: Flow, entry: Action) -> bool:
    if "InputEncryption" in entry.parameters:
        return True

    def transfer(action: Action, carriers: _Carriers, _: Edge) -> Iterable[_Carriers]:
        return () if is_store_input(action) else (_copies(action, carriers),)

    starts = [(edge.target, frozenset({_STORED})) for edge in list_walkable_edges(flow, entry) if edge.target]
    return any(
        _hands_over_secret(flow.by_identifier[block], carriers)
        for block, states in find_states(flow, starts, transfer).items()
        for carriers in states
    )


def find_fixed_texts(flow: Flow) -> dict[Reference, str]:
    """Return the longest fixed text that the flow gives to each flow attribute."""
    texts: dict[Reference, str] = {}
    for action in flow.actions:
        for name, entry in action.mapping("FlowAttributes").items():
            value = entry.get("Value") if isinstance(entry, Mapping) else None
            if isinstance(value, str) and parse_reference(value) is None:
                reference = Reference("FlowAttributes", (name,))
                texts[reference] = max(texts.get(reference, ""), value, key=len)
    return texts
