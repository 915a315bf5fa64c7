"""How much of the shipped flows calls come through: scenarios, made-up walks, and both together."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from connect_sim.language.flow_set import FlowSet
from connect_sim.walker.coverage import EdgeCoverage, FlowCoverage
from connect_sim.walker.walker import Walk, Walker
from hotline_local.scenarios.playing import Played
from hotline_local.scenarios.walked_functions import HotlineFunctions
from hotline_local.worlds.flow_files import (
    AGENT_TRANSFER_FLOW,
    OUTBOUND_FLOW,
    START_FLOW,
    SURVEY_FLOW,
    TASK_FLOW,
    flow_set,
    flows_without_key,
)

WHISPER_FLOW = "hotline-agent-whisper"
STARTS = (
    *(START_FLOW, "hotline-customer-queue", "hotline-handover", WHISPER_FLOW),
    *(SURVEY_FLOW, AGENT_TRANSFER_FLOW, OUTBOUND_FLOW, TASK_FLOW),
)
"""The flows in which walks begin: at the number, in a queue, on the way to a person, before an agent talks and after.
Agents send callers to be verified; then come calls that we make, and the tasks of cases."""
SEALED = "if:TextStartsWith:AY"
"""The edge that an encrypted entry takes, as base64 begins for every message of format version 1."""
MOST_WALKS = 12_000
"""For each of the two walkers; the first one needs some 4,000. An edge that is not walked by then cannot be walked."""
SEED = 1


def scenario_coverage(flows: FlowSet, played: Iterable[Played]) -> EdgeCoverage:
    """The edges that scenarios came through."""
    coverage = EdgeCoverage(flows)
    for call in played:
        coverage.add(call.visits)
    return coverage


@dataclass(slots=True)
class HotlineWalk(Walk):
    """A walk over the shipped flows. `calls` are the parameters that steps got, `turns` the turns they answered."""

    calls: list[Mapping[str, str]] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)


def walk_all(flows: FlowSet) -> tuple[EdgeCoverage, list[HotlineWalk]]:
    """Calls that look for every edge of the shipped flows, with canned answers and with faults, and the edges they came
    through. They walk the flows first as an instance without an entry key gets them. Then they walk the same with a
    key, for the edges that only an encrypted entry takes."""
    sealed = {edge for edge in EdgeCoverage(flows).edges if edge.label == SEALED}
    unsealed = flow_set(flows_without_key(), flows.tokens)
    plain = Walker(unsealed, STARTS, HotlineFunctions(), seed=SEED, walked=sealed)
    walks = list(_walks(plain))
    left = sealed.union(plain.coverage.missing)
    walker = Walker(flows, STARTS, HotlineFunctions(), seed=SEED, walked=plain.coverage.edges - left)
    walks += _walks(walker)
    return walker.coverage, walks


def _walks(walker: Walker[HotlineFunctions]) -> Iterator[HotlineWalk]:
    for walk in walker.walks(MOST_WALKS):
        functions = walker.functions
        yield HotlineWalk(walk.state, walk.events, walk.faults, functions.calls, functions.turns)


def write_coverage(scenarios: EdgeCoverage, together: EdgeCoverage, *, as_json: bool, out: TextIO) -> int:
    """Write a line for each flow and one for all, as JSON or as text. Returns 0 when every edge was walked, else 1."""
    alone, both = scenarios.by_flow(), together.by_flow()
    line = _json if as_json else _text
    rows = zip((*alone, _sum(alone)), (*both, _sum(both)), strict=True)
    out.writelines(f"{line(one, other)}\n" for one, other in rows)
    return 0 if together.complete else 1


def _sum(flows: Sequence[FlowCoverage]) -> FlowCoverage:
    return FlowCoverage(
        flow="all",
        blocks=sum(each.blocks for each in flows),
        blocks_walked=sum(each.blocks_walked for each in flows),
        edges=sum(each.edges for each in flows),
        edges_walked=sum(each.edges_walked for each in flows),
        missing=tuple(edge for each in flows for edge in each.missing),
    )


def _json(alone: FlowCoverage, both: FlowCoverage) -> str:
    line = {
        "flow": both.flow,
        "blocks": both.blocks,
        "blocks_by_scenarios": alone.blocks_walked,
        "blocks_together": both.blocks_walked,
        "edges": both.edges,
        "edges_by_scenarios": alone.edges_walked,
        "edges_together": both.edges_walked,
        "missing": [{"block": edge.block, "edge": edge.label, "target": edge.target} for edge in both.missing],
    }
    return json.dumps(line, ensure_ascii=False)


def _text(alone: FlowCoverage, both: FlowCoverage) -> str:
    line = (
        f"{both.flow:<24} blocks {both.blocks_walked}/{both.blocks} (scenarios {alone.blocks_walked}), "
        f"edges {both.edges_walked}/{both.edges} (scenarios {alone.edges_walked})"
    )
    missing = [f"  not walked: {edge.block} --{edge.label}--> {edge.target}" for edge in both.missing]
    return "\n".join([line, *(missing if both.flow != "all" else ())])
