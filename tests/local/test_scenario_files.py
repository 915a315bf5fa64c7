"""The form of a scenario file, the refusals of a wrong one, and the comparison of a call with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connect_sim.simulator.state import EndOutcome, Waiting
from hotline_local.scenarios.model import USUAL_TIME, ScenarioError, Topic
from hotline_local.scenarios.playing import play
from hotline_local.scenarios.reading import load_scenario, scenario_files

CALL: dict[str, Any] = {
    "title": "A person, at once",
    "about": "0 brings a person.",
    "speaks": "en-US",
    "covers": ["handover"],
    "call": {"from": "+12025550107"},
    "turns": [{"hears": ["Demo Wallet", "Records are kept"], "keys": "0"}],
    "ends": {
        "outcome": "queue",
        "hears": "I am connecting you",
        "attributes": {"reason": "asked"},
        "steps": ["start KNOWN", "handover QUEUE"],
    },
}


def written(tmp_path: Path, document: Any, name: str = "call") -> Path:
    path = tmp_path / f"{name}.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path


def changed(*keys: str | int, value: Any) -> dict[str, Any]:
    """The call with one thing in it changed."""
    document: dict[str, Any] = yaml.safe_load(yaml.safe_dump(CALL))
    inner: Any = document
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return document


def test_a_scenario_is_read_with_what_it_does_not_say(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, CALL, "handover-en"))
    assert (scenario.name, scenario.covers, scenario.only_here) == ("handover-en", (Topic.HANDOVER,), None)
    assert (scenario.calling.at, scenario.calling.hours_open, scenario.calling.waiting) == (USUAL_TIME, True, None)
    assert scenario.turns[0].hears == ("Demo Wallet", "Records are kept")
    assert (scenario.ending.outcome, scenario.ending.hears) == (EndOutcome.QUEUE, ("I am connecting you",))


@pytest.mark.parametrize(("given", "waiting"), [(0, Waiting(0.0)), (3600, Waiting(3600.0)), ("never", Waiting(None))])
def test_an_agent_accepts_after_some_time_or_never(tmp_path: Path, given: Any, waiting: Waiting) -> None:
    assert load_scenario(written(tmp_path, changed("call", "agent_after_s", value=given))).calling.waiting == waiting


@pytest.mark.parametrize(
    ("document", "where", "what"),
    [
        ("a: [", "call.yaml", "is not YAML in line 1"),
        ("[]", r"\$", "is not of type 'object'"),
        (changed("surplus", value=1), r"\$", "'surplus'"),
        (changed("call", "from", value="911"), r"\$\.call\.from", "does not match"),
        (changed("call", "at", value="tomorrow"), r"\$\.call\.at", "'tomorrow' is not a time"),
        (changed("call", "agent_after_s", value=3601), r"\$\.call\.agent_after_s", "not valid"),
        (changed("call", "faults", value=["x"]), r"\$\.call\.faults", "'x' is not FLOW/BLOCK=KIND"),
        (changed("covers", value=["weather"]), r"\$\.covers\[0\]", "'weather' is not one of"),
        (changed("turns", 0, "keys", value=0), r"\$\.turns\[0\]\.keys", "0 is not of type 'string'"),
        (changed("turns", 0, "keys", value="zero"), r"\$\.turns\[0\]\.keys", "'zero' is not keys"),
        (changed("turns", 0, "hears", value=[]), r"\$\.turns\[0\]\.hears", "not valid"),
        (changed("ends", "outcome", value="happy"), r"\$\.ends\.outcome", "'happy' is not one of"),
        (
            changed("turns", value=[{"hears": "a", "keys": "!"}, {"hears": "a", "keys": "1"}]),
            r"\$\.turns",
            "follow '!'",
        ),
    ],
)
def test_a_malformed_scenario_is_refused_with_its_place_and_one_sentence(
    tmp_path: Path, document: Any, where: str, what: str
) -> None:
    with pytest.raises(ScenarioError, match=what) as refused:
        load_scenario(written(tmp_path, document))
    assert "call.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(ScenarioError, match=where):
        load_scenario(written(tmp_path, document))


def test_a_folder_stands_for_its_scenarios_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenarios"):
        scenario_files([tmp_path])
    with pytest.raises(ScenarioError, match="no file or folder"):
        scenario_files([tmp_path / "nowhere"])
    path = written(tmp_path, CALL)
    assert scenario_files([tmp_path, path]) == (path,)


def test_a_call_that_goes_as_written_has_no_problem(tmp_path: Path) -> None:
    assert play(load_scenario(written(tmp_path, CALL))).problems == ()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (changed("turns", 0, "hears", value=["Records are kept", "For fraud"]), "turns[0]: 'For fraud' was not heard"),
        (changed("ends", "hears", value="Goodbye"), "ends: 'Goodbye' was not heard"),
        (changed("ends", "outcome", value="callback"), "ends: the outcome is queue, not callback."),
        (changed("ends", "attributes", value={"reason": "closed"}), "the attribute reason is 'asked', not 'closed'"),
        (changed("ends", "steps", value=["handover QUEUE", "start KNOWN"]), "'start KNOWN' is not among the steps"),
        (changed("speaks", value="zh-CN"), "speaks: the call was held in en-US."),
        (changed("turns", value=[*CALL["turns"], *CALL["turns"]]), "The call was over after 1 of 2 turns."),
        (changed("turns", value=[{"hears": "Demo Wallet", "keys": "1"}]), "the call did not end by itself (keys_out"),
    ],
)
def test_a_call_that_goes_otherwise_says_in_what(tmp_path: Path, document: Any, problem: str) -> None:
    assert any(problem in found for found in play(load_scenario(written(tmp_path, document))).problems)


def test_an_error_that_nobody_asked_for_is_a_problem_and_a_fault_is_none(tmp_path: Path) -> None:
    failing = changed("call", "faults", value=["hotline-handover/Handover=exception"])
    failing["ends"] = {"outcome": "queue"}
    played = play(load_scenario(written(tmp_path, failing)))
    assert played.problems == ()
    assert [event.data["cause"] for event in played.events if event.kind == "error"] == ["exception"]


def test_a_fault_at_a_block_that_is_not_there_is_refused(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, changed("call", "faults", value=["hotline-entry/Nowhere=hang_up"])))
    with pytest.raises(ScenarioError, match="no block 'Nowhere'"):
        play(scenario)


def test_a_turn_may_name_the_block_that_speaks_whatever_it_says(tmp_path: Path) -> None:
    named = changed("turns", 0, "hears", value=["[Greeting]"])
    assert play(load_scenario(written(tmp_path, named))).problems == ()
    other = changed("turns", 0, "hears", value=["[Main menu]"])
    assert any(
        "'[Main menu]' was not heard" in found for found in play(load_scenario(written(tmp_path, other))).problems
    )
