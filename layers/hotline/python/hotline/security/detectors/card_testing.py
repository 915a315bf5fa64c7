"""Many small payments at merchants, some of them declined, then a large one: somebody tries stolen cards.

A thief who bought cards by the hundred does not know which are good. He tries each with a sum that nobody misses, and
spends in earnest on those that go through. So payments by anything but a card count for nothing. A
large one at a shop that was paid before the tries is the owner's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of, floors
from .history import History
from .marks import mark
from .returns import CURRENCY, EVENT, add_up, leave_out
from .rule import (
    DAY_MS,
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
    at_most,
    example,
)  # fmt: skip
from .windows import slide

_LEFT: Final = Signal.MONEY_LEFT.value
_KINDS: Final = frozenset({"payment"})
_UNDONE: Final = Signal.MONEY_UNDONE.value
TRIES_MAX: Final = 12
NEW_MAX: Final = 16
"""So many merchants are known to be new by a try. Each is new to an account that has tried so many of them of late."""
NO_CARDS: Final = frozenset({"balance", "bank_account", "credit_line", "paypal", "upi"})
"""The kinds of instrument that are no card. A word that is on no list may be one."""
LARGE_MAX: Final = 16
"""So many large payments of a finding are counted and may be taken back. With more it stands whatever comes back."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures; the pattern is Stripe's and Visa's description of card testing. A coffee machine takes
    small sums as well, and declines some of them, but sells nothing large."""

    tries: int = 5
    failures: int = 2
    """So many of the small ones were declined; or each was at another merchant."""
    window_ms: int = HOUR_MS
    after_ms: int = DAY_MS
    """The large one comes within this time after the last small one."""
    small_minor: Mapping[str, int] = field(default_factory=floors(20))
    large_minor: Mapping[str, int] = field(default_factory=floors(500))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `tries` [time, id, merchant, failed] of one window; `tested` [beginning, last try,
    failures, ids, count] once they are enough. `new` [time, mark] has merchants that were first paid of late. `hit`
    [as `tested`, end, the large payments, number of others] is the last finding. A large payment is [time, id,
    movement, amount, currency]."""
    values = event.values
    if signal == _UNDONE:
        return _take_back(state, values["movement_id"]) if "hit" in state else NO_HITS
    if values["kind"] != "payment" or values.get("instrument") in NO_CARDS:
        return NO_HITS
    amount, currency = values["amount_minor"], values["currency"]
    if amount <= floor_of(limits.small_minor, currency):
        _try(state, signal, event, history, limits)
        return NO_HITS
    if signal != _LEFT or amount < floor_of(limits.large_minor, currency):
        return NO_HITS
    tested, known = state.get("tested"), state.get("hit")
    if tested is not None and event.at_ms - tested[1] > limits.after_ms:
        del state["tested"]
        tested = None
    if (tested is None and known is None) or _is_known_merchant(state, event, history, limits):
        return NO_HITS
    if tested is not None:
        del state["tested"]
        # More small ones of the same hour belong to its finding.
        known = [tested, *(known[1:] if known is not None and known[0][0] == tested[0] else (0, [], 0))]
    elif known is None or event.at_ms - known[0][1] > limits.after_ms:
        return NO_HITS
    if history.is_first_party:
        _note_new(state, event, limits)
    state["hit"] = known
    if len(known[2]) >= LARGE_MAX:
        known[3] += 1
        return NO_HITS
    known[1] = event.at_ms
    known[2].append([event.at_ms, event.id, values["movement_id"], amount, currency])
    return (_hit_of(known),)


def _hit_of(known: list[Any], *, withdrawn: bool = False) -> Hit:
    """The finding. A large payment in another currency than the first one is named, and adds nothing to the sum."""
    (started_ms, _, failures, ids, tries), ended_ms, large, _ = known
    currency = large[0][CURRENCY]
    amount_minor = add_up([one for one in large if one[CURRENCY] == currency])
    facts = {"tries": tries, "failures": failures, "amount_minor": amount_minor, "currency": currency}
    ids = (*ids, *(one[EVENT] for one in large))[:EVIDENCE_MAX]
    return Hit(started_ms, ended_ms, facts, ids, withdrawn=withdrawn)


