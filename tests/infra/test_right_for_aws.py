"""Right for AWS where the emulator ignores, refuses or does otherwise: no run of the stack could show it.

docs/operations.md says how the emulator behaves with each. Tables, streams' retries, encryption and time to live are in
test_template.py, roles in test_policies.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from hotline.kit.keyring import parse_keyring
from hotline_local.launcher.deploy import PARAMETERS
from hotline_local.launcher.paths import ROOT
from tests.support.deployed_template import Deployed
from tests.support.template import cloudformation, properties, resources

DEFINITIONS: Final = sorted((ROOT / "statemachines").glob("*.asl.json"))


@pytest.fixture(scope="module")
def local() -> Deployed:
    """The stack with the parameters that the launcher gives it."""
    return Deployed(PARAMETERS)


def test_a_resource_that_the_emulator_cannot_make_is_behind_a_condition_that_is_off_there(local: Deployed) -> None:
    # Here, since each worker collects this file, and the import takes half a second.
    from ministack.services.cloudformation.engine import validate_template_support

    template = cloudformation()
    validate_template_support(template, {name: local.condition(name) for name in template["Conditions"]})
    with pytest.raises(ValueError, match="Unrecognized resource types"):
        validate_template_support(template, dict.fromkeys(template["Conditions"], True))


def test_alarms_that_calculate_are_behind_a_condition_that_is_off_there(local: Deployed) -> None:
    for name, alarm in local.resources("AWS::CloudWatch::Alarm").items():
        assert "Metrics" not in alarm, name


def test_a_key_is_made_in_the_form_that_the_code_reads() -> None:
    secrets = resources("AWS::SecretsManager::Secret")
    made_by_hand = {name for name, secret in secrets.items() if "GenerateSecretString" not in secret["Properties"]}
    assert made_by_hand == {"EntryKeySecret"}
    for name in secrets.keys() - made_by_hand:
        wanted = secrets[name]["Properties"]["GenerateSecretString"]
        # Signs would be escaped or not, depending on who writes the JSON.
        assert wanted["ExcludePunctuation"] is True, name
        made = json.loads(wanted["SecretStringTemplate"]) | {
            wanted["GenerateStringKey"]: "k" * wanted["PasswordLength"]
        }
        keyring = parse_keyring(json.dumps(made))
        assert keyring.versions() == ("1",)
        assert len(keyring.keys["1"]) == 64


# ---------------------------------------------------------------- functions and what calls them


def test_the_phone_may_have_a_share_of_the_concurrency_and_no_other_function_takes_one() -> None:
    reserved = {
        name: function["Properties"]["ReservedConcurrentExecutions"]
        for name, function in resources("AWS::Lambda::Function").items()
        if "ReservedConcurrentExecutions" in function["Properties"]
    }
    share = {"Fn::If": ["HasPhoneConcurrency", {"Ref": "PhoneConcurrency"}, {"Ref": "AWS::NoValue"}]}
    assert reserved == {"ConnectFunction": share}
    # Nought would mean that the function is switched off.
    assert "ReservedConcurrentExecutions" not in Deployed().properties("ConnectFunction")
    assert Deployed({"PhoneConcurrency": "50"}).properties("ConnectFunction")["ReservedConcurrentExecutions"] == "50"


def test_only_the_phone_starts_from_a_snapshot_and_only_when_told_to() -> None:
    starting = {
        name: function["Properties"]["SnapStart"]
        for name, function in resources("AWS::Lambda::Function").items()
        if "SnapStart" in function["Properties"]
    }
    assert starting == {"ConnectFunction": {"ApplyOn": {"Ref": "SnapStart"}}}
    parameter = cloudformation()["Parameters"]["SnapStart"]
    assert (parameter["Default"], parameter["AllowedValues"]) == ("None", ["None", "PublishedVersions"])
    # A snapshot is of a published version, so that the alias must point at one.
    version = properties("ConnectFunctionAliaslive")["FunctionVersion"]["Fn::GetAtt"][0]
    assert cloudformation()["Resources"][version]["Type"] == "AWS::Lambda::Version"


def test_a_queue_never_takes_more_than_a_small_part_of_the_concurrency() -> None:
    most = {
        name: mapping["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        for name, mapping in resources("AWS::Lambda::EventSourceMapping").items()
        if _source_type(mapping) == "AWS::SQS::Queue"
    }
    assert most == {
        "WalletEventsFunctionFacts": {"Ref": "FactConcurrency"},
        "DigestsFunctionDigests": {"Ref": "DigestConcurrency"},
        "ImportsFunctionLines": {"Ref": "ImportConcurrency"},
        "MessengerFunctionAgain": 2,
        "DecisionsFunctionAgain": 2,
        "ContactEventsFunctionReports": 4,
        "EvidenceFunctionEvidence": 4,
    }
    for name, default in (("FactConcurrency", 10), ("ImportConcurrency", 5), ("DigestConcurrency", 5)):
        assert cloudformation()["Parameters"][name]["Default"] == default


def test_the_stream_is_read_in_order_and_a_batch_fails_by_an_error_alone() -> None:
    for name, mapping in resources("AWS::Lambda::EventSourceMapping").items():
        if _source_type(mapping) == "AWS::DynamoDB::Table":
            assert mapping["Properties"].get("ParallelizationFactor", 1) == 1, name
            # The consumers raise. Were partial answers asked for, an answer of nothing would mean that all went well.
            assert "FunctionResponseTypes" not in mapping["Properties"], name


def _source_type(mapping: dict[str, Any]) -> str:
    return str(cloudformation()["Resources"][mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]]["Type"])


def test_the_fate_of_a_failed_call_is_set_for_the_alias_that_is_called() -> None:
    for name, config in resources("AWS::Lambda::EventInvokeConfig").items():
        assert config["Properties"]["Qualifier"] == "live", name


def test_no_schedule_tells_its_target_the_time() -> None:
    # The placeholder of the scheduler would arrive as it is; targets take the clock, or the time of their execution.
    for name, schedule in resources("AWS::Scheduler::Schedule").items():
        assert json.loads(schedule["Properties"]["Target"]["Input"]) == {}, name


def _errors(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("ErrorEquals", [])
        for part in node.values():
            yield from _errors(part)
    elif isinstance(node, list):
        for part in node:
            yield from _errors(part)


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_state_machine_goes_by_errors_of_services_and_not_by_the_names_of_our_exceptions(path: Any) -> None:
    errors = set(_errors(json.loads(path.read_text(encoding="utf-8"))))
    assert errors
    assert {error for error in errors if not error.startswith(("Lambda.", "States."))} == set()


def test_the_gateway_bounds_what_reaches_the_function() -> None:
    for name, stage in resources("AWS::ApiGatewayV2::Stage").items():
        limits = stage["Properties"]["DefaultRouteSettings"]
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"], name
