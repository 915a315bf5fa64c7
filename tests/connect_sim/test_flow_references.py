"""Every spelling of a reference is read, wherever one may stand, and no path is ever spoken or passed on."""

from typing import Any

from connect_sim.language.flow_set import FlowSet
from connect_sim.language.references import Reference, find_references, parse_reference, split_text
from connect_sim.linter import rules
from connect_sim.linter.rule import lint
from tests.connect_sim.samples.build import ERROR, NO_MATCH, Line, block, call, entry, flow, say
from tests.support.sweeps import sweep

rules.load()
GIVEN = {"two words": "x y", "lang": "zh", "姓名": "甲", "due": "500"}


def rules_broken(*blocks: dict[str, Any]) -> set[str]:
    made = flow(*blocks)
    return {finding.rule for finding in lint(made, FlowSet([made]))}


@sweep(
    ("written", "root", "keys"),
    [
        ("$.Attributes.lang", "Attributes", ("lang",)),
        ("$.Attributes['two words']", "Attributes", ("two words",)),
        ('$.Attributes["two words"]', "Attributes", ("two words",)),
        ("$.Attributes.['two words']", "Attributes", ("two words",)),
        ('$.Attributes.["two words"]', "Attributes", ("two words",)),
        ("$['AwsRegion']", "AwsRegion", ()),
        ('$["Attributes"]["lang"]', "Attributes", ("lang",)),
        ("$['Attributes'].lang", "Attributes", ("lang",)),
        ("$.SegmentAttributes['connect:Subtype']", "SegmentAttributes", ("connect:Subtype",)),
        ("$.Views.ViewResultData.rows[0].id", "Views", ("ViewResultData", "rows", "0", "id")),
        ("$.Attributes.姓名", "Attributes", ("姓名",)),
    ],
)
def test_every_spelling_of_a_reference_is_read(written: str, root: str, keys: tuple[str, ...]) -> None:
    assert parse_reference(written) == Reference(root, keys)
    assert find_references(f"so {written} is") == (Reference(root, keys),)


@sweep("written", ["$..name", "$.External[*].x", "$[?(@.a)]", "$.Attributes['open", "$.*", "$.a[-1]"])
def test_a_path_in_no_spelling_has_no_value_and_is_reported(written: str) -> None:
    assert parse_reference(written) is None
    line = Line(flow(say("s", f"Hello {written} there", "bye")), attributes=GIVEN)
    assert line.heard == ["Hello there"]
    assert line.events("missing")[0].data["values"] == [written]
    assert "W222" in rules_broken(say("s", f"Hello {written} there", "bye"))


@sweep("text", ["That is $5.", "That is $.50.", "$", "A $. B", "${Token}"])
def test_a_dollar_in_a_text_is_no_reference(text: str) -> None:
    assert split_text(text) == (text,)


def test_all_spellings_are_spoken_and_compared_alike() -> None:
    text = (
        "$.Attributes.['two words'], $['AwsRegion'], $['Attributes']['lang'], $.Attributes.姓名，$.Attributes.lang先生"
    )
    compared = block(
        "c", "Compare", {"ComparisonValue": "$.Attributes.['two words']"}, errors={NO_MATCH: "no"}, cases={"x y": "yes"}
    )
    line = Line(
        flow(say("s", text, "c"), compared | {"Transitions": {**compared["Transitions"], "NextAction": "no"}}),
        attributes=GIVEN,
    )
    assert line.heard == ["x y, us-east-1, zh, 甲，zh先生"]
    assert line.last_block == "yes"
    assert "E117" not in rules_broken(say("s", text, "c"), compared)


def amount_due(operator: str, operand: str) -> dict[str, Any]:
    compared = block(
        "c", "Compare", {"ComparisonValue": "$.StoredCustomerInput"}, errors={NO_MATCH: "no"}, cases={operand: "yes"}
    )
    compared["Transitions"]["Conditions"][0]["Condition"]["Operator"] = operator
    compared["Transitions"]["NextAction"] = "no"
    return compared


