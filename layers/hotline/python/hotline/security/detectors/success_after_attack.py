"""Somebody got in soon after the account was attacked, from a source that the account does not know.

Failures alone are noise. A login after them is the real incident. The owner with an old password ends the same way,
but from their own device or address. So a source from which they got in before the attack
is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from . import distributed_guessing
from .distributed_guessing import RELATIONS, is_distributed, keep_try
from .history import History
from .rule import (
    EVIDENCE_MAX,
    HOUR_MS,
    MINUTE_MS,
    NO_HITS,
    Detector,
    Event,
    Hit,
    Severity,
    Signal,
    State,
    Told,
    at_most,
    example,
)

_FAILED: Final = Signal.LOGIN_FAILED.value
KNOWN_MAX: Final = 16
"""So many addresses and devices of an account are known, among them at least the last half as many that were used."""


@dataclass(frozen=True, slots=True)
class Limits(distributed_guessing.Limits):
    """Elastic raises a success up to 180 min after an alert of an attack, as High. An attack is what the rules
    failed_login_burst (ten in 15 min) and distributed_guessing find, with their limits."""

    burst: int = 10
    burst_ms: int = 15 * MINUTE_MS
    success_ms: int = 3 * HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `tries` as in distributed_guessing. `attack` [beginning, last try, tries, whether
    it was distributed, ids] while one is on. `known`: the marks of addresses and devices, those that were not
    used for long in front."""
    if signal == _FAILED:
        _note_attack(state, event, limits)
        return NO_HITS
    source = event.source
    known: list[int] = state.get("known") or state.setdefault("known", [])
    attack = state.get("attack")
    if attack is None or event.at_ms - attack[1] > limits.success_ms:
        state.pop("attack", None)
        if len(known) < 2 or known[-1] != source[1] or known[-2] != source[0]:
            _remember(known, source)
        return NO_HITS
    if any(one in known for one in source if one):
        return NO_HITS
    # Further tries are another attack, with a beginning of their own.
    del state["attack"], state["tries"]
    began_ms, last_ms, failures, distributed, ids = attack
    facts = {
        "failures": failures,
        "distributed": "yes" if distributed else "no",
        "minutes_after": (event.at_ms - last_ms) // MINUTE_MS,
    }
    return (Hit(began_ms, event.at_ms, facts, (*ids, event.id)),)


def _note_attack(state: State, event: Event, limits: Limits) -> None:
    tries = keep_try(state, event, limits)
    if len(tries) < limits.burst:
        return
    distributed = is_distributed(tries, limits)
    if not distributed and event.at_ms - tries[-limits.burst][0] > limits.burst_ms:
        return
    attack = state.get("attack")
    ids = [entry[1] for entry in tries[1 - EVIDENCE_MAX :]]
    if attack is None or event.at_ms - attack[1] > limits.success_ms:
        began_ms = (tries if distributed else tries[-limits.burst :])[0][0]
        state["attack"] = [began_ms, event.at_ms, len(tries), int(distributed), ids]
    else:
        state["attack"] = [attack[0], event.at_ms, attack[2] + 1, int(attack[3] or distributed), ids]


def _remember(known: list[int], source: tuple[int, int]) -> None:
    """Let the marks be among the last ones known. One that is among the younger half stays in its place: a memory that
    changed with each login would be written with each. A source that is used while an attack is on is not learned: it
    may be the attacker's."""
    for one in source:
        if not one:
            continue
        if one not in known:
            known.append(one)
        elif one not in known[-KNOWN_MAX // 2 :]:
            known.remove(one)
            known.append(one)
    del known[:-KNOWN_MAX]


_OWN: Final = {"ip": "address-own", "device": "device-own"}
_OTHER: Final = {"ip": "address-other", "device": "device-other"}
_AFTER: Final = Limits().success_ms / MINUTE_MS
_LAST: Final = 9
"""The minute of the last failure of `_burst`."""


def _burst(failures: int = 10, *, apart: float = 1) -> list[Told]:
    return [(apart * number, "login.failed", _OTHER) for number in range(failures)]


def _spread(addresses: int) -> list[Told]:
    """Ten tries in 27 minutes, too slow for a burst."""
    return [
        (3 * number, "login.failed", {"ip": f"address-{number % addresses}", "country": f"country-{number % 2}"})
        for number in range(10)
    ]


def _login(minute: float, values: dict[str, str]) -> Told:
    return (minute, "login.succeeded", values)


DETECTOR: Final = Detector(
    rule="success_after_attack",
    version=1,
    severity=Severity.HIGH,
    listens=frozenset({Signal.LOGIN_FAILED, Signal.LOGIN_SUCCEEDED}),
    needs=frozenset({"login.failed", "login.succeeded"}),
    limits=Limits(),
    relations=(
        *RELATIONS,
        at_most("burst_ms", "window_ms", "no tries are kept for longer than the window"),
    ),
    is_published=True,
    runbook=(
        "Call the owner at once on a contact point confirmed before the attack. Ask where and with what they signed "
        "in, and do not tell them what you see. If it was they, with a new phone or away from home, note it. If not, "
        "or if nobody answers: freeze the account, have all sessions ended and the password replaced after a full "
        "proof of identity, and look at the contact points, devices and movements since the login."
    ),
    step=step,
    examples=(
        example("a burst, then a stranger is in", *_burst(), _login(10, _OTHER), hit=0),
        example("the account is known from elsewhere", _login(-3000, _OWN), *_burst(), _login(10, _OTHER), hit=0),
        example("at the last moment", *_burst(), _login(_LAST + _AFTER, _OTHER), hit=0),
        example("a burst that just fills its window", *_burst(apart=5 / 3), _login(20, _OTHER), hit=0),
        example("after distributed guessing", *_spread(5), _login(60, _OTHER), hit=0),
        example("the source says nothing of itself", *_burst(), _login(10, {}), hit=0),
        example(
            "the owner is in between, then the stranger",
            _login(-3000, _OWN),
            *_burst(),
            _login(10, _OWN),
            _login(30, _OTHER),
            hit=0,
        ),
        example("the guesser is in twice", *_burst(), _login(10, _OTHER), _login(20, _OTHER), hit=0),
        example("near miss: nine failures", *_burst(9), _login(10, _OTHER), hit=None),
        example("near miss: ten too slow for a burst", *_burst(apart=1.67), _login(20, _OTHER), hit=None),
        example("near miss: from too few addresses", *_spread(4), _login(60, _OTHER), hit=None),
        example("near miss: a moment too late", *_burst(), _login(_LAST + _AFTER + 0.01, _OTHER), hit=None),
        example("near miss: the owner's own device", _login(-3000, _OWN), *_burst(), _login(10, _OWN), hit=None),
        example(
            "near miss: the owner's device at another address",
            _login(-3000, _OWN),
            *_burst(),
            _login(10, {**_OWN, "ip": "address-hotel"}),
            hit=None,
        ),
        example(
            "near miss: another device at the owner's address",
            _login(-3000, _OWN),
            *_burst(),
            _login(10, {**_OWN, "device": "device-new"}),
            hit=None,
        ),
        example("near miss: the success comes before", _login(-1, _OTHER), *_burst(), hit=None),
    ),
)
