"""Many failed logins on one account in a short time: somebody is guessing.

The lock itself is made at once by lockout, from five failures on, and needs no scan. This rule finds guessing that goes
on against the lock. One device of the owner's with an old password looks the same, so it has no effect on the account.
Anybody can shut an owner out by failing often enough: failures alone must do no more than lockout's own short locks.
Source: OWASP ASVS 5.0, 6.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .ongoing import find_many
from .rule import HOUR_MS, MINUTE_MS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .windows import slide


@dataclass(frozen=True, slots=True)
class Limits:
    """Ten is the limit of Auth0 (by address and account), Microsoft Entra's smart lockout and PCI DSS 4 (8.3.4: at most
    ten). Fifteen minutes is the window of the CIS benchmarks and of Matano. Five, as fail2ban has it, is a number that
    customers reach by themselves. A replay of 13 million logins gave 17 false hits in 10,000 good logins at five in
    five minutes. An hour is Panther's usual time within which further hits count into the open alert."""

    failures: int = 10
    window_ms: int = 15 * MINUTE_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `failures` [time, id] of one window, and that of `find_many`."""
    failures = state.setdefault("failures", [])
    slide(failures, [event.at_ms, event.id], span_ms=limits.window_ms, kept_max=limits.failures)
    return find_many(state, event, failures, fact="failures", count=limits.failures, quiet_ms=limits.quiet_ms)


def _failures(*minutes: float) -> list[Told]:
    return [(minute, "login.failed", {"ip": "address-0"}) for minute in minutes]


_APART: Final = 5 / 3
"""Minutes between ten failures that just fill the window."""

DETECTOR: Final = Detector(
    rule="failed_login_burst",
    version=3,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.LOGIN_FAILED}),
    needs=frozenset({"login.failed"}),
    limits=Limits(),
    positive=frozenset({"failures"}),
    is_published=True,
    runbook=(
        "See whether a login succeeded soon after, and from where. One source and a success: most likely the owner "
        "with an old password; nothing to do. If somebody else is in: call the owner on the number of record, and "
        "have the password replaced and the account frozen until they answer. Do not unlock because a caller says "
        "that it was they who failed."
    ),
    step=step,
    examples=(
        example("ten in nine minutes", *_failures(*range(10)), hit=0),
        example("ten that just fill the window", *_failures(*(n * _APART for n in range(10))), hit=0),
        example("a late burst after single slips", *_failures(0, 60, 120, *range(300, 310)), hit=300),
        example("eleven in ten minutes", *_failures(*range(11)), hit=0),
        example("two bursts an hour apart", *_failures(*range(10), *range(60, 70)), hit=(0, 60)),
        example("near miss: nine", *_failures(*range(9)), hit=None),
        example("near miss: ten in a moment more than the window", *_failures(*range(9), 15.01), hit=None),
        example("near miss: a slow guesser", *_failures(*range(0, 200, 10)), hit=None),
        example(
            "near miss: nine failures, then the owner is in",
            *_failures(*range(9)),
            (9, "login.succeeded", {"ip": "address-0"}),
            hit=None,
        ),
    ),
)
