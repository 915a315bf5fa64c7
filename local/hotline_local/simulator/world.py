"""What a simulated call needs of the world around it: functions, flows, time, and an inbox."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hotline_local.simulator.functions import FunctionSeam


@dataclass(frozen=True, slots=True)
class Message:
    """One message that reached somebody while the call went on.

    `channel` is `sms`, `email`, or `voice` for a call that was made to them, `to` the address, `text` the whole text or
    all that was said, `at` the (zoned) time by the world's clock.
    """

    channel: str
    to: str
    text: str
    at: datetime


class World(Protocol):
    """A place in which calls can be made; one object serves one call at a time.

    The simulator calls, in this order: `tokens`, `flows` and `start_flow` once; then `advance` for every bit of time
    that passes on the line and `functions.invoke` for every function block, each followed by one `after_function`;
    `last_code` where the caller types the code they received, with another `after_function`, since the message may have
    been slow; and `close` at the end, whatever happened.
    """

    @property
    def functions(self) -> FunctionSeam:
        """Runs the functions that the flows name."""
        ...

    @property
    def start_flow(self) -> str:
        """The flow that answers: a file stem (`main`), or a token or id that one of the flows goes by."""
        ...

    @property
    def real_time(self) -> bool:
        """True when time is the wall clock's, because functions run in a deployed stack.

        The times of a call's lines are then the elapsed seconds, and `advance` does nothing.
        """
        ...

    def tokens(self) -> Mapping[str, str]:
        """Values of the `${Token}`s in the flows, by token name, functions' ARNs among them."""
        ...

    def flows(self) -> Iterable[Path]:
        """The files of all flows and modules that a call may reach."""
        ...

    def after_function(self) -> Sequence[Message]:
        """Let happen what a function set off (streams, messengers), and return the messages since the last call."""
        ...

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        """The code in the newest message to this caller, or None when none comes.

        `to` is the caller's number, None when withheld (then any addressee will do). `newer_than` is a time on the
        line in seconds since the call began: that of the last function call that sent something. May wait, 10 s at
        most.
        """
        ...

    def advance(self, seconds: float) -> None:
        """Move the world's clock on, since that much time passed on the line."""
        ...

    def close(self) -> None:
        """Give back what the world holds. Called once, also after a failure."""
        ...
