"""Money goes to a payee or merchant to whom money was stolen before.

The owner of a stolen card tells days later, so a label counts from the day on which it comes. A large merchant always
has some: its frauds are measured against its payments. Old ones fade, since terminals are repaired and payees arrested.

Somebody should hear once that a payee has frauds. Each payer is named where a payment there is more likely fraud than
not; of the others the risk of the movement says enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from .history import FraudRecord, PartyHistory
from .returns import AMOUNT, CURRENCY, EVENT, TIME, leave_out
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
    Stream,
    Told,
    at_most,
    example,
)  # fmt: skip

_LEFT: Final = Signal.MONEY_LEFT.value
ACCOUNTS_MAX: Final = 32
"""So many payers of the last day are known. One more than these may be told of a second finding."""
PAID_MAX: Final = 2
"""So many payments of a payer are kept, to be taken back. Behind more of them a finding stands whatever comes back."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Nobody publishes figures. They were chosen on generated card payments. One label alone may be the thief's other
    shop. The card networks' programmes look at merchants from about 1% of disputes on [recalled]. Five of a
    hundred leaves room for a bad week."""

    frauds: float = 1.25
    """Their weight: a label of today is 1, one of three days ago a half. Two within six days are enough."""
    rate_permille: int = 50
    likely_permille: int = 500
    """The share from which on each payer is named, once in `merge_ms`. In generated histories of a bank the next
    payments are fraud as often as the labels say. So from a half on fraud is more likely than not."""
    merge_ms: int = DAY_MS


def step(state: State, signal: str, event: Event, history: FraudRecord, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `told` account to [beginning, frauds, rate, payments, number of others] of its
    finding, for a day. A payment is [time, id, movement, amount, currency]. `last_ms`: two findings of one moment have
    beginnings of their own. `bad_ms`: the time of the last payment to the party with this record. `teller`: the
    beginning of the finding that tells of the party."""
    if not history.frauds or not isinstance(history, PartyHistory):
        return NO_HITS
    told = state.get("told", {})
    if signal != _LEFT:
        return _take_back(state, event)
    at_ms = event.at_ms
    frauds, payments = history.fraud_weight(at_ms), history.payments_before
    if frauds < limits.frauds or frauds * 1000 < payments * limits.rate_permille:
        return NO_HITS
    account = str(event.values.get("account", ""))
    known = told.get(account)
    is_told = at_ms - state.get("bad_ms", -limits.merge_ms - 1) <= limits.merge_ms
    state["bad_ms"] = at_ms
    is_likely = frauds * 1000 >= payments * limits.likely_permille
    payment = [at_ms, event.id, event.values["movement_id"], history.amount_minor, history.currency]
    if known is not None and at_ms - known[0] <= limits.merge_ms:
        if len(known[3]) < PAID_MAX:
            known[3].append(payment)
        else:
            known[4] += 1
        return NO_HITS
    if is_told and not is_likely:
        return NO_HITS
    started_ms = max(at_ms, state.get("last_ms", 0) + 1)
    state["last_ms"] = started_ms
    if not is_told:
        state["teller"] = started_ms
    fresh = {name: entry for name, entry in told.items() if at_ms - entry[0] <= limits.merge_ms and name != account}
    while len(fresh) >= ACCOUNTS_MAX:
        del fresh[next(iter(fresh))]
    rate_permille = min(1000, int(frauds * 1000 / max(payments, 1.0)))
    known = [started_ms, int(frauds * 10), rate_permille, [payment], 0]
    state["told"] = {**fresh, account: known}
    return (_hit_of(account, known),)


def _hit_of(account: str, known: list[Any], *, withdrawn: bool = False) -> Hit:
    """The finding names the first payment that stands."""
    started_ms, frauds_tenths, rate_permille, (first, *_), _ = known
    facts = {
        "account": account,
        "frauds_tenths": frauds_tenths,
        "rate_permille": rate_permille,
        "amount_minor": first[AMOUNT],
        "currency": first[CURRENCY],
    }
    return Hit(started_ms, max(first[TIME], started_ms), facts, (first[EVENT],), withdrawn=withdrawn)


def _take_back(state: State, event: Event) -> Iterable[Hit]:
    """The finding names the payer's next payment of the day. Without one it goes. Where it told of the party, the next
    finding that stands does, or else the next payment."""
    told: dict[str, Any] = state.get("told", {})
    for account, known in told.items():
        left = leave_out(known[3], event.values["movement_id"])
        if left is None:
            continue
        if left:
            known[3] = left
            return (_hit_of(account, known),)
        if known[4]:
            return NO_HITS
        del told[account]
        if known[0] == state.get("teller"):
            _let_another_tell(state, known[0])
        return (_hit_of(account, known, withdrawn=True),)
    return NO_HITS


def _let_another_tell(state: State, started_ms: int) -> None:
    later = [one[0] for one in state["told"].values() if one[0] > started_ms]
    if later:
        state["teller"] = min(later)
    else:
        del state["teller"], state["bad_ms"]


def _pay(day: float, *, account: str = "victim", name: str = "", status: str = "succeeded", version: int = 1) -> Told:
    values = {"movement_id": name or f"m{day}", "version": version, "kind": "payment", "status": status}
    values |= {"amount_minor": 5000, "currency": "CNY", "party": account, "account": account}
    return (day * _DAY, f"payment.{status}", values)


def _label(day: float, name: str) -> Told:
    return (day * _DAY, Signal.FRAUD_CONFIRMED.value, {"movement_id": name, "account": "earlier"})


