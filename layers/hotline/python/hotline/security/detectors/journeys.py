"""The memory of the rules about journeys: where an account was signed in last, and pairs of places between which it
goes again and again.

A telephone on a carrier's gateway in another city and a computer at home are two places every day. Nobody travels
between them. So a pair of places that was seen on several days is familiar, and no finding. The place of a thief makes
a pair with each place of the owner, and each is new. An account between ever new places is told no more after some
days: people have looked at it on each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .rule import DAY_MS, MINUTE_MS, Event, Relation, State, at_most

HIDING_NETWORKS: Final = frozenset({"relay", "satellite", "vpn"})
"""An address in one of them says nothing of where its user is. Panther neither keeps nor compares such logins."""
MEMORY_MS: Final = DAY_MS
"""Panther remembers a place for a day."""
STEADY_MS: Final = 10 * MINUTE_MS
"""A login from the same address and device at the same place is remembered once in so long, or each login would be a
write. The next journey then counts as up to ten minutes longer than it was. A traveller is never too fast by that, and
150 km at 900 km/h are not seen. The window of two_countries is 20 to 30 min; its source has 15 to 30."""

PAIRS_MAX: Final = 4
"""So many pairs of places of an account are known, the latest ones: two devices and a journey or two."""
_PAIR, (_DAY, _SEEN, _FOUND, _IS_FOUND) = slice(2), range(2, 6)


@dataclass(frozen=True, slots=True)
class Familiar:
    """Entra learns the places of a user for at least five days, and again after a long time without them. So a pair
    that was seen on five earlier days is familiar. Nobody publishes a number of findings: one that was found on three
    earlier days is familiar too, since people have judged it three times. Nor does anybody say how long a long time is:
    a pair that is not seen for 30 days begins anew. An account is found on six days within that time at most. So many
    have two pairs that people judge three times each."""

    seen_days: int = 5
    found_days: int = 3
    account_days: int = 6
    forgotten_ms: int = 30 * DAY_MS


FAMILIAR_RELATIONS: Final[tuple[Relation, ...]] = (
    at_most("found_days", "seen_days", "a pair is seen on each day on which it is found"),
    at_most("found_days", "account_days", "an account is found on each day on which a pair of it is found"),
)
"""The relations of the limits of `Familiar`."""


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


def meet_pair(
    state: State, event: Event, first: Any, second: Any, *, is_near: Callable[[Any, Any], bool], forgotten_ms: int
) -> list[Any]:
    """Remember that an account went between two places, in either direction, and return what is known of the pair.

    That is [place, place, last day, earlier days on which it was seen, of these found, whether it is found today]. A
    day is one of UTC. The memory `pairs` has them; an account that stays at one place has none. `is_near` says whether
    two places count as one. A pair keeps the places at which it was first seen, so what is familiar does not drift."""
    day = event.at_ms // DAY_MS
    pairs: list[list[Any]] = state.setdefault("pairs", [])
    same = [one for one in pairs if _is_between(one, first, second, is_near)]
    # The latest one: an older one may be forgotten, and would let a familiar one begin anew.
    known = same[-1] if same else None
    if known is not None and day == known[_DAY]:
        return known
    if known is not None:
        pairs.remove(known)
    if known is None or (day - known[_DAY]) * DAY_MS > forgotten_ms:
        known = [*sorted((first, second)), day, 0, 0, 0]
    else:
        known = [*known[_PAIR], day, known[_SEEN] + 1, known[_FOUND] + known[_IS_FOUND], 0]
    pairs.append(known)
    del pairs[:-PAIRS_MAX]
    return known


def is_familiar(known: list[Any], limits: Familiar) -> bool:
    """Whether a pair of places is a habit of the account."""
    return bool(known[_SEEN] >= limits.seen_days or known[_FOUND] >= limits.found_days)


def note_found(state: State, event: Event, known: list[Any], limits: Familiar) -> bool:
    """Remember that a journey between two places that are not familiar is found today, and say whether it is told.

    The memory `days` has the last days of such journeys of the account, told or not. So an account that is told no more
    is told again once fewer of them are within `forgotten_ms`."""
    day = event.at_ms // DAY_MS
    others = [one for one in state.get("days", ()) if one != day and (day - one) * DAY_MS <= limits.forgotten_ms]
    state["days"] = [*others[-limits.account_days :], day]
    if len(others) >= limits.account_days:
        return False
    known[_IS_FOUND] = 1
    return True


def _is_between(known: list[Any], first: Any, second: Any, is_near: Callable[[Any, Any], bool]) -> bool:
    """Whether a pair that is known is one of these two places, in either direction."""
    one, other = known[_PAIR]
    return (is_near(one, first) and is_near(other, second)) or (is_near(one, second) and is_near(other, first))
