"""Calls as a whole: functions and their limits, modules, errors, faults, forks, and what is given off."""

from typing import Any

import pytest

from connect_sim.language.document import Action
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine, UnknownFlowError
from connect_sim.simulator.events import Place
from connect_sim.simulator.seams import FunctionErrorKind, FunctionResult
from connect_sim.simulator.state import EndOutcome, EndReason
from connect_sim.simulator.stubs import StubFunctions
from connect_sim.walker.coverage import EdgeCoverage
from tests.connect_sim.samples.build import ERROR, FUNCTION, NO_MATCH, Line, block, call, flow, menu, ring, say
from tests.support.sweeps import sweep


class Functions:
    """Answers from a list, and remembers how it was called."""

    def __init__(self, *results: FunctionResult) -> None:
        self.results = list(results)
        self.limits: list[float] = []
        self.events: list[dict[str, Any]] = []

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        self.limits.append(round(time_limit_s, 3))
        self.events.append(event)
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def answered(seconds: float = 0.0, **payload: Any) -> FunctionResult:
    return FunctionResult(payload=payload, duration_ms=round(seconds * 1000), requests=2)


def failed(kind: FunctionErrorKind, seconds: float = 0.0) -> FunctionResult:
    return FunctionResult(error=kind, duration_ms=round(seconds * 1000))


ONE_CALL = flow(call("f", "say", step="start", key="$.Attributes.k"), say("say", "$.External.prompt", "bye"))


def test_the_event_has_the_shape_that_amazon_connect_sends() -> None:
    functions = Functions(answered(prompt="Hi"))
    Line(ONE_CALL, functions=functions, attributes={"k": "v"}, system_number="+18005550199", language="zh-CN")
    (event,) = functions.events
    assert event["Name"] == "ContactFlowEvent"
    assert event["Details"]["Parameters"] == {"step": "start", "key": "v"}
    contact = event["Details"]["ContactData"]
    assert set(contact) == {
        "Attributes", "AwsRegion", "Channel", "ContactId", "CustomerEndpoint", "CustomerId", "Description",
        "InitialContactId", "InitiationMethod", "InstanceARN", "LanguageCode", "MediaStreams", "Name",
        "PreviousContactId", "Queue", "References", "RelatedContactId", "SegmentAttributes", "SystemEndpoint", "Tags",
    }  # fmt: skip
    assert contact["CustomerEndpoint"] == {"Address": "+8613800000001", "Type": "TELEPHONE_NUMBER"}
    assert (contact["LanguageCode"], contact["Channel"], contact["InitiationMethod"]) == ("zh-CN", "VOICE", "INBOUND")
    assert (contact["ContactId"], contact["InitialContactId"]) == ("contact-1", "contact-1")


def test_a_withheld_number_leaves_the_endpoint_null() -> None:
    functions = Functions(answered(prompt="Hi"))
    Line(ONE_CALL, functions=functions, customer_number=None)
    assert functions.events[0]["Details"]["ContactData"]["CustomerEndpoint"] is None


def test_an_answer_replaces_the_one_before_as_a_whole() -> None:
    two = flow(call("a", "b"), call("b", "say"), say("say", "x$.External.x y$.External.y", "bye"))
    assert Line(two, functions=Functions(answered(x="1"), answered(y="2"))).heard == ["x y2"]


def test_nothing_of_an_earlier_answer_is_left_after_an_error() -> None:
    two = flow(call("a", "b"), call("b", "yes", error="say"), say("say", "x$.External.x", "bye"))
    line = Line(two, functions=Functions(answered(x="1"), failed(FunctionErrorKind.EXCEPTION)))
    assert line.heard == ["x"]


@sweep(
    ("payload", "error"),
    [
        ({"a": "x" * (32 * 1024 - 9)}, None),
        ({"a": "x" * (32 * 1024 - 8)}, "too_large"),
        ({"a": "字" * 10_922}, "too_large"),
        ({"a": 5}, "not_string_map"),
        ({"a": {"b": "c"}}, "not_string_map"),
        ({"a": None}, None),
        ({}, None),
    ],
)
def test_an_answer_has_to_be_a_map_of_strings_below_32_kb(payload: dict[str, Any], error: str | None) -> None:
    line = Line(flow(call("f", "yes")), functions=Functions(FunctionResult(payload=payload)))
    assert line.last_block == ("failed" if error else "yes")
    assert line.events("function")[0].data["error"] == error


