"""What a prompt sounds like: SSML as readable text, and how long it takes to say.

SSML support as Amazon Connect documents it for text to speech: unknown tags are ignored, a text that is not
well-formed XML fails as a whole.
"""

import re
from xml.etree import ElementTree

MANDARIN_CHARACTERS_PER_S = 4.5
"""Pace of a neural Mandarin voice at normal rate; some 270 characters a minute."""
ENGLISH_WORDS_PER_S = 2.75
"""Pace of a neural English voice at normal rate; some 165 words a minute."""
DEFAULT_BREAK_S = 0.5
MAX_BREAK_S = 10.0
_BREAK_STRENGTH_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}
_CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿぀-ヿ가-힯]")
_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:'[a-z]+)?|\d")
_BLOCK_TAGS = frozenset({"p", "s"})


class SsmlError(ValueError):
    """A prompt is marked as SSML and is not well-formed; the text says where."""


def is_ssml(text: str) -> bool:
    """Whether a text is meant as SSML: real flows put a whole `<speak>` element into the `Text` parameter too."""
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
    """Raise SsmlError when the text is not one well-formed `speak` element."""
    _parse(ssml)


def readable(prompt: str) -> str:
    """The words of a prompt, with markup gone and white space collapsed. Raises SsmlError."""
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


def duration_s(prompt: str) -> float:
    """About how many seconds a prompt takes to say, pauses included. Raises SsmlError."""
    text = readable(prompt)
    seconds = len(_CJK.findall(text)) / MANDARIN_CHARACTERS_PER_S + len(_WORD.findall(text)) / ENGLISH_WORDS_PER_S
    if is_ssml(prompt):
        seconds += sum(_break_s(element) for element in _parse(prompt).iter() if element.tag.endswith("break"))
    return round(seconds, 3)


def _break_s(element: ElementTree.Element) -> float:
    time = element.get("time", "")
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", time)
    if match:
        return min(float(match[1]) / (1000 if match[2] == "ms" else 1), MAX_BREAK_S)
    return _BREAK_STRENGTH_S.get(element.get("strength", ""), DEFAULT_BREAK_S)
