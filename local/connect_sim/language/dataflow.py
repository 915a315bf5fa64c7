"""What a caller's keyed-in digits are used for, read off the flow itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from connect_sim.language.actions.forms import is_store_input
from connect_sim.language.document import Action, Flow
from connect_sim.language.graph import Edge, states_at, walkable_edges
from connect_sim.language.references import Reference, references_in, strings_in

STORED_INPUT = "StoredCustomerInput"
SECRET_NAMES = frozenset({"code", "pin", "otp", "password", "passcode", "secret", "cvv", "card_number"})
"""Parameter names under which a function is given something that only the caller may know."""

_STORED = Reference(STORED_INPUT, ())
type _Carriers = frozenset[Reference]


def references_of(action: Action) -> frozenset[Reference]:
    """Every run-time value that a block reads, in its parameters or in the operands of its conditions."""
    return frozenset(
        reference for text in strings_in([action.parameters, *action.operands]) for reference in references_in(text)
    )


def operand_references(action: Action) -> frozenset[Reference]:
    """The run-time values that the conditions of a block compare with."""
    return frozenset(reference for text in strings_in(action.operands) for reference in references_in(text))


def reads_stored_input(action: Action) -> bool:
    """Whether a block reads what the caller has keyed in."""
    return any(reference.root == STORED_INPUT for reference in references_of(action))


def is_secret_name(name: str) -> bool:
    """Whether a parameter of this name holds a secret."""
    return name.lower() in SECRET_NAMES


def _carries(value: Any, carriers: _Carriers) -> bool:
    return any(reference in carriers for text in strings_in(value) for reference in references_in(text))


def _copies(action: Action, carriers: _Carriers) -> _Carriers:
    """Carriers after a block: attributes that it filled from one of them carry the input too."""
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


def secret_inputs(flow: Flow) -> frozenset[str]:
    """Identifiers of the store inputs that ask for a secret.

    An input is secret when it is encrypted, or when what it stores reaches a function (or a module's input) under a
    secret name, directly or by way of an attribute, before another entry replaces it.
    """
    return frozenset(
        action.identifier for action in flow.actions if is_store_input(action) and _is_secret(flow, action)
    )


def _is_secret(flow: Flow, entry: Action) -> bool:
    if "InputEncryption" in entry.parameters:
        return True

    def transfer(action: Action, carriers: _Carriers, _: Edge) -> Iterable[_Carriers]:
        return () if is_store_input(action) else (_copies(action, carriers),)

    starts = [(edge.target, frozenset({_STORED})) for edge in walkable_edges(flow, entry) if edge.target]
    return any(
        _hands_over_secret(flow.by_identifier[block], carriers)
        for block, states in states_at(flow, starts, transfer).items()
        for carriers in states
    )
