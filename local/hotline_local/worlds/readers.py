"""The messages that the person on the line can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect_sim.simulator.mailbox import Message
from hotline.accounts.service import normalise_phone
from hotline.kit.doors import DEFAULT_HOME_REGION


class Reader:
    """The person on the line: somebody honest, who reads text messages to the number they call from and to the one that
    they key in. They answer when one of these is called, and read e-mail. Nobody knows who a caller is that withholds
    the number and keys in no other, so any message will do.
    """

    def __init__(self) -> None:
        self._keyed_in: set[str] = set()

    def note(self, event: Mapping[str, Any]) -> None:
        """Remember what a contact event says of the person: a number that was keyed in."""
        parameters = event.get("Details", {}).get("Parameters", {})
        if parameters.get("step") == "identify":
            number = normalise_phone(str(parameters.get("phone", "")), DEFAULT_HOME_REGION)
            self._keyed_in |= {number} if number else set()

    def reads(self, message: Message, calling_number: str | None) -> bool:
        """Whether the person reads this message."""
        numbers = self._keyed_in | ({calling_number} if calling_number else set())
        return not numbers or message.channel == "email" or message.to in numbers
