"""Values as words, spoken (SSML, escaped) or written (plain text). None: this value cannot be put into words.

Names that others chose, of merchants above all, are made harmless, shortened, or left out where a voice cannot say
them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final

from hotline.kit.languages import CHINESE
from hotline.kit.money import Money, Rate

from .amounts import speak_money, speak_rate, write_money, write_rate
from .catalogue import fill, find
from .times import (
    speak_day,
    speak_duration,
    speak_lately,
    speak_latest,
    speak_moment,
    speak_opening,
    speak_usual,
)
from .values import Counted, Dictated, Digits, Lately, Latest, Link, Locale, Opening, Phone, Reference, Usual, Word

DICTATION_PAUSE: Final = '<break time="400ms"/>'
DIGITS_MAX: Final = 32
"""No reference that is said sign by sign is longer; the rest is not said."""
_RUNS: Final = re.compile(r"[0-9]+|[A-Za-z]")
_TWO: Final = re.compile("(?<![0-9零])2(?=小时|分钟|天|点)")
"""A two that stands alone before what is counted: 两小时, 凌晨两点; but 12小时, 零2分, 12月2日."""
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to hold, escaped or not."""
_MARKS: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
"""Written out, since the escaping of xml.sax brings the library's HTTP client along."""


def escape(text: str) -> str:
    """Text as it stands in SSML."""
    return _NOT_XML.sub("", text).translate(_MARKS)


def speak_digits(text: str) -> str:
    """SSML that says a reference digit by digit, and letters one by one; anything else in it is not said. The same in
    every language. Interpreted as `digits`, since neural voices fall back to another voice for `characters`."""
    parts = [
        f'<say-as interpret-as="digits">{run}</say-as>' if run[0].isdigit() else run.upper()
        for run in _RUNS.findall(text[:DIGITS_MAX])
    ]
    return " ".join(parts)


def dictate(text: str) -> str:
    """SSML that says digits one by one, slowly, with a pause between them; anything else in the text is not said."""
    digits = (character for character in text[:DIGITS_MAX] if character.isascii() and character.isdigit())
    said = DICTATION_PAUSE.join(speak_digits(digit) for digit in digits)
    return f'<prosody rate="slow">{said}</prosody>' if said else ""


def speak_reference(digits: str, language: str) -> str:
    """SSML that says a reference in groups of three digits; the commas are pauses."""
    return ("，" if language == CHINESE else ", ").join(speak_digits(group) for group in _threes(digits))


def _threes(digits: str) -> list[str]:
    return re.findall("[0-9]{1,3}", digits[:DIGITS_MAX])


def speak_phone(number: str, language: str) -> str:
    """SSML that says a phone number, group by group; the commas are pauses."""
    groups = [speak_digits(group) for group in _groups(number)]
    return "加" + "，".join(groups) if language == CHINESE else fill("value.phone", language, digits=", ".join(groups))


def write_phone(number: str) -> str:
    """A phone number in groups, `+86 400 555 0199`; one that is no valid number as it is."""
    return "+" + " ".join(_groups(number))


def _groups(number: str) -> list[str]:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return [number.lstrip("+")]
    return re.findall("[0-9]+", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def render_spoken(value: object, locale: Locale) -> str | None:
    """The value as SSML."""
    match value:
        case Money():
            return escape(speak_money(value, locale.language))
        case Rate():
            return escape(speak_rate(value, locale.language))
        case Digits(text):
            return speak_digits(text) or None
        case Dictated(text):
            return dictate(text) or None
        case Reference(digits):
            return speak_reference(digits, locale.language) or None
        case Phone(number):
            return speak_phone(number, locale.language)
        case str():
            name = clean(value)
            if not name or (locale.language != CHINESE and not sayable_in_english(name)):
                return None
            return escape(name)
        case Counted(2) if locale.language == CHINESE:
            return "两"
        case _:
            words = _common(value, locale)
            if words is None:
                return None
            return escape(_TWO.sub("两", words) if locale.language == CHINESE else words)


def render_written(value: object, locale: Locale) -> str | None:
    """The value as plain text, for SMS and e-mail."""
    match value:
        case Money():
            return write_money(value, locale.language)
        case Rate():
            return write_rate(value)
        case Digits(text) | Dictated(text):
            return clean(text) or None
        case Reference(digits):
            return " ".join(_threes(digits)) or None
        case Phone(number):
            return write_phone(number)
        case Link(address):
            return address
        case str():
            return clean(value) or None
        case Word(key):
            # Some words name a key to press, which nobody can in a letter.
            return find(f"{key}.written", locale.language) or find(key, locale.language)
        case _:
            return _common(value, locale)


def _common(value: object, locale: Locale) -> str | None:
    """The form of a value that is spoken and written alike."""
    match value:
        case bool() | None:
            return None
        case int():
            return str(value) if locale.language == CHINESE else f"{value:,}"
        case Counted(number):
            return _common(number, locale)
        case datetime():
            return speak_moment(value, locale)
        case date():
            return speak_day(value, locale)
        case timedelta():
            return speak_duration(value, locale.language)
        case Lately(instant, placed):
            return speak_lately(instant, locale, placed=placed)
        case Opening():
            return speak_opening(value, locale)
        case Usual(day):
            return speak_usual(day, locale)
        case Latest(day, about):
            return speak_latest(day, locale, about=about)
        case Word(key):
            return find(key, locale.language)
        case _:
            raise TypeError(f"a value of type {type(value).__name__} has no words")


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
