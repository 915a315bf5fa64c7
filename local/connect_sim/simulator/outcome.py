"""The outcomes of running one block; the engine turns each into an edge."""

from dataclasses import dataclass

from connect_sim.simulator.state import EndOutcome


@dataclass(frozen=True, slots=True)
class Success:
    """The block did its work; the flow goes on at `NextAction`."""


@dataclass(frozen=True, slots=True)
class Value:
    """The block has a value; the first condition that is true decides, else NoMatchingCondition."""

    value: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """An error of this type; `cause` is for people and says no more than what kind of thing went wrong."""

    error_type: str
    cause: str


@dataclass(frozen=True, slots=True)
class Await:
    """An input block has spoken and waits for keys."""


@dataclass(frozen=True, slots=True)
class Enter:
    """A module begins; its frame is on top already."""


@dataclass(frozen=True, slots=True)
class Return:
    """The running module is over, with this result (None without one) for its caller's branches."""

    result: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """The call goes on in another flow, whose frame has replaced all others."""


@dataclass(frozen=True, slots=True)
class Queued:
    """The contact is in a queue, and what is simulated goes on there."""


@dataclass(frozen=True, slots=True)
class FlowOver:
    """The running flow has nothing more to do, and the contact stays where it is: in the queue, or with an agent."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over for the simulator; `leaves` when it goes on outside the flow (queue, agent)."""

    outcome: EndOutcome
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Impossible:
    """The simulator cannot go on: not an error of the line but of the flow, the set-up, or what is modelled."""

    problem: str


type Outcome = Success | Value | Failed | Await | Enter | Return | Leave | Queued | FlowOver | Finish | Impossible
