"""Small flows for tests, written in a line or two a block."""

import json
from collections.abc import Mapping
from typing import Any

from connect_sim.language.document import Flow, parse_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine, FaultHook
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.state import BlockAnswer, CallSetup, CallState
from connect_sim.simulator.stubs import StubFunctions

ERROR = "NoMatchingError"
NO_MATCH = "NoMatchingCondition"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:connect"


def block(
    identifier: str,
    kind: str,
    parameters: dict[str, Any] | None = None,
    *,
    then: str | None = None,
    errors: dict[str, str] | None = None,
    cases: dict[str, str] | None = None,
    operator: str = "Equals",
) -> dict[str, Any]:
    """One block as JSON; `cases` are conditions by operand."""
    transitions: dict[str, Any] = {}
    if then is not None:
        transitions["NextAction"] = then
    if errors:
        transitions["Errors"] = [{"ErrorType": name, "NextAction": target} for name, target in errors.items()]
    if cases:
        transitions["Conditions"] = [
            {"NextAction": target, "Condition": {"Operator": operator, "Operands": [operand]}}
            for operand, target in cases.items()
        ]
    return {"Identifier": identifier, "Type": kind, "Parameters": parameters or {}, "Transitions": transitions}


def say(identifier: str, text: str, then: str, error: str = "bye") -> dict[str, Any]:
    return block(identifier, "MessageParticipant", {"Text": text}, then=then, errors={ERROR: error})


def call(identifier: str, then: str, error: str = "failed", limit: str = "8", **attributes: str) -> dict[str, Any]:
    parameters = {
        "LambdaFunctionARN": FUNCTION,
        "InvocationTimeLimitSeconds": limit,
        "LambdaInvocationAttributes": attributes,
    }
    return block(identifier, "InvokeLambdaFunction", parameters, then=then, errors={ERROR: error})


def entry(identifier: str, then: str, length: str = "6", **keypad: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "Text": "Type.",
        "StoreInput": "True",
        "InputTimeLimitSeconds": "5",
        "InputValidation": {"CustomValidation": {"MaximumLength": length}},
    }
    if keypad:
        parameters["DTMFConfiguration"] = keypad
    return block(identifier, "GetParticipantInput", parameters, then=then, errors={ERROR: "failed"})


def menu(identifier: str, cases: dict[str, str], **errors: str) -> dict[str, Any]:
    targets = {"InputTimeLimitExceeded": "silent", NO_MATCH: "no match", ERROR: "failed"} | errors
    parameters = {"Text": "Press.", "StoreInput": "False", "InputTimeLimitSeconds": "5"}
    return block(identifier, "GetParticipantInput", parameters, then="no match", errors=targets, cases=cases)


def ends() -> list[dict[str, Any]]:
    """Ends that tell by their names how a call came there."""
    names = ("bye", "failed", "silent", "no match", "yes", "no")
    return [block(name, "DisconnectParticipant") for name in names]


def flow(*blocks: dict[str, Any], name: str = "main", module: bool = False) -> Flow:
    """A flow that begins at its first block; flows get the ends as well."""
    actions = [*blocks, *([] if module else ends())]
    document: dict[str, Any] = {
        "Version": "2019-10-30",
        "StartAction": blocks[0]["Identifier"],
        "Metadata": {"type": "module"} if module else {},
        "Actions": actions,
    }
    return parse_flow(json.dumps(document), name=name)


def ring(**given: Any) -> CallSetup:
    return CallSetup(**({"contact_id": "contact-1", "customer_number": "+8613800000001"} | given))


class Line:
    """A call over some flows, with what happened on it."""

    def __init__(
        self,
        *flows: Flow,
        answers: dict[str, Any] | None = None,
        functions: Any = None,
        faults: FaultHook | None = None,
        tokens: dict[str, str] | None = None,
        max_steps: int = 500,
        given: Mapping[str, tuple[BlockAnswer, ...]] | None = None,
        **setup: Any,
    ) -> None:
        self.functions = functions or StubFunctions(answers or {})
        self.engine = Engine(FlowSet(flows, tokens), self.functions, faults=faults, max_steps=max_steps)
        self.state: CallState = self.engine.begin(ring(answers=given or {}, **setup), flows[0].name)
        self.trace = self.engine.run(self.state)

    def press(self, *tokens: str) -> "Line":
        for token in tokens:
            self.trace.extend(self.engine.press(self.state, token))
        return self

    def events(self, kind: str) -> list[CallEvent]:
        return [event for event in self.trace.events if event.kind == kind]

    @property
    def heard(self) -> list[str]:
        return [event.data["text"] for event in self.events("prompt")]

    @property
    def last_block(self) -> str:
        return self.trace.visits[-1].block

    @property
    def edges(self) -> list[str]:
        return [visit.edge for visit in self.trace.visits]
