"""The switch of encrypted entry: what each of its positions deploys, and that no half position can be deployed."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connect_sim.language.document import parse_flow
from hotline.kit.errors import Unavailable
from hotline.kit.keyring import parse_keyring
from hotline_local.entry_keys import key_of_this_process
from hotline_local.launcher import template as sam
from hotline_local.launcher.flow_embedding import embed_flows
from hotline_local.launcher.paths import FLOWS, ROOT
from tests.support.template import cloudformation, resources

CERTIFICATE: Final = key_of_this_process().certificate
PUBLIC_KEY: Final = (
    x509.load_pem_x509_certificate(CERTIFICATE.encode())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
ID_OF: Final = {slot: {"Fn::GetAtt": [f"EntryKey{slot}", "AssociationId"]} for slot in "AB"}
KEY_ID: Final = {"Fn::If": ["EncryptsUnderA", ID_OF["A"], ID_OF["B"]]}
FORMS: Final = pytest.mark.parametrize(
    "written", [str, str.strip, lambda pem: pem.replace("\n", "\\n"), lambda pem: pem.strip().replace("\n", "\\n")],
    ids=["as the file", "without the last line's end", "in one line", "in one line without the last end"],
)  # fmt: skip


def value(expression: Any, parameters: dict[str, str]) -> Any:
    """The value that CloudFormation gives to an expression of Ref, Fn::Split and Fn::Join."""
    if isinstance(expression, list):
        return [value(part, parameters) for part in expression]
    if not isinstance(expression, dict):
        return expression
    ((function, given),) = expression.items()
    if function == "Ref":
        return parameters[given]
    separator, of = given[0], value(given[1], parameters)
    return of.split(separator) if function == "Fn::Split" else separator.join(of)


def proof_content() -> Any:
    """The content of the flow in which codes are entered, as the build leaves it."""
    template = sam.read()
    embed_flows(template, ROOT)
    return template["Resources"]["ModuleProof"]["Properties"]["Content"]


def entry_of(text: str) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(parse_flow(text, name="proof").by_identifier["Enter code"].parameters)
    return parameters


def test_plain_entry_is_what_a_stack_has_unless_it_is_given_a_key() -> None:
    parameters = cloudformation()["Parameters"]
    assert parameters["EntryEncryption"]["Default"] == "off"
    assert parameters["EntryEncryption"]["AllowedValues"] == ["off", "A", "B"]
    assert {parameters[name]["Default"] for name in ("EntryPublicKeyA", "EntryPublicKeyB", "EntryCertificate")} == {""}


def test_both_entries_are_built_from_the_one_flow_and_differ_in_the_encryption_alone() -> None:
    condition, sealed, plain = proof_content()["Fn::If"]
    assert condition == "EncryptsEntry"
    encrypted, open_entry = (entry_of(content["Fn::Sub"][0]) for content in (sealed, plain))
    assert encrypted.pop("InputEncryption") == {"EncryptionKeyId": "${EntryKeyId}", "Key": "${EntryCertificate}"}
    assert encrypted == open_entry
    assert sealed["Fn::Sub"][1]["EntryKeyId"] == KEY_ID
    assert not plain["Fn::Sub"][1].keys() & {"EntryKeyId", "EntryCertificate"}
    whole = json.loads((FLOWS / "module-proof.json").read_text(encoding="utf-8"))
    assert json.loads(sealed["Fn::Sub"][0]) == whole


@FORMS
def test_the_certificate_stands_in_the_flow_as_its_file_has_it_however_it_was_given(written: Any) -> None:
    text, values = proof_content()["Fn::If"][1]["Fn::Sub"]
    certificate = value(values["EntryCertificate"], {"EntryCertificate": written(CERTIFICATE)})
    flow = text.replace("${EntryCertificate}", certificate).replace("${EntryKeyId}", "key-1")
    assert entry_of(flow)["InputEncryption"]["Key"].strip() == CERTIFICATE.strip()


@FORMS
@pytest.mark.parametrize("slot", ["A", "B"])
def test_the_instance_gets_the_public_key_as_its_file_has_it_however_it_was_given(slot: str, written: Any) -> None:
    key = resources("AWS::Connect::SecurityKey")[f"EntryKey{slot}"]
    assert key["Condition"] == f"HasEntryKey{slot}"
    assert key["Properties"]["InstanceId"] == {"Ref": "ConnectInstanceArn"}
    given = {f"EntryPublicKey{slot}": written(PUBLIC_KEY)}
    assert value(key["Properties"]["Key"], given).strip() == PUBLIC_KEY.strip()


@FORMS
def test_only_the_right_kind_of_pem_is_taken(written: Any) -> None:
    def takes(parameter: str, text: str) -> bool:
        return re.search(cloudformation()["Parameters"][parameter]["AllowedPattern"], text) is not None

    private = key_of_this_process().private_key
    for parameter, right in (
        ("EntryPublicKeyA", PUBLIC_KEY),
        ("EntryPublicKeyB", PUBLIC_KEY),
        ("EntryCertificate", CERTIFICATE),
    ):
        assert takes(parameter, written(right))
        assert takes(parameter, "")
        others = {PUBLIC_KEY, CERTIFICATE, private} - {right}
        assert [other for other in others if takes(parameter, written(other))] == []
        assert not takes(parameter, written(right).replace("A", '"', 1))


def test_an_instance_never_gets_more_than_its_two_keys() -> None:
    assert set(resources("AWS::Connect::SecurityKey")) == {"EntryKeyA", "EntryKeyB"}


@pytest.mark.parametrize("slot", ["A", "B"])
def test_a_choice_without_its_key_or_certificate_is_refused_instead_of_being_plain(slot: str) -> None:
    rules = cloudformation()["Rules"]
    chosen = {"Fn::Equals": [{"Ref": "EntryEncryption"}, slot]}
    (needs_key,) = (rule for rule in rules.values() if rule.get("RuleCondition") == chosen)
    assert given(f"EntryPublicKey{slot}") in [assertion["Assert"] for assertion in needs_key["Assertions"]]
    encrypts = {"Fn::Not": [{"Fn::Equals": [{"Ref": "EntryEncryption"}, "off"]}]}
    (needs_certificate,) = (rule for rule in rules.values() if rule.get("RuleCondition") == encrypts)
    assert given("EntryCertificate") in [assertion["Assert"] for assertion in needs_certificate["Assertions"]]


def given(parameter: str) -> dict[str, Any]:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


@pytest.mark.parametrize("slot", ["A", "B"])
def test_entry_is_encrypted_when_a_slot_is_chosen_that_has_a_key(slot: str) -> None:
    conditions = cloudformation()["Conditions"]
    assert conditions["EncryptsEntry"] == {"Fn::Or": [{"Condition": "EncryptsUnderA"}, {"Condition": "EncryptsUnderB"}]}
    assert conditions[f"EncryptsUnder{slot}"] == {
        "Fn::And": [{"Condition": f"HasEntryKey{slot}"}, {"Fn::Equals": [{"Ref": "EntryEncryption"}, slot]}]
    }
    assert conditions[f"HasEntryKey{slot}"] == {
        "Fn::And": [{"Condition": "HasConnect"}, given(f"EntryPublicKey{slot}")]
    }


def test_the_outputs_tell_the_key_ids_and_which_of_them_is_in_use() -> None:
    outputs = cloudformation()["Outputs"]
    for slot in "AB":
        told = outputs[f"EntryKeyId{slot}"]
        assert (told["Condition"], told["Value"]) == (f"HasEntryKey{slot}", ID_OF[slot])
    assert (outputs["EntryKeyId"]["Condition"], outputs["EntryKeyId"]["Value"]) == ("EncryptsEntry", KEY_ID)


def test_no_private_key_passes_through_the_template() -> None:
    """The secret is made empty, and an update of the stack leaves alone what was put into it."""
    secret = cloudformation()["Resources"]["EntryKeySecret"]["Properties"]
    assert secret["SecretString"] == "{}"
    assert secret["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    with pytest.raises(Unavailable):
        parse_keyring(secret["SecretString"])
    assert [name for name in cloudformation()["Parameters"] if "Private" in name] == []
