"""Names that others chose, of merchants above all: made harmless, shortened, left out where a voice cannot say them."""

from __future__ import annotations

import unicodedata
from typing import Final

NAME_CHARACTERS_MAX: Final = 40
"""A longer name is cut: nobody listens to more, and a prompt has its limit."""
_CUT: Final = "…"


def clean(text: str) -> str:
    """The name on one line: no control, format or private characters, single spaces, at most NAME_CHARACTERS_MAX."""
    visible = "".join(
        character if unicodedata.category(character)[0] not in "CZ" else " "
        for character in unicodedata.normalize("NFC", text[: NAME_CHARACTERS_MAX * 8])
        if unicodedata.category(character) != "Cf"
    )
    name = " ".join(visible.split())
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1].rstrip() + _CUT


def sayable_in_english(name: str) -> bool:
    """Whether an English voice can say it: Latin letters or digits, and no letters of another script. Such a voice
    skips Chinese characters without a word, which would leave a hole in the sentence."""
    letters = [character for character in name if character.isalnum()]
    return bool(letters) and all(_latin(character) for character in letters)


def _latin(character: str) -> bool:
    return character.isascii() or unicodedata.name(character, "").startswith("LATIN")
