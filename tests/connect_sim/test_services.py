"""Blocks that use another part of the service: known to linter and simulator, noted, or answered by the set-up."""

import re
from pathlib import Path
from typing import Any

from connect_sim.language.actions.catalogue import UNCHECKED_TYPES
from connect_sim.language.actions.table import ACTIONS
from connect_sim.language.flow_set import FlowSet
from connect_sim.linter import rules
from connect_sim.linter.rule import lint
from connect_sim.simulator.blocks.handlers import HANDLERS, SIMULATED
from connect_sim.simulator.blocks.services import ANSWERED, NOTED
from connect_sim.simulator.state import BlockAnswer, EndReason
from tests.connect_sim.samples.build import ERROR, NO_MATCH, Line, block, flow, menu, say
from tests.support.sweeps import sweep

rules.load()
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "flow-rules.md"
REFERENCE = [
    "CompleteOutboundCall",
    "CreateCase",
    "CreateTask",
    "CreateWisdomSession",
    "DequeueContactAndTransferToQueue",
    "EndFlowModuleExecution",
    "GetCase",
    "InvokeFlowModule",
    "StartOutboundChatContact",
    "TagContact",
    "TransferContactToAgent",
    "TransferContactToQueue",
    "UnTagContact",
    "UpdateCase",
    "UpdateContactAttributes",
    "UpdateContactCallbackNumber",
    "UpdateContactData",
    "UpdateContactEventHooks",
    "UpdateContactMediaProcessing",
    "UpdateContactMediaStreamingBehavior",
    "UpdateContactRecordingAndAnalyticsBehavior",
    "UpdateContactRecordingBehavior",
    "ResumeContact",
    "UpdateContactRoutingBehavior",
    "UpdateContactTargetQueue",
    "UpdateContactTextToSpeechVoice",
    "UpdatePreviousContactParticipantState",
    "CheckHoursOfOperation",
    "CheckMetricData",
    "CheckOutboundCallStatus",
    "CheckVoiceId",
    "Compare",
    "DistributeByPercentage",
    "EndFlowExecution",
    "GetMetricData",
    "Loop",
    "StartVoiceIdStream",
    "TransferToFlow",
    "UpdateFlowAttributes",
    "UpdateFlowLoggingBehavior",
    "UpdateRoutingCriteria",
    "Wait",
    "AssociateContactToCustomerProfile",
    "CreateCallbackContact",
    "CreateCustomerProfile",
    "InvokeLambdaFunction",
    "GetCustomerProfile",
    "GetCustomerProfileObject",
    "GetCalculatedAttributesForCustomerProfile",
    "UpdateCustomerProfile",
    "ConnectParticipantWithLexBot",
    "DisconnectParticipant",
    "GetParticipantInput",
    "MessageParticipant",
    "MessageParticipantIteratively",
    "ShowView",
    "TransferParticipantToThirdParty",
]
"""Every action that the developer guide's flow language names, and the one that only exports show."""
NOTED_PARAMETERS: dict[str, dict[str, Any]] = {
    "CreateWisdomSession": {"WisdomAssistantArn": "${Assistant}"},
    "StartOutboundChatContact": {
        "SourceEndpoint": {"Address": "${Number}", "Type": "CONNECT_PHONENUMBER_ARN"},
        "DestinationEndpoint": {"Address": "$.CustomerEndpoint.Address", "Type": "TELEPHONE_NUMBER"},
        "ContactSubtype": "connect:SMS",
        "InitialSystemMessage": {"Content": "Hello"},
        "RelatedContact": "CURRENT",
    },
    "UpdateContactMediaStreamingBehavior": {
        "MediaStreamingState": "Enabled",
        "Participants": [{"ParticipantType": "Customer", "MediaDirections": ["To", "From"]}],
        "MediaStreamType": "Audio",
    },
    "UpdateContactRoutingBehavior": {"QueuePriority": "1"},
    "UpdateContactRoutingCriteria": {
        "RoutingCriteria": {"Steps": [{"Expiry": {"DurationInSeconds": 30}, "Expression": {"Name": ""}}]}
    },
    "UpdatePreviousContactParticipantState": {"PreviousContactParticipantState": "AgentOnHold"},
}


