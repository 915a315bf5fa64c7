"""How far it is, from any point of a call, to the nearest edge that nobody has walked.

Distances are counted in blocks. They know which flow called which module. The way on from a module's end depends on the
block that called it. So a place is a stack of blocks, the running one last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

from connect_sim.language.actions.specs import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from connect_sim.language.document import Action, ConditionEdge, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, label_condition, label_error, list_walkable_edges

type Node = tuple[str, str]
type Prices = Mapping[str, int]
type PricedEdge = tuple[str, str, int]

FAR = 100_000
FAULT_PRICE = 8
"""Blocks that a fault is worth: it is chosen for edges that lie behind it, not as a short cut."""
LUCK_PRICE = 12
"""Blocks that a comparison is worth whose value was settled long before."""


def list_faults(action: Action) -> frozenset[str]:
    """Return the errors of a block that come about by a fault, not by a value or a key."""
    chosen = {
        "Compare": {NO_MATCHING_CONDITION},
        "GetParticipantInput": {NO_MATCHING_CONDITION, INPUT_TIME_LIMIT_EXCEEDED},
    }
    return frozenset(edge.error_type for edge in action.errors) - chosen.get(action.type, set())


class FlowMap:
    """Distances over one set of flows, measured anew whenever edges were walked.

    `decided_by` is the value of a function's answer that is chosen right before flows branch by it.
    """

    def __init__(self, flows: FlowSet, decided_by: str) -> None:
        self._flows = flows
        self._just_now = frozenset({decided_by, "$.StoredCustomerInput"})
        self._order = tuple(self._callees_first())
        self._sources: dict[str, dict[str, list[tuple[str, int]]]] = {}
        self._ends: dict[str, dict[str, Prices]] = {}
        for flow in self._order:
            sources = self._sources.setdefault(flow.name, {})
            for block, target, price in self._edges_of(flow):
                sources.setdefault(target, []).append((block, price))
            self._ends[flow.name] = self._ends_of(flow)
        self._called = {flow.name: tuple(self._calls(flow)) for flow in self._order}
        self._faults = {
            (flow.name, action.identifier): tuple(sorted(list_faults(action)))
            for flow in self._order
            for action in flow.actions
        }
        self._goal_of: dict[Edge, tuple[int, str]] = {}
        self._goals: dict[str, dict[Edge, tuple[int, str]]] = {flow.name: {} for flow in self._order}
        self._missing: frozenset[Edge] = frozenset()
        self._nearest: dict[str, Prices] = {}
        self._calls_cost: dict[str, list[tuple[int, str]]] = {}
        self._beyond_of: dict[tuple[tuple[Node, ...], str], int] = {}

    def action(self, node: Node) -> Action:
        """Return the block of a node."""
        return self._flows.by_name[node[0]].by_identifier[node[1]]

    def faults(self, node: Node) -> tuple[str, ...]:
        """Return the errors of a block that come about by a fault, sorted (see list_faults)."""
        return self._faults[node]

    def measure(self, missing: Iterable[Edge]) -> None:
        """Take these edges as the ones to walk."""
        now = frozenset(missing)
        changed = set(self._goals) if not self._nearest else set()
        for edge in self._missing - now:
            del self._goals[edge.flow][edge]
            changed.add(edge.flow)
        for edge in now - self._missing:
            if edge not in self._goal_of:
                self._goal_of[edge] = (self._goal(edge) - 1, edge.block)
            self._goals[edge.flow][edge] = self._goal_of[edge]
            changed.add(edge.flow)
        self._missing = now
        self._beyond_of.clear()
        for flow in self._order:
            called = [
                (1 + self.nearest_from_start(to.name), action.identifier) for action, to in self._called[flow.name]
            ]
            if flow.name in changed or called != self._calls_cost.get(flow.name):
                self._calls_cost[flow.name] = called
                self._nearest[flow.name] = self._spread(flow, [*self._goals[flow.name].values(), *called])

    def nearest_from_start(self, flow: str) -> int:
        """Return the distance from the first block of a flow."""
        return self._nearest.get(flow, {}).get(self._flows.by_name[flow].start_action, FAR)

    def nearest(self, stack: Sequence[Node]) -> int:
        """Return the distance from where a call is."""
        return self._from(tuple(stack))

    def cost(self, stack: Sequence[Node], label: str, target: str | None) -> int:
        """Return the distance when the running block is left by this edge: 0 when the edge is one to walk."""
        flow, block = stack[-1]
        if Edge(flow, block, label, target) in self._missing:
            return 0
        return self._from((*stack[:-1], (flow, target))) if target else FAR

    # --- inside

    def _is_luck(self, action: Action) -> bool:
        """Return whether a block decides by something that was settled before, and not just now."""
        return action.type == "CheckHoursOfOperation" or (
            action.type == "Compare" and action.text("ComparisonValue") not in self._just_now
        )

    def _price(self, action: Action, label: str) -> int:
        if label in {label_error(error_type) for error_type in list_faults(action)}:
            return FAULT_PRICE
        return LUCK_PRICE if self._is_luck(action) else 1

    def _goal(self, edge: Edge) -> int:
        """Return the price of an edge from its block; the result of a module costs the way through it too."""
        action = self.action((edge.flow, edge.block))
        return self._price(action, edge.label) + self._through(action, edge.label)

    def _through(self, action: Action, label: str) -> int:
        """Return the way through the module that a block calls to this edge's result; 0 for any other edge."""
        module = self._flows.target(action)
        ends = self._ends.get(module.name, {}) if module else {}
        result = label.removeprefix(label_condition(ConditionEdge("Equals", ("",), None)))
        return ends[result].get(module.start_action, FAR) if module and result in ends else 0

    def _from(self, stack: tuple[Node, ...]) -> int:
        flow, block = stack[-1]
        nearest = self._nearest[flow].get(block, FAR)
        if len(stack) == 1:
            return nearest
        ways = (
            prices.get(block, FAR) + self._beyond(stack[:-1], result) for result, prices in self._ends[flow].items()
        )
        return min(nearest, *ways)

    def _beyond(self, callers: tuple[Node, ...], result: str) -> int:
        """Return the distance behind a module's end, for the block that called it."""
        key = callers, result
        if key not in self._beyond_of:
            edge = next((edge for edge in self.action(callers[-1]).conditions if edge.operand == result), None)
            self._beyond_of[key] = FAR if edge is None else self.cost(callers, label_condition(edge), edge.target)
        return self._beyond_of[key]

    def _callees_first(self) -> Iterator[Flow]:
        """Yield all flows, each after the ones that it calls or goes to."""
        done: set[str] = set()

        def visit(flow: Flow) -> Iterator[Flow]:
            if flow.name not in done:
                done.add(flow.name)
                for _, called in self._calls(flow):
                    yield from visit(called)
                yield flow

        for flow in self._flows.flows:
            yield from visit(flow)

    def _calls(self, flow: Flow) -> Iterator[tuple[Action, Flow]]:
        targets = ((action, self._flows.target(action)) for action in flow.actions)
        return ((action, target) for action, target in targets if target is not None)

    def _edges_of(self, flow: Flow) -> Iterator[PricedEdge]:
        """Yield edges within a flow; a module's result costs what the way through the module to that result costs."""
        for action in flow.actions:
            for edge in list_walkable_edges(flow, action):
                if edge.target is not None:
                    price = self._price(action, edge.label) + self._through(action, edge.label)
                    yield edge.block, edge.target, price

    def _ends_of(self, flow: Flow) -> dict[str, Prices]:
        """For every result of a module, the distances to its end."""
        ends = (action for action in flow.actions if action.type == "EndFlowModuleExecution")
        return {action.text("Result"): self._spread(flow, [(1, action.identifier)]) for action in ends}

    def _spread(self, flow: Flow, goals: list[tuple[int, str]]) -> Prices:
        """Return the shortest distances (Dijkstra) from every block of a flow to the nearest of the goals."""
        nearest: dict[str, int] = {}
        for cost, block in goals:
            if block not in nearest or cost < nearest[block]:
                nearest[block] = cost
        ahead = [(cost, block) for block, cost in nearest.items()]
        heapify(ahead)
        sources = self._sources[flow.name]
        while ahead:
            cost, block = heappop(ahead)
            if cost > nearest[block]:
                continue
            for source, price in sources.get(block, ()):
                further = cost + price
                if source not in nearest or further < nearest[source]:
                    nearest[source] = further
                    heappush(ahead, (further, source))
        return nearest
