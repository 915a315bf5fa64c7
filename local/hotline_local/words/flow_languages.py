"""Blocks of the flows for a language that was added to the table, made after the pattern of English.

English has blocks of its own in every flow (`Voice in English`, `Language code in English`, `Words in English`, `Choose
English`). It also has conditions that lead by its tag, and one that leads by its key in the language menu. A language
whose blocks a flow does not have yet gets a copy of each, with its own name, tag, key and voice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from hotline.kit.languages import ENGLISH, LANGUAGES, Language

PATTERN: Final = LANGUAGES[ENGLISH]
_GRID: Final = 200
"""Pixels between two blocks in the editor of the console."""

type Json = dict[str, Any]


def add_languages(flow: Json) -> None:
    """Give a flow document, in place, the blocks and conditions of each language that it lacks."""
    patterns = [block["Identifier"] for block in flow["Actions"] if _names(PATTERN, block["Identifier"])]
    for language in LANGUAGES.values():
        if patterns and not any(_names(language, block["Identifier"]) for block in flow["Actions"]):
            _add(flow, language, patterns)


def _names(language: Language, identifier: str) -> bool:
    return re.search(rf"\b{language.name}\b", identifier) is not None


def _add(flow: Json, language: Language, patterns: list[str]) -> None:
    renamed = {identifier: identifier.replace(PATTERN.name, language.name) for identifier in patterns}
    own = {PATTERN.tag: language.tag, PATTERN.voice: language.voice, **renamed}
    for block in flow["Actions"]:
        if block["Identifier"] not in renamed:
            _add_conditions(block["Transitions"].get("Conditions", []), own, renamed, language)
    blocks = {block["Identifier"]: block for block in flow["Actions"]}
    layout = flow["Metadata"]["ActionMetadata"]
    below = max(entry["position"]["y"] for entry in layout.values())
    for identifier in patterns:
        place = flow["Actions"].index(blocks[identifier]) + 1
        flow["Actions"].insert(place, _replace(blocks[identifier], own))
        below += _GRID
        entry = _replace(layout[identifier], own)
        layout[renamed[identifier]] = entry | {"position": {"x": layout[identifier]["position"]["x"], "y": below}}


def _add_conditions(conditions: list[Json], own: Mapping[str, str], renamed: Mapping[str, str], new: Language) -> None:
    """Add to a block's conditions, after each that is met by the pattern's tag or key, one for the new language."""
    for condition in list(conditions):
        by_tag = condition["Condition"]["Operands"] == [PATTERN.tag]
        by_key = condition["Condition"]["Operands"] == [PATTERN.key] and condition["NextAction"] in renamed
        if by_tag or by_key:
            keyed = {PATTERN.key: new.key} if by_key else {}
            conditions.insert(conditions.index(condition) + 1, _replace(condition, {**own, **keyed}))


def _replace(value: Any, own: Mapping[str, str]) -> Any:
    """A copy of a JSON value in which every text that has a counterpart is replaced by it."""
    match value:
        case dict():
            return {name: _replace(entry, own) for name, entry in value.items()}
        case list():
            return [_replace(entry, own) for entry in value]
        case str():
            return own.get(value, value)
        case _:
            return value
