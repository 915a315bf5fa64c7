"""The command `run`: the set-up file, its effects and refusals, and what a run names as not given."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connect_sim.__main__ import main as run_command
from connect_sim.simulator.setup_file import SetupFile, SetupFileError, load_setup
from tests.connect_sim.samples.build import ERROR, NO_MATCH, block, call, menu, say

DOCUMENTATION = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCUMENTATION / "examples" / "flow-setup.json"
WEEKDAYS = "arn:aws:connect:us-east-1:111122223333:instance/i/operating-hours/weekdays"
QUEUE = "arn:aws:connect:us-east-1:111122223333:instance/i/queue/boats"


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


class Shell:
    """Runs `flows run` on flows that are written into a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def flow(self, *blocks: dict[str, Any], name: str = "main") -> None:
        ends = [block(end, "DisconnectParticipant") for end in ("bye", "yes", "no", "failed", "silent", "no match")]
        actions = [*blocks, *ends]
        document = {"Version": "2019-10-30", "StartAction": blocks[0]["Identifier"], "Metadata": {}, "Actions": actions}
        written(self.folder, f"{name}.json", document)

    def run(self, setup: Any = None, *options: str, stubs: Mapping[str, Any] | None = None, keys: str = "1") -> int:
        given = [] if setup is None else ["--setup", str(written(self.folder, "s.txt", setup))]
        functions = str(written(self.folder, "stubs.txt", stubs or {}))
        main = str(self.folder / "main.json")
        code = run_command(["run", main, "--keys", keys, "--functions", functions, "--json", *given, *options])
        read = self.capsys.readouterr()
        self.events = [json.loads(line) for line in read.out.splitlines()]
        self.needs = [line for line in read.err.splitlines() if " needs " in line]
        self.errors = read.err
        return code

    @property
    def heard(self) -> list[str]:
        return [event["text"] for event in self.events if event.get("event", event.get("kind")) == "prompt"]


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def branch(kind: str, parameters: dict[str, Any], cases: dict[str, str], operator: str = "Equals") -> dict[str, Any]:
    errors = {ERROR: "failed", NO_MATCH: "otherwise"}
    return block("b", kind, parameters, then="otherwise", errors=errors, cases=cases, operator=operator)


def told() -> list[dict[str, Any]]:
    texts = {"then": "Then.", "otherwise": "Otherwise.", "failed": "Failed."}
    return [say(name, text, "bye") for name, text in texts.items()]


def decided(shell: Shell, asked: dict[str, Any], setup: Any, *options: str) -> str:
    queue = block("q", "UpdateContactTargetQueue", {"QueueId": QUEUE}, then="b", errors={ERROR: "no"})
    actions = [queue, asked, *told()]
    actions += [block(end, "DisconnectParticipant") for end in ("bye", "no")]
    document = {"Version": "2019-10-30", "StartAction": "q", "Metadata": {}, "Actions": actions}
    written(shell.folder, "main.json", document)
    shell.run(setup, *options)
    return shell.heard[-1] if shell.heard else ""


HOURS = branch("CheckHoursOfOperation", {}, {"True": "then", "False": "otherwise"})
NAMED_HOURS = branch(
    "CheckHoursOfOperation",
    {"HoursOfOperationId": WEEKDAYS},
    {"True": "then", "False": "otherwise"},
)
TOKEN_HOURS = branch(
    "CheckHoursOfOperation", {"HoursOfOperationId": "${HoursArn}"}, {"True": "then", "False": "otherwise"}
)
STAFFED = branch("CheckMetricData", {"MetricType": "NumberOfAgentsAvailable"}, {"0": "then"}, "NumberGreaterThan")
SHARE = branch("DistributeByPercentage", {}, {"51": "then"}, "NumberLessThan")
CALLER = branch("Compare", {"ComparisonValue": "$.CustomerEndpoint.Address"}, {"+8613900000009": "then"})
CHANNEL = branch("Compare", {"ComparisonValue": "$.Channel"}, {"CHAT": "then"})
LANGUAGE = branch("Compare", {"ComparisonValue": "$.LanguageCode"}, {"zh-CN": "then"})
ATTRIBUTE = branch("Compare", {"ComparisonValue": "$.Attributes.due"}, {"500": "then"})
THIRD = block(
    "b",
    "TransferParticipantToThirdParty",
    {
        "ThirdPartyPhoneNumber": "+18005550111",
        "ThirdPartyConnectionTimeLimitSeconds": "20",
        "ContinueFlowExecution": "True",
    },
    then="then",
    errors={"CallFailed": "otherwise", "ConnectionTimeLimitExceeded": "failed", ERROR: "no"},
)
CAPACITY = block("b", "TransferContactToQueue", then="no", errors={"QueueAtCapacity": "otherwise", ERROR: "failed"})
PROFILE = block("b", "GetCustomerProfile", then="then", errors={"NoneFoundError": "otherwise", ERROR: "failed"})