def _is_known_merchant(state: State, event: Event, history: History, limits: Limits) -> bool:
    """Whether the account paid the merchant before the tries that count, and not by one of them. It may go on with the
    tries: a large payment at a shop of old ends no pattern."""
    party = event.values.get("party")
    if party is None or history.is_first_party:
        return False
    oldest_ms = event.at_ms - limits.window_ms - limits.after_ms
    new = [one[1] for one in state.get("new", ()) if one[0] >= oldest_ms]
    return len(new) < NEW_MAX and mark(party) not in new


def _try(state: State, signal: str, event: Event, history: History, limits: Limits) -> None:
    tries = state.setdefault("tries", [])
    is_failed = int(signal != _LEFT)
    if not is_failed and history.is_first_party:
        _note_new(state, event, limits)
    entry = [event.at_ms, event.id, event.values.get("party"), is_failed]
    slide(tries, entry, span_ms=limits.window_ms, kept_max=TRIES_MAX)
    if len(tries) < limits.tries:
        return
    failures = sum(one[3] for one in tries)
    merchants = {one[2] for one in tries if one[2] is not None}
    if failures >= limits.failures or len(merchants) >= limits.tries:
        ids = [one[1] for one in tries][: EVIDENCE_MAX - 1]
        state["tested"] = [tries[0][0], event.at_ms, failures, ids, len(tries)]


def _note_new(state: State, event: Event, limits: Limits) -> None:
    """Remember that a merchant was first paid now."""
    first = [event.at_ms, mark(event.values.get("party"))]
    slide(state.setdefault("new", []), first, span_ms=limits.window_ms + limits.after_ms, kept_max=NEW_MAX)


def _take_back(state: State, movement_id: str) -> Iterable[Hit]:
    """Count a large payment no more. The finding goes with the last one, and the tries wait for another. A small one
    that comes back was a try."""
    known = state["hit"]
    left = leave_out(known[2], movement_id)
    if left is None:
        return NO_HITS
    if left:
        known[2] = left
        return (_hit_of(known),)
    if known[3]:
        return NO_HITS
    del state["hit"]
    state.setdefault("tested", known[0])
    return (_hit_of(known, withdrawn=True),)


def _pay(minute: float, amount_minor: int, status: str = "succeeded", *, shop: str | None = "shop", name: str = "",
         version: int = 1, kind: str = "payment", instrument: str | None = None,
         currency: str = "CNY") -> Told:  # fmt: skip
    values: dict[str, Any] = {"movement_id": name or f"m{minute}", "version": version, "kind": kind, "status": status}
    values |= {"amount_minor": amount_minor, "currency": currency}
    told = {name: value for name, value in (("party", shop), ("instrument", instrument)) if value is not None}
    return (minute, f"{kind}.{status}", {**values, **told})


def _tries(*minutes: float, failed: int = 2, kind: str = "payment", amount_minor: int = 100,
           instrument: str | None = None) -> list[Told]:  # fmt: skip
    statuses = ("failed",) * failed + ("succeeded",) * (len(minutes) - failed)
    return [
        _pay(minute, amount_minor, status, kind=kind, instrument=instrument)
        for minute, status in zip(minutes, statuses, strict=True)
    ]


def _stalls(*amounts_minor: int, instrument: str | None = None) -> list[Told]:
    """A morning at a market: a payment at another stall every ten minutes."""
    return [_pay(10 * n, minor, shop=f"stall-{n}", instrument=instrument) for n, minor in enumerate(amounts_minor)]


_LARGE: Final = Limits().large_minor["CNY"]
_SMALL: Final = Limits().small_minor["CNY"]
_DAY: Final = DAY_MS / MINUTE_MS
_TRIED: Final = (Limits().window_ms + Limits().after_ms) / MINUTE_MS
"""So many minutes before the large payment the first of the tries may be."""
_MARKET: Final = (600, 300, 1200, 400, 800)

