"""Scenarios compiled to test cases of Amazon Connect: their shape, their order, and that none comes to a person."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from hotline_local import cli
from hotline_local.scenarios.model import ScenarioError
from hotline_local.scenarios.playing import Played, play
from hotline_local.scenarios.reading import load_scenario, scenario_files
from hotline_local.scenarios.testcases import MAX_TEST_S, compile_scenario, missing_tokens
from tests.support.sweeps import sweep
from tests.support.testing_language import CONTENT

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "golden"
INSTANCE = "00000000-0000-4000-8000-000000000000"
SCENARIOS = {path.stem: load_scenario(path) for path in scenario_files([FOLDER])}
COMPILED = sorted(name for name, scenario in SCENARIOS.items() if not scenario.only_here)
TOKENS = {
    name: f"arn:{name}"
    for name in (
        "HotlineEntryArn",
        "ConnectFunctionArn",
        "QueueArn",
        "TestQueueArn",
    )
}
each_case = sweep("name", COMPILED)


@cache
def played_of(name: str) -> Played:
    return play(SCENARIOS[name])


@cache
def request_of(name: str) -> dict[str, Any]:
    return compile_scenario(played_of(name), TOKENS)


@cache
def shape_of_request() -> Any:
    """The model that botocore has of the request of CreateTestCase."""
    model = boto3.client("connect", region_name="eu-central-1").meta.service_model
    shape = model.operation_model("CreateTestCase").input_shape
    assert shape is not None
    return shape


def observations(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(request_of(name)["Content"])["Observations"]
    return found


def actions(name: str) -> list[dict[str, Any]]:
    return [action for observation in observations(name) for action in observation["Actions"]]


@each_case
def test_the_request_is_one_that_the_service_knows(name: str) -> None:
    """Held against botocore's model of CreateTestCase."""
    shape = shape_of_request()
    report = ParamValidator().validate({"InstanceId": INSTANCE, **request_of(name)}, shape)
    assert report.generate_report() == ""
    assert request_of(name)["Status"] in shape.members["Status"].enum


@each_case
def test_the_content_is_in_the_testing_language(name: str) -> None:
    content = json.loads(request_of(name)["Content"])
    assert [f"{each.json_path}: {each.message}" for each in Draft202012Validator(CONTENT).iter_errors(content)] == []


@each_case
def test_observations_and_actions_lead_from_one_to_the_next(name: str) -> None:
    found = observations(name)
    names = [each["Identifier"] for each in found]
    assert [each["Transitions"]["NextObservations"] for each in found] == [[each] for each in names[1:]] + [[]]
    for each in found:
        own = [action["Identifier"] for action in each["Actions"]]
        following = [action["Transitions"].get("NextAction") for action in each["Actions"]]
        assert following == [*own[1:], None][: len(own)]
    everything = names + [each["Event"]["Identifier"] for each in found]
    everything += [action["Identifier"] for action in actions(name)]
    assert len(set(everything)) == len(everything)


@each_case
def test_no_test_case_comes_to_a_person(name: str) -> None:
    """The test ends with its last observation, at the latest when the contact is being put into a queue. That queue is
    one without agents."""
    substituted = [action for action in actions(name) if "arn:TestQueueArn" in json.dumps(action)]
    assert len(substituted) == 1
    last = observations(name)[-1]
    ends = [action["Type"] for action in last["Actions"]][-1]
    hangs_up = last["Actions"][-1]["Parameters"].get("Instruction") == {"Type": "Disconnect"}
    assert ends == "TestControl" or hangs_up
    queued = [each for each in observations(name) if each["Event"]["Type"] == "FlowActionStarted"]
    assert queued in ([], [last])


@each_case
def test_every_answer_of_the_function_is_mocked_in_order_as_a_text(name: str) -> None:
    played = played_of(name)
    mocked = [
        action["Parameters"]["Behavior"]["Properties"]["Strategy"]["Response"]
        for action in actions(name)
        if action["Parameters"].get("Behavior", {}).get("Properties", {}).get("ActionType") == "InvokeLambdaFunction"
    ]
    assert len(mocked) == len(played.answers)
    for response, answered in zip(mocked, played.answers, strict=True):
        if answered.error is None:
            assert json.loads(response["ExecutionResult"]["LoadedData"]) == answered.result.payload
        else:
            assert response["Error"]["Value"] in {"TimeLimitExceeded", "NoMatchingError"}


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.json")))
def test_a_golden_scenario_compiles_to_the_same_as_ever(name: str) -> None:
    """After a change that is meant: ./hotline flows testcases tests/calls/NAME.yaml --out tests/calls/golden"""
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert without_account(compile_scenario(play(SCENARIOS[name]), {})) == without_account(golden)


