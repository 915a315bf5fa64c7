"""The seam behind which Lex bots stand, and what comes back through it: an intent with its slots, or an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """What a bot made of the caller's words. `intent` is None when it understood nothing; `error` says why a bot could
    not be talked to at all, None mostly. The rest is what `$.Lex` shows."""

    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, str] = field(default_factory=dict)
    confidence: float | None = None
    dialog_state: str | None = None
    sentiment: str | None = None
    error: str | None = None

    def tree(self) -> dict[str, Any]:
        """The values below `$.Lex`."""
        return {
            "IntentName": self.intent,
            "Slots": dict(self.slots),
            "SessionAttributes": dict(self.session),
            "IntentConfidence": {"Score": None if self.confidence is None else f"{self.confidence:g}"},
            "DialogState": self.dialog_state,
            "SentimentResponse": {"Label": self.sentiment},
        }


class BotSeam(Protocol):
    """Whatever stands in for bots: nothing here understands speech, so an intent is always given, never guessed."""

    def turn(self, *, bot: str, heard: str, language: str, session: Mapping[str, str]) -> BotAnswer:
        """What the bot answers. `bot` is the alias ARN, or a classic bot's name; `heard` the caller's words or keys,
        empty for silence; `language` that of the contact, whose locale the bot needs; `session` the session attributes
        that the block gives."""
        ...
