"""Canned answers in the place of functions and bots.

A file of stubs is a JSON object. A key is a `step` value, an ARN, a function's name, or `*`. The first of these that
fits a call is used, in this order. A value is one answer (a flat map), or a list of answers used up in order. An answer
of the form `{"error": "timeout"}` is that error instead.

A key that begins with `lex:` is a bot: its alias ARN, the last part of that, a classic bot's name, or `*`. Its answers
are `{"intent": .., "slots": {..}, "session": {..}, "confidence": .., "dialog_state": .., "sentiment": ..}`, all of them
optional. They may also be `{"heard": {words: answer, "*": answer}}`, to choose by the caller's words. `"locales"` lists
the languages that the bot has; in any other it cannot be reached.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect_sim.errors import ConnectSimError
from connect_sim.simulator.seams import BotAnswer, FunctionErrorKind, FunctionResult, parse_function_name

ANY = "*"
BOT = "lex:"
_BOT_FIELDS = ("intent", "slots", "session", "confidence", "dialog_state", "sentiment")
_ERRORS = tuple(kind for kind in FunctionErrorKind if kind is not FunctionErrorKind.LOST_ANSWER)


class StubFileError(ConnectSimError):
    """A file of stubs cannot be used; the text says why."""


class MissingStubError(ConnectSimError):
    """A flow called a function for which there is no answer, or none left."""


def load_stubs(path: Path) -> "StubFunctions":
    """Read a file of stubs. Raises StubFileError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StubFileError(f"{path} cannot be read ({error.__class__.__name__}).") from error
    except json.JSONDecodeError as error:
        raise StubFileError(f"{path} is not JSON: {error.msg} in line {error.lineno}.") from error
    if not isinstance(content, dict):
        raise StubFileError(f"{path} holds no JSON object.")
    return StubFunctions(content)


class StubFunctions:
    """A FunctionSeam and a BotSeam that answers from a map (see the module's text). Raises StubFileError for a map of
    other shape."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = {key: self._check(key, value) for key, value in answers.items()}
        self._used = dict.fromkeys(self._answers, 0)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        """Every call so far: which key answered, and the event."""

    @staticmethod
    def _check(key: str, value: Any) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        answers = value if isinstance(value, list) else [value]
        for answer in answers:
            if not isinstance(answer, dict):
                raise StubFileError(f"The stub {key!r} is neither a map nor a list of maps.")
            if set(answer) == {"error"} and answer["error"] not in _ERRORS:
                known = ", ".join(_ERRORS)
                raise StubFileError(f"The stub {key!r} names the error {answer['error']!r}; known are {known}.")
        return value if isinstance(value, list) else answers[0]

    def answers_function(self, arn: str, step: str) -> bool:
        """Return whether there is an answer for this function, called with this `step` (empty for none)."""
        return self._function_key(arn, step) is not None

    def answers_bot(self, bot: str) -> bool:
        """Return whether there is an answer for this bot."""
        return self._bot_key(bot) is not None

    def _function_key(self, arn: str, step: str) -> str | None:
        return next((key for key in (step, arn, parse_function_name(arn), ANY) if key and key in self._answers), None)

    def _bot_key(self, bot: str) -> str | None:
        names = (bot, bot.rsplit("/", 1)[-1], ANY)
        return next((key for key in (f"{BOT}{name}" for name in names) if key in self._answers), None)

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Return the next answer for this call. Raises MissingStubError when there is none."""
        step = str(event["Details"]["Parameters"].get("step", ""))
        name = parse_function_name(arn)
        key = self._function_key(arn, step)
        if key is None:
            called = f"{name} with step {step!r}" if step else name
            raise MissingStubError(f"There is no stub for {called}.")
        self.calls.append((key, event))
        answer = self._next(key)
        if set(answer) == {"error"}:
            kind = FunctionErrorKind(answer["error"])
            waited = time_limit_s if kind is FunctionErrorKind.TIMEOUT else 0.0
            return FunctionResult(error=kind, duration_ms=round(waited * 1000))
        return FunctionResult(payload=answer)

    def turn(self, *, bot: str, heard: str, language: str, session: Mapping[str, str]) -> BotAnswer:
        """Return the next answer of this bot. Raises MissingStubError when there is none."""
        key = self._bot_key(bot)
        if key is None:
            raise MissingStubError(f"There is no stub for the bot {bot}.")
        answer = self._next(key)
        if "locales" in answer and language not in answer["locales"]:
            return BotAnswer(error="locale")
        if "heard" in answer:
            by_words = answer["heard"]
            answer = by_words.get(heard, by_words.get(ANY, {}))
        if "error" in answer:
            return BotAnswer(error=str(answer["error"]))
        known = {name: answer[name] for name in _BOT_FIELDS if name in answer}
        return BotAnswer(**{**known, "session": {**session, **known.get("session", {})}})

    def _next(self, key: str) -> Mapping[str, Any]:
        """Return the answer of this key, the next one of a list. Raises MissingStubError when a list is used up."""
        answer = self._answers[key]
        if not isinstance(answer, list):
            return answer
        if self._used[key] >= len(answer):
            raise MissingStubError(f"The stub {key!r} has {len(answer)} answers and was called once more.")
        self._used[key] += 1
        return answer[self._used[key] - 1]
