"""An amount far above all that is usual for the account.

Amounts of honest people spread widely, and more so on payday and on a day in town. So an amount is judged by its
logarithm against the account's own spread, and by the mean as well. A young history says nothing. Rent is far above all
else and goes to a payee of old: a transfer to one is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .floors import floor_of, floors
from .history import History
from .rule import (
    DAY_MS,
    EVIDENCE_MAX,
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

_LEFT: Final = Signal.MONEY_LEFT.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Panther takes three standard deviations and five to ten events before it judges at all. The multiple of the mean
    and the floor were chosen on generated spending: nobody publishes them."""

    deviations: float = 3.6
    ratio: float = 4.5
    spread_floor: float = 0.4
    """The standard deviation of the logarithm counts as at least this."""
    history_min: float = 8.0
    """The weight of earlier movements; one of today weighs 1, one of a month ago a half."""
    young: float = 4.0
    """A spread that is known from few movements is wide: the deviations asked for grow by this, by their weight."""
    merge_ms: int = DAY_MS
    floor_minor: Mapping[str, int] = field(default_factory=floors(100))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `hit` [beginning, end, facts, movements, ids] of the last finding."""
    if signal != _LEFT:
        return _take_back(state, event.values["movement_id"])
    values = event.values
    if values["kind"] == "transfer" and not history.is_first_party and "party" in values:
        return NO_HITS
    usual = history.usual_before
    amount = history.amount_minor
    if usual is None or amount < usual[1] * limits.ratio or usual[0] < limits.history_min:
        return NO_HITS
    deviations = history.deviations_from_usual(floor=limits.spread_floor)
    if deviations is None or deviations < limits.deviations * (1.0 + limits.young / usual[0]):
        return NO_HITS
    if amount < floor_of(limits.floor_minor, history.currency):
        return NO_HITS
    facts: Mapping[str, str | int] = {
        "amount_minor": amount,
        "currency": history.currency,
        "usual_minor": round(usual[1]),
        "deviations_tenths": int(deviations * 10),
    }
    movements, ids, started_ms = [event.values["movement_id"]], [event.id], event.at_ms
    known = state.get("hit")
    if known is not None and event.at_ms - known[0] <= limits.merge_ms:
        started_ms = known[0]
        movements, ids = [*known[3], *movements][:EVIDENCE_MAX], [*known[4], *ids][:EVIDENCE_MAX]
        facts = facts if amount > known[2]["amount_minor"] else known[2]
    state["hit"] = [started_ms, event.at_ms, facts, movements, ids]
    return (Hit(started_ms, event.at_ms, facts, tuple(ids)),)


def _take_back(state: State, movement_id: str) -> Iterable[Hit]:
    """The finding goes when none of its movements stands. The history keeps what it learned from the amount."""
    known = state.get("hit")
    if known is None or movement_id not in known[3]:
        return NO_HITS
    at = known[3].index(movement_id)
    movements, ids = list(known[3]), list(known[4])
    del movements[at], ids[at]
    if movements:
        state["hit"] = [known[0], known[1], known[2], movements, ids]
        return (Hit(known[0], known[1], known[2], tuple(ids)),)
    del state["hit"]
    return (Hit(known[0], known[1], known[2], tuple(known[4]), withdrawn=True),)


def _pay(minute: float, amount_minor: int, *, status: str = "succeeded", version: int = 1, name: str = "",
         kind: str = "payment", party: str = "shop") -> Told:  # fmt: skip
    values = {"movement_id": name or f"m{minute}", "version": version, "kind": kind, "status": status}
    return (minute, f"{kind}.{status}", {**values, "amount_minor": amount_minor, "currency": "CNY", "party": party})


def _usual(count: int = 12, amount_minor: int = 10_000) -> list[Told]:
    return [_pay(n * 60, amount_minor) for n in range(count)]


_LATER: Final = 800
_EDGE: Final = 45_000
"""Of many payments that are all alike, the multiple of the mean decides: exp(3.6 x 0.4) is less than 4.5."""

DETECTOR: Final = Detector(
    rule="spend_anomaly",
    version=2,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    wakes=frozenset({Signal.MONEY_LEFT}),
    needs=frozenset({Signal.MONEY_LEFT.value}),
    limits=Limits(),
    positive=frozenset({"spread_floor"}),
    is_published=False,
    runbook=(
        "See what was bought, where, and whether the account's owner has paid there before. A large purchase, rent "
        "or a holiday looks the same: one amount alone is no proof. With a new device, changed keys or a merchant "
        "with frauds beside it, call the owner on a point of record and ask before anything is stopped. Otherwise "
        "the message that the customer gets is enough; note the verdict, so that the rule is counted."
    ),
    step=step,
    examples=(
        example("ten times the usual", *_usual(), _pay(_LATER, 100_000), hit=_LATER),
        example("exactly four and a half times the usual", *_usual(200), _pay(12_000, _EDGE), hit=12_000),
        example("by transfer", *_usual(), _pay(_LATER, 100_000, kind="transfer", party="new"), hit=_LATER),
        example(
            "far above amounts of which a few are tiny",
            *(_pay(n * 60, 10_000 if n % 4 else 100) for n in range(24)),
            _pay(1500, 60_000),
            hit=1500,
        ),
        example(
            "two of a day are one finding", *_usual(), _pay(_LATER, 100_000), _pay(_LATER + 60, 90_000), hit=_LATER
        ),
        example(
            "two more than a day apart",
            *_usual(40),
            _pay(3000, 100_000),
            _pay(3000.01 + DAY_MS / MINUTE_MS, 100_000),
            hit=(3000, 3000.01 + DAY_MS / MINUTE_MS),
        ),
        example("exactly the floor", *_usual(amount_minor=1000), _pay(_LATER, 10_000), hit=_LATER),
        example(
            "one of two failed in the end",
            *_usual(),
            _pay(_LATER, 100_000, status="authorised", name="a"),
            _pay(_LATER + 1, 100_000),
            _pay(_LATER + 2, 100_000, status="failed", version=2, name="a"),
            hit=_LATER,
        ),
        example("near miss: a little less", *_usual(200), _pay(12_000, _EDGE - 1), hit=None),
        example("near miss: the same after few payments", *_usual(), _pay(_LATER, _EDGE), hit=None),
        example("near miss: below the floor", *_usual(amount_minor=1000), _pay(_LATER, 9_999), hit=None),
        example("near miss: a young history", *_usual(8), _pay(_LATER, 100_000), hit=None),
        example(
            "near miss: amounts that always spread",
            *(_pay(n * 60, 1_000 if n % 2 else 40_000) for n in range(12)),
            _pay(_LATER, 120_000),
            hit=None,
        ),
        example("near miss: it never left", *_usual(), _pay(_LATER, 100_000, status="failed"), hit=None),
        example(
            "near miss: it failed in the end",
            *_usual(),
            _pay(_LATER, 100_000, status="authorised", name="a"),
            _pay(_LATER + 1, 100_000, status="failed", version=2, name="a"),
            hit=None,
        ),
        example(
            "near miss: by transfer to a payee of old", *_usual(), _pay(_LATER, 100_000, kind="transfer"), hit=None
        ),
    ),
)
