"""Keys, canned answers, lines of JSON, the telephone in the terminal, and the commands around them."""

import io
import json
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connect_sim.simulator.keys import KeysError, parse_keys
from connect_sim.simulator.mailbox import Message
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.stubs import MissingStubError, StubFileError, StubFunctions
from hotline_local import cli
from tests.connect_sim.samples.build import FUNCTION, block, call, entry, flow, menu, say

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


@pytest.mark.parametrize("text", ["a", "1a", "--", "1-", "{pin}", "1!", "１", '""', '"a'])
def test_what_is_no_key_is_refused_by_name(text: str) -> None:
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


@pytest.mark.parametrize(
    "answers", [{"a": "text"}, {"a": [1]}, {"a": {"error": "sadness"}}, {"a": {"error": "lost_answer"}}]
)
def test_stubs_of_another_shape_are_refused(answers: dict[str, Any]) -> None:
    with pytest.raises(StubFileError, match="The stub 'a'"):
        StubFunctions(answers)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(arguments)
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
    code, out, _ = run(capsys, "flows", "run", str(RIGHT / "balance_line.json"), *arguments)
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
        ("flows", "check", "nowhere"),
        ("flows", "check"),
        ("flows", "run", "nowhere.json", "--keys", "1", "--functions", "STUBS"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "nowhere.json"),
        ("flows", "run", "FLOW", "--keys", "x", "--functions", "STUBS"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--token", "x"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--max-steps", "0"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--attribute", "x="),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--fault", "balance_line/menu"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--fault", "balance_line/menu=timeout"),
        ("flows", "run", "FLOW", "--keys", "1", "--functions", "STUBS", "--agent-after", "soon"),
        ("call", "--from", "12"),
        ("call",),
        ("call", "--from", "withheld", "--to", "hotline"),
        ("call", "--from", "withheld", "--keys", "1 x"),
        ("call", "--from", "withheld", "--at", "2026-01-01T00:00:00"),
        ("call", "--from", "withheld", "--at", "yesterday"),
        ("call", "--from", "withheld", "--at", "2026-02-30T00:00:00Z"),
        ("call", "--from", "withheld", "--target", "lambda", "--at", "2026-01-01T00:00:00Z"),
        ("call", "--from", "withheld", "--target", "moon"),
        ("call", "--from", "withheld", "--language", "fr-FR"),
        ("call", "--from", "withheld", "--hours", "maybe"),
        ("call", "--from", "withheld", "--seed", "nowhere.jsonl"),
        ("call", "--from", "withheld", "--max-steps", "0"),
        ("call", "--from", "withheld", "--agent-after", "3601"),
        ("call", "--from", "withheld", "--fault", "nowhere"),
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
    code, out, _ = run(capsys, "flows", "check", str(WRONG / "E115.json"), "--json")
    (found,) = json_lines(out)
    assert (code, found["rule"], found["severity"], found["block"]) == (1, "E115", "error", "hello")
    code, out, _ = run(capsys, "flows", "check", str(WRONG / "W214.json"))
    assert code == 0
    assert "1 file, 0 errors, 1 warning" in out
    code, out, _ = run(capsys, "flows", "check", str(RIGHT), "--json")
    assert (code, out) == (0, "")


class FakeWorld:
    """A world of one flow, which sends a code when it is asked to, as SMS."""

    real_time = False
    start_flow = "main"

    def __init__(self, folder: Path, code: str | None) -> None:
        self.functions = StubFunctions({"*": {"outcome": "SENT"}})
        self.code = code
        self.asked: list[tuple[str | None, float]] = []
        self.seconds = 0.0
        self.told = False
        self.closed = False
        self._path = folder / "main.json"
        self._path.write_text(_world_flow(), encoding="utf-8")

    def tokens(self) -> Mapping[str, str]:
        return {}

    def flows(self) -> Iterable[Path]:
        return [self._path]

    def after_function(self) -> Sequence[Message]:
        if len(self.functions.calls) != 1 or self.told:
            return []
        self.told = True
        return [Message("sms", "+8613800000001", f"Your code is {self.code}.", datetime(2026, 3, 1, tzinfo=UTC))]

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        self.asked.append((to, newer_than))
        return self.code

    def advance(self, seconds: float) -> None:
        self.seconds += seconds

    def close(self) -> None:
        self.closed = True


def _world_flow() -> str:
    made = flow(
        menu("m", {"1": "send"}),
        call("send", "e", step="send_code"),
        entry("e", "check"),
        call("check", "say", step="check_code", code="$.StoredCustomerInput"),
        say("say", "Thank you.", "bye"),
        block("bye now", "DisconnectParticipant"),
    )
    actions = [
        {
            "Identifier": action.identifier,
            "Type": action.type,
            "Parameters": action.parameters,
            "Transitions": {
                "NextAction": action.next_action,
                "Errors": [{"ErrorType": edge.error_type, "NextAction": edge.target} for edge in action.errors],
                "Conditions": [
                    {
                        "NextAction": edge.target,
                        "Condition": {"Operator": edge.operator, "Operands": list(edge.operands)},
                    }
                    for edge in action.conditions
                ],
            },
        }
        for action in made.actions
    ]
    return json.dumps({"Version": "2019-10-30", "StartAction": "m", "Actions": actions})


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    made = FakeWorld(tmp_path, "246810")
    opened = types.ModuleType("hotline_local.worlds")
    opened.open_world = lambda **given: made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hotline_local.worlds", opened)
    return made


def test_a_call_types_the_code_that_came_and_shows_the_message_but_masks_the_code(
    capsys: pytest.CaptureFixture[str], world: FakeWorld
) -> None:
    code, out, _ = run(capsys, "call", "--from", "+86 138-0000-0001", "--keys", "1 {code}", "--json")
    lines = json_lines(out)
    assert (code, lines[-1]["outcome"]) == (0, "disconnected")
    (message,) = [line for line in lines if line["kind"] == "message"]
    assert (message["channel"], message["to"], message["text"]) == ("sms", "+8613800000001", "Your code is 246810.")
    assert message["at"] == "2026-03-01T00:00:00+00:00"
    assert [line["keys"] for line in lines if line["kind"] == "input"] == ["1", "••••••"]
    assert world.functions.calls[1][1]["Details"]["Parameters"]["code"] == "246810"
    sent = next(line for line in lines if line["kind"] == "function")
    assert world.asked == [("+8613800000001", sent["at_s"])]
    assert world.closed
    assert world.seconds == pytest.approx(lines[-1]["at_s"])


def test_a_code_where_a_menu_asked_for_none_is_told_so(capsys: pytest.CaptureFixture[str], world: FakeWorld) -> None:
    code, out, _ = run(capsys, "call", "--from", "+8613800000001", "--keys", "{code}", "--json")
    (failed,) = [line for line in json_lines(out) if line["kind"] == "error"]
    assert (code, json_lines(out)[-1]["reason"]) == (1, "failed")
    assert failed["cause"].startswith("This menu asked for no code")
    assert world.asked == []


def test_the_help_of_call_explains_every_kind_of_key(capsys: pytest.CaptureFixture[str]) -> None:
    _, told, _ = run(capsys, "call", "--help")
    for token in ("{code}", "  -  ", "  !  ", '"I lost my card"'):
        assert token in told


def test_a_code_that_never_comes_fails_the_call(capsys: pytest.CaptureFixture[str], world: FakeWorld) -> None:
    world.code = None
    code, out, _ = run(capsys, "call", "--from", "withheld", "--keys", "1 {code}", "--json")
    assert (code, json_lines(out)[-1]["reason"]) == (1, "failed")
    assert world.asked[0][0] is None


def test_a_call_by_hand_reads_keys_from_a_pipe_and_says_what_is_expected(
    capsys: pytest.CaptureFixture[str], world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n1\n{code}\n"))
    code, out, _ = run(capsys, "call", "--from", "+8613800000001")
    assert code == 0
    assert "one key: 1" in out
    assert "'x' is not keys" in out
    assert "up to 6 secret digits" in out
    assert "Your code is 246810." in out
    assert "Thank you." in out
    assert "ended, disconnected" in out


def test_a_call_by_hand_hangs_up_at_the_end_of_its_input(
    capsys: pytest.CaptureFixture[str], world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    code, out, _ = run(capsys, "call", "--from", "+8613800000001")
    assert code == 0
    assert "you hung up" in out
    assert world.closed


def test_an_interrupt_hangs_up_and_closes_the_world(
    capsys: pytest.CaptureFixture[str], world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.functions, "invoke", interrupted)
    code, out, _ = run(capsys, "call", "--from", "+8613800000001", "--keys", "1", "--json")
    assert (code, json_lines(out)[-1]["outcome"]) == (0, "hung_up")
    assert world.closed


def test_json_by_hand_keeps_everything_else_off_standard_output(
    capsys: pytest.CaptureFixture[str], world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n!\n"))
    code, out, err = run(capsys, "call", "--from", "+8613800000001", "--json")
    assert (code, json_lines(out)[-1]["outcome"]) == (0, "hung_up")
    assert "one key: 1" in err