@pytest.mark.parametrize(
    ("asked", "setup", "heard"),
    [
        (HOURS, {}, "Then."),
        (HOURS, {"hours": "closed"}, "Otherwise."),
        (HOURS, {"hours": {"boats": "closed"}}, "Otherwise."),
        (HOURS, {"hours": {QUEUE: "closed"}}, "Otherwise."),
        (HOURS, {"hours": {"other": "closed"}}, "Then."),
        (HOURS, {"hours": {"*": "closed", "boats": "open"}}, "Then."),
        (NAMED_HOURS, {"hours": {"weekdays": "closed"}}, "Otherwise."),
        (TOKEN_HOURS, {"hours": {"HoursArn": "closed"}}, "Otherwise."),
        (STAFFED, {}, "Failed."),
        (STAFFED, {"metrics": {"NumberOfAgentsAvailable": 0}}, "Otherwise."),
        (STAFFED, {"metrics": {"NumberOfAgentsAvailable": 1}}, "Then."),
        (CALLER, {"caller": "+8613900000009"}, "Then."),
        (CALLER, {"caller": "withheld"}, "Otherwise."),
        (CHANNEL, {"channel": "CHAT"}, "Then."),
        (LANGUAGE, {"language": "zh-CN"}, "Then."),
        (ATTRIBUTE, {"attributes": {"due": "500"}}, "Then."),
        (THIRD, {}, "Then."),
        (THIRD, {"third_party": "fails"}, "Otherwise."),
        (THIRD, {"third_party": "no_answer"}, "Failed."),
        (CAPACITY, {}, ""),
        (CAPACITY, {"capacity": "full"}, "Otherwise."),
        (CAPACITY, {"capacity": {"boats": "full"}}, "Otherwise."),
        (CAPACITY, {"capacity": {"other": "full"}}, ""),
        (CAPACITY, {"capacity": {"*": "full", "boats": "free"}}, ""),
        (PROFILE, {}, "Otherwise."),
        (PROFILE, {"blocks": {"GetCustomerProfile": {"values": {"FirstName": "Ada"}}}}, "Then."),
        (PROFILE, {"blocks": {"b": {"error": "MultipleFoundError"}}}, "Failed."),
    ],
)
def test_a_set_up_decides_what_a_block_finds(shell: Shell, asked: dict[str, Any], setup: Any, heard: str) -> None:
    assert decided(shell, asked, setup) == heard


def test_options_win_over_the_file(shell: Shell) -> None:
    assert decided(shell, HOURS, {"hours": "open"}, "--hours", "closed") == "Otherwise."
    assert decided(shell, ATTRIBUTE, {"attributes": {"due": "1"}}, "--attribute", "due=500") == "Then."


