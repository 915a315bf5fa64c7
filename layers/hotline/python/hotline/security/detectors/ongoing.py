"""A finding whose pattern goes on: it is told anew when the pattern has become twice as much.

A rule tells its pattern where a threshold is reached, and is quiet then. In that time further events count into the
finding, as Panther counts further hits into the open alert. So a flood is one finding that says how large it is, and
costs a few writes alone. The finding keeps its beginning, and with it its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from .rule import NO_HITS, Event, Hit, State
from .windows import is_due

MARKS_MAX: Final = 64
"""So many addresses or devices of a finding on one account are told apart. A finding counts no more of them."""
STARTED, COUNT, TOLD = range(3)
"""The fields that each memory `attack` begins with."""


def begin_attack(state: State, started_ms: int, count: int, quiet_ms: int, *more: Any) -> list[Any]:
    """Begin a finding, and return its memory `attack`: [beginning, count, count that was told, *more]. The memory
    `quiet_until` ends the time in which it is corrected."""
    state["quiet_until"] = started_ms + quiet_ms
    attack = state["attack"] = [started_ms, count, count, *more]
    return attack


def is_followed(state: State, event: Event) -> bool:
    """Whether an event belongs to the finding that was there before. A finding that is over is forgotten."""
    if "attack" not in state:
        return False
    if event.at_ms < state["quiet_until"]:
        return True
    del state["attack"]
    return False


def has_doubled(attack: list[Any]) -> bool:
    """Count one more into a finding. Whether its count is twice what was told; then it counts as told."""
    attack[COUNT] += 1
    if attack[COUNT] < 2 * attack[TOLD]:
        return False
    attack[TOLD] = attack[COUNT]
    return True


def add_new(marks: list[int], one: int, most: int) -> bool:
    """Add a mark where it is new and has room; whether it was added."""
    if one in marks or len(marks) >= most:
        return False
    marks.append(one)
    return True


def find_many(state: State, event: Event, window: list[Any], *, fact: str, count: int, quiet_ms: int) -> Iterable[Hit]:
    """The finding on so many events of a window, [time, id] each, and its corrections. The event is in the window."""
    if is_followed(state, event):
        if not has_doubled(state["attack"]):
            return NO_HITS
    elif is_due(state, window, count=count):
        begin_attack(state, window[0][0], len(window), quiet_ms)
    else:
        return NO_HITS
    return (tell_attack(state["attack"], event, window, fact=fact),)


def tell_attack(attack: list[Any], event: Event, window: list[Any], *, fact: str) -> Hit:
    """The finding as it is with an event. It names the events of the window."""
    return Hit(attack[STARTED], event.at_ms, {fact: attack[COUNT]}, tuple(entry[1] for entry in window))
