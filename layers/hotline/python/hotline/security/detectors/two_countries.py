"""Two logins from two countries within half an hour, where the places are not known more exactly.

A country is coarse: people who live at a border have two of them by an evening walk. So this is weaker than
impossible_travel, and judges only where a cell is missing on one side. Two countries between which the account went on
earlier days are a habit, and no finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import eq
from typing import Final

from .history import History
from .journeys import FAMILIAR_RELATIONS, Familiar, go_on, is_familiar, meet_pair, note_found
from .marks import mark
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example


@dataclass(frozen=True, slots=True)
class Limits(Familiar):
    """Elastic's simple form: two countries within 15 to 30 min, without proxies, as Medium. Its rule for Workspace
    raises one finding in 180 min for each user. Familiar places: see `Familiar`."""

    window_ms: int = 30 * MINUTE_MS
    quiet_ms: int = 3 * HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `last` as in journeys, with the mark of the country and whether there was a cell.
    `pairs` of countries and `days` are as there, and there is `quiet_until`."""
    country = mark(event.values.get("country"))
    if not country:
        return NO_HITS
    has_cell = int(event.values.get("cell") is not None)
    before = go_on(state, event, country, has_cell)
    if before is None or before[4] == country or (before[5] and has_cell):
        return NO_HITS
    known = meet_pair(state, event, before[4], country, is_near=eq, forgotten_ms=limits.forgotten_ms)
    lasted_ms = event.at_ms - before[0]
    if (
        lasted_ms > limits.window_ms
        or event.at_ms < state.get("quiet_until", 0)
        or is_familiar(known, limits)
        or not note_found(state, event, known, limits)
    ):
        return NO_HITS
    state["quiet_until"] = event.at_ms + limits.quiet_ms
    return (Hit(before[0], event.at_ms, {"minutes": lasted_ms // MINUTE_MS}, (before[1], event.id)),)


_DAY: Final = 1440
_END: Final = Limits().window_ms / MINUTE_MS


def _login(minute: float, country: str, source: str, **more: str) -> Told:
    values = {"ip": f"address-{source}", "device": f"device-{source}", "country": country, **more}
    return (minute, "login.succeeded", values)


def _two_devices(*days: int, apart: float = 20) -> list[Told]:
    """A telephone that roams and a computer in a hotel, once each on some days."""
    return [
        _login(day * _DAY + minute, country, source)
        for day in days
        for minute, country, source in ((0, "CN", "phone"), (apart, "JP", "computer"))
    ]


DETECTOR: Final = Detector(
    rule="two_countries",
    version=3,
    severity=Severity.MEDIUM,
    listens=frozenset({Signal.LOGIN_SUCCEEDED}),
    needs=frozenset({"country"}),
    limits=Limits(),
    relations=FAMILIAR_RELATIONS,
    is_published=True,
    runbook=(
        "See whether the countries are neighbours, or the owner often has both: then it is most likely a border, a "
        "telephone that roams, or a family with one account. Else ask the owner on a contact point of record who else "
        "uses the account; do not name the countries that you see. If one login is nobody's, freeze the account and "
        "have the password replaced. The country of an address may be wrong: never act on it alone. Of up to four "
        "pairs of countries each is found on three days at most while it goes on: look at its first finding. An "
        "account is found on six days of thirty at most."
    ),
    step=step,
    examples=(
        example("two in ten minutes", _login(0, "CN", "a"), _login(10, "GB", "b"), hit=0),
        example("two at the last moment", _login(0, "CN", "a"), _login(_END, "GB", "b"), hit=0),
        example("a cell on one side", _login(0, "CN", "a", cell="31,121"), _login(10, "GB", "b"), hit=0),
        example("there and back", _login(0, "CN", "a"), _login(10, "GB", "b"), _login(20, "CN", "a"), hit=0),
        example(
            "four hours later again",
            *(
                _login(base + minute, country, source)
                for base in (0, 240)
                for minute, country, source in ((0, "CN", "a"), (10, "GB", "b"))
            ),
            hit=(0, 240),
        ),
        example(
            "two devices in two countries are found on three days", *_two_devices(*range(9)), hit=(0, _DAY, 2 * _DAY)
        ),
        example(
            "somebody else beside them",
            *_two_devices(0, 1, 2, 3),
            _login(3 * _DAY + 30, "GB", "thief"),
            hit=(0, _DAY, 2 * _DAY, 3 * _DAY + 20),
        ),
        example(
            "countries that are known from four days alone",
            *_two_devices(*range(4), apart=_END + 1),
            *_two_devices(4),
            hit=4 * _DAY,
        ),
        example(
            "an account between ever new countries is found on six days",
            *(
                _login(day * _DAY + minute, country, source)
                for day in range(9)
                for minute, country, source in ((0, f"country-{day}", "phone"), (20, "JP", "computer"))
            ),
            hit=tuple(day * _DAY for day in range(6)),
        ),
        example(
            "near miss: countries that are known from five days",
            *_two_devices(*range(5), apart=_END + 1),
            *_two_devices(*range(5, 9)),
            hit=None,
        ),
        example("near miss: a moment too late", _login(0, "CN", "a"), _login(_END + 0.01, "GB", "b"), hit=None),
        example("near miss: one country", _login(0, "CN", "a"), _login(10, "CN", "b"), hit=None),
        example("near miss: one device", _login(0, "CN", "a"), _login(5, "GB", "b", device="device-a"), hit=None),
        example("near miss: one address", _login(0, "CN", "a"), _login(5, "GB", "b", ip="address-a"), hit=None),
        *(
            example(f"near miss: by {network}", _login(0, "CN", "a"), _login(5, "GB", "b", network=network), hit=None)
            for network in ("relay", "satellite", "vpn")
        ),
        example(
            "near miss: the places are known, on both sides of a border",
            _login(0, "CN", "a", cell="23,114"),
            _login(10, "HK", "b", cell="22,114"),
            hit=None,
        ),
        example(
            "near miss: a country is not known",
            _login(0, "CN", "a"),
            (10, "login.succeeded", {"ip": "address-b", "device": "device-b"}),
            hit=None,
        ),
    ),
)
