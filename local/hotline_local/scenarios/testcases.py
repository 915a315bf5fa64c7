"""Scenarios as native test cases of Amazon Connect: the request of CreateTestCase, one a scenario.

Source: Amazon Connect developer guide, "Testing language" (Version 2019-10-30), with reports of its users. `Usage` is
left out, and MatchingCriteria stands inside Properties. Keys and mocked answers are strings. An Assert does not repeat
its action type. An entry point names its flow and the caller's number, not the number dialled. The content is itself a
string.

The function's answers are those that the simulator got, so that a test case needs no customer. It tests the flow as the
service runs it. No test comes to a person: it ends when the contact is being put into a queue. Even so, transfers go to
a queue without agents.

Open: the developer guide gives a mocked answer as `LoadedData`, one user as `Value`; the guide is followed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connect_sim.language.document import Action
from connect_sim.language.references import find_tokens, iterate_strings, replace_tokens
from connect_sim.simulator.keys import CODE, HANG_UP, SILENCE
from connect_sim.simulator.seams import FunctionErrorKind
from hotline_local.scenarios.checking import Heard, heard_by_turn, named_block, place_of
from hotline_local.scenarios.model import Scenario, ScenarioError
from hotline_local.scenarios.playing import Answered, Played

LANGUAGE_VERSION = "2019-10-30"
MAX_TEST_S = 300
"""Five minutes a test (administrator guide, testing and simulation); what is not matched by then has failed."""
ENTRY = "${HotlineEntryArn}"
FUNCTION = "${ConnectFunctionArn}"
QUEUE = "${QueueArn}"
TEST_QUEUE = "${TestQueueArn}"
ANY_CODE = "000000"
"""Typed where a caller types a code: what it is worth is mocked."""
_TIMED_OUT = frozenset({FunctionErrorKind.TIMEOUT, FunctionErrorKind.LOST_ANSWER})
_RUN_IDS = ("turn", "account_ref", "case_id")
"""Attributes that are another in each run of the function; mocked, they are those of the run here."""


@dataclass(slots=True)
class _Observation:
    """One observation while it is being put together."""

    event: dict[str, Any]
    actions: list[dict[str, Any]]


def compile_scenario(played: Played, tokens: Mapping[str, str]) -> dict[str, Any]:
    """The request of CreateTestCase, without `InstanceId`. `tokens` replace what names resources of an instance.

    Raises ScenarioError for a scenario that did not go as written, or that no native test can hold.
    """
    scenario = played.scenario
    if played.problems:
        raise ScenarioError(f"{scenario.path}: {played.problems[0]}")
    if scenario.only_here:
        raise ScenarioError(f"{scenario.path} runs in the simulator only: {scenario.only_here}")
    if played.state.at_s > MAX_TEST_S:
        raise ScenarioError(f"{scenario.path} takes {played.state.at_s:.0f} s; a native test may take {MAX_TEST_S}.")
    request: dict[str, Any] = {
        "Name": scenario.name,
        "Description": scenario.title,
        "EntryPoint": _entry_point(scenario),
        "Status": "PUBLISHED",
    }
    if scenario.calling.attributes:
        given = {"Attributes": dict(sorted(scenario.calling.attributes.items())), "SegmentAttributes": {}}
        request["InitializationData"] = json.dumps(given, ensure_ascii=False)
    content = {"Version": LANGUAGE_VERSION, "Metadata": {}, "Observations": _numbered(list(_observations(played)))}
    request = replace_tokens(request, tokens)
    request["Content"] = json.dumps(replace_tokens(content, tokens), ensure_ascii=False)
    return request


def missing_tokens(request: Mapping[str, Any]) -> frozenset[str]:
    """Names of resources that a request still lacks."""
    return frozenset(name for text in iterate_strings(request) for name in find_tokens(text))


def _entry_point(scenario: Scenario) -> dict[str, Any]:
    parameters = {"FlowId": ENTRY}
    if scenario.calling.number is not None:
        parameters["SourcePhoneNumber"] = scenario.calling.number
    return {"Type": "VOICE_CALL", "VoiceCallEntryPointParameters": parameters}


def _observations(played: Played) -> Iterator[_Observation]:
    """The events of a test, in order: the mocks are made, each text is heard and answered, and the test is ended."""
    yield _Observation({"Type": "TestInitiated", "Properties": {}}, list(_overrides(played)))
    scenario = played.scenario
    heard = heard_by_turn(played.events)
    for number, turn in enumerate(scenario.turns):
        observed = list(_messages(turn.hears, heard[number]))
        observed[-1].actions += _pressed(turn.keys)
        yield from observed
    if scenario.turns and scenario.turns[-1].keys == HANG_UP:
        return
    last = list(_messages(scenario.ending.hears, heard[-1]))
    if any(event.kind == "transfer" for event in played.events):
        started = {"ActionType": "TransferContactToQueue", "ActionParameters": {"QueueId": QUEUE}}
        last.append(_Observation({"Type": "FlowActionStarted", "Properties": started}, []))
    if not last:
        raise ScenarioError(f"{scenario.path}, $.ends.hears: a native test has to hear something last.")
    last[-1].actions += _asserts(scenario)
    last[-1].actions.append(_action("TestControl", {"Command": {"Type": "EndTest"}}))
    yield from last


def _messages(hears: tuple[str, ...], heard: list[Heard]) -> Iterator[_Observation]:
    """An observation for each prompt that is expected; two texts of one prompt are one, since it is observed once."""
    seen: set[int | None] = set()
    start = 0
    for text in hears:
        place = place_of(text, heard, start)
        start = place or 0
        if place not in seen:
            seen.add(place)
            words = text if place is None or named_block(text) is None else heard[place].text
            properties = {"Text": words, "MatchingCriteria": {"Type": "Inclusion"}}
            yield _Observation({"Type": "MessageReceived", "Properties": properties}, [])


def _pressed(keys: str) -> list[dict[str, Any]]:
    if keys == SILENCE:
        return []
    if keys == HANG_UP:
        return [_instruction({"Type": "Disconnect"})]
    value = ANY_CODE if keys == CODE else keys
    return [_instruction({"Type": "DtmfInput", "Properties": {"Value": value}})]


def _asserts(scenario: Scenario) -> Iterator[dict[str, Any]]:
    for name, value in scenario.ending.attributes.items():
        if name not in _RUN_IDS:
            parameters = {"Namespace": f"$.Attributes.{name}", "Operator": "Equals", "Operand": value}
            yield {"Type": "Assert", "Parameters": parameters}


def _overrides(played: Played) -> Iterator[dict[str, Any]]:
    """Mocks of all that the flow will ask for. Each is good once, and those of one resource are used in their order.

    The queue without agents comes last and in every test: a call that goes astray must not ring anybody either.
    """
    for answered in played.answers:
        yield _mocked("InvokeLambdaFunction", {"LambdaFunctionARN": FUNCTION}, _response(answered))
    if played.scenario.calling.queue_full:
        for _ in _actions(played, "TransferContactToQueue"):
            error = {"Type": "Error", "Error": {"Value": "QueueAtCapacity"}}
            yield _mocked("TransferContactToQueue", {"QueueId": QUEUE}, error)
    yield _substituted("TransferContactToQueue", {"QueueId": QUEUE}, TEST_QUEUE)


def _actions(played: Played, type_: str) -> Iterator[Action]:
    """The blocks of one type that the call came through, once for each time."""
    for visit in played.visits:
        action = played.flows.by_name[visit.flow].by_identifier[visit.block]
        if action.type == type_:
            yield action


def _response(answered: Answered) -> dict[str, Any]:
    if answered.error is None:
        data = json.dumps(dict(answered.result.payload or {}), ensure_ascii=False)
        return {"Type": "ExecutionResult", "ExecutionResult": {"DelaySeconds": 0, "LoadedData": data}}
    value = "TimeLimitExceeded" if answered.error in _TIMED_OUT else "NoMatchingError"
    return {"Type": "Error", "Error": {"DelaySeconds": 0, "Value": value}}


def _mocked(action_type: str, parameters: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    return _override(action_type, parameters, {"Type": "MockResponse", "Response": response})


def _substituted(action_type: str, parameters: dict[str, Any], substitute: str) -> dict[str, Any]:
    return _override(action_type, parameters, {"Type": "SubstituteResource", "SubstituteArn": substitute})


def _override(action_type: str, parameters: dict[str, Any], strategy: dict[str, Any]) -> dict[str, Any]:
    properties = {"ActionType": action_type, "ActionParameters": parameters, "Strategy": strategy}
    return _action("OverrideSystemBehavior", {"Behavior": {"Type": "FlowAction", "Properties": properties}})


def _instruction(instruction: dict[str, Any]) -> dict[str, Any]:
    return _action("SendInstruction", {"Actor": "Customer", "Instruction": instruction})


def _action(type_: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"Type": type_, "Parameters": {"ActionType": type_, **parameters}}


def _numbered(observations: list[_Observation]) -> list[dict[str, Any]]:
    """The observations with identifiers, each leading to the next, and so their actions."""
    names = [f"observation-{number}" for number in range(1, len(observations) + 1)]
    return [
        {
            "Identifier": name,
            "Event": {"Identifier": f"{name}-event", "Actor": "System"} | observation.event,
            "Actions": _chained(name, observation.actions),
            "Transitions": {"NextObservations": names[place : place + 1]},
        }
        for place, (name, observation) in enumerate(zip(names, observations, strict=True), start=1)
    ]


def _chained(observation: str, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [f"{observation}-action-{number}" for number in range(1, len(actions) + 1)]
    return [
        {"Identifier": name} | action | {"Transitions": {"NextAction": names[place]} if place < len(names) else {}}
        for place, (name, action) in enumerate(zip(names, actions, strict=True), start=1)
    ]
