"""The values behind references, as a running flow sees them.

A reference to nothing is None: it reads as empty in a text and satisfies no condition. The service does not document
this case; this is the reading that never speaks a raw path to a caller.
"""

import json
from collections.abc import Mapping
from typing import Any

from connect_sim.language.references import Reference, parse_reference, parse_token, split_text
from connect_sim.simulator.state import DEFAULT_LANGUAGE, CallState, Frame

NOT_MODELLED = frozenset(
    {
        "AdditionalEmailRecipients",
        "Agent",
        "AgenticCX",
        "Case",
        "Customer",
        "DataTables",
        "Email",
        "Media",
        "MediaStreams",
        "RelatedContactId",
        "Views",
        "Wisdom",
    }
)
"""Roots of values that the service has, and that nothing here fills unless a set-up gives them."""
_WITH_LISTS = frozenset({"Views"})
"""Roots below which an index reaches into a list. Lists in the answer of a function cannot be referred to."""


def make_endpoint(number: str | None) -> dict[str, str] | None:
    """Return a telephone endpoint as flows and functions see it; None when there is no number."""
    return None if number is None else {"Address": number, "Type": "TELEPHONE_NUMBER"}


def name_queue(queue: str) -> str:
    """Return the end of a queue's ARN as its name; its real name is not known outside the service."""
    return queue.rsplit("/", 1)[-1]


def list_names(reference: str) -> frozenset[str]:
    """Return the names of a resource in a set-up: its ARN, the id or name at its end, and its token's name."""
    return frozenset({reference, name_queue(reference), parse_token(reference) or reference})


def describe_queue(state: CallState) -> dict[str, Any] | None:
    """Return the target queue as flows and functions see it; None before one is set."""
    if state.queue is None:
        return None
    name = name_queue(state.queue)
    caller_id = make_endpoint(state.setup.system_number)
    return {"ARN": state.queue, "Name": name, "OutboundCallerId": caller_id}


def _metric_tree(metrics: Mapping[str, float]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, number in metrics.items():
        *parents, leaf = path.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = f"{number:g}"
    return tree


def _metrics(metrics: Mapping[str, float], queue: str | None) -> dict[str, Any]:
    """Return the metrics that were asked for, with the name of their queue."""
    tree = _metric_tree(metrics)
    if queue is not None:
        tree.setdefault("Queue", {}).update(Name=name_queue(queue), ARN=queue)
    return tree


def _root(state: CallState, frame: Frame, root: str) -> Any:
    setup = state.setup
    match root:
        case "Attributes":
            return state.attributes
        case "FlowAttributes":
            return frame.flow_attributes
        case "External":
            return frame.external
        case "LambdaInvocation":
            return {"ResultData": frame.external, "InvocationId": frame.invocation_id}
        case "StoredCustomerInput":
            return frame.stored_input
        case "Metrics":
            return _metrics(setup.metrics, frame.metrics_queue) if frame.metrics_loaded else None
        case "Lex":
            return frame.lex
        case "References":
            return state.references
        case "Loop":
            return {name: {"Index": str(index)} for name, index in frame.loop_names.items()}
        case "Modules":
            return {"Input": frame.module_input, **(frame.module_result or {})}
        case "CustomerEndpoint":
            return make_endpoint(setup.customer_number)
        case "SystemEndpoint":
            return make_endpoint(setup.system_number)
        case "Queue":
            return describe_queue(state)
        case "Tags":
            return state.tags
        case _ if root in state.loaded:
            return state.loaded[root]
        case "Agent" if setup.agent is not None:
            return {"ARN": setup.agent}
        case "SegmentAttributes":
            return {"connect:Subtype": "connect:Telephony"}
        case _:
            return _system_value(state, root)


def _system_value(state: CallState, root: str) -> str | None:
    setup = state.setup
    return {
        "ContactId": setup.contact_id,
        "InitialContactId": setup.initial_contact_id or setup.contact_id,
        "PreviousContactId": setup.previous_contact_id,
        "InstanceARN": setup.instance_arn,
        "Channel": setup.channel,
        "InitiationMethod": setup.initiation_method,
        "AwsRegion": setup.region,
        "LanguageCode": state.language or DEFAULT_LANGUAGE,
        "CustomerId": state.contact_data.get("CustomerId"),
        "Name": state.contact_data.get("Name"),
        "Description": state.contact_data.get("Description"),
        "TextToSpeechVoiceId": state.voice,
        "CustomerCallBackPhoneNumber": state.callback_number or setup.customer_number,
    }.get(root)


def resolve(state: CallState, reference: Reference) -> str | None:
    """Return the text behind a reference, None when there is nothing, or something that is not a scalar."""
    value = _root(state, state.frame, reference.root)
    for key in reference.keys:
        if isinstance(value, list) and reference.root in _WITH_LISTS and key.isdecimal():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def render(state: CallState, text: str) -> str:
    """Return a text with every reference replaced by its value; nothing for a reference to nothing."""
    if "$" not in text:
        return text
    return "".join(piece if isinstance(piece, str) else resolve(state, piece) or "" for piece in split_text(text))


def resolve_single(state: CallState, text: str) -> str | None:
    """Return the value of a parameter that is either a fixed text or exactly one reference."""
    reference = parse_reference(text)
    return (render(state, text) or None) if reference is None else resolve(state, reference)


def render_all(state: CallState, value: Any) -> Any:
    """Return a JSON value with the references in all its texts replaced."""
    if isinstance(value, str):
        return render(state, value)
    if isinstance(value, Mapping):
        return {render(state, key): render_all(state, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render_all(state, item) for item in value]
    return value
