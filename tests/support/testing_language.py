"""The Testing language of Amazon Connect (Version 2019-10-30) as far as our test cases use it, as a JSON Schema.

Source: developer guide, "Testing language", with reports of the service's users. There is no `Usage`, MatchingCriteria
is inside Properties, and an Assert has no `ActionType`. Mocked answers and keys are strings, and nothing is empty.
"""

from typing import Any, Final

_TEXT: Final = {"type": "string", "minLength": 1}
_TRANSITIONS: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"NextAction": _TEXT},
}


def _object(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _action(type_: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return _object(Identifier=_TEXT, Type={"const": type_}, Parameters=parameters, Transitions=_TRANSITIONS)


def _event(type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    return _object(Identifier=_TEXT, Type={"const": type_}, Actor={"const": "System"}, Properties=properties)


_FUNCTION: Final = _object(LambdaFunctionARN=_TEXT)
_QUEUE: Final = _object(QueueId=_TEXT)
_ANSWER: Final = _object(
    Type={"const": "ExecutionResult"},
    ExecutionResult=_object(DelaySeconds={"type": "integer"}, LoadedData={"type": "string", "minLength": 2}),
)
_FUNCTION_ERROR: Final = _object(
    Type={"const": "Error"},
    Error=_object(DelaySeconds={"type": "integer"}, Value={"enum": ["TimeLimitExceeded", "NoMatchingError"]}),
)
_QUEUE_ERROR: Final = _object(
    Type={"const": "Error"}, Error=_object(Value={"enum": ["QueueAtCapacity", "NoMatchingError"]})
)
_SUBSTITUTE: Final = _object(Type={"const": "SubstituteResource"}, SubstituteArn=_TEXT)


def _mock(*responses: dict[str, Any]) -> dict[str, Any]:
    return _object(Type={"const": "MockResponse"}, Response={"oneOf": list(responses)})


def _override(action_type: str, parameters: dict[str, Any], strategy: dict[str, Any]) -> dict[str, Any]:
    return _object(
        ActionType={"const": "OverrideSystemBehavior"},
        Behavior=_object(
            Type={"const": "FlowAction"},
            Properties=_object(ActionType={"const": action_type}, ActionParameters=parameters, Strategy=strategy),
        ),
    )


_OVERRIDES: Final = [
    _override("InvokeLambdaFunction", _FUNCTION, _mock(_ANSWER, _FUNCTION_ERROR)),
    _override("CheckHoursOfOperation", _object(HoursOfOperationId=_TEXT), _SUBSTITUTE),
    _override("TransferContactToQueue", _QUEUE, {"oneOf": [_SUBSTITUTE, _mock(_QUEUE_ERROR)]}),
]
_KEYS: Final = _object(
    Type={"const": "DtmfInput"}, Properties=_object(Value={"type": "string", "pattern": "^[0-9*#]+$"})
)
_HANG_UP: Final = _object(Type={"const": "Disconnect"})
_ACTIONS: Final = [
    *(_action("OverrideSystemBehavior", each) for each in _OVERRIDES),
    _action(
        "SendInstruction",
        _object(
            ActionType={"const": "SendInstruction"},
            Actor={"const": "Customer"},
            Instruction={"oneOf": [_KEYS, _HANG_UP]},
        ),
    ),
    _action(
        "Assert",
        _object(Namespace={"type": "string", "pattern": r"^\$\."}, Operator={"const": "Equals"}, Operand=_TEXT),
    ),
    _action(
        "TestControl",
        _object(ActionType={"const": "TestControl"}, Command=_object(Type={"const": "EndTest"})),
    ),
]
_EVENTS: Final = [
    _event("TestInitiated", _object()),
    _event(
        "MessageReceived",
        _object(Text=_TEXT, MatchingCriteria=_object(Type={"enum": ["Inclusion", "Similarity"]})),
    ),
    _event("FlowActionStarted", _object(ActionType={"const": "TransferContactToQueue"}, ActionParameters=_QUEUE)),
]

CONTENT: Final = _object(
    Version={"const": "2019-10-30"},
    Metadata={"type": "object"},
    Observations={
        "type": "array",
        "minItems": 2,
        "items": _object(
            Identifier=_TEXT,
            Event={"oneOf": _EVENTS},
            Actions={"type": "array", "items": {"oneOf": _ACTIONS}},
            Transitions=_object(NextObservations={"type": "array", "items": _TEXT, "maxItems": 1}),
        ),
    },
)
"""The form of `Content` of CreateTestCase, once it is no longer a string."""
