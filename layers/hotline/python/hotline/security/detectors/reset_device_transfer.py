"""A new password, then a new device, then money that leaves: how a stolen account is emptied.

Each of the three alone is everyday life, and so are the first two together: somebody bought a phone. The third sign is
a sum worth stealing, soon after. The finding asks for a hold, because the next transfer is minutes away; it is never
opened by a caller alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from .rule import Detector, Event, Hit, Severity, example

WINDOW: Final = timedelta(hours=12)
"""From the new password to the transfer. Elastic chains credential alert, factor change and login within 12 h. The MAS
Guidelines on Shared Responsibility (Singapore, 2024) keep high-risk activities shut for 12 h after a token is activated
on a new device."""
QUIET: Final = WINDOW
FLOOR_MINOR: Final[Mapping[str, int]] = {"CNY": 100_000, "HKD": 100_000, "JPY": 20_000}
FLOOR_OTHER_MINOR: Final = 15_000
"""From which sum on, by currency in its minor unit: about 1,000 yuan. Nobody publishes a figure for this; it is the
owner's to set, with a new version of the rule. Several transfers add up, or a thief would stay below it."""

_RESET: Final = "password.changed"
_DEVICE: Final = "device.registered"
_KINDS: Final = ("transfer", "withdrawal")
_LEFT: Final = ("authorised", "succeeded", "unknown")
"""Money has left, is held to leave, or may have left."""
_STAYED: Final = ("failed", "reversed")
_MOVED: Final = frozenset(f"{kind}.{status}" for kind in _KINDS for status in (*_LEFT, *_STAYED))


def _judge(events: Sequence[Event]) -> Iterator[Hit]:
    movements = _latest(events)
    for reset in events:
        if reset.type != _RESET:
            continue
        end = reset.at + WINDOW
        device = next((event for event in events if event.type == _DEVICE and reset.at <= event.at <= end), None)
        if device is None:
            continue
        left = [event for event in movements if device.at <= event.at <= end and event.type.endswith(_LEFT)]
        for currency in sorted({str(event.values["currency"]) for event in left}):
            sent = [event for event in left if event.values["currency"] == currency]
            total_minor = sum(int(event.values["amount_minor"]) for event in sent)
            if total_minor >= FLOOR_MINOR.get(currency, FLOOR_OTHER_MINOR):
                facts = {"transfers": len(sent), "amount_minor": total_minor}
                yield Hit(reset.at, sent[-1].at, {**facts, "currency": currency})
                break


def _latest(events: Sequence[Event]) -> list[Event]:
    """Each movement once, as the wallet's highest version tells it, but at the time at which it was first told. A
    settlement of the next day is no transfer of the next day."""
    told: dict[str | int, list[Event]] = {}
    for event in events:
        if event.type in _MOVED:
            told.setdefault(event.values["movement_id"], []).append(event)
    latest = []
    for same in told.values():
        last = max(same, key=lambda event: int(event.values["version"]))
        latest.append(Event(last.id, same[0].at, last.type, last.values))
    return sorted(latest, key=lambda event: (event.at, event.id))


type _Told = tuple[float, str, Mapping[str, str | int]]


def _reset(minute: float) -> _Told:
    return (minute, _RESET, {})


def _device(minute: float) -> _Told:
    return (minute, _DEVICE, {})


def _transfer(minute: float, amount_minor: int, *, name: str = "a", told: str = "transfer.succeeded", version: int = 1,
              currency: str = "CNY") -> _Told:  # fmt: skip
    values: dict[str, str | int] = {"movement_id": name, "version": version}
    return (minute, told, values | {"amount_minor": amount_minor, "currency": currency})


_FLOOR: Final = FLOOR_MINOR["CNY"]
_END: Final = WINDOW / timedelta(minutes=1)

DETECTOR: Final = Detector(
    rule="reset_device_transfer",
    version=1,
    severity=Severity.CRITICAL,
    window=WINDOW,
    quiet=QUIET,
    watches={
        _RESET: (),
        _DEVICE: (),
        **dict.fromkeys(sorted(_MOVED), ("movement_id", "version", "amount_minor", "currency")),
    },
    holds=True,
    runbook=(
        "Call the owner on a contact point confirmed before the new password, never on one added since. If it was "
        "they: an agent and a second person release the hold. If not, or if nobody answers: freeze the account, report "
        "the transfers to the receiving side at once, remove the new device, and have the password replaced after a "
        "full proof of identity. Note in the case what was asked and answered; somebody who pretends to be the owner "
        "will call and press for a release."
    ),
    judge=_judge,
    examples=(
        example("within an hour", _reset(0), _device(10), _transfer(40, 250_000), hit=0),
        example("exactly the floor", _reset(0), _device(10), _transfer(40, _FLOOR), hit=0),
        example("at the last moment of the window", _reset(0), _device(10), _transfer(_END, _FLOOR), hit=0),
        example(
            "many small ones",
            _reset(0),
            _device(5),
            *(_transfer(10 + n, _FLOOR // 4, name=f"part-{n}") for n in range(4)),
            hit=0,
        ),
        example("cash", _reset(0), _device(1), _transfer(2, _FLOOR, told="withdrawal.succeeded"), hit=0),
        example("authorised is enough", _reset(0), _device(1), _transfer(2, _FLOOR, told="transfer.authorised"), hit=0),
        example(
            "authorised in the window and settled on the next day",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR, told="transfer.authorised"),
            _transfer(_END + 600, _FLOOR, version=2),
            hit=0,
        ),
        example(
            "the second new password is the one",
            _reset(-2000),
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR),
            hit=0,
        ),
        example("another currency", _reset(0), _device(1), _transfer(2, FLOOR_OTHER_MINOR, currency="EUR"), hit=0),
        example("near miss: below the floor", _reset(0), _device(10), _transfer(40, _FLOOR - 1), hit=None),
        example(
            "near miss: a moment after the window", _reset(0), _device(10), _transfer(_END + 0.01, _FLOOR), hit=None
        ),
        example("near miss: no new device", _reset(0), _transfer(40, 250_000), hit=None),
        example("near miss: a new phone with the old password", _device(10), _transfer(40, 250_000), hit=None),
        example("near miss: the money left before", _reset(10), _device(20), _transfer(5, 250_000), hit=None),
        example("near miss: the device was there before", _device(0), _reset(10), _transfer(20, 250_000), hit=None),
        example(
            "near miss: one transfer told twice",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR - 1, told="transfer.authorised"),
            _transfer(3, _FLOOR - 1, version=2),
            hit=None,
        ),
        example(
            "near miss: it failed in the end",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR, told="transfer.authorised"),
            _transfer(3, _FLOOR, told="transfer.failed", version=2),
            hit=None,
        ),
        example(
            "near miss: currencies do not add up",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR - 1),
            _transfer(3, FLOOR_OTHER_MINOR - 1, name="b", currency="EUR"),
            hit=None,
        ),
    ),
)
