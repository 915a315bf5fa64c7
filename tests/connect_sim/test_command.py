"""Keys, canned answers, lines of JSON, and the commands `check` and `run`."""

import json
from pathlib import Path
from typing import Any

import pytest

from connect_sim.__main__ import main
from connect_sim.simulator.keys import KeysError, parse_keys
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.stubs import MissingStubError, StubFileError, StubFunctions
from tests.connect_sim.samples.build import FUNCTION
from tests.support.sweeps import sweep

RIGHT = Path(__file__).parent / "samples" / "right"
WRONG = Path(__file__).parent / "samples" / "wrong"
STUBS: dict[str, Any] = {
    "check_code": [{"outcome": "WRONG", "turn": "1", "account_ref": "r"}, {"error": "timeout"}],
    "*": {"outcome": "OK", "prompt": "Fine."},
}


def test_keys_are_tokens_between_blanks_and_commas() -> None:
    assert parse_keys(" 1,2  123456#,- {code} !") == ("1", "2", "123456#", "-", "{code}", "!")
    assert parse_keys("") == ()
    assert parse_keys('1 "lost, my card" 2') == ("1", '"lost, my card"', "2")


@sweep("text", ["a", "1a", "--", "1-", "{pin}", "1!", "１", '""', '"a'])
def test_a_text_that_is_not_keys_is_refused_by_name(text: str) -> None:
    with pytest.raises(KeysError, match="is not keys"):
        parse_keys(f"1 {text}")


def invoke(functions: StubFunctions, step: str | None = None, arn: str = FUNCTION) -> FunctionResult:
    parameters = {} if step is None else {"step": step}
    return functions.invoke(arn=arn, event={"Details": {"Parameters": parameters}}, time_limit_s=8.0)


def test_a_stub_is_chosen_by_step_then_arn_then_name_then_star() -> None:
    functions = StubFunctions(
        {"*": {"a": "star"}, "connect": {"a": "name"}, FUNCTION: {"a": "arn"}, "start": {"a": "step"}}
    )
    assert invoke(functions, "start").payload == {"a": "step"}
    assert invoke(functions, "other").payload == {"a": "arn"}
    assert invoke(functions, arn=f"{FUNCTION}:live").payload == {"a": "name"}
    assert invoke(functions, arn="${OtherArn}").payload == {"a": "star"}


def test_a_list_of_answers_is_used_up_in_order_and_then_missing() -> None:
    functions = StubFunctions({"start": [{"a": "1"}, {"error": "throttled"}]})
    assert invoke(functions, "start").payload == {"a": "1"}
    assert invoke(functions, "start").error == "throttled"
    with pytest.raises(MissingStubError, match="has 2 answers"):
        invoke(functions, "start")
    with pytest.raises(MissingStubError, match="no stub for connect with step 'other'"):
        invoke(functions, "other")


@sweep("answers", [{"a": "text"}, {"a": [1]}, {"a": {"error": "sadness"}}, {"a": {"error": "lost_answer"}}])
def test_stubs_of_another_shape_are_refused(answers: dict[str, Any]) -> None:
    with pytest.raises(StubFileError, match="The stub 'a'"):
        StubFunctions(answers)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def stubs(tmp_path: Path) -> str:
    path = tmp_path / "stubs.json"
    path.write_text(json.dumps(STUBS), encoding="utf-8")
    return str(path)


def run_sample(
    capsys: pytest.CaptureFixture[str], stubs: str, keys: str, *more: str
) -> tuple[int, list[dict[str, Any]]]:
    arguments = ["--functions", stubs, "--keys", keys, "--json", *more]
    code, out, _ = run(capsys, "run", str(RIGHT / "balance_line.json"), *arguments)
    return code, json_lines(out)


def test_a_run_is_one_numbered_object_a_line_each_with_its_flow_and_block(
    capsys: pytest.CaptureFixture[str], stubs: str
) -> None:
    code, lines = run_sample(capsys, stubs, "2 13800000001#")
    assert code == 0
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["v"] == 1 and line["flow"] and line["block"] for line in lines)
    assert [line["at_s"] for line in lines] == sorted(line["at_s"] for line in lines)
    assert {line["flow"] for line in lines} == {"balance_line", "account_module"}
    assert [line["kind"] for line in lines] == [
        "prompt", "input", "prompt", "input", "function", "prompt", "prompt", "disconnect", "end",
    ]  # fmt: skip
    assert lines[-1]["reason"] == "ended"
    assert lines[-1]["outcome"] == "disconnected"


