"""`hotline call`, and that `hotline flows` offers the commands of connect_sim."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connect_sim.simulator.engine import Engine
from connect_sim.simulator.mailbox import Message
from connect_sim.simulator.state import CallSetup, Waiting
from connect_sim.simulator.stubs import StubFunctions
from hotline_local import cli, worlds
from hotline_local.commands import call as call_command
from hotline_local.launcher.paths import ROOT
from hotline_local.worlds.flow_files import load_flow_set
from tests.connect_sim.samples.build import block, call, entry, flow, menu, say

SAMPLES = Path(__file__).parents[1] / "connect_sim" / "samples"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_flows_check_and_run_are_the_commands_of_connect_sim(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "flows", "check", str(SAMPLES / "wrong" / "E115.json"), "--json")
    assert (code, [line["rule"] for line in json_lines(out)]) == (1, ["E115"])
    stubs = tmp_path / "stubs.json"
    stubs.write_text("{}", encoding="utf-8")
    sample = str(SAMPLES / "right" / "balance_line.json")
    code, out, _ = run(capsys, "flows", "run", sample, "--keys", "-,-,-", "--functions", str(stubs), "--json")
    assert (code, json_lines(out)[-1]["outcome"]) == (0, "queue")


@pytest.mark.parametrize(
    "arguments",
    [
        ("flows", "check", "nowhere"),
        ("flows", "run", "nowhere.json", "--keys", "1", "--functions", "nowhere.json"),
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
        ("call", "--from", "withheld", "--agent", "agent-1", "--agent-after", "5"),
        ("call", "--from", "withheld", "--agent", "agent-1", "--target", "lambda"),
        ("call", "--from", "withheld", "--agent", "nobody", "--target", "lambda", "--agent-after", "5"),
    ],
)
def test_wrong_usage_is_answered_with_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_an_agent_who_is_named_hangs_up_first_so_that_the_survey_is_heard() -> None:
    waiting = Waiting(5.0)
    assert call_command._waiting(waiting, "agent-1") == Waiting(5.0, agent_leaves=True)
    assert call_command._waiting(waiting, None) == waiting
    assert call_command._waiting(None, "agent-1") is None


def test_the_whispers_of_a_call_are_those_that_its_hooks_name() -> None:
    flows = load_flow_set(sorted((ROOT / "flows").glob("*.json")), {})
    state = Engine(flows, StubFunctions({})).begin(CallSetup("contact-1", None), "hotline-entry")
    assert call_command._list_whispers(flows, state) == ()
    state.event_hooks = {"AgentWhisper": "hotline-agent-whisper", "CustomerRemaining": "hotline-survey"}
    assert call_command._list_whispers(flows, state) == ("hotline-agent-whisper",)


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
    monkeypatch.setattr(worlds, "open_world", lambda **_: made)
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
