"""Every edge of every shipped flow is walked in a call that began where calls begin, and no walked call ends badly."""

from dataclasses import replace

import pytest

from connect_sim.language.document import Action, ConditionEdge, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge
from connect_sim.simulator.events import CallEvent, Place
from connect_sim.simulator.state import EndOutcome
from connect_sim.walker.coverage import EdgeCoverage
from connect_sim.walker.walker import DIGITS, PATIENCE, Walker
from hotline_local.scenarios.covering import SEALED, STARTS, HotlineWalk, walk_all
from hotline_local.scenarios.walked_functions import HotlineFunctions
from tests.flows.shipped import ENTRY, RESOURCE_TOKENS, shipped

LAST_WORDS = {
    "Say goodbye", "Say no transfer", "Say closed", "Say no callback", "Say gone", "Say sorry", "Last words",
}  # fmt: skip


@pytest.fixture(scope="module")
def walked() -> tuple[EdgeCoverage, list[HotlineWalk]]:
    return walk_all(shipped())


@pytest.fixture(scope="module")
def walks(walked: tuple[EdgeCoverage, list[HotlineWalk]]) -> list[HotlineWalk]:
    return walked[1]


def test_every_edge_of_every_block_is_walked(walked: tuple[EdgeCoverage, list[HotlineWalk]]) -> None:
    coverage, _ = walked
    missing = [f"{edge.flow}: {edge.block} --{edge.label}--> {edge.target}" for edge in coverage.missing]
    assert missing == []
    assert [flow.flow for flow in coverage.by_flow() if flow.blocks_walked < flow.blocks] == []


def test_the_coverage_counts_every_block_of_every_flow(walked: tuple[EdgeCoverage, list[HotlineWalk]]) -> None:
    coverage, _ = walked
    counted = {(edge.flow, edge.block) for edge in coverage.edges}
    assert counted == {(flow.name, action.identifier) for flow in shipped().flows for action in flow.actions}


def test_some_edge_is_for_encrypted_entries_alone() -> None:
    assert [edge.flow for edge in EdgeCoverage(shipped()).edges if edge.label == SEALED] == ["module-proof"] * 2


def test_an_edge_that_no_call_can_take_is_noticed() -> None:
    proof = shipped().by_name["module-proof"]
    target = proof.by_identifier["Method"].error_target("NoMatchingCondition")
    never = ConditionEdge("Equals", ("carrier pigeon",), target)
    flows = with_condition(proof, "Method", never)
    walker = Walker(flows, STARTS, HotlineFunctions())
    for _ in walker.walks(200):
        pass
    assert Edge("module-proof", "Method", "if:Equals:carrier pigeon", target) in walker.coverage.missing


def with_condition(flow: Flow, block: str, condition: ConditionEdge) -> FlowSet:
    """The shipped flows, with one condition more in one block."""

    def changed(action: Action) -> Action:
        return replace(action, conditions=(condition, *action.conditions)) if action.identifier == block else action

    other = replace(flow, actions=tuple(changed(action) for action in flow.actions))
    return FlowSet([other if one is flow else one for one in shipped().flows], RESOURCE_TOKENS)


def test_every_walked_call_comes_to_an_end(walks: list[HotlineWalk]) -> None:
    assert [walk.describe() for walk in walks if not walk.ended] == []


def test_no_call_ends_in_a_bare_hang_up(walks: list[HotlineWalk]) -> None:
    assert [walk.describe() for walk in walks if hangs_up(walk) and not hears_last_words(walk)] == []


def hangs_up(walk: HotlineWalk) -> bool:
    """Whether the flow ended a call. Nobody is at the other end of a task."""
    return walk.state.setup.channel == "VOICE" and any(
        event.kind == "disconnect" and event.data["by"] == "flow" for event in walk.events
    )


def hears_last_words(walk: HotlineWalk) -> bool:
    """Whether a closing sentence was the last thing on the line, or the attempt to say it was made to fail."""
    last = next(event for event in reversed(walk.events) if event.kind not in {"disconnect", "end"})
    spoken = last.kind == "prompt" or (last.kind == "error" and last.place in walk.faults)
    return spoken and last.place.block in LAST_WORDS


def test_a_caller_who_can_be_heard_ends_with_a_person_a_callback_or_words(walks: list[HotlineWalk]) -> None:
    outcomes = {walk.state.end.outcome for walk in walks if walk.state.end}
    # A walk ends as closed only where nothing was keyed in since; tests/flows/test_calls.py makes such a call.
    assert outcomes | {EndOutcome.CLOSED} == {
        EndOutcome.QUEUE,
        EndOutcome.AGENT,
        EndOutcome.CALLBACK,
        EndOutcome.CLOSED,
        EndOutcome.DISCONNECTED,
        EndOutcome.HUNG_UP,
    }
    assert all(sum(event.kind == "input" for event in walk.events) <= PATIENCE + 1 for walk in walks)


def test_every_step_gets_the_turn_and_the_account_of_the_answer_before(walks: list[HotlineWalk]) -> None:
    for walk in walks:
        if walk.faults or not walk.calls or walk.calls[0]["step"] != "start":
            continue
        turn, account_ref = "0", "-"
        for given, answered in zip(walk.calls, walk.turns, strict=True):
            assert (given["turn"], given["account_ref"]) == (turn, account_ref), walk.describe()
            turn, account_ref = answered, "ref"


def test_no_step_gets_an_empty_parameter(walks: list[HotlineWalk]) -> None:
    """Unless the very first attributes could not be set: then the function has to bear with it."""
    whole = [walk for walk in walks if Place(ENTRY, "First attributes") not in walk.faults]
    assert [given for walk in whole for given in walk.calls if not all(given.values())] == []


def test_nothing_is_keyed_in_while_logging_or_recording_is_on(walks: list[HotlineWalk]) -> None:
    entries = [
        event for walk in walks for event in walk.events if event.kind == "input" and event.data["max_length"] > 1
    ]
    assert entries
    assert [event.place for event in entries if event.data["logging"] or event.data["recording"]] == []


def test_nothing_personal_is_spoken_while_logging_is_on(walks: list[HotlineWalk]) -> None:
    """Modules speak of the caller's affairs; the only logged inputs are the menus of the entry."""
    logged = {
        event.place.flow for walk in walks for event in walk.events if event.kind == "input" and event.data["logging"]
    }
    assert logged == {ENTRY}


def test_an_entry_never_becomes_an_attribute(walks: list[HotlineWalk]) -> None:
    def leaks(event: CallEvent) -> bool:
        return event.kind == "attributes" and any(DIGITS in value for value in event.data["attributes"].values())

    assert [event for walk in walks for event in walk.events if leaks(event)] == []
    assert [walk.describe() for walk in walks if any(DIGITS in value for value in walk.state.attributes.values())] == []
