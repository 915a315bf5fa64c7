"""Rules about what stands in a block.

Source: Amazon Connect developer guide, "Flow language", the pages of the actions, with corrections seen by publishing;
all of it is data in `connect_sim.language.actions.table`.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from connect_sim.language.actions.catalogue import UNCHECKED_TYPES, WRONG_PARAMETERS, WRONG_TYPES, find_spec
from connect_sim.language.actions.forms import is_menu, is_store_input
from connect_sim.language.actions.specs import ActionSpec, Parameter, ParameterKind
from connect_sim.language.actions.table import ACTIONS
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.references import find_references, find_tokens, parse_reference, parse_token
from connect_sim.linter.rule import Problem, rule

MAX_FUNCTION_ARN_CHARS = 140
RESPONSE_TYPES = ("JSON", "STRING_MAP")
MAX_TERMINATOR_KEYS = 5
ENCRYPTION_KEYS = {"EncryptionKeyId", "Key"}
MAX_INTERDIGIT_S = 20
NAMESPACES = frozenset(
    {
        "AdditionalEmailRecipients",
        "Agent",
        "AgenticCX",
        "Attributes",
        "Case",
        "Customer",
        "CustomerEndpoint",
        "DataTables",
        "Email",
        "External",
        "FlowAttributes",
        "LambdaInvocation",
        "Lex",
        "Loop",
        "Media",
        "MediaStreams",
        "Metrics",
        "Modules",
        "Queue",
        "References",
        "SegmentAttributes",
        "SystemEndpoint",
        "Tags",
        "Views",
        "Wisdom",
    }
)
"""Roots that hold values and are none themselves."""


def _described(flow: Flow) -> Iterator[tuple[Action, ActionSpec]]:
    for action in flow.actions:
        spec = find_spec(action)
        if spec is not None:
            yield action, spec


@rule("E110", "The action type exists")
def check_type(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Flow language, "Type"; names that are often made up are named with the right one."""
    for action in flow.actions:
        if action.type in ACTIONS or action.type in UNCHECKED_TYPES:
            continue
        near = difflib.get_close_matches(action.type, [*ACTIONS, *UNCHECKED_TYPES], n=1)
        suggestion = WRONG_TYPES.get(action.type) or (near[0] if near else None)
        hint = f" Use {suggestion}." if suggestion else ""
        yield Problem(action.identifier, f"There is no action {action.type}.{hint}")


