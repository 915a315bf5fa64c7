"""Many codes sent to one account in a short time: somebody tries to get in by them, or to wear the owner out.

Codes by which a payment is confirmed do not count: a busy afternoon in shops has as many. A finding has no effect on
the account; the hotline's own budgets already bound what it sends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .ongoing import find_many
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .windows import slide

EVERYDAY_PURPOSE: Final = "payment"


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic's rule for Okta: five messages for a reset or an unlock to one user in 60 min. An hour is also Panther's
    usual time within which further hits count into the open alert."""

    codes: int = 5
    window_ms: int = HOUR_MS
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `codes` [time, id] of one window, and that of `find_many`."""
    if event.values.get("purpose") == EVERYDAY_PURPOSE:
        return NO_HITS
    codes = state.setdefault("codes", [])
    slide(codes, [event.at_ms, event.id], span_ms=limits.window_ms, kept_max=limits.codes)
    return find_many(state, event, codes, fact="codes", count=limits.codes, quiet_ms=limits.quiet_ms)


_END: Final = Limits().window_ms / MINUTE_MS


def _codes(*minutes: float, purpose: str = "reset") -> list[Told]:
    return [(minute, "code.sent", {"purpose": purpose}) for minute in minutes]


DETECTOR: Final = Detector(
    rule="code_flooding",
    version=2,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.CODE_SENT}),
    needs=frozenset({"code.sent"}),
    limits=Limits(),
    positive=frozenset({"codes"}),
    is_published=True,
    runbook=(
        "See whether a code was used: a login, a new password or a changed contact point since. If one was, call the "
        "owner on a contact point confirmed before the first code, and freeze the account if it was not they. If none "
        "was, it is an owner whose messages come late, or a nuisance: tell them never to read a code to anybody, also "
        "not to somebody who says that they call from the wallet."
    ),
    step=step,
    examples=(
        example("five in ten minutes", *_codes(0, 2, 4, 6, 10), hit=0),
        example("five that just fill the window", *_codes(0, 15, 30, 45, _END), hit=0),
        example(
            "codes for several things",
            *_codes(0, 10),
            *_codes(20, 30, purpose="login"),
            *_codes(40, purpose="hotline"),
            hit=0,
        ),
        example("an hour later again", *_codes(0, 1, 2, 3, 4), *_codes(60, 61, 62, 63, 64), hit=(0, 60)),
        example("two before, five later", *_codes(0, 40, 90, 91, 92, 93), hit=40),
        example("near miss: four", *_codes(0, 1, 2, 3), hit=None),
        example("near miss: a moment more than the window", *_codes(0, 15, 30, 45, _END + 0.01), hit=None),
        example("near miss: four, and a payment", *_codes(0, 1, 2, 3), *_codes(4, purpose="payment"), hit=None),
        example("near miss: an afternoon in shops", *_codes(*range(0, 60, 5), purpose="payment"), hit=None),
    ),
)
