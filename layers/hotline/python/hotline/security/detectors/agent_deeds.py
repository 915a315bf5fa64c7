"""How many accounts a person of the desk dealt with in a while, as the rules about agents remember it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .marks import mark
from .rule import EVIDENCE_MAX, NO_HITS, Event, Hit, State
from .windows import is_due, slide


def count_accounts(
    state: State, event: Event, *, accounts: int, window_ms: int, quiet_ms: int, different: bool = True
) -> Iterable[Hit]:
    """The hit at so many deeds within the window, once until it is quiet. `different`: deeds on one account count as
    one, the last. The memory has `deeds` [time, id, account] of one window, and `quiet_until`."""
    kept: list[Any] = state.setdefault("deeds", [])
    account = mark(event.values.get("account"))
    if different:
        kept[:] = [deed for deed in kept if deed[2] != account]
    slide(kept, [event.at_ms, event.id, account], span_ms=window_ms, kept_max=accounts)
    if not is_due(state, kept, count=accounts):
        return NO_HITS
    state["quiet_until"] = kept[0][0] + quiet_ms
    facts = {"accounts": len({deed[2] for deed in kept}), "deeds": len(kept)}
    return (Hit(kept[0][0], event.at_ms, facts, tuple(deed[1] for deed in kept[-EVIDENCE_MAX:])),)
