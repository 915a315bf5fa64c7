"""The behaviour that the blocks' documentation describes beside the main way: other contacts, other channels, limits,
and faults."""

from typing import Any

import pytest

from connect_sim.simulator.engine import HANG_UP_FAULT, Engine
from connect_sim.simulator.events import Place
from connect_sim.simulator.faults import Fault, FaultError, Faults, parse_fault
from connect_sim.simulator.seams import FunctionErrorKind
from connect_sim.simulator.state import End, EndOutcome, EndReason, ThirdParty, Waiting
from tests.connect_sim.samples.build import ERROR, NO_MATCH, Line, block, call, entry, flow, menu, say
from tests.support.sweeps import sweep


def test_an_attribute_of_the_related_contact_leaves_this_contact_alone() -> None:
    parameters = {"LanguageCode": "fr-FR", "Name": "Other", "TargetContact": "Related"}
    line = Line(flow(block("d", "UpdateContactData", parameters, then="yes", errors={ERROR: "no"})), language="en-US")
    assert (line.state.language, line.state.contact_data) == ("en-US", {})
    assert line.state.related_data["Name"] == "Other"


@pytest.mark.parametrize(("count", "taken"), [(5, "yes"), (6, "yes"), (7, "no")])
def test_a_block_sets_six_tags_at_most(count: int, taken: str) -> None:
    tags = {"Tags": {f"t{number}": "1" for number in range(count)}}
    assert Line(flow(block("t", "TagContact", tags, then="yes", errors={ERROR: "no"}))).last_block == taken


@pytest.mark.parametrize(("channel", "taken"), [("VOICE", "yes"), ("CHAT", "no")])
def test_recording_for_voice_fails_on_another_channel(channel: str, taken: str) -> None:
    behavior = {"VoiceBehavior": {"VoiceRecordingBehavior": {"RecordedParticipants": ["Agent"]}}}
    errors = {"ChannelMismatch": "no", ERROR: "failed"}
    record = block("r", "UpdateContactRecordingAndAnalyticsBehavior", behavior, then="yes", errors=errors)
    assert Line(flow(record), channel=channel).last_block == taken


def hook(identifier: str, then: str, **parameters: Any) -> dict[str, Any]:
    return block(identifier, "UpdateContactEventHooks", parameters, then=then, errors={ERROR: "no"})


def test_event_hooks_are_set_one_a_block_and_can_be_switched_off() -> None:
    one = hook("h", "yes", EventHooks={"CustomerQueue": "q"})
    off = hook("o", "yes", EventHooksConfiguration={"CustomerQueue": {"DisableExecution": "True"}})
    assert Line(flow(one)).state.event_hooks == {"CustomerQueue": "q"}
    assert Line(flow(one | {"Transitions": {"NextAction": "o"}}, off)).state.event_hooks == {}
    two = hook("h", "yes", EventHooks={"CustomerQueue": "q", "AgentWhisper": "w"})
    assert Line(flow(two)).last_block == "no"


THIRD_PARTY_EDGES = {"CallFailed": "no", "ConnectionTimeLimitExceeded": "silent", ERROR: "failed"}


@sweep(
    ("becomes", "comes_back", "reached"),
    [
        (ThirdParty.ANSWERS, "True", "yes"),
        (ThirdParty.FAILS, "True", "no"),
        (ThirdParty.NO_ANSWER, "True", "silent"),
        (ThirdParty.FAILS, "False", "failed"),
        (ThirdParty.NO_ANSWER, "False", "failed"),
    ],
)
def test_only_a_flow_that_goes_on_tells_a_failed_call_from_one_that_nobody_answers(
    becomes: ThirdParty, comes_back: str, reached: str
) -> None:
    parameters = {
        "ThirdPartyPhoneNumber": "+18005550111",
        "ThirdPartyConnectionTimeLimitSeconds": "20",
        "ContinueFlowExecution": comes_back,
    }
    away = block("t", "TransferParticipantToThirdParty", parameters, then="yes", errors=THIRD_PARTY_EDGES)
    line = Line(flow(away), third_party=becomes)
    assert line.last_block == reached
    assert line.state.at_s == {ThirdParty.NO_ANSWER: 20.0, ThirdParty.ANSWERS: 5.0}.get(becomes, 0.0)


