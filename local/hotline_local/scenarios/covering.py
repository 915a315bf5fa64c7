"""How much of the shipped flows calls come through: scenarios, made-up walks, and both together."""

import json
from collections.abc import Iterable, Sequence
from typing import TextIO

from hotline_local.flowlang.flowset import FlowSet
from hotline_local.scenarios.playing import Played
from hotline_local.simulator.coverage import EdgeCoverage, FlowCoverage
from hotline_local.walking.walker import Walk, Walker
from hotline_local.worlds.flow_files import OUTBOUND_FLOW, START_FLOW, flows_without_key

STARTS = (START_FLOW, "hotline-customer-queue", "hotline-handover", OUTBOUND_FLOW)
"""Where calls begin: at the number, in a queue, where somebody has sent them to a person, and where we make them."""
SEALED = "if:TextStartsWith:AY"
"""The edge that an encrypted entry takes, as base64 begins for every message of format version 1."""
MOST_WALKS = 12_000
"""For each of the two walkers; the first one needs some 4,000. What is not walked by then cannot be."""
SEED = 1


def scenario_coverage(flows: FlowSet, played: Iterable[Played]) -> EdgeCoverage:
    """What scenarios came through."""
    coverage = EdgeCoverage(flows)
    for call in played:
        coverage.add(call.visits)
    return coverage


def walk_all(flows: FlowSet) -> tuple[EdgeCoverage, list[Walk]]:
    """Calls that look for every edge of the shipped flows, with canned answers and with faults, and what they came
    through: over the flows as an instance without an entry key gets them, then over the same with one, for the edges
    that only an encrypted entry takes."""
    sealed = {edge for edge in EdgeCoverage(flows).edges if edge.label == SEALED}
    plain = Walker(FlowSet(flows_without_key(), flows.tokens), STARTS, seed=SEED, walked=sealed)
    walks = list(plain.walks(MOST_WALKS))
    left = sealed.union(plain.coverage.missing)
    walker = Walker(flows, STARTS, seed=SEED, walked=plain.coverage.edges - left)
    walks += walker.walks(MOST_WALKS)
    return walker.coverage, walks


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
