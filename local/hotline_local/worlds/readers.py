"""Whose messages the person on the line can read."""

from __future__ import annotations

from hotline_local.simulator.world import Message


def is_for_caller(message: Message, number: str | None) -> bool:
    """Whether the person on the line reads this message: text messages to the number they call from, and e-mail. Of a
    caller who withholds the number nobody knows, so any message will do."""
    return number is None or message.channel == "email" or message.to == number
