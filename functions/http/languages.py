"""The language that a request wishes for (Accept-Language, RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import Final

from hotline.kit.languages import find_language

HEADER_CHARACTERS_MAX: Final = 256
"""A longer header is no list of languages that anybody wrote; it is passed over."""
_NOT_WANTED: Final = 0.0


def find_wished_language(header: str | None) -> str | None:
    """The language that the header likes best among those that the hotline speaks; None when it likes none of them, or
    does not say."""
    if not header or len(header) > HEADER_CHARACTERS_MAX:
        return None
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        tag, _, parameter = part.strip().partition(";")
        quality = _quality(parameter)
        language = find_language(tag.strip())
        if language is not None and quality > _NOT_WANTED:
            ranked.append((-quality, place, language))
    return min(ranked)[2] if ranked else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return _NOT_WANTED
