"""Several new devices on one account within minutes: somebody binds the machines of a gang, or tries until one is
taken.

A new phone is one device, a family's evening with a tablet two. A finding has no effect on the account; what leaves
after it is for reset_device_transfer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from .history import History
from .marks import mark
from .ongoing import MARKS_MAX, add_new, begin_attack, has_doubled, is_followed, tell_attack
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .windows import is_due, slide

_MARKS: Final = 3
"""The field of the memory `attack` with the marks of devices."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic's rule for Entra: three registrations by one user in 15 min. An hour is Panther's usual time within
    which further hits count into the open alert."""

    devices: int = 3
    window_ms: int = 15 * MINUTE_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `devices` [time, id, mark] of one window, each device once, and that of
    `begin_attack` with the marks of the devices that count."""
    devices: list[Any] = state.setdefault("devices", [])
    device = mark(event.values.get("device"))
    # A device that is told again is no other device. Of two without a name nobody knows.
    devices[:] = [entry for entry in devices if entry[2] != device or not device]
    slide(devices, [event.at_ms, event.id, device], span_ms=limits.window_ms, kept_max=limits.devices)
    if is_followed(state, event):
        attack = state["attack"]
        if (device and not add_new(attack[_MARKS], device, MARKS_MAX)) or not has_doubled(attack):
            return NO_HITS
    elif is_due(state, devices, count=limits.devices):
        marks = [entry[2] for entry in devices if entry[2]]
        attack = begin_attack(state, devices[0][0], len(devices), limits.quiet_ms, marks)
    else:
        return NO_HITS
    return (tell_attack(attack, event, devices, fact="devices"),)


_END: Final = Limits().window_ms / MINUTE_MS


def _devices(*minutes: float, of: int = 99) -> list[Told]:
    """Registrations of so many different devices in turn."""
    return [(minute, "device.registered", {"device": f"device-{number % of}"}) for number, minute in enumerate(minutes)]


DETECTOR: Final = Detector(
    rule="new_devices_in_a_row",
    version=2,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.DEVICE_REGISTERED}),
    needs=frozenset({"device.registered"}),
    limits=Limits(),
    positive=frozenset({"devices"}),
    is_published=True,
    runbook=(
        "Call the owner on a contact point confirmed before the first of these devices, and ask how many telephones "
        "and tablets they use; do not name the number that you see. If the devices are theirs, note it. If not, "
        "freeze the account, remove the devices, and have the password replaced after a full proof of identity. Look "
        "for other accounts with the same devices: whoever binds machines seldom has one victim."
    ),
    step=step,
    examples=(
        example("three in five minutes", *_devices(0, 2, 5), hit=0),
        example("three that just fill the window", *_devices(0, 5, _END), hit=0),
        example("ten in a row", *_devices(*range(10)), hit=0),
        example("an hour later again", *_devices(0, 1, 2, 60, 61, 62), hit=(0, 60)),
        example("ten in an hour are one finding", *_devices(*range(0, 60, 6), 1, 2), hit=0),
        example("devices without a name", *((minute, "device.registered", {}) for minute in range(3)), hit=0),
        example("near miss: two", *_devices(0, 1), hit=None),
        example("near miss: a moment more than the window", *_devices(0, 5, _END + 0.01), hit=None),
        example("near miss: two devices, told twice each", *_devices(0, 1, 2, 3, of=2), hit=None),
        example(
            "near miss: one device, from which somebody logs in",
            *_devices(0),
            *((minute, "login.succeeded", {"device": f"device-{minute}"}) for minute in range(1, 4)),
            hit=None,
        ),
    ),
)