def test_hours_can_differ_by_their_name_and_by_the_queue() -> None:
    def hours(**parameters: str) -> dict[str, Any]:
        cases = {"True": "yes", "False": "no"}
        return block("h", "CheckHoursOfOperation", parameters, errors={ERROR: "failed"}, cases=cases)

    assert Line(flow(hours(HoursOfOperationId="a")), hours={"a": False}).last_block == "no"
    assert Line(flow(hours(HoursOfOperationId="b")), hours={"a": False}).last_block == "yes"
    queue = block("q", "UpdateContactTargetQueue", {"QueueId": "a"}, then="h", errors={ERROR: "failed"})
    assert Line(flow(queue, hours()), hours={"a": False}).last_block == "no"


def test_metrics_name_their_queue_and_a_modules_caller_does_not_see_them() -> None:
    get = block("get", "GetMetricData", {"QueueId": "arn:q/boats"}, then="say", errors={ERROR: "failed"})
    text = "$.Metrics.Queue.Name $.Metrics.Queue.Size"
    assert Line(flow(get, say("say", text, "bye")), metrics={"Queue.Size": 3}).heard == ["boats 3"]


def test_references_of_the_contact_can_be_read_and_reach_functions() -> None:
    given = {"order": {"Value": "A7", "Type": "STRING"}}
    line = Line(
        flow(say("say", "$.References.order.Value", "f"), call("f", "bye")), answers={"*": {}}, references=given
    )
    assert line.heard == ["A7"]
    assert line.functions.calls[0][1]["Details"]["ContactData"]["References"] == given


def test_a_task_is_shown_and_the_flow_goes_on() -> None:
    parameters = {"Name": "Look at $.Attributes.x", "Attributes": {"x": "$.Attributes.x"}, "DelaySeconds": "60"}
    line = Line(flow(block("t", "CreateTask", parameters, then="yes", errors={ERROR: "no"})), attributes={"x": "boat"})
    (task,) = line.events("task")
    assert task.data == {"name": "Look at boat", "flow": None, "attributes": {"x": "boat"}, "delay_s": 60.0}
    assert line.last_block == "yes"


def test_a_block_that_branches_without_conditions_goes_on_at_its_next_action() -> None:
    asked = menu("m", {"1": "no"})
    del asked["Transitions"]["Conditions"]
    asked["Transitions"]["Errors"] = []
    assert Line(flow(asked | {"Transitions": {"NextAction": "yes"}})).press("1").last_block == "yes"


def test_a_value_that_is_not_there_is_named_and_one_that_is_not_modelled_is_named_as_such() -> None:
    text = "$.External.x $.Case.id $.Attributes.a"
    line = Line(flow(say("s", text, "bye")), attributes={"a": "1"})
    (missing,) = line.events("missing")
    assert missing.data == {"values": ["$.Case.id", "$.External.x"], "not_modelled": ["$.Case.id"]}


def test_a_comparison_of_nothing_is_no_missing_value() -> None:
    compared = block("c", "Compare", {"ComparisonValue": "$.External.x"}, errors={NO_MATCH: "no"}, cases={"1": "yes"})
    assert Line(flow(compared)).events("missing") == []


def test_keys_typed_ahead_are_gone_after_a_transfer() -> None:
    on = block("on", "GetParticipantInput", {"EnableDTMFBuffer": "true"}, then="m", errors={ERROR: "failed"})
    go = block("go", "TransferToFlow", {"ContactFlowId": "${Other}"}, errors={ERROR: "failed"})
    line = Line(flow(on, menu("m", {"1": "go"}), go), flow(menu("m2", {"2": "yes"}), name="other")).press("12")
    assert line.state.waiting is not None
    assert line.state.waiting.block == "m2"


def callback_flow(**parameters: str) -> Line:
    number = block(
        "n",
        "UpdateContactCallbackNumber",
        {"CallbackNumber": "$.CustomerEndpoint.Address"},
        then="b",
        errors={"InvalidCallbackNumber": "no", "CallbackNumberNotDialable": "no"},
    )
    given = {"InitialCallDelaySeconds": "60", "RetryDelaySeconds": "60", "MaximumConnectionAttempts": "1"}
    book = block(
        "b", "CreateCallbackContact", {**given, "QueueId": "q", **parameters}, then="bye", errors={ERROR: "no"}
    )
    text = "$.InitiationMethod $.PreviousContactId $.Attributes.topic"
    return Line(flow(number, book), flow(say("s", text, "bye"), name="callback"), attributes={"topic": "boats"})


