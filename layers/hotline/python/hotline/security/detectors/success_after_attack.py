"""Somebody got in soon after the account was attacked, from a source that the account does not know.

Failures alone are noise. A login after them is the real incident. The owner with an old password ends the same way,
but from their own device or address. So a source from which they got in before the attack is no finding.

An owner who mistypes before each login never gets in without an attack. So a device is learned that alone tried and
got in on several days. Each of these days is a finding, so a guesser gains nothing by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from . import distributed_guessing
from .distributed_guessing import RELATIONS, is_distributed, keep_try
from .history import History
from .rule import (
    DAY_MS,
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
    failed_login_burst (ten in 15 min) and distributed_guessing find, with their limits. Nobody publishes after how many
    findings a source is the owner's. Three is `Familiar.found_days` of journeys: people have judged it three times."""

    burst: int = 10
    burst_ms: int = 15 * MINUTE_MS
    success_ms: int = 3 * HOUR_MS
    own_days: int = 3
    """The days on which a device was found that alone tried and got in, before it is known."""


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `tries` as in distributed_guessing. `attack` [beginning, last try, tries, whether
    it was distributed, ids, the mark of the device of all tries or 0] while one is on. `known`: the marks of addresses
    and devices, those that were not used for long in front. `own` [mark, last day, days before] of a device that was
    found and alone tried and got in."""
    if signal == _FAILED:
        _note_attack(state, event, limits)
        return NO_HITS
    source = event.source
    known: list[int] = state.get("known") or state.setdefault("known", [])
    attack = state.get("attack")
    if attack is None or event.at_ms - attack[1] > limits.success_ms:
        state.pop("attack", None)
        state.pop("own", None)
        if len(known) < 2 or known[-1] != source[1] or known[-2] != source[0]:
            _remember(known, source)
        return NO_HITS
    if any(one in known for one in source if one):
        state.pop("own", None)
        return NO_HITS
    if _learn_own(state, event, attack[5], limits):
        return NO_HITS
    # Further tries are another attack, with a beginning of their own.
    del state["attack"], state["tries"]
    began_ms, last_ms, failures, distributed, ids, _ = attack
    facts = {
        "failures": failures,
        "distributed": "yes" if distributed else "no",
        "minutes_after": (event.at_ms - last_ms) // MINUTE_MS,
    }
    return (Hit(began_ms, event.at_ms, facts, (*ids, event.id)),)


def _note_attack(state: State, event: Event, limits: Limits) -> None:
    tries = keep_try(state, event, limits)
    attack, device = state.get("attack"), event.source[1]
    if attack is not None and attack[5] != device:
        attack[5] = 0
    if "own" in state and state["own"][0] != device:
        del state["own"]
    if len(tries) < limits.burst:
        return
    distributed = is_distributed(tries, limits)
    if not distributed and event.at_ms - tries[-limits.burst][0] > limits.burst_ms:
        return
    ids = [entry[1] for entry in tries[1 - EVIDENCE_MAX :]]
    if attack is None or event.at_ms - attack[1] > limits.success_ms:
        began_ms = (tries if distributed else tries[-limits.burst :])[0][0]
        tried = device if all(entry[4] == device for entry in tries) else 0
        state["attack"] = [began_ms, event.at_ms, len(tries), int(distributed), ids, tried]
    else:
        state["attack"] = [attack[0], event.at_ms, attack[2] + 1, int(attack[3] or distributed), ids, attack[5]]


def _learn_own(state: State, event: Event, tried: int, limits: Limits) -> bool:
    """Learn the device of a login after an attack, if it was found on enough earlier days and nobody else tried or came
    in since. Its address is not learned: others may share it. `tried`: the mark of the device of all tries, or 0."""
    device, day = event.source[1], event.at_ms // DAY_MS
    if not device or tried != device:
        state.pop("own", None)
        return False
    own = state.get("own")
    if own is None or own[0] != device:
        own = state["own"] = [device, day, 0]
    elif day != own[1]:
        own = state["own"] = [device, day, own[2] + 1]
    if own[2] < limits.own_days:
        return False
    del state["own"]
    _remember(state["known"], (0, device))
    return True


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
_DAY: Final = DAY_MS / MINUTE_MS
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


def _mistype(*days: float, source: dict[str, str] = _OWN) -> list[Told]:
    """Ten wrong passwords and the right one, by one device, from some minute of each day on."""
    return [
        event
        for day in days
        for event in (
            *((day * _DAY + number, "login.failed", source) for number in range(10)),
            _login(day * _DAY + 10, source),
        )
    ]


DETECTOR: Final = Detector(
    rule="success_after_attack",
    version=2,
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
        example("an owner who always mistypes is found on three days", *_mistype(*range(9)), hit=(0, _DAY, 2 * _DAY)),
        example(
            "twice on a day is one day",
            *_mistype(0, 0.25, 1, 2, 3, 4),
            hit=(0, 0.25 * _DAY, _DAY, 2 * _DAY),
        ),
        example(
            "one device tries, another comes in",
            *(
                event
                for day in range(5)
                for event in (
                    *((day * _DAY + number, "login.failed", _OTHER) for number in range(10)),
                    _login(day * _DAY + 10, {**_OWN, "ip": f"address-{day}"}),
                )
            ),
            hit=tuple(day * _DAY for day in range(5)),
        ),
        example(
            "a try by another device before the login",
            *_mistype(0, 1, 2, 3),
            (3 * _DAY + 9.5, "login.failed", _OTHER),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "a try by another device among the others",
            *_mistype(0, 1, 2, 3),
            (3 * _DAY + 0.5, "login.failed", {"ip": "address-own"}),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "another device tries on another day",
            *_mistype(0, 1, 2, 3),
            (2.5 * _DAY, "login.failed", _OTHER),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "the owner comes in between",
            *_mistype(0, 1, 2, 3, source=_OTHER),
            _login(2.5 * _DAY, _OWN),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "the owner comes in beside the guesser",
            _login(-_DAY, _OWN),
            *(
                event
                for day in range(5)
                for event in (*_mistype(day, source=_OTHER)[:-1], _login(day * _DAY + 9.5, _OWN))
            ),
            *(_login(day * _DAY + 10, _OTHER) for day in range(5)),
            hit=tuple(day * _DAY for day in range(5)),
        ),
        example(
            "the device is not told",
            *_mistype(*range(5), source={"ip": "address-own"}),
            hit=tuple(day * _DAY for day in range(5)),
        ),
        example(
            "a stranger after a device was learned",
            *_mistype(0, 1, 2, 3),
            _login(3 * _DAY + 20, _OTHER),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "another device at the address of one that was learned",
            *_mistype(0, 1, 2, 3),
            *_mistype(4, source={**_OWN, "device": "device-other"}),
            hit=(0, _DAY, 2 * _DAY, 4 * _DAY),
        ),
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
