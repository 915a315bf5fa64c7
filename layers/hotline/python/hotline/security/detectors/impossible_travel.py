"""Two logins so far apart that nobody can travel between them in the time: two people use one account.

Places are whole degrees, and come from addresses, so the distance counts as the least that it can be. A traveller by
plane stays below the speed. A couple with one account and two telephones does not: ask before you act. Networks that
hide where their users are do not count, and one address or one device is never two places. Two places between which
the account went on earlier days are a habit, and no finding. A place near a degree line is told on either side of it,
so neighbouring cells count as one place of a habit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, cos, pi, radians, sin, sqrt
from typing import Final

from .history import History
from .journeys import FAMILIAR_RELATIONS, Familiar, go_on, is_familiar, meet_pair, note_found
from .rule import HOUR_MS, MINUTE_MS, NO_HITS, Detector, Event, Hit, Severity, Signal, State, Told, example

EARTH_RADIUS_KM: Final = 6_371.0
DEGREE_KM: Final = EARTH_RADIUS_KM * pi / 180


@dataclass(frozen=True, slots=True)
class Limits(Familiar):
    """Panther: more than 900 km an hour between successes that follow each other, within a day. Elastic for Workspace:
    at least 500 km, and one finding in 180 min for each user, as High. Familiar places: see `Familiar`."""

    speed_km_h: int = 900
    floor_km: int = 500
    quiet_ms: int = 3 * HOUR_MS


def step(state: State, signal: str, event: Event, history: History, limits: Limits) -> Iterable[Hit]:
    """See `Detector.step`. Memory: `last` as in journeys, with the cell. `pairs` of cells and `days` are as there, and
    there is `quiet_until`."""
    cell = event.values.get("cell")
    if cell is None:
        return NO_HITS
    before = go_on(state, event, cell)
    if before is None or before[4] == cell:
        return NO_HITS
    distance_km = measure_least_km(before[4], cell)
    if distance_km < limits.floor_km:
        return NO_HITS
    known = meet_pair(state, event, before[4], cell, is_near=may_be_one_place, forgotten_ms=limits.forgotten_ms)
    lasted_ms = event.at_ms - before[0]
    if (
        distance_km * HOUR_MS <= limits.speed_km_h * lasted_ms
        or event.at_ms < state.get("quiet_until", 0)
        or is_familiar(known, limits)
        or not note_found(state, event, known, limits)
    ):
        return NO_HITS
    state["quiet_until"] = event.at_ms + limits.quiet_ms
    facts = {"km_at_least": int(distance_km), "minutes": lasted_ms // MINUTE_MS}
    return (Hit(before[0], event.at_ms, facts, (before[1], event.id)),)


def may_be_one_place(first: str, second: str) -> bool:
    """Whether one place may have been told as both cells: their degrees allow that it did not move. A place at a corner
    of cells is in any of four, and each of them touches the others. That is up to some 150 km from middle to middle."""
    return first == second or measure_least_km(first, second) == 0


def measure_least_km(first: str, second: str) -> float:
    """The least distance in km between two places of which the whole degrees are known, as `31,121` (latitude and
    longitude). Each may be half a degree off in both."""
    latitude, longitude = _radians(first)
    latitude_2, longitude_2 = _radians(second)
    half = sin((latitude_2 - latitude) / 2) ** 2
    half += cos(latitude) * cos(latitude_2) * sin((longitude_2 - longitude) / 2) ** 2
    between_km = 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))
    return max(0.0, between_km - _off_km(latitude) - _off_km(latitude_2))


def _radians(cell: str) -> tuple[float, float]:
    latitude, _, longitude = cell.partition(",")
    return radians(float(latitude)), radians(float(longitude))


def _off_km(latitude: float) -> float:
    """How far a place may be from its cell: half a diagonal. A degree of longitude is longest where the cell is
    nearest to the equator."""
    nearest = max(0.0, abs(latitude) - radians(0.5))
    return DEGREE_KM / 2 * sqrt(1 + cos(nearest) ** 2)


_SHANGHAI: Final = "31,121"
_BEIJING: Final = "40,116"
_LONDON: Final = "52,0"
_GUANGZHOU: Final = "23,113"
_FAR: Final = tuple(f"{latitude},{longitude}" for longitude in (100, 130) for latitude in range(-40, 60, 10))
"""Places that are all far from each other and from London."""
_DAY: Final = 1440
_SLOW: Final = 600
"""Minutes of a journey between Beijing and Guangzhou that anybody can make."""
_FLIGHT: Final = measure_least_km(_SHANGHAI, _LONDON) / Limits().speed_km_h * 60
"""Minutes from Shanghai to London at the speed of the limit."""


def _login(minute: float, cell: str | None, source: str, **more: str) -> Told:
    values = {"ip": f"address-{source}", "device": f"device-{source}", **more}
    return (minute, "login.succeeded", values if cell is None else {**values, "cell": cell})


def _two_devices(*days: int, apart: float = 20) -> list[Told]:
    """A telephone on a carrier's gateway in another city and a computer at home, once each on some days."""
    return [
        _login(day * _DAY + minute, cell, source)
        for day in days
        for minute, cell, source in ((0, _GUANGZHOU, "phone"), (apart, _BEIJING, "computer"))
    ]


