"""A second person approves request after request within minutes: somebody does not look at what they approve.

The second person is what keeps one agent from acting alone. A finding has no effect on anybody; a supervisor asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .agent_deeds import count_accounts
from .examples import tell_deeds
from .history import History
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Stream, example

APPROVALS: Final = frozenset({"agent.approval_approved"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Own figure, which nobody publishes: one a minute for five minutes. The desk itself refuses beyond twenty
    decisions an hour (agents/limits.py: somebody who approves each three minutes does not look)."""

    approvals: int = 5
    window_ms: int = 5 * MINUTE_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `count_accounts`."""
    if event.type not in APPROVALS:
        return NO_HITS
    return count_accounts(
        state, event, accounts=limits.approvals, window_ms=limits.window_ms, quiet_ms=limits.quiet_ms, different=False
    )


_MINUTES: Final = Limits().window_ms / MINUTE_MS
_MANY: Final = Limits().approvals

DETECTOR: Final = Detector(
    rule="agent_approvals",
    version=1,
    severity=Severity.MEDIUM,
    stream=Stream.AGENT,
    listens=frozenset({Signal.AGENT_ACTED}),
    needs=frozenset({"agent.approval_approved"}),
    limits=Limits(),
    positive=frozenset({"approvals"}),
    is_published=False,
    runbook=(
        "Read the approvals at the desk: who asked, for what, and what the case says. See whether it was always the "
        "same agent who asked. Have another supervisor decide on the same requests again, without the first word. If "
        "they would have refused one, undo what can be undone, call its customer on a contact point of record, and "
        "speak with both people apart. If all were right, say that approving takes longer than a minute."
    ),
    step=step,
    examples=(
        example("five that just fill five minutes", *tell_deeds("approval_approved", _MANY, over=_MINUTES), hit=0),
        example("five for one account", *tell_deeds("approval_approved", _MANY, over=3, of=1), hit=0),
        example("twenty in ten minutes", *tell_deeds("approval_approved", 20, over=10), hit=0),
        example("near miss: four", *tell_deeds("approval_approved", _MANY - 1, over=1), hit=None),
        example("near miss: a moment more", *tell_deeds("approval_approved", _MANY, over=_MINUTES + 0.01), hit=None),
        example("near miss: denied", *tell_deeds("approval_denied", 10, over=5), hit=None),
        example("near miss: asked", *tell_deeds("approval_asked", 10, over=5), hit=None),
    ),
)
