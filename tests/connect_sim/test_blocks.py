"""The behaviour of single blocks in a simulated call."""

from typing import Any

import pytest

from connect_sim.simulator.state import End, EndOutcome, EndReason
from tests.connect_sim.samples.build import ERROR, NO_MATCH, Line, block, call, entry, flow, menu, say
from tests.support.sweeps import sweep


def compare(identifier: str, value: str, cases: dict[str, str], operator: str = "Equals") -> dict[str, Any]:
    return block(
        identifier,
        "Compare",
        {"ComparisonValue": value},
        then="no",
        errors={NO_MATCH: "no"},
        cases=cases,
        operator=operator,
    )


@sweep(
    ("operator", "value", "operand", "true"),
    [
        ("Equals", "a", "a", True),
        ("Equals", "a", "A", False),
        ("TextStartsWith", "+86138", "+86", True),
        ("TextEndsWith", "+86138", "138", True),
        ("TextContains", "+86138", "613", True),
        ("TextContains", "+86138", "9", False),
        ("NumberGreaterThan", "3", "3", False),
        ("NumberGreaterOrEqualTo", "3", "3.0", True),
        ("NumberLessThan", "2.5", "3", True),
        ("NumberLessOrEqualTo", "4", "3", False),
        ("NumberLessThan", "many", "3", False),
        ("KeyExists", "a", "topic", True),
    ],
)
def test_operators_compare_texts_exactly_and_numbers_by_value(
    operator: str, value: str, operand: str, true: bool
) -> None:
    line = Line(flow(compare("c", "$.Attributes.x", {operand: "yes"}, operator)), attributes={"x": value})
    assert line.last_block == ("yes" if true else "no")


@pytest.mark.parametrize("operator", ["Equals", "KeyExists", "NumberLessThan"])
def test_a_value_that_is_not_there_takes_the_no_match_edge(operator: str) -> None:
    assert Line(flow(compare("c", "$.External.x", {"1": "yes"}, operator))).last_block == "no"


def test_the_first_condition_that_is_true_decides() -> None:
    line = Line(
        flow(compare("c", "$.Attributes.x", {"1": "yes", "12": "failed"}, "TextStartsWith")), attributes={"x": "123"}
    )
    assert line.last_block == "yes"


def test_a_missing_value_reads_as_nothing_in_a_prompt() -> None:
    assert Line(flow(say("hello", "Hello $.Attributes.name!", "bye"))).heard == ["Hello !"]


def test_a_prompt_that_comes_out_empty_takes_the_error_edge() -> None:
    assert Line(flow(say("hello", "$.External.prompt", "yes", "failed"))).last_block == "failed"


def test_markup_that_a_value_breaks_takes_the_error_edge_and_is_not_spoken() -> None:
    line = Line(flow(say("hello", "<speak>$.Attributes.name</speak>", "yes", "failed")), attributes={"name": "A & B"})
    assert (line.last_block, line.heard) == ("failed", [])
    assert line.events("error")[0].data["cause"] == "bad_ssml"


@pytest.mark.parametrize(("length", "taken"), [(2999, "yes"), (3000, "yes"), (3001, "failed")])
def test_a_prompt_of_more_than_3000_characters_fails(length: int, taken: str) -> None:
    line = Line(flow(say("hello", "$.Attributes.t", "yes", "failed")), attributes={"t": "a" * length})
    assert line.last_block == taken


@sweep(
    ("keys", "block_reached"),
    [("1", "yes"), ("0", "no"), ("7", "no match"), ("-", "silent"), ("17", "yes"), ("*", "bye")],
)
def test_a_menu_takes_one_key_and_tells_silence_from_a_wrong_key(keys: str, block_reached: str) -> None:
    line = Line(flow(menu("m", {"1": "yes", "0": "no", "*": "bye"}))).press(keys)
    assert line.last_block == block_reached


def test_silence_takes_the_error_edge_where_it_has_none_of_its_own() -> None:
    asked = menu("m", {"1": "yes"})
    asked["Transitions"]["Errors"] = [edge for edge in asked["Transitions"]["Errors"] if edge["ErrorType"] == ERROR]
    assert Line(flow(asked)).press("-").last_block == "failed"


