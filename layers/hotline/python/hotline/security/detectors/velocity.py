"""More movements, or more money, in an hour or a day than the account's own days have.

Somebody who holds a stolen account or card spends until it stops. A busy trader does so every day: his own days are his
measure. The floor keeps small accounts from standing out with their fifth coffee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of, floors
from .history import History
from .returns import AMOUNT, EVENT, TIME, add_up, leave_out
from .rule import (
    DAY_MS,
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
    at_most,
    example,
)  # fmt: skip

_LEFT: Final = Signal.MONEY_LEFT.value
PARTS_PER_THOUSAND: Final = 1000
KEPT_MAX: Final = 32
"""So many movements of a finding are kept, to be taken back. Behind more of them it stands whatever comes back."""
_SPANS: Final = (("hour", HOUR_MS), ("day", DAY_MS))


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures for wallets. The floors are above what honest people do on a day in town, as generated.
    `times` is against the account's own day and one more movement."""

    hour_count: int = 10
    day_count: int = 20
    hour_times: float = 2.5
    day_times: float = 4.0
    hour_floor_minor: Mapping[str, int] = field(default_factory=floors(3000))
    day_floor_minor: Mapping[str, int] = field(default_factory=floors(5000))
    sum_count: int = 4
    """A sum is of at least so many movements."""
    rest_permille: int = 500
    """One large amount is no velocity: the others add up to this share of the least sum. Against the account's own day
    each counts as three times the usual at most (`LEARNED_RATIO_MAX`)."""
    merge_ms: int = DAY_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `hit` [beginning, end, facts, id, movements, bounds, number of others] of the last
    finding, quiet for a while. The movements are [time, id, movement, amount] of those that it found and of those that
    followed in the quiet time. The id is empty of those that came before it. The bounds are [number, sum] of an hour
    and of a day."""
    if signal != _LEFT:
        return _take_back(state, event.values["movement_id"], limits)
    count = history.day_count
    if count < limits.sum_count:
        return NO_HITS
    currency, minor = history.currency, history.day_minor
    # Nearly all movements end here: a day has the money of its hours.
    if (
        count < limits.hour_count
        and minor < floor_of(limits.hour_floor_minor, currency)
        and minor < floor_of(limits.day_floor_minor, currency)
    ):
        return NO_HITS
    at_ms = event.at_ms
    known = state.get("hit")
    if known is not None and at_ms < known[0] + limits.merge_ms:
        _follow(known, event)
        return NO_HITS
    usual = history.usual_before
    if usual is None:
        return NO_HITS
    own_count = history.left_per_day(at_ms) + 1.0
    own_minor = own_count * usual[1]
    bounds = [
        [max(limits.hour_count, limits.hour_times * own_count),
         max(floor_of(limits.hour_floor_minor, currency), limits.hour_times * own_minor)],
        [max(limits.day_count, limits.day_times * own_count),
         max(floor_of(limits.day_floor_minor, currency), limits.day_times * own_minor)],
    ]  # fmt: skip
    sums = (history.add_up_hour(at_ms), (history.day_count, history.day_minor))
    for (word, span_ms), (count, total_minor), (least, least_minor), times in zip(
        _SPANS, sums, bounds, (limits.hour_times, limits.day_times), strict=True
    ):
        if count < limits.sum_count:
            continue
        if count >= least or total_minor >= least_minor:
            oldest_ms = at_ms - span_ms
            spent = [one for one in history.spending if one[0] >= oldest_ms and one[2] == currency]
            if count < least and not _is_sum([one[1] for one in spent], least_minor, limits):
                continue
            # Two large amounts of an account whose amounts spread widely are no haste.
            if count < least and sum(one[4] for one in spent) < times * own_minor:
                continue
            moved = [[one[0], "", one[3], one[1]] for one in spent]
            moved[-1][EVENT] = event.id
            facts = _tell_facts(moved, currency, word, least)
            state["hit"] = [moved[0][TIME], at_ms, facts, event.id, moved, bounds, 0]
            return (Hit(moved[0][TIME], at_ms, facts, (event.id,)),)
    return NO_HITS


def _follow(known: list[Any], event: Event) -> None:
    """Keep a movement of the quiet time. The finding is not told anew, but what came back may be made up by it."""
    values, moved = event.values, known[4]
    if values["currency"] != known[2]["currency"]:
        return
    if len(moved) < KEPT_MAX:
        moved.append([event.at_ms, event.id, values["movement_id"], values["amount_minor"]])
    else:
        known[6] += 1


def _tell_facts(moved: list[list[Any]], currency: str, word: str, least: float) -> dict[str, str | int]:
    by = "count" if len(moved) >= least else "sum"
    return {"movements": len(moved), "amount_minor": add_up(moved), "currency": currency, "within": word, "by": by}


def _is_sum(amounts: list[int], least_minor: float, limits: Limits) -> bool:
    """Whether several amounts, not one of them, make the sum."""
    total = sum(amounts)
    rest_minor = least_minor * limits.rest_permille / PARTS_PER_THOUSAND
    return len(amounts) >= limits.sum_count and total >= least_minor and total - max(amounts) >= rest_minor


def _take_back(state: State, movement_id: str, limits: Limits) -> Iterable[Hit]:
    """Count a movement no more. The last finding goes when what is left would not have been one, nor what followed."""
    known = state["hit"]
    started_ms, ended_ms, facts, event_id, moved, bounds, others = known
    left = leave_out(moved, movement_id)
    if left is None:
        return NO_HITS
    known[4] = left
    found = _find_last(left, facts["currency"], bounds, limits)
    if found is not None:
        known[1:4] = max(ended_ms, found[0]), found[1], found[2] or event_id
        return (Hit(started_ms, known[1], known[2], (known[3],)),)
    if others:
        return NO_HITS
    del state["hit"]
    return (Hit(started_ms, ended_ms, facts, (event_id,), withdrawn=True),)


def _find_last(
    moved: list[list[Any]], currency: str, bounds: list[list[float]], limits: Limits
) -> tuple[int, dict[str, str | int], str] | None:
    """The last hour or day of these movements that is too much: its end, what it tells, and its last known event."""
    for place in range(len(moved), 0, -1):
        at_ms = moved[place - 1][TIME]
        for (word, span_ms), (least, least_minor) in zip(_SPANS, bounds, strict=True):
            window = [one for one in moved[:place] if one[TIME] >= at_ms - span_ms]
            if len(window) >= least or _is_sum([one[AMOUNT] for one in window], least_minor, limits):
                ids = [one[EVENT] for one in window if one[EVENT]]
                return at_ms, _tell_facts(window, currency, word, least), ids[-1] if ids else ""
    return None


def _pay(
    *minutes: float, amount_minor: int = 1000, status: str = "succeeded", currency: str = "CNY", version: int = 1
) -> list[Told]:
    return [
        (
            minute,
            f"payment.{status}",
            {
                "movement_id": f"m{minute}",
                "version": version,
                "kind": "payment",
                "status": status,
                "currency": currency,
                "amount_minor": amount_minor,
                "party": "shop",
            },
        )
        for minute in minutes
    ]


def _back(minute: float, of: float) -> Told:
    """The movement of another minute is reversed."""
    _, _, values = _pay(of)[0]
    return (minute, "payment.reversed", {**values, "version": 2, "status": "reversed"})


_DAY: Final = DAY_MS / MINUTE_MS
_MONTH: Final = [minute for day in range(-31, -1) for minute in (day * _DAY, day * _DAY + 300)]
"""Two movements a day for a month. Ten are more than 2.5 times of these and one, and of what the burst adds to them."""
_FLOOR: Final = Limits().hour_floor_minor["CNY"]
_DAY_FLOOR: Final = Limits().day_floor_minor["CNY"]

DETECTOR: Final = Detector(
    rule="velocity",
    version=3,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    wakes=frozenset({Signal.MONEY_LEFT}),
    needs=frozenset({Signal.MONEY_LEFT.value}),
    limits=Limits(),
    relations=(
        at_most("hour_count", "day_count", "an hour is part of a day, so it cannot need more"),
        at_most("hour_times", "day_times", "an hour is part of a day, so it cannot need more"),
        at_most("hour_floor_minor", "day_floor_minor", "an hour is part of a day, so it cannot need more"),
        at_most("sum_count", "hour_count", "fewer movements than make a sum are no finding"),
    ),
    is_published=False,
    runbook=(
        "See to whom the movements went. Many different merchants or first-time payees, soon after a new device, "
        "mean a stolen account: call the owner on a point of record, and freeze the account if they do not know of "
        "it. Many at one shop are mostly a machine, a game, or a day in town: the message to the customer is enough. "
        "A trader who has just begun grows out of it within two weeks."
    ),
    step=step,
    examples=(
        example("ten in an hour", *_pay(*_MONTH), *_pay(*range(10)), hit=0),
        example("ten that just fill the hour", *_pay(*_MONTH), *_pay(*range(9), 60), hit=0),
        example("twenty in a day", *_pay(*_MONTH), *_pay(*(n * 70 for n in range(20))), hit=0),
        example("a much larger sum in four", *_pay(*_MONTH), *_pay(0, 1, 2, 3, amount_minor=_FLOOR // 4), hit=0),
        example(
            "a much larger sum in a day",
            *_pay(*_MONTH),
            *_pay(0, 100, 200, 300, 400, amount_minor=_DAY_FLOOR // 5),
            hit=0,
        ),
        example(
            "near miss: as much in four, each of which counts as three times the usual at most",
            *_pay(*_MONTH),
            *_pay(0, 100, 200, 300, amount_minor=_DAY_FLOOR // 4),
            hit=None,
        ),
        example("thirty of a day are one finding", *_pay(*_MONTH), *_pay(*range(30)), hit=0),
        example("near miss: nine in an hour", *_pay(*_MONTH), *_pay(*range(9)), hit=None),
        example("near miss: the tenth a moment after", *_pay(*_MONTH), *_pay(*range(9), 60.01), hit=None),
        example("near miss: nineteen in a day", *_pay(*_MONTH), *_pay(*(n * 72 for n in range(19))), hit=None),
        example(
            "near miss: a sum below the floor",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, 3, amount_minor=_FLOOR // 4 - 1),
            hit=None,
        ),
        example(
            "the others make half of the least sum",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, amount_minor=_FLOOR // 6),
            *_pay(3, amount_minor=_FLOOR // 2),
            hit=0,
        ),
        example(
            "near miss: they make a little less",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, amount_minor=_FLOOR // 6 - 1),
            *_pay(3, amount_minor=5 * _FLOOR),
            hit=None,
        ),
        example("near miss: a large sum in three", *_pay(*_MONTH), *_pay(0, 1, 2, amount_minor=_FLOOR), hit=None),
        example(
            "near miss: a trader with ten an hour every day",
            *_pay(*(day * _DAY + 5 * n for day in range(-30, 0) for n in range(9))),
            *_pay(*range(10)),
            hit=None,
        ),
        example("eleven, one of which came back", *_pay(*_MONTH), *_pay(*range(11)), _back(20, 10), hit=0),
        example(
            "the large one of five came back",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, 3, amount_minor=_FLOOR // 2),
            *_pay(4),
            _back(20, 4),
            hit=0,
        ),
        example(
            "ten, of which one came back, and more that followed",
            *_pay(*_MONTH),
            *_pay(0, amount_minor=100),
            *_pay(*range(1, 14)),
            _back(20, 0),
            hit=0,
        ),
        example(
            "nine of ten in an hour stand, and twenty in the day",
            *_pay(*_MONTH),
            *_pay(*range(10), *range(120, 1000, 60)),
            _back(1100, 3),
            hit=0,
        ),
        example(
            "the yuan of a large sum came back days later",
            *_pay(*_MONTH),
            *_pay(0, amount_minor=100),
            *_pay(1, 2, 3, amount_minor=_FLOOR // 3),
            *_pay(4, 5, 6, amount_minor=_FLOOR // 3),
            _back(3 * _DAY, 0),
            hit=0,
        ),
        example(
            "all of more than a memory has room for came back",
            *_pay(*_MONTH),
            *_pay(*range(KEPT_MAX + 1)),
            *(_back(60 + n, n) for n in range(KEPT_MAX + 1)),
            hit=0,
        ),
        example(
            "ten, and one in another currency that came back",
            *_pay(*_MONTH),
            *_pay(5.5, currency="EUR"),
            *_pay(*range(10)),
            *_pay(5.5, status="reversed", currency="EUR", version=2),
            hit=0,
        ),
        example(
            "near miss: of many as many came back as leave nine",
            *_pay(*_MONTH),
            *_pay(*range(14)),
            *(_back(20 + n, 2 * n) for n in range(5)),
            hit=None,
        ),
        example(
            "near miss: what followed in another currency makes up for nothing",
            *_pay(*_MONTH),
            *_pay(*range(10)),
            *_pay(10.5, 11.5, currency="EUR"),
            _back(20, 3),
            hit=None,
        ),
        example(
            "near miss: all of a large sum came back",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, 3, amount_minor=_FLOOR),
            *(_back(20 + n, n) for n in range(4)),
            hit=None,
        ),
        example("near miss: one of ten came back", *_pay(*_MONTH), *_pay(*range(10)), _back(20, 9), hit=None),
        example(
            "near miss: it came back before the tenth",
            *_pay(*_MONTH),
            *_pay(*range(9)),
            _back(9, 5),
            *_pay(10),
            hit=None,
        ),
        example(
            "near miss: one of four of a large sum came back",
            *_pay(*_MONTH),
            *_pay(0, 1, 2, 3, amount_minor=_FLOOR),
            _back(20, 2),
            hit=None,
        ),
        example("near miss: none of them left", *_pay(*_MONTH), *_pay(*range(10), status="failed"), hit=None),
    ),
)