def test_a_nested_answer_is_taken_where_the_block_asks_for_json() -> None:
    asked = call("f", "say")
    asked["Parameters"]["ResponseValidation"] = {"ResponseType": "JSON"}
    line = Line(flow(asked, say("say", "$.External.a.b", "bye")), functions=Functions(answered(a={"b": 5}, c=[1])))
    assert line.heard == ["5"]


@pytest.mark.parametrize(("seconds", "reached"), [(2.0, "yes"), (2.001, "failed")])
def test_an_answer_that_takes_longer_than_the_block_waits_is_an_error(seconds: float, reached: str) -> None:
    functions = Functions(answered(seconds))
    assert Line(flow(call("f", "yes", limit="2")), functions=functions).last_block == reached
    assert functions.limits == [2.0]


def test_functions_in_a_row_have_20_seconds_together() -> None:
    row = flow(call("a", "b"), call("b", "c"), call("c", "yes"))
    functions = Functions(answered(7.9), answered(7.9), answered(4.3))
    assert Line(row, functions=functions).last_block == "failed"
    assert functions.limits == [8.0, 8.0, 4.2]


def test_a_prompt_between_functions_starts_the_20_seconds_anew() -> None:
    row = flow(call("a", "b"), call("b", "say"), say("say", "One moment.", "c"), call("c", "yes"))
    functions = Functions(answered(7.9), answered(7.9), answered(7.9))
    assert Line(row, functions=functions).last_block == "yes"
    assert functions.limits == [8.0, 8.0, 8.0]


def test_throttling_is_tried_again_three_times_inside_the_limit() -> None:
    throttled = failed(FunctionErrorKind.THROTTLED, 0.1)
    functions = Functions(throttled, throttled, throttled, answered())
    assert Line(flow(call("f", "yes")), functions=functions).last_block == "yes"
    assert functions.limits == [8.0, 7.9, 7.8, 7.7]
    functions = Functions(throttled)
    assert Line(flow(call("f", "yes")), functions=functions).last_block == "failed"
    assert len(functions.limits) == 4


def test_an_exception_is_not_tried_again() -> None:
    functions = Functions(failed(FunctionErrorKind.EXCEPTION))
    assert Line(flow(call("f", "yes")), functions=functions).last_block == "failed"
    assert len(functions.limits) == 1


def test_time_passes_for_the_world_too() -> None:
    passed: list[float] = []
    engine = Engine(FlowSet([ONE_CALL]), Functions(answered(1.5, prompt="word " * 11)), on_time=passed.append)
    state = engine.begin(ring(), "main")
    engine.run(state)
    assert passed == [1.5, 4.0]
    assert state.at_s == pytest.approx(5.5)


def module(name: str, *blocks: dict[str, Any]) -> Any:
    return flow(*blocks, name=name, module=True)


def invoke(identifier: str, name: str, then: str = "yes", **cases: str) -> dict[str, Any]:
    errors = {ERROR: "failed"} | ({NO_MATCH: "no"} if cases else {})
    return block(
        identifier, "InvokeFlowModule", {"FlowModuleId": f"${{{name}}}"}, then=then, errors=errors, cases=cases
    )


def result(value: str, **data: str) -> dict[str, Any]:
    parameters = {"Result": value, "ResultData": data} if data else {"Result": value}
    return block("end", "EndFlowModuleExecution", parameters)


def test_a_module_sees_nothing_of_its_caller_but_contact_attributes() -> None:
    text = "e$.External.x f$.FlowAttributes.f a$.Attributes.a"
    mine = block(
        "mine", "UpdateFlowAttributes", {"FlowAttributes": {"f": {"Value": "1"}}}, then="m", errors={ERROR: "failed"}
    )
    main = flow(call("f", "mine"), mine, invoke("m", "Inner", "say"), say("say", text, "bye"))
    inner = module("inner", say("say", text, "end", "end"), result("done"))
    line = Line(main, inner, functions=Functions(answered(x="1")), attributes={"a": "1"})
    assert line.heard == ["e f a1", "e1 f1 a1"]


