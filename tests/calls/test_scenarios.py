"""Every scenario of this folder is run by the simulator: shipped flows, the functions' own code, the demo wallet.

A scenario is a YAML file, and documents one call: who calls, what they hear and press, and how it ends. The format is
told in docs/flows.md; `./hotline flows test` runs them too.
"""

from pathlib import Path

import pytest

from benchmarks import phone_steps
from connect_sim.language.speech import estimate_duration
from connect_sim.simulator.events import CallEvent
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline_local.cli import main
from hotline_local.scenarios import goals
from hotline_local.scenarios.goals import GOALS, Reached, goals_of
from hotline_local.scenarios.model import Topic
from hotline_local.scenarios.playing import Played, play
from hotline_local.scenarios.reading import load_scenario, scenario_files
from tests.support.sweeps import sweep

FOLDER = Path(__file__).parent
SCENARIOS = {path.stem: load_scenario(path) for path in scenario_files([FOLDER])}
AGENT_STEPS = {"agent_proof", "proof_given_up"}
"""Steps of callers whom an agent sends on; no scenario has an agent. tests/flows/test_agent_proof.py plays them."""
LONGEST_PROMPT_S = 10.0
SPEECH_UNTIL_PAUSED_S = 20.0
READS_MAX, TRANSACTIONS_MAX = 2, 1
MORE_READS = {"refunds": 3, "not_me": 3, "checkup": 4}
"""The third read of refunds names the payments of those that the wallet began by itself, whose facts may come before
these. That of a denial has the findings that name what is denied, and that of a check-up the devices that are new."""
CAUSES = (
    *("password", "one-time-password", "login-rate", "risk", "stolen-password", "compliance", "agent", "dormant"),
    *("owner", "pause", "closed"),
)
"""Why the demo wallet's accounts are shut (docs/demo.md)."""

TOPICS_AND_GOALS = (
    (Topic.LOCKOUT, "lock_reason"),
    (Topic.PAYMENTS, "failed_payment"),
    (Topic.REFUNDS, "refund_status"),
    (Topic.BALANCE, "balance"),
    (Topic.BALANCE, "bills"),
    (Topic.FREEZE, "freeze"),
    (Topic.CHECKUP, "checkup"),
    (Topic.ADVICE, "official_numbers"),
    (Topic.HANDOVER, "person"),
)
"""The things that callers come with, each with the goal of speech that stands for it."""

each_scenario = sweep("name", sorted(SCENARIOS))
_played: dict[str, Played] = {}


def played(name: str) -> Played:
    """A scenario as it was run, once a session."""
    if name not in _played:
        _played[name] = play(SCENARIOS[name])
    return _played[name]


def prompts(call: Played) -> list[CallEvent]:
    return [event for event in call.events if event.kind == "prompt" and event.data["to"] == "customer"]


def speech_s(event: CallEvent) -> float:
    return estimate_duration(event.data["ssml"] or event.data["text"]).speech_s


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_call_goes_as_it_is_written(name: str) -> None:
    assert played(name).problems == ()


@each_scenario
def test_no_step_of_a_call_takes_more_than_two_reads_and_one_transaction(name: str) -> None:
    costs = played(name).costs
    assert costs
    assert [cost for cost in costs if cost.reads > MORE_READS.get(cost.step, READS_MAX)] == []
    assert [cost for cost in costs if cost.transactions > TRANSACTIONS_MAX] == []


@each_scenario
def test_no_prompt_of_a_call_takes_longer_than_ten_seconds(name: str) -> None:
    call = played(name)
    usual = [event for event in prompts(call) if 'rate="slow"' not in (event.data["ssml"] or "")]
    assert [event.data["text"] for event in usual if speech_s(event) > LONGEST_PROMPT_S] == []


@each_scenario
def test_no_value_that_a_flow_reads_is_missing_but_a_number_that_is_withheld(name: str) -> None:
    missing = {value for event in played(name).events if event.kind == "missing" for value in event.data["values"]}
    withheld = {"$.CustomerEndpoint.Address"} if SCENARIOS[name].calling.number is None else set()
    assert missing <= withheld


@sweep("speaks", LANGUAGES)
@sweep("step", [step.name for step in STEPS.values() if step.run_outbound is None and step.name not in AGENT_STEPS])
def test_every_step_of_a_call_is_answered_in_some_scenario_of_each_language(step: str, speaks: str) -> None:
    calls = [played(name) for name, each in SCENARIOS.items() if each.speaks == speaks]
    functions = [event.data for call in calls for event in call.events if event.kind == "function"]
    answered = {asked["step"] for asked in functions if asked["outcome"] is not None}
    assert step in answered


