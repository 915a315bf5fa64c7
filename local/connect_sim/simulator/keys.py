"""The caller's part of a call, written down: one token for each input block.

A token is the keys typed at that block (`0`-`9`, `*`, `#`), `-` for silence, `!` to hang up, `{code}` for the code
in the newest message to the caller, or words in quotation marks, which only a bot hears. Spaces and commas stand
between tokens.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from connect_sim.errors import ConnectSimError
from connect_sim.simulator.blocks.inputs import SILENCE
from connect_sim.simulator.state import InputRequest

HANG_UP = "!"
CODE = "{code}"
_TOKEN = re.compile(r"[0-9*#]+|-|!|\{code\}|\"[^\"]+\"")
_BETWEEN = re.compile(r"\"[^\"]*\"|[^\s,]+")


class KeysError(ConnectSimError):
    """A text is not a sequence of key tokens; the text of the error names the first bad token."""


def check_token(token: str) -> str:
    """Return the token itself. Raises KeysError for any other text."""
    if not _TOKEN.fullmatch(token):
        raise KeysError(f"{token!r} is not keys: use digits, * and #, - for silence, ! to hang up, or {{code}}.")
    return token


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the tokens of a `--keys` text, in order. Raises KeysError."""
    return tuple(check_token(token) for token in _BETWEEN.findall(text))


class KeySource(Protocol):
    """The source of keys: a list, or a person."""

    def next_keys(self, request: InputRequest) -> str | None:
        """Return the token for this input block; None when there are no more keys."""
        ...


class ScriptedKeys:
    """Keys from a list, one token for each input block."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens: Iterator[str] = iter(tokens)

    def next_keys(self, request: InputRequest) -> str | None:
        """Return the next token, whatever is asked for."""
        del request
        return next(self._tokens, None)


__all__ = ["CODE", "HANG_UP", "SILENCE", "KeySource", "KeysError", "ScriptedKeys", "check_token", "parse_keys"]
