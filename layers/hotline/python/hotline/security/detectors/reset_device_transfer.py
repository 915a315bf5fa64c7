"""The keys of an account change, then a new device comes, then money leaves: how a stolen account is emptied.

A new password, a new contact point, another SIM, or two-step login switched off is everyday life. So is a new device
after it: somebody bought a phone. The third sign is a sum worth stealing, soon after. The finding asks for a hold,
because the next transfer is minutes away. A caller alone never opens that hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of
from .history import History
from .rule import (
    EVIDENCE_MAX,
    HOUR_MS,
    MINUTE_MS,
    NO_HITS,
    Detector,
    Event,
    Hit,
    Severity,
    Signal,
    State,
    Told,
    example,
)  # fmt: skip
from .windows import slide

ENTRIES_MAX: Final = 32
"""So many changes, devices and movements of a window are kept. A thief who sends more has passed any floor before."""
STEALING_KINDS: Final = frozenset({"transfer", "withdrawal"})
"""Money that leaves for somebody or somewhere the attacker chooses."""
_LEFT: Final = Signal.MONEY_LEFT.value
_UNDONE: Final = Signal.MONEY_UNDONE.value
_NAMES: Final = {
    Signal.PASSWORD_CHANGED: "password",
    Signal.POINT_CHANGED: "contact_point",
    Signal.TWO_STEP_CHANGED: "two_step_off",
    Signal.SIM_CHANGED: "sim",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic chains a credential alert, a change of factors and a login within 12 h. The MAS Guidelines on Shared
    Responsibility (Singapore, 2024) keep high-risk activities shut for 12 h after a token is activated on a new device.
    NIST SP 800-63B-4 names a change of the SIM as a sign that a number is not in its owner's hands (3.1.3.3).
    Nobody publishes a figure for the sum, in minor units by currency: about 1,000 yuan. Several transfers add up, or a
    thief would stay below it."""

    window_ms: int = 12 * HOUR_MS
    floor_minor: Mapping[str, int] = field(
        default_factory=lambda: {"CNY": 100_000, "HKD": 100_000, "JPY": 20_000, "": 15_000}
    )
    """The empty name is every other currency."""


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `changes` [time, id, word], `devices` [time, id], and `sent` [time, id, movement,
    amount, currency], all of one window. `hit` [beginning, device's time, end, currency, facts, ids] is the last
    finding."""
    if signal == _LEFT:
        return _send(state, event, limits) if "devices" in state else NO_HITS
    if signal == _UNDONE:
        return _take_back(state, event, limits)
    if signal == Signal.DEVICE_REGISTERED:
        if "changes" in state:
            _keep(state, "devices", [event.at_ms, event.id], limits)
    elif signal != Signal.TWO_STEP_CHANGED or not event.values.get("on"):
        _keep(state, "changes", [event.at_ms, event.id, _NAMES[Signal(signal)]], limits)
    return NO_HITS


def _keep(state: State, name: str, entry: list[Any], limits: Limits) -> None:
    slide(state.setdefault(name, []), entry, span_ms=limits.window_ms, kept_max=ENTRIES_MAX)


def _send(state: State, event: Event, limits: Limits) -> Iterable[Hit]:
    values = event.values
    if values["kind"] not in STEALING_KINDS:
        return NO_HITS
    if state["changes"][-1][0] < event.at_ms - limits.window_ms and "hit" not in state:
        # All is over, and nothing can be taken back.
        state.clear()
        return NO_HITS
    currency = values["currency"]
    _keep(state, "sent", [event.at_ms, event.id, values["movement_id"], values["amount_minor"], currency], limits)
    known = state.get("hit")
    oldest_ms = event.at_ms - limits.window_ms
    if known is not None:
        oldest_ms = max(oldest_ms, known[0] + limits.window_ms)
    for began_ms, change_id, change in state["changes"]:
        device = next((device for device in state["devices"] if device[0] >= began_ms), None)
        if began_ms < oldest_ms or device is None:
            continue
        same = _after(state["sent"], device[0], currency)
        total_minor = sum(movement[3] for movement in same)
        if total_minor >= floor_of(limits.floor_minor, currency):
            facts = {"transfers": len(same), "amount_minor": total_minor, "currency": currency, "change": change}
            ids = (change_id, device[1], *(movement[1] for movement in same))[:EVIDENCE_MAX]
            state["hit"] = [began_ms, device[0], event.at_ms, currency, facts, ids]
            return (Hit(began_ms, event.at_ms, facts, ids),)
    return NO_HITS


def _take_back(state: State, event: Event, limits: Limits) -> Iterable[Hit]:
    """Count a movement no more. The last finding goes when what is left of it would not have been one."""
    sent = state.get("sent", [])
    gone = next((movement for movement in sent if movement[2] == event.values["movement_id"]), None)
    if gone is None:
        return NO_HITS
    sent.remove(gone)
    if "hit" not in state:
        return NO_HITS
    began_ms, device_ms, ended_ms, currency, facts, ids = state["hit"]
    left = _after(sent, device_ms, currency)
    if sum(movement[3] for movement in left if movement[0] <= began_ms + limits.window_ms) >= floor_of(
        limits.floor_minor, currency
    ):
        return NO_HITS
    del state["hit"]
    return (Hit(began_ms, ended_ms, facts, tuple(ids), withdrawn=True),)


def _after(sent: list[Any], device_ms: int, currency: str) -> list[Any]:
    return [movement for movement in sent if movement[0] >= device_ms and movement[4] == currency]


_FLOOR: Final = Limits().floor_minor["CNY"]
_FLOOR_OTHER: Final = Limits().floor_minor[""]
_END: Final = Limits().window_ms / MINUTE_MS


def _reset(minute: float) -> Told:
    return (minute, "password.changed", {})


def _device(minute: float, name: str = "device-9") -> Told:
    return (minute, "device.registered", {"device": name})


def _transfer(minute: float, amount_minor: int, *, name: str = "a", status: str = "succeeded", version: int = 1,
              currency: str = "CNY", kind: str = "transfer") -> Told:  # fmt: skip
    values = {"movement_id": name, "version": version, "kind": kind, "status": status}
    return (minute, f"{kind}.{status}", {**values, "amount_minor": amount_minor, "currency": currency})


DETECTOR: Final = Detector(
    rule="reset_device_transfer",
    version=3,
    severity=Severity.CRITICAL,
    listens=frozenset(
        {
            Signal.PASSWORD_CHANGED,
            Signal.POINT_CHANGED,
            Signal.TWO_STEP_CHANGED,
            Signal.SIM_CHANGED,
            Signal.DEVICE_REGISTERED,
            Signal.MONEY_LEFT,
            Signal.MONEY_UNDONE,
        }
    ),
    kinds=STEALING_KINDS,
    wakes=frozenset({Signal.PASSWORD_CHANGED, Signal.POINT_CHANGED, Signal.TWO_STEP_CHANGED, Signal.SIM_CHANGED}),
    needs=frozenset({"device.registered", Signal.MONEY_LEFT.value}),
    limits=Limits(),
    is_published=True,
    holds=True,
    runbook=(
        "Call the owner on a contact point confirmed before the change, never on one added since, nor on a number "
        "whose SIM is new. If it was they: an agent and a second person release the hold. If not, or if nobody "
        "answers: freeze the account, report the transfers to the receiving side at once, remove the new device, and "
        "have the password replaced after a full proof of identity. Note in the case what was asked and answered; "
        "somebody who pretends to be the owner will call and press for a release."
    ),
    step=step,
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
        example("cash", _reset(0), _device(1), _transfer(2, _FLOOR, kind="withdrawal"), hit=0),
        example("authorised is enough", _reset(0), _device(1), _transfer(2, _FLOOR, status="authorised"), hit=0),
        example(
            "authorised in the window and settled on the next day",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR, status="authorised"),
            _transfer(_END + 600, _FLOOR, version=2),
            hit=0,
        ),
        example(
            "the second new password is the one", _reset(-2000), _reset(0), _device(1), _transfer(2, _FLOOR), hit=0
        ),
        example(
            "the device of the second change, after the first one's time",
            _reset(0),
            _device(60),
            _reset(_END - 10),
            _device(_END - 5),
            _transfer(_END + 60, _FLOOR),
            hit=_END - 10,
        ),
        example("another currency", _reset(0), _device(1), _transfer(2, _FLOOR_OTHER, currency="EUR"), hit=0),
        example(
            "a new contact point in the place of the password",
            (0, "contact_point.changed", {}),
            _device(1),
            _transfer(2, _FLOOR),
            hit=0,
        ),
        example(
            "two-step login off in the place of the password",
            (0, "two_step.changed", {"on": 0}),
            _device(1),
            _transfer(2, _FLOOR),
            hit=0,
        ),
        example(
            "another SIM in the place of the password",
            (0, "contact_point.sim_changed", {}),
            _device(1),
            _transfer(2, _FLOOR),
            hit=0,
        ),
        example(
            "near miss: another SIM and the old phone",
            (0, "contact_point.sim_changed", {}),
            _transfer(2, _FLOOR),
            hit=None,
        ),
        example(
            "near miss: two-step login on",
            (0, "two_step.changed", {"on": 1}),
            _device(1),
            _transfer(2, _FLOOR),
            hit=None,
        ),
        example("near miss: below the floor", _reset(0), _device(10), _transfer(40, _FLOOR - 1), hit=None),
        example(
            "near miss: a moment after the window", _reset(0), _device(10), _transfer(_END + 0.01, _FLOOR), hit=None
        ),
        example("near miss: no new device", _reset(0), _transfer(40, 250_000), hit=None),
        example("near miss: a new phone with the old password", _device(10), _transfer(40, 250_000), hit=None),
        example("near miss: the money left before", _reset(10), _device(20), _transfer(5, 250_000), hit=None),
        example("near miss: the device was there before", _device(0), _reset(10), _transfer(20, 250_000), hit=None),
        example(
            "near miss: a payment in a shop", _reset(0), _device(1), _transfer(2, _FLOOR, kind="payment"), hit=None
        ),
        example(
            "near miss: one transfer told twice",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR - 1, status="authorised"),
            _transfer(3, _FLOOR - 1, version=2),
            hit=None,
        ),
        example(
            "near miss: it failed in the end",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR, status="authorised"),
            _transfer(3, _FLOOR, status="failed", version=2),
            hit=None,
        ),
        example(
            "near miss: currencies do not add up",
            _reset(0),
            _device(1),
            _transfer(2, _FLOOR - 1),
            _transfer(3, _FLOOR_OTHER - 1, name="b", currency="EUR"),
            hit=None,
        ),
    ),
)