def test_a_scenario_that_is_played_again_is_the_same_call() -> None:
    name = "refunds-approved-zh"
    assert play(SCENARIOS[name]).events == played(name).events


@sweep("speaks", ["zh-CN", "en-US"])
@sweep("topic", Topic)
def test_every_topic_is_covered_in_both_languages(topic: Topic, speaks: str) -> None:
    assert [each.name for each in SCENARIOS.values() if topic in each.covers and each.speaks == speaks]


@sweep("speaks", ["zh-CN", "en-US"])
@sweep("cause", CAUSES)
def test_every_reason_for_which_an_account_is_shut_is_covered_in_both_languages(cause: str, speaks: str) -> None:
    assert SCENARIOS[f"lockout-{cause}-{speaks[:2]}"].speaks == speaks


@sweep("speaks", ["zh-CN", "en-US"])
@sweep("goal", GOALS)
def test_every_goal_of_speech_is_measured_in_both_languages_and_none_is_missed(goal: str, speaks: str) -> None:
    """A freeze: from the greeting to the code, and one decision. Others: from the proof to the end of the answer."""
    calls = [played(name) for name, each in SCENARIOS.items() if each.speaks == speaks]
    reached = [each for call in calls for each in goals_of(call) if each.goal == goal]
    assert reached
    assert [each for each in reached if each.missed] == []


@sweep("speaks", ["zh-CN", "en-US"])
@sweep(("topic", "goal"), TOPICS_AND_GOALS)
def test_each_topic_that_callers_come_with_has_a_call_that_reaches_its_goal_in_each_language(
    topic: Topic, goal: str, speaks: str
) -> None:
    calls = [name for name, each in SCENARIOS.items() if topic in each.covers and each.speaks == speaks]
    reached = [each for name in calls for each in goals_of(played(name)) if each.goal == goal]
    assert reached, f"no call of {topic} in {speaks}"
    assert [each for each in reached if each.missed] == []


def test_a_goal_that_is_missed_fails_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    call = FOLDER / "freeze-listening-en.yaml"
    assert main(["flows", "voice", str(call)]) == 0
    monkeypatch.setattr(goals, "SPEECH_BEFORE_FREEZE_S_MAX", 1.0)
    assert main(["flows", "voice", str(call)]) == 1


@sweep(("speech_s", "decisions", "missed"), [(19.9, 1, False), (20.0, 1, False), (20.1, 1, True), (1, 2, True)])
def test_a_goal_is_missed_above_its_limits(speech_s: float, decisions: int, missed: bool) -> None:
    assert Reached("freeze", "call", "zh-CN", speech_s, 20.0, decisions).missed is missed


@pytest.mark.parametrize("name", ["pause-zh", "pause-en"])
def test_fraud_is_acted_on_after_one_more_key_and_within_twenty_seconds_of_speech(name: str) -> None:
    """From the key in the main menu to the end of the words that say what was asked for."""
    events = list(played(name).events)
    pressed = [place for place, event in enumerate(events) if event.kind == "input"]
    chosen = next(place for place in pressed if events[place].place.block in ("Greeting", "Main menu"))
    acted = next(place for place, event in enumerate(events) if event.data.get("step") == "pause")
    told = next(place for place, event in enumerate(events) if place > acted and event.kind == "prompt")
    assert [event.data["keys"] for event in events[chosen + 1 : acted] if event.kind == "input"] == ["2"]
    said = [speech_s(event) for event in events[chosen : told + 1] if event.kind == "prompt"]
    assert sum(said) < SPEECH_UNTIL_PAUSED_S


def test_a_known_caller_who_is_locked_hears_that_first_after_the_proof() -> None:
    blocks = [event.place.block for event in prompts(played("payments-balance-en"))]
    assert blocks[blocks.index("Say proved") + 1] == "Say locked"
    blocks = [event.place.block for event in prompts(played("lockout-password-zh"))]
    assert next(block for block in blocks[blocks.index("Say proved") + 1 :] if block != "One moment") == "Say lock"


def test_the_bench_counts_the_cost_of_steps_and_takes_their_own_time() -> None:
    found = phone_steps.play_all([FOLDER / "refunds-link-zh.yaml"], rounds=2)
    costs = found.costs["refunds-link-zh"]
    assert [cost.step for cost in costs] == [cost.step for cost in played("refunds-link-zh").costs]
    assert all(len(own) == len(costs) for own in found.own_ms["refunds-link-zh"])
    row = next(row for row in phone_steps.tabulate_steps(found).rows if row[0] == "evidence_link")
    assert tuple(row[1:3]) == ("2", "1")
    assert phone_steps.usd_per_1000_calls(found.costs) > 0
