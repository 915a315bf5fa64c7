"""The build puts flow files into the template, tokens bound to the template's own resources."""

import json
from pathlib import Path
from typing import Any

import pytest

from connect_sim.linter.rules.document import MAX_CONTENT_CHARS
from hotline_local.errors import CommandError
from hotline_local.launcher.flow_embedding import embed_flows, resource_name


def a_template(flow_file: str = "flows/hotline-entry.json") -> dict[str, Any]:
    return {
        "Resources": {
            "ConnectFunction": {"Type": "AWS::Serverless::Function", "Properties": {}},
            "Queue": {"Type": "AWS::Connect::Queue", "Properties": {}},
            "HotlineEntry": {"Type": "AWS::Connect::ContactFlow", "Properties": {"Content": flow_file}},
        }
    }


def a_flow(root: Path, document: object) -> Path:
    (root / "flows").mkdir()
    (root / "flows/hotline-entry.json").write_text(json.dumps(document), encoding="utf-8")
    return root


def test_tokens_become_references_to_the_alias_and_to_connects_resources(tmp_path: Path) -> None:
    template = a_template()
    embed_flows(template, a_flow(tmp_path, {"say": "您好 ${QueueArn}", "call": "${ConnectFunctionArn}"}))
    assert template["Resources"]["HotlineEntry"]["Properties"]["Content"] == {
        "Fn::Sub": [
            '{"say":"您好 ${QueueArn}","call":"${ConnectFunctionArn}"}',
            {"QueueArn": {"Ref": "Queue"}, "ConnectFunctionArn": {"Ref": "ConnectFunction.Alias"}},
        ]
    }


def test_a_flow_without_tokens_stays_plain_text(tmp_path: Path) -> None:
    template = a_template()
    embed_flows(template, a_flow(tmp_path, {"attribute": "$.Attributes.turn"}))
    assert template["Resources"]["HotlineEntry"]["Properties"]["Content"] == '{"attribute":"$.Attributes.turn"}'


def test_a_parameter_and_an_output_stand_for_their_values_and_a_parameter_may_have_lines(tmp_path: Path) -> None:
    template = a_template() | {
        "Parameters": {"Certificate": {"Type": "String"}},
        "Outputs": {"KeyId": {"Value": {"Fn::GetAtt": ["Key", "AssociationId"]}}},
    }
    embed_flows(template, a_flow(tmp_path, {"key": "${KeyId}", "certificate": "${Certificate}"}))
    _, values = template["Resources"]["HotlineEntry"]["Properties"]["Content"]["Fn::Sub"]
    assert values == {
        "KeyId": {"Fn::GetAtt": ["Key", "AssociationId"]},
        "Certificate": {"Fn::Join": ["\\n", {"Fn::Split": ["\n", {"Ref": "Certificate"}]}]},
    }


ENCRYPTED = {
    "Actions": [
        {"Identifier": "ask", "Parameters": {"StoreInput": "True", "InputEncryption": {"Key": "${QueueArn}"}}},
        {"Identifier": "bye"},
    ]
}


def test_an_encrypted_entry_is_embedded_twice_and_is_plain_where_the_condition_does_not_hold(tmp_path: Path) -> None:
    template = a_template()
    template["Resources"]["HotlineEntry"]["Metadata"] = {"EncryptedIf": "HasKey"}
    embed_flows(template, a_flow(tmp_path, ENCRYPTED))
    flow = template["Resources"]["HotlineEntry"]
    condition, sealed, plain = flow["Properties"]["Content"]["Fn::If"]
    assert (condition, "Metadata" in flow) == ("HasKey", False)
    assert json.loads(sealed["Fn::Sub"][0]) == ENCRYPTED
    assert json.loads(plain)["Actions"] == [
        {"Identifier": "ask", "Parameters": {"StoreInput": "True"}},
        {"Identifier": "bye", "Parameters": {}},
    ]


def test_an_encrypted_entry_without_a_condition_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"hotline-entry\.json encrypts an entry"):
        embed_flows(a_template(), a_flow(tmp_path, ENCRYPTED))


@pytest.mark.parametrize("token", ["${AtticArn}", "${Queue}", "${}"])
def test_a_token_without_a_resource_is_named(tmp_path: Path, token: str) -> None:
    with pytest.raises(CommandError, match=r"hotline-entry\.json names .* no resource"):
        embed_flows(a_template(), a_flow(tmp_path, {"call": token}))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"flows/nowhere\.json, which does not exist"):
        embed_flows(a_template("flows/nowhere.json"), tmp_path)


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(CommandError, match=r"broken\.json is not JSON"):
        embed_flows(a_template("broken.json"), tmp_path)


@pytest.mark.parametrize(("length", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_flow_may_be_as_long_as_connect_takes(tmp_path: Path, length: int, *, fits: bool) -> None:
    empty = len('{"a":""}')
    root = a_flow(tmp_path, {"a": "x" * (MAX_CONTENT_CHARS - empty + length)})
    if fits:
        embed_flows(a_template(), root)
    else:
        with pytest.raises(CommandError, match="characters"):
            embed_flows(a_template(), root)


def test_a_resource_is_called_after_its_file() -> None:
    assert resource_name("flows/module-proof.json") == "ModuleProof"
