"""The scan in the template: who starts whom, what ends a run, and who hears of it when it fails."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from functions.security_scan.shard import RUN_MS, answer
from hotline.kit.doors import Context
from hotline.security.activity import ACTIVITY_SHARDS, SHARDS_MAX
from hotline_local.errors import CommandError
from hotline_local.launcher.definition_embedding import embed_definitions
from hotline_local.launcher.paths import ROOT
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.lock_desk import NOON
from tests.support.template import cloudformation, properties, statements_of

DEFINITION: Final = json.loads((ROOT / "statemachines/security_scan.asl.json").read_text(encoding="utf-8"))


def maps() -> list[dict[str, Any]]:
    return [state for state in DEFINITION["States"].values() if state["Type"] == "Map"]


def test_the_schedule_starts_the_state_machine_and_a_run_that_is_late_is_left_to_the_next() -> None:
    schedule = properties("ScanEveryFiveMinutes")
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert schedule["State"] == {"Fn::If": ["HasScanSchedule", "ENABLED", "DISABLED"]}
    assert schedule["Target"]["Arn"] == {"Ref": "ScanStateMachine"}
    assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 300
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["ScanFailures", "Arn"]}}
    # A run is over before the next one starts.
    assert DEFINITION["TimeoutSeconds"] < 300
    assert properties("SecurityScanFunction")["Timeout"] < DEFINITION["TimeoutSeconds"]


def test_the_shares_of_all_shards_end_before_the_run_does() -> None:
    """Or the last shards would have no turn while the first ones have much to read."""
    assert 0.9 * DEFINITION["TimeoutSeconds"] * 1000 >= RUN_MS


def test_the_worker_reads_activity_and_writes_no_row_of_it() -> None:
    granted = [
        statement
        for statement in statements_of("SecurityScanRole")
        if statement["Resource"] == {"Fn::GetAtt": ["ActivityTable", "Arn"]}
    ]
    assert [statement["Action"] for statement in granted] == ["dynamodb:Query"]
    assert "dynamodb:DeleteItem" not in json.dumps(statements_of("SecurityScanRole"))


def test_one_parameter_chooses_the_map_and_another_the_shards_for_writer_and_reader() -> None:
    substitutions = properties("ScanStateMachine")["DefinitionSubstitutions"]
    assert substitutions["MapMode"] == {"Ref": "ScanMap"}
    assert substitutions["Shards"] == {"Ref": "ActivityShards"}
    writer = properties("WalletEventsFunction")["Environment"]["Variables"]
    assert writer["ACTIVITY_SHARDS"] == {"Ref": "ActivityShards"}
    shards = cloudformation()["Parameters"]["ActivityShards"]
    assert (shards["Default"], shards["MaxValue"]) == (ACTIVITY_SHARDS, SHARDS_MAX)
    assert cloudformation()["Parameters"]["ScanMap"]["AllowedValues"] == ["inline", "distributed"]


def test_both_maps_call_the_same_worker_bounded_and_no_shard_stops_another() -> None:
    inline, distributed = sorted(maps(), key=lambda state: state["MaxConcurrency"])
    assert inline["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE"
    assert inline["MaxConcurrency"] <= 40
    assert distributed["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    for chosen in (inline, distributed):
        turns = chosen["ItemSelector"]["turns"]
        assert turns == {"shards": "${Shards}", "at_once": chosen["MaxConcurrency"]}
        assert chosen["ItemSelector"] == inline["ItemSelector"] | {"turns": turns}
    workers = [next(s for s in m["ItemProcessor"]["States"].values() if s["Type"] == "Task") for m in maps()]
    for name in ("Resource", "Parameters", "Retry"):
        assert workers[0][name] == workers[1][name]
    for worker in workers:
        assert worker["Catch"][0]["ErrorEquals"] == ["States.ALL"]


def test_the_definition_is_jsonpath_and_stands_whole_in_what_is_deployed() -> None:
    assert DEFINITION["QueryLanguage"] == "JSONPath"
    assert "{%" not in json.dumps(DEFINITION)
    text = "".join(properties("ScanStateMachine")["DefinitionString"]["Fn::Join"][1])
    assert json.loads(text) == DEFINITION


def test_somebody_hears_when_rows_wait_for_longer_than_a_quarter_of_an_hour() -> None:
    alarm, metric = properties("ScanLagAlarm"), properties("ScanLagMetric")
    (transformation,) = metric["MetricTransformations"]
    assert metric["LogGroupName"] == {"Ref": "SecurityScanLog"}
    assert metric["FilterPattern"] == "{ $.lag_minutes >= 0 }"
    assert transformation["MetricValue"] == "$.lag_minutes"
    assert (alarm["MetricName"], alarm["Namespace"]) == (transformation["MetricName"], "Hotline")
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "Maximum",
        15,
        "GreaterThanThreshold",
    )
    # Without a run there is no lag to read; ScanLateAlarm is there for that.
    assert alarm["TreatMissingData"] == "notBreaching"


def test_both_maps_hand_on_the_same_figures() -> None:
    (many,) = [state for state in maps() if state["MaxConcurrency"] > 40]
    task = many["ItemProcessor"]["States"]["ScanOneOfMany"]
    ctx = Context(store=MemoryStore(VirtualClock(NOON)), clock=VirtualClock(NOON))
    figures = answer({"shard": 0, "run": {}}, ctx, lambda: 120_000).keys() - {"findings"}
    assert {name.removesuffix(".$") for name in task["ResultSelector"]["report"]} == figures


def test_somebody_hears_when_a_run_fails_is_late_or_cannot_be_started() -> None:
    failed, late, unstarted = (properties(name) for name in ("ScanFailedAlarm", "ScanLateAlarm", "ScanFailuresAlarm"))
    for alarm in (failed, late):
        assert alarm["Namespace"] == "AWS/States"
        assert alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": {"Ref": "ScanStateMachine"}}]
    assert (failed["MetricName"], failed["Threshold"]) == ("ExecutionsFailed", 0)
    assert (late["MetricName"], late["TreatMissingData"], late["Threshold"]) == ("ExecutionsSucceeded", "breaching", 1)
    assert cloudformation()["Resources"]["ScanLateAlarm"]["Condition"] == "HasScanSchedule"
    assert unstarted["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["ScanFailures", "QueueName"]}


def test_a_definition_that_is_no_json_is_said_so_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for name in ("broken.json", "absent.json"):
        machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": name}}
        with pytest.raises(CommandError, match=name):
            embed_definitions({"Resources": {"Machine": machine}}, tmp_path)


def test_the_definition_keeps_to_the_states_language(tmp_path: Path) -> None:
    # The linter knows ARNs of tasks in the first partition only.
    definition = json.loads(json.dumps(DEFINITION).replace("${Partition}", "aws"))
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/scan",
            "DefinitionSubstitutions": {"FunctionArn": "arn", "Shards": "16", "MapMode": "inline"},
            "Definition": definition,
        },
    }
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"Resources": {"Machine": machine}}), encoding="utf-8")
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
