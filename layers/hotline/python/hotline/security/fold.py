"""All that the rules remember of one subject, folded over its events in the order in which they happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .detectors import Event, History, Hit, State, Stream
from .rules import SIGNALS_BY_PREFIX, Plan, Rule

_UNREAD: Final = History()
"""Sources and agents have no history of money."""
_WITH_HISTORY: Final = frozenset({Stream.ACCOUNT, Stream.PARTY})


class Fold:
    """The memory of the rules about one subject. The same events in the same order give the same memory."""

    __slots__ = ("_plan", "history", "states")

    def __init__(self, plan: Plan, stored: Mapping[str, Any] | None = None) -> None:
        stored = stored or {}
        self._plan = plan
        self.history = History(stored.get("history")) if plan.stream in _WITH_HISTORY else _UNREAD
        # The memory of a rule that is off, or of another version or other limits, is dropped.
        states: Mapping[str, State] = stored.get("states", {})
        self.states: dict[str, State] = {name: state for name, state in states.items() if name in plan.rules}

    def store(self) -> dict[str, Any]:
        """The stored form, a JSON value."""
        stored: dict[str, Any] = {"states": {name: state for name, state in self.states.items() if state}}
        return stored if self.history is _UNREAD else {**stored, "history": self.history.store()}

    def take(self, event: Event) -> list[tuple[Rule, Hit]]:
        """Take in the next event. Returns what the rules have seen with it."""
        history = self.history
        signal = event.type
        if history is not _UNREAD:
            told = history.take(event.type, event.at_ms, event.values)
            if told is None:
                return []
            signal = told
        listeners = self._plan.by_signal.get(signal)
        if listeners is None:
            signal = SIGNALS_BY_PREFIX.get(signal[: signal.find(".") + 1], "")
            listeners = self._plan.by_signal.get(signal)
            if listeners is None:
                return []
        states = self.states
        seen: list[tuple[Rule, Hit]] = []
        for name, step, limits, rule in listeners:
            state = states.get(name)
            if state is None:
                state = states[name] = {}
            seen.extend((rule, hit) for hit in step(state, signal, event, history, limits))
        return seen
