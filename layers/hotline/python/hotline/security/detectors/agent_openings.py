"""An agent lets people in at many different accounts within an hour: unlocks, new passwords, releases in a row.

Somebody may be bribed, pressed, or talked round. One customer often needs two or three of them. A finding has no
effect on the agent or on any account; a supervisor asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .agent_deeds import count_accounts
from .examples import tell_deeds
from .history import History
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Stream, example

OPENINGS: Final = frozenset(
    f"agent.{word}"
    for word in (
        "unlock",
        "unlock_unproved",
        "reset_grant",
        "reset_grant_unproved",
        "end_pause",
        "unfreeze",
        "unfreeze_unproved",
        "release_hold",
        "new_row",
        "new_row_unproved",
        "contact_change",
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Own figure, which nobody publishes: half of the twenty that the desk allows in an hour (agents/limits.py, which
    counts the same deeds), on different accounts. A busy agent has ten calls an hour, and few of them are about
    locks."""

    accounts: int = 10
    window_ms: int = HOUR_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `count_accounts`."""
    if event.type not in OPENINGS:
        return NO_HITS
    return count_accounts(state, event, accounts=limits.accounts, window_ms=limits.window_ms, quiet_ms=limits.quiet_ms)


_MINUTES: Final = Limits().window_ms / MINUTE_MS
_MANY: Final = Limits().accounts

DETECTOR: Final = Detector(
    rule="agent_openings",
    version=1,
    severity=Severity.MEDIUM,
    stream=Stream.AGENT,
    listens=frozenset({Signal.AGENT_ACTED}),
    needs=frozenset({"account"}),
    needs_one=OPENINGS,
    limits=Limits(),
    positive=frozenset({"accounts"}),
    is_published=False,
    runbook=(
        "See whether many customers were locked out at that time, by an outage or by an attack: then agents unlock "
        "all day. Else read the agent's trail: each deed names its case and how the customer proved who they are. "
        "Call some of the owners on contact points of record and ask whether they called. If one did not, freeze all "
        "of those accounts, take the agent's access away, and only then speak with the agent, with a supervisor."
    ),
    step=step,
    examples=(
        example("ten accounts that just fill the hour", *tell_deeds("unlock", _MANY, over=_MINUTES), hit=0),
        example("fifteen in ten minutes", *tell_deeds("reset_grant", 15, over=10), hit=0),
        *(
            example(
                f"ten of which one is {word}",
                *tell_deeds("unlock", _MANY - 1, over=20),
                (30, word, {"account": "other", "case": "case-0"}),
                hit=0,
            )
            for word in sorted(OPENINGS)
        ),
        example("near miss: nine accounts", *tell_deeds("unlock", _MANY - 1, over=5), hit=None),
        example(
            "near miss: unlocked and given a password, nine times",
            *tell_deeds("unlock", _MANY - 1, over=30),
            *tell_deeds("reset_grant", _MANY - 1, over=30, begin=1),
            hit=None,
        ),
        example("near miss: a moment more than the hour", *tell_deeds("unlock", _MANY, over=_MINUTES + 0.01), hit=None),
        example("near miss: freezes", *tell_deeds("freeze", 20, over=30), hit=None),
    ),
)
