"""The live circle that `make run` shows: what the hotline decides, what the wallet answers, what customers are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, Final

from hotline_local.errors import CommandError
from hotline_local.inbox import Inbox

TEXT_CHARACTERS_MAX: Final = 100
_OF_CASES: Final = ("topic", "reason", "priority", "queue", "contact_id")
"""The fields of a case that are shown, beside its account."""


def describe_decision(event: Mapping[str, Any]) -> str:
    """A decision in one line: its type, whose it is and, for a case, what people need to know of it first."""
    kind, data = str(event.get("type", "-")), event.get("data")
    line = f"{kind} {event.get('subject', '-')}"
    if not kind.startswith("case.") or not isinstance(data, Mapping):
        return line
    return f"{line} ({', '.join(f'{name} {data[name]}' for name in _OF_CASES if name in data)})"


class Circle:
    """Prints one line for each thing that happens. It is silent until `begin`, so that loading the demo wallet does not
    scroll the next steps away."""

    def __init__(self, endpoint: str, out: IO[str]) -> None:
        self._inbox = Inbox(endpoint)
        self._out = out
        self._begun = False

    def begin(self) -> None:
        """From now on things are shown; messages that came before are not."""
        self._inbox.fresh()
        self._begun = True

    def decision(self, event: Mapping[str, Any]) -> None:
        """A decision of the hotline has reached the wallet."""
        self._line("hotline → wallet", describe_decision(event))

    def fact(self, event: Mapping[str, Any]) -> None:
        """The wallet answers with a fact."""
        self._line("wallet → hotline", f"{event['type']} {event['subject']}")

    def messages(self) -> None:
        """Show the messages that have arrived since the last look. A stack that does not answer has none."""
        try:
            fresh = self._inbox.fresh() if self._begun else []
        except CommandError:
            return
        for message in fresh:
            text = " ".join((message.subject or message.text).split())
            self._line(f"{message.channel} to {message.to}", text[:TEXT_CHARACTERS_MAX])

    def _line(self, what: str, which: str) -> None:
        if self._begun:
            at = datetime.now().astimezone()
            print(f"  {at:%H:%M:%S}  {what}: {which}", file=self._out, flush=True)
