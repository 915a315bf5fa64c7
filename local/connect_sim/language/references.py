"""References to run-time values (`$.Attributes.topic`) and to deploy-time values (`${ConnectFunctionArn}`).

A reference has several spellings, all of them documented or seen in exports. They are `$.Attributes.lang`,
`$.Attributes['two words']`, `$.Attributes.['two words']` and `$['AwsRegion']`, with single or double quotes, and an
index (`[0]`). A text that begins like a path and fits no spelling is a broken reference. It has no value, and is never
spoken or passed on.

The service knows no deploy-time values: every project has its own way to write and to replace them. Five are read
here, as they are found in published flows: `${Name}` (CloudFormation, Terraform), `%%NAME%%`, `<<name>>`, `{{a.b.c}}`
and `%Name%`. Our own flows use the first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_NAME = r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*"
_BRACKET = r"\[ *'[^']+' *\]|\[ *\"[^\"]+\" *\]"
_STEP = rf"(?:\.{_NAME}|\.?(?:{_BRACKET})|\[\d+\])"
_OTHER_SCRIPT = r"\.[^\W\d_a-zA-Z]\w*"
"""A first key in another script, such as `$.Attributes.姓名`. Later ones are text: `$.Attributes.name先生`."""
_BROKEN = r"\$(?:\.{2,}|\.?\[|\.\*)[^\s<>,;，。；]*"
_PATH = rf"\$(?:\.(?=[A-Za-z_]){_NAME}|\.?(?:{_BRACKET}))(?:{_OTHER_SCRIPT})?{_STEP}*"
_REFERENCE = re.compile(rf"({_PATH})(\[[^\s<>,;，。；]*)?|({_BROKEN})")
_STEP_PARTS = re.compile(rf"\.({_NAME})|\[ *'([^']+)' *\]|\[ *\"([^\"]+)\" *\]|\[(\d+)\]|\.([^\W\d_a-zA-Z]\w*)")
_WORD = r"[A-Za-z_][A-Za-z0-9_.-]*"
_TOKEN = re.compile(
    rf"\$\{{([A-Za-z_][A-Za-z0-9_.:]*)\}}|%%({_WORD})%%|<<({_WORD})>>|\{{\{{ *({_WORD}) *\}}\}}|%({_WORD})%"
)

TEXTS_KEPT = 4096
"""Texts whose references are remembered. The parameters of a flow are read again at each call that comes by."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One JSONPath reference: `$.External.customer.name` is root `External` with keys `("customer", "name")`.

    A broken one has an empty root, and its text as it is written for its only key.
    """

    root: str
    keys: tuple[str, ...]

    @property
    def is_broken(self) -> bool:
        """Whether the text is no path at all, though it begins like one."""
        return self.root == ""

    def __str__(self) -> str:
        if self.is_broken:
            return self.keys[0]
        steps = (f".{key}" if re.fullmatch(_NAME, key) else f"['{key}']" for key in self.keys)
        return f"$.{self.root}{''.join(steps)}"


def _from_match(match: re.Match[str]) -> Reference:
    if match[2] or match[3]:
        return Reference("", (match[0],))
    steps = [next(group for group in step.groups() if group) for step in _STEP_PARTS.finditer(match[1])]
    return Reference(steps[0], tuple(steps[1:]))


@lru_cache(maxsize=TEXTS_KEPT)
def parse_reference(text: str) -> Reference | None:
    """Return the reference that the whole of `text` is, or None when it is not exactly one."""
    match = _REFERENCE.fullmatch(text)
    reference = _from_match(match) if match else None
    return None if reference is None or reference.is_broken else reference


def holds_reference(text: str) -> bool:
    """Return whether a text holds a reference, so that it is known in a call only."""
    return _REFERENCE.search(text) is not None


@lru_cache(maxsize=TEXTS_KEPT)
def find_references(text: str) -> tuple[Reference, ...]:
    """Return every reference inside a text, in order."""
    return tuple(_from_match(match) for match in _REFERENCE.finditer(text))


@lru_cache(maxsize=TEXTS_KEPT)
def split_text(text: str) -> tuple[str | Reference, ...]:
    """Take a text apart into literal pieces and references, in order; empty pieces are left out."""
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[str | Reference]:
    position = 0
    for match in _REFERENCE.finditer(text):
        if match.start() > position:
            yield text[position : match.start()]
        yield _from_match(match)
        position = match.end()
    if position < len(text):
        yield text[position:]


def iterate_strings(value: Any) -> Iterator[str]:
    """Yield every string inside a JSON value, at any depth.

    Of the keys of an object, only those that hold a reference or a token are among them.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str) and (holds_reference(key) or find_tokens(key)):
                yield key
            yield from iterate_strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from iterate_strings(item)


def _name_of(match: re.Match[str]) -> str:
    return next(name for name in match.groups() if name)


def parse_token(text: str) -> str | None:
    """Return the name in a text that is one token and nothing else (`${Name}`, `%%NAME%%`), else None."""
    match = _TOKEN.fullmatch(text)
    return _name_of(match) if match else None


@lru_cache(maxsize=TEXTS_KEPT)
def find_tokens(text: str) -> tuple[str, ...]:
    """Return the names of all tokens in a text, in order, with repetitions."""
    return tuple(_name_of(match) for match in _TOKEN.finditer(text))


def replace_tokens(value: Any, tokens: Mapping[str, str]) -> Any:
    """Return a copy of a JSON value with the known tokens replaced; unknown ones stay as they are written."""
    if isinstance(value, str):
        return _TOKEN.sub(lambda match: tokens.get(_name_of(match), match[0]), value)
    if isinstance(value, Mapping):
        return {replace_tokens(key, tokens): replace_tokens(item, tokens) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_tokens(item, tokens) for item in value]
    return value