DETECTOR: Final = Detector(
    rule="card_testing",
    version=3,
    severity=Severity.HIGH,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_FAILED, Signal.MONEY_UNDONE}),
    kinds=_KINDS,
    wakes=frozenset({Signal.MONEY_LEFT, Signal.MONEY_FAILED}),
    needs=frozenset({Signal.MONEY_LEFT.value, "party"}),
    limits=Limits(),
    relations=(
        at_most("failures", "tries", "the declined payments are some of the tries"),
        at_most("small_minor", "large_minor", "a small payment cannot be above a large one"),
    ),
    is_published=False,
    holds=True,
    runbook=(
        "Look at the instruments of the small payments. Several cards in one account, or one card that its owner does "
        "not know of: the account belongs to the thief, or is stolen. Keep the hold, have the cards' issuers told, and "
        "ask the merchant of the large payment not to deliver. The owner of an honest account names the shops at once "
        "when called on a point of record; an agent and a second person then release the hold."
    ),
    step=step,
    examples=(
        example("five, two declined, then a large one", *_tries(*range(5)), _pay(10, _LARGE), hit=0),
        example(
            "five shops, none declined", *(_pay(n, 100, shop=f"shop-{n}") for n in range(5)), _pay(10, _LARGE), hit=0
        ),
        example("at the edge of small", *_tries(*range(5), amount_minor=_SMALL), _pay(10, _LARGE), hit=0),
        example("tries that just fill the hour", *_tries(0, 15, 30, 45, 60), _pay(70, _LARGE), hit=0),
        example("the large one at the last moment of the day", *_tries(*range(5)), _pay(4 + _DAY, _LARGE), hit=0),
        example("authorised is enough", *_tries(*range(5)), _pay(10, _LARGE, "authorised"), hit=0),
        example("all declined but the large one", *_tries(*range(5), failed=5), _pay(10, _LARGE), hit=0),
        *(
            example(
                f"tried and used by {instrument}",
                *_tries(*range(5), instrument=instrument),
                _pay(10, _LARGE, instrument=instrument),
                hit=0,
            )
            for instrument in ("card", "bank_card", "other", "a word on no list")
        ),
        example("stalls by card, then a large one at a new shop", *_stalls(*_MARKET), _pay(600, _LARGE), hit=0),
        example("the large one names no shop", *_tries(*range(5)), _pay(10, _LARGE, shop=None), hit=0),
        example("more tries at the shop than are kept", *_tries(*range(20)), _pay(30, _LARGE), hit=0),
        example(
            "a small one at the shop on the day before",
            _pay(10 - _TRIED, 100, shop="later"),
            *_tries(*range(5)),
            _pay(10, _LARGE, shop="later"),
            hit=0,
        ),
        example(
            "a small one at the shop, then at more others than are known",
            _pay(-1, 100, shop="later"),
            *(_pay(n, 100, shop=f"other-{n}") for n in range(NEW_MAX)),
            _pay(30, _LARGE, shop="later"),
            hit=NEW_MAX - TRIES_MAX,
        ),
        example(
            "a large one at a shop of old, then one at another",
            _pay(-_DAY, 3000, shop="old"),
            *_tries(*range(5)),
            _pay(10, _LARGE, shop="old"),
            _pay(20, _LARGE, shop="new"),
            hit=0,
        ),
        *(
            example(
                f"near miss: tried by {instrument}",
                *_tries(*range(5), instrument=instrument),
                _pay(10, _LARGE, instrument="card"),
                hit=None,
            )
            for instrument in sorted(NO_CARDS)
        ),
        example(
            "near miss: the large one is paid from the balance",
            *_tries(*range(5), instrument="card"),
            _pay(10, _LARGE, instrument="balance"),
            hit=None,
        ),
        example(
            "near miss: stalls of a market, then the usual shop",
            _pay(-_DAY, 3000, shop="usual", instrument="card"),
            *_stalls(*_MARKET, instrument="card"),
            _pay(600, _LARGE, shop="usual", instrument="card"),
            hit=None,
        ),
        example(
            "near miss: a machine declines two, then the usual shop",
            _pay(-1, 3000, shop="usual"),
            *_tries(*range(5)),
            _pay(600, _LARGE, shop="usual"),
            hit=None,
        ),
        example(
            "near miss: a small one at the shop before the day",
            _pay(9.99 - _TRIED, 100, shop="known"),
            *_tries(*range(5)),
            _pay(10, _LARGE, shop="known"),
            hit=None,
        ),
        example(
            "the first of two large ones came back",
            *_tries(*range(5)),
            _pay(10, _LARGE, name="a"),
            _pay(12, 20 * _LARGE),
            _pay(30, _LARGE, "reversed", name="a", version=2),
            hit=0,
        ),
        example(
            "the last of two large ones came back, after one more try",
            *_tries(*range(5)),
            _pay(10, 20 * _LARGE),
            *_tries(11, failed=0),
            _pay(12, _LARGE, name="a"),
            _pay(30, _LARGE, "reversed", name="a", version=2),
            hit=0,
        ),
        example(
            "the first one came back, and one in another currency stands",
            *_tries(*range(5)),
            _pay(10, _LARGE, name="a"),
            _pay(12, _LARGE, currency="EUR"),
            _pay(30, _LARGE, "reversed", name="a", version=2),
            hit=0,
        ),
        example(
            "all of more large ones than a memory has room for came back",
            *_tries(*range(5)),
            *(_pay(10 + n, _LARGE, name=f"a{n}") for n in range(LARGE_MAX + 1)),
            *(_pay(40 + n, _LARGE, "reversed", name=f"a{n}", version=2) for n in range(LARGE_MAX + 1)),
            hit=0,
        ),
        example(
            "a try that came back was a try",
            *_tries(*range(5)),
            _pay(10, _LARGE),
            _pay(30, 100, "reversed", name="m4", version=2),
            hit=0,
        ),
        example("near miss: four", *_tries(*range(4)), _pay(10, _LARGE), hit=None),
        example("near miss: one declined, one shop", *_tries(*range(5), failed=1), _pay(10, _LARGE), hit=None),
        example("near miss: a moment more than the hour", *_tries(0, 15, 30, 45, 60.01), _pay(70, _LARGE), hit=None),
        example("near miss: not so small", *_tries(*range(5), amount_minor=_SMALL + 1), _pay(10, _LARGE), hit=None),
        example("near miss: not so large", *_tries(*range(5)), _pay(10, _LARGE - 1), hit=None),
        example("near miss: a moment after the day", *_tries(*range(5)), _pay(4.01 + _DAY, _LARGE), hit=None),
        example("near miss: the large one was declined", *_tries(*range(5)), _pay(10, _LARGE, "failed"), hit=None),
        example("near miss: transfers", *_tries(*range(5), kind="transfer"), _pay(10, _LARGE), hit=None),
        example("near miss: the large one came first", _pay(0, _LARGE), *_tries(*range(1, 6)), hit=None),
        example(
            "near miss: both large ones came back",
            *_tries(*range(5)),
            *(_pay(10 + n, _LARGE, name=f"a{n}") for n in range(2)),
            *(_pay(30 + n, _LARGE, "reversed", name=f"a{n}", version=2) for n in range(2)),
            hit=None,
        ),
        example(
            "near miss: the large one came back, and another came a moment after the day",
            *_tries(*range(5)),
            _pay(10, _LARGE, name="a"),
            _pay(4.01 + _DAY, _LARGE),
            _pay(5 + _DAY, _LARGE, "reversed", name="a", version=2),
            hit=None,
        ),
        example(
            "near miss: it failed in the end",
            *_tries(*range(5)),
            _pay(10, _LARGE, "authorised", name="a"),
            _pay(11, _LARGE, "failed", name="a", version=2),
            hit=None,
        ),
    ),
)