_DAY: Final = DAY_MS / MINUTE_MS
_TWO: Final = (_label(9, "m0"), _label(9.5, "m1"))
_CROWD: Final = [_pay(9 + n / 100, account=f"payer-{n}") for n in range(50)]
_FEW: Final = [_pay(9 + n / 100, account=f"payer-{n}") for n in range(10)]
_SOON: Final = 9.6

DETECTOR: Final = Detector(
    rule="counterparty_risk",
    version=3,
    severity=Severity.MEDIUM,
    stream=Stream.PARTY,
    listens=frozenset({Signal.MONEY_LEFT, Signal.MONEY_UNDONE}),
    wakes=frozenset({Signal.MONEY_LEFT}),
    needs=frozenset({"party", Signal.FRAUD_CONFIRMED.value}),
    limits=Limits(),
    relations=(
        at_most("rate_permille", "likely_permille", "a payer is named where the party is told, or nearer to certain"),
    ),
    is_published=False,
    runbook=(
        "Look at what the confirmed frauds of this payee or merchant have in common. A payee: ask the owner of the "
        "account whether they know them, before the money is gone, and report the payee. A merchant: its terminal or "
        "its shop may be compromised, so tell the acquirer, and look for other customers who paid there. The account "
        "itself is most likely honest: nothing is held for this finding alone."
    ),
    step=step,
    examples=(
        example("two frauds, then a payment", _pay(0), _pay(1), *_TWO, _pay(_SOON), hit=_SOON * _DAY),
        example("to a payee that was never paid since", *_TWO, _pay(11), hit=11 * _DAY),
        example(
            "two customers are two findings",
            *_TWO,
            _pay(_SOON),
            _pay(10, account="other"),
            hit=(_SOON * _DAY, 10 * _DAY),
        ),
        example("two within the day are one", *_TWO, _pay(_SOON), _pay(10), hit=_SOON * _DAY),
        example(
            "on the next day again", *_TWO, _pay(_SOON), _pay(_SOON + 1.01), hit=(_SOON * _DAY, (_SOON + 1.01) * _DAY)
        ),
        example("a busy merchant is told once", *_FEW, *_TWO, _pay(_SOON), _pay(10, account="other"), hit=_SOON * _DAY),
        example(
            "a busy merchant again after a day without a payment",
            *_FEW,
            *_TWO,
            _pay(_SOON),
            _pay(_SOON + 1.01, account="other"),
            hit=(_SOON * _DAY, (_SOON + 1.01) * _DAY),
        ),
        example(
            "a busy merchant by the next payer, where the first one failed",
            *_FEW,
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.7, account="other"),
            _pay(9.8, name="a", status="failed", version=2),
            _pay(9.9, account="third"),
            hit=9.9 * _DAY,
        ),
        example(
            "a busy merchant is told once, where the second payer named failed",
            *_TWO,
            _pay(_SOON),
            _pay(9.61, account="other", name="a", status="authorised"),
            *(_pay(9.62 + n / 1000) for n in range(10)),
            _pay(9.7, account="other", name="a", status="failed", version=2),
            _pay(9.8, account="late"),
            hit=_SOON * _DAY,
        ),
        example(
            "a busy merchant is told once, where the first payer failed and the second stands",
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.61, account="other"),
            *(_pay(9.62 + n / 1000, account="other") for n in range(10)),
            _pay(9.7, name="a", status="failed", version=2),
            _pay(9.8, account="late"),
            hit=9.61 * _DAY,
        ),
        example(
            "a busy merchant is told once, where both payments named failed and the second payer paid more",
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.61, account="other", name="b", status="authorised"),
            *(_pay(9.62 + n / 1000, account="other") for n in range(10)),
            _pay(9.7, name="a", status="failed", version=2),
            _pay(9.71, account="other", name="b", status="failed", version=2),
            _pay(9.8, account="late"),
            hit=9.61 * _DAY,
        ),
        example(
            "one of two failed in the end",
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.7, account="other"),
            _pay(9.8, name="a", status="failed", version=2),
            hit=9.7 * _DAY,
        ),
        example(
            "the payer's first payment failed, and the next one of the day stands",
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.7),
            _pay(9.8, name="a", status="failed", version=2),
            hit=_SOON * _DAY,
        ),
        example(
            "all payments of a payer failed, of more than a memory has room for",
            *_TWO,
            *(_pay(_SOON + n / 100, name=f"a{n}", status="authorised") for n in range(PAID_MAX + 1)),
            *(_pay(9.8 + n / 100, name=f"a{n}", status="failed", version=2) for n in range(PAID_MAX + 1)),
            hit=_SOON * _DAY,
        ),
        example(
            "near miss: both payments of a payer failed",
            *_TWO,
            *(_pay(_SOON + n / 100, name=f"a{n}", status="authorised") for n in range(2)),
            *(_pay(9.8 + n / 100, name=f"a{n}", status="failed", version=2) for n in range(2)),
            hit=None,
        ),
        example("near miss: one fraud", _pay(0), _label(9, "m0"), _pay(_SOON), hit=None),
        example("near miss: one fraud told twice", _pay(0), _label(9, "m0"), _label(9.1, "m0"), _pay(_SOON), hit=None),
        example("near miss: the labels come after the payment", _pay(0), _pay(8.9), *_TWO, hit=None),
        example("near miss: faded", *_TWO, _pay(13), hit=None),
        example("near miss: a large merchant", *_CROWD, *_TWO, _pay(_SOON), hit=None),
        example("near miss: it never left", *_TWO, _pay(_SOON, status="failed"), hit=None),
        example(
            "near miss: it failed in the end",
            *_TWO,
            _pay(_SOON, name="a", status="authorised"),
            _pay(9.7, name="a", status="failed", version=2),
            hit=None,
        ),
    ),
)
