"""Amounts far above all that is usual for the account: one that never was, or several within a day or within two weeks.

Amounts of honest people spread widely, and more so on payday and on a day in town. So an amount is judged by its
logarithm against the account's own spread, and by the mean as well. A young history says nothing. Rent is far above all
else and goes to a payee of old: a transfer to one is left out.

Many honest people pay ten times their mean now and then, and their few amounts do not tell how often. So one such
amount is found once, or thrice where amounts hardly spread, and then is a habit. A stolen card is known by several of
them at once. A leaked one is used beside its owner. It is known by a series: large amounts follow each other,
and there were few before.
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

SPREAD_STEP: Final = 0.2
_LEFT: Final = Signal.MONEY_LEFT.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Panther takes three standard deviations and five to ten events before it judges at all. The other figures were
    chosen on generated spending: nobody publishes them."""

    deviations: float = 3.6
    ratio: float = 10.0
    even_ratio: float = 4.5
    """The same of an account whose amounts spread evenly, and that is known well."""
    even: float = 0.94
    """Amounts spread evenly where the deviation of their logarithms is at least this share of the one that their mean
    and mean square imply. It is less where small amounts are many and large ones are of another kind."""
    even_history: float = 40.0
    """The weight of earlier movements from which on an account is known well."""
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
    excess_min: float = 1.0
    """An excess below this belongs to no series."""
    series: float = 18.0
    """The sum of the excesses from which on two amounts of `series_ms` make a finding; each amount more lessens it by
    `series_step`, to `series_least`. An amount belongs to a series until `series_gap_ms` after the one before."""
    series_step: float = 3.0
    series_least: float = 12.0
    series_ms: int = 14 * DAY_MS
    series_gap_ms: int = 5 * DAY_MS
    series_spread: float = 1.1
    """No series from this deviation of the logarithms on: large amounts follow each other by chance."""
    earlier: float = 0.6
    """Each excess that is kept no more adds this share of itself to the sum that is asked for. Confirmed frauds add
    nothing. Those of `excess_min` and more are kept for `series_ms`, smaller ones for `merge_ms`."""
    earlier_most: float = 10.0
    """No series of an account with as much excess before."""
    earlier_half_life_ms: int = 90 * DAY_MS
    habit_count: int = 3
    habit_ms: int = 365 * DAY_MS
    """After so many such amounts in so long, others alone are a habit of the account."""
    wide: float = 0.9
    """One is a habit already where the logarithms of the amounts deviate by this, so from a meal to a journey."""
    merge_ms: int = DAY_MS
    floor_minor: Mapping[str, int] = field(default_factory=floors(100))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `hit` [beginning, end, facts, movements, ids, movements that are needed] of the last
    finding. `large` [time, id, movement, excess] of the last amounts with an excess. `earlier` [sum, time] of the
    excesses before those. `far` [time, movement] of the last amounts that were far above all."""
    if signal != _LEFT:
        return _take_back(state, event.values["movement_id"])
    usual, amount, own = history.usual_before, history.amount_minor, history.excess_own
    if own:
        _note(state, event, history, limits)
    if usual is None or usual[0] < limits.history_min or amount < floor_of(limits.floor_minor, history.currency):
        return NO_HITS
    is_far = _is_far(event.values, history, limits) and not _is_habit(state, event, history, limits)
    found: Sequence[Sequence[Any]] = ()
    if own:
        found = _list_burst(state, event.at_ms, history, usual, limits)
    if is_far:
        # It makes a pair with anything large, and is a finding by itself.
        found = found or ([event.at_ms, event.id, event.values["movement_id"]],)
    elif not found and own and own >= limits.excess_min:
        found = _list_series(state, event.at_ms, usual, limits)
    return _find(state, event, history, found, 1 if is_far else 2, limits) if found else NO_HITS


def _list_burst(
    state: State, at_ms: int, history: History, usual: Sequence[float], limits: Limits
) -> Sequence[Sequence[Any]]:
    """The large amounts of a day, where with those before them they are too many; else none."""
    wider = 1.0 + limits.young / usual[0]
    if history.excess_before + history.excess_own < _burst_of(usual, limits) * wider:
        return ()
    return [one for one in state["large"] if one[0] >= at_ms - limits.merge_ms]


def _list_series(state: State, at_ms: int, usual: Sequence[float], limits: Limits) -> Sequence[Sequence[Any]]:
    """The large amounts that followed each other up to the moment without a gap, where they are too many; else none."""
    earlier = state["earlier"][0] if "earlier" in state else 0.0
    if earlier >= limits.earlier_most or _spread_of(usual) >= limits.series_spread:
        return ()
    large = [one for one in state["large"] if one[3] >= limits.excess_min]
    first, next_ms = len(large), at_ms
    while first and next_ms - large[first - 1][0] <= limits.series_gap_ms:
        first -= 1
        next_ms = large[first][0]
    series = large[first:]
    needed = max(limits.series_least, limits.series - limits.series_step * (len(series) - 2))
    is_enough = len(series) > 1 and sum(one[3] for one in series) >= needed + limits.earlier * earlier
    return series if is_enough else ()


def _note(state: State, event: Event, history: History, limits: Limits) -> None:
    """Remember an amount with an excess, and add those that are kept no more to the sum of earlier ones. Frauds
    that are confirmed by then were none of the owner's, and are not added."""
    at_ms, large = event.at_ms, state.get("large", ())
    sum_, last_ms = state.get("earlier", (0.0, at_ms))
    sum_ *= math.exp2((last_ms - at_ms) / limits.earlier_half_life_ms)
    kept: list[Any] = []
    for place, one in enumerate(large):
        kept_ms = limits.series_ms if one[3] >= limits.excess_min else limits.merge_ms
        if one[0] >= at_ms - kept_ms and place > len(large) - EVIDENCE_MAX:
            kept.append(one)
        elif one[2] not in history.labels:
            sum_ += one[3]
    kept.append([at_ms, event.id, event.values["movement_id"], history.excess_own])
    state["large"] = kept
    if sum_:
        state["earlier"] = [round(sum_, 2), at_ms]


