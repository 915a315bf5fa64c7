"""Findings on a state of the account, which last until the state is mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .rule import NO_HITS, Event, Hit, State


def note_state(state: State, event: Event, *, is_weak: bool, facts: Mapping[str, str | int]) -> Iterable[Hit]:
    """The hit when a weak state begins, and the word that takes it back when it ends. The memory has `weak` [time, id,
    facts] while it lasts."""
    weak = state.get("weak")
    if is_weak == (weak is not None):
        return NO_HITS
    if weak is None:
        state["weak"] = [event.at_ms, event.id, facts]
        return (Hit(event.at_ms, event.at_ms, facts, (event.id,)),)
    del state["weak"]
    return (Hit(weak[0], event.at_ms, weak[2], (weak[1], event.id), withdrawn=True),)
