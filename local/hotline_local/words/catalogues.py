"""The catalogues: `.po` files, which translators edit, and `.mo` files, which the standard library reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polib

from hotline.wording.catalogue import DOMAIN, folder

FLOW_PREFIX: Final = "flow."
"""How the ids of messages begin that stand in flow files."""


class MalformedCatalogue(ValueError):
    """A `.po` file that cannot be read, or that has a message twice."""


def source_file(language: str) -> Path:
    """The catalogue that translators edit."""
    return folder(language) / f"{DOMAIN}.po"


def compiled_file(language: str) -> Path:
    """The catalogue that is shipped."""
    return folder(language) / f"{DOMAIN}.mo"


def read_source(path: Path) -> polib.POFile:
    """The catalogue of a `.po` file. Raises MalformedCatalogue, with the file's name."""
    try:
        return polib.pofile(str(path), encoding="utf-8", check_for_duplicates=True)
    except (OSError, ValueError) as error:
        raise MalformedCatalogue(f"{path}: {error}") from error


def usable_texts(source: polib.POFile) -> Mapping[str, tuple[str, ...]]:
    """The texts of each message by its id: one, or one for each plural form. A message that is marked as fuzzy (a
    translator has to look at it) or that has no text yet is left out."""
    return {entry.msgid: _texts(entry) for entry in source.translated_entries()}


def _texts(entry: polib.POEntry) -> tuple[str, ...]:
    return tuple(entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)) or (entry.msgstr,)


def compile_source(source: polib.POFile) -> bytes:
    """The `.mo` file of a catalogue: the messages that are usable, without the words of flows, which stand in the flow
    files. The same source gives the same bytes."""
    shipped = polib.POFile()
    shipped.metadata = source.metadata
    shipped.extend(entry for entry in source.translated_entries() if not entry.msgid.startswith(FLOW_PREFIX))
    return shipped.to_binary()
