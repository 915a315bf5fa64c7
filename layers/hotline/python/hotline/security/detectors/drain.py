"""Nearly the whole balance leaves for strangers or as cash, at once or in slices: a victim is emptied.

A thief takes all, because what stays is lost to him. People who move their own money leave something, or send it to
somebody whom they have paid before. One or two movements may leave a little. They are a drain where the account has
never spent nearly as much, and no money has just come for it. People top up before the first rent. The first cash of an
account may well be all of it, so one such movement alone is none: a mule's is found by pass_through. A wallet that does
not tell balances gets no findings. A movement larger than the known balance is no drain: the balance is not what the
wallet knows. A party stays a stranger for one window from its first payment on, so slices to one stranger count like
slices to several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of, floors
from .history import History
from .marks import mark
from .returns import CURRENCY, EVENT, MOVEMENT, TIME, add_up, leave_out
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

SLICES_MAX: Final = 24
"""So many slices of a window are kept. Smaller slices take longer than the window, or move too little."""
STEALING_KINDS: Final = frozenset({"transfer", "withdrawal"})
_CASH: Final = "withdrawal"
_LEFT: Final = Signal.MONEY_LEFT.value
PARTS_PER_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures. They were chosen on generated histories of mobile money. Honest people move any share
    of a balance, and nearly all of it by chance. So one or two movements tell a theft when nothing stays, or when the
    sum is one that chance does not bring. Several slices within the hour tell it from nine tenths on. A wallet that
    takes its fee from the balance sets 999. `habit_ms`: an account that emptied itself before does it again."""

    window_ms: int = HOUR_MS
    emptied_permille: int = 1000
    unusual_permille: int = 940
    """The share from which on one or two movements are enough, where their sum is far above what is usual."""
    deviations: float = 4.5
    """The sum is far above from so many deviations on, as in `History.deviations_from_usual`."""
    spread_floor: float = 0.4
    """The standard deviation of the logarithm counts as at least this: six times the mean of amounts that hardly
    spread."""
    history_min: float = 16.0
    """The weight of earlier movements from which on it is known what is usual. One of today weighs 1, and one of a
    month ago a half."""
    sliced_permille: int = 900
    slices: int = 3
    habit_ms: int = 90 * DAY_MS
    floor_minor: Mapping[str, int] = field(default_factory=floors(100))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `slices` [time, id, movement, amount, currency] of one window. `new`: [time, party]
    of those who were new in it, also where the movement came back. `cash` once cash was taken from somebody new. `hit`
    [beginning, end, time of the last drain, its slices, their sum with what stayed] is the last finding."""
    if signal != _LEFT:
        return _take_back(state, event.values["movement_id"], limits)
    before, amount = history.balance_before_minor, history.amount_minor
    if before is None or not history.is_balance_told or amount > before:
        return NO_HITS
    kind = event.values["kind"]
    # Cash from the usual agent is as usual as money for a friend. A machine has no name.
    if kind not in STEALING_KINDS or not _goes_to_stranger(state, event, history, limits):
        return NO_HITS
    is_first_cash = kind == _CASH and "cash" not in state
    if is_first_cash:
        state["cash"] = 1
    currency = history.currency
    slices = state.setdefault("slices", [])
    slide(slices, [event.at_ms, event.id, event.values["movement_id"], amount, currency], span_ms=limits.window_ms,
          kept_max=SLICES_MAX)  # fmt: skip
    same = [one for one in slices if one[CURRENCY] == currency]
    total_minor = add_up(same)
    if total_minor < floor_of(limits.floor_minor, currency):
        return NO_HITS
    whole_minor = total_minor + before - amount
    permille = total_minor * PARTS_PER_THOUSAND // whole_minor
    # Somebody who takes cash for the first time may well take all, and has no usual agent yet.
    if is_first_cash and len(same) == 1:
        return NO_HITS
    if permille < limits.sliced_permille:
        return NO_HITS
    is_enough = permille >= limits.emptied_permille or len(same) >= limits.slices
    if not is_enough and (permille < limits.unusual_permille or not _is_unusual(event, history, total_minor, limits)):
        return NO_HITS
    return _find(state, event, same, whole_minor, limits)


def _goes_to_stranger(state: State, event: Event, history: History, limits: Limits) -> bool:
    """Whether the other party was new at this movement, or at one in the window before."""
    party = event.values.get("party")
    if party is None:
        return True
    if history.is_first_party:
        slide(state.setdefault("new", []), [event.at_ms, mark(party)], span_ms=limits.window_ms, kept_max=SLICES_MAX)
        return True
    new = state.get("new")
    if not new:
        return False
    oldest_ms, known = event.at_ms - limits.window_ms, mark(party)
    return any(at_ms >= oldest_ms and one == known for at_ms, one in new)


def _is_unusual(event: Event, history: History, total_minor: int, limits: Limits) -> bool:
    """Whether the account has never spent nearly as much, and no money came within the window to be sent on."""
    usual = history.usual_before
    if usual is None or usual[0] < limits.history_min or event.at_ms - history.came_ms <= limits.window_ms:
        return False
    deviations = history.deviations_from_usual(amount_minor=total_minor, floor=limits.spread_floor)
    return deviations is not None and deviations >= limits.deviations


def _find(state: State, event: Event, same: list[Any], whole_minor: int, limits: Limits) -> Iterable[Hit]:
    started_ms = same[0][TIME]
    known = state.get("hit")
    if known is not None:
        if known[0] + limits.window_ms >= event.at_ms:
            # A balance in another currency is a finding of its own, or its few coins could take this one back.
            if known[3][0][CURRENCY] == same[0][CURRENCY]:
                started_ms = known[0]
        elif known[2] >= event.at_ms - limits.habit_ms:
            known[2] = event.at_ms
            return NO_HITS
    state["hit"] = known = [started_ms, event.at_ms, event.at_ms, same, whole_minor]
    return (_hit_of(known),)


def _hit_of(known: list[Any], *, withdrawn: bool = False) -> Hit:
    started_ms, ended_ms, _, moved, whole_minor = known
    total_minor = add_up(moved)
    facts = {
        "movements": len(moved),
        "amount_minor": total_minor,
        "currency": moved[0][CURRENCY],
        "share_permille": total_minor * PARTS_PER_THOUSAND // whole_minor,
    }
    ids = tuple(one[EVENT] for one in moved)[:EVIDENCE_MAX]
    return Hit(started_ms, ended_ms, facts, ids, withdrawn=withdrawn)


def _take_back(state: State, movement_id: str, limits: Limits) -> Iterable[Hit]:
    """Count a movement no more. Its money is in the account, and belongs to what stays. The finding goes below the
    least share of the rule or below the floor. The number of slices that are left does not matter: they were seen to
    take enough, and a thief decides which of them fails."""
    state["slices"] = [one for one in state.get("slices", ()) if one[MOVEMENT] != movement_id]
    known = state.get("hit")
    if known is None or (left := leave_out(known[3], movement_id)) is None:
        return NO_HITS
    total_minor, moved = add_up(left), known[3]
    if (
        total_minor < floor_of(limits.floor_minor, moved[0][CURRENCY])
        or total_minor * PARTS_PER_THOUSAND < known[4] * limits.sliced_permille
    ):
        del state["hit"]
        return (_hit_of(known, withdrawn=True),)
    known[3] = left
    return (_hit_of(known),)


def _balance(minute: float, minor: int) -> Told:
    return (minute, "funds.balance_changed", {"currency": "CNY", "balance_minor": minor})


def _out(minute: float, amount_minor: int, party: str | None = "stranger", *, kind: str = "transfer",
         status: str = "succeeded", version: int = 1, name: str = "", currency: str = "CNY") -> Told:  # fmt: skip
    values = {"movement_id": name or f"m{minute}", "version": version, "kind": kind, "status": status}
    values |= {"amount_minor": amount_minor, "currency": currency}
    return (minute, f"{kind}.{status}", values if party is None else {**values, "party": party})


def _usual(count: int = 24, amount_minor: int = 10_000) -> list[Told]:
    """So many days with a payment before the first minute, and the balance then."""
    return [_out(-n * _DAY, amount_minor, "shop", kind="payment", name=f"usual-{n}") for n in range(count, 0, -1)]


def _back(minute: float, of: float, amount_minor: int) -> Told:
    """The movement of another minute is reversed."""
    return _out(minute, amount_minor, status="reversed", version=2, name=f"m{of}")


_DAY: Final = DAY_MS / MINUTE_MS
_END: Final = Limits().window_ms / MINUTE_MS
_FLOOR: Final = Limits().floor_minor["CNY"]

DETECTOR: Final = Detector(
    rule="drain",
    version=4,
    severity=Severity.HIGH,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    kinds=STEALING_KINDS,
    wakes=frozenset({Signal.MONEY_LEFT}),
    needs=frozenset({Signal.MONEY_LEFT.value}),
    needs_one=frozenset({"balance_after_minor", "balance_minor"}),
    limits=Limits(),
    positive=frozenset({"floor_minor", "spread_floor"}),
    relations=(
        at_most("sliced_permille", "unusual_permille", "several slices prove more than one or two"),
        at_most("unusual_permille", "emptied_permille", "an unusual sum proves more than a usual one"),
    ),
    is_published=False,
    holds=True,
    runbook=(
        "Call the owner on a contact point that was confirmed before the first movement. Ask whether they sent all of "
        "it, to whom, and whether somebody told them to; a caller who presses them is a fraudster. If it was not they, "
        "or they were talked into it: freeze the account, report the receiving accounts at once, since they cash out "
        "within the hour, and open a case for each movement. If it was they, a second person releases the hold."
    ),
    step=step,
    examples=(
        example("all to a stranger at once", _balance(0, 500_000), _out(5, 500_000), hit=5),
        example(
            "all as cash from another agent",
            _balance(0, 510_000),
            _out(5, 10_000, "agent", kind="withdrawal"),
            _out(90, 500_000, "other", kind="withdrawal"),
            hit=90,
        ),
        example(
            "all as cash in two slices",
            _balance(0, 500_000),
            _out(5, 300_000, "a", kind="withdrawal"),
            _out(6, 200_000, "b", kind="withdrawal"),
            hit=5,
        ),
        example(
            "near miss: the first cash of the account",
            _balance(0, 500_000),
            _out(5, 500_000, None, kind="withdrawal"),
            hit=None,
        ),
        example(
            "two slices to two strangers", _balance(0, 500_000), _out(5, 300_000, "a"), _out(6, 200_000, "b"), hit=5
        ),
        example(
            "nine tenths in three slices",
            _balance(0, 500_000),
            *(_out(5 + n, 150_000, f"stranger-{n}") for n in range(3)),
            hit=5,
        ),
        example(
            "nine tenths in three slices to one stranger",
            _balance(0, 500_000),
            *(_out(5 + n, 150_000) for n in range(3)),
            hit=5,
        ),
        example(
            "a little to a stranger, then the rest", _balance(0, 500_000), _out(5, 10_000), _out(9, 490_000), hit=5
        ),
        example(
            "the rest a window after the first",
            _balance(0, 500_000),
            _out(5, 10_000),
            _out(5 + _END, 490_000),
            hit=5,
        ),
        example(
            "all as cash in two slices from one agent",
            _balance(0, 500_000),
            _out(5, 300_000, "agent", kind="withdrawal"),
            _out(6, 200_000, "agent", kind="withdrawal"),
            hit=5,
        ),
        example(
            "the first try to a stranger failed",
            _balance(0, 500_000),
            _out(5, 500_000, status="authorised", name="a"),
            _out(6, 500_000, status="failed", version=2, name="a"),
            _balance(7, 500_000),
            _out(8, 500_000),
            hit=8,
        ),
        example(
            "the second slice at the last moment of the window",
            _balance(0, 500_000),
            _out(5, 300_000, "a"),
            _out(5 + _END, 200_000, "b"),
            hit=5,
        ),
        example("nearly all at once, as never before", *_usual(), _balance(0, 500_000), _out(5, 495_000), hit=5),
        example(
            "nearly all in two halves, as never before",
            *_usual(),
            _balance(0, 500_000),
            _out(5, 245_000, "a"),
            _out(6, 245_000, "b"),
            hit=5,
        ),
        example("a sum just far enough above", *_usual(), _balance(0, 62_000), _out(5, 60_600), hit=5),
        example("just enough of it", *_usual(), _balance(0, 500_000), _out(5, 470_000), hit=5),
        example("just enough history", *_usual(20), _balance(0, 500_000), _out(5, 495_000), hit=5),
        example(
            "nearly all, a moment after the hour in which money came",
            *_usual(),
            _balance(0, 300_000),
            (1, "top_up.succeeded", {**_out(1, 200_000, None, kind="top_up")[2]}),
            _out(1.01 + _END, 495_000),
            hit=1.01 + _END,
        ),
        example("exactly the floor", _balance(0, _FLOOR), _out(5, _FLOOR), hit=5),
        example(
            "the balance that the wallet told with an earlier payment",
            (0, "payment.succeeded", {**_out(0, 1000, "shop", kind="payment")[2], "balance_after_minor": 80_000}),
            _out(5, 80_000),
            hit=5,
        ),
        example("authorised is enough", _balance(0, 500_000), _out(5, 500_000, status="authorised"), hit=5),
        example(
            "a yuan to a mate, then the rest, and the yuan failed",
            _balance(0, 1_000_000),
            _out(5, 100, "mate", status="authorised", name="a"),
            _out(9, 999_900),
            _out(30, 100, "mate", status="failed", version=2, name="a"),
            hit=5,
        ),
        example(
            "a yuan, then nine tenths in slices, and the yuan came back",
            _balance(0, 1_000_000),
            _out(5, 100, "mate"),
            *(_out(6 + n, 190_000, f"stranger-{n}") for n in range(5)),
            _back(300, 5, 100),
            hit=5,
        ),
        example(
            "the last one came back, and nine tenths are gone in one",
            _balance(0, 500_000),
            _out(5, 450_000, "a"),
            _out(6, 50_000, "b"),
            _back(30, 6, 50_000),
            hit=5,
        ),
        example(
            "it goes on after a part came back: one finding",
            _balance(0, 1_000_000),
            _out(5, 100, "mate"),
            *(_out(6 + n, 310_000, f"stranger-{n}") for n in range(3)),
            _back(20, 5, 100),
            _balance(21, 70_000),
            _out(22, 70_000, "last"),
            hit=5,
        ),
        example(
            "a slice in another currency came back",
            _balance(0, 500_000),
            (0, "funds.balance_changed", {"currency": "EUR", "balance_minor": 100_000}),
            _out(5, 2_000, "a", currency="EUR"),
            _out(6, 500_000, "b"),
            _out(30, 2_000, "a", status="reversed", version=2, name="m5", currency="EUR"),
            hit=6,
        ),
        example(
            "a few euros after the yuan, and the euros came back",
            _balance(0, 500_000),
            (0, "funds.balance_changed", {"currency": "EUR", "balance_minor": 2_000}),
            _out(5, 500_000, "a"),
            _out(6, 2_000, "b", currency="EUR"),
            _out(30, 2_000, "b", status="reversed", version=2, name="m6", currency="EUR"),
            hit=5,
        ),
        example(
            "the yuan and the euros in the same hour: two findings",
            _balance(0, 500_000),
            (0, "funds.balance_changed", {"currency": "EUR", "balance_minor": 2_000}),
            _out(5, 500_000, "a"),
            _out(6, 2_000, "b", currency="EUR"),
            hit=(5, 6),
        ),
        example("near miss: a cent stays", _balance(0, 500_000), _out(5, 499_999), hit=None),
        example(
            "near miss: a sum just not far enough above", *_usual(), _balance(0, 62_000), _out(5, 60_400), hit=None
        ),
        example("near miss: just not enough of it", *_usual(), _balance(0, 500_000), _out(5, 469_999), hit=None),
        example("near miss: just not enough history", *_usual(19), _balance(0, 500_000), _out(5, 495_000), hit=None),
        example(
            "near miss: nearly all, and money came for it within the hour",
            *_usual(),
            _balance(0, 300_000),
            (1, "top_up.succeeded", {**_out(1, 200_000, None, kind="top_up")[2]}),
            _out(1 + _END, 495_000),
            hit=None,
        ),
        example(
            "near miss: nearly all, of an account that spends as much",
            *_usual(amount_minor=200_000),
            _balance(0, 500_000),
            _out(5, 495_000),
            hit=None,
        ),
        example("near miss: below the floor", _balance(0, _FLOOR - 1), _out(5, _FLOOR - 1), hit=None),
        example("near miss: more than the known balance", _balance(0, 500_000), _out(5, 500_001), hit=None),
        example("near miss: the balance is not known", _out(5, 500_000), hit=None),
        example(
            "near miss: to somebody paid before", _balance(0, 500_000), _out(5, 10_000), _out(90, 490_000), hit=None
        ),
        example(
            "near miss: slices to somebody who was new until a moment before",
            _balance(0, 600_000),
            _out(5, 10_000),
            *(_out(5.01 + _END + n, 190_000) for n in range(3)),
            hit=None,
        ),
        example(
            "near miss: in the window nobody stays a stranger for being paid often",
            _balance(0, 600_000),
            *(_out(5 + n * 20, 10_000) for n in range(4)),
            _out(5.01 + _END, 560_000),
            hit=None,
        ),
        example(
            "near miss: three slices to one friend, after a stranger",
            _balance(-100, 600_000),
            _out(-90, 10_000, "friend"),
            _out(5, 10_000),
            *(_out(6 + n, 190_000, "friend") for n in range(3)),
            hit=None,
        ),
        example(
            "near miss: cash from the usual agent",
            _balance(0, 500_000),
            _out(5, 10_000, "agent", kind="withdrawal"),
            _out(90, 490_000, "agent", kind="withdrawal"),
            hit=None,
        ),
        example("near miss: a payment in a shop", _balance(0, 500_000), _out(5, 500_000, kind="payment"), hit=None),
        example(
            "near miss: nine tenths in two slices",
            _balance(0, 500_000),
            _out(5, 250_000, "a"),
            _out(6, 200_000, "b"),
            hit=None,
        ),
        example(
            "near miss: the second slice a moment after the window",
            _balance(0, 500_000),
            _out(5, 300_000, "a"),
            _out(5.01 + _END, 198_000, "b"),
            hit=None,
        ),
        example(
            "near miss: more than a tenth came back",
            _balance(0, 500_000),
            _out(5, 449_999, "a"),
            _out(6, 50_001, "b"),
            _back(30, 6, 50_001),
            hit=None,
        ),
        example(
            "near miss: so much came back that the rest is below the floor",
            _balance(0, _FLOOR),
            _out(5, _FLOOR - 1, "a"),
            _out(6, 1, "b"),
            _back(30, 6, 1),
            hit=None,
        ),
        example(
            "near miss: all of it came back",
            _balance(0, 500_000),
            _out(5, 20_000, "a"),
            _out(6, 480_000, "b"),
            _back(30, 5, 20_000),
            _back(31, 6, 480_000),
            hit=None,
        ),
        example(
            "near miss: it failed in the end",
            _balance(0, 500_000),
            _out(5, 500_000, status="authorised", name="a"),
            _out(6, 500_000, status="failed", version=2, name="a"),
            hit=None,
        ),
        example(
            "only the first of two in a quarter: a habit",
            _balance(-100, 510_000),
            _out(-90, 10_000, None, kind="withdrawal"),
            _out(5, 500_000, None, kind="withdrawal"),
            _balance(3000, 500_000),
            _out(3005, 500_000, None, kind="withdrawal"),
            hit=5,
        ),
    ),
)
