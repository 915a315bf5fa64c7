"""A language that the project does not have, added as docs/extending.md says: a catalogue, and an entry in the table.

Its catalogue is the English one with another letter in place of each and every text longer (a pseudo-locale). So a text
in plain letters that is said or written in it did not come from the catalogue.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polib
import pytest

from hotline.kit.languages import ENGLISH, LANGUAGES, Language
from hotline.wording import catalogue
from hotline_local.words.catalogues import compile_source, compiled_file, read_source, source_file

THIRD = Language("fr-FR", "French", key="3", voice="Lea")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀçđéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÁɃÇĐÉƑĜĤÎĴĶĻḾÑÖÞɊŔŠŢÛṼŴẊÝŽ"
)
_FACT = re.compile(r"(\$\{\w+\}|\{\w+\})")
_END = re.compile(r"(\n| \| )")
"""The end of a sentence or a wording."""
LONGER = "…"


def translated(text: str) -> str:
    """The text in the third language, each of its sentences and wordings longer."""
    parts = _END.split(text)
    return "".join(part if place % 2 else _other_letters(part) + LONGER for place, part in enumerate(parts))


def _other_letters(text: str) -> str:
    parts = _FACT.split(text)
    return "".join(part if place % 2 else part.translate(_LETTERS) for place, part in enumerate(parts))


@contextmanager
def speaking_a_third_language(folder: Path) -> Iterator[Language]:
    """Let the hotline in this process speak THIRD too; the catalogues lie in `folder` meanwhile."""
    shutil.copytree(catalogue.LOCALE, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "LOCALE", folder)
        patch.setitem(LANGUAGES, THIRD.tag, THIRD)
        source = read_source(source_file(ENGLISH))
        source.metadata["Language"] = THIRD.tag
        for entry in source:
            _translate(entry)
        compiled_file(THIRD.tag).parent.mkdir(parents=True)
        source.save(str(source_file(THIRD.tag)))
        compiled_file(THIRD.tag).write_bytes(compile_source(source))
        yield THIRD
    catalogue._catalogue.cache_clear()


def _translate(entry: polib.POEntry) -> None:
    entry.msgstr = translated(entry.msgstr) if entry.msgstr else ""
    entry.msgstr_plural = {form: translated(text) for form, text in entry.msgstr_plural.items()}
