"""The blocks and edges of flows that calls have come through."""

from collections.abc import Iterable
from dataclasses import dataclass

from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, list_edges
from connect_sim.simulator.events import Visit


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """How much of one flow was walked, and what was not."""

    flow: str
    blocks: int
    blocks_walked: int
    edges: int
    edges_walked: int
    missing: tuple[Edge, ...]


class EdgeCoverage:
    """Collects visits, and tells what is left to walk. `walked` are edges that count as walked from the start."""

    def __init__(self, flows: FlowSet, walked: Iterable[Edge] = ()) -> None:
        found = {edge for flow in flows.flows for edge in list_edges(flow)}
        edges = sorted(found, key=lambda edge: (edge.flow, edge.block, edge.label))
        self.edges = frozenset(edges)
        self._open = dict.fromkeys(edges)
        self._close(walked)

    def merge(self, other: "EdgeCoverage") -> None:
        """Count as walked what another coverage of the same flows has walked."""
        self._close(self.edges.difference(other.missing))

    def add(self, visits: Iterable[Visit]) -> None:
        """Count the edges of these visits as walked."""
        self._close(Edge(visit.flow, visit.block, visit.edge, visit.target) for visit in visits)

    def _close(self, edges: Iterable[Edge]) -> None:
        for edge in edges:
            self._open.pop(edge, None)

    @property
    def missing(self) -> tuple[Edge, ...]:
        """Edges that a call could take and none has taken, sorted."""
        return tuple(self._open)

    @property
    def complete(self) -> bool:
        """Whether every edge has been walked."""
        return not self._open

    def by_flow(self) -> tuple[FlowCoverage, ...]:
        """Return the same, flow by flow. A block was walked when one of its edges was."""
        return tuple(self._of(name) for name in sorted({edge.flow for edge in self.edges}))

    def _of(self, flow: str) -> FlowCoverage:
        edges = {edge for edge in self.edges if edge.flow == flow}
        walked = edges.difference(self._open)
        return FlowCoverage(
            flow=flow,
            blocks=len({edge.block for edge in edges}),
            blocks_walked=len({edge.block for edge in walked}),
            edges=len(edges),
            edges_walked=len(walked),
            missing=tuple(edge for edge in self.missing if edge.flow == flow),
        )
