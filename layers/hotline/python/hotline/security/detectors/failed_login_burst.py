"""Many failed logins on one account in a short time: somebody is guessing.

The lock itself is made at once by lockout, from five failures on, and needs no scan. This rule finds guessing that goes
on against the lock, and says whether it comes from many places. One device of the owner's with an old password looks
otherwise. It has no effect on the account. Anybody can shut an owner out by failing often enough, so failures alone
must do no more than lockout's own short locks. Source: OWASP ASVS 5.0, 6.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from .rule import Detector, Event, Hit, Severity, example

FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=15)
"""Ten is the limit of Auth0 (by address and account), Microsoft Entra's smart lockout and PCI DSS 4 (8.3.4: at most
ten). Fifteen minutes is the window of the CIS benchmarks and of Matano. Five, as fail2ban has it, is a number that
customers reach by themselves. A replay of 13 million logins gave 17 false hits in 10,000 good logins at five in five
minutes."""
SOURCES_DISTRIBUTED: Final = 5
"""From so many devices or addresses on it is a distributed attack (Elastic's rule for Okta: five addresses and ten
tries)."""
QUIET: Final = timedelta(hours=1)
"""Panther's usual time within which further hits count into the open alert."""

_FAILED: Final = "login.failed"


def _judge(events: Sequence[Event]) -> Iterator[Hit]:
    failures = [event for event in events if event.type == _FAILED]
    for index, (first, last) in enumerate(zip(failures, failures[FAILURES - 1 :], strict=False)):
        if last.at - first.at <= WINDOW:
            within = [failure for failure in failures[index:] if failure.at - first.at <= WINDOW]
            sources = len({_source(failure) for failure in within})
            distributed = "yes" if sources >= SOURCES_DISTRIBUTED else "no"
            facts = {"failures": len(within), "sources": sources}
            yield Hit(first.at, within[-1].at, {**facts, "distributed": distributed})


def _source(failure: Event) -> str | int:
    """The device when it is known, else the address; logins of which neither is known have one source."""
    return failure.values.get("device", failure.values.get("ip", "-"))


def _failures(*minutes: float, sources: int = 1) -> list[tuple[float, str, Mapping[str, str | int]]]:
    return [(minute, _FAILED, {"ip": f"address-{number % sources}"}) for number, minute in enumerate(minutes)]


_APART: Final = 5 / 3
"""Minutes between ten failures that just fill the window."""

DETECTOR: Final = Detector(
    rule="failed_login_burst",
    version=1,
    severity=Severity.MEDIUM,
    window=WINDOW,
    quiet=QUIET,
    watches={_FAILED: ("device", "ip")},
    holds=False,
    runbook=(
        "Look at the number of sources first. One source, and a success soon after: most likely the owner with an old "
        "password; nothing to do. Several sources: the password list of some other site is being tried. See whether a "
        "login succeeded after the burst; if so, call the owner on the number of record and have the password replaced "
        "and the account frozen until they answer. Do not unlock because a caller says that it was they who failed."
    ),
    judge=_judge,
    examples=(
        example("ten in nine minutes", *_failures(*range(10)), hit=0),
        example("ten that just fill the window", *_failures(*(n * _APART for n in range(10))), hit=0),
        example("a late burst after single slips", *_failures(0, 60, 120, *range(300, 310)), hit=300),
        example("from ten places", *_failures(*range(10), sources=10), hit=0),
        example("eleven in ten minutes", *_failures(*range(11)), hit=0),
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