@sweep(
    ("keys", "operator", "reached"),
    [
        ("499#", "NumberGreaterThan", "no"),
        ("500#", "NumberGreaterThan", "no"),
        ("501#", "NumberGreaterThan", "yes"),
        ("500#", "NumberGreaterOrEqualTo", "yes"),
        ("500#", "Equals", "yes"),
        ("600#", "Equals", "no"),
        ("5001#", "TextStartsWith", "yes"),
    ],
)
@sweep("operand", ["$.Attributes.due", "$['Attributes'].['due']"])
def test_an_operand_may_be_a_reference(keys: str, operator: str, reached: str, operand: str) -> None:
    compared = amount_due(operator, operand)
    assert Line(flow(entry("e", "c"), compared), attributes=GIVEN).press(keys).last_block == reached
    assert "E137" not in rules_broken(entry("e", "c"), compared)


def test_an_operand_without_a_value_satisfies_nothing_and_is_named() -> None:
    line = Line(flow(entry("e", "c"), amount_due("Equals", "$.Attributes.owed"))).press("500#")
    assert line.last_block == "no"
    assert line.events("missing")[0].data["values"] == ["$.Attributes.owed"]


def test_an_operand_may_be_a_token() -> None:
    line = Line(flow(entry("e", "c"), amount_due("Equals", "${Due}")), tokens={"Due": "7"}).press("7#")
    assert line.last_block == "yes"


def test_only_compare_takes_a_reference_and_only_a_whole_one_for_its_operand() -> None:
    assert "E137" in rules_broken(entry("e", "c"), amount_due("Equals", "over $.Attributes.due"))
    checked = block(
        "m", "CheckMetricData", {"MetricType": "NumberOfContactsInQueue"}, then="no", cases={"$.Attributes.due": "yes"}
    )
    assert "E137" in rules_broken(checked)


def test_a_value_read_by_an_operand_must_have_been_filled() -> None:
    assert "W204" in rules_broken(entry("e", "c"), amount_due("Equals", "$.External.due"))


def test_a_reference_in_a_name_is_replaced_and_one_without_a_value_is_an_error() -> None:
    named = {"Attributes": {"$.External.key": "$.External.value"}}
    setter = block("s", "UpdateContactAttributes", named, then="yes", errors={ERROR: "no"})
    line = Line(flow(call("f", "s"), setter), answers={"*": {"key": "room", "value": "4"}})
    assert line.state.attributes == {"room": "4"}
    assert Line(flow(call("f", "s"), setter), answers={"*": {"value": "4"}}).last_block == "no"
    given = call("g", "bye", **{"$.Attributes.lang": "1"})
    passed = Line(flow(given), answers={"*": {}}, attributes=GIVEN).functions.calls[0][1]
    assert passed["Details"]["Parameters"] == {"zh": "1"}


def test_lengths_and_pauses_of_an_entry_may_be_references() -> None:
    asked = entry("e", "yes", length="$.Attributes.length", InterdigitTimeLimitSeconds="$.Attributes.pause")
    line = Line(flow(asked), attributes={"length": "2", "pause": "7"})
    assert line.state.waiting is not None
    assert line.state.waiting.max_length == 2
    assert line.press("1").state.at_s == Line(flow(asked), attributes={"length": "2"}).press("1").state.at_s + 2
    assert "E119" not in rules_broken(asked)


def test_audio_from_a_place_that_the_call_names_is_not_spoken_as_a_path() -> None:
    media = {"Media": {"Uri": "$.Attributes.['two words']", "SourceType": "S3", "MediaType": "Audio"}}
    played = block("p", "MessageParticipant", media, then="yes", errors={ERROR: "no"})
    assert Line(flow(played), attributes=GIVEN).heard == ["[audio x y]"]
    assert Line(flow(played)).last_block == "no"


@sweep(
    "kind_and_parameters",
    [
        ("InvokeLambdaFunction", {"LambdaFunctionARN": "$.Attributes.gone"}),
        ("ConnectParticipantWithLexBot", {"Text": "Yes?", "LexV2Bot": {"AliasArn": "$.Attributes.gone"}}),
        ("UpdateContactEventHooks", {"EventHooks": {"CustomerQueue": "$.Attributes.gone"}}),
        ("UpdateContactTargetQueue", {"QueueId": "$.Attributes.gone"}),
        ("TransferToFlow", {"ContactFlowId": "$.Attributes.gone"}),
        ("InvokeFlowModule", {"FlowModuleId": "$.Attributes.gone"}),
        ("TagContact", {"Tags": {"a": "$.Attributes.gone"}}),
        ("CreateTask", {"Name": "$.Attributes.gone"}),
        ("UpdateContactTextToSpeechVoice", {"TextToSpeechVoice": "$.Attributes.gone"}),
        ("MessageParticipant", {"PromptId": "$.Attributes.gone"}),
    ],
)
def test_a_missing_value_that_a_block_needs_is_named_and_takes_the_error_edge(
    kind_and_parameters: tuple[str, dict[str, Any]],
) -> None:
    kind, parameters = kind_and_parameters
    made = flow(block("b", kind, parameters, then="yes", errors={ERROR: "no", NO_MATCH: "no"}))
    line = Line(made, answers={"lex:*": {}})
    assert line.last_block == "no"
    assert line.events("missing")[0].data["values"] == ["$.Attributes.gone"]


