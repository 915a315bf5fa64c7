"""The languages that the hotline speaks, in one table. To add one: docs/extending.md, "A language"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CHINESE: Final = "zh-CN"
ENGLISH: Final = "en-US"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the hotline speaks.

    `tag`: as Amazon Connect knows it (BCP 47); the folder of its catalogue has the same name with an underscore.
    `name`: in English; blocks of the flows carry it in their names. `key`: chooses it in the language menu. `voice`: a
    neural voice of Amazon Polly. `gap`: stands between two sentences. `time_zone`: for an account whose zone is
    unknown. None where the language is spoken in several zones; instants are then told in UTC, by name.
    """

    tag: str
    name: str
    key: str
    voice: str
    gap: str = " "
    time_zone: str | None = None


LANGUAGES: Final[dict[str, Language]] = {
    language.tag: language
    for language in (
        Language(CHINESE, "Chinese", key="1", voice="Zhiyu", gap="", time_zone="Asia/Shanghai"),
        Language(ENGLISH, "English", key="2", voice="Joanna"),
    )
}
"""By tag, in the order in which they are said where all of them are."""


def find_language(tag: str) -> str | None:
    """The language to speak to somebody who asks for a language tag: the same, else one with the same primary subtag
    (RFC 5646, 2.2.1). None when the hotline speaks no such language."""
    if tag in LANGUAGES:
        return tag
    wished = tag.lower()
    return next(
        (known for known in LANGUAGES if known.lower() == wished),
        next((known for known in LANGUAGES if known.split("-")[0].lower() == wished.split("-")[0]), None),
    )


def language_or_english(tag: str) -> str:
    """See find_language; English for a language that the hotline does not speak."""
    return find_language(tag) or ENGLISH
