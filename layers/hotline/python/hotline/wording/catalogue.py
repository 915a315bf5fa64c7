"""The message catalogues: gettext's own files and reader, one folder a language; and messages filled with facts.

Translators edit `locale/<language>/LC_MESSAGES/hotline.po`; `make words` compiles the `.mo` file beside it, which is
shipped and read here. A test fails when the two differ.

A message is made of lines, one sentence each; ` | ` parts wordings of one sentence. `{name}` stands for a fact. Of each
line the first wording whose facts are all known is used; a line without such a wording is left out. So a message says
what is known and is never a sentence with a hole, and translators see it whole.

Numbers, days and amounts are patterns of the catalogue (`value.`, `currency.`) in every language but Chinese. Chinese
has habits that no pattern holds (两, parts of the day, jiao and fen); the modules of amounts and times write them out.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from hotline.kit.languages import language_or_english

DOMAIN: Final = "hotline"
LOCALE: Final = Path(__file__).parent / "locale"


def folder(language: str) -> Path:
    """The folder in which a language's catalogue lies, both its source and its compiled form."""
    return LOCALE / language.replace("-", "_") / "LC_MESSAGES"


def find(key: str, language: str, n: int | None = None) -> str | None:
    """The text of a message; None when the catalogue has none under this key. `n` chooses the plural form."""
    if not key:
        return None  # gettext keeps the catalogue's header under the empty key
    catalogue = _catalogue(language_or_english(language))
    text = catalogue.gettext(key) if n is None else catalogue.ngettext(key, key, n)
    return None if text == key else text


def list_lock_keys(key: str, *, unconfirmed: bool, end: str | None = None) -> tuple[str, ...]:
    """The keys of the words for what keeps an account shut, the most exact first. `unconfirmed`: it has only been asked
    for. `end`: how it ends, None where nothing special is said of that."""
    keys = (f"{key}.asked", key) if unconfirmed else (key,)
    return keys if end is None else tuple(name for one in keys for name in (f"{one}.{end}", one))


def list_matter_keys(matter: str, *, form: str, count: int) -> tuple[str, ...]:
    """The keys of the words for something that an owner is told in a check-up, the most exact first. `form`: which of
    several things it says, empty where it says one. `count`: how often it happened."""
    key = f"checkup.{matter}.{form}" if form else f"checkup.{matter}"
    return (f"{key}.one", key) if count == 1 else (key,)


@cache
def _catalogue(language: str) -> gettext.GNUTranslations:
    """Read on first use: nothing is opened at import."""
    with (folder(language) / f"{DOMAIN}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


WORDINGS: Final = " | "
MESSAGES_PARSED_MAX: Final = 512
"""So many messages are kept in the form in which they are filled; a language has some hundred that are often said."""
PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")

type Fact = Callable[[str], str | None]
"""Gives the words of a fact by its name, None when it is not known."""


def sentences(text: str, fact: Fact, static: Callable[[str], str] = str) -> Iterator[str]:
    """The sentences of a message. `static` is applied to our own text between the facts, e.g. to escape it."""
    for line in _parse(text, static):
        for wording in line:
            sentence = _fill(wording, fact)
            if sentence is not None:
                if sentence:
                    yield sentence
                break


@lru_cache(maxsize=MESSAGES_PARSED_MAX)
def _parse(text: str, static: Callable[[str], str]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Of each line its wordings, each as our own text and names of facts in turn."""
    lines = (line.strip().split(WORDINGS) for line in text.splitlines())
    return tuple(tuple(_parse_wording(wording.strip(), static) for wording in line) for line in lines)


def _parse_wording(wording: str, static: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(part if place % 2 else static(part) for place, part in enumerate(PLACEHOLDER.split(wording)))


def _fill(wording: tuple[str, ...], fact: Fact) -> str | None:
    if len(wording) == 1:
        return wording[0]
    parts = list(wording)
    for place in range(1, len(parts), 2):
        words = fact(parts[place])
        if words is None:
            return None
        parts[place] = words
    return "".join(parts)


def fill(key: str, language: str, n: int | None = None, **facts: object) -> str:
    """The pattern of this key, filled with facts; `n` chooses the plural form and is a fact of it. Raises LookupError
    when the catalogue has no such pattern."""
    text = find(key, language, n)
    if text is None:
        raise LookupError(key)
    known = facts if n is None else {"n": f"{n:,}", **facts}
    return PLACEHOLDER.sub(lambda found: str(known[found[1]]), text)