@pytest.mark.parametrize(("given", "reached"), [("good", "yes"), ("bad", "bye"), ("odd", "no")])
def test_a_modules_result_decides_the_callers_branch(given: str, reached: str) -> None:
    line = Line(flow(invoke("m", "Inner", good="yes", bad="bye")), module("inner", result(given)))
    assert line.last_block == reached


def test_a_caller_can_read_the_values_that_a_module_returns() -> None:
    main = flow(invoke("m", "Inner", "say"), say("say", "$.Modules.Result $.Modules.ResultData.n", "bye"))
    assert Line(main, module("inner", result("done", n="7"))).heard == ["done 7"]


def test_a_module_gets_its_input_from_its_caller() -> None:
    main = flow(invoke("m", "Inner"))
    document_action = main.actions[0]
    given = Action(
        document_action.identifier,
        document_action.type,
        {**document_action.parameters, "Input": {"topic": "$.Attributes.t"}},
        document_action.next_action,
        document_action.errors,
        document_action.conditions,
    )
    main = type(main)(main.name, main.version, main.start_action, (given, *main.actions[1:]))
    inner = module("inner", say("say", "$.Modules.Input.topic", "end", "end"), result("done"))
    assert Line(main, inner, attributes={"t": "refund"}).heard == ["refund"]


def test_modules_nest_five_deep_and_the_sixth_is_an_error() -> None:
    def chain(depth: int) -> Line:
        inner = [module(f"m{n}", invoke("m", f"M{n + 1}", "end"), result("done")) for n in range(1, depth)]
        last = module(f"m{depth}", result("done"))
        modules = [
            type(each)(
                each.name,
                each.version,
                each.start_action,
                tuple(
                    Action(a.identifier, a.type, a.parameters, a.next_action, (), a.conditions) for a in each.actions
                ),
            )
            for each in inner
        ]
        return Line(flow(invoke("m", "M1")), *modules, last)

    assert chain(5).last_block == "yes"
    assert chain(6).state.end is not None
    assert "nested_too_deeply" in str(chain(6).state.end)


def test_an_error_takes_its_own_edge_before_the_general_one() -> None:
    queue = block("q", "UpdateContactTargetQueue", {"QueueId": "q"}, then="go", errors={ERROR: "failed"})
    go = block("go", "TransferContactToQueue", then="bye", errors={"QueueAtCapacity": "no", ERROR: "failed"})

    def faults(kind: str) -> Any:
        return lambda place, action: kind if place == Place("main", "go") else None

    assert Line(flow(queue, go), faults=faults("QueueAtCapacity")).last_block == "no"
    assert Line(flow(queue, go), faults=faults("SomethingElse")).last_block == "failed"


@sweep("kind", [kind for kind in FunctionErrorKind if kind is not FunctionErrorKind.LOST_ANSWER])
def test_every_function_error_can_be_injected_without_calling_the_function(kind: FunctionErrorKind) -> None:
    functions = Functions(answered())
    line = Line(
        flow(call("f", "yes")), functions=functions, faults=lambda place, action: kind if place.block == "f" else None
    )
    assert (line.last_block, functions.limits) == ("failed", [])
    assert line.events("function")[0].data["error"] == kind


def test_a_lost_answer_means_that_the_function_did_run() -> None:
    functions = Functions(answered())
    fault = FunctionErrorKind.LOST_ANSWER
    line = Line(
        flow(call("f", "yes")), functions=functions, faults=lambda place, action: fault if place.block == "f" else None
    )
    assert (line.last_block, len(functions.limits)) == ("failed", 1)


def test_an_unknown_action_stops_the_call_and_is_named() -> None:
    line = Line(flow(block("x", "SummonAgent", then="bye")))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.FAILED
    assert "SummonAgent" in line.state.end.detail