@sweep(
    ("keys", "stored"),
    [
        ("123#", "123"),
        ("123", "123"),
        ("123456", "123456"),
        ("123456#", "123456"),
        ("12345678", "123456"),
        ("12*34#", "34"),
        ("-", "Timeout"),
        ("*", "Timeout"),
        ("12*", "Timeout"),
    ],
)
def test_an_entry_ends_at_its_terminator_its_length_or_a_pause(keys: str, stored: str) -> None:
    line = Line(flow(entry("e", "say"), say("say", "Got $.StoredCustomerInput.", "bye"))).press(keys)
    assert line.heard[-1] == f"Got {stored}."


def test_an_entry_of_the_terminator_alone_is_empty_and_equals_nothing() -> None:
    asked = flow(entry("e", "c"), compare("c", "$.StoredCustomerInput", {"0": "yes"}, "NumberGreaterOrEqualTo"))
    assert Line(asked).press("#").last_block == "no"
    assert Line(asked).press("0#").last_block == "yes"


def test_the_cancel_key_is_a_key_when_it_is_switched_off() -> None:
    line = Line(flow(entry("e", "say", DisableCancelKey="True"), say("say", "$.StoredCustomerInput", "bye"))).press(
        "1*2#"
    )
    assert line.heard[-1] == "1*2"


def test_a_terminator_of_several_keys_ends_an_entry_and_is_no_part_of_it() -> None:
    asked = flow(entry("e", "say", InputTerminationSequence="**"), say("say", "$.StoredCustomerInput", "bye"))
    assert Line(asked).press("12**").heard[-1] == "12"
    assert Line(asked).press("123456**").heard[-1] == "123456"


@sweep(
    ("form", "keys", "stored"),
    [
        ({"NumberFormat": "Local", "CountryCode": "CN"}, "13800000001#", "+8613800000001"),
        ({"NumberFormat": "Local", "CountryCode": "GB"}, "07700900123#", "+447700900123"),
        ({"NumberFormat": "E164"}, "8613800000001#", "+8613800000001"),
        ({"NumberFormat": "E164"}, "12#", None),
        ({"NumberFormat": "E164"}, "#", None),
        ({"NumberFormat": "E164"}, "-", "Timeout"),
    ],
)
def test_a_phone_entry_is_stored_in_e164_form_or_refused(form: dict[str, str], keys: str, stored: str | None) -> None:
    asked = entry("e", "say")
    asked["Parameters"]["InputValidation"] = {"PhoneNumberValidation": form}
    asked["Transitions"]["Errors"].append({"ErrorType": "InvalidPhoneNumber", "NextAction": "no"})
    line = Line(flow(asked, say("say", "$.StoredCustomerInput", "bye"))).press(keys)
    assert (line.heard[-1] if stored else line.last_block) == (stored or "no")


def test_keys_typed_ahead_wait_in_the_buffer_and_skip_the_next_prompts() -> None:
    on = block("on", "GetParticipantInput", {"EnableDTMFBuffer": "true"}, then="first", errors={ERROR: "failed"})
    first, second = menu("first", {"1": "second"}), menu("second", {"2": "e"})
    asked = flow(on, first, second, entry("e", "say"), say("say", "$.StoredCustomerInput", "bye"))
    line = Line(asked).press("1234#")
    assert line.heard == ["Press.", "34"]


def test_keys_typed_ahead_are_lost_without_a_buffer() -> None:
    line = Line(flow(menu("first", {"1": "second"}), menu("second", {"2": "yes"}))).press("12")
    assert line.state.waiting is not None
    assert line.state.waiting.block == "second"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_loop_continues_as_often_as_it_says_is_done_once_and_begins_again(count: int) -> None:
    again = block(
        "loop",
        "Loop",
        {"LoopCount": str(count), "LoopName": "n"},
        then="d",
        cases={"ContinueLooping": "c", "DoneLooping": "d"},
    )
    line = Line(flow(again, say("c", "c$.Loop.n.Index", "loop"), say("d", "d", "m"), menu("m", {"1": "loop"}))).press(
        "1"
    )
    once = [f"c{index}" for index in range(count)] + ["d", "Press."]
    assert line.heard == once * 2


def test_contact_attributes_are_set_all_or_not_at_all() -> None:
    setter = block(
        "set",
        "UpdateContactAttributes",
        {"Attributes": {"a": "1", "b": "$.External.x"}},
        then="yes",
        errors={ERROR: "no"},
    )
    line = Line(flow(setter))
    assert (line.last_block, line.state.attributes) == ("no", {})


