"""Text from outside: facts, notes, names, and what callers and clients send. One rule for all of it.

The kept text is what a reader sees, in Normalization Form C (Unicode Standard Annex 15), as one line. Not kept:

- terminal escape sequences (ECMA-48), as a whole;
- control characters, line and paragraph separators: a space stands in their place;
- format characters, among them marks of direction (UAX 9) and what has no width; surrogates, private use, unassigned;
- letters and marks that draw nothing (Default_Ignorable_Code_Point), e.g. the Hangul filler; a space stands in the
  place of the braille pattern without dots;
- variation selectors, but for the one behind a picture or an ideograph of which it chooses the form.

U+200D and U+200C stay where writing needs them: after a virama (Indic conjuncts) and between Arabic letters (Persian).
U+200D also stays between the parts of a picture (families, professions). UAX 31 allows them in the same places. The
flags of England, Scotland and Wales, which are made of tag characters, become a black flag. Characters that Unicode has
assigned since the version of the interpreter are dropped as unassigned.

A limit in characters is one in bytes too: UTF-8 has at most four of them for a character. It is asked of the plain
form, which may be longer than what came: some characters are three in every normal form.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

BYTES_OF_A_CHARACTER_MAX: Final = 4
"""RFC 3629: UTF-8."""
_ESCAPE_SEQUENCE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # strings: titles, links
    r"|\x1b[ -/]*[0-~]"
)
_SPACES: Final = frozenset({"Cc", "Zl", "Zp", "Zs"})
_DROPPED: Final = frozenset({"Cf", "Cs", "Co", "Cn"})
_DRAWS_NOTHING: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\U0001d159")
_BRAILLE_BLANK: Final = "\u2800"
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FORMS_OF_PICTURES: Final = frozenset("\ufe0e\ufe0f")
_KEYCAP: Final = "\u20e3"
_SIGNS_WITH_PICTURES: Final = frozenset("\u203c\u2049\u3030")
"""Punctuation that has a coloured form: two exclamation marks, exclamation question mark, wavy dash."""
_NON_JOINER: Final = "\u200c"
_JOINER: Final = "\u200d"
_VIRAMA: Final = 9
"""Canonical combining class of a virama."""
_VARIATION: Final = "\ufe0f"
"""Asks for the coloured form of the picture before it."""
_PICTURES: Final = frozenset({"So", "Sk"})
"""Categories of emoji and of their skin tones."""


def plain_text(text: str) -> str:
    """The text as it may be stored, spoken and shown: one line without anything that is not seen. Plain text is its own
    plain form. Takes any string, lone surrogates too; what it gives can always be written as UTF-8."""
    if text.isascii() and text.isprintable():
        return _collapse_spaces(text)
    text = _ESCAPE_SEQUENCE.sub("", text)
    visible = "".join(_make_visible(character) for character in unicodedata.normalize("NFC", text))
    # A mark that stood between two characters is gone, so that they may now be one.
    return _collapse_spaces(unicodedata.normalize("NFC", _drop_needless_joiners(visible)))


def plain_lines(text: str) -> str:
    """The text of somebody who writes in lines: each in its plain form, with one empty line at most between two."""
    lines: list[str] = []
    for line in map(plain_text, text.splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n")


def is_plain(text: str) -> bool:
    """Whether the text is in its plain form: for what is refused rather than changed, such as ids and addresses."""
    return plain_text(text) == text


def is_printed_ascii(text: str, *, characters_max: int) -> bool:
    """Whether the text is one to `characters_max` printed ASCII signs without a space, as ids of machines are."""
    return 0 < len(text) <= characters_max and text.isascii() and text.isprintable() and " " not in text


def dump_json(value: Any, *, indent: int | None = None, separators: tuple[str, str] | None = None) -> str:
    """The value as JSON in which people can read all scripts. Characters that nobody sees are escapes of JSON. So the
    text does nothing to a terminal, and reads back as the same value."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    if text.isprintable():
        return text
    # Outside of its strings JSON has nothing that is hidden but the ends of lines, and within them those are escaped.
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8. Half of a surrogate pair, which JSON can name, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fits(text: str, *, characters_max: int) -> bool:
    """Whether a plain text keeps within a limit, in characters and so in bytes."""
    return len(text) <= characters_max and len(text.encode()) <= BYTES_OF_A_CHARACTER_MAX * characters_max


def _make_visible(character: str) -> str:
    if character in (_JOINER, _NON_JOINER):
        return character
    category = unicodedata.category(character)
    if category in _SPACES or character == _BRAILLE_BLANK:
        return " "
    return "" if category in _DROPPED or character in _DRAWS_NOTHING else character


def _drop_needless_joiners(text: str) -> str:
    kept: list[str] = []
    for place, character in enumerate(text):
        if character in (_JOINER, _NON_JOINER):
            before, after = kept[-1] if kept else "", text[place + 1 : place + 2]
            if not _is_needed(character, before, after):
                continue
        if _SELECTORS.fullmatch(character) and not _chooses(character, kept, text[place + 1 : place + 2]):
            continue
        kept.append(character)
    return "".join(kept)


def _chooses(selector: str, before: list[str], after: str) -> bool:
    """Whether the selector chooses between the forms that the character before it has."""
    base = before[-1] if before else ""
    if not base:
        return False
    category = unicodedata.category(base)
    if selector in _FORMS_OF_PICTURES:
        is_key = after == _KEYCAP and base in "0123456789#*"
        return is_key or category in _PICTURES or category == "Sm" or base in _SIGNS_WITH_PICTURES
    return category == "Lo" and unicodedata.east_asian_width(base) == "W"


def _is_needed(joiner: str, before: str, after: str) -> bool:
    """Whether the joiner changes how its neighbours are written."""
    if not before or not after:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return unicodedata.category(after) == "Lo"
    if joiner == _NON_JOINER:
        return unicodedata.bidirectional(before) == "AL" == unicodedata.bidirectional(after)
    is_picture = before == _VARIATION or unicodedata.category(before) in _PICTURES
    return is_picture and unicodedata.category(after) == "So"


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())
