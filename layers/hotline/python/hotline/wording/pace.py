"""How long words take to say, and sentences put together into prompts that nobody has to sit through.

The pace is a common one for neural voices at their normal rate, not measured on this line. It is some 270 Chinese
characters or 165 English words a minute, where a digit counts as a word. A voice menu's prompt is one idea and ten
seconds at most (common guidance for voice menus). A longer one is said in parts, between which the caller can act.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MANDARIN_CHARACTERS_PER_S: Final = 4.5
ENGLISH_WORDS_PER_S: Final = 2.75
PROMPT_S_MAX: Final = 10.0
"""Seconds of speech that one prompt should take at most."""
_CJK: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿぀-ヿ가-힯]")
_WORD: Final = re.compile(r"[A-Za-zÀ-ɏ]+(?:'[a-z]+)?|\d")
_MARKUP: Final = re.compile(r"<[^>]*>")


def seconds(text: str) -> float:
    """About how long a text takes to say, markup and pauses left out."""
    words = _MARKUP.sub("", text)
    return len(_CJK.findall(words)) / MANDARIN_CHARACTERS_PER_S + len(_WORD.findall(words)) / ENGLISH_WORDS_PER_S


def in_parts(sentences: Sequence[str], most: int) -> list[list[str]]:
    """The sentences in their order, in at most `most` parts of PROMPT_S_MAX each. A sentence is never cut, and none is
    lost: what has no room any more is said in the last part."""
    parts: list[list[str]] = []
    for sentence in sentences:
        fits = bool(parts) and seconds("".join([*parts[-1], sentence])) <= PROMPT_S_MAX
        if parts and (fits or len(parts) == most):
            parts[-1].append(sentence)
        else:
            parts.append([sentence])
    return parts