def _spread_of(usual: Sequence[float]) -> float:
    """The standard deviation of the logarithms of the account's amounts."""
    return math.sqrt(max(0.0, usual[4] - usual[3] * usual[3]))


def _is_far(values: Mapping[str, Any], history: History, limits: Limits) -> bool:
    """Whether the amount of the event is far above all that is usual."""
    usual = history.usual_before
    if usual is None or history.amount_minor < usual[1] * limits.even_ratio:
        return False
    if history.amount_minor < usual[1] * limits.ratio and not _is_even(usual, limits):
        return False
    if values["kind"] == "transfer" and not history.is_first_party and "party" in values:
        return False
    deviations = history.deviations_from_usual(floor=limits.spread_floor)
    return deviations is not None and deviations >= limits.deviations * (1.0 + limits.young / usual[0])


def _is_even(usual: Sequence[float], limits: Limits) -> bool:
    """Whether the account is known well, and its amounts spread no further upwards than downwards."""
    implied = math.sqrt(math.log1p(max(0.0, usual[2] / (usual[1] * usual[1]) - 1.0)))
    return usual[0] >= limits.even_history and _spread_of(usual) >= limits.even * implied


def _burst_of(usual: Sequence[float], limits: Limits) -> float:
    """The sum of the excesses that is asked for, by how widely the account's amounts spread."""
    spread = _spread_of(usual)
    outside = max(limits.middle_from - spread, spread - limits.middle_to, 0.0) / SPREAD_STEP
    return limits.burst_middle + (limits.burst - limits.burst_middle) * min(1.0, outside)


def _is_habit(state: State, event: Event, history: History, limits: Limits) -> bool:
    """Whether the account had enough amounts far above all before; this one is remembered. Confirmed frauds were none
    of its owner's."""
    oldest_ms, usual = event.at_ms - limits.habit_ms, history.usual_before or ()
    far = [one for one in state.get("far", ()) if one[0] >= oldest_ms and one[1] not in history.labels]
    state["far"] = [*far, [event.at_ms, event.values["movement_id"]]][-limits.habit_count :]
    known = state.get("hit")
    # More of the same day belongs to its finding.
    is_same = known is not None and event.at_ms - known[0] <= limits.merge_ms
    return len(far) >= (1 if _spread_of(usual) >= limits.wide else limits.habit_count) and not is_same


def _find(
    state: State, event: Event, history: History, found: Sequence[Sequence[Any]], needed: int, limits: Limits
) -> Iterable[Hit]:
    """The finding of these movements, or the one of the same day or series with them. The known
    one keeps its beginning, and with it its id, also where the series began before it."""
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
    if known is not None and (event.at_ms - known[0] <= limits.merge_ms or started_ms <= known[1]):
        fresh = [one for one in found if one[2] not in known[3]]
        movements, ids = [one[2] for one in fresh], [one[1] for one in fresh]
        # A finding that can name no more is followed by another one.
        if len(known[3]) + len(fresh) <= EVIDENCE_MAX:
            started_ms, movements, ids = known[0], [*known[3], *movements], [*known[4], *ids]
            is_more = facts["currency"] == known[2]["currency"] and history.amount_minor > known[2]["amount_minor"]
            facts = facts if is_more else known[2]
            needed = min(needed, known[5])
        else:
            started_ms = fresh[0][0]
            state["large"] = [one for one in state.get("large", ()) if one[2] in movements]
    state["hit"] = [started_ms, event.at_ms, facts, movements, ids, needed]
    return (Hit(started_ms, event.at_ms, facts, tuple(ids)),)


