"""Honest customers are seldom found, and attackers soon. The figures of `tests.support.login_findings`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import pytest

from hotline.security.detectors import Severity
from hotline.security.detectors.rule import DAY_MS, HOUR_MS, MINUTE_MS
from hotline.security.detectors.shipped import DETECTORS
from tests.support.honest_logins import (
    BEGIN_MS,
    TwoPlaces,
    World,
    attack,
    break_down,
    distance_km,
    live_at_two_places,
    live_honestly,
    take_over,
)
from tests.support.login_findings import FOUND_BY, count_false, find_all, measure_attacks

CUSTOMERS: Final = 4_000
DAYS: Final = 7
SEEDS: Final = (1, 2)

FALSE_MAX: Final[Mapping[str, float]] = {
    "failed_login_burst": 2.0,
    "success_after_attack": 0.0,
    "distributed_guessing": 0.0,
    "code_flooding": 1.5,
    "new_devices_in_a_row": 0.0,
    "impossible_travel": 15.0,
    "two_countries": 7.0,
    "reset_device_transfer": 0.0,
    "credential_stuffing": 0.0,
    "password_spray": 0.0,
    "slow_stuffing": 0.0,
}
"""False findings per 10,000 honest customers and day, at most. A burst is one of fifty people who forgot a password. A
journey is a couple with one account and two telephones, or somebody behind an employer's network that nobody told of.
Most are people with devices at two places, who are found in this first week of the rules and then no more.
The three rules about the state of an account are right about each that they name, and are not counted."""

LATE_MAX: Final[Mapping[TwoPlaces, int]] = {
    TwoPlaces.GATEWAY: 3,
    TwoPlaces.CORNER: 3,
    TwoPlaces.ROAMING: 30,
    TwoPlaces.BORDER: 6,
}
"""Findings about sixty people with devices at two places in the second of two months, at most."""

FOUND_MIN: Final[Mapping[str, tuple[float, float]]] = {
    "stuffing": (1.0, 10),
    "spray": (1.0, 25),
    "guessing": (0.95, 20),
    "guessed": (0.95, 1),
    "takeover": (0.4, 1),
    "flooding": (0.95, 25),
    "binding": (0.95, 10),
    "slow_stuffing": (1.0, 300),
}
"""By the kind of attack: the share that is found at least, and the median minutes until then at most. A thief with the
right password is found where the owner was elsewhere the same day."""


@pytest.fixture(scope="module", params=SEEDS)
def honest(request: pytest.FixtureRequest) -> World:
    return live_honestly(request.param, customers=CUSTOMERS, days=DAYS)


def test_honest_customers_are_seldom_found(honest: World) -> None:
    rates = count_false(honest, customers=CUSTOMERS, days=DAYS)
    assert {rule: rate for rule, rate in rates.items() if rate > FALSE_MAX.get(rule, float("inf"))} == {}


def test_every_rule_that_hears_of_logins_is_bounded() -> None:
    of_logins = {
        one.rule
        for one in DETECTORS
        if any(signal.startswith(("login.", "code.", "device.")) for signal in one.listens)
    }
    assert of_logins - {"stale_password"} <= FALSE_MAX.keys()


def test_nobody_honest_travels_faster_than_a_plane(honest: World) -> None:
    """The truth behind the world: so what impossible_travel finds in it are never travellers."""
    journeys = 0
    for events in honest.accounts.values():
        there = sorted((event.at_ms, honest.places[event.id]) for event in events if event.id in honest.places)
        for (before_ms, before), (at_ms, place) in pairwise(there):
            if (distance := distance_km(before, place)) > 0:
                journeys += 1
                assert distance * HOUR_MS <= 900 * (at_ms - before_ms)
    assert journeys > 100


def test_a_journey_that_is_found_has_two_devices_of_people_or_a_network_that_nobody_told(honest: World) -> None:
    for rule, account, started_ms, ended_ms in find_all(honest):
        if rule in ("impossible_travel", "two_countries"):
            by_time = {event.at_ms: event.values for event in honest.accounts[account]}
            values = (by_time[started_ms], by_time[ended_ms])
            assert any(
                one["device"].startswith(("partner-", "tablet-", "second-phone-", "computer-"))
                or one["ip"].startswith("vpn-")
                for one in values
            )


@pytest.mark.parametrize("kind", TwoPlaces)
def test_devices_at_two_places_are_found_on_few_days_and_never_again(kind: TwoPlaces) -> None:
    """People judge each of these findings, so a person costs them three days of work at most, and once."""
    people, days = 60, 60
    draw, world = random.Random(8), World()
    for number in range(people):
        live_at_two_places(draw, world, f"customer-{number}", kind, days=days)
    found: dict[str, set[int]] = {}
    for rule, account, _, seen_ms in find_all(world):
        has_cells = kind in (TwoPlaces.GATEWAY, TwoPlaces.CORNER)
        assert rule == ("impossible_travel" if has_cells else "two_countries")
        found.setdefault(account, set()).add(seen_ms // DAY_MS)
    assert len(found) > people / 4
    assert max(map(len, found.values())) <= 3
    in_month = sum(day * DAY_MS >= BEGIN_MS + 30 * DAY_MS for of_one in found.values() for day in of_one)
    assert in_month <= LATE_MAX[kind]


def test_a_thief_is_found_beside_a_familiar_pair_of_places() -> None:
    draw, world = random.Random(9), World()
    for number in range(60):
        live_at_two_places(draw, world, f"customer-{number}", TwoPlaces.GATEWAY, days=40)
        honest_ms = [event.at_ms for event in world.accounts[f"customer-{number}"]]
        last_ms = max(honest_ms)
        take_over(draw, world, f"customer-{number}", last_ms + draw.randint(MINUTE_MS, 3 * HOUR_MS))
    found = {account for _, account, _, seen_ms in find_all(world) if seen_ms == world.accounts[account][-1].at_ms}
    # One that comes within three hours of a finding about the owner's own devices is in its quiet time.
    assert len(found) >= 57


def test_attackers_are_found_soon() -> None:
    world = attack(7, live_honestly(3, customers=CUSTOMERS // 2, days=DAYS), days=DAYS)
    measured = measure_attacks(world)
    assert measured.keys() == FOUND_MIN.keys() == FOUND_BY.keys()
    for kind, (share, minutes) in FOUND_MIN.items():
        found = measured[kind]
        assert found.found >= share * found.attacks, (kind, found)
        assert found.minutes <= minutes, (kind, found)


def test_an_outage_is_told_of_addresses_and_makes_no_account_urgent() -> None:
    """Nobody gets in, so each shared address looks like a spray. The runbook says so; no account is touched."""
    evening_ms = BEGIN_MS + DAY_MS + 19 * HOUR_MS
    world = break_down(live_honestly(4, customers=CUSTOMERS, days=2), evening_ms, evening_ms + HOUR_MS)
    detectors = {one.rule: one for one in DETECTORS}
    found = [(detectors[rule], started_ms) for rule, _, started_ms, _ in find_all(world)]
    during = [one for one, started_ms in found if evening_ms <= started_ms < evening_ms + 2 * HOUR_MS]
    assert 5 < sum(one.rule == "password_spray" for one in during) <= 40
    assert not [one.rule for one in during if one.severity in (Severity.HIGH, Severity.CRITICAL)]


def test_a_seed_gives_the_same_lives() -> None:
    one, two, other = (live_honestly(seed, customers=50, days=2) for seed in (5, 5, 6))
    assert one == two != other