def test_secret_digits_are_nowhere_in_the_lines(capsys: pytest.CaptureFixture[str], stubs: str) -> None:
    code, lines = run_sample(capsys, stubs, "1 987654 456789")
    assert (code, lines[-1]["outcome"]) == (0, "queue")
    text = json.dumps(lines)
    assert "987654" not in text
    assert "456789" not in text
    assert [line["keys"] for line in lines if line["kind"] == "input"] == ["1", "•" * 6, "•" * 6]


@pytest.mark.parametrize(
    ("keys", "more", "code", "reason", "outcome"),
    [
        ("0", (), 0, "ended", "queue"),
        ("!", (), 0, "ended", "hung_up"),
        ("- - -", (), 0, "ended", "queue"),
        ("1", (), 3, "keys_out", None),
        ("", (), 3, "keys_out", None),
        ("1 123456 123456 123456", ("--max-steps", "9"), 1, "step_cap", None),
        ("1 {code}", (), 1, "failed", None),
    ],
)
def test_the_exit_code_tells_how_a_run_ended(
    capsys: pytest.CaptureFixture[str],
    stubs: str,
    keys: str,
    more: tuple[str, ...],
    code: int,
    reason: str,
    outcome: str | None,
) -> None:
    got, lines = run_sample(capsys, stubs, keys, *more)
    assert (got, lines[-1]["kind"], lines[-1]["reason"], lines[-1]["outcome"]) == (code, "end", reason, outcome)


def test_a_function_without_a_stub_fails_the_run_and_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    empty = tmp_path / "stubs.json"
    empty.write_text("{}", encoding="utf-8")
    code, lines = run_sample(capsys, str(empty), "1 123456")
    assert (code, lines[-1]["reason"]) == (1, "failed")
    assert "check_code" in lines[-1]["detail"]


def test_tokens_given_on_the_command_line_reach_the_call(capsys: pytest.CaptureFixture[str], stubs: str) -> None:
    _, lines = run_sample(capsys, stubs, "0", "--token", "QueueArn=arn:q/agents")
    (transfer,) = [line for line in lines if line["kind"] == "transfer"]
    assert transfer["queue"] == "arn:q/agents"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nowhere"),
        ("check"),
        ("run", "nowhere.json", "--keys", "1", "--functions", "STUBS"),
        ("run", "FLOW", "--keys", "1", "--functions", "nowhere.json"),
        ("run", "FLOW", "--keys", "x", "--functions", "STUBS"),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--token", "x"),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--max-steps", "0"),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--attribute", "x="),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--fault", "balance_line/menu"),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--fault", "balance_line/menu=timeout"),
        ("run", "FLOW", "--keys", "1", "--functions", "STUBS", "--agent-after", "soon"),
    ],
)
def test_wrong_usage_is_answered_with_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], stubs: str, arguments: tuple[str, ...]
) -> None:
    given = [{"STUBS": stubs, "FLOW": str(RIGHT / "balance_line.json")}.get(each, each) for each in arguments]
    code, out, err = run(capsys, *given)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_a_run_can_be_given_faults_attributes_closed_hours_and_an_agent(
    capsys: pytest.CaptureFixture[str], stubs: str
) -> None:
    _, lines = run_sample(capsys, stubs, "0", "--attribute", "topic=boats", "--fault", "balance_line/menu=hang_up@1")
    assert [line["kind"] for line in lines][-2:] == ["disconnect", "end"]
    assert lines[-1]["outcome"] == "hung_up"
    code, lines = run_sample(capsys, stubs, "0", "--attribute", "topic=boats", "--agent-after", "30")
    (accepted,) = [line for line in lines if line["kind"] == "agent"]
    assert (code, accepted["waited_s"], lines[-1]["outcome"]) == (0, 30, "agent")
    (transfer,) = [line for line in lines if line["kind"] == "transfer"]
    assert transfer["attributes"]["topic"] == "boats"


def test_check_exits_1_on_errors_and_0_on_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", str(WRONG / "E115.json"), "--json")
    (found,) = json_lines(out)
    assert (code, found["rule"], found["severity"], found["block"]) == (1, "E115", "error", "hello")
    code, out, _ = run(capsys, "check", str(WRONG / "W214.json"))
    assert code == 0
    assert "1 file, 0 errors, 1 warning" in out
    code, out, _ = run(capsys, "check", str(RIGHT), "--json")
    assert (code, out) == (0, "")
