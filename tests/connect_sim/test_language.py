"""The loader, references, tokens, names between flows, and what a prompt sounds like."""

import json
from pathlib import Path
from typing import Any

import pytest

from connect_sim.language.dataflow import find_secret_inputs
from connect_sim.language.document import Flow, FlowKind, FlowSyntaxError, load_flow, parse_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, list_edges
from connect_sim.language.references import Reference, find_references, parse_reference, replace_tokens
from connect_sim.language.speech import (
    Duration,
    SsmlError,
    check_ssml,
    estimate_duration,
    estimate_duration_s,
    extract_words,
)
from tests.support.sweeps import sweep

RIGHT = Path(__file__).parent / "samples" / "right"


def an_end(**more: Any) -> str:
    end = {"Identifier": "bye", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
    return json.dumps({"Version": "2019-10-30", "StartAction": "bye", "Actions": [end], **more})


def a_flow(name: str, **more: Any) -> Flow:
    return parse_flow(an_end(**more), name=name)


@sweep(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ("{}", "has no list `Actions`"),
        ('{"Actions": [1]}', "`Actions[0]` is not an object"),
        ('{"Actions": [{"Identifier": "a"}]}', "`Actions[0]` has no text `Type`"),
        (
            '{"Actions": [{"Identifier": "a", "Type": "b", "Parameters": []}]}',
            "`Parameters` of block `a` is not an object",
        ),
        (
            '{"Actions": [{"Identifier": "a", "Type": "b", "Transitions": {"Errors": {}}}]}',
            "`Errors` of block `a` is not a list of objects",
        ),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_flow_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(FlowSyntaxError) as refused:
        parse_flow(text, name="sample")
    assert problem in refused.value.problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlowSyntaxError, match=r"nothing\.json: cannot be read"):
        load_flow(tmp_path / "nothing.json")


@sweep(
    ("text", "root", "keys"),
    [
        ("$.StoredCustomerInput", "StoredCustomerInput", ()),
        ("$.External.customer.name", "External", ("customer", "name")),
        ("$.Attributes['two words']", "Attributes", ("two words",)),
        ('$.SegmentAttributes["connect:Subtype"]', "SegmentAttributes", ("connect:Subtype",)),
        ("$.Attributes.with-dash", "Attributes", ("with-dash",)),
    ],
)
def test_a_reference_is_read_into_root_and_keys(text: str, root: str, keys: tuple[str, ...]) -> None:
    reference = parse_reference(text)
    assert reference == Reference(root, keys)
    assert reference is not None
    assert parse_reference(str(reference)) == reference


@sweep("text", ["", "$", "$.", "External.x", "$.External.", "say $.External.x", "$.A.b $.C.d"])
def test_a_text_that_is_not_exactly_one_reference_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def test_references_in_a_sentence_end_before_its_full_stop() -> None:
    assert find_references("Hello $.Attributes.name. You are $.Metrics.Queue.Size.") == (
        Reference("Attributes", ("name",)),
        Reference("Metrics", ("Queue", "Size")),
    )


def test_known_tokens_are_replaced_at_any_depth_and_unknown_ones_stay() -> None:
    value = {"a": ["${Known}", {"b": "x${Unknown}y"}], "c": 5}
    assert replace_tokens(value, {"Known": "arn"}) == {"a": ["arn", {"b": "x${Unknown}y"}], "c": 5}


@sweep(
    ("text", "value"),
    [
        ("${Queue}", "${Queue}"),
        ("%%QUEUE_ARN%%", "q1"),
        ("<<queue>>", "q2"),
        ("{{queues.main.arn}}", "q3"),
        ("{{ queues.main.arn }}", "q3"),
        ("%QueueArn%", "q4"),
        ("from %%QUEUE_ARN%% to <<queue>>", "from q1 to q2"),
        ("20% off, or 30%", "20% off, or 30%"),
        ("<<speak>", "<<speak>"),
    ],
)
def test_tokens_are_read_in_each_way_of_writing_them(text: str, value: str) -> None:
    tokens = {"QUEUE_ARN": "q1", "queue": "q2", "queues.main.arn": "q3", "QueueArn": "q4"}
    assert replace_tokens(text, tokens) == value


def test_a_flow_reports_the_tokens_that_are_left() -> None:
    flow = load_flow(RIGHT / "balance_line.json")
    assert flow.tokens == {"QueueArn", "ConnectFunctionArn", "AccountModuleArn"}
    assert flow.resolve({"QueueArn": "q", "ConnectFunctionArn": "f"}).tokens == {"AccountModuleArn"}


@sweep(
    "reference",
    [
        "${LockedAccount}",
        "${LockedAccountModule}",
        "${LockedAccountModuleArn}",
        "${LockedAccountModuleArn}:$LATEST",
        "%%LOCKED_ACCOUNT%%",
        "<<locked-account>>",
        "{{modules.lockedAccount.arn}}",
        "%LockedAccountModule%",
        "locked-account",
        "arn:aws:connect:us-east-1:111122223333:instance/i/flow-module/locked-account",
        "arn:of:the:module",
    ],
)
def test_a_reference_finds_its_flow_by_token_name_arn_or_value(reference: str) -> None:
    module = a_flow("locked-account")
    flows = FlowSet([a_flow("main"), module], {"LockedAccountModuleArn": "arn:of:the:module"})
    assert flows.find(reference) is module


def test_a_name_that_two_flows_share_without_their_kind_is_found_only_in_full() -> None:
    flow, module = a_flow("refund_flow"), a_flow("refund_module")
    flows = FlowSet([flow, module])
    assert flows.find("${RefundFlowArn}") is flow
    assert flows.find("${RefundModuleArn}") is module
    assert flows.find("${Refund}") is None


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(FlowSyntaxError, match="same name"):
        FlowSet([a_flow("main"), a_flow("main")])


def test_a_reference_that_is_a_run_time_value_finds_nothing() -> None:
    assert FlowSet([a_flow("main")]).find("$.Attributes.main") is None


def test_the_kind_of_a_document_comes_from_its_metadata_or_its_way_to_end() -> None:
    assert a_flow("a").kind is FlowKind.INBOUND
    assert a_flow("a", Metadata={"type": "customerQueue"}).kind is FlowKind.CUSTOMER_QUEUE
    assert load_flow(RIGHT / "account_module.json").kind is FlowKind.MODULE


def test_edges_that_no_call_can_take_are_not_counted() -> None:
    edges = list_edges(load_flow(RIGHT / "balance_line.json"))
    labels = {(edge.block, edge.label) for edge in edges}
    assert ("menu", "next") not in labels
    assert ("transfer", "next") not in labels
    assert Edge("balance_line", "transfer", "leaves", None) in edges
    assert Edge("balance_line", "bye", "end", None) in edges
    assert Edge("balance_line", "menu", "if:Equals:0", "queue") in edges


def test_the_entry_whose_digits_reach_a_function_as_code_is_secret_and_a_phone_number_is_not() -> None:
    assert find_secret_inputs(load_flow(RIGHT / "balance_line.json")) == {"code"}
    assert find_secret_inputs(load_flow(RIGHT / "account_module.json")) == frozenset()


@sweep(
    ("prompt", "speech_s", "pauses_s"),
    [
        ("word " * 11, 4.0, 0.0),
        ("<speak>" + "word " * 11 + '<break time="500ms"/></speak>', 4.0, 0.5),
        ('<speak><prosody rate="slow">' + "word " * 11 + '</prosody><break time="8s"/></speak>', 5.333, 8.0),
        ('<speak><prosody rate="50%">' + "word " * 11 + "</prosody>" + "word " * 11 + "</speak>", 12.0, 0.0),
        (
            '<speak><prosody rate="$.Attributes.pace">word</prosody><break time="$.Attributes.pause"/></speak>',
            0.364,
            0.0,
        ),
        ("<speak>" + "<break time='20s'/>您好</speak>", 0.444, 10.0),
        ("<speak><break strength='weak'/><break/><sub alias='one'>1 2 3</sub></speak>", 0.364, 0.75),
    ],
)
def test_words_and_pauses_take_their_time_at_the_rate_that_is_asked_for(
    prompt: str, speech_s: float, pauses_s: float
) -> None:
    assert estimate_duration(prompt) == Duration(speech_s, pauses_s)


@sweep(
    ("prompt", "heard"),
    [
        ("  Hello\n there ", "Hello there"),
        ("<speak>Fish &amp; chips<break time='1s'/>now</speak>", "Fish & chips now"),
        (
            "<speak>say <sub alias='one'>1</sub><amazon:effect name='x'> softly</amazon:effect></speak>",
            "say one softly",
        ),
        ('<speak xml:lang="zh-CN"><p>您好</p><p>再见</p></speak>', "您好 再见"),
    ],
)
def test_a_prompt_is_shown_as_the_words_it_says(prompt: str, heard: str) -> None:
    assert extract_words(prompt) == heard


@sweep(
    "ssml",
    [
        "<speak>a & b</speak>",
        "<speak>a",
        "<speech>a</speech>",
        "<speak>a</speak>b",
        "<speak>&x;</speak>",
        '<speak><prosody rate="">a</prosody></speak>',
        '<speak><prosody rate="sluggish">a</prosody></speak>',
        '<speak><break time="soon"/></speak>',
    ],
)
def test_ssml_that_is_not_well_formed_is_refused(ssml: str) -> None:
    with pytest.raises(SsmlError):
        check_ssml(ssml)


def test_entities_cannot_be_declared_in_ssml() -> None:
    with pytest.raises(SsmlError, match="declarations"):
        check_ssml('<!DOCTYPE speak [<!ENTITY a "aaaa">]><speak>&a;</speak>')


def test_pauses_count_and_are_capped_at_ten_seconds() -> None:
    assert estimate_duration_s("<speak><break time='500ms'/></speak>") == pytest.approx(0.5)
    assert estimate_duration_s("<speak><break time='60s'/></speak>") == pytest.approx(10.0)
    assert estimate_duration_s("<speak><break strength='strong'/></speak>") == pytest.approx(0.75)
