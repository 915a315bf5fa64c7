"""References to run-time values (`$.Attributes.topic`) and to deploy-time values (`${ConnectFunctionArn}`).

The service knows no deploy-time values: every project has its own way to write and to replace them. Five are read
here, as they are found in published flows: `${Name}` (CloudFormation, Terraform), `%%NAME%%`, `<<name>>`, `{{a.b.c}}`
and `%Name%`. Our own flows use the first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAME = r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*"
_STEP = rf"(?:\.{_NAME}|\['[^']+'\]|\[\"[^\"]+\"\])"
_REFERENCE = re.compile(rf"\$\.({_NAME})({_STEP}*)")
_STEP_PARTS = re.compile(rf"\.({_NAME})|\['([^']+)'\]|\[\"([^\"]+)\"\]")
_WORD = r"[A-Za-z_][A-Za-z0-9_.-]*"
_TOKEN = re.compile(
    rf"\$\{{([A-Za-z_][A-Za-z0-9_.:]*)\}}|%%({_WORD})%%|<<({_WORD})>>|\{{\{{ *({_WORD}) *\}}\}}|%({_WORD})%"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One JSONPath reference: `$.External.customer.name` is root `External` with keys `("customer", "name")`."""

    root: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        steps = (f".{key}" if re.fullmatch(_NAME, key) else f"['{key}']" for key in self.keys)
        return f"$.{self.root}{''.join(steps)}"


def _from_match(match: re.Match[str]) -> Reference:
    steps = (next(group for group in step.groups() if group) for step in _STEP_PARTS.finditer(match[2]))
    return Reference(match[1], tuple(steps))


def parse_reference(text: str) -> Reference | None:
    """The reference that the whole of `text` is, or None when it is not exactly one."""
    match = _REFERENCE.fullmatch(text)
    return _from_match(match) if match else None


def references_in(text: str) -> tuple[Reference, ...]:
    """Every reference inside a text, in order."""
    return tuple(_from_match(match) for match in _REFERENCE.finditer(text))


def split_text(text: str) -> Iterator[str | Reference]:
    """Take a text apart into literal pieces and references, in order; empty pieces are left out."""
    position = 0
    for match in _REFERENCE.finditer(text):
        if match.start() > position:
            yield text[position : match.start()]
        yield _from_match(match)
        position = match.end()
    if position < len(text):
        yield text[position:]


def strings_in(value: Any) -> Iterator[str]:
    """Every string inside a JSON value, at any depth; keys of objects are not among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings_in(item)


def _name_of(match: re.Match[str]) -> str:
    return next(name for name in match.groups() if name)


def token_name(text: str) -> str | None:
    """The name in a text that is one token and nothing else (`${Name}`, `%%NAME%%`), else None."""
    match = _TOKEN.fullmatch(text)
    return _name_of(match) if match else None


def tokens_in(text: str) -> tuple[str, ...]:
    """Names of all tokens in a text, in order, with repetitions."""
    return tuple(_name_of(match) for match in _TOKEN.finditer(text))


def replace_tokens(value: Any, tokens: Mapping[str, str]) -> Any:
    """A copy of a JSON value with the known tokens replaced; unknown ones stay as they are written."""
    if isinstance(value, str):
        return _TOKEN.sub(lambda match: tokens.get(_name_of(match), match[0]), value)
    if isinstance(value, Mapping):
        return {key: replace_tokens(item, tokens) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_tokens(item, tokens) for item in value]
    return value