@pytest.mark.parametrize(("surplus", "taken"), [(-1, "yes"), (0, "yes"), (1, "no")])
def test_contact_attributes_of_more_than_32_kb_are_refused(surplus: int, taken: str) -> None:
    setter = block("set", "UpdateContactAttributes", {"Attributes": {"b": "1"}}, then="yes", errors={ERROR: "no"})
    line = Line(flow(setter), attributes={"a": "x" * (32 * 1024 - 3 + surplus)})
    assert line.last_block == taken


def test_flow_attributes_end_with_the_flow_and_contact_attributes_stay() -> None:
    keep = block("keep", "UpdateContactAttributes", {"Attributes": {"a": "1"}}, then="mine", errors={ERROR: "failed"})
    mine = block(
        "mine", "UpdateFlowAttributes", {"FlowAttributes": {"b": {"Value": "2"}}}, then="here", errors={ERROR: "failed"}
    )
    text = "$.Attributes.a,$.FlowAttributes.b"
    go = block("go", "TransferToFlow", {"ContactFlowId": "${OtherFlow}"}, errors={ERROR: "failed"})
    line = Line(flow(keep, mine, say("here", text, "go"), go), flow(say("there", text, "bye"), name="other"))
    assert line.heard == ["1,2", "1,"]


@pytest.mark.parametrize(("opened", "reached", "outcome"), [(True, "yes", "disconnected"), (False, "no", "closed")])
def test_hours_decide_and_a_call_that_ends_because_of_them_is_closed(opened: bool, reached: str, outcome: str) -> None:
    hours = block(
        "h",
        "CheckHoursOfOperation",
        {"HoursOfOperationId": "h"},
        errors={ERROR: "failed"},
        cases={"True": "yes", "False": "no"},
    )
    line = Line(flow(hours), hours_open=opened)
    assert line.last_block == reached
    assert line.state.end == End(EndReason.ENDED, EndOutcome(outcome))


def test_hours_without_a_queue_or_an_id_are_an_error() -> None:
    hours = block("h", "CheckHoursOfOperation", {}, errors={ERROR: "failed"}, cases={"True": "yes", "False": "no"})
    assert Line(flow(hours)).last_block == "failed"


def queue_blocks() -> list[dict[str, Any]]:
    return [
        block("target", "UpdateContactTargetQueue", {"QueueId": "${QueueArn}"}, then="go", errors={ERROR: "failed"}),
        block("go", "TransferContactToQueue", then="no", errors={"QueueAtCapacity": "no", ERROR: "failed"}),
    ]


def test_a_transfer_to_a_queue_ends_the_call_with_what_an_agent_will_see() -> None:
    line = Line(
        flow(*queue_blocks()), tokens={"QueueArn": "arn:q/agents"}, attributes={"case_id": "C1", "topic": "refund"}
    )
    (transfer,) = line.events("transfer")
    assert transfer.data == {"queue": "arn:q/agents", "case": "C1", "attributes": {"case_id": "C1", "topic": "refund"}}
    assert line.state.end == End(EndReason.ENDED, EndOutcome.QUEUE)


def test_a_full_queue_and_a_missing_queue_take_their_edges() -> None:
    assert Line(flow(*queue_blocks()), queue_at_capacity=True).last_block == "no"
    assert Line(flow(queue_blocks()[1])).last_block == "failed"


@pytest.mark.parametrize(("number", "reached"), [("+8613800000001", "queue"), (None, "no")])
def test_a_callback_needs_a_number_that_can_be_dialled(number: str | None, reached: str) -> None:
    numbered = block(
        "n",
        "UpdateContactCallbackNumber",
        {"CallbackNumber": "$.CustomerEndpoint.Address"},
        then="queue",
        errors={"InvalidCallbackNumber": "no", "CallbackNumberNotDialable": "no"},
    )
    queue = block("queue", "UpdateContactTargetQueue", {"QueueId": "q"}, then="back", errors={ERROR: "failed"})
    parameters = {"InitialCallDelaySeconds": "30", "RetryDelaySeconds": "60", "MaximumConnectionAttempts": "1"}
    back = block("back", "CreateCallbackContact", parameters, then="bye", errors={ERROR: "failed"})
    line = Line(flow(numbered, queue, back), customer_number=number)
    assert reached in [visit.block for visit in line.trace.visits]
    outcome = EndOutcome.CALLBACK if number else EndOutcome.DISCONNECTED
    assert line.state.end == End(EndReason.ENDED, outcome)


