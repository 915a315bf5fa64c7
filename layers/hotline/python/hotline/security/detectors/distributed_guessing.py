"""Many failed logins on one account from many addresses: somebody guesses from a net of machines.

Throttles by address do not see it, and each address alone looks like a slip. The owner has one or two addresses. So a
finding is almost never the owner, yet it says nothing about whether anybody got in: success_after_attack does. It has
no effect on the account, since anybody can make it happen to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .history import History
from .marks import count_different, mark
from .ongoing import COUNT, MARKS_MAX, STARTED, add_new, begin_attack, has_doubled, is_followed
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
from .windows import is_due, slide

TRIES_MAX: Final = 32
"""So many tries of a window are kept. Of a faster flood the last ones are judged."""
_MARKS: Final[Mapping[str, int]] = {"addresses": 3, "countries": 4, "devices": 5}
"""By the facts of a finding: the fields of the memory `attack` with their marks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Elastic's rule for Okta: five addresses and ten tries in 30 min, with one of two countries, eight addresses and
    three agents. Devices take the place of agents. Its fourth sign, three networks, is not in the facts. A replay of
    13 million logins gave 40 false hits in all at eight tries and five addresses an hour. An hour is Panther's usual
    time within which further hits count into the open alert."""

    tries: int = 10
    addresses: int = 5
    window_ms: int = 30 * MINUTE_MS
    countries: int = 2
    addresses_alone: int = 8
    devices: int = 3
    quiet_ms: int = HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `tries` [time, id, address, country, device] of one window, the last three as
    marks. And that of `begin_attack`, with the marks of the addresses, countries and devices that count."""
    tries = keep_try(state, event, limits)
    if is_followed(state, event):
        attack = state["attack"]
        _count_marks(attack, tries[-1])
        if not has_doubled(attack):
            return NO_HITS
    elif is_due(state, tries, count=limits.tries) and is_distributed(tries, limits):
        attack = begin_attack(state, tries[0][0], len(tries), limits.quiet_ms, [], [], [])
        for entry in tries:
            _count_marks(attack, entry)
    else:
        return NO_HITS
    facts = {"failures": attack[COUNT], **{name: len(attack[place]) for name, place in _MARKS.items()}}
    return (Hit(attack[STARTED], event.at_ms, facts, tuple(entry[1] for entry in tries[-EVIDENCE_MAX:])),)


def _count_marks(attack: list[Any], entry: list[Any]) -> None:
    """Count the address, the country and the device of a try into a finding, as far as they are known."""
    for place, one in zip(_MARKS.values(), entry[2:], strict=True):
        if one:
            add_new(attack[place], one, MARKS_MAX)


def keep_try(state: State, event: Event, limits: Limits) -> list[Any]:
    """Add a failed login to the window of tries, and return the window."""
    address, device = event.source
    marks = (address, mark(event.values.get("country")), device)
    tries: list[Any] = state.setdefault("tries", [])
    slide(tries, [event.at_ms, event.id, *marks], span_ms=limits.window_ms, kept_max=max(TRIES_MAX, limits.tries))
    return tries


def is_distributed(tries: list[Any], limits: Limits) -> bool:
    """Whether the tries come from many places."""
    if len(tries) < limits.tries:
        return False
    addresses = count_different(entry[2] for entry in tries)
    if addresses < limits.addresses:
        return False
    return (
        addresses >= limits.addresses_alone
        or count_different(entry[3] for entry in tries) >= limits.countries
        or count_different(entry[4] for entry in tries) >= limits.devices
    )


RELATIONS: Final = (
    at_most("addresses", "tries", "each address takes a try"),
    at_most("addresses", "addresses_alone", "what is enough alone cannot be less than what is always asked for"),
)
_MINUTES: Final = Limits().window_ms / MINUTE_MS


def _tries(
    addresses: int, *, tries: int = 10, countries: int = 1, devices: int = 0, over: float = _MINUTES, begin: float = 0
) -> list[Told]:
    """Tries evenly over some minutes, which take addresses, countries and devices in turn."""
    made: list[Told] = []
    for number in range(tries):
        values = {"ip": f"address-{number % addresses}", "country": f"country-{number % countries}"}
        if devices:
            values["device"] = f"device-{number % devices}"
        made.append((begin + over * number / (tries - 1), "login.failed", values))
    return made


DETECTOR: Final = Detector(
    rule="distributed_guessing",
    version=2,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.LOGIN_FAILED}),
    needs=frozenset({"login.failed", "ip"}),
    limits=Limits(),
    relations=RELATIONS,
    is_published=True,
    runbook=(
        "See whether a login succeeded since, and from where. If one did from a source that the account does not "
        "know, treat the account as taken over: call the owner on a contact point of record, freeze it until they "
        "answer, and have the password replaced. If none did, tell the owner that somebody tries, and suggest two- "
        "step login and a password that they use nowhere else. Do not lock the account for this alone: whoever "
        "guesses would decide when the owner can pay."
    ),
    step=step,
    examples=(
        example("five addresses in two countries that just fill the window", *_tries(5, countries=2), hit=0),
        example("eight addresses of one country", *_tries(8), hit=0),
        example("five addresses with three devices", *_tries(5, devices=3), hit=0),
        example("an hour later again", *_tries(5, countries=2), *_tries(5, countries=2, begin=60), hit=(0, 60)),
        example(
            "the eighth address comes last",
            *_tries(7, tries=20, over=25),
            (26, "login.failed", {"ip": "address-7"}),
            hit=0,
        ),
        example("near miss: four addresses", *_tries(4, tries=12, countries=3, devices=3), hit=None),
        example("near miss: nine tries", *_tries(9, tries=9, countries=3, devices=3), hit=None),
        example("near miss: a moment more than the window", *_tries(10, countries=2, over=30.01), hit=None),
        example("near miss: five addresses, one country, two devices", *_tries(5, devices=2), hit=None),
        example("near miss: seven addresses of one country", *_tries(7), hit=None),
        example(
            "near miss: seven addresses, and tries without one",
            *_tries(7, tries=14, over=20),
            (21, "login.failed", {"country": "country-0"}),
            hit=None,
        ),
        example("near miss: a burst from one address", *_tries(1, tries=30, devices=1, over=10), hit=None),
        example(
            "near miss: tries without an address",
            *((minute, "login.failed", {"country": f"country-{minute % 2}"}) for minute in range(12)),
            hit=None,
        ),
        example(
            "near miss: logins that succeed",
            *((minute, "login.succeeded", values) for minute, _, values in _tries(10, countries=2)),
            hit=None,
        ),
    ),
)
