"""Numbers, days and amounts in the words of a language, from patterns of its catalogue (`value.`, `currency.`).

Every language but Chinese is told so. Chinese has habits that no pattern holds (两, parts of the day, jiao and fen);
the modules of amounts and times write them out.
"""

from __future__ import annotations

from .catalogue import find
from .sentences import PLACEHOLDER


def fill(key: str, language: str, n: int | None = None, **facts: object) -> str:
    """The pattern of this key, filled with facts; `n` chooses the plural form and is a fact of it. Raises LookupError
    when the catalogue has no such pattern."""
    text = find(key, language, n)
    if text is None:
        raise LookupError(key)
    known = facts if n is None else {"n": f"{n:,}", **facts}
    return PLACEHOLDER.sub(lambda found: str(known[found[1]]), text)
