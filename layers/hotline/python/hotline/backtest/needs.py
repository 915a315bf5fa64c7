"""The types of events and the fields that a rule needs of a file, in the words of whoever writes the file.

A rule names values and signals of the scan, which no file has. Each is told here as the types and fields that it comes
from. A test holds docs/backtest.md to them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any, Final

from hotline.security.detectors import Detector, Signal, Stream
from hotline.security.detectors.history import CAME, LEFT, OUTWARD_KINDS

FIELDS: Final[dict[tuple[Stream, str], tuple[str, ...]]] = {
    (Stream.ACCOUNT, "ip"): ("data.source.ip",),
    (Stream.ACCOUNT, "device"): ("device.registered", "data.source.device_id"),
    (Stream.ACCOUNT, "cell"): ("data.source.lat and data.source.lon",),
    (Stream.ACCOUNT, "country"): ("data.source.country",),
    (Stream.ACCOUNT, "two_step"): ("data.two_step",),
    (Stream.ACCOUNT, "on"): ("data.two_step",),
    (Stream.ACCOUNT, "points"): ("data.contact_points",),
    (Stream.ACCOUNT, "direction"): ('data.direction "in"', "data.counterparty_account"),
    (Stream.ACCOUNT, "party"): ("data.merchant.id", "data.counterparty", "data.counterparty_account"),
    (Stream.ACCOUNT, "balance_minor"): ("funds.balance_changed",),
    (Stream.ACCOUNT, "balance_after_minor"): ("data.balance_after_minor",),
    (Stream.SOURCE, "account"): ("data.source.ip", "data.source.device_id"),
    (Stream.PARTY, "party"): ("data.merchant.id", "data.counterparty", "data.counterparty_account"),
    (Stream.AGENT, "account"): ("data.account",),
}
"""By stream and value the fields of a file from which it comes, or the type of an event. One of them is enough."""
FIELD_PREFIX: Final = "data."
"""A name with this beginning is a field, any other one a type."""

_TYPES: Final[dict[str, tuple[str, ...]]] = {
    Signal.PROFILE_TOLD: ("account.opened", "account.updated"),
    Signal.FRAUD_CONFIRMED: ("transaction.confirmed_fraud", "dispute.decided"),
    # The rules about agents name the types that they mean among their needs.
    Signal.AGENT_ACTED: (),
}
_MOVED: Final = ("succeeded",)
"""The word that a file needs at least; the others that mean the same are taken, too."""


def list_lacks(detector: Detector[Any], types: Set[str], missing: Set[str]) -> list[list[str]]:
    """The things that a rule needs and a file lacks. Each is a list of types and fields of which one is enough.

    `types`: those of the events of the file. `missing`: the values that no event of the rule's stream has."""
    lacks: list[frozenset[str]] = []
    for need in _list_needs(detector):
        has_any = any(name not in missing if _is_value(detector, name) else types & taken_types(detector, name)
                      for name in need)  # fmt: skip
        if need and not has_any:
            lacks.append(frozenset(word for name in need for word in _say(detector, name)))
    # More of the same is no help: of a list and a longer one that contains it, the shorter one says all.
    kept = {one for one in lacks if one and not any(other < one for other in lacks)}
    return sorted((sorted(one, key=_place_of) for one in kept), key=lambda one: [_place_of(word) for word in one])


def list_values(detectors: Iterable[Detector[Any]]) -> set[str]:
    """The values that rules need, without signals and types."""
    return {
        name
        for detector in detectors
        for name in detector.needs | detector.needs_one
        if (detector.stream, name) in FIELDS
    }


def say_lacks(lacks: list[list[str]]) -> str:
    """The things that a file lacks as the end of a sentence."""
    return "; ".join(_say_lack(one) for one in lacks)


SHOWN_MAX: Final = 5
"""So many types of one list are named in a sentence."""


def _place_of(word: str) -> tuple[bool, str]:
    """Types come before fields."""
    return word.startswith(FIELD_PREFIX), word


def _say_lack(lack: list[str]) -> str:
    types = [word for word in lack if not word.startswith(FIELD_PREFIX)]
    fields = [word for word in lack if word.startswith(FIELD_PREFIX)]
    if len(types) > SHOWN_MAX:
        types = [*types[:SHOWN_MAX], f"{len(types) - SHOWN_MAX} others"]
    parts = [f"is {_join(types)}"] if types else []
    parts += [f"has {_join(fields)}"] if fields else []
    return f"no event {' or '.join(parts)}"


def _join(words: list[str]) -> str:
    *front, last = words
    return f"{', '.join(front)} or {last}" if front else last


def _list_needs(detector: Detector[Any]) -> Iterator[frozenset[str]]:
    """The signals that may begin a memory, then each thing that the rule names; one of each set is enough."""
    yield frozenset(signal.value for signal in detector.wakes or detector.listens if signal is not Signal.AGENT_ACTED)
    for name in sorted(detector.needs):
        yield frozenset({name})
    yield detector.needs_one


def _is_value(detector: Detector[Any], name: str) -> bool:
    return (detector.stream, name) in FIELDS


def taken_types(detector: Detector[Any], name: str) -> frozenset[str]:
    """The types of a file that may be a signal of a rule. A name that is no signal is a type itself."""
    kinds = detector.kinds or OUTWARD_KINDS
    match name:
        case Signal.MONEY_LEFT:
            return _name_types(kinds, LEFT)
        case Signal.MONEY_CAME:
            return _name_types({*OUTWARD_KINDS, "top_up"}, CAME)
        case Signal.MONEY_UNDONE:
            return _name_types(kinds, {"failed", "reversed"})
        case Signal.MONEY_FAILED:
            return _name_types(kinds, {"failed"})
        case _:
            return frozenset(_TYPES.get(name, (name,)))


def _say(detector: Detector[Any], name: str) -> tuple[str, ...]:
    """The words of a file for a value or a signal: of several that mean the same, the usual one."""
    if _is_value(detector, name):
        return FIELDS[detector.stream, name]
    if name == Signal.MONEY_LEFT:
        return tuple(_name_types(detector.kinds or OUTWARD_KINDS, _MOVED))
    if name == Signal.MONEY_CAME:
        return tuple(_name_types(("top_up", "transfer"), _MOVED))
    return tuple(taken_types(detector, name))


def _name_types(kinds: Set[str] | tuple[str, ...], statuses: Set[str] | tuple[str, ...]) -> frozenset[str]:
    return frozenset(f"{kind}.{status}" for kind in kinds for status in statuses)
