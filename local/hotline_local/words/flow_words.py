"""The fixed words of the flows, from the catalogues.

A flow keeps its words in blocks that set flow attributes, one block a language (`Words in English`). The words of an
attribute are the message `flow.<file>.<attribute>`, or `flow.<attribute>` where several flows say the same. A block for
callers whose language is not known (`Words in both languages`) says all languages one after the other. Each uses the
words of `..<attribute>.short` if there are such. Words that stand in the SSML of a block itself are `flow.<file>.<name
of the block>`, or `flow.<name of the block>`, in all languages. Every language but the first has a `<lang>` element
around it; the first one's voice speaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from hotline.kit.languages import LANGUAGES, Language
from hotline_local.words.catalogues import FLOW_PREFIX
from hotline_local.words.flow_languages import add_languages

SHORT: Final = ".short"
_ALL: Final = "Words in both languages"
_SSML: Final = re.compile(r"(<speak>(?:<prosody [^>]*>)?)(.*?)((?:</prosody>)?(?:<break [^>]*/>)?</speak>)")
"""SSML of one sentence after the other: what is around the words, and the words."""

type Json = Mapping[str, Any]
type Texts = Mapping[str, tuple[str, ...]]
"""The texts of a catalogue by the ids of its messages."""


class MissingWords(ValueError):
    """A fixed prompt that a catalogue has no text for."""


@dataclass(slots=True)
class FlowWords:
    """Looks words up; `used` collects the messages that were found."""

    catalogues: Mapping[str, Texts]
    used: set[str] = field(default_factory=set)

    def write(self, flow: Json, name: str) -> None:
        """Write all words of the flow of this file name into its document, in place. Raises MissingWords."""
        languages = {f"Words in {language.name}": language for language in LANGUAGES.values()}
        for block in flow["Actions"]:
            parameters, identifier = block["Parameters"], block["Identifier"]
            if identifier in languages:
                for attribute, entry in parameters["FlowAttributes"].items():
                    entry["Value"] = self._text(languages[identifier], f"{FLOW_PREFIX}{name}.{attribute}", attribute)
            elif identifier == _ALL:
                for attribute, entry in parameters["FlowAttributes"].items():
                    entry["Value"] = " ".join(self._short_texts(name, attribute))
            elif (found := _SSML.fullmatch(parameters.get("SSML", ""))) and not found[2].startswith("$."):
                parameters["SSML"] = found[1] + "".join(self._marked_texts(name, identifier)) + found[3]

    def _short_texts(self, name: str, attribute: str) -> Iterator[str]:
        usual = f"{FLOW_PREFIX}{name}.{attribute}"
        for language in LANGUAGES.values():
            yield self._find(language, usual + SHORT) or self._text(language, usual, attribute)

    def _marked_texts(self, name: str, identifier: str) -> Iterator[str]:
        word = re.sub(r"\W+", "_", identifier.lower())
        for place, language in enumerate(LANGUAGES.values()):
            text = self._text(language, f"{FLOW_PREFIX}{name}.{word}", word)
            yield f'<lang xml:lang="{language.tag}">{text}</lang>' if place else text

    def _text(self, language: Language, key: str, shared: str = "") -> str:
        text = self._find(language, key) or (self._find(language, f"{FLOW_PREFIX}{shared}") if shared else None)
        if text is None:
            raise MissingWords(f"{language.tag} has no text for {key}")
        return text

    def _find(self, language: Language, key: str) -> str | None:
        texts = self.catalogues[language.tag].get(key)
        if texts is None:
            return None
        self.used.add(key)
        return escape(texts[0])


def write_flows(files: Iterable[Path], words: FlowWords) -> dict[Path, str]:
    """The text of each flow file with every language, and its words as the catalogues have them. Raises
    MissingWords."""
    texts = {}
    for path in files:
        flow = json.loads(path.read_text(encoding="utf-8"))
        add_languages(flow)
        words.write(flow, path.stem)
        texts[path] = json.dumps(flow, indent=2, ensure_ascii=False) + "\n"
    return texts
