"""The explorer walks every edge of flows that use every kind of block, and finds calls that go wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hotline_local.flowlang.document import load_flow
from hotline_local.flowlang.flowset import FlowSet
from hotline_local.simulator.events import Place
from hotline_local.simulator.explore import Explorer
from hotline_local.simulator.state import CallSetup, EndOutcome, EndReason
from tests.local.flow_samples.build import block, call, flow, menu, ring, say

RIGHT = Path(__file__).parent / "flow_samples" / "right"
METRICS = {"NumberOfAgentsAvailable": 1.0, "Queue.Size": 3.0}


def answers(place: Place, parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    common = {"turn": "2", "account_ref": "r", "prompt": "Your balance is five."}
    outcomes = ["PROVED", "WRONG", "EXPIRED"] if parameters.get("step") == "check_code" else ["OK"]
    return [common | {"outcome": outcome} for outcome in outcomes]


def setups() -> list[CallSetup]:
    return [
        ring(hours_open=opened, metrics=metrics)
        for opened in (True, False)
        for metrics in (METRICS, METRICS | {"NumberOfAgentsAvailable": 0.0})
    ]


def test_every_edge_of_the_sample_flows_is_walked() -> None:
    flows = FlowSet(load_flow(path) for path in sorted(RIGHT.glob("*.json")))
    explorer = Explorer(flows, answers)
    found = explorer.explore(setups())
    assert found.coverage.missing == ()
    assert found.failures == []
    assert {end.outcome for end in found.ends} == {
        EndOutcome.QUEUE,
        EndOutcome.CALLBACK,
        EndOutcome.DISCONNECTED,
    }


def test_an_outcome_without_a_branch_leaves_its_edge_unwalked_and_a_dead_end_is_a_failure() -> None:
    dead_end = flow(
        menu("m", {"1": "f"}),
        call("f", "c"),
        block(
            "c",
            "Compare",
            {"ComparisonValue": "$.External.outcome"},
            then="bye",
            cases={"NEVER": "yes", "PROVED": "bye"},
        ),
    )
    found = Explorer(FlowSet([dead_end]), lambda _place, _parameters: [{"outcome": "WRONG"}]).explore([ring()])
    assert {edge.label for edge in found.coverage.missing if edge.block == "c"} == {
        "if:Equals:NEVER",
        "if:Equals:PROVED",
    }
    assert [place for place, _ in found.failures] == [Place("main", "c")]
    assert any(end.reason is EndReason.FAILED for end in found.ends)


def test_a_search_over_a_circle_comes_to_an_end() -> None:
    circle = flow(menu("m", {"1": "say"}, InputTimeLimitExceeded="m"), say("say", "Again.", "m"))
    found = Explorer(FlowSet([circle]), lambda _place, _parameters: [{}]).explore([ring()])
    assert found.states < 20
