"""Two-step login is off: whoever has the password is in.

This is a state and no event. It is one finding from the moment that it is known, and is withdrawn once two-step login
is on. Nobody is to look at it; the check-up of the account's owner names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .rule import NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .states import note_state


@dataclass(frozen=True, slots=True)
class Limits:
    """Nothing to set: OWASP ASVS 5.0, 6.3.3, asks for a second factor, and no norm asks for a finding on each account
    without one. So the rule is off until somebody wants it."""


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: that of `note_state`."""
    on = event.values.get("on" if signal == Signal.TWO_STEP_CHANGED else "two_step")
    return NO_HITS if on is None else note_state(state, event, is_weak=not on, facts={})


def _profile(minute: float, two_step: int | None, type_: str = "account.updated") -> Told:
    return (minute, type_, {"points": 2} if two_step is None else {"points": 2, "two_step": two_step})


def _switch(minute: float, on: int) -> Told:
    return (minute, "two_step.changed", {"on": on})


DETECTOR: Final = Detector(
    rule="no_second_factor",
    version=1,
    severity=Severity.LOW,
    listens=frozenset({Signal.PROFILE_TOLD, Signal.TWO_STEP_CHANGED}),
    needs_one=frozenset({"two_step", "on"}),
    limits=Limits(),
    is_published=False,
    runbook=(
        "Nothing to do for a person. The check-up tells the owner that two-step login is off and how to switch it on. "
        "If they call about something else and have time, offer it; never switch it on or off for them, and never ask "
        "for a code. If it was switched off a short while ago and the owner does not know of it, treat the account as "
        "taken over: freeze it, and have the password replaced."
    ),
    step=step,
    examples=(
        example("opened without", _profile(0, 0, "account.opened"), hit=0),
        example("told several times", _profile(0, 0), _profile(5, 0), _profile(9, None), hit=0),
        example("switched off later", _profile(0, 1), _switch(10, 0), hit=10),
        example("switched on and off again", _profile(0, 0), _switch(10, 1), _switch(20, 0), hit=20),
        example("near miss: opened with", _profile(0, 1, "account.opened"), hit=None),
        example("near miss: nobody says", _profile(0, None), hit=None),
        example("near miss: switched on afterwards", _profile(0, 0), _switch(10, 1), hit=None),
        example("near miss: told as on afterwards", _profile(0, 0), _profile(10, 1), hit=None),
    ),
)