def without_account(request: dict[str, Any]) -> dict[str, Any]:
    """The request without the reference of the account, which is another one when the demo wallet grows."""
    return {**request, "Content": re.sub(r"ref_[0-9a-f]{32}", "ref", request["Content"])}


def test_there_is_a_golden_scenario_in_each_language() -> None:
    assert {SCENARIOS[path.stem].speaks for path in GOLDEN.glob("*.json")} == {"zh-CN", "en-US"}


def test_a_withheld_number_is_left_out_of_the_entry_point_and_attributes_are_given_as_the_service_reads_them() -> None:
    entry = request_of("callback-withheld-en")["EntryPoint"]
    assert entry["VoiceCallEntryPointParameters"] == {"FlowId": "arn:HotlineEntryArn"}
    played = play(SCENARIOS["handover-zh"])
    calling = replace(played.scenario.calling, attributes={"campaign": "spring"})
    given = compile_scenario(replace(played, scenario=replace(played.scenario, calling=calling)), TOKENS)
    assert json.loads(given["InitializationData"]) == {"Attributes": {"campaign": "spring"}, "SegmentAttributes": {}}


def test_closed_hours_and_a_full_queue_are_what_the_service_is_made_to_find() -> None:
    assert "CLOSED_HOURS" in request_of("callback-closed-zh")["Content"]
    assert "CLOSED_HOURS" not in request_of("handover-zh")["Content"]
    assert "QueueAtCapacity" in request_of("handover-full-zh")["Content"]
    assert "TimeLimitExceeded" in request_of("timeout-zh")["Content"]


@pytest.mark.parametrize(("seconds", "taken"), [(MAX_TEST_S - 1, True), (MAX_TEST_S, True), (MAX_TEST_S + 1, False)])
def test_a_test_takes_five_minutes_at_most(seconds: float, taken: bool) -> None:
    played = play(SCENARIOS["handover-zh"])
    played.state.at_s = seconds
    if taken:
        compile_scenario(played, TOKENS)
    else:
        with pytest.raises(ScenarioError, match="may take 300"):
            compile_scenario(played, TOKENS)


def _failing(played: Played) -> Played:
    return replace(played, problems=("turns[0]: 'x' was not heard",))


def _here_only(played: Played) -> Played:
    return replace(played, scenario=replace(played.scenario, only_here="It needs an agent."))


@pytest.mark.parametrize(("change", "why"), [(_failing, "was not heard"), (_here_only, "simulator only: It needs")])
def test_a_scenario_that_cannot_be_a_test_case_is_refused_by_name(change: Any, why: str) -> None:
    with pytest.raises(ScenarioError, match=f"handover-zh.*{why}"):
        compile_scenario(change(play(SCENARIOS["handover-zh"])), TOKENS)


def test_names_of_resources_that_nobody_gave_are_kept_and_named() -> None:
    request = compile_scenario(play(SCENARIOS["pause-zh"]), {"HotlineEntryArn": "arn:entry"})
    assert missing_tokens(request) == {"ConnectFunctionArn", "QueueArn", "TestQueueArn"}


def test_the_command_writes_a_file_for_each_and_names_those_it_leaves_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paths = [str(FOLDER / f"{name}.yaml") for name in ("pause-zh", "handover-agent-en")]
    code = cli.main(["flows", "testcases", *paths, "--out", str(tmp_path / "new"), "--json", "--token", "QueueArn=q"])
    shown = capsys.readouterr()
    first, second = (json.loads(line) for line in shown.out.splitlines())
    assert code == 0
    assert first["file"] == str(tmp_path / "new" / "pause-zh.json")
    assert (second["file"], "An agent takes the call" in second["reason"]) == (None, True)
    assert "ConnectFunctionArn" in shown.err
    assert "QueueArn" not in shown.err.replace("TestQueueArn", "")
    assert json.loads(Path(first["file"]).read_text(encoding="utf-8"))["Name"] == "pause-zh"


def test_a_scenario_that_does_not_go_as_written_fails_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = (FOLDER / "pause-zh.yaml").read_text(encoding="utf-8").replace("outcome: disconnected", "outcome: queue")
    (tmp_path / "pause-zh.yaml").write_text(text, encoding="utf-8")
    code = cli.main(["flows", "testcases", str(tmp_path), "--out", str(tmp_path)])
    assert code == 1
    assert "pause-zh has no test case" in capsys.readouterr().out
