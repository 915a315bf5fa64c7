"""The surroundings that a simulated call of the hotline needs: functions, flows, time, and an inbox."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.mailbox import Mailbox
from connect_sim.simulator.seams import FunctionSeam

SENDING_STEPS = "send"
"""How the names of steps begin that send a code."""


def sends_code(event: CallEvent) -> bool:
    """Return whether a function event is of a step that sends a code."""
    return str(event.data["step"]).startswith(SENDING_STEPS)


@runtime_checkable
class TellsContacts(Protocol):
    """A place in which somebody counts calls, and agents take them."""

    def tell_contact(self, event: Mapping[str, Any]) -> None:
        """Tell what happens to the contact; `event` is the detail of a contact event."""
        ...

    def find_proof_request(self, contact_id: str) -> str | None:
        """The id of the request for proof that waits at a contact, by its initial id; None where none does."""
        ...


class World(Mailbox, Protocol):
    """A place in which calls can be made; one object serves one call at a time.

    The simulator calls `tokens`, `flows` and `start_flow` once. Then it calls `advance` for every bit of time that
    passes on the line and `functions.invoke` for every function block, each followed by one `after_function`. It calls
    `last_code` where the caller types the code they received, with another `after_function`, since the message may have
    been slow. It calls `close` at the end, whatever happened.
    """

    @property
    def functions(self) -> FunctionSeam:
        """Runs the functions that the flows name."""
        ...

    @property
    def start_flow(self) -> str:
        """The flow that answers: a file stem (`main`), or a token or id that one of the flows goes by."""
        ...

    def tokens(self) -> Mapping[str, str]:
        """Values of the `${Token}`s in the flows, by token name, functions' ARNs among them."""
        ...

    def flows(self) -> Iterable[Path]:
        """The files of all flows and modules that a call may reach."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the world's clock on, since that much time passed on the line."""
        ...

    def close(self) -> None:
        """Give back what the world holds. Called once, also after a failure."""
        ...
