"""Speech of the line, as SSML: well-formed whatever the facts hold, and never longer than Amazon Connect takes.

The pace is a common one for neural voices at their normal rate, not measured on this line. It is some 270 Chinese
characters or 165 English words a minute, where a digit counts as a word. A voice menu's prompt is one idea and ten
seconds at most (common guidance for voice menus). A longer one is said in parts, between which the caller can act.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from hotline.kit.languages import LANGUAGES

from .catalogue import find, sentences
from .rendering import escape, render_spoken
from .values import Counted, Locale, Word

SSML_CHARACTERS_MAX: Final = 3_000
"""Amazon Connect bills at most this many characters of a prompt, markup left out, and refuses twice as many with it."""
_OPEN, _CLOSE = "<speak>", "</speak>"
_SLOW, _USUAL = '<prosody rate="slow">', "</prosody>"
_ROOM: Final = len(_OPEN) + len(_CLOSE)


class UnknownMessage(LookupError):
    """A key that the catalogue does not have: a bug, found by tests."""


def prompt_of(text: str, *, slow: bool = False, pause_s: int = 0) -> str:
    """Sentences that were put together, as SSML. `slow` is for those who need it; a pause at the end lengthens the time
    that a menu leaves for a key."""
    said = f"{_SLOW}{text}{_USUAL}" if slow else text
    return f"{_OPEN}{said}{f'<break time="{pause_s}s"/>' if pause_s else ''}{_CLOSE}"


class Speech:
    """Collects sentences. Facts that are given when something is said go before
    the others."""

    def __init__(self, locale: Locale, facts: Mapping[str, object]) -> None:
        self.locale = locale
        self.facts = facts
        self._sentences: list[str] = []
        self._left = SSML_CHARACTERS_MAX - _ROOM

    def say(self, key: str, **facts: object) -> None:
        """Add a message's sentences, as far as their facts are known. A sentence that would pass the limit is left
        out. Raises UnknownMessage."""
        self._add(key, None, facts)

    def say_counted(self, key: str, n: int) -> None:
        """Add a message in the plural form for `n`, which is a fact of it. Raises UnknownMessage."""
        self._add(key, n, {"n": Counted(n)})

    def say_first(self, *keys: str, **facts: object) -> None:
        """Say the first of these messages that the catalogue has. Raises UnknownMessage when it has none."""
        self.say(next((key for key in keys if self.knows(key)), keys[-1]), **facts)

    def say_known(self, *keys: str, **facts: object) -> None:
        """Say the first of these messages that the catalogue has, if it has one."""
        known = next((key for key in keys if self.knows(key)), None)
        if known is not None:
            self.say(known, **facts)

    def say_if_known(self, key: str) -> None:
        """Say a message, if the catalogue has it."""
        if self.knows(key):
            self.say(key)

    def knows(self, key: str) -> bool:
        """Whether the catalogue has a message under this key."""
        return find(key, self.locale.language) is not None

    def word(self, *keys: str) -> Word | None:
        """The first of these words that the catalogue has, as a fact for another message; None when it has none."""
        return next((Word(key) for key in keys if self.knows(key)), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The spoken words, sentence by sentence. Raises ValueError when there is no sentence: a prompt may not be
        silent."""
        if not self._sentences:
            raise ValueError("a prompt without words")
        return tuple(self._sentences)

    @property
    def gap(self) -> str:
        """The text between two sentences."""
        return LANGUAGES[self.locale.language].gap

    def _add(self, key: str, n: int | None, facts: Mapping[str, object]) -> None:
        text = find(key, self.locale.language, n)
        if text is None:
            raise UnknownMessage(key)
        known = {**self.facts, **facts}
        for sentence in sentences(text, lambda name: self._words(known.get(name)), escape):
            length = len(sentence) + len(self.gap)
            if length <= self._left:
                self._sentences.append(sentence)
                self._left -= length

    def _words(self, value: object) -> str | None:
        return None if value is None else render_spoken(value, self.locale)


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
        if parts and (len(parts) == most or seconds("".join([*parts[-1], sentence])) <= PROMPT_S_MAX):
            parts[-1].append(sentence)
        else:
            parts.append([sentence])
    return parts


def fits(sentences: Sequence[str], most: int) -> bool:
    """Whether the sentences can be said in at most `most` parts of PROMPT_S_MAX each."""
    return all(seconds("".join(part)) <= PROMPT_S_MAX for part in in_parts(sentences, most))
