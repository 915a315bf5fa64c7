"""An agent unmasks data of many different accounts within an hour: somebody collects numbers and addresses.

Telephone numbers are masked at the desk, and seldom needed in full. A finding has no effect on the agent or on any
account; a supervisor asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .agent_deeds import count_accounts
from .examples import tell_deeds
from .history import History
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Stream, example

UNMASKINGS: Final = frozenset({"agent.unmask", "agent.unmask_beyond"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Own figure, which nobody publishes: as many as half the calls of a busy agent. The desk itself refuses beyond
    ten an hour without a second person (agents/limits.py). With one there is no limit, so those count as well."""

    accounts: int = 6
    window_ms: int = HOUR_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `count_accounts`."""
    if event.type not in UNMASKINGS:
        return NO_HITS
    return count_accounts(state, event, accounts=limits.accounts, window_ms=limits.window_ms, quiet_ms=limits.quiet_ms)


_MINUTES: Final = Limits().window_ms / MINUTE_MS
_MANY: Final = Limits().accounts

DETECTOR: Final = Detector(
    rule="agent_unmasking",
    version=1,
    severity=Severity.MEDIUM,
    stream=Stream.AGENT,
    listens=frozenset({Signal.AGENT_ACTED}),
    needs=frozenset({"account"}),
    needs_one=UNMASKINGS,
    limits=Limits(),
    positive=frozenset({"accounts"}),
    is_published=False,
    runbook=(
        "Read the agent's trail of that hour at the desk: each unmasking has its case and its reason, and those with "
        "a second person have their name. Compare with the calls of that hour. If there was no call or no case that "
        "needs the number, ask the supervisor before the agent, and the second person apart from both. If data was "
        "taken, take the access away first, and tell whoever is responsible for data protection the same day."
    ),
    step=step,
    examples=(
        example("six accounts that just fill the hour", *tell_deeds("unmask", _MANY, over=_MINUTES), hit=0),
        example("six in a minute", *tell_deeds("unmask", _MANY, over=1), hit=0),
        example(
            "alone and with a second person",
            *tell_deeds("unmask", 3, over=10),
            *((20 + n, "agent.unmask_beyond", {"account": f"other-{n}", "case": "case-0"}) for n in range(_MANY - 3)),
            hit=0,
        ),
        example("near miss: five accounts", *tell_deeds("unmask", _MANY - 1, over=5), hit=None),
        example("near miss: ten times at five accounts", *tell_deeds("unmask", 10, over=20, of=_MANY - 1), hit=None),
        example("near miss: a moment more than the hour", *tell_deeds("unmask", _MANY, over=_MINUTES + 0.01), hit=None),
        example("near miss: looks alone", *tell_deeds("looked_up", 20, over=30), hit=None),
    ),
)
