"""Words of steps that are more than one message: lists, reasons, and what depends on a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hotline.wording.values import Digits, Reference


def entries(facts: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The fact `items`: what is read out one by one."""
    items = facts.get("items")
    if not isinstance(items, Sequence):
        return []
    return [item for item in items if isinstance(item, Mapping)]


def in_groups(value: object) -> Reference | None:
    """A reference that people write down, said three digits at a time."""
    return Reference(value) if isinstance(value, str) else None


def digits(value: object) -> Digits | None:
    """A reference, to be said sign by sign."""
    return Digits(value) if isinstance(value, str) else None