def test_a_loop_names_the_reference_that_gives_no_number() -> None:
    def looped(**setup: Any) -> Line:
        cases = {"ContinueLooping": "l", "DoneLooping": "yes"}
        return Line(flow(block("l", "Loop", {"LoopCount": "$.Attributes.n"}, then="yes", cases=cases)), **setup)

    assert looped(attributes={"n": "2"}).last_block == "yes"
    missing, odd = looped().state.end, looped(attributes={"n": "2.0"}).state.end
    assert missing is not None
    assert "$.Attributes.n, which has no value" in missing.detail
    assert odd is not None
    assert "$.Attributes.n, which has the value '2.0'" in odd.detail


def test_a_prompt_in_brackets_is_measured_without_its_references() -> None:
    spelled = "$.Attributes.['" + "very long name " * 30 + "']"
    assert "W209" not in rules_broken(say("s", f"Hello {spelled}.", "bye"))


def test_the_answer_of_a_function_survives_a_transfer_until_the_next_function() -> None:
    away = block("t", "TransferToFlow", {"ContactFlowId": "${SecondArn}"}, then="bye", errors={ERROR: "no"})
    first = flow(call("f", "t"), away)
    second = flow(
        say("s", "$.External.words, $.LambdaInvocation.ResultData.words", "g"),
        call("g", "u"),
        say("u", "now $.External.words", "bye"),
        name="second",
    )
    answers = {"*": [{"words": "hello"}, {"other": "1"}]}
    line = Line(first, second, answers=answers)
    assert line.heard == ["hello, hello", "now"]


def test_a_transfer_out_of_a_module_takes_the_last_answer_along() -> None:
    away = block("t", "TransferToFlow", {"ContactFlowId": "${SecondArn}"}, then="e", errors={ERROR: "e"})
    module = flow(
        say("hidden", "in $.External.words", "t"), away, block("e", "EndFlowModuleExecution"), name="m", module=True
    )
    invoked = block("i", "InvokeFlowModule", {"FlowModuleId": "m"}, then="bye", errors={ERROR: "no"})
    second = flow(say("s", "$.External.words", "bye"), name="second")
    assert Line(flow(call("f", "i"), invoked), module, second, answers={"*": {"words": "hello"}}).heard == [
        "in",
        "hello",
    ]


def found_in_second(*blocks: dict[str, Any]) -> set[str]:
    first, second = flow(*blocks), flow(say("s", "$.External.words", "bye"), name="second")
    together = FlowSet([first, second])
    return {finding.rule for finding in lint(second, together)}


def test_the_linter_knows_what_a_transfer_brings_along() -> None:
    away = block("t", "TransferToFlow", {"ContactFlowId": "${SecondArn}"}, then="bye", errors={ERROR: "no"})
    assert "W204" not in found_in_second(call("f", "t"), away)
    assert "W204" in found_in_second(away)
    assert "W204" in found_in_second(call("f", "t", error="t"), away)
    assert "W204" in found_in_second(say("s", "Hello", "bye"))


def test_flows_that_transfer_to_each_other_are_checked_too() -> None:
    def to(name: str) -> dict[str, Any]:
        return block("t", "TransferToFlow", {"ContactFlowId": name}, then="bye", errors={ERROR: "no"})

    a, b = flow(say("s", "$.External.x", "t"), to("b"), name="a"), flow(to("a"), name="b")
    assert "W204" in {finding.rule for finding in lint(a, FlowSet([a, b]))}


def test_tokens_in_operands_are_among_those_that_a_flow_needs() -> None:
    assert flow(entry("e", "c"), amount_due("Equals", "${Due}")).tokens == {"Due"}
