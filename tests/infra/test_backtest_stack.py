"""A backtest over objects on the deployed stack: the same bytes as the command writes for the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotline_local import cli
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack
from tests.support.stack_calls import eventually
from tests.support.wallet_histories import History

pytestmark = pytest.mark.slow
RESULTS = ("findings.jsonl", "movements.jsonl", "accounts.jsonl", "bad_lines.jsonl", "summary.json")
WAIT_S = 120


def run_backtest(stack: Stack, name: str, order: dict[str, Any]) -> dict[str, Any]:
    """Run the state machine as it is deployed, but for its concurrency: MiniStack runs few functions at once."""
    states = stack.client("stepfunctions")
    deployed = states.describe_state_machine(stateMachineArn=stack.backtest_state_machine_arn)
    assert "${" not in deployed["definition"]
    definition = json.loads(deployed["definition"])
    for state in ("Split", "Judge"):
        definition["States"][state]["MaxConcurrency"] = 3
    machine = states.create_state_machine(
        name=f"backtest-{name}", definition=json.dumps(definition), roleArn=deployed["roleArn"]
    )["stateMachineArn"]
    started = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(order))["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=started)["status"] != "RUNNING", hangs_after_s=WAIT_S)
    found: dict[str, Any] = states.describe_execution(executionArn=started)
    return found


def test_a_distributed_run_writes_what_the_command_writes(
    running_stack: RunningStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = running_stack.stack
    s3 = stack.client("s3")
    history = History(11, accounts=40)
    thirds = [history.facts[third::3] for third in range(3)]
    paths = []
    for number, facts in enumerate(thirds):
        path = tmp_path / f"part-{number}.jsonl"
        path.write_text("".join(json.dumps(fact) + "\n" for fact in facts) + "no event\n", encoding="utf-8")
        paths.append(path)
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(label) + "\n" for label in history.labels()), encoding="utf-8")
    for path in paths:
        s3.upload_file(str(path), stack.backtest_bucket, f"input/eleven/{path.name}")
    s3.upload_file(str(labels), stack.backtest_bucket, "input/labels.jsonl")

    order = {"history": "input/eleven/", "labels": "input/labels.jsonl", "shares": 5}
    ended = run_backtest(stack, "eleven", order)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")

    out = tmp_path / "out"
    command = ["backtest", *map(str, paths), "--labels", str(labels), "--out", str(out), "--json"]
    assert cli.main(command) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["findings"] > 10
    for name in RESULTS:
        written = s3.get_object(Bucket=stack.backtest_bucket, Key=f"output/eleven/{name}")["Body"].read()
        assert written.replace(b"input/eleven/", f"{tmp_path}/".encode()) == (out / name).read_bytes(), name
    told = json.loads(ended["output"])
    assert (told["output"], told["findings"], told["bad_lines"]) == ("output/eleven/", summary["findings"], 3)


def test_a_run_with_an_object_that_is_no_history_fails_whole(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    s3 = stack.client("s3")
    s3.put_object(Bucket=stack.backtest_bucket, Key="input/broken/a.jsonl", Body=b"\n")
    s3.put_object(Bucket=stack.backtest_bucket, Key="input/broken/b.jsonl.gz", Body=b"not packed")
    ended = run_backtest(stack, "broken", {"history": "input/broken/", "shares": 2})
    assert ended["status"] == "FAILED"
    left = s3.list_objects_v2(Bucket=stack.backtest_bucket, Prefix="output/broken/")
    assert left.get("Contents", []) == []