def errors_in(*blocks: dict[str, Any]) -> set[str]:
    made = flow(*blocks)
    return {finding.rule for finding in lint(made, FlowSet([made])) if finding.rule.startswith("E")}


def used(kind: str, parameters: dict[str, Any] | None = None, **edges: str) -> dict[str, Any]:
    given = NOTED_PARAMETERS.get(kind, {}) if parameters is None else parameters
    errors = {} if kind == "UpdateContactRoutingBehavior" else {ERROR: "no", **edges}
    return block("b", kind, given, then="s", errors=errors)


def test_linter_and_simulator_know_every_action_that_the_reference_names() -> None:
    assert set(REFERENCE) <= HANDLERS.keys()
    misspelled = {"UnTagContact", "UpdateRoutingCriteria"}
    assert set(REFERENCE) - misspelled <= ACTIONS.keys()
    assert ACTIONS.keys() | UNCHECKED_TYPES | misspelled == HANDLERS.keys()


def test_the_documentation_says_of_every_block_what_is_done_with_it() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|$", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE)
    known = ACTIONS.keys() | UNCHECKED_TYPES | HANDLERS.keys()
    assert len(rows) == len(known)
    assert {kind: (checked, run) for kind, checked, run in rows} == {
        kind: (
            "described" if kind in ACTIONS else "envelope" if kind in UNCHECKED_TYPES else "refused",
            "simulated" if kind in SIMULATED else "noted" if kind in NOTED else "answered",
        )
        for kind in known
    }
    assert not SIMULATED.keys() & (NOTED.keys() | ANSWERED.keys())


@sweep("kind", sorted(NOTED))
def test_a_side_effect_is_noted_and_the_next_block_runs(kind: str) -> None:
    channel = "CHAT" if kind == "UpdateContactMediaProcessing" else "VOICE"
    line = Line(flow(used(kind), say("s", "Hello", "yes")), channel=channel)
    assert [event.data["action"] for event in line.events("noted")] == [kind]
    assert line.heard == ["Hello"]
    assert line.last_block == "yes"


@sweep("kind", sorted(NOTED_PARAMETERS))
def test_a_side_effect_as_it_is_exported_has_no_error(kind: str) -> None:
    assert errors_in(used(kind), say("s", "Hello", "bye")) == set()


@sweep(
    ("kind", "channel", "edge"),
    [
        ("UpdateContactMediaStreamingBehavior", "CHAT", ERROR),
        ("StartVoiceIdStream", "TASK", ERROR),
        ("UpdateContactMediaProcessing", "VOICE", "ChannelMismatch"),
        ("ShowView", "VOICE", ERROR),
        ("CheckVoiceId", "CHAT", ERROR),
    ],
)
def test_a_block_of_one_channel_takes_its_error_edge_in_another(kind: str, channel: str, edge: str) -> None:
    line = Line(flow(used(kind, {}, ChannelMismatch="no")), channel=channel, answers={})
    assert line.edges == [f"error:{edge}", "end"]
    assert line.events("error")[0].data["cause"] == "channel"


@sweep(
    ("kind", "unanswered"),
    [
        ("GetCustomerProfile", "NoneFoundError"),
        ("GetCustomerProfileObject", "NoneFoundError"),
        ("GetCase", "NoneFound"),
        ("CheckOutboundCallStatus", ERROR),
        ("EvaluateDataTableValues", ERROR),
        ("ConnectParticipantWithAgenticCX", ERROR),
    ],
)
def test_a_value_that_nobody_gives_is_not_there(kind: str, unanswered: str) -> None:
    line = Line(flow(used(kind, {}, NoneFoundError="no", NoneFound="no")))
    assert line.edges[0] == f"error:{unanswered}"
    assert line.events("error")[0].data["cause"] == "not_given"


