"""Prompts as they are heard: SSML as words, and about how long they take to say.

SSML support as Amazon Connect documents it for text to speech: unknown tags are ignored. A text that is not well-formed
XML fails as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree

from connect_sim.errors import ConnectSimError

DEFAULT_BREAK_S = 0.5
MAX_BREAK_S = 10.0
PROMPTS_KEPT = 1024
"""Prompts whose words and durations are remembered: most calls say the same ones."""
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
"""How fast prosody's names for rates are, against the normal rate. The names are documented, their factors are not."""
_BREAK_STRENGTH_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}
_RUN_TIME = re.compile(r"\$[.\[]")
_BLOCK_TAGS = frozenset({"p", "s"})


_CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿぀-ヿ가-힯]")
_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:'[a-z]+)?|\d")
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class SpeechRate:
    """How fast a voice speaks at its normal rate.

    The defaults are common for neural voices, not measured on a line: 270 Chinese characters or 165 English words a
    minute. A digit counts as a word.
    """

    characters_per_s: float = 4.5
    words_per_s: float = 2.75

    def estimate_s(self, text: str) -> float:
        """Return about how many seconds a text takes to say; markup and pauses do not count."""
        words = _MARKUP.sub("", text)
        return len(_CJK.findall(words)) / self.characters_per_s + len(_WORD.findall(words)) / self.words_per_s


NORMAL_RATE = SpeechRate()


class SsmlError(ConnectSimError):
    """A prompt is marked as SSML and is not well-formed; the text says where."""


def is_ssml(text: str) -> bool:
    """Return whether a text is meant as SSML; flows also put a whole `<speak>` element into the parameter `Text`."""
    return text.lstrip().startswith("<speak")


def _parse(ssml: str) -> ElementTree.Element:
    if "<!" in ssml or "<?" in ssml.lstrip()[1:]:
        raise SsmlError("declarations are not part of SSML in prompts")
    prefixed = re.sub(r"<(/?)(amazon):", r"<\1\2-", ssml)
    try:
        # Declarations are refused above, so no entity can be defined, let alone expanded.
        root = ElementTree.fromstring(re.sub(r"\bxml:lang=", "xml-lang=", prefixed))  # noqa: S314
    except ElementTree.ParseError as error:
        raise SsmlError(str(error)) from error
    if root.tag.rsplit("}", 1)[-1] != "speak":
        raise SsmlError("the outermost element is not `speak`")
    return root


def check_ssml(ssml: str) -> None:
    """Raise SsmlError when the text is not one well-formed `speak` element, or names no rate or pause that exists."""
    for _ in _pieces(_parse(ssml), 1.0):
        pass


@lru_cache(maxsize=PROMPTS_KEPT)
def extract_words(prompt: str) -> str:
    """Return the words of a prompt, with markup gone and white space collapsed. Raises SsmlError."""
    if not is_ssml(prompt):
        return re.sub(r"\s+", " ", prompt).strip()
    pieces: list[str] = []
    _collect(_parse(prompt), pieces)
    return re.sub(r"\s+", " ", "".join(pieces)).strip()


def _collect(element: ElementTree.Element, pieces: list[str]) -> None:
    tag = element.tag.rsplit("}", 1)[-1]
    if tag == "sub" and element.get("alias"):
        pieces.append(element.get("alias", ""))
    else:
        pieces.append(element.text or "")
        for child in element:
            _collect(child, pieces)
            pieces.append(child.tail or "")
    if tag in _BLOCK_TAGS or tag == "break":
        pieces.append(" ")


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a prompt takes: its words, and the pauses in it, in seconds."""

    speech_s: float
    pauses_s: float

    @property
    def total_s(self) -> float:
        return round(self.speech_s + self.pauses_s, 3)


@lru_cache(maxsize=PROMPTS_KEPT)
def estimate_duration(prompt: str, rate: SpeechRate = NORMAL_RATE) -> Duration:
    """Return about how long a prompt takes to say in a voice of this rate. Raises SsmlError."""
    if not is_ssml(prompt):
        return Duration(round(rate.estimate_s(prompt), 3), 0.0)
    pieces = list(_pieces(_parse(prompt), 1.0))
    words = [piece for piece in pieces if isinstance(piece, tuple)]
    pauses_s = sum(piece for piece in pieces if isinstance(piece, float))
    return Duration(round(sum(rate.estimate_s(text) / factor for text, factor in words), 3), round(pauses_s, 3))


def estimate_duration_s(prompt: str, rate: SpeechRate = NORMAL_RATE) -> float:
    """Return about how many seconds a prompt takes to say, pauses included. Raises SsmlError."""
    return estimate_duration(prompt, rate).total_s


def _pieces(element: ElementTree.Element, rate: float) -> Iterator[tuple[str, float] | float]:
    """Yield what an element says, in order: words with the rate at which they are said, and pauses in seconds."""
    tag = element.tag.rsplit("}", 1)[-1]
    if tag == "break":
        yield _break_s(element)
        return
    if tag == "prosody":
        rate *= _rate(element)
    if tag == "sub" and element.get("alias"):
        yield element.get("alias", ""), rate
        return
    yield element.text or "", rate
    for child in element:
        yield from _pieces(child, rate)
        yield child.tail or "", rate


def _rate(element: ElementTree.Element) -> float:
    rate = element.get("rate")
    if rate is None or _RUN_TIME.match(rate):
        return 1.0
    percent = re.fullmatch(r"(\d{1,3})%", rate)
    if percent and int(percent[1]) > 0:
        return int(percent[1]) / 100
    if rate not in _RATES:
        raise SsmlError(f"{rate!r} is no rate of speech")
    return _RATES[rate]


def _break_s(element: ElementTree.Element) -> float:
    time = element.get("time")
    if time is None:
        return _BREAK_STRENGTH_S.get(element.get("strength", ""), DEFAULT_BREAK_S)
    if _RUN_TIME.match(time):
        return 0.0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", time)
    if match is None:
        raise SsmlError(f"{time!r} is no length of a pause")
    return min(float(match[1]) / (1000 if match[2] == "ms" else 1), MAX_BREAK_S)
