"""Messages of the catalogue, filled with facts.

A message is made of lines, one sentence each; ` | ` parts wordings of one sentence. `{name}` stands for a fact. Of each
line the first wording whose facts are all known is used; a line without such a wording is left out. So a message says
what is known and is never a sentence with a hole, and translators see it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

WORDINGS: Final = " | "
PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")

type Fact = Callable[[str], str | None]
"""Gives the words of a fact by its name, None when it is not known."""


def sentences(text: str, fact: Fact, static: Callable[[str], str] = str) -> Iterator[str]:
    """The sentences of a message. `static` is applied to our own text between the facts, e.g. to escape it."""
    for line in text.splitlines():
        for wording in line.strip().split(WORDINGS):
            sentence = _fill(wording, fact, static)
            if sentence is not None:
                if sentence:
                    yield sentence
                break


def _fill(wording: str, fact: Fact, static: Callable[[str], str]) -> str | None:
    parts: list[str] = []
    for place, part in enumerate(PLACEHOLDER.split(wording.strip())):
        if place % 2 == 0:
            parts.append(static(part))
            continue
        words = fact(part)
        if words is None:
            return None
        parts.append(words)
    return "".join(parts)
