"""Amounts far above all that is usual for the account: one that never was, or several within a day or two.

Amounts of honest people spread widely, and more so on payday and on a day in town. So an amount is judged by its
logarithm against the account's own spread, and by the mean as well. A young history says nothing. Rent is far above all
else and goes to a payee of old: a transfer to one is left out.

Many honest people pay ten times their mean now and then, and their few amounts do not tell how often. So one such
amount is found once, or thrice where amounts hardly spread, and then is a habit. A stolen card is known by several of
them at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

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
    at_most,
    example,
)  # fmt: skip
from .windows import slide

SPREAD_STEP: Final = 0.2
_LEFT: Final = Signal.MONEY_LEFT.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Panther takes three standard deviations and five to ten events before it judges at all. The other figures were
    chosen on generated spending: nobody publishes them."""

    deviations: float = 3.6
    ratio: float = 4.5
    spread_floor: float = 0.4
    """The standard deviation of the logarithm counts as at least this."""
    history_min: float = 8.0
    """The weight of earlier movements; one of today weighs 1, one of a month ago a half."""
    young: float = 4.5
    """A spread that is known from few movements is wide: deviations and excess asked for grow by this, by their
    weight."""
    burst: float = 18.0
    """The sum of the excesses (`History.excess`) from which on several amounts make a finding, whatever the habits."""
    burst_middle: float = 9.0
    """The same of an account whose amounts spread neither narrowly nor widely. Where they hardly spread, a day in town
    is many deviations; where they spread widely, large ones meet by chance."""
    middle_from: float = 0.8
    """The standard deviation of the logarithms from which on `burst_middle` counts. It counts in part from SPREAD_STEP
    before, and until SPREAD_STEP after `middle_to`."""
    middle_to: float = 1.0
    habit_count: int = 3
    habit_ms: int = 365 * DAY_MS
    """After so many such amounts in so long, others alone are a habit of the account."""
    wide: float = 0.9
    """One is a habit already where the logarithms of the amounts deviate by this, so from a meal to a journey."""
    merge_ms: int = DAY_MS
    floor_minor: Mapping[str, int] = field(default_factory=floors(100))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `hit` [beginning, end, facts, movements, ids, movements that are needed] of the last
    finding. `large` [time, id, movement] of the excesses of one day. `far`: the times of the last amounts that were far
    above all."""
    if signal != _LEFT:
        return _take_back(state, event.values["movement_id"])
    values = event.values
    usual = history.usual_before
    amount, own = history.amount_minor, history.excess_own
    if own:
        entry = [event.at_ms, event.id, values["movement_id"]]
        slide(state.setdefault("large", []), entry, span_ms=limits.merge_ms, kept_max=EVIDENCE_MAX)
    if usual is None or usual[0] < limits.history_min or amount < floor_of(limits.floor_minor, history.currency):
        return NO_HITS
    wider = 1.0 + limits.young / usual[0]
    is_burst = own > 0.0 and history.excess_before + own >= _burst_of(usual, limits) * wider
    is_far = _is_far(values, history, limits) and not _is_habit(state, event.at_ms, usual, limits)
    if not is_burst and not is_far:
        return NO_HITS
    found = state["large"] if is_burst else [[event.at_ms, event.id, values["movement_id"]]]
    return _find(state, event, history, found, 2 if is_burst and not is_far else 1, limits)


def _is_far(values: Mapping[str, Any], history: History, limits: Limits) -> bool:
    """Whether the amount of the event is far above all that is usual."""
    usual = history.usual_before
    if usual is None or history.amount_minor < usual[1] * limits.ratio:
        return False
    if values["kind"] == "transfer" and not history.is_first_party and "party" in values:
        return False
    deviations = history.deviations_from_usual(floor=limits.spread_floor)
    return deviations is not None and deviations >= limits.deviations * (1.0 + limits.young / usual[0])


def _burst_of(usual: Sequence[float], limits: Limits) -> float:
    """The sum of the excesses that is asked for, by how widely the account's amounts spread."""
    spread = math.sqrt(max(0.0, usual[4] - usual[3] * usual[3]))
    outside = max(limits.middle_from - spread, spread - limits.middle_to, 0.0) / SPREAD_STEP
    return limits.burst_middle + (limits.burst - limits.burst_middle) * min(1.0, outside)


def _is_habit(state: State, at_ms: int, usual: Sequence[float], limits: Limits) -> bool:
    """Whether the account had enough amounts far above all before; this one is remembered."""
    far = [one for one in state.get("far", ()) if one >= at_ms - limits.habit_ms]
    state["far"] = [*far, at_ms][-limits.habit_count :]
    known = state.get("hit")
    # More of the same day belongs to its finding.
    is_same = known is not None and at_ms - known[0] <= limits.merge_ms
    is_wide = usual[4] - usual[3] * usual[3] >= limits.wide * limits.wide
    return len(far) >= (1 if is_wide else limits.habit_count) and not is_same