def test_the_same_seed_draws_the_same_percentages(shell: Shell) -> None:
    drawn = {seed: [decided(shell, SHARE, {"seed": seed}) for _ in range(2)] for seed in range(6)}
    assert all(first == second for first, second in drawn.values())
    assert {first for first, _ in drawn.values()} == {"Then.", "Otherwise."}


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ({"metrcs": {}}, "metrcs is no key of a set-up; there are caller, channel"),
        (
            {"metrics": {"NumberOfAgentsAvailable": "2"}},
            'metrics.NumberOfAgentsAvailable: input should be a valid number, not "2"',
        ),
        ({"metrics": {"Queue.Size": True}}, "metrics.Queue.Size"),
        ({"metrics": {"Queue.Size": -1}}, "metrics.Queue.Size"),
        ({"metrics": {"QueueSize": 1}}, "'QueueSize' is none of"),
        ({"metrics": 3}, "metrics: input should be an object, not 3"),
        ({"seed": "1"}, "seed: input should be a valid integer"),
        ({"seed": 1.5}, "seed: input should be a valid integer"),
        ({"hours": "ajar"}, "'open' or 'closed', not \"ajar\""),
        ({"hours": {"a": True}}, "hours.a: input should be 'open' or 'closed', not true"),
        ({"capacity": 0}, "capacity: input should be an object"),
        ({"caller": "123"}, "'123' is neither a number in E.164 form nor the word withheld"),
        ({"caller": None, "channel": "voice"}, "channel: input should be 'VOICE'"),
        ({"third_party": "maybe"}, "third_party: input should be 'answers'"),
        ({"attributes": {"a": 1}}, "attributes.a: input should be a valid string, not 1"),
        ({"attributes": {"a": ""}}, "attributes.a"),
        ({"blocks": {"ShowView": {"valu": "x"}}}, "blocks.ShowView.0.valu is no key that is known here"),
        ({"blocks": {"ShowView": {"value": "x", "error": "y"}}}, "an answer with an error has no value"),
        ({"blocks": {"ShowView": []}}, "blocks.ShowView"),
        ({"blocks": {"ShowVeiw": "Submit"}}, "'ShowVeiw' is no type that a set-up answers for, and no block"),
        ({"blocks": {"Compare": "x"}}, "'Compare' is no type that a set-up answers for"),
        ("[]", "holds no JSON object"),
        ("{", "is not JSON: "),
        ('{"seed": 1, "seed": 2}', "'seed' is there twice"),
        ("[" * 100_000, "nested too deeply"),
        (" " * (256 * 1024) + "{}", "has more than 262144 bytes"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_set_up_that_cannot_be_meant_is_refused_by_name(shell: Shell, setup: Any, said: str) -> None:
    shell.flow(say("s", "Hello", "bye"))
    assert shell.run(setup) == 2
    assert said in shell.errors
    assert shell.events == []


def test_a_set_up_file_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    for size, refused in ((256 * 1024 - 1, False), (256 * 1024, False), (256 * 1024 + 1, True)):
        path = written(tmp_path, "s.json", "{}".rjust(size))
        if refused:
            with pytest.raises(SetupFileError):
                load_setup(path)
        else:
            assert load_setup(path) == SetupFile()


def test_a_set_up_file_that_is_not_there_is_refused(shell: Shell) -> None:
    shell.flow(say("s", "Hello", "bye"))
    assert shell.run(None, "--setup", str(shell.folder / "none.json")) == 2
    assert "cannot be read" in shell.errors


def test_the_example_in_the_documentation_is_a_set_up_and_uses_every_key() -> None:
    example = load_setup(EXAMPLE)
    assert example.model_fields_set == set(SetupFile.model_fields)
    text = (DOCUMENTATION / "flow-rules.md").read_text(encoding="utf-8")
    assert EXAMPLE.read_text(encoding="utf-8") in text


def test_help_and_documentation_name_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_command(["run", "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    text = (DOCUMENTATION / "flow-rules.md").read_text(encoding="utf-8")
    for name in SetupFile.model_fields:
        assert f"\n  {name} " in shown
        assert f"\n| `{name}` |" in text


def test_a_run_names_what_its_flows_need_and_were_not_given(shell: Shell) -> None:
    away = block("away", "TransferToFlow", {"ContactFlowId": "${SecondArn}"}, then="bye", errors={ERROR: "no"})
    ask = menu("ask", {"1": "away"})
    hours = block(
        "h", "CheckHoursOfOperation", then="ask", errors={ERROR: "ask"}, cases={"True": "ask", "False": "ask"}
    )
    shell.flow(say("s", "Hello $.Attributes.name, ${Wallet}", "h"), hours, ask, away)
    bot = block(
        "bot",
        "ConnectParticipantWithLexBot",
        {"LexV2Bot": {"AliasArn": "arn:of/helper"}},
        then="m",
        errors={ERROR: "m"},
    )
    module = block("m", "InvokeFlowModule", {"FlowModuleId": "${GoneArn}"}, then="x", errors={ERROR: "x"})
    odd = block("x", "TurnAround", then="p")
    share = block("p", "DistributeByPercentage", then="v", errors={NO_MATCH: "v"})
    view = block("v", "GetCase", then="q", errors={ERROR: "q"})
    queue = block("q", "TransferContactToQueue", then="no", errors={"QueueAtCapacity": "no", ERROR: "no"})
    shell.flow(call("f", "bot", step="look"), bot, module, odd, share, view, queue, name="second")
    shell.flow(say("s", "$.Attributes.other ${Other}", "bye"), name="stranger")
    shell.run({}, keys="!")
    assert shell.needs == [
        "main needs attribute name: it has no value.",
        "main needs hours of the queue: taken as open.",
        "main needs queue: none is set, so the error edge is taken.",
        "main needs token Wallet: it stays as it is written.",
        "second needs answer GetCase (v): none is given, so NoneFound is taken.",
        "second needs block TurnAround (x): it is not known here, so the call stops there.",
        "second needs bot arn:of/helper: no stub `lex:` answers for it, so the call stops there.",
        "second needs flow ${GoneArn}: the call stops there.",
        "second needs function connect with the step look: no stub answers for it, so the call stops there.",
        "second needs queue: none is set, so the error edge is taken.",
        "second needs seed: percentages are drawn with the seed 0.",
        "second needs token GoneArn: it stays as it is written.",
    ]


def test_a_run_that_was_given_everything_names_nothing(shell: Shell) -> None:
    queue = block("q", "UpdateContactTargetQueue", {"QueueId": "${Queue}"}, then="h", errors={ERROR: "no"})
    hours = block("h", "CheckHoursOfOperation", errors={ERROR: "no"}, cases={"True": "f", "False": "f"})
    bot = block(
        "bot",
        "ConnectParticipantWithLexBot",
        {"LexV2Bot": {"AliasArn": "arn:of/helper"}},
        errors={NO_MATCH: "m", ERROR: "m"},
    )
    metrics = block("m", "GetMetricData", then="s", errors={ERROR: "no"})
    share = block("p", "DistributeByPercentage", errors={NO_MATCH: "v"})
    case = block("v", "GetCase", then="bye", errors={ERROR: "no"})
    text = "$.Attributes.name $.Attributes.kept $.Metrics.Queue.Size $.Metrics.Queue.Name"
    kept = block("k", "UpdateContactAttributes", {"Attributes": {"kept": "1"}}, then="q", errors={ERROR: "no"})
    shell.flow(kept, queue, hours, call("f", "bot"), bot, metrics, say("s", text, "p"), share, case)
    setup = {
        "attributes": {"name": "Ada"},
        "hours": "open",
        "metrics": {"Queue.Size": 1},
        "seed": 0,
        "blocks": {"v": {"values": {"status": "open"}}},
    }
    stubs = {"connect": {"a": "b"}, "lex:helper": {"intent": "Other"}}
    shell.run(setup, "--token", "Queue=arn:of/boats", stubs=stubs)
    assert shell.needs == []
    assert shell.heard == ["Ada 1 1 boats"]


@pytest.mark.parametrize(
    ("asked", "setup", "need"),
    [
        (
            STAFFED,
            {"metrics": {"Queue.Size": 1}},
            "metric NumberOfAgentsAvailable: not given, so the error edge is taken",
        ),
        (
            block("b", "GetMetricData", then="then", errors={ERROR: "no"}),
            {},
            "metrics: none are given, so the error edge is taken",
        ),
        (
            say("b", "$.Metrics.Queue.Size", "then"),
            {"metrics": {"Agents.Online.Count": 1}},
            "metric Queue.Size: it has no value",
        ),
        (THIRD, {}, "third party +18005550111: taken as one that answers"),
        (
            NAMED_HOURS,
            {"hours": {"x": "open"}},
            f"hours {WEEKDAYS}: taken as open",
        ),
        (
            block("b", "ShowView", then="then", errors={ERROR: "no"}),
            {},
            "channel CHAT: ShowView takes its error edge on VOICE",
        ),
        (
            block("b", "ShowView", then="then", errors={ERROR: "no"}),
            {"channel": "CHAT"},
            "answer ShowView (b): none is given, so TimeLimitExceeded is taken",
        ),
    ],
    ids=["metric", "metrics", "path", "third party", "hours", "channel", "view"],
)
def test_single_needs_are_named(shell: Shell, asked: dict[str, Any], setup: Any, need: str) -> None:
    decided(shell, asked, setup)
    assert f"main needs {need}." in shell.needs


def test_a_queue_flow_by_itself_needs_an_agent(shell: Shell) -> None:
    cases = {"MessagesInterrupted": "m"}
    parameters = {"Messages": [{"Text": "Hold"}], "InterruptFrequencySeconds": "30"}
    music = block("m", "MessageParticipantIteratively", parameters, then="e", errors={ERROR: "e"}, cases=cases)
    actions = [music, block("e", "EndFlowExecution")]
    document = {"Version": "2019-10-30", "StartAction": "m", "Metadata": {}, "Actions": actions}
    written(shell.folder, "main.json", document)
    assert shell.run() == 0
    assert shell.needs == ["main needs agent: nobody comes, so the call ends after 3600 s."]
    assert shell.run(None, "--agent-after", "90") == 0
    assert shell.needs == []
    assert shell.events[-1]["outcome"] == "agent"


@pytest.mark.parametrize("spelled", ["${Name}", "%%Name%%", "<<Name>>", "{{Name}}", "%Name%"])
def test_a_token_is_filled_in_whatever_its_spelling(shell: Shell, spelled: str) -> None:
    shell.flow(say("s", f"Hello {spelled}", "bye"))
    assert shell.run(None, "--token", "Name=Ada") == 0
    assert (shell.heard, shell.needs) == (["Hello Ada"], [])


@pytest.mark.parametrize(
    ("hook", "options", "named"),
    [
        ("CustomerQueue", ["--agent-after", "9"], 1),
        ("CustomerQueue", [], 0),
        ("DefaultAgentUI", ["--agent-after", "9"], 0),
    ],
)
def test_a_hooks_flow_is_needed_where_it_would_run(shell: Shell, hook: str, options: list[str], named: int) -> None:
    hooks = {"EventHooks": {hook: "wait_flow"}}
    shell.flow(block("h", "UpdateContactEventHooks", hooks, then="bye", errors={ERROR: "no"}))
    shell.run(None, *options)
    assert shell.needs == ["main needs flow wait_flow: the call stops where it would run."] * named