@sweep(
    ("kind", "values", "text"),
    [
        ("GetCustomerProfile", {"FirstName": "Ada"}, "$.Customer.FirstName"),
        ("CreateCustomerProfile", {"ProfileId": "Ada"}, "$.Customer.ProfileId"),
        ("GetCase", {"status": "Ada"}, "$.Case.status"),
        ("CreateCase", {"case_id": "Ada"}, "$.Case.case_id"),
        ("EvaluateDataTableValues", {"Lookup": {"room name": "Ada"}}, "$.DataTables.Lookup['room name']"),
        ("ConnectParticipantWithAgenticCX", {"name": "Ada"}, "$.AgenticCX.ContextVariables.name"),
    ],
)
def test_values_of_an_answer_can_be_read_afterwards(kind: str, values: dict[str, Any], text: str) -> None:
    asked = block("b", kind, {}, then="s", errors={ERROR: "no"})
    line = Line(flow(asked, say("s", f"It is {text}.", "yes")), given={kind: (BlockAnswer(values=values),)})
    assert line.heard == ["It is Ada."]
    assert line.events("missing") == []


def shown(*answers: BlockAnswer) -> Line:
    cases = {"Submit": "s", "Back": "b"}
    errors = {"TimeLimitExceeded": "silent", NO_MATCH: "no match", ERROR: "no"}
    view = block("b", "ShowView", {"InvocationTimeLimitSeconds": "400"}, then="no", errors=errors, cases=cases)
    rows = "$.Views.ViewResultData.rows"
    text = f"$.Views.Action: {rows}.0.id, {rows}[1].id, {rows}[2].id"
    given = {"main/b": answers} if answers else {}
    return Line(flow(view, say("s", text, "yes")), channel="CHAT", given=given)


def test_a_view_is_answered_by_its_buttons_one_after_the_other() -> None:
    line = shown(BlockAnswer("Back"), BlockAnswer("Submit", {"rows": [{"id": "a"}, {"id": "b"}]}))
    assert line.edges == ["if:Equals:Back", "if:Equals:Submit", "next", "end"]
    assert line.heard == ["Submit: a, b,"]


def test_a_view_that_nobody_answers_takes_its_time() -> None:
    line = shown()
    assert line.last_block == "silent"
    assert line.state.at_s == 400


def test_a_button_without_a_branch_matches_nothing_and_a_view_may_fail() -> None:
    assert shown(BlockAnswer("Other")).last_block == "no match"
    assert shown(BlockAnswer(error="TimeLimitExceeded")).last_block == "silent"


def test_the_last_answer_is_given_for_ever() -> None:
    line = shown(BlockAnswer("Back"))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.STEP_CAP


def test_data_for_a_view_a_module_or_routing_may_be_any_json_and_other_parameters_may_not() -> None:
    data = {"Heading": "", "Sections": [{"IsEditable": True, "Items": [1, None, {"Width": 0.5}]}]}
    errors = {ERROR: "no", NO_MATCH: "no", "TimeLimitExceeded": "no"}
    view = {"ViewResource": {"Id": "x"}, "InvocationTimeLimitSeconds": "400", "ViewData": data}
    assert errors_in(block("v", "ShowView", view, then="no", errors=errors, cases={"Submit": "no"})) == set()
    module = {"FlowModuleId": "${M}", "Input": data}
    assert errors_in(block("i", "InvokeFlowModule", module, then="no", errors={ERROR: "no"})) == set()
    task = {"Name": "Look", "Attributes": {"a": 5, "b": ""}}
    assert errors_in(block("t", "CreateTask", task, then="no", errors={ERROR: "no"})) == {"E114", "E115"}
    agentic = {"AudioFillerConfiguration": {"Enabled": True, "StartDelayInMilliseconds": 2500}}
    assert errors_in(block("x", "ConnectParticipantWithAgenticCX", agentic, then="no", errors={ERROR: "no"})) == set()


def test_an_assistants_session_can_be_put_on_the_contact() -> None:
    wisdom = block("w", "CreateWisdomSession", {"WisdomAssistantArn": "arn:a"}, then="d", errors={ERROR: "no"})
    data = block(
        "d", "UpdateContactData", {"WisdomSessionArn": "$.Wisdom.SessionArn"}, then="yes", errors={ERROR: "no"}
    )
    assert Line(flow(wisdom, data)).state.contact_data == {"WisdomSessionArn": "arn:a/session"}
    assert errors_in(wisdom, data) == set()


def test_the_references_spelling_of_a_type_runs_and_the_linter_names_the_right_one() -> None:
    tags = {"TagKeys": ["a"]}
    assert Line(flow(block("u", "UnTagContact", tags, then="yes", errors={ERROR: "no"}))).last_block == "yes"
    assert errors_in(block("u", "UnTagContact", tags, then="yes", errors={ERROR: "no"})) == {"E110"}
    assert Line(flow(used("UpdateRoutingCriteria"), say("s", "Hello", "yes"))).last_block == "yes"


