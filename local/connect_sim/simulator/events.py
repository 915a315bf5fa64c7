"""The traces of a simulated call: events for people and programs, and visits for coverage."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A block of a flow."""

    flow: str
    block: str


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened on the line.

    `kind` is prompt, input, function, bot, attributes, message, transfer, callback, task, noted, agent, missing,
    disconnect, error or end. `data` holds the values of that kind, ready for JSON. `missing` names values that a block
    reads and that are not there, `noted` a block that uses another part of the service.
    """

    kind: str
    at_s: float
    place: Place
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """A block that was left, and by which edge (labels as in `connect_sim.language.graph`)."""

    flow: str
    block: str
    edge: str
    target: str | None


@dataclass(slots=True)
class Trace:
    """Events and visits of one or more steps, in order."""

    events: list[CallEvent] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    def extend(self, other: "Trace") -> None:
        """Append what another trace holds."""
        self.events += other.events
        self.visits += other.visits
