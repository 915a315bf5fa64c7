"""One contact point alone, or none: whoever loses that telephone cannot prove who they are any more.

This is a state and no event. It is one finding from the moment that it is known, and is withdrawn once there is a
second contact point. Nobody is to look at it; the check-up of the account's owner names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .rule import NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .states import note_state

_CHANGES: Final = {"added": 1, "removed": -1}


@dataclass(frozen=True, slots=True)
class Limits:
    """Own figure: the hotline's own recovery asks for two factors (identity/policy.py), and no norm asks for a finding
    on each account with one. So the rule is off until somebody wants it."""

    points: int = 2


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `points`, how many are live, once a profile was told, and that of `note_state`."""
    points = event.values.get("points")
    if signal == Signal.POINT_CHANGED and "points" in state:
        points = max(0, state["points"] + _CHANGES.get(event.values.get("change", ""), 0))
    if points is None:
        return NO_HITS
    state["points"] = points
    return note_state(state, event, is_weak=points < limits.points, facts={"points": points})


def _profile(minute: float, points: int | None, type_: str = "account.updated") -> Told:
    return (minute, type_, {"two_step": 1} if points is None else {"two_step": 1, "points": points})


def _change(minute: float, change: str) -> Told:
    return (minute, "contact_point.changed", {"kind": "phone", "reassigned": 0, "change": change})


DETECTOR: Final = Detector(
    rule="one_contact_point",
    version=1,
    severity=Severity.LOW,
    listens=frozenset({Signal.PROFILE_TOLD, Signal.POINT_CHANGED}),
    needs=frozenset({"points"}),
    limits=Limits(),
    is_published=False,
    runbook=(
        "Nothing to do for a person. The check-up tells the owner that they have one contact point, and how to add "
        "another in the app. If they call about something else and have time, say so; a contact point is never added "
        "by telephone without the proof that its change needs. If a second one was removed a short while ago and the "
        "owner does not know of it, treat the account as taken over."
    ),
    step=step,
    examples=(
        example("opened with one", _profile(0, 1, "account.opened"), hit=0),
        example("opened with none", _profile(0, 0, "account.opened"), hit=0),
        example("told several times", _profile(0, 1), _profile(5, 1), _profile(9, None), hit=0),
        example("one of two removed", _profile(0, 2), _change(10, "removed"), hit=10),
        example("the only one replaced", _profile(0, 1), _change(10, "replaced"), hit=0),
        example("near miss: opened with two", _profile(0, 2, "account.opened"), hit=None),
        example("near miss: one of three removed", _profile(0, 3), _change(10, "removed"), hit=None),
        example("near miss: one of two replaced", _profile(0, 2), _change(10, "replaced"), hit=None),
        example("near miss: another one added", _profile(0, 1), _change(10, "added"), hit=None),
        example("near miss: nobody says how many", _profile(0, None), _change(10, "removed"), hit=None),
    ),
)