def test_a_type_that_nobody_knows_stops_the_call_by_name() -> None:
    line = Line(flow(block("x", "TurnAround", {}, then="yes", errors={ERROR: "no"})))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.FAILED
    assert "TurnAround" in line.state.end.detail


INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/00000000-0000-4000-8000-0000000000a1"


def rules_in(*texts: str) -> list[str]:
    blocks = [
        block(f"q{index}", "UpdateContactTargetQueue", {"QueueId": text}, then=f"q{index + 1}", errors={ERROR: "no"})
        for index, text in enumerate(texts)
    ]
    made = flow(*blocks, block(f"q{len(texts)}", "DisconnectParticipant"))
    return [each.rule for each in lint(made, FlowSet([made])) if each.rule in {"E152", "W227"}]


def test_a_fixed_arn_is_a_warning_and_a_second_instance_an_error() -> None:
    queue = f"{INSTANCE}/queue/00000000-0000-4000-8000-0000000000b1"
    assert rules_in(queue) == ["W227"]
    assert rules_in(queue, queue) == ["W227", "W227"]
    assert rules_in(queue, queue.replace("0000a1", "0000a2")) == ["E152", "W227", "W227"]
    assert rules_in(queue, queue.replace("us-east-1", "us-west-2")) == ["E152", "W227", "W227"]
    assert rules_in(queue, queue.replace("aws:", "aws-us-gov:").replace("111122223333", "444455556666"))[0] == "E152"
    assert rules_in("${QueueArn}", "$.Attributes.queue", INSTANCE.replace("111122223333", "${AWS::AccountId}")) == []
    assert rules_in("arn:aws:connect:us-east-1:aws:view/form:1", "00000000-0000-4000-8000-0000000000b1") == []


def test_documents_that_a_call_goes_on_in_are_of_one_instance() -> None:
    def document(name: str, instance: str, then: str) -> Any:
        queue = {"QueueId": f"{instance}/queue/x"}
        target = block("q", "UpdateContactTargetQueue", queue, then="t", errors={ERROR: "no"})
        away = block("t", "TransferToFlow", {"ContactFlowId": then}, then="bye", errors={ERROR: "no"})
        return flow(target, away, name=name)

    first, same = document("first", INSTANCE, "${Same}"), document("same", INSTANCE, "${Other}")
    other = document("other", INSTANCE.replace("0000a1", "0000a2"), "${First}")
    together = FlowSet([first, same, other])
    found = {each.name: {finding.rule for finding in lint(each, together)} for each in together.flows}
    assert [name for name, broken in found.items() if "E152" in broken] == ["same", "other"]


def test_a_flow_attribute_that_no_block_of_the_document_sets_is_reported() -> None:
    def reported(*blocks: dict[str, Any]) -> bool:
        made = flow(*blocks)
        return "W226" in {finding.rule for finding in lint(made, FlowSet([made]))}

    def setter(name: str) -> dict[str, Any]:
        return block(
            "f", "UpdateFlowAttributes", {"FlowAttributes": {name: {"Value": "1"}}}, then="s", errors={ERROR: "s"}
        )

    assert reported(say("s", "Hello $.FlowAttributes.x", "bye"))
    assert reported(setter("y"), say("s", "Hello $.FlowAttributes['x y']", "bye"))
    assert not reported(setter("x y"), say("s", "Hello $.FlowAttributes['x y']", "bye"))
    assert not reported(setter("$.External.name"), say("s", "Hello $.FlowAttributes.x", "bye"))


def test_flows_that_hooks_and_callbacks_name_are_to_be_checked_too() -> None:
    hook = block(
        "h", "UpdateContactEventHooks", {"EventHooks": {"CustomerQueue": "${Q}"}}, then="no", errors={ERROR: "no"}
    )
    task = block("t", "CreateTask", {"Name": "Look", "ContactFlowId": "${T}"}, then="no", errors={ERROR: "no"})
    for made, named in ((flow(hook), "${Q}"), (flow(task), "${T}")):
        messages = [each.message for each in lint(made, FlowSet([made])) if each.rule == "W219"]
        assert messages == [f"{named} is not among the flows that were checked."]