def test_a_callback_begins_a_contact_with_the_attributes_of_its_call() -> None:
    line = callback_flow(ContactFlowId="${CallbackFlow}")
    again = line.engine.call_back(line.state, "contact-2")
    assert again is not None
    assert [event.data["text"] for event in line.engine.run(again).events if event.kind == "prompt"] == [
        "CALLBACK contact-1 boats"
    ]
    assert (again.setup.initial_contact_id, again.queue) == ("contact-1", "q")


def test_a_callback_without_a_flow_rings_an_agent_first() -> None:
    line = callback_flow()
    assert line.state.end == End(EndReason.ENDED, EndOutcome.CALLBACK)
    assert line.engine.call_back(line.state, "contact-2") is None


@pytest.mark.parametrize(("kind", "outcome"), [("customerQueue", EndOutcome.QUEUE), ("agentWhisper", EndOutcome.AGENT)])
def test_a_flow_run_by_itself_leaves_the_contact_where_it_was(kind: str, outcome: EndOutcome) -> None:
    over = flow(block("end", "EndFlowExecution"))
    over = type(over)(over.name, over.version, over.start_action, over.actions, metadata={"type": kind})
    assert Line(over).state.end == End(EndReason.ENDED, outcome)


def test_messages_without_a_time_for_something_else_play_until_an_agent_accepts() -> None:
    target = block("q", "UpdateContactTargetQueue", {"QueueId": "q"}, then="h", errors={ERROR: "no"})
    hooked = hook("h", "go", EventHooks={"CustomerQueue": "${Music}"})
    go = block("go", "TransferContactToQueue", then="no", errors={"QueueAtCapacity": "no", ERROR: "no"})
    music = block("m", "MessageParticipantIteratively", {"Messages": [{"Text": "La la la."}]}, errors={ERROR: "no"})
    flows = (flow(target, hooked, go), flow(music, name="music"))
    line = Line(*flows, waiting=Waiting(agent_after_s=60))
    assert line.heard == ["La la la."]
    assert line.events("agent")[0].data["waited_s"] == 60
    assert Line(*flows, waiting=Waiting()).state.end == End(EndReason.ENDED, EndOutcome.QUEUE)


# --- faults


LONG = flow(say("hello", "Hello.", "m"), menu("m", {"1": "f"}), call("f", "e"), entry("e", "yes"))


@sweep(("at", "heard"), [("hello", 0), ("m", 1), ("f", 2), ("e", 2)])
def test_a_caller_can_be_lost_at_any_block(at: str, heard: int) -> None:
    line = Line(LONG, answers={"*": {}}, faults=lambda place, action: HANG_UP_FAULT if place.block == at else None)
    if line.state.waiting:
        line.press("1")
    assert line.state.end == End(EndReason.ENDED, EndOutcome.HUNG_UP)
    assert len(line.heard) == heard


def test_a_fault_is_written_with_its_flow_block_kind_and_visit() -> None:
    assert parse_fault("main/f=timeout") == Fault(Place("main", "f"), "timeout")
    assert parse_fault("main/Lock status=hang_up@2") == Fault(Place("main", "Lock status"), "hang_up", 2)


@sweep("text", ["", "main", "main/f", "main/f=", "f=timeout", "main/f=timeout@0", "main/f=time out"])
def test_a_text_that_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(FaultError, match="is not FLOW/BLOCK=KIND"):
        parse_fault(text)


@sweep(
    ("text", "problem"),
    [
        ("other/f=timeout", "no flow 'other'"),
        ("main/g=timeout", "no block 'g'"),
        ("main/m=timeout", "cannot have 'timeout'"),
        ("main/f=QueueAtCapacity", "cannot have 'QueueAtCapacity'"),
    ],
)
def test_a_fault_that_a_block_cannot_have_is_refused(text: str, problem: str) -> None:
    with pytest.raises(FaultError, match=problem):
        Faults([parse_fault(text)], Line(LONG, answers={"*": {}}).engine.flows)


def test_a_fault_on_the_second_visit_lets_the_first_and_the_third_pass() -> None:
    looped = flow(menu("m", {"1": "f"}), call("f", "m", error="m"))
    line = Line(looped, answers={"*": {}})
    faults = Faults([parse_fault("main/f=bad_json@2")], line.engine.flows)
    engine = Engine(line.engine.flows, line.functions, faults=faults)
    state = engine.begin(line.state.setup, "main")
    engine.run(state)
    results = [
        event.data["error"] for _ in range(3) for event in engine.press(state, "1").events if event.kind == "function"
    ]
    assert results == [None, FunctionErrorKind.BAD_JSON, None]
