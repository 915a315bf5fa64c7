"""Every rule finds what it is for, says nothing of flows that keep to it, and is explained in the documentation."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from connect_sim.language.document import parse_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.linter import rules
from connect_sim.linter.report import check_paths
from connect_sim.linter.rule import RULES, Finding, Severity, lint
from tests.support.sweeps import sweep

SAMPLES = Path(__file__).parent / "samples"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "flow-rules.md"
MADE_HERE = {"E105", "E106"}
rules.load()


def findings_in(document: dict[str, Any], name: str = "sample") -> list[Finding]:
    flow = parse_flow(json.dumps(document), name=name)
    return lint(flow, FlowSet([flow]))


def a_row_of_prompts(count: int, text: str) -> dict[str, Any]:
    prompts = [
        {
            "Identifier": f"p{index}",
            "Type": "MessageParticipant",
            "Parameters": {"Text": text},
            "Transitions": {
                "NextAction": f"p{index + 1}",
                "Errors": [{"ErrorType": "NoMatchingError", "NextAction": f"p{count - 1}"}],
            },
        }
        for index in range(count - 1)
    ]
    last = {"Identifier": f"p{count - 1}", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}
    return {"Version": "2019-10-30", "StartAction": "p0", "Actions": [*prompts, last]}


@sweep("sample", sorted((SAMPLES / "wrong").iterdir()))
def test_a_wrong_flow_is_found_out_by_the_rule_it_is_named_after(sample: Path) -> None:
    findings, _ = check_paths([sample])
    assert sample.stem in {finding.rule for finding in findings}


@sweep("sample", sorted((SAMPLES / "wrong").glob("*.json")))
def test_a_wrong_flow_has_no_other_error_than_the_one_it_shows(sample: Path) -> None:
    findings, _ = check_paths([sample])
    errors = {finding.rule for finding in findings if finding.severity is Severity.ERROR}
    assert errors == ({sample.stem} if sample.stem.startswith("E") else set())


def test_flows_that_keep_to_the_rules_give_no_finding_at_all() -> None:
    assert check_paths([SAMPLES / "right"]) == ([], 4)


def test_every_rule_has_a_flow_that_breaks_it() -> None:
    assert {path.stem for path in (SAMPLES / "wrong").iterdir()} | MADE_HERE == set(RULES)


@pytest.mark.parametrize(("count", "refused"), [(249, False), (250, False), (251, True)])
def test_a_flow_of_more_than_250_blocks_is_refused(count: int, refused: bool) -> None:
    found = {finding.rule for finding in findings_in(a_row_of_prompts(count, "Hm."))}
    assert ("E105" in found) is refused


@pytest.mark.parametrize(("surplus", "refused"), [(-1, False), (0, False), (1, True)])
def test_content_over_256000_characters_is_refused(surplus: int, refused: bool) -> None:
    document = a_row_of_prompts(3, "Hm.")
    document["Metadata"] = {"name": ""}
    document["Metadata"]["name"] = "x" * (256_000 + surplus - len(json.dumps(document)))
    assert ("E106" in {finding.rule for finding in findings_in(document)}) is refused


def test_the_documentation_explains_exactly_the_rules_there_are_under_their_titles() -> None:
    headings = re.findall(r"^### ([EW]\d{3}) (.+)$", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(headings) == {known.id: known.title for known in RULES.values()}
    assert len(headings) == len(RULES)


def test_every_rule_names_its_source() -> None:
    without = [
        known.id for known in RULES.values() if known.id != "E100" and "Source:" not in (known.check.__doc__ or "")
    ]
    assert without == []


def prompt(text: str, **parameters: str) -> dict[str, Any]:
    document = a_row_of_prompts(2, text)
    document["Actions"][0]["Parameters"].update(parameters)
    return document


@sweep(
    ("text", "found"),
    [
        ("您好，" * 14, False),
        ("您好，" * 24, True),
        ("word " * 27, False),
        ("word " * 28, True),
        ("<speak>one<break time='10s'/></speak>", True),
    ],
)
def test_a_prompt_over_ten_seconds_is_too_long(text: str, found: bool) -> None:
    assert ("W209" in {finding.rule for finding in findings_in(prompt(text))}) is found


def test_a_prompt_that_speaks_a_flow_attribute_is_measured_by_its_text() -> None:
    document = prompt("$.FlowAttributes.welcome")
    document["Actions"][0]["Transitions"]["Errors"][0]["NextAction"] = "set"
    setter = {
        "Identifier": "set",
        "Type": "UpdateFlowAttributes",
        "Parameters": {"FlowAttributes": {"welcome": {"Value": "word " * 40}}},
        "Transitions": {"NextAction": "p0", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "p1"}]},
    }
    document["Actions"].append(setter)
    document["StartAction"] = "set"
    assert "W209" in {finding.rule for finding in findings_in(document)}


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    document = a_row_of_prompts(2, "Hm.")
    for wrong, right in [
        ("SetLoggingBehavior", "UpdateFlowLoggingBehavior"),
        ("MesageParticipant", "MessageParticipant"),
    ]:
        document["Actions"][0]["Type"] = wrong
        (message,) = [finding.message for finding in findings_in(document) if finding.rule == "E110"]
        assert f"Use {right}." in message


def test_an_entry_that_is_compared_with_timeout_on_one_way_only_is_found() -> None:
    document = json.loads((SAMPLES / "wrong" / "W203.json").read_text(encoding="utf-8"))
    compare = {
        "Identifier": "typed",
        "Type": "Compare",
        "Parameters": {"ComparisonValue": "$.StoredCustomerInput"},
        "Transitions": {
            "NextAction": "lookup",
            "Conditions": [{"NextAction": "sorry", "Condition": {"Operator": "Equals", "Operands": ["Timeout"]}}],
            "Errors": [{"ErrorType": "NoMatchingCondition", "NextAction": "lookup"}],
        },
    }
    loop = {
        "Identifier": "which way",
        "Type": "Compare",
        "Parameters": {"ComparisonValue": "$.Channel"},
        "Transitions": {
            "NextAction": "typed",
            "Conditions": [{"NextAction": "lookup", "Condition": {"Operator": "Equals", "Operands": ["CHAT"]}}],
            "Errors": [{"ErrorType": "NoMatchingCondition", "NextAction": "typed"}],
        },
    }
    document["Actions"] += [compare, loop]
    document["Actions"][0]["Transitions"]["NextAction"] = "typed"
    document["Actions"].remove(loop)
    assert "W203" not in {finding.rule for finding in findings_in(document)}
    document["Actions"].append(loop)
    document["Actions"][0]["Transitions"]["NextAction"] = "which way"
    assert "W203" in {finding.rule for finding in findings_in(document)}


def test_a_secret_that_travels_by_a_flow_attribute_is_still_a_secret() -> None:
    document = json.loads((SAMPLES / "wrong" / "W206.json").read_text(encoding="utf-8"))
    actions = {action["Identifier"]: action for action in document["Actions"]}
    actions["lookup"]["Parameters"]["LambdaInvocationAttributes"] = {"pin": "$.FlowAttributes.kept"}
    assert "W206" not in {finding.rule for finding in findings_in(document)}
    keep = {
        "Identifier": "keep",
        "Type": "UpdateFlowAttributes",
        "Parameters": {"FlowAttributes": {"kept": {"Value": "$.StoredCustomerInput"}}},
        "Transitions": {"NextAction": "lookup", "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "sorry"}]},
    }
    document["Actions"].append(keep)
    actions["typed"]["Transitions"]["NextAction"] = "keep"
    actions["typed"]["Transitions"]["Errors"][0]["NextAction"] = "keep"
    assert "W206" in {finding.rule for finding in findings_in(document)}


def test_logging_off_on_every_way_to_a_secret_satisfies_the_rule() -> None:
    document = json.loads((SAMPLES / "wrong" / "W206.json").read_text(encoding="utf-8"))
    off = {
        "Identifier": "quiet log",
        "Type": "UpdateFlowLoggingBehavior",
        "Parameters": {"FlowLoggingBehavior": "Disabled"},
        "Transitions": {"NextAction": document["StartAction"]},
    }
    document["Actions"].append(off)
    document["StartAction"] = "quiet log"
    assert "W206" not in {finding.rule for finding in findings_in(document)}


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / "wrong" / f"{name}.json").read_text(encoding="utf-8"))
    return document


def test_a_step_that_is_given_no_turn_has_none_to_keep() -> None:
    document = sample("W216")
    assert "W216" in {finding.rule for finding in findings_in(document)}
    del document["Actions"][0]["Parameters"]["LambdaInvocationAttributes"]["turn"]
    assert "W216" not in {finding.rule for finding in findings_in(document)}


@sweep(
    ("rule", "compared", "found"),
    [
        ("W212", "$.Channel", True),
        ("W212", "$.InitiationMethod", False),
        ("W213", "$.Channel", False),
        ("W213", "$.InitiationMethod", True),
    ],
)
def test_a_rule_for_callers_is_quiet_where_a_flow_looks_whether_there_is_one(
    rule: str, compared: str, found: bool
) -> None:
    document = sample(rule)
    start = document["StartAction"]
    looked = {
        "Identifier": "whose call",
        "Type": "Compare",
        "Parameters": {"ComparisonValue": compared},
        "Transitions": {
            "NextAction": start,
            "Errors": [{"ErrorType": "NoMatchingCondition", "NextAction": start}],
            "Conditions": [{"NextAction": start, "Condition": {"Operator": "Equals", "Operands": ["API"]}}],
        },
    }
    document["Actions"].append(looked)
    document["StartAction"] = "whose call"
    assert (rule in {finding.rule for finding in findings_in(document)}) is found


@sweep(
    ("encryption", "found"),
    [
        ({"EncryptionKeyId": "key-1", "Key": "-----BEGIN CERTIFICATE-----"}, 0),
        ({"EncryptionKeyId": "key-1"}, 1),
        ({"Key": "-----BEGIN CERTIFICATE-----"}, 1),
        ({"EncryptionKeyId": "key-1", "Key": "-----BEGIN CERTIFICATE-----", "Algorithm": "RSA"}, 1),
        ("key-1", 2),
    ],
)
def test_an_encrypted_entry_names_its_key_and_carries_its_certificate(encryption: Any, found: int) -> None:
    document = json.loads((SAMPLES / "wrong" / "E119.json").read_text(encoding="utf-8"))
    (asked,) = (action for action in document["Actions"] if action["Type"] == "GetParticipantInput")
    asked["Parameters"] |= {
        "InputValidation": {"CustomValidation": {"MaximumLength": "6"}},
        "InputEncryption": encryption,
        "DTMFConfiguration": {},
    }
    errors = [finding for finding in findings_in(document) if finding.severity is Severity.ERROR]
    assert len(errors) == found


def menu_with(keys: int, *, silence: str = "quiet", limit: str = "6") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / "wrong" / "W211.json").read_text(encoding="utf-8"))
    menu = document["Actions"][0]
    menu["Parameters"]["InputTimeLimitSeconds"] = limit
    menu["Transitions"]["Conditions"] = [
        {"NextAction": "queue", "Condition": {"Operator": "Equals", "Operands": [str(key)]}}
        for key in range(1, keys + 1)
    ]
    menu["Transitions"]["Errors"][0]["NextAction"] = silence
    return document


@pytest.mark.parametrize(("options", "found"), [(4, False), (5, False), (6, True)])
def test_a_menu_of_more_than_five_options_is_found(options: int, found: bool) -> None:
    assert ("W211" in {finding.rule for finding in findings_in(menu_with(options))}) is found


def test_the_parts_of_a_list_may_go_on_sooner_than_a_menu_waits() -> None:
    document = menu_with(3, silence="second", limit="1")
    assert "W215" not in {finding.rule for finding in findings_in(_with_second_part(document, keys=3))}
    assert "W215" in {finding.rule for finding in findings_in(_with_second_part(document, keys=2))}


def _with_second_part(document: dict[str, Any], *, keys: int) -> dict[str, Any]:
    second = menu_with(keys)["Actions"][0] | {"Identifier": "second"}
    return {**document, "Actions": [*document["Actions"], second]}
