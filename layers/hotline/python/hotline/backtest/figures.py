"""The counts of a run, or of the share of it that one worker has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(slots=True)
class Figures:
    """The counts of a run. Those of a share are of the events whose own subject it judges, so that shares add up.
    `untouched`, `set_aside` and `missing` are of all lines that the share read."""

    events: int = 0
    """The events that count, each once."""
    earlier: int = 0
    duplicates: int = 0
    first_ms: int = 0
    last_ms: int = 0
    days: Counter[int] = field(default_factory=Counter)
    """Events by days since 1970 (UTC)."""
    types: Counter[str] = field(default_factory=Counter)
    earlier_types: set[str] = field(default_factory=set)
    """The types of the events before the period, from which rules have learned."""
    untouched: Counter[str] = field(default_factory=Counter)
    """Events of types that no rule looks at, by type."""
    set_aside: Counter[str] = field(default_factory=Counter)
    """Values that no rule looks at, by the path of their field."""
    missing: dict[str, set[str]] = field(default_factory=dict)
    """By stream the values that some rule needs and no event has."""

    @property
    def seen_types(self) -> set[str]:
        """The types of all events that rules have seen."""
        return self.types.keys() | self.earlier_types

    def add(self, other: Figures) -> None:
        """Take in the figures of another share of the same lines."""
        if other.events:
            self.first_ms = min(self.first_ms, other.first_ms) if self.events else other.first_ms
            self.last_ms = max(self.last_ms, other.last_ms)
        self.events += other.events
        self.earlier += other.earlier
        self.duplicates += other.duplicates
        self.days.update(other.days)
        self.types.update(other.types)
        self.earlier_types |= other.earlier_types
        self.missing = {stream: names & other.missing[stream] for stream, names in self.missing.items()}

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON."""
        told = {name: getattr(self, name) for name in ("events", "earlier", "duplicates", "first_ms", "last_ms")}
        missing = {stream: sorted(names) for stream, names in self.missing.items()}
        days = {str(day): count for day, count in self.days.items()}
        counts = {name: dict(getattr(self, name)) for name in _COUNTED}
        return {**told, "days": days, **counts, "earlier_types": sorted(self.earlier_types), "missing": missing}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Figures:
        """The figures that `to_json` told."""
        counts = {name: Counter(told[name]) for name in _COUNTED}
        days = Counter({int(day): count for day, count in told["days"].items()})
        missing = {stream: set(names) for stream, names in told["missing"].items()}
        earlier_types = set(told["earlier_types"])
        return cls(**{**told, **counts, "days": days, "earlier_types": earlier_types, "missing": missing})


_COUNTED: Final = ("types", "untouched", "set_aside")
