"""A password that is all there is, and that is old: whoever learned it in years of use is in.

This is a state and no event. Time alone tells nobody, so it is noticed at a login. It is withdrawn once the password is
another one or two-step login is on. The finding asks nobody to change a password: two-step login mends it as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .history import History
from .rule import DAY_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example
from .states import note_state


@dataclass(frozen=True, slots=True)
class Limits:
    """PCI DSS 4.0.1, 8.3.9: a password that is the only factor is changed every 90 days. NIST SP 800-63B-4, 3.1.1.2,
    forbids to demand that without a compromise. So the rule is off, and its finding points to two-step login."""

    age_ms: int = 90 * DAY_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `since`, when the password was set at the latest, `alone` while it is known that
    two-step login is off, and that of `note_state`. A password from before the first event is of unknown age."""
    if signal == Signal.LOGIN_SUCCEEDED:
        since_ms = state.get("since")
        if since_ms is None or "alone" not in state or event.at_ms - since_ms < limits.age_ms:
            return NO_HITS
        days = (event.at_ms - since_ms) // DAY_MS
        return note_state(state, event, is_weak=True, facts={"days": days})
    if signal == Signal.PASSWORD_CHANGED or event.type == "account.opened":
        state["since"] = event.at_ms
    on = event.values.get("on" if signal == Signal.TWO_STEP_CHANGED else "two_step")
    if on:
        state.pop("alone", None)
    elif on is not None:
        state["alone"] = 1
    if on or signal == Signal.PASSWORD_CHANGED:
        return note_state(state, event, is_weak=False, facts={})
    return NO_HITS


def _profile(minute: float, two_step: int, type_: str = "account.opened") -> Told:
    return (minute, type_, {"points": 2, "two_step": two_step})


def _login(minute: float) -> Told:
    return (minute, "login.succeeded", {"kind": "password", "ip": "a"})


def _changed(minute: float) -> Told:
    return (minute, "password.changed", {})


_AGE: Final = Limits().age_ms / MINUTE_MS

DETECTOR: Final = Detector(
    rule="stale_password",
    version=1,
    severity=Severity.LOW,
    listens=frozenset({Signal.LOGIN_SUCCEEDED, Signal.PROFILE_TOLD, Signal.TWO_STEP_CHANGED, Signal.PASSWORD_CHANGED}),
    wakes=frozenset({Signal.PROFILE_TOLD, Signal.TWO_STEP_CHANGED, Signal.PASSWORD_CHANGED}),
    needs_one=frozenset({"two_step", "on"}),
    limits=Limits(),
    is_published=False,
    runbook=(
        "Nothing to do for a person. Where the owner calls about something else and has time, offer two-step login; it "
        "protects more than another password. Never ask for the password, and do not have it changed for its age "
        "alone. Where the owner tells that somebody else knows it, or that it is used elsewhere, have them set a new "
        "one in the app."
    ),
    step=step,
    examples=(
        example("at the first login of the ninetieth day", _profile(0, 0), _login(_AGE), hit=_AGE),
        example("several logins are one", _profile(0, 0), _login(_AGE), _login(_AGE + 5), hit=_AGE),
        example("changed once, and old again", _profile(0, 0), _changed(10), _login(_AGE + 10), hit=_AGE + 10),
        example(
            "two-step login goes off",
            _profile(0, 1),
            (20, "two_step.changed", {"on": 0}),
            _login(_AGE),
            hit=_AGE,
        ),
        example("near miss: a moment younger", _profile(0, 0), _login(_AGE - 0.01), hit=None),
        example("near miss: two-step login is on", _profile(0, 1), _login(_AGE), hit=None),
        example("near miss: nobody says", _changed(0), _login(_AGE), hit=None),
        example(
            "near miss: told later as on", _profile(0, 0), _profile(5, 1, "account.updated"), _login(_AGE), hit=None
        ),
        example("near miss: of unknown age", _profile(0, 0, "account.updated"), _login(_AGE), hit=None),
        example("near miss: changed", _profile(0, 0), _changed(_AGE - 1), _login(_AGE), hit=None),
        example("near miss: changed afterwards", _profile(0, 0), _login(_AGE), _changed(_AGE + 1), hit=None),
        example(
            "near miss: two-step login goes on afterwards",
            _profile(0, 0),
            _login(_AGE),
            (_AGE + 1, "two_step.changed", {"on": 1}),
            hit=None,
        ),
    ),
)