def _take_back(state: State, movement_id: str) -> Iterable[Hit]:
    """The finding goes when too few of its movements stand. The history keeps what it learned from the amount."""
    if "large" in state:
        state["large"] = [one for one in state["large"] if one[2] != movement_id]
    if "far" in state:
        state["far"] = [one for one in state["far"] if one[1] != movement_id]
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
_GAP: Final = Limits().series_gap_ms / MINUTE_MS
_UNEVEN_MEAN: Final = 11_600
_EXCESS_9: Final = 90_000
"""Of an uneven account 9 deviations beyond 2.5, the most that one amount counts, and not ten times the mean."""
_EXCESS_3: Final = 44_000
"""Of an uneven account some 3 deviations beyond 2.5."""


def _uneven(count: int = 200) -> list[Told]:
    """Amounts of which a few are of another kind, as fares with a meal now and then."""
    return [_pay(n * 60, 9_000 if n % 5 else 22_000) for n in range(count)]


def _series(count: int, amount_minor: int, *, every: float = _DAYS_2) -> list[Told]:
    return [_pay(12_000 + n * every, amount_minor) for n in range(count)]


DETECTOR: Final = Detector(
    rule="spend_anomaly",
    version=2,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    wakes=frozenset({Signal.MONEY_LEFT}),
    needs=frozenset({Signal.MONEY_LEFT.value}),
    limits=Limits(),
    positive=frozenset({"spread_floor", "habit_count", "series_spread", "earlier_most", "earlier_half_life_ms"}),
    relations=(
        at_most("even_ratio", "ratio", "even amounts tell more than others"),
        at_most("burst_middle", "burst", "amounts that spread in the middle tell more than others"),
        at_most("middle_from", "middle_to", "no spread lies between them"),
        at_most("series_least", "series", "a series asks for less the longer it is"),
        at_most("series_gap_ms", "series_ms", "a gap lies within a series"),
        at_most("merge_ms", "series_ms", "the amounts of a series are kept, and no others"),
    ),
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
        example("above ten times the usual, by an uneven account", *_uneven(), _pay(12_000, 120_000), hit=12_000),
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
            _pay(3000.01 + DAY_MS / MINUTE_MS, 300_000),
            hit=(3000, 3000.01 + DAY_MS / MINUTE_MS),
        ),
        example("exactly the floor", *_usual(amount_minor=1000), _pay(_LATER, 10_000), hit=_LATER),
        example(
            "one of two failed in the end",
            *_usual(),
            _pay(_LATER, 100_000, status="authorised", name="a"),
            _pay(_LATER + 1, 300_000),
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
            *(_pay(3_000 + n * _DAYS_2, 300_000) for n in range(4)),
            hit=(3_000, 3_000 + _DAYS_2, 3_000 + 2 * _DAYS_2),
        ),
        example(
            "near miss: two large amounts",
            *_usual(200),
            *(_pay(12_000 + n * 2, 44_900) for n in range(2)),
            hit=None,
        ),
        example("two of a series", *_uneven(), *_series(2, _EXCESS_9), hit=12_000),
        example("two at the last moment of the gap", *_uneven(), *_series(2, _EXCESS_9, every=_GAP), hit=12_000),
        example("four of a series, none of them four times the usual", *_uneven(), *_series(4, _EXCESS_3), hit=12_000),
        example(
            "one of three that failed in the end",
            *_uneven(),
            *_series(3, _EXCESS_9),
            _pay(18_000, _EXCESS_9, status="failed", version=2, name="m12000"),
            hit=12_000,
        ),
        example(
            "a theft that the owner confirmed is no habit",
            *_wide(40),
            _pay(3_000, 900_000),
            (9_000, "transaction.confirmed_fraud", {"movement_id": "m3000"}),
            *(_pay(9_060 + n * 60, 10_000 if n % 3 else 300) for n in range(40)),
            _pay(20_000, 900_000),
            hit=(3_000, 20_000),
        ),
        example(
            "what one finding cannot name, by the next one",
            *_uneven(),
            *_series(2 * EVIDENCE_MAX, 120_000, every=1),
            hit=(12_000, 12_000 + EVIDENCE_MAX),
        ),
        example(
            "a first try that failed is no habit",
            *_wide(40),
            _pay(3_000, 900_000, status="authorised", name="a"),
            _pay(3_001, 900_000, status="failed", version=2, name="a"),
            *(_pay(3_060 + n * 60, 10_000 if n % 3 else 300) for n in range(30)),
            _pay(8_000, 2_000_000),
            hit=8_000,
        ),
        example("near miss: three of a series", *_uneven(), *_series(3, _EXCESS_3), hit=None),
        example(
            "near miss: two a moment after the gap", *_uneven(), *_series(2, _EXCESS_9, every=_GAP + 0.01), hit=None
        ),
        example(
            "near miss: an account that pays such amounts each week",
            *_uneven(),
            *_series(9, _EXCESS_9, every=_GAP + 1),
            *(_pay(12_000 + 9 * (_GAP + 1) + n, _EXCESS_9) for n in range(2)),
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
        example(
            "near miss: nine times the usual, by an uneven account",
            *_uneven(),
            _pay(12_000, 9 * _UNEVEN_MEAN),
            hit=None,
        ),
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
