"""The place where an account was signed in last, as the rules about journeys remember it."""

from __future__ import annotations

from typing import Any, Final

from .rule import DAY_MS, MINUTE_MS, Event, State

HIDING_NETWORKS: Final = frozenset({"relay", "satellite", "vpn"})
"""An address in one of them says nothing of where its user is. Panther neither keeps nor compares such logins."""
MEMORY_MS: Final = DAY_MS
"""Panther remembers a place for a day."""
STEADY_MS: Final = 10 * MINUTE_MS
"""A login from the same address and device at the same place is remembered once in so long, or each login would be a
write. The next journey then counts as up to ten minutes longer than it was. A traveller is never too fast by that, and
150 km at 900 km/h are not seen. The window of two_countries is 20 to 30 min; its source has 15 to 30."""


def go_on(state: State, event: Event, *place: Any) -> list[Any] | None:
    """Remember a login at a place, and return the one before: [time, id, address, device, *place], if the two can be
    compared. Two logins with one device or one address are one person, or one wrong guess of a place."""
    if event.values.get("network") in HIDING_NETWORKS:
        return None
    address, device = event.source
    at_ms = event.at_ms
    before: list[Any] | None = state.get("last")
    now = state["last"] = [at_ms, event.id, address, device, *place]
    if before is None:
        return None
    apart_ms = at_ms - before[0]
    if apart_ms < STEADY_MS and before[2:] == now[2:]:
        state["last"] = before
        return None
    if apart_ms > MEMORY_MS:
        return None
    is_same_source = address == before[2] != 0 or device == before[3] != 0
    return None if is_same_source else before