def _find(state: State, event: Event, history: History, found: list[Any], needed: int, limits: Limits) -> Iterable[Hit]:
    """The finding of these movements, or the one of the same day with them."""
    usual = history.usual_before or (0.0, 0.0)
    deviations = history.deviations_from_usual(floor=limits.spread_floor) or 0.0
    facts: Mapping[str, str | int] = {
        "amount_minor": history.amount_minor,
        "currency": history.currency,
        "usual_minor": round(usual[1]),
        "deviations_tenths": int(deviations * 10),
    }
    started_ms, movements, ids = found[0][0], [one[2] for one in found], [one[1] for one in found]
    known = state.get("hit")
    if known is not None and event.at_ms - known[0] <= limits.merge_ms:
        started_ms = known[0]
        fresh = [one for one in found if one[2] not in known[3]]
        movements = [*known[3], *(one[2] for one in fresh)][:EVIDENCE_MAX]
        ids = [*known[4], *(one[1] for one in fresh)][:EVIDENCE_MAX]
        facts = facts if int(facts["amount_minor"]) > known[2]["amount_minor"] else known[2]
        needed = min(needed, known[5])
    state["hit"] = [started_ms, event.at_ms, facts, movements, ids, needed]
    return (Hit(started_ms, event.at_ms, facts, tuple(ids)),)


def _take_back(state: State, movement_id: str) -> Iterable[Hit]:
    """The finding goes when too few of its movements stand. The history keeps what it learned from the amount."""
    if "large" in state:
        state["large"] = [one for one in state["large"] if one[2] != movement_id]
    known = state.get("hit")
    if known is None or movement_id not in known[3]:
        return NO_HITS
    at = known[3].index(movement_id)
    movements, ids = list(known[3]), list(known[4])
    del movements[at], ids[at]
    if len(movements) >= known[5]:
        state["hit"] = [known[0], known[1], known[2], movements, ids, known[5]]
        return (Hit(known[0], known[1], known[2], tuple(ids)),)
    del state["hit"]
    return (Hit(known[0], known[1], known[2], tuple(known[4]), withdrawn=True),)


def _pay(minute: float, amount_minor: int, *, status: str = "succeeded", version: int = 1, name: str = "",
         kind: str = "payment", party: str = "shop") -> Told:  # fmt: skip
    values = {"movement_id": name or f"m{minute}", "version": version, "kind": kind, "status": status}
    return (minute, f"{kind}.{status}", {**values, "amount_minor": amount_minor, "currency": "CNY", "party": party})


def _usual(count: int = 12, amount_minor: int = 10_000) -> list[Told]:
    return [_pay(n * 60, amount_minor) for n in range(count)]


def _wide(count: int) -> list[Told]:
    return [_pay(n * 60, 10_000 if n % 3 else 300) for n in range(count)]


_LATER: Final = 800
_DAYS_2: Final = 2 * DAY_MS / MINUTE_MS + 1
_YEAR: Final = Limits().habit_ms / MINUTE_MS
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
    positive=frozenset({"spread_floor", "habit_count"}),
    relations=(at_most("middle_from", "middle_to", "no spread lies between them"),),
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
        example(
            "four large amounts within the hour, none of them far above all",
            *_usual(200),
            *(_pay(12_000 + n * 2, 44_900) for n in range(4)),
            hit=12_000,
        ),
        example(
            "a year after the last one",
            *_wide(40),
            _pay(3_000, 900_000),
            *(_pay(3_000 + _YEAR - n * 60, 10_000 if n % 3 else 300) for n in range(40, 0, -1)),
            _pay(3_001 + _YEAR, 900_000),
            hit=(3_000, 3_001 + _YEAR),
        ),
        example(
            "the first one of an account whose amounts spread widely, and not the second",
            *_wide(40),
            _pay(3_000, 900_000),
            *(_pay(3_060 + n * 60, 10_000 if n % 3 else 300) for n in range(40)),
            _pay(8_000, 900_000),
            hit=3_000,
        ),
        example(
            "three of an account whose amounts hardly spread, and not the fourth",
            *_usual(40),
            *(_pay(3_000 + n * _DAYS_2, 100_000) for n in range(4)),
            hit=(3_000, 3_000 + _DAYS_2, 3_000 + 2 * _DAYS_2),
        ),
        example(
            "near miss: two large amounts",
            *_usual(200),
            *(_pay(12_000 + n * 2, 44_900) for n in range(2)),
            hit=None,
        ),
        example(
            "near miss: four large amounts of a week",
            *_usual(200),
            *(_pay(12_000 + n * _DAYS_2, 44_900) for n in range(4)),
            hit=None,
        ),
        example(
            "near miss: of four large amounts three failed in the end",
            *_usual(200),
            *(_pay(12_000 + n * 2, 44_900, status="authorised", name=f"a{n}") for n in range(4)),
            *(_pay(12_100 + n, 44_900, status="failed", version=2, name=f"a{n}") for n in range(3)),
            hit=None,
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
