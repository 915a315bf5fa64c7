"""Refunds come back for much of what the account pays.

Some people send back half of their clothes; they are customers. From most of all payments on, somebody lives on it, or
an insider pays money out. The finding asks a person to look; it stops nothing.

A refund counts once, by its id, when its money is first told as sent or as settled. Some wallets tell one of the two.
It counts no more when it has failed or came back from the bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of, floors
from .history import History
from .rule import (
    DAY_MS,
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
_UNDONE: Final = frozenset({Signal.REFUND_FAILED.value, Signal.REFUND_RETURNED.value})
_KINDS: Final = frozenset({"payment"})
type Sums = tuple[float, float]
"""A weight and a weighted sum of money in minor units."""
IDS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures. Shops report 20 to 30% of clothes as returned [recalled], so three fifths of payments
    or of the money is more than a habit. Both counts fade alike, half in `half_life_ms`."""

    refunds: float = 4.5
    """Their weight, five or a little less: one of today is 1, one of a month ago a half."""
    share_permille: int = 600
    half_life_ms: int = 30 * DAY_MS
    quiet_ms: int = 30 * DAY_MS
    floor_minor: Mapping[str, int] = field(default_factory=floors(300))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `paid` and `back`, each currency to [weight, weighted sum, time]; `ids` [refund,
    event, time, amount, currency] of the last refunds; `quiet_until`. `hit` is the last finding: [beginning, end,
    currency, weight and sum of refunds then, those of payments, ids]."""
    values = event.values
    if signal == _LEFT:
        if values["kind"] == "payment":
            _add(state, "paid", values["currency"], values["amount_minor"], event.at_ms, limits)
        return NO_HITS
    if signal in _UNDONE:
        return _take_back(state, event, limits)
    ids = state.setdefault("ids", [])
    refund_id = values["refund_id"]
    if any(known[0] == refund_id for known in ids):
        return NO_HITS
    currency = values["currency"]
    ids.append([refund_id, event.id, event.at_ms, values["amount_minor"], currency])
    del ids[:-IDS_MAX]
    back = _add(state, "back", currency, values["amount_minor"], event.at_ms, limits)
    paid = _weigh(state.get("paid", {}).get(currency), event.at_ms, limits)
    if event.at_ms < state.get("quiet_until", 0) or not _is_much(back, paid, currency, limits):
        return NO_HITS
    state["quiet_until"] = event.at_ms + limits.quiet_ms
    state["hit"] = hit = [ids[0][2], event.at_ms, currency, [*back], [*paid], [known[1] for known in ids]]
    return (_hit_of(hit),)


def _hit_of(hit: list[Any], *, withdrawn: bool = False) -> Hit:
    started_ms, ended_ms, currency, back, paid, ids = hit
    by_count, by_sum = _shares(back, paid)
    facts = {
        "refunds": len(ids),
        "share_of_count_permille": min(1000, int(by_count)),
        "share_of_sum_permille": min(1000, int(by_sum)),
        "currency": currency,
    }
    return Hit(started_ms, ended_ms, facts, tuple(ids), withdrawn=withdrawn)


def _take_back(state: State, event: Event, limits: Limits) -> Iterable[Hit]:
    """Count a refund no more. The last finding goes when what is left of it would not have been one, nor with the
    refunds that followed it."""
    ids, refund_id = state.get("ids", []), event.values["refund_id"]
    gone = next((known for known in ids if known[0] == refund_id), None)
    if gone is None:
        return NO_HITS
    ids.remove(gone)
    _, event_id, at_ms, amount_minor, currency = gone
    _subtract(state["back"][currency], at_ms, amount_minor, limits)
    hit = state.get("hit")
    if hit is None or event_id not in hit[5]:
        return NO_HITS
    _, ended_ms, of_currency, back, paid, event_ids = hit
    left = [*back, ended_ms]
    if currency == of_currency:
        _subtract(left, at_ms, amount_minor, limits)
    corrected: list[Any] | None = [*hit[:3], left[:2], paid, [one for one in event_ids if one != event_id]]
    if not _is_much((left[0], left[1]), (paid[0], paid[1]), of_currency, limits):
        corrected = _count_now(state, hit, event.at_ms, limits)
    if corrected is None:
        del state["hit"], state["quiet_until"]
        return (_hit_of(hit, withdrawn=True),)
    state["hit"] = corrected
    return (_hit_of(corrected),)


def _count_now(state: State, hit: list[Any], now_ms: int, limits: Limits) -> list[Any] | None:
    """The finding with all refunds and payments until now; None where these are not many refunds either."""
    ids, currency = state["ids"], hit[2]
    back = _weigh(state["back"].get(currency), now_ms, limits)
    paid = _weigh(state.get("paid", {}).get(currency), now_ms, limits)
    if not ids or not _is_much(back, paid, currency, limits):
        return None
    return [hit[0], max(hit[1], ids[-1][2]), currency, [*back], [*paid], [known[1] for known in ids]]


def _is_much(back: Sums, paid: Sums, currency: str, limits: Limits) -> bool:
    count, total_minor = back
    if count < limits.refunds or total_minor < floor_of(limits.floor_minor, currency):
        return False
    return max(_shares(back, paid)) >= limits.share_permille


def _shares(back: Sums, paid: Sums) -> tuple[float, float]:
    """The share of refunds in payments by number and by sum, of a thousand."""
    return back[0] * 1000 / max(paid[0], 1.0), back[1] * 1000 / max(paid[1], 1.0)


def _subtract(kept: list[float], at_ms: int, amount_minor: int, limits: Limits) -> None:
    """Take a refund of `at_ms` off a weight and a sum, by what is left of it at their time."""
    left = 0.5 ** (max(0.0, kept[2] - at_ms) / limits.half_life_ms)
    kept[0], kept[1] = max(0.0, kept[0] - left), max(0.0, kept[1] - amount_minor * left)


def _add(state: State, name: str, currency: str, amount_minor: int, at_ms: int, limits: Limits) -> Sums:
    kept = state.get(name)
    if kept is None:
        kept = state[name] = {}
    known = kept.get(currency)
    # Most events find a sum of the same day. A day's fading is too little to matter, so its work is left out.
    if known is not None and at_ms - known[2] < DAY_MS:
        known[0] += 1.0
        known[1] += amount_minor
        return known[0], known[1]
    count, total_minor = _weigh(known, at_ms, limits)
    kept[currency] = [count + 1.0, total_minor + amount_minor, at_ms]
    return count + 1.0, total_minor + amount_minor


def _weigh(kept: list[float] | None, at_ms: int, limits: Limits) -> tuple[float, float]:
    if kept is None:
        return 0.0, 0.0
    fading = 0.5 ** ((at_ms - kept[2]) / limits.half_life_ms)
    return kept[0] * fading, kept[1] * fading


def _pay(*minutes: float, amount_minor: int = 10_000, kind: str = "payment") -> list[Told]:
    return [
        (
            minute,
            f"{kind}.succeeded",
            {
                "movement_id": f"m{minute}",
                "version": 1,
                "kind": kind,
                "status": "succeeded",
                "currency": "CNY",
                "amount_minor": amount_minor,
                "party": "shop",
            },
        )
        for minute in minutes
    ]


def _back(*minutes: float, amount_minor: int = 10_000, name: str = "", status: str = "sent") -> list[Told]:
    return [
        (
            minute,
            f"refund.{status}",
            {
                "refund_id": name or f"r{minute}",
                "movement_id": f"m{minute}",
                "amount_minor": amount_minor,
                "currency": "CNY",
                "status": status,
            },
        )
        for minute in minutes
    ]


_TEN: Final = range(10)
_SIX: Final = range(20, 26)
_DAY: Final = DAY_MS / MINUTE_MS

DETECTOR: Final = Detector(
    rule="refund_abuse",
    version=5,
    severity=Severity.LOW,
    listens=frozenset(
        {Signal.MONEY_LEFT, Signal.REFUND_SENT, Signal.REFUND_SETTLED, Signal.REFUND_FAILED, Signal.REFUND_RETURNED}
    ),
    kinds=_KINDS,
    needs=frozenset({Signal.MONEY_LEFT.value}),
    needs_one=frozenset({Signal.REFUND_SENT.value, Signal.REFUND_SETTLED.value}),
    limits=Limits(),
    positive=frozenset({"half_life_ms"}),
    is_published=False,
    runbook=(
        "Read the reasons of the refunds and who approved them. Always the same merchant or the same agent points to "
        "an insider: tell whoever looks after agents, not the customer. Different shops and the same story, parcels "
        "that never come, point to the customer: further refunds go to a person. Many honest people send clothes "
        "back; say nothing to the customer before somebody has read the cases."
    ),
    step=step,
    examples=(
        example("six of ten come back", *_pay(*_TEN), *_back(*_SIX), hit=20),
        example(
            "few payments, but most of the money",
            *_pay(*_TEN, amount_minor=100),
            *_pay(*range(10, 15)),
            *_back(*range(20, 25)),
            hit=20,
        ),
        example("everything comes back", *_pay(*range(5)), *_back(*range(20, 26)), hit=20),
        example("refunds of payments from before", *_back(*range(20, 26)), hit=20),
        example("exactly the floor", *_pay(*_TEN, amount_minor=5000), *_back(*_SIX, amount_minor=5000), hit=20),
        example("told as settled alone", *_pay(*_TEN), *_back(*_SIX, status="settled"), hit=20),
        example(
            "some told as sent, others as settled",
            *_pay(*_TEN),
            *_back(20, 21, 22),
            *_back(23, 24, 25, status="settled"),
            hit=20,
        ),
        example("once a month", *_pay(*_TEN), *_back(*_SIX, 27, 28, 29), hit=20),
        example("near miss: five of ten", *_pay(*_TEN), *_back(*range(20, 25)), hit=None),
        example(
            "near miss: five of ten, each sent and then settled",
            *_pay(*_TEN),
            *(
                one
                for minute in range(20, 25)
                for number, status in enumerate(("sent", "settled"))
                for one in _back(minute + number / 2, name=f"r{minute}", status=status)
            ),
            hit=None,
        ),
        example("near miss: they failed", *_pay(*_TEN), *_back(*_SIX, status="failed"), hit=None),
        *(
            example(
                f"near miss: the last one is {status} in the end",
                *_pay(*_TEN),
                *_back(*_SIX),
                *_back(30, name="r25", status=status),
                hit=None,
            )
            for status in ("failed", "returned")
        ),
        example(
            "near miss: the first one came back before the last one",
            *_pay(*_TEN),
            *_back(*range(20, 25)),
            *_back(24.5, name="r20", status="returned"),
            *_back(25),
            hit=None,
        ),
        example(
            "one of seven failed, and six are enough",
            *_pay(*_TEN),
            *_back(*_SIX, 26),
            *_back(30, name="r26", status="failed"),
            hit=20,
        ),
        example(
            "one of six failed, and of twelve with those that followed enough are left",
            *_pay(*_TEN),
            *_back(*_SIX, *range(30, 36)),
            *_back(40, name="r25", status="failed"),
            hit=20,
        ),
        example(
            "near miss: one of six failed, and so did the one that followed",
            *_pay(*_TEN),
            *_back(*_SIX, 30),
            *_back(40, name="r30", status="failed"),
            *_back(41, name="r25", status="failed"),
            hit=None,
        ),
        example("near miss: four of four", *_pay(*range(4)), *_back(*range(20, 24)), hit=None),
        example(
            "near miss: below the floor", *_pay(*_TEN, amount_minor=4990), *_back(*_SIX, amount_minor=4990), hit=None
        ),
        example(
            "near miss: one refund told many times",
            *_pay(*range(5)),
            *(one for minute in _SIX for one in _back(minute, name="r")),
            hit=None,
        ),
        example("near miss: six in a year", *_pay(*_TEN), *_back(*(n * 60 * _DAY for n in range(1, 7))), hit=None),
    ),
)
