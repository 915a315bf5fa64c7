"""The mailbox beside a simulated call: messages that functions send meanwhile, and the codes in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message that reached somebody while the call went on.

    `channel` is `sms`, `email`, or `voice` for a call that was made to them. `to` is the address, `text` the whole text
    or all that was said, `at` the (zoned) time by the world's clock.
    """

    channel: str
    to: str
    text: str
    at: datetime


class Mailbox(Protocol):
    """The place at which messages of functions arrive while a call goes on.

    A call asks for `after_function` after each function block, and for `last_code` where the caller types the code that
    they received. Then it asks for `after_function` again, since the message may have been slow.
    """

    @property
    def real_time(self) -> bool:
        """True when functions run by the wall clock: times of events are then the seconds that went by."""
        ...

    def after_function(self) -> Sequence[Message]:
        """Let happen what a function set off, and return the messages since the last call."""
        ...

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        """Return the code in the newest message to this caller, or None when none comes.

        `to` is the caller's number, None when withheld (then any addressee will do). `newer_than` is a time on the
        line in seconds since the call began: that of the last function call that may have sent something. May wait,
        10 s at most.
        """
        ...
