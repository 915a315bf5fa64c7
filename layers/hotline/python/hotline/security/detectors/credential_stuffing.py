"""Many accounts tried once or twice each from one source: somebody tries a list of leaked passwords.

Each account sees a slip or two, so no rule about accounts notices. One address alone proves nothing about the accounts
behind it. A finding has no effect on any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .examples import tell_tries
from .history import History
from .ongoing import is_followed
from .rule import (
    HOUR_MS,
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
)
from .source_tries import find_attack, follow_attack, keep_try, tally
from .windows import is_due

_FAILED: Final = Signal.LOGIN_FAILED.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic's rule for Okta: from one address in 15 min 25 failed tries at 15 accounts, of which 80 percent were
    tried at most twice. Failed accounts must outnumber those that got in, as in Sentinel: that leaves out shared
    addresses. An hour is Panther's usual time within which further hits count into the open alert."""

    tries: int = 25
    accounts: int = 15
    window_ms: int = 15 * MINUTE_MS
    few: int = 2
    few_percent: int = 80
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `keep_try` and of `find_attack`, and `quiet_until`."""
    tries = keep_try(state, signal, event, span_ms=limits.window_ms)
    if tries and is_followed(state, event):
        return follow_attack(state, signal, event)
    if signal != _FAILED or not is_due(state, tries, count=limits.tries):
        return NO_HITS
    seen = tally(tries)
    accounts, failures = len(seen.failed), seen.failed.total()
    few = sum(count <= limits.few for count in seen.failed.values())
    if (
        failures < limits.tries
        or accounts < limits.accounts
        or few * 100 < accounts * limits.few_percent
        or seen.is_shared_address
    ):
        return NO_HITS
    return find_attack(state, tries, seen, event, limits.quiet_ms)


_MINUTES: Final = Limits().window_ms / MINUTE_MS


def _tries(*counts: int, over: float = _MINUTES, begin: float = 0, word: str = "failed", first: int = 0) -> list[Told]:
    return tell_tries(counts, over=over, begin=begin, word=word, first=first)


def _logins(accounts: int, *, over: float = 14, begin: float = 0.5, first: int = 100) -> list[Told]:
    return _tries(*[1] * accounts, over=over, begin=begin, word="succeeded", first=first)


DETECTOR: Final = Detector(
    rule="credential_stuffing",
    version=3,
    severity=Severity.MEDIUM,
    stream=Stream.SOURCE,
    listens=frozenset({Signal.LOGIN_FAILED, Signal.LOGIN_SUCCEEDED}),
    wakes=frozenset({Signal.LOGIN_FAILED}),
    needs=frozenset({"login.failed", "login.succeeded", "account"}),
    limits=Limits(),
    positive=frozenset({"few"}),
    relations=(
        at_most("few", "tries", "no account has more tries than all of them together"),
        at_most("accounts", "tries", "each account takes a try"),
    ),
    is_published=True,
    runbook=(
        "See whether other addresses fail as well: then it may be an outage of the wallet's own login, and people try "
        "again. If it is this address alone, have the wallet slow it down or ask it for a second factor; do not block "
        "the address before you know whose it is. Then look at the accounts that got in from it: call their owners on "
        "contact points of record, and have those passwords replaced. The accounts that failed need nothing."
    ),
    step=step,
    examples=(
        example("a list of forty accounts, once each", *_tries(*[1] * 40, over=5), hit=0),
        example("25 tries at fifteen accounts that just fill the window", *_tries(*[2] * 10, *[1] * 5), hit=0),
        example("three of fifteen were tried more often", *_tries(*[3] * 3, *[2] * 12), hit=0),
        example("fourteen others got in", *_tries(*[2] * 10, *[1] * 5), *_logins(14), hit=0),
        example(
            "people got in before, and the first failure is over",
            *_tries(1, 1, over=0.1),
            *_logins(31, over=10),
            *_tries(*[1] * 25, over=4, begin=15.2, first=200),
            hit=15.2,
        ),
        example("a list that works sometimes", *_tries(*[1] * 60, over=10), *_logins(3, over=3, first=0), hit=0),
        example(
            "an hour later again",
            *_tries(*[1] * 30, over=5),
            *_tries(*[1] * 30, over=5, begin=60, first=40),
            hit=(0, 60),
        ),
        example("near miss: 24 tries", *_tries(*[2] * 9, *[1] * 6), hit=None),
        example("near miss: fourteen accounts", *_tries(*[2] * 14), hit=None),
        example("near miss: a moment more than the window", *_tries(*[2] * 10, *[1] * 5, over=15.01), hit=None),
        example("near miss: four of fifteen were tried more often", *_tries(*[3] * 4, *[2] * 11), hit=None),
        example("near miss: fifteen others got in", *_tries(*[2] * 10, *[1] * 5), *_logins(15), hit=None),
        example(
            "near miss: a shared address in the morning",
            *_tries(*[2] * 20, over=14),
            *_logins(20, first=0),
            *_logins(60, first=200),
            hit=None,
        ),
        example(
            "near miss: one slip, and people get in until it is over",
            (0, "login.failed", {"ip": "address-0", "account": "account-0"}),
            *_logins(8, over=20, begin=1),
            hit=None,
        ),
        example("near miss: nobody fails", *_logins(100), hit=None),
    ),
)
