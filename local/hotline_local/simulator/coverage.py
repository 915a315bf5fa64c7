"""Which edges of which flows calls have taken."""

from collections.abc import Iterable

from hotline_local.flowlang.flowset import FlowSet
from hotline_local.flowlang.graph import Edge, all_edges
from hotline_local.simulator.events import Visit


class EdgeCoverage:
    """Collects visits, and tells what is left to walk. `walked` are edges that count as walked from the start."""

    def __init__(self, flows: FlowSet, walked: Iterable[Edge] = ()) -> None:
        self.edges = frozenset(edge for flow in flows.flows for edge in all_edges(flow))
        self._open = set(self.edges).difference(walked)

    def add(self, visits: Iterable[Visit]) -> None:
        """Count the edges of these visits as walked."""
        for visit in visits:
            self._open.discard(Edge(visit.flow, visit.block, visit.edge, visit.target))

    @property
    def missing(self) -> tuple[Edge, ...]:
        """Edges that a call could take and none has taken, sorted."""
        return tuple(sorted(self._open, key=lambda edge: (edge.flow, edge.block, edge.label)))

    @property
    def complete(self) -> bool:
        """Whether every edge has been walked."""
        return not self._open
