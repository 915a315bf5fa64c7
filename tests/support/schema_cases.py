"""The cases that schemathesis makes of a description, thinned out to one of a kind."""

from __future__ import annotations

from typing import Any

from schemathesis.generation import GenerationMode


class Kinds:
    """Kinds of cases that came already."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def repeats(self, case: Any) -> bool:
        """Whether a case breaks the description in the same way and place as an earlier one, with another value.

        A value of a wrong type comes as each of six types, for each parameter and field of each route. One refuses
        them all. Cases that the schema allows are always new, and so are drawn ones, which say no place.
        """
        made = case.meta
        kind = None if made is None else getattr(made.phase.data, "scenario", None)
        if kind is None or made.generation.mode is not GenerationMode.NEGATIVE:
            return False
        broken = made.phase.data
        key = (
            case.method,
            case.operation.label,
            kind.name,
            str(broken.parameter_location),
            str(broken.parameter),
            str(broken.location),
        )
        if key in self._seen:
            return True
        self._seen.add(key)
        return False
