"""The seams behind which Lambda functions and Lex bots stand, and what comes back through them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class FunctionErrorKind(StrEnum):
    """Why a function gave a flow no answer. The first seven may come from a seam, all of them from the fault hook."""

    TIMEOUT = "timeout"
    EXCEPTION = "exception"
    THROTTLED = "throttled"
    BAD_JSON = "bad_json"
    TOO_LARGE = "too_large"
    NOT_STRING_MAP = "not_string_map"
    UNREACHABLE = "unreachable"
    LOST_ANSWER = "lost_answer"
    """For the fault hook only: the function runs to its end and its answer never arrives."""


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """The result of one invocation: a payload, or the kind of error, and what it cost.

    `payload` is the decoded JSON answer (an object); `error` is None when there is one. `duration_ms` is the time the
    caller waited. `requests` counts the store requests the function made, None when nobody counted. `detail` is for
    people: one line about an error.
    """

    payload: Mapping[str, Any] | None = None
    error: FunctionErrorKind | None = None
    duration_ms: int = 0
    requests: int | None = None
    detail: str = ""


class FunctionSeam(Protocol):
    """The seam that runs functions for the simulator: in process, through Lambda's Invoke, or by canned answers."""

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Run the function named by `arn` with the event that Amazon Connect would send.

        `arn` is what the flow says after token replacement (an unresolved `${Token}` arrives as written).
        `time_limit_s` is how long the flow will wait. An answer that took longer is an error to the flow, so the seam
        may stop waiting then and return `TIMEOUT`. Raises nothing for a failed function: that is a result.
        """
        ...


def parse_function_name(arn: str) -> str:
    """Return the name in a function's ARN, or the text itself when it is no such ARN."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 and parts[5] == "function" else arn


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """The answer of a bot to the caller's words.

    `intent` is None when it understood nothing; `error` says why a bot could not be reached, or is None. The rest is
    read below `$.Lex`.
    """

    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, str] = field(default_factory=dict)
    confidence: float | None = None
    dialog_state: str | None = None
    sentiment: str | None = None
    error: str | None = None

    def tree(self) -> dict[str, Any]:
        """Return the values below `$.Lex`."""
        return {
            "IntentName": self.intent,
            "Slots": dict(self.slots),
            "SessionAttributes": dict(self.session),
            "IntentConfidence": {"Score": None if self.confidence is None else f"{self.confidence:g}"},
            "DialogState": self.dialog_state,
            "SentimentResponse": {"Label": self.sentiment},
        }


class BotSeam(Protocol):
    """The seam that stands in for bots: nothing here understands speech, so an intent is always given, never
    guessed."""

    def turn(self, *, bot: str, heard: str, language: str, session: Mapping[str, str]) -> BotAnswer:
        """Return the answer of a bot.

        `bot` is the alias ARN, or a classic bot's name; `heard` the caller's words or keys, empty for silence.
        `language` is that of the contact, whose locale the bot needs; `session` holds the session attributes of the
        block.
        """
        ...
