"""The counters of a contact point: by factor and by way, over every version of the lookup key.

While a lookup key is being replaced they are read under every version and kept under one. Each count carries along the
counts under older versions, so that a new key lifts no limit and no block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hotline.accounts.service import merged_counters
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change, stale
from hotline.kit.clock import from_text
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals
from hotline.sessions.model import SessionState, Target

from .items import COUNTER_NAMES, counter_name, counters_from, factors_key, point_key, with_counters
from .policy import FactorCounters, seen_since, with_new_row
from .ways import Way

type Changed = Mapping[str, FactorCounters]
"""Counters to write, each under its `items.counter_name`."""


def counter_keys(target: Target) -> tuple[Key, ...]:
    """The keys under which a target's counters may be, and those of the way to it; read them all in one batch."""
    return tuple(point_key(point) for point in (*target.points, *target.via))


def counter_keys_of_targets(state: SessionState) -> tuple[Key, ...]:
    """The keys under which the counters of all targets of a call may be: proof at one of them begins the rows of all
    anew."""
    return tuple(key for target in state.targets.values() for key in counter_keys(target))


def sole_account(state: SessionState) -> str | None:
    """The account that the call is about: the chosen one, else the only one behind the number."""
    if state.account_id is not None:
        return state.account_id
    reached = state.identified.accounts if state.identified is not None else ()
    return reached[0] if len(reached) == 1 else None


def target_at(state: SessionState, point: str) -> Target | None:
    """The call's target at a contact point; None when codes of this call do not go there any more."""
    return next((target for target in state.targets.values() if target.point == point), None)


def counters_of(read: Mapping[Key, Item], points: tuple[str, ...], factor: FactorKind, way: Way) -> FactorCounters:
    """The counts of the factor by this way over all versions of a point, the newest first, since an owner last
    confirmed the point."""
    found = _find_items(read, points)
    counted = counters_from({"counters": merged_counters(found.values())}, factor, way.counter)
    return seen_since(counted, _last_confirmation(found.values()))


def _last_confirmation(items: Iterable[Item]) -> datetime | None:
    owners = [owner for item in items for owner in item.get("owners", {}).values()]
    return max((from_text(owner["confirmed_at"]) for owner in owners if not owner["removed"]), default=None)


def new_rows(stored: Mapping[str, Any] | None) -> dict[str, FactorCounters]:
    """The counters of a stored item of which a row of wrong codes has begun, with that row begun anew."""
    known = {name: counters_from(stored, factor, counter) for name, (factor, counter) in COUNTER_NAMES.items()}
    return {name: with_new_row(counters) for name, counters in known.items() if counters.wrong_in_a_row}


def new_rows_at(read: Mapping[Key, Item], points: tuple[str, ...]) -> dict[str, FactorCounters]:
    """The same of a contact point, over all its versions."""
    return new_rows({"counters": merged_counters(_find_items(read, points).values())})


def contribute_new_rows(
    change: Change, read: Mapping[Key, Item], state: SessionState, *, but: Iterable[str] = ()
) -> None:
    """Begin the rows of wrong codes anew at every target of the call, by all ways, except at the points `but`, which
    whoever asks writes. Nothing is written where no row has begun. `read` holds what exists of
    `counter_keys_of_targets`."""
    written = set(but)
    for target in state.targets.values():
        for points in (target.points, target.via):
            if not points or not written.isdisjoint(points):
                continue
            written |= set(points)
            rows = new_rows_at(read, points)
            if rows:
                contribute_counters(change, read, points, rows)


def contribute_new_pin_rows(change: Change, read: Mapping[Key, Item], account_id: str | None) -> None:
    """Begin the rows of wrong PINs of an account anew, by all ways. Nothing is written where no row has begun. `read`
    holds what exists of its `factors_key`."""
    if account_id is None:
        return
    key = factors_key(account_id)
    rows = new_rows(read.get(key))
    if rows:
        change.replace(key, read[key], with_counters(read[key], rows, now=change.now, owned=True))


def contribute_counters(change: Change, read: Mapping[Key, Item], points: tuple[str, ...], changed: Changed) -> None:
    """Write some counters under the newest version, with whatever else was counted under older ones, and take it away
    there. At commit Stale when somebody else counted meanwhile."""
    newest, *older = (point_key(point) for point in points)
    found = _find_items(read, points)
    item = dict(found.get(newest, {})) | {"counters": merged_counters(found.values())}
    owned = any(known.get("owners") for known in found.values())
    change.replace(newest, found.get(newest), with_counters(item, changed, now=change.now, owned=owned))
    for key in older:
        if "counters" in found.get(key, {}):
            # Nor deleted when it is nobody's: it ends by itself, and whoever answers callers may delete nothing.
            unchanged = equals("rev", int(found[key]["rev"]))
            change.update(key, remove=("counters",), add={"rev": 1}, condition=unchanged, failed=stale)


def name_counters(factor: FactorKind, way: Way, counters: FactorCounters) -> dict[str, FactorCounters]:
    """One factor's counters by one way, for `contribute_counters`."""
    return {counter_name(factor, way.counter): counters}


def _find_items(read: Mapping[Key, Item], points: tuple[str, ...]) -> dict[Key, Item]:
    return {key: read[key] for key in map(point_key, points) if key in read}
