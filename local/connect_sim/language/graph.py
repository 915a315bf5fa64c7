"""A flow as a graph: its edges, which of them a call can take, and what can be known at each block."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from connect_sim.language.actions.catalogue import find_spec
from connect_sim.language.document import Action, ConditionEdge, Flow

NEXT = "next"
END = "end"
LEAVES = "leaves"


class Edge(NamedTuple):
    """One way out of a block. A tuple, since a search asks for the hashes of edges millions of times.

    `label` is `next`, `error:<type>`, `if:<operator>:<operand>`, `end` (the block ends the flow) or `leaves` (success
    goes on outside this flow). `target` is a block of the same flow, None for the last two.
    """

    flow: str
    block: str
    label: str
    target: str | None


def label_error(error_type: str) -> str:
    """Return the label of the edge for an error type."""
    return f"error:{error_type}"


def label_condition(condition: ConditionEdge) -> str:
    """Return the label of the edge for a condition."""
    return f"if:{condition.operator}:{condition.operand}"


def list_written_edges(flow: Flow, action: Action) -> tuple[Edge, ...]:
    """Return every edge that the document writes for a block and that has a target, taken in a call or not."""
    edges = [Edge(flow.name, action.identifier, NEXT, action.next_action)] if action.next_action else []
    edges += [Edge(flow.name, action.identifier, label_condition(edge), edge.target) for edge in action.conditions]
    edges += [Edge(flow.name, action.identifier, label_error(edge.error_type), edge.target) for edge in action.errors]
    return tuple(edge for edge in edges if edge.target)


def list_walkable_edges(flow: Flow, action: Action) -> tuple[Edge, ...]:
    """Return the edges of a block that a call can take.

    A block that branches never takes `NextAction`, since the console mirrors the no-match target there. A block that
    leaves the flow takes only its error edges or leaves.
    """
    spec = find_spec(action)
    if spec is not None and spec.terminal:
        return (Edge(flow.name, action.identifier, END, None),)
    edges = list_written_edges(flow, action)
    if spec is not None and (spec.branches or spec.leaves):
        edges = tuple(edge for edge in edges if edge.label != NEXT)
    if spec is not None and spec.leaves:
        edges = (Edge(flow.name, action.identifier, LEAVES, None), *edges)
    return edges


def find_reachable(flow: Flow) -> frozenset[str]:
    """Return the identifiers of the blocks that a call can come to from the start."""
    return frozenset(find_states(flow, [(flow.start_action, None)], lambda _action, state, _edge: (state,)))


def list_edges(flow: Flow) -> tuple[Edge, ...]:
    """Return every edge that some call can take: what complete edge coverage of a flow means."""
    blocks = find_reachable(flow)
    return tuple(
        edge for action in flow.actions if action.identifier in blocks for edge in list_walkable_edges(flow, action)
    )


def find_states[State](
    flow: Flow,
    starts: Iterable[tuple[str, State]],
    transfer: Callable[[Action, State, Edge], Iterable[State]],
) -> Mapping[str, set[State]]:
    """Return what can be true on entering each block, found by following every walkable edge.

    `starts` are blocks with a state on entry. `transfer` gives the states after leaving a block by an edge; none stops
    there. Returns the set of entry states of every block that is come to.
    """
    found: dict[str, set[State]] = {}
    open_states = [(block, state) for block, state in starts if block in flow.by_identifier]
    while open_states:
        block, state = open_states.pop()
        seen = found.setdefault(block, set())
        if state in seen:
            continue
        seen.add(state)
        action = flow.by_identifier[block]
        for edge in list_walkable_edges(flow, action):
            target = edge.target
            if target is not None and target in flow.by_identifier:
                open_states += [(target, following) for following in transfer(action, state, edge)]
    return found