def _flicker(phone: Sequence[str], computer: Sequence[str], *, days: int) -> list[Told]:
    """The same, where a place is told as now one cell and now another."""
    return [
        _login(day * _DAY + minute, cells[day % len(cells)], source)
        for day in range(days)
        for minute, cells, source in ((0, phone, "phone"), (20, computer, "computer"))
    ]


DETECTOR: Final = Detector(
    rule="impossible_travel",
    version=3,
    severity=Severity.HIGH,
    listens=frozenset({Signal.LOGIN_SUCCEEDED}),
    needs=frozenset({"cell"}),
    limits=Limits(),
    relations=FAMILIAR_RELATIONS,
    is_published=True,
    runbook=(
        "Ask the owner on a contact point of record who else uses the account, and whether they used a network of an "
        "employer or a hotel; do not name the places that you see. A couple or a family with one account is the usual "
        "reason: note it, and suggest an account for each. If one of the two logins is nobody's, freeze the account, "
        "end its session, and have the password replaced. The place of an address may be wrong: never act on it "
        "alone. Of up to four pairs of places each is found on three days at most while it goes on: look at its first "
        "finding. An account is found on six days of thirty at most."
    ),
    step=step,
    examples=(
        example("Shanghai and London within the hour", _login(0, _SHANGHAI, "a"), _login(60, _LONDON, "b"), hit=0),
        example("at once", _login(0, _SHANGHAI, "a"), _login(0, _BEIJING, "b"), hit=0),
        example("just faster", _login(0, _SHANGHAI, "a"), _login(_FLIGHT - 0.01, _LONDON, "b"), hit=0),
        example("just farther than the floor", _login(0, "34,0", "a"), _login(5, "34,7", "b"), hit=0),
        example("across the date line", _login(0, "0,179", "a"), _login(1, "0,-174", "b"), hit=0),
        example(
            "there and back, and on the next day again",
            *(
                _login(base + minute, cell, source)
                for base in (0, 1440)
                for minute, cell, source in ((0, _SHANGHAI, "a"), (30, _LONDON, "b"), (60, _SHANGHAI, "a"))
            ),
            hit=(0, 1440),
        ),
        example(
            "two devices at two places are found on three days", *_two_devices(*range(30)), hit=(0, _DAY, 2 * _DAY)
        ),
        example(
            "found on three days of a month and a half",
            *_two_devices(0, 15, 45, 60),
            hit=(0, 15 * _DAY, 45 * _DAY),
        ),
        example(
            "they begin anew after a month without them",
            *_two_devices(0, 1, 2, 3, 34),
            hit=(0, _DAY, 2 * _DAY, 34 * _DAY),
        ),
        example(
            "somebody else beside them",
            *_two_devices(0, 1, 2, 3),
            _login(3 * _DAY + 60, _LONDON, "thief"),
            hit=(0, _DAY, 2 * _DAY, 3 * _DAY + 20),
        ),
        example(
            "twice on one day is one day",
            *(
                event
                for day in range(4)
                for event in (
                    *_two_devices(day),
                    _login(day * _DAY + 400, _GUANGZHOU, "phone"),
                    _login(day * _DAY + 420, _BEIJING, "computer"),
                )
            ),
            hit=tuple(day * _DAY + minute for day in range(3) for minute in (0, 400)),
        ),
        example(
            "places that are known from four days alone",
            *_two_devices(*range(4), apart=_SLOW),
            *_two_devices(4),
            hit=4 * _DAY,
        ),
        example(
            "a place that is told as five neighbouring cells",
            *_flicker(("30,104", "30,103", "31,104", "29,104", "31,103"), (_BEIJING,), days=40),
            hit=(0, _DAY, 2 * _DAY),
        ),
        example(
            "both places at a corner of cells",
            *_flicker(("30,104", "30,103", "31,104", "31,103"), ("39,116", "40,116", "40,117"), days=40),
            hit=(0, _DAY, 2 * _DAY),
        ),
        example(
            "somebody else beside a place at a corner of cells",
            *_flicker(("30,104", "30,103", "31,104", "31,103"), (_BEIJING,), days=20),
            _login(19 * _DAY + 60, _LONDON, "thief"),
            hit=(0, _DAY, 2 * _DAY, 19 * _DAY + 20),
        ),
        example(
            "a place two degrees away is another one",
            *_flicker(("30,104",), (_BEIJING,), days=3),
            *(
                (minute + 3 * _DAY, type_, values)
                for minute, type_, values in _flicker(("28,104",), (_BEIJING,), days=1)
            ),
            hit=tuple(day * _DAY for day in range(4)),
        ),
        example(
            "an account between ever new places is found on six days",
            *_flicker(_FAR, ("52,0",), days=40),
            hit=tuple(day * _DAY for day in range(6)),
        ),
        example(
            "it is found again once it was quieter for some time",
            *_flicker(_FAR, ("52,0",), days=7),
            _login(35 * _DAY, "0,-60", "phone"),
            _login(35 * _DAY + 20, "52,0", "computer"),
            hit=(*(day * _DAY for day in range(6)), 35 * _DAY),
        ),
        example(
            "the sources say nothing of themselves",
            (0, "login.succeeded", {"cell": _SHANGHAI}),
            (60, "login.succeeded", {"cell": _LONDON}),
            hit=0,
        ),
        example(
            "a login without a place between",
            _login(0, _SHANGHAI, "a"),
            _login(10, None, "c"),
            _login(60, _LONDON, "b"),
            hit=0,
        ),
        example(
            "after a login by a relay",
            _login(0, _SHANGHAI, "a"),
            _login(10, _SHANGHAI, "b", network="relay"),
            _login(60, _LONDON, "b"),
            hit=0,
        ),
        example("near miss: just slower", _login(0, _SHANGHAI, "a"), _login(_FLIGHT + 0.01, _LONDON, "b"), hit=None),
        example("near miss: just nearer than the floor", _login(0, "35,0", "a"), _login(5, "36,7", "b"), hit=None),
        example("near miss: across the date line", _login(0, "0,179", "a"), _login(1, "0,-176", "b"), hit=None),
        example("near miss: neighbours on two cells", _login(0, "31,121", "a"), _login(1, "32,120", "b"), hit=None),
        example(
            "near miss: one device", _login(0, _SHANGHAI, "a"), _login(5, _LONDON, "b", device="device-a"), hit=None
        ),
        example("near miss: one address", _login(0, _SHANGHAI, "a"), _login(5, _LONDON, "b", ip="address-a"), hit=None),
        *(
            example(
                f"near miss: by {network}",
                _login(0, _SHANGHAI, "a"),
                _login(5, _LONDON, "b", network=network),
                _login(10, _SHANGHAI, "a"),
                hit=None,
            )
            for network in ("relay", "satellite", "vpn")
        ),
        example(
            "near miss: a try that fails",
            _login(0, _SHANGHAI, "a"),
            (5, "login.failed", {"cell": _LONDON, "ip": "address-b"}),
            hit=None,
        ),
        example(
            "near miss: places that are known from five days",
            *_two_devices(*range(5), apart=_SLOW),
            *_two_devices(*range(5, 9)),
            hit=None,
        ),
        example("near miss: places are not known", _login(0, None, "a"), _login(5, None, "b"), hit=None),
    ),
)