def test_waiting_fails_on_a_voice_call() -> None:
    waiting = block("w", "Wait", {"TimeLimitSeconds": "5"}, errors={ERROR: "failed"}, cases={"WaitCompleted": "yes"})
    assert Line(flow(waiting)).last_block == "failed"
    assert Line(flow(waiting), channel="CHAT").last_block == "yes"


def test_metrics_are_read_after_they_were_asked_for() -> None:
    staffed = block(
        "s",
        "CheckMetricData",
        {"MetricType": "NumberOfAgentsAvailable", "QueueId": "q"},
        errors={NO_MATCH: "no", ERROR: "failed"},
        cases={"0": "get"},
        operator="NumberGreaterThan",
    )
    get = block("get", "GetMetricData", {"QueueId": "q"}, then="say", errors={ERROR: "failed"})
    asked = flow(staffed, get, say("say", "$.Metrics.Queue.Size callers", "bye"))
    assert Line(asked, metrics={"NumberOfAgentsAvailable": 2, "Queue.Size": 4}).heard == ["4 callers"]
    assert Line(asked, metrics={"NumberOfAgentsAvailable": 0}).last_block == "no"
    assert Line(asked).last_block == "failed"


def test_percentages_follow_the_seed_and_their_thresholds() -> None:
    share = block(
        "p", "DistributeByPercentage", errors={NO_MATCH: "no"}, cases={"31": "yes"}, operator="NumberLessThan"
    )
    reached = [Line(flow(share), seed=seed).last_block for seed in range(400)]
    assert reached == [Line(flow(share), seed=seed).last_block for seed in range(400)]
    assert 0.22 < reached.count("yes") / 400 < 0.38


def test_language_and_voice_decide_what_a_prompt_is_spoken_in() -> None:
    voice = block(
        "v", "UpdateContactTextToSpeechVoice", {"TextToSpeechVoice": "Zhiyu"}, then="a", errors={ERROR: "failed"}
    )
    code = block("l", "UpdateContactData", {"LanguageCode": "en-US"}, then="b", errors={ERROR: "failed"})
    line = Line(flow(voice, say("a", "您好", "l"), code, say("b", "$.LanguageCode", "bye")))
    assert [event.data["language"] for event in line.events("prompt")] == ["zh-CN", "en-US"]
    assert line.heard[-1] == "en-US"


def test_logging_and_recording_are_kept_as_the_flow_sets_them() -> None:
    log = block("log", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}, then="rec")
    behavior = {"RecordedParticipants": ["Agent"], "IVRRecordingBehavior": "Enabled"}
    rec = block("rec", "UpdateContactRecordingBehavior", {"RecordingBehavior": behavior}, then="m")
    line = Line(flow(log, rec, menu("m", {"1": "yes"}))).press("1")
    assert (line.state.logging, line.state.recording, line.state.ivr_recording) == (False, ("Agent",), True)
    assert line.events("input")[0].data["logging"] is False


@pytest.mark.parametrize(("comes_back", "outcome"), [("True", EndOutcome.DISCONNECTED), ("False", EndOutcome.AGENT)])
def test_a_third_party_takes_over_or_gives_back(comes_back: str, outcome: EndOutcome) -> None:
    parameters = {"ThirdPartyPhoneNumber": "+18005550111", "ContinueFlowExecution": comes_back}
    away = block("t", "TransferParticipantToThirdParty", parameters, then="bye", errors={ERROR: "failed"})
    line = Line(flow(away))
    assert line.state.end == End(EndReason.ENDED, outcome)
    assert line.events("transfer")[0].data["number"] == "+18005550111"


def test_digits_that_become_a_code_are_masked_and_others_are_shown() -> None:
    asked = flow(entry("order", "pin"), entry("pin", "check"), call("check", "bye", code="$.StoredCustomerInput"))
    line = Line(asked, answers={"*": {"outcome": "OK"}}).press("1234#", "987654")
    assert [event.data["keys"] for event in line.events("input")] == ["1234#", "••••••"]
    assert line.functions.calls[0][1]["Details"]["Parameters"] == {"code": "987654"}
