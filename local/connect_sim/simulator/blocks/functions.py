"""Calls of functions, with the limits that Amazon Connect sets for them."""

import json
from typing import Any

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.simulator.block import Block
from connect_sim.simulator.outcome import Failed, Outcome, Success
from connect_sim.simulator.seams import FunctionErrorKind, FunctionResult, parse_function_name
from connect_sim.simulator.state import DEFAULT_LANGUAGE, CallState
from connect_sim.simulator.values import describe_queue, make_endpoint, render_all

DEFAULT_TIME_LIMIT_S = 3.0
"""The limit that the console offers when a block names none."""
MAX_TIME_LIMIT_S = 8.0
MAX_ASYNCHRONOUS_S = 60.0
MAX_CHAIN_S = 20.0
"""All functions between two prompts together ("AWS Lambda function" block)."""
MAX_ANSWER_BYTES = 32 * 1024
MAX_ATTEMPTS = 4
"""One call and up to three repetitions after throttling or a service error."""
_REPEATED = frozenset({FunctionErrorKind.THROTTLED, FunctionErrorKind.UNREACHABLE})
_CLOSED_OUTCOME = "CLOSED_HOURS"


def invoke_function(block: Block) -> Outcome:
    """InvokeLambdaFunction: call, check the answer, and replace `$.External` by it as a whole.

    After an error nothing is left in `$.External`: what an earlier answer said cannot be mistaken for this one.
    """
    arn = block.resolve_single("LambdaFunctionARN")
    if not arn:
        block.frame.external = None
        return Failed(NO_MATCHING_ERROR, "no_function")
    parameters = render_all(block.state, dict(block.action.mapping("LambdaInvocationAttributes")))
    asynchronous = block.action.text("InvocationType") == "ASYNCHRONOUS"
    limit_s = MAX_ASYNCHRONOUS_S if asynchronous else _time_limit_s(block)
    result = _invoke(block, arn, parameters, limit_s)
    if result.error is None and not asynchronous:
        result = _check_answer(result, block.action.mapping("ResponseValidation").get("ResponseType") == "JSON")
    payload = result.payload if result.error is None else None
    if not asynchronous:
        block.pass_time(result.duration_ms / 1000)
        block.state.silent_s = round(block.state.silent_s + result.duration_ms / 1000, 3)
        block.frame.external = payload
    block.state.invocations += 1
    block.frame.invocation_id = f"{block.state.setup.contact_id}-{block.state.invocations}"
    _emit(block, arn, parameters, result)
    if result.error is not None:
        time_out = result.error in {FunctionErrorKind.TIMEOUT, FunctionErrorKind.LOST_ANSWER}
        return Failed("TimeLimitExceeded" if time_out else NO_MATCHING_ERROR, str(result.error))
    block.state.told_closed = block.state.told_closed or (payload or {}).get("outcome") == _CLOSED_OUTCOME
    return Success()


def _time_limit_s(block: Block) -> float:
    """Return the seconds left for this call: its own limit, within what earlier calls left of the chain's 20 s."""
    own = min(block.seconds("InvocationTimeLimitSeconds", DEFAULT_TIME_LIMIT_S), MAX_TIME_LIMIT_S)
    return max(0.0, min(own, MAX_CHAIN_S - block.state.silent_s))


def _invoke(block: Block, arn: str, parameters: dict[str, Any], limit_s: float) -> FunctionResult:
    timed_out = FunctionResult(error=FunctionErrorKind.TIMEOUT, duration_ms=round(limit_s * 1000))
    if limit_s <= 0:
        return timed_out
    if block.injected is not None and block.injected is not FunctionErrorKind.LOST_ANSWER:
        waited = timed_out.duration_ms if block.injected is FunctionErrorKind.TIMEOUT else 0
        return FunctionResult(error=block.injected, duration_ms=waited, detail="injected")
    event = make_event(block.state, parameters)
    spent_ms = 0
    requests: int | None = None
    result = timed_out
    for _ in range(MAX_ATTEMPTS):
        result = block.surroundings.functions.invoke(arn=arn, event=event, time_limit_s=limit_s - spent_ms / 1000)
        spent_ms += result.duration_ms
        if result.requests is not None:
            requests = (requests or 0) + result.requests
        if spent_ms > limit_s * 1000:
            return FunctionResult(error=FunctionErrorKind.TIMEOUT, duration_ms=timed_out.duration_ms, requests=requests)
        if result.error not in _REPEATED:
            break
    if block.injected is FunctionErrorKind.LOST_ANSWER:
        return FunctionResult(
            error=FunctionErrorKind.LOST_ANSWER, duration_ms=timed_out.duration_ms, requests=requests, detail="injected"
        )
    return FunctionResult(result.payload, result.error, spent_ms, requests, result.detail)


def _check_answer(result: FunctionResult, json_answer: bool) -> FunctionResult:
    """Return the result with its payload checked; keys without a value disappear, as they do on the line."""
    error: FunctionErrorKind | None = None
    payload: Any = result.payload
    if not isinstance(payload, dict):
        error = FunctionErrorKind.NOT_STRING_MAP
    elif len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) >= MAX_ANSWER_BYTES:
        error = FunctionErrorKind.TOO_LARGE
    else:
        payload = {key: value for key, value in payload.items() if value is not None}
        if not json_answer and not all(isinstance(value, str) for value in payload.values()):
            error = FunctionErrorKind.NOT_STRING_MAP
    return FunctionResult(None if error else payload, error, result.duration_ms, result.requests, result.detail)


def _emit(block: Block, arn: str, parameters: dict[str, Any], result: FunctionResult) -> None:
    outcome = (result.payload or {}).get("outcome")
    block.emit(
        "function",
        function=parse_function_name(arn),
        step=parameters.get("step"),
        outcome=outcome if isinstance(outcome, str) else None,
        error=result.error,
        detail=result.detail,
        duration_ms=result.duration_ms,
        requests=result.requests,
    )


def make_event(state: CallState, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the whole event: the contact as it is now, and the block's own parameters.

    Fields without a value are None, as the service sends them; endpoints too, when the number is withheld. Neither
    the stored input nor an earlier answer is part of it.
    """
    setup = state.setup
    contact_data = {
        "Attributes": dict(state.attributes),
        "AwsRegion": setup.region,
        "Channel": setup.channel,
        "ContactId": setup.contact_id,
        "CustomerEndpoint": make_endpoint(setup.customer_number),
        "CustomerId": state.contact_data.get("CustomerId"),
        "Description": state.contact_data.get("Description"),
        "InitialContactId": setup.initial_contact_id or setup.contact_id,
        "InitiationMethod": setup.initiation_method,
        "InstanceARN": setup.instance_arn,
        "LanguageCode": state.language or DEFAULT_LANGUAGE,
        "MediaStreams": {"Customer": {"Audio": None}},
        "Name": state.contact_data.get("Name"),
        "PreviousContactId": setup.previous_contact_id,
        "Queue": describe_queue(state),
        "References": {name: dict(reference) for name, reference in state.references.items()},
        "RelatedContactId": None,
        "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Telephony"}},
        "SystemEndpoint": make_endpoint(setup.system_number),
        "Tags": dict(state.tags),
    }
    return {"Name": "ContactFlowEvent", "Details": {"ContactData": contact_data, "Parameters": parameters}}
