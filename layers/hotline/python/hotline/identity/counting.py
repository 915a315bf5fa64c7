"""The counters of a contact point while a lookup key is being replaced: read under every version, kept under one.

Whoever counts carries along what is still under older versions, so that a new key lifts no limit and no block.
"""

from __future__ import annotations

from collections.abc import Mapping

from hotline.accounts.service import merged_counters
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change, stale
from hotline.kit.condition import Item, equals
from hotline.kit.store import Key

from .items import counters_from, point_key, with_counters
from .model import Call, Target
from .policy import FactorCounters


def counter_keys(target: Target) -> tuple[Key, ...]:
    """Where a target's counters may be, and those of the way to it; read them all in one batch."""
    return tuple(point_key(point) for point in (*target.points, *target.via))


def target_at(call: Call, point: str) -> Target | None:
    """The call's target at a contact point; None when codes of this call do not go there any more."""
    return next((target for target in call.targets.values() if target.point == point), None)


def counters_of(read: Mapping[Key, Item], points: tuple[str, ...], factor: FactorKind) -> FactorCounters:
    """What all versions of a point, the newest first, together have seen of the factor."""
    return counters_from({"counters": merged_counters(_found(read, points).values())}, factor)


def contribute_counters(
    change: Change, read: Mapping[Key, Item], points: tuple[str, ...], factor: FactorKind, counters: FactorCounters
) -> None:
    """Write the factor's counters under the newest version, with whatever else was counted under older ones, and take
    it away there. At commit Stale when somebody else counted meanwhile."""
    newest, *older = (point_key(point) for point in points)
    found = _found(read, points)
    item = dict(found.get(newest, {})) | {"counters": merged_counters(found.values())}
    owned = any(known.get("owners") for known in found.values())
    change.replace(newest, found.get(newest), with_counters(item, factor, counters, now=change.now, owned=owned))
    for key in older:
        if "counters" in found.get(key, {}):
            # Nor deleted when it is nobody's: it ends by itself, and whoever answers callers may delete nothing.
            unchanged = equals("rev", int(found[key]["rev"]))
            change.update(key, remove=("counters",), add={"rev": 1}, condition=unchanged, failed=stale)


def _found(read: Mapping[Key, Item], points: tuple[str, ...]) -> dict[Key, Item]:
    return {key: read[key] for key in map(point_key, points) if key in read}