def test_parameters_as_they_are_exported_have_no_error() -> None:
    search = {"IdentifierName": "_phone", "IdentifierValue": "$.CustomerEndpoint.Address"}
    profile = {"ProfileRequestData": search, "ProfileResponseData": ["FirstName", "LastName"]}
    found = {"CustomerId": "$.Customer.ProfileARN", "GetLastUpdatedCase": "true", "CaseResponseFields": ["status"]}
    callback = {
        "InitialCallDelaySeconds": "5",
        "RetryDelaySeconds": "600",
        "MaximumConnectionAttempts": "1",
        "CallerId": "$.SystemEndpoint.Address",
    }
    view = {"ViewResource": {"Id": "$.Attributes.view"}, "ViewData": "$.Attributes.data"}
    metric = {"MetricType": "NumberOfContactsInQueue"}
    assert errors_in(block("p", "GetCustomerProfile", profile, then="no", errors={ERROR: "no"})) == set()
    assert errors_in(block("c", "GetCase", found, then="no", errors={ERROR: "no", "NoneFound": "no"})) == set()
    assert errors_in(block("b", "CreateCallbackContact", callback, then="no", errors={ERROR: "no"})) == set()
    assert errors_in(block("v", "ShowView", view, then="no", errors={ERROR: "no"})) == set()
    errors = {ERROR: "no", NO_MATCH: "no"}
    assert errors_in(block("m", "CheckMetricData", metric, then="no", errors=errors, cases={"5": "no"})) == set()


def warnings_in(*blocks: dict[str, Any]) -> set[str]:
    made = flow(*blocks)
    return {finding.rule for finding in lint(made, FlowSet([made])) if finding.rule.startswith("W")}


def test_a_chat_that_shows_views_may_wait_and_any_other_flow_is_warned() -> None:
    wait = block("w", "Wait", {"TimeLimitSeconds": "60"}, then="no", errors={ERROR: "no"}, cases={"WaitCompleted": "v"})
    view = block("v", "ShowView", {"ViewResource": {"Id": "x"}}, then="no", errors={ERROR: "no"})
    assert "W221" in warnings_in(wait)
    assert "W221" not in warnings_in(wait, view)


def test_silence_in_a_queue_goes_back_to_the_music_and_ends_nothing() -> None:
    parameters = {"Messages": [{"Text": "Hold"}], "InterruptFrequencySeconds": "30"}
    music = block(
        "m",
        "MessageParticipantIteratively",
        parameters,
        then="over",
        errors={ERROR: "over"},
        cases={"MessagesInterrupted": "ask"},
    )
    back = dict.fromkeys(("InputTimeLimitExceeded", NO_MATCH, ERROR), "m")
    ask = menu("ask", {"1": "over"}, **back)
    assert "W225" not in warnings_in(music, ask, block("over", "EndFlowExecution"))
    cut = dict.fromkeys(("InputTimeLimitExceeded", NO_MATCH, ERROR), "bye")
    assert "W225" in warnings_in(menu("ask", {"1": "bye"}, **cut))


def test_lists_in_a_functions_answer_cannot_be_referred_to() -> None:
    function = block(
        "f", "InvokeLambdaFunction", {"LambdaFunctionARN": "f", "ResponseValidation": {"ResponseType": "JSON"}}
    )
    function["Transitions"] = {"NextAction": "s", "Errors": [{"ErrorType": ERROR, "NextAction": "no"}]}
    line = Line(flow(function, say("s", "It is $.External.rows[0].x.", "yes")), answers={"*": {"rows": [{"x": "1"}]}})
    assert line.heard == ["It is ."]
    assert line.events("missing")[0].data["values"] == ["$.External.rows.0.x"]


def test_the_callback_number_can_be_read_back() -> None:
    number = block("n", "UpdateContactCallbackNumber", {"CallbackNumber": "$.Attributes.n"}, then="s")
    text = "We call $.CustomerCallBackPhoneNumber."
    assert Line(flow(say("s", text, "yes"))).heard == ["We call +8613800000001."]
    assert Line(flow(number, say("s", text, "yes")), attributes={"n": "+442071838750"}).heard == [
        "We call +442071838750."
    ]