def test_an_error_without_any_edge_fails_the_call_by_name() -> None:
    line = Line(flow(block("s", "MessageParticipant", {"Text": "$.External.x"}, then="bye")))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.FAILED
    assert line.events("end")[0].place == Place("main", "s")


@pytest.mark.parametrize(("cap", "reason"), [(2, EndReason.STEP_CAP), (3, EndReason.ENDED)])
def test_a_call_is_stopped_after_so_many_blocks(cap: int, reason: EndReason) -> None:
    line = Line(flow(say("a", "a", "b"), say("b", "b", "bye")), max_steps=cap)
    assert line.state.end is not None
    assert line.state.end.reason is reason


def test_a_flow_of_more_than_250_blocks_is_not_run() -> None:
    main = flow(*[say(f"s{n}", "a", f"s{n + 1}") for n in range(250)])
    line = Line(main)
    assert line.state.end is not None
    assert "the service takes 250" in line.state.end.detail


def test_a_start_flow_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownFlowError, match="'nowhere'; known are: main"):
        Engine(FlowSet([ONE_CALL]), StubFunctions({})).begin(ring(), "nowhere")


def test_tokens_without_a_value_are_kept_and_reported() -> None:
    go = block("go", "TransferToFlow", {"ContactFlowId": "${OtherFlowArn}"}, errors={ERROR: "failed"})
    queue = block("q", "UpdateContactTargetQueue", {"QueueId": "${QueueArn}"}, then="go", errors={ERROR: "failed"})
    engine = Engine(FlowSet([flow(queue, go), flow(say("a", "a", "bye"), name="other")]), StubFunctions({}))
    state = engine.begin(ring(), "main")
    engine.step(state)
    assert engine.unresolved_tokens == {"QueueArn"}
    assert state.queue == "${QueueArn}"


def test_a_fork_goes_on_without_touching_what_it_came_from() -> None:
    keep = block("keep", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="bye", errors={ERROR: "failed"})
    line = Line(flow(menu("m", {"1": "keep", "2": "m"}), keep))
    fork = line.state.fork()
    line.engine.press(fork, "1")
    assert fork.end is not None
    assert fork.attributes == {"a": "1"}
    assert (line.state.end, line.state.attributes, line.state.frame.block) == (None, {}, "m")
    assert line.press("2", "2", "1").state.attributes == {"a": "1"}


def test_a_caller_can_hang_up_anywhere() -> None:
    line = Line(flow(menu("m", {"1": "yes"})))
    trace = line.engine.hang_up(line.state)
    assert [event.kind for event in trace.events] == ["disconnect", "end"]
    assert line.state.end is not None
    assert line.state.end.outcome is EndOutcome.HUNG_UP


def test_every_block_that_is_left_is_a_visit_with_its_edge() -> None:
    line = Line(flow(menu("m", {"1": "say"}, InputTimeLimitExceeded="m"), say("say", "x", "bye"))).press("-", "1")
    assert line.edges == ["error:InputTimeLimitExceeded", "if:Equals:1", "next", "end"]


def test_coverage_names_the_edges_that_no_call_has_taken() -> None:
    line = Line(flow(menu("m", {"1": "yes"}))).press("1")
    coverage = EdgeCoverage(line.engine.flows)
    coverage.add(line.trace.visits)
    missing = {edge.label for edge in coverage.missing if edge.block == "m"}
    assert missing == {"error:InputTimeLimitExceeded", "error:NoMatchingCondition", "error:NoMatchingError"}


def test_a_function_is_shown_with_its_step_outcome_time_and_requests() -> None:
    asked = call("f", "bye", step="start")
    asked["Parameters"]["LambdaFunctionARN"] = f"{FUNCTION}:live"
    line = Line(flow(asked), functions=Functions(answered(0.25, outcome="KNOWN")))
    data = line.events("function")[0].data
    assert (data["function"], data["step"], data["outcome"]) == ("connect", "start", "KNOWN")
    assert (data["duration_ms"], data["requests"], data["error"]) == (250, 2, None)
