"""The inbox of text messages and e-mail of the hotline on this machine: MiniStack keeps what SNS and SES were given."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hotline_local.errors import CommandError

SMS_PATH: Final = "/_ministack/sns/sms-messages"
EMAIL_PATH: Final = "/_ministack/ses/messages"
TIMEOUT_S: Final = 60
_CODE: Final = re.compile(r"(?<![\d+])(?:\d{6}|(?<!\d )\d(?: \d){5}(?! \d))(?!\d)")
"""Six digits that stand alone: written together, or said one by one."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `channel` is `sms` or `email`. Text messages have no subject, and MiniStack does not know when they
    came."""

    id: str
    channel: str
    to: str
    subject: str | None
    text: str
    at: datetime | None


class Inbox:
    """The messages of a running stack, read from its endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._seen: set[str] = set()

    def read(self, to: str | None = None) -> list[Received]:
        """All messages, or those to one phone number or address. Text messages come first; within a channel, and for
        text messages within a number, the newest is last. Raises CommandError when the stack does not answer."""
        found = [*_text_messages(self._fetch(SMS_PATH)), *_emails(self._fetch(EMAIL_PATH))]
        return [message for message in found if to is None or message.to == to]

    def fresh(self, to: str | None = None) -> list[Received]:
        """The messages that no call of this object has returned yet. Raises CommandError."""
        found = [message for message in self.read(to) if message.id not in self._seen]
        self._seen |= {message.id for message in found}
        return found

    def _fetch(self, path: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(self._endpoint + path, timeout=TIMEOUT_S) as answer:  # noqa: S310 - our own URL
                document: dict[str, Any] = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            raise CommandError("The stack does not answer; is make run still running?") from None
        return document


def _text_messages(document: dict[str, Any]) -> Iterable[Received]:
    for number, messages in document["sms_messages"].items():
        for message in messages:
            yield Received(message["MessageId"], "sms", number, None, message["Message"], None)


def _emails(document: dict[str, Any]) -> Iterable[Received]:
    found = [message for account in document["messages"].values() for message in account]
    for message in sorted(found, key=lambda message: float(message["Timestamp"])):
        at = datetime.fromtimestamp(float(message["Timestamp"]), UTC)
        for address in message["To"]:
            yield Received(message["MessageId"], "email", address, message["Subject"], message["BodyText"], at)


def code_in(text: str) -> str | None:
    """The six digits that stand alone in a message, or in what was said on a call; None when there are none."""
    found = _CODE.search(text)
    return found.group().replace(" ", "") if found else None
