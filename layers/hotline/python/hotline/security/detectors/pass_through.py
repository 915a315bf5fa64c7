"""Money comes from somebody, and as much goes on to somebody else or as cash soon after: a mule's account.

Stolen money does not rest. A mule's account is young or empty, gets one sum, and is empty again within the hour, or the
day. An account in use gets wages and pays rent from them; the sums differ, or the balance around them does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .floors import floor_of, floors
from .history import History
from .returns import AMOUNT, CURRENCY, EVENT, MOVEMENT, TIME, add_up, leave_out
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
_KINDS: Final = frozenset({"transfer", "withdrawal"})
_UNDONE: Final = Signal.MONEY_UNDONE.value
COMINGS_MAX: Final = 8
GOINGS_MAX: Final = 16
_BEFORE, _FRESH = 5, 6
"""Fields of money that came."""
_CASH: Final = 5
"""A field of money that went."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures for wallets. They were chosen on generated histories of mobile money. Signs have points
    (`_points`), and `points` of them make a finding.

    A mule keeps a share, so a little less than what came is enough on a fresh, empty account and within the hour. A
    tenth is what each account of a chain keeps in IBM's AMLSim (`margin_ratio` of its `conf.json`). An account of old
    with money of its own is never a mule."""

    quick_ms: int = HOUR_MS
    window_ms: int = DAY_MS
    fresh_ms: int = 7 * DAY_MS
    fresh_movements: int = 8
    """A fresh account has no more movements than these. One that is in use from its first day is no mule's."""
    same_permille: int = 995
    close_permille: int = 900
    """The least of what came that goes on as cash."""
    sent_permille: int = 950
    """The least of what came that is sent on. It is more, since nobody pays rent in cash of a wallet."""
    over_permille: int = 1000
    """A mule takes no more than came. Of a larger sum the rest is its owner's own money."""
    empty_permille: int = 50
    points: int = 6
    floor_minor: Mapping[str, int] = field(default_factory=floors(10))


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `came` [time, id, movement, amount, currency, empty before, points of a fresh
    account] and `went` [time, id, movement, amount, currency, is cash]. Both are of one window. `hit` [beginning, end,
    what came, what went, points] is the last finding."""
    if signal == _LEFT:
        came = state.get("came")
        if not came or event.values["kind"] not in ("transfer", "withdrawal"):
            return NO_HITS
        if came[-1][TIME] < event.at_ms - limits.window_ms:
            state.clear()
            return NO_HITS
        return _go(state, event, limits)
    if signal == _UNDONE:
        return _take_back(state, event.values["movement_id"], limits)
    # Cash or a card that is paid in to be sent on is what the wallet is for.
    if event.values["kind"] != "transfer" or history.amount_minor < floor_of(limits.floor_minor, history.currency):
        return NO_HITS
    amount, before = history.amount_minor, history.balance_before_minor
    is_empty = before is not None and before * 1000 <= amount * limits.empty_permille
    fresh = 0
    if event.at_ms - history.born_ms <= limits.fresh_ms and len(history.movements) <= limits.fresh_movements:
        # Of a first movement nobody knows that the account had money of its own, unless a balance says so.
        fresh = 3 if len(history.movements) == 1 and (is_empty or before is None) else 2
    came = state.setdefault("came", [])
    entry = [event.at_ms, event.id, event.values["movement_id"], amount, history.currency, int(is_empty), fresh]
    slide(came, entry, span_ms=limits.window_ms, kept_max=COMINGS_MAX)
    return NO_HITS


def _go(state: State, event: Event, limits: Limits) -> Iterable[Hit]:
    values = event.values
    went = state.setdefault("went", [])
    is_cash = int(values["kind"] == "withdrawal")
    entry = [event.at_ms, event.id, values["movement_id"], values["amount_minor"], values["currency"], is_cash]
    slide(went, entry, span_ms=limits.window_ms, kept_max=GOINGS_MAX)
    best = _judge(state["came"], went, limits)
    if best is None:
        return NO_HITS
    came = state["came"]
    started_ms, known = came[best[1]][TIME], state.get("hit")
    # Money that came before it may have been taken back since.
    if known is not None and known[2][0][MOVEMENT] == came[best[1]][MOVEMENT]:
        started_ms = known[0]
    return (_find(state, came, went, best, started_ms, event.at_ms),)


def _judge(came: list[Any], went: list[Any], limits: Limits) -> tuple[int, int] | None:
    """The points of the money that went up to the last of `went`, and the place in `came` from which on it came. None
    where they are too few."""
    last = went[-1]
    currency, oldest_ms = last[CURRENCY], last[TIME] - limits.window_ms
    in_minor = out_minor = 0
    next_out = len(went) - 1
    best: tuple[int, int] | None = None
    # From the latest money in to the earliest: what went since then against what came since then.
    for index in range(len(came) - 1, -1, -1):
        one = came[index]
        if one[TIME] < oldest_ms:
            break
        if one[CURRENCY] != currency:
            continue
        in_minor += one[AMOUNT]
        while next_out >= 0 and went[next_out][TIME] >= one[TIME]:
            out_minor += went[next_out][AMOUNT] if went[next_out][CURRENCY] == currency else 0
            next_out -= 1
        points = _points(one, out_minor * 1000 // in_minor, last, limits)
        if points >= limits.points and (best is None or points > best[0]):
            best = (points, index)
    return best


def _points(one: list[Any], permille: int, last: list[Any], limits: Limits) -> int:
    """Within the hour 3 points, a fresh account 2, and one that was empty before 2. The same sum has 1, and so has the
    first movement of a fresh account. So a sum of which a share was kept needs the hour. One that takes longer must
    be the same sum, and the first movement of an empty account."""
    least = limits.close_permille if last[_CASH] else limits.sent_permille
    is_same = permille >= limits.same_permille
    if not (is_same or permille >= least) or permille > limits.over_permille:
        return 0
    is_quick = int(last[TIME]) - int(one[TIME]) <= limits.quick_ms
    return is_same + 3 * is_quick + 2 * int(one[_BEFORE]) + int(one[_FRESH])


def _find(state: State, came: list[Any], went: list[Any], best: tuple[int, int], started_ms: int, ended_ms: int) -> Hit:
    points, index = best
    currency = went[-1][CURRENCY]
    came = [one for one in came[index:] if one[CURRENCY] == currency]
    went = [one for one in went if one[TIME] >= came[0][TIME] and one[CURRENCY] == currency]
    state["hit"] = known = [started_ms, ended_ms, came, went, points]
    return _hit_of(known)


def _hit_of(known: list[Any], *, withdrawn: bool = False) -> Hit:
    started_ms, ended_ms, came, went, points = known
    minutes = (went[-1][TIME] - came[0][TIME]) // MINUTE_MS
    facts = {"amount_minor": add_up(went), "currency": went[0][CURRENCY], "minutes": minutes, "signs": points}
    chain = sorted((*came, *went), key=lambda one: one[TIME])
    return Hit(started_ms, ended_ms, facts, tuple(one[EVENT] for one in chain)[:EVIDENCE_MAX], withdrawn=withdrawn)


def _take_back(state: State, movement_id: str, limits: Limits) -> Iterable[Hit]:
    """Count a movement no more. The finding goes where the rule would have found nothing in what is left, at any time
    at which some of it went."""
    for name in ("came", "went"):
        if name in state:
            state[name] = [one for one in state[name] if one[MOVEMENT] != movement_id]
    known = state.get("hit")
    if known is None:
        return NO_HITS
    came, went = leave_out(known[2], movement_id), leave_out(known[3], movement_id)
    if came is None and went is None:
        return NO_HITS
    came, went = known[2] if came is None else came, known[3] if went is None else went
    while went:
        before = [one for one in came if one[TIME] <= went[-1][TIME]]
        best = _judge(before, went, limits)
        if best is not None:
            return (_find(state, before, went, best, *known[:2]),)
        went = went[:-1]
    del state["hit"]
    return (_hit_of(known, withdrawn=True),)


def _in(minute: float, amount_minor: int, *, kind: str = "transfer", after_minor: int | None = None) -> Told:
    values: dict[str, Any] = {"movement_id": f"in{minute}", "version": 1, "kind": kind, "status": "succeeded"}
    values |= {"amount_minor": amount_minor, "currency": "CNY", "direction": "in"}
    return (
        minute,
        f"{kind}.succeeded",
        values if after_minor is None else {**values, "balance_after_minor": after_minor},
    )


def _out(minute: float, amount_minor: int, *, kind: str = "withdrawal", status: str = "succeeded", version: int = 1,
         name: str = "", currency: str = "CNY") -> Told:  # fmt: skip
    values = {"movement_id": name or f"out{minute}", "version": version, "kind": kind, "status": status}
    return (minute, f"{kind}.{status}", {**values, "amount_minor": amount_minor, "currency": currency, "party": "p"})


def _back(minute: float, of: Told) -> Told:
    """A movement is reversed."""
    _, _, values = of
    return (minute, f"{values['kind']}.reversed", {**values, "version": 2, "status": "reversed"})


def _before(count: int) -> list[Told]:
    return [_out(n - 100, 10, kind="payment") for n in range(count)]


_OLD: Final[Told] = (-30 * DAY_MS / MINUTE_MS, "login.succeeded", {})
"""An account that has been there for a month."""
_HOUR: Final = Limits().quick_ms / MINUTE_MS
_DAY: Final = Limits().window_ms / MINUTE_MS
_WEEK: Final = Limits().fresh_ms / MINUTE_MS
_FLOOR: Final = Limits().floor_minor["CNY"]
_SUM: Final = 100_000

DETECTOR: Final = Detector(
    rule="pass_through",
    version=3,
    severity=Severity.HIGH,
    listens=frozenset({Signal.MONEY_CAME, Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    kinds=_KINDS,
    wakes=frozenset({Signal.MONEY_CAME}),
    needs=frozenset({Signal.MONEY_LEFT.value, "direction"}),
    limits=Limits(),
    positive=frozenset({"floor_minor"}),
    relations=(
        at_most("quick_ms", "window_ms", "money that went on quickly did so within the window"),
        at_most("close_permille", "same_permille", "a sum that is close cannot be nearer than the same"),
        at_most("sent_permille", "same_permille", "a sum that is sent on cannot be nearer than the same"),
        at_most("same_permille", "over_permille", "no share lies between them"),
    ),
    is_published=False,
    runbook=(
        "Look at the account from which the money came: if it is drained, or somebody there reported a theft, freeze "
        "both accounts and ask the receiving side to keep the money. Owners of such accounts are often recruited with "
        "an offer of work: ask what they were told, and tell them that passing money on is a crime. The money of this "
        "finding has left, so a hold would keep only what comes next; an agent decides on it."
    ),
    step=step,
    examples=(
        example("a fresh account, all as cash within the hour", _in(0, _SUM), _out(30, _SUM), hit=0),
        example("on to somebody else", _in(0, _SUM), _out(30, _SUM, kind="transfer"), hit=0),
        example("in the same moment", _in(0, _SUM), _out(0, _SUM), hit=0),
        example("at the last moment of the hour", _in(0, _SUM), _out(_HOUR, _SUM), hit=0),
        example("all but five thousandths", *_before(1), _in(0, _SUM), _out(30, _SUM * 995 // 1000), hit=0),
        example("all but what the mule keeps", _in(0, 48_000_000), _out(30, 47_000_000, kind="transfer"), hit=0),
        example("sent on but for a twentieth", _in(0, _SUM), _out(30, 95_000, kind="transfer"), hit=0),
        example("as cash but for a tenth", _in(0, _SUM), _out(_HOUR, 90_000), hit=0),
        example("the eighth movement of a fresh account", *_before(7), _in(0, _SUM), _out(30, _SUM), hit=0),
        example("in three slices", _in(0, _SUM), _out(5, 30_000), _out(9, 30_000), _out(12, 40_000), hit=0),
        example("of two sums that came", _in(0, 40_000), _in(3, 60_000), _out(9, _SUM), hit=0),
        example("an old account that was empty", _OLD, _in(0, _SUM, after_minor=105_000), _out(30, _SUM), hit=0),
        example("a fresh, empty account, within the day", _in(0, _SUM, after_minor=_SUM), _out(_DAY, _SUM), hit=0),
        example("nine tenths of a fresh, empty account", _in(0, _SUM, after_minor=_SUM), _out(30, 90_000), hit=0),
        example("a week old", (-_WEEK, "login.succeeded", {}), _in(0, _SUM), _out(30, _SUM), hit=0),
        example("exactly the floor", _in(0, _FLOOR), _out(30, _FLOOR), hit=0),
        example(
            "a yuan came back of what went",
            _in(0, _SUM),
            _out(20, 100, kind="transfer"),
            _out(30, _SUM - 100),
            _back(40, _out(20, 100, kind="transfer")),
            hit=0,
        ),
        example(
            "the last movement came back, and cash asks for less than it did",
            _in(0, _SUM),
            _out(20, 92_000),
            _out(30, 3_000, kind="transfer"),
            _back(40, _out(30, 3_000, kind="transfer")),
            hit=0,
        ),
        example(
            "the last movement came back, long after the hour of the others",
            _in(0, _SUM, after_minor=_SUM),
            _out(_HOUR, 95_000),
            _out(_DAY, 5_000),
            _back(_DAY + 1, _out(_DAY, 5_000)),
            hit=0,
        ),
        example(
            "what came first was taken back, and the finding goes on",
            _in(0, 6_000, after_minor=6_000),
            _in(1, _SUM),
            _out(20, _SUM),
            _back(25, _in(0, 6_000)),
            _out(30, 50),
            hit=0,
        ),
        example(
            "a payment in another currency came back",
            _in(0, _SUM),
            _out(20, 100, currency="EUR"),
            _out(30, _SUM),
            _back(40, _out(20, 100, currency="EUR")),
            hit=0,
        ),
        example("near miss: below the floor", _in(0, _FLOOR - 1), _out(30, _FLOOR - 1), hit=None),
        example("near miss: a moment after the hour", _in(0, _SUM), _out(_HOUR + 0.01, _SUM), hit=None),
        example(
            "near miss: salary on a new account, then rent",
            _in(0, 900_000, after_minor=900_000),
            _out(30, 850_000, kind="transfer"),
            hit=None,
        ),
        example("near miss: nine tenths a day later", _in(0, _SUM, after_minor=_SUM), _out(_DAY, 90_000), hit=None),
        example("near miss: a moment after the day", _in(0, _SUM, after_minor=_SUM), _out(_DAY + 0.01, _SUM), hit=None),
        example("near miss: less, of a second movement", *_before(1), _in(0, _SUM), _out(30, 99_499), hit=None),
        example("near miss: sent on but for more", _in(0, _SUM), _out(30, 94_999, kind="transfer"), hit=None),
        example("near miss: as cash but for more", _in(0, _SUM), _out(30, 89_900), hit=None),
        example("near miss: but for a share, after the hour", _in(0, _SUM), _out(_HOUR + 0.01, 95_000), hit=None),
        example(
            "near miss: but for a share, of money beside its own",
            _in(0, _SUM, after_minor=105_100),
            _out(30, 95_000),
            hit=None,
        ),
        example(
            "near miss: within the day, of a second movement",
            *_before(1),
            _in(0, _SUM, after_minor=_SUM),
            _out(_DAY, _SUM),
            hit=None,
        ),
        example("near miss: more than came", _in(0, _SUM), _out(30, 100_100), hit=None),
        example("near miss: the ninth movement", *_before(8), _in(0, _SUM), _out(30, _SUM), hit=None),
        example(
            "near miss: less than nine tenths of an empty account",
            _in(0, _SUM, after_minor=_SUM),
            _out(30, 89_900),
            hit=None,
        ),
        example(
            "near miss: a moment older than a week",
            (-_WEEK - 0.01, "login.succeeded", {}),
            _in(0, _SUM),
            _out(30, _SUM),
            hit=None,
        ),
        example(
            "near miss: an old account with a little more of its own",
            _OLD,
            _in(0, _SUM, after_minor=105_100),
            _out(30, _SUM),
            hit=None,
        ),
        example(
            "near miss: salary, then rent", _OLD, _in(0, 900_000, after_minor=950_000), _out(60, 850_000), hit=None
        ),
        example(
            "near miss: rent as high as the salary, on the next morning",
            _OLD,
            _in(0, 500_000, after_minor=500_000),
            _out(900, 500_000, kind="transfer"),
            hit=None,
        ),
        example("near miss: paid in at a counter, then sent", _in(0, _SUM, kind="top_up"), _out(30, _SUM), hit=None),
        example("near miss: spent in a shop", _in(0, _SUM), _out(30, _SUM, kind="payment"), hit=None),
        example("near miss: it left before it came", _out(0, _SUM), _in(30, _SUM), hit=None),
        example(
            "near miss: a large part of what went came back",
            _in(0, _SUM),
            _out(20, 50_000),
            _out(30, 50_000),
            _back(40, _out(20, 50_000)),
            hit=None,
        ),
        example(
            "near miss: all that went came back",
            _in(0, _SUM),
            _out(20, 2_000),
            _out(30, 98_000),
            _back(40, _out(20, 2_000)),
            _back(41, _out(30, 98_000)),
            hit=None,
        ),
        example("near miss: what came was taken back", _in(0, _SUM), _out(30, _SUM), _back(40, _in(0, _SUM)), hit=None),
        example(
            "near miss: it failed in the end",
            _in(0, _SUM),
            _out(30, _SUM, status="authorised", name="a"),
            _out(31, _SUM, status="failed", version=2, name="a"),
            hit=None,
        ),
    ),
)
