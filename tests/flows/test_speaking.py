"""How flows speak: at the caller's pace, with time to press keys, and all parts of an answer."""

from functools import cache

from connect_sim.language.document import Action, Flow, FlowKind
from connect_sim.language.graph import list_written_edges
from functions.connect.envelope import MORE_PROMPTS
from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from tests.flows.shipped import (
    ENTRY,
    HANDOVER,
    OUTBOUND,
    QUEUE,
    blocks,
    key_targets,
    menus,
    outcome_of,
    shipped,
    steps_of,
)
from tests.support.longest_answers import EVERYTHING, NOW
from tests.support.sweeps import sweep

TIME_TO_PRESS = '<break time="$.Attributes.pause"/></speak>'
ROBUST = {"Apology in both languages", "Lost in both languages", "Say no transfer", "Last words"}
"""Words for calls in which something failed: they depend on nothing."""

each_flow = sweep("flow", shipped().flows)
each_talking_flow = sweep("flow", [flow for flow in shipped().flows if flow.name != QUEUE])


# --- pace


@each_flow
def test_fixed_words_are_spoken_at_the_callers_pace_and_inputs_leave_them_time(flow: Flow) -> None:
    for action in flow.actions:
        said = action.text("SSML")
        assert "Text" not in action.parameters, f"{action.identifier}: SSML, so that it can be slower"
        if not said or said.startswith("$.External.") or action.identifier in ROBUST:
            continue
        if flow.kind is FlowKind.AGENT_WHISPER:
            # An agent listens, at the usual pace.
            assert said.startswith("<speak>$.FlowAttributes."), action.identifier
            continue
        assert said.startswith('<speak><prosody rate="$.Attributes.pace">'), action.identifier
        assert said.endswith(TIME_TO_PRESS) == (action.type == "GetParticipantInput"), action.identifier


@each_talking_flow
def test_the_second_silence_of_a_call_makes_it_slower(flow: Flow) -> None:
    for loop in blocks(flow, "Loop"):
        if loop.identifier.endswith(" no key"):
            slower = flow.by_identifier[key_targets(loop)["ContinueLooping"] or ""]
            assert slower.mapping("Attributes") == {
                "pace": "$.Attributes.pace_next",
                "pace_next": "slow",
                "pause": "$.Attributes.pause_next",
                "pause_next": "8s",
            }
            assert slower.error_target("NoMatchingError") == slower.next_action


def test_flows_that_calls_can_be_sent_to_from_elsewhere_know_a_usual_pace() -> None:
    first = shipped().by_name[ENTRY].by_identifier["First attributes"].mapping("Attributes")
    usual = {name: first[name] for name in ("pace", "pace_next", "pause", "pause_next")}
    assert usual == {"pace": "medium", "pace_next": "medium", "pause": "1ms", "pause_next": "1ms"}
    for name in (HANDOVER, QUEUE, OUTBOUND):
        assert shipped().by_name[name].by_identifier["Usual pace"].mapping("Attributes") == usual


# --- parts of an answer


@cache
def most_parts() -> dict[tuple[str, str], int]:
    """In how many prompts each outcome of each step may be said, with the longest facts, in either language."""
    most: dict[tuple[str, str], int] = {}
    for language in LANGUAGES:
        for kind in EVERYTHING:
            for step, outcome, facts in kind(language):
                known = {"now": NOW, "time_zone": "Asia/Shanghai", **facts}
                parts = len(speak(step, outcome, known, [language], most=STEPS[step].parts))
                most[step, outcome] = max(most.get((step, outcome), 0), parts)
    return most


@each_flow
def test_all_parts_of_an_answer_are_spoken(flow: Flow) -> None:
    for call, step in steps_of(flow):
        for outcome, target in key_targets(outcome_of(flow, call)).items():
            for block in first_to_speak(flow, target):
                said = parts_from(flow, block)
                assert len(said) >= most_parts()[step.name, outcome], f"{outcome}: {block.identifier} says {said}"


def first_to_speak(flow: Flow, start: str | None) -> list[Action]:
    """The blocks that speak an answer first, on any way from here to another step."""
    found: list[Action] = []
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        block = flow.by_identifier[ahead.pop() or ""]
        if block.identifier in seen or block.type in {"InvokeLambdaFunction", "InvokeFlowModule"}:
            continue
        seen.add(block.identifier)
        if block.text("SSML") == "$.External.prompt":
            found.append(block)
        else:
            ahead += [edge.target for edge in list_written_edges(flow, block)]
    return found


def parts_from(flow: Flow, block: Action) -> list[str]:
    """The parts of an answer that are spoken from this block on, in order."""
    said = ["prompt"]
    following = block.error_target("InputTimeLimitExceeded") if block in menus(flow) else block.next_action
    for part in MORE_PROMPTS:
        more = flow.by_identifier[following or ""]
        if more.text("ComparisonValue") != f"$.External.{part}":
            return said
        (condition,) = more.conditions
        assert (condition.operator, condition.operand) == ("TextStartsWith", "<speak>")
        block = flow.by_identifier[condition.target or ""]
        assert block.text("SSML") == f"$.External.{part}"
        said.append(part)
        following = block.error_target("InputTimeLimitExceeded") if block in menus(flow) else block.next_action
    return said