@rule("E111", "The parameter exists")
def check_names(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: the service answers an unknown property with a refusal (seen by publishing)."""
    for action, spec in _described(flow):
        known = {parameter.name for parameter in spec.parameters}
        for name in action.parameters:
            if name in known or (spec.open_parameters and name not in WRONG_PARAMETERS):
                continue
            near = difflib.get_close_matches(name, known, n=1)
            suggestion = WRONG_PARAMETERS.get(name) or (near[0] if near else None)
            hint = f" Use {suggestion}." if suggestion else ""
            form = f" ({spec.form})" if spec.form else ""
            yield Problem(action.identifier, f"{action.type}{form} has no parameter {name}.{hint}")


@rule("E112", "Required parameters are there")
def check_required(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, the actions' parameter lists."""
    for action, spec in _described(flow):
        for parameter in spec.parameters:
            if parameter.required and parameter.name not in action.parameters:
                yield Problem(action.identifier, f"{action.type} needs {parameter.name}.")


@rule("E113", "Alternatives are chosen")
def check_alternatives(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, parameters that exclude each other; event hooks are set one at a time."""
    for action, spec in _described(flow):
        for group in spec.exactly_one:
            if len(chosen := [name for name in group if name in action.parameters]) != 1:
                yield Problem(action.identifier, f"Exactly one of {', '.join(group)} is needed, not {len(chosen)}.")
        for group in spec.at_most_one:
            if len(chosen := [name for name in group if name in action.parameters]) > 1:
                yield Problem(action.identifier, f"Only one of {', '.join(chosen)} can be given.")
        if spec.at_least_one and not set(action.parameters) - {"TargetContact"}:
            yield Problem(action.identifier, f"{action.type} sets nothing.")
        if action.type == "UpdateContactEventHooks" and len(action.mapping("EventHooks")) > 1:
            yield Problem(action.identifier, "EventHooks takes one entry; use a block for each.")


def _list_checked_scalars(action: Action) -> Iterator[tuple[str, Any]]:
    """Yield the scalars of a described action with their paths, but those in data that is passed on as it is."""
    spec = find_spec(action)
    if spec is None:
        return
    data = {parameter.name for parameter in spec.parameters if parameter.kind is ParameterKind.DATA}
    yield from _scalars({name: value for name, value in action.parameters.items() if name not in data}, "")


def _scalars(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _scalars(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _scalars(item, f"{path}[{index}]")
    else:
        yield path, value


@rule("E114", "Scalar parameters are strings")
def check_strings(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: console exports write numbers and booleans quoted, but in data for a view, a module or routing."""
    for action in flow.actions:
        for path, value in _list_checked_scalars(action):
            if not isinstance(value, str):
                yield Problem(action.identifier, f"{path} is {value!r}; write it as a string.")


@rule("E115", "No parameter is empty")
def check_not_empty(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: an empty string is refused anywhere (seen by publishing); a single blank is not."""
    for action in flow.actions:
        for path, value in _list_checked_scalars(action):
            if value == "":
                yield Problem(action.identifier, f"{path} is empty; the service takes no empty text.")


def _bad_value(parameter: Parameter, text: str) -> str | None:
    if find_references(text) or find_tokens(text) or not text:
        return None
    if parameter.values is not None and text not in parameter.values:
        return f"is {text!r}; allowed are {', '.join(sorted(parameter.values))}"
    if parameter.low is None:
        return None
    number = int(text) if re.fullmatch(r"-?\d+", text) else None
    if number is not None and number >= parameter.low and (parameter.high is None or number <= parameter.high):
        return None
    limit = f"{parameter.low} to {parameter.high}" if parameter.high is not None else f"{parameter.low} or more"
    return f"is {text!r}; a whole number is needed, {limit}"


@rule("E116", "Values are among those allowed")
def check_values(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, the actions' allowed values and bounds."""
    for action, spec in _described(flow):
        for parameter in spec.parameters:
            if problem := _bad_value(parameter, action.text(parameter.name)):
                yield Problem(action.identifier, f"{parameter.name} {problem}.")
        answer = action.mapping("ResponseValidation").get("ResponseType", "STRING_MAP")
        if answer not in RESPONSE_TYPES:
            yield Problem(action.identifier, f"ResponseType is {answer!r}; allowed are {', '.join(RESPONSE_TYPES)}.")


def _bad_kind(parameter: Parameter, value: Any) -> bool:
    if parameter.kind is ParameterKind.MAP:
        return not isinstance(value, Mapping)
    if parameter.kind is ParameterKind.DATA:
        return not isinstance(value, Mapping) and not _is_filled_in(str(value))
    if parameter.kind is ParameterKind.LIST:
        return not isinstance(value, list)
    if not isinstance(value, str):
        return isinstance(value, Mapping | list)
    references = find_references(value)
    if parameter.kind is ParameterKind.STATIC:
        return bool(references)
    if parameter.kind is ParameterKind.SINGLE:
        return bool(references) and parse_reference(value) is None
    return parameter.kind is ParameterKind.REFERENCE and parse_reference(value) is None


@rule("E117", "References stand where they may")
def check_kinds(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, "must be static", "either fully static or a single valid JSONPath identifier"."""
    for action, spec in _described(flow):
        for parameter in spec.parameters:
            value = action.parameters.get(parameter.name)
            if value is not None and value != "" and _bad_kind(parameter, value):
                yield Problem(action.identifier, f"{parameter.name} must be {parameter.kind.value}.")


@rule("E118", "The action is allowed in this kind of flow")
def check_flow_kind(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, the actions' restrictions."""
    kind = flows.kind_of(flow)
    for action, spec in _described(flow):
        if kind not in spec.kinds:
            yield Problem(action.identifier, f"{action.type} is not allowed in a document of the kind {kind.value}.")


@rule("E119", "An entry says how digits are taken")
def check_entry(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, GetParticipantInput: InputValidation, InputEncryption, DTMFConfiguration."""
    for action in flow.actions:
        if is_menu(action) and "InputValidation" in action.parameters:
            yield Problem(action.identifier, 'InputValidation needs StoreInput "True".')
        if not is_store_input(action):
            continue
        validation = action.mapping("InputValidation")
        if validation and len(validation.keys() & {"CustomValidation", "PhoneNumberValidation"}) != 1:
            yield Problem(action.identifier, "InputValidation is either CustomValidation or PhoneNumberValidation.")
        custom, phone = validation.get("CustomValidation"), validation.get("PhoneNumberValidation")
        longest = str(custom.get("MaximumLength", "")) if isinstance(custom, Mapping) else "1"
        if not re.fullmatch(r"[1-9]\d*", longest) and not _is_filled_in(longest):
            yield Problem(action.identifier, "CustomValidation needs MaximumLength, a whole number from 1.")
        if isinstance(phone, Mapping) and phone.get("NumberFormat") not in {"Local", "E164"}:
            yield Problem(action.identifier, "PhoneNumberValidation needs NumberFormat, Local or E164.")
        if "InputEncryption" in action.parameters and custom is None:
            yield Problem(action.identifier, "Only an entry with CustomValidation can be encrypted.")
        if "InputEncryption" in action.parameters and set(action.mapping("InputEncryption")) != ENCRYPTION_KEYS:
            yield Problem(action.identifier, "InputEncryption has EncryptionKeyId and Key, the certificate.")
        yield from _check_keypad(action)


def _is_filled_in(text: str) -> bool:
    """Return whether a value is exactly one reference, or a token."""
    return parse_reference(text) is not None or parse_token(text) is not None


def _check_keypad(action: Action) -> Iterator[Problem]:
    keypad = action.mapping("DTMFConfiguration")
    terminator = keypad.get("InputTerminationSequence")
    if terminator is not None and not (
        re.fullmatch(rf"[0-9*#]{{1,{MAX_TERMINATOR_KEYS}}}", str(terminator)) or _is_filled_in(str(terminator))
    ):
        yield Problem(action.identifier, f"InputTerminationSequence is 1 to {MAX_TERMINATOR_KEYS} keys.")
    pause = keypad.get("InterdigitTimeLimitSeconds")
    in_range = str(pause).isdecimal() and 1 <= int(str(pause)) <= MAX_INTERDIGIT_S
    if pause is not None and not in_range and not _is_filled_in(str(pause)):
        yield Problem(action.identifier, f"InterdigitTimeLimitSeconds is 1 to {MAX_INTERDIGIT_S}.")


@rule("E120", "A comparison reads one value")
def check_comparison(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: the service refuses a namespace without a leaf on the left of Compare (seen by publishing)."""
    for action in flow.actions:
        reference = parse_reference(action.text("ComparisonValue")) if action.type == "Compare" else None
        if reference is not None and reference.root in NAMESPACES and not reference.keys:
            yield Problem(action.identifier, f"{reference} is a namespace; compare one value inside it.")


@rule("E121", "A function's ARN is short enough")
def check_arn(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: Lambda's quota for an unqualified ARN, 140 characters; the settings block allows no more."""
    for action in flow.actions:
        if action.type == "InvokeLambdaFunction" and len(action.text("LambdaFunctionARN")) > MAX_FUNCTION_ARN_CHARS:
            yield Problem(action.identifier, f"LambdaFunctionARN is longer than {MAX_FUNCTION_ARN_CHARS} characters.")
