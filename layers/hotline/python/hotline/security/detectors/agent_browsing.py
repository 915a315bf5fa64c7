"""An agent looks up many different accounts within an hour: somebody collects customers' data.

Agents look up whom they talk to, some ten an hour. A finding has no effect on the agent or on any account; a
supervisor asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .agent_deeds import count_accounts
from .examples import tell_deeds
from .history import History
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Stream, example

LOOKS: Final = frozenset({"agent.looked_up"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Own figure, which nobody publishes: three times the ten calls an hour of a busy agent. The desk itself refuses
    beyond 60 looks an hour (agents/limits.py), and one customer takes several."""

    accounts: int = 30
    window_ms: int = HOUR_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `count_accounts`."""
    if event.type not in LOOKS:
        return NO_HITS
    return count_accounts(state, event, accounts=limits.accounts, window_ms=limits.window_ms, quiet_ms=limits.quiet_ms)


_MINUTES: Final = Limits().window_ms / MINUTE_MS
_MANY: Final = Limits().accounts

DETECTOR: Final = Detector(
    rule="agent_browsing",
    version=1,
    severity=Severity.MEDIUM,
    stream=Stream.AGENT,
    listens=frozenset({Signal.AGENT_ACTED}),
    needs=frozenset({"agent.looked_up", "account"}),
    limits=Limits(),
    positive=frozenset({"accounts"}),
    is_published=False,
    runbook=(
        "Read the agent's trail of that hour at the desk: for each look the case and the reason are there. A queue "
        "that was worked off, or a training, has cases that fit. If cases are missing or do not fit, ask the agent's "
        "supervisor, who is not the agent's friend, before you ask the agent. If data was taken, take the agent's "
        "access away first, and tell whoever is responsible for data protection the same day."
    ),
    step=step,
    examples=(
        example("thirty accounts that just fill the hour", *tell_deeds("looked_up", _MANY, over=_MINUTES), hit=0),
        example("fifty in ten minutes", *tell_deeds("looked_up", 50, over=10), hit=0),
        example(
            "thirty among many looks at each",
            *tell_deeds("looked_up", 2 * _MANY, over=50, of=_MANY),
            hit=0,
        ),
        example(
            "an hour later again",
            *tell_deeds("looked_up", _MANY, over=20),
            *tell_deeds("looked_up", _MANY, over=20, begin=_MINUTES),
            hit=(0, _MINUTES),
        ),
        example("near miss: 29 accounts", *tell_deeds("looked_up", _MANY - 1, over=20), hit=None),
        example("near miss: sixty looks at 29 accounts", *tell_deeds("looked_up", 60, over=50, of=_MANY - 1), hit=None),
        example(
            "near miss: a moment more than the hour", *tell_deeds("looked_up", _MANY, over=_MINUTES + 0.01), hit=None
        ),
        example("near miss: thirty refunds reviewed", *tell_deeds("review_refund", _MANY, over=20), hit=None),
    ),
)
