"""A few accounts tried a few times each from one source, slowly: somebody tries the passwords that everybody has.

A spray stays below the lock of each account and waits in between, so it takes its time. One address alone proves
nothing about the accounts behind it. A finding has no effect on any of them.
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
    Relation,
    Severity,
    Signal,
    State,
    Stream,
    Told,
    at_most,
    example,
)  # fmt: skip
from .source_tries import TRIES_MAX, find_attack, follow_attack, keep_try, tally
from .windows import is_due

_FAILED: Final = Signal.LOGIN_FAILED.value


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic's rule for Okta: from one address in an hour 15 failed tries at five accounts, over at least five
    minutes. The accounts were tried two to eight times on average, and 60 percent of them two to six times. Failed
    accounts must outnumber those that got in, as in Sentinel: that leaves out shared addresses. An hour is Panther's
    usual time within which further hits count into the open alert."""

    tries: int = 15
    accounts: int = 5
    window_ms: int = HOUR_MS
    lasting_ms: int = 5 * MINUTE_MS
    mean_min: int = 2
    mean_max: int = 8
    band_min: int = 2
    band_max: int = 6
    band_percent: int = 60
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `keep_try` and of `find_attack`, `since`, when the first of the tries was,
    also when it is kept no more, and `quiet_until`."""
    tries = keep_try(state, signal, event, span_ms=limits.window_ms)
    if not tries:
        return NO_HITS
    if len(tries) < TRIES_MAX:
        state["since"] = tries[0][0]
    if is_followed(state, event):
        return follow_attack(state, signal, event)
    if signal != _FAILED or not is_due(state, tries, count=limits.tries):
        return NO_HITS
    if event.at_ms - state["since"] < limits.lasting_ms:
        return NO_HITS
    seen = tally(tries)
    accounts, failures = len(seen.failed), seen.failed.total()
    in_band = sum(limits.band_min <= count <= limits.band_max for count in seen.failed.values())
    if (
        failures < limits.tries
        or accounts < limits.accounts
        or not limits.mean_min * accounts <= failures <= limits.mean_max * accounts
        or in_band * 100 < accounts * limits.band_percent
        or seen.is_shared_address
    ):
        return NO_HITS
    return find_attack(state, tries, seen, event, limits.quiet_ms)


_MINUTES: Final = Limits().window_ms / MINUTE_MS
_LASTING: Final = Limits().lasting_ms / MINUTE_MS


def _tries(*counts: int, over: float = 30, begin: float = 0) -> list[Told]:
    return tell_tries(counts, over=over, begin=begin, word="failed", in_turns=True)


def _logins(accounts: int, *, at: float = 1) -> list[Told]:
    return [(at + 5 * n, "login.succeeded", {"ip": "address-0", "account": f"other-{n}"}) for n in range(accounts)]


def _is_kept(accounts: int, mean_min: int) -> bool:
    return accounts * mean_min <= TRIES_MAX


def _is_mean_high_enough(mean_max: int, band_min: int, band_percent: int) -> bool:
    """Whether a mean can be this low: an account outside of the band has at least one try."""
    return mean_max * 100 >= max(1, band_min) * band_percent + 100 - band_percent


def _is_mean_low_enough(mean_min: int, band_max: int, band_percent: int) -> bool:
    """Whether a mean can be this high: one account outside of the band may have any number of tries."""
    return band_percent < 100 or mean_min <= band_max


DETECTOR: Final = Detector(
    rule="password_spray",
    version=3,
    severity=Severity.MEDIUM,
    stream=Stream.SOURCE,
    listens=frozenset({Signal.LOGIN_FAILED, Signal.LOGIN_SUCCEEDED}),
    wakes=frozenset({Signal.LOGIN_FAILED}),
    needs=frozenset({"login.failed", "login.succeeded", "account"}),
    limits=Limits(),
    positive=frozenset({"mean_max", "band_max"}),
    relations=(
        at_most("accounts", "tries", "each account takes a try"),
        at_most("lasting_ms", "window_ms", "tries of one window last no longer than it"),
        at_most("mean_min", "mean_max", "no mean lies between them"),
        at_most("band_min", "band_max", "no number lies between them"),
        Relation(("accounts", "mean_min"), _is_kept, f"a memory of {TRIES_MAX} tries would find nothing"),
        Relation(("mean_max", "band_min", "band_percent"), _is_mean_high_enough, "such accounts have a higher mean"),
        Relation(("mean_min", "band_max", "band_percent"), _is_mean_low_enough, "such accounts have a lower mean"),
    ),
    is_published=True,
    runbook=(
        "See whether other addresses do the same at the same pace: a spray often has several. If the wallet's own "
        "login failed at that time, it is people who tried again. Else have the wallet slow the address down or ask "
        "it for a second factor; do not block it before you know whose it is. Look at the accounts that got in from "
        "it, call their owners on contact points of record, and have those passwords replaced with ones that nobody "
        "shares."
    ),
    step=step,
    examples=(
        example("five accounts, three times each", *_tries(*[3] * 5), hit=0),
        example("tries that just fill the window", *_tries(*[3] * 5, over=_MINUTES), hit=0),
        example("tries that just last long enough", *_tries(*[3] * 5, over=_LASTING), hit=0),
        example("twice each", *_tries(*[2] * 8), hit=0),
        example("three of five within the band, eight each on average", *_tries(6, 6, 6, 11, 11, over=_LASTING), hit=0),
        example("two of five were tried once", *_tries(1, 1, 6, 6, 6, over=_LASTING), hit=0),
        example("four others got in", *_tries(*[3] * 5), *_logins(4), hit=0),
        example("again after an hour of peace", *_tries(*[3] * 5), *_tries(*[3] * 5, begin=120), hit=(0, 120)),
        example("near miss: fourteen tries", *_tries(3, 3, 3, 3, 2), hit=None),
        example("near miss: four accounts", *_tries(*[4] * 4), hit=None),
        example("near miss: a moment more than the window", *_tries(*[3] * 5, over=60.01), hit=None),
        example("near miss: over sooner", *_tries(*[3] * 5, over=4.99), hit=None),
        example(
            "near miss: over sooner, then somebody gets in", *_tries(*[3] * 5, over=4.9), *_logins(1, at=10), hit=None
        ),
        example("near miss: less than two on average", *_tries(*[2] * 9, 1), hit=None),
        example("near miss: more than eight on average", *_tries(6, 6, 6, 11, 12, over=_LASTING), hit=None),
        example("near miss: three of five above the band", *_tries(2, 2, 7, 7, 7, over=_LASTING), hit=None),
        example("near miss: three of five below the band", *_tries(1, 1, 1, 6, 6, over=_LASTING), hit=None),
        example("near miss: five others got in", *_tries(*[3] * 5), *_logins(5), hit=None),
        example("near miss: one account alone", *_tries(30), hit=None),
    ),
)
