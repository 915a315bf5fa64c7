"""Backtests over objects in the template: an option that is off, a bucket of its own, and a run that fails whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hotline.backtest.model import INPUT, OBJECTS_MAX, OUTPUT, PARTS, SHARES_MAX
from hotline_local.launcher.paths import ROOT
from tests.support.template import cloudformation, properties, statements_of

DEFINITION: Final = json.loads((ROOT / "statemachines/backtest.asl.json").read_text(encoding="utf-8"))
STATE_BYTES_MAX: Final = 262_144
PAYLOAD_BYTES_MAX: Final = 262_144


def states(definition: dict[str, Any] = DEFINITION) -> Iterator[dict[str, Any]]:
    for state in definition["States"].values():
        yield state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"])


def test_it_is_all_behind_one_condition_and_off_by_itself() -> None:
    template = cloudformation()
    assert template["Parameters"]["Backtest"]["Default"] == "off"
    own = {name: body for name, body in template["Resources"].items() if name.startswith("Backtest")}
    assert len(own) >= 10
    assert {body.get("Condition") for body in own.values()} == {"HasBacktest"}
    outputs = {name: body for name, body in template["Outputs"].items() if name.startswith("Backtest")}
    assert {body.get("Condition") for body in outputs.values()} == {"HasBacktest"}


def test_the_bucket_is_encrypted_shut_and_everything_in_it_ends() -> None:
    bucket = properties("BacktestBucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    lives = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert lives == {INPUT: 30, PARTS: 3, OUTPUT: 90}
    # A run is over long before its parts end.
    assert DEFINITION["TimeoutSeconds"] < lives[PARTS] * 86_400


def test_the_worker_writes_no_history_and_reads_no_results() -> None:
    granted = {
        action: [one["Fn::Sub"] for one in statement["Resource"]]
        for statement in statements_of("BacktestRole")
        for action in [statement["Action"]]
        if isinstance(action, str) and action.endswith("Object")
    }
    bucket = "${BacktestBucket.Arn}/"
    assert granted == {
        "s3:GetObject": [f"{bucket}{INPUT}*", f"{bucket}{PARTS}*"],
        "s3:PutObject": [f"{bucket}{PARTS}*", f"{bucket}{OUTPUT}*"],
    }
    everything = json.dumps(statements_of("BacktestRole"))
    assert "dynamodb:" not in everything
    assert "Delete" not in everything


def test_both_maps_are_distributed_bounded_and_tolerate_no_failure() -> None:
    maps = [state for state in states() if state["Type"] == "Map"]
    assert len(maps) == 2
    for state in maps:
        assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        # An Express run ends after five minutes, and a function may take fifteen.
        assert state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] == "STANDARD"
        assert 0 < state["MaxConcurrency"] <= 40
        assert state["ToleratedFailureCount"] == 0
        assert state["ResultPath"] is None
    readers = [state["ItemReader"]["Resource"] for state in maps if "ItemReader" in state]
    assert readers == ["arn:${Partition}:states:::s3:listObjectsV2"]


def test_answers_of_all_items_fit_into_one_state() -> None:
    # Each item answers a count; with its comma a number of at most 12 digits.
    assert OBJECTS_MAX * 13 < STATE_BYTES_MAX
    assert len(json.dumps(list(range(SHARES_MAX)))) < PAYLOAD_BYTES_MAX / 10


def test_a_busy_service_is_asked_again_often_and_any_other_fault_once() -> None:
    tasks = [state for state in states() if state["Type"] == "Task"]
    assert len(tasks) == 4
    for task in tasks:
        busy, other = task["Retry"]
        assert all(name.startswith("Lambda.") for name in busy["ErrorEquals"])
        assert busy["MaxAttempts"] >= 5
        # A fault of the order or the history stays one, and a call that timed out took a quarter of an hour.
        assert (other["ErrorEquals"], other["MaxAttempts"]) == (["States.TaskFailed"], 1)
    assert not any("Catch" in state for state in states())


def test_somebody_hears_of_a_run_that_fails_or_takes_too_long() -> None:
    for name, metric in (("BacktestFailedAlarm", "ExecutionsFailed"), ("BacktestTimedOutAlarm", "ExecutionsTimedOut")):
        alarm = properties(name)
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/States", metric, 0)
        assert alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": {"Ref": "BacktestStateMachine"}}]


def test_the_definition_is_jsonpath_and_keeps_to_the_states_language(tmp_path: Path) -> None:
    assert DEFINITION["QueryLanguage"] == "JSONPath"
    assert "{%" not in json.dumps(DEFINITION)
    text = "".join(properties("BacktestStateMachine")["DefinitionString"]["Fn::Join"][1])
    assert json.loads(text) == DEFINITION
    # The linter knows ARNs of tasks in the first partition only.
    definition = json.loads(json.dumps(DEFINITION).replace("${Partition}", "aws"))
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/backtest",
            "DefinitionSubstitutions": {"FunctionArn": "arn", "Bucket": "bucket"},
            "Definition": definition,
        },
    }
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"Resources": {"Machine": machine}}), encoding="utf-8")
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
