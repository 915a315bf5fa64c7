"""Faults written down: what goes wrong, at which block, on which visit.

`module-lockout/Lock status=timeout` makes that block fail each time a call comes to it, `..=timeout@2` on the second
visit only. Possible faults are a FunctionErrorKind at a function block, an error type that the block has an edge for,
and `hang_up` anywhere.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from connect_sim.errors import ConnectSimError
from connect_sim.language.actions.specs import NO_MATCHING_CONDITION
from connect_sim.language.document import Action
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import HANG_UP_FAULT
from connect_sim.simulator.events import Place
from connect_sim.simulator.seams import FunctionErrorKind

_WRITTEN = re.compile(r"(?P<flow>[^/=]+)/(?P<block>[^=]+)=(?P<kind>[A-Za-z_]+)(?:@(?P<visit>[1-9]\d*))?")
FUNCTION_BLOCK = "InvokeLambdaFunction"


class FaultError(ConnectSimError):
    """A fault cannot happen; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `visit` is None for every visit of the block."""

    place: Place
    kind: str
    visit: int | None = None


def parse_fault(text: str) -> Fault:
    """Read `FLOW/BLOCK=KIND[@VISIT]`. Raises FaultError."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise FaultError(f"{text!r} is not FLOW/BLOCK=KIND, such as module-lockout/Unlock=timeout@1.")
    visit = int(match["visit"]) if match["visit"] else None
    return Fault(Place(match["flow"], match["block"]), match["kind"], visit)


class Faults:
    """A FaultHook for one call. Raises FaultError for a fault that these flows cannot have."""

    def __init__(self, faults: Iterable[Fault], flows: FlowSet) -> None:
        self._faults = tuple(faults)
        self._visits: Counter[Place] = Counter()
        for fault in self._faults:
            _check(fault, flows)

    def __call__(self, place: Place, action: Action) -> str | None:
        """Return the fault on this visit of the block, or None."""
        del action
        self._visits[place] += 1
        return next(
            (
                fault.kind
                for fault in self._faults
                if fault.place == place and fault.visit in {None, self._visits[place]}
            ),
            None,
        )


def _check(fault: Fault, flows: FlowSet) -> None:
    flow = flows.by_name.get(fault.place.flow)
    if flow is None:
        raise FaultError(f"There is no flow {fault.place.flow!r}; known are: {', '.join(sorted(flows.by_name))}.")
    action = flow.by_identifier.get(fault.place.block)
    if action is None:
        raise FaultError(f"There is no block {fault.place.block!r} in {flow.name}.")
    edges = sorted({edge.error_type for edge in action.errors} - {NO_MATCHING_CONDITION})
    kinds = [*(FunctionErrorKind if action.type == FUNCTION_BLOCK else ()), *edges, HANG_UP_FAULT]
    if fault.kind not in kinds:
        raise FaultError(f"{fault.place.block} in {flow.name} cannot have {fault.kind!r}; it can: {', '.join(kinds)}.")
