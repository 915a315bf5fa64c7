"""Tables of the settings of the scan, written from limits and weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hotline.security.detectors import Detector
from hotline.security.detectors.rule import MINUTE_MS
from hotline.security.score import Weights
from hotline.security.settings import ON, SCORE, key_of


def table_of(detector: Detector[Any], limits: Any, *, is_on: bool) -> str:
    """The table of a rule as TOML: what `read_settings` reads back as these limits."""
    return _write([f"[{detector.rule}]", f"{ON} = {str(is_on).lower()}"], limits)


def table_of_weights(weights: Weights) -> str:
    """The table of the weights of a risk as TOML."""
    return _write([f"[{SCORE}]"], weights)


def _write(lines: list[str], numbers: Any) -> str:
    for field in fields(numbers):
        value = getattr(numbers, field.name)
        if key_of(field.name) != field.name:
            minutes = value / MINUTE_MS
            value = int(minutes) if minutes.is_integer() else minutes
        if isinstance(value, Mapping):
            value = "{ " + ", ".join(f"{_quote(name)} = {amount}" for name, amount in value.items()) + " }"
        elif isinstance(value, tuple):
            value = f"[{', '.join(map(str, value))}]"
        elif isinstance(value, bool):
            value = str(value).lower()
        lines.append(f"{key_of(field.name)} = {value}")
    return "\n".join(lines) + "\n"


def _quote(name: str) -> str:
    """A key as TOML takes it: one that is not of plain letters stands in quotes."""
    return name if name.isascii() and name.isalnum() else json.dumps(name)
