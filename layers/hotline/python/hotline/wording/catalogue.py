"""The message catalogues: gettext's own files and reader, one folder a language.

Translators edit `locale/<language>/LC_MESSAGES/hotline.po`; `make words` compiles the `.mo` file beside it, which is
shipped and read here. A test fails when the two differ.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path
from typing import Final

from hotline.kit.languages import language_or_english

DOMAIN: Final = "hotline"
LOCALE: Final = Path(__file__).parent / "locale"


def folder(language: str) -> Path:
    """Where a language's catalogue lies, both its source and its compiled form."""
    return LOCALE / language.replace("-", "_") / "LC_MESSAGES"


def find(key: str, language: str, n: int | None = None) -> str | None:
    """The text of a message; None when the catalogue has none under this key. `n` chooses the plural form."""
    if not key:
        return None  # gettext keeps the catalogue's header under the empty key
    catalogue = _catalogue(language_or_english(language))
    text = catalogue.gettext(key) if n is None else catalogue.ngettext(key, key, n)
    return None if text == key else text


@cache
def _catalogue(language: str) -> gettext.GNUTranslations:
    """Read on first use: nothing is opened at import."""
    with (folder(language) / f"{DOMAIN}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
