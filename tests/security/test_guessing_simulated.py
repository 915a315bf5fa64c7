"""An attacker who knows every rule has a bounded reach, and the owner gets help at every moment of it.

Requirements: NIST SP 800-63B-4 3.2.2 (at most 100 failures in a row), and OWASP ASVS 5.0 6.6.3 (codes against brute
force). OWASP ASVS 5.0 6.1.1 and 6.3.1: guessing is bounded, and no limit can be used to lock the owner out.
docs/security.md quotes the bounds; `make bench` prints the figures, and `make soak` looks at thousands.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.identity import codes, limits
from hotline.identity.policy import CODE_TRIES, DAY, QUARTER_HOUR, SLOW, WRONG_IN_A_ROW, WRONG_PER_DAY
from hotline.identity.ways import Way
from hotline.kit.limits import TrafficLimits
from hotline.lockout.policy import UNLOCKS_MAX
from hotline.lockout.tiers import HARD_FAILURES, TIERS
from tests.support.attacked_customer import (
    Attack,
    Siege,
    asking_for_codes,
    failing_to_sign_in,
    from_own_number,
    guessing_the_pin,
    outcomes,
    pausing,
)
from tests.support.lock_desk import NOON
from tests.support.outbox_entries import RING, challenge
from tests.support.rule_attackers import (
    NOTHING_SHOWN,
    Line,
    Victim,
    at_random,
    below_every_tier,
    chance,
    codes_guessed,
    codes_hoarded,
    codes_saved_up,
    eager,
    guessed,
    most_within,
    signing_in,
    unlocking,
)

pytestmark = pytest.mark.soak

SOAK: Final = bool(os.environ.get("HOTLINE_SOAK"))
MONTH: Final = NOON + timedelta(days=30)
TRIES_A_DAY: Final = TIERS[-1].failures
"""The last tier locks for as long as its window is, so nobody gets more of them within one."""
FOUND_BY_HYPOTHESIS: Final = settings(
    max_examples=2000 if SOAK else 40, deadline=None, suppress_health_check=list(HealthCheck)
)
SEEDS: Final = st.integers(0, 2**32)


# ---------------------------------------------------------------- passwords


def test_the_last_tier_locks_for_no_less_than_it_looks_back() -> None:
    assert TIERS[-1].lock >= TIERS[-1].window == DAY


def test_the_quickest_guesser_has_fifteen_tries_a_day_and_a_hundred_in_all() -> None:
    victim = guessed(Victim(), eager(), until=MONTH)
    assert most_within(victim.guesses, DAY) == TRIES_A_DAY
    assert len(victim.guesses) == HARD_FAILURES
    assert victim.guesses[-1] - NOON > timedelta(days=7)


def test_a_guesser_below_every_tier_has_nine_tries_a_day_and_a_hundred_in_all() -> None:
    victim = guessed(Victim(), below_every_tier(), until=MONTH)
    assert most_within(victim.guesses, DAY) == TIERS[1].failures - 1
    assert len(victim.guesses) == HARD_FAILURES


@FOUND_BY_HYPOTHESIS
@given(SEEDS)
def test_no_timing_of_guesses_gets_more(seed: int) -> None:
    victim = guessed(Victim(), at_random(seed), until=MONTH)
    assert most_within(victim.guesses, DAY) <= TRIES_A_DAY
    assert len(victim.guesses) <= HARD_FAILURES


@FOUND_BY_HYPOTHESIS
@given(SEEDS, st.booleans())
def test_an_owner_who_unlocks_meanwhile_gives_a_guesser_four_times_as_many_and_never_more_than_a_hundred(
    seed: int, helped_late: bool
) -> None:
    victim = guessed(Victim(), at_random(seed), until=MONTH, owner=unlocking, helped_late=helped_late)
    assert most_within(victim.guesses, DAY) <= (UNLOCKS_MAX + 1) * TRIES_A_DAY
    assert len(victim.guesses) <= HARD_FAILURES


@pytest.mark.parametrize(("helped_late", "most"), [(False, 30), (True, (UNLOCKS_MAX + 1) * TRIES_A_DAY)])
def test_how_much_unlocking_helps_the_quickest_guesser(helped_late: bool, most: int) -> None:
    victim = guessed(Victim(), eager(), until=MONTH, owner=unlocking, helped_late=helped_late)
    assert most_within(victim.guesses, DAY) == most
    assert len(victim.guesses) == HARD_FAILURES


@FOUND_BY_HYPOTHESIS
@given(SEEDS)
def test_an_owner_who_signs_in_meanwhile_starts_the_hundred_anew_and_not_the_day(seed: int) -> None:
    victim = guessed(Victim(), at_random(seed), until=MONTH, owner=signing_in)
    assert most_within(victim.guesses, DAY) <= TRIES_A_DAY


@pytest.mark.parametrize("accounts", [1000 if SOAK else 20])
def test_a_spray_over_many_accounts_has_no_more_at_any_of_them(accounts: int) -> None:
    """Every account is as if it were alone: the rules of locks know no attacker, so there is nothing to spread."""
    victims = [guessed(Victim(), at_random(seed), until=NOON + DAY) for seed in range(accounts)]
    assert max(len(victim.guesses) for victim in victims) <= TRIES_A_DAY
    stuffed = [guessed(Victim(), below_every_tier(), until=NOON + DAY) for _ in range(accounts)]
    assert sum(len(victim.guesses) for victim in stuffed) == accounts * (TIERS[1].failures - 1)


# ---------------------------------------------------------------- one-time codes


def test_no_code_is_likelier_than_another() -> None:
    """The digits are 64 bits of a keyed hash, taken modulo a million: what is left over is 10^6 in 2^64."""
    assert (2**64 // 10**6 + 1) / 2**64 < 1e-6 * (1 + 1e-12)
    drawn = Counter(codes.derive(RING, challenge(f"chl_{n}"))[:2] for n in range(200_000 if SOAK else 20_000))
    expected = sum(drawn.values()) / 100
    squares = sum((seen - expected) ** 2 / expected for seen in drawn.values())
    assert len(drawn) == 100
    assert squares < 161, "99 degrees of freedom: one in ten thousand lies above"


@pytest.mark.parametrize("every", [timedelta(seconds=1), timedelta(minutes=5), timedelta(minutes=15)], ids=str)
def test_a_contact_point_and_factor_stand_eight_guesses_a_day_by_each_way(every: timedelta) -> None:
    length = timedelta(hours=1) if every < timedelta(minutes=1) else timedelta(days=3)
    for way in Way:
        line = codes_guessed(1, factors=["sms"], ways=[way], length=length, every=every)
        times = [at for at, *_ in line.guesses]
        assert 0 < most_within(times, DAY) <= WRONG_PER_DAY
    assert chance(WRONG_PER_DAY) <= 8e-6


def test_a_guesser_without_anything_of_the_owner_has_two_ways_and_two_hundred_guesses_in_all() -> None:
    """A faked number is one, whatever strangers may do together the other."""
    line = codes_guessed(1, factors=["sms"], ways=NOTHING_SHOWN, length=timedelta(days=30), every=QUARTER_HOUR)
    assert most_within([at for at, *_ in line.guesses], DAY) == 2 * WRONG_PER_DAY
    assert len(line.guesses) == 2 * WRONG_IN_A_ROW


def test_no_way_of_strangers_ends_a_way_of_the_owners() -> None:
    line = codes_guessed(1, ways=[Way.OTHER_NUMBER, Way.RECOVERY], length=timedelta(days=30), every=QUARTER_HOUR)
    assert len(line.guesses) == 2 * WRONG_IN_A_ROW, "at the phone and at the address"
    for way in (Way.OWN_NUMBER, Way.PROVED, Way.APP):
        assert line.ask((0, "sms", way), NOON + timedelta(days=29))


@pytest.mark.parametrize("attack", [partial(codes_guessed, every=timedelta(minutes=5)), codes_hoarded])
def test_at_many_contact_points_a_guesser_has_two_a_day_at_each_beside_what_is_quick(
    attack: Callable[[int], Line],
) -> None:
    """Quick are guesses at the usual pace: so few in five minutes as the thresholds let through, at worst twice as many
    across two windows. Each leaves at most two tries that its caller has been told of."""
    points = 200 if SOAK else 20
    line = attack(points)
    at_each = Counter((point, factor, way.counter) for _, point, factor, way in line.guesses)
    counters = {way.counter for way in NOTHING_SHOWN}
    assert max(at_each.values()) <= WRONG_PER_DAY
    quick = len(line.guesses) - line.slow_guesses
    at_once = sum(limits.wrong_codes_max(way, TrafficLimits()) + 1 for way in NOTHING_SHOWN)
    assert quick <= DAY // limits.WRONG_CODES.window * 2 * at_once
    assert len(line.guesses) <= 2 * points * len(counters) * SLOW.wrong_per_day + CODE_TRIES * quick


def test_with_more_contact_points_than_anybody_has_a_guesser_reaches_some_four_hundredths_a_day() -> None:
    length = DAY if SOAK else timedelta(hours=3)
    line = codes_saved_up(length=length)
    assert chance(len(line.guesses)) <= 0.04 * (length / DAY)


def test_a_right_code_in_between_gives_no_more_guesses() -> None:
    line = Line()
    place = (0, "sms", Way.OWN_NUMBER)
    for day in range(3):
        at = NOON + DAY * day
        while line.ask(place, at) and line.guess(place, at):
            at += timedelta(minutes=6)
    assert most_within([at for at, *_ in line.guesses], DAY) <= WRONG_PER_DAY


# ---------------------------------------------------------------- the owner's call

PHONE_FLOOD, MAIL_FLOOD = (asking_for_codes(kind, guessing=False) for kind in ("phone", "email"))
PHONE_GUESSED, MAIL_GUESSED = (asking_for_codes(kind, guessing=True) for kind in ("phone", "email"))
SIGN_IN, SIGN_IN_OTP = failing_to_sign_in(), failing_to_sign_in("otp")
HELPED: Final = frozenset({"open", "reset"})
PERSON: Final = frozenset({"open", "reset", "person"})
SIEGE: Final = timedelta(days=9) if SOAK else timedelta(hours=8)
"""Within hours every limit that is quick is used up, and those of a day."""


@pytest.mark.parametrize(
    ("attacks", "two_step", "pin", "expected"),
    [
        pytest.param([SIGN_IN], False, False, HELPED, id="passwords"),
        pytest.param([SIGN_IN_OTP, SIGN_IN], True, False, HELPED, id="passwords and second factors, two-step"),
        pytest.param([SIGN_IN, PHONE_FLOOD], False, False, HELPED, id="codes to the phone used up"),
        pytest.param([SIGN_IN, PHONE_GUESSED], False, False, HELPED, id="codes to the phone guessed"),
        pytest.param([SIGN_IN, PHONE_GUESSED, MAIL_GUESSED], False, True, HELPED, id="all codes guessed, with a PIN"),
        pytest.param([SIGN_IN, PHONE_FLOOD, guessing_the_pin], True, True, HELPED, id="codes and PIN, two-step"),
        pytest.param([SIGN_IN, PHONE_FLOOD, MAIL_FLOOD], False, False, HELPED, id="all codes used up, no PIN"),
        pytest.param([SIGN_IN, from_own_number], False, False, PERSON, id="all factors guessed from a faked number"),
        pytest.param([SIGN_IN, pausing], False, False, HELPED, id="paused from a faked number"),
    ],
)
def test_the_owner_is_helped_within_one_call_at_any_moment(
    attacks: list[Attack], two_step: bool, pin: bool, expected: frozenset[str]
) -> None:
    """By the line itself while one factor is left that the account asks for; by a person in the same call otherwise."""
    siege = Siege(*attacks, two_step=two_step, pin=pin)
    called = outcomes(siege, length=SIEGE, every=timedelta(hours=1))
    assert len(called) > 5
    assert {call.outcome for _, _, call in called} <= expected
    assert any(view.state != "OPEN" for _, view, _ in called)


def test_a_hundred_failures_later_the_owner_chooses_a_new_password_in_one_call() -> None:
    siege = Siege(SIGN_IN)
    called = outcomes(siege, length=timedelta(days=8, hours=12), every=timedelta(hours=12))
    assert {call.outcome for _, _, call in called} <= HELPED
    assert [call.outcome for _, view, call in called if view.state == "HARD"][-1] == "reset"
