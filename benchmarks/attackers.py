"""The reach of attackers who know every rule, in figures: guesses in a day, and the chance that one of them is right.

Nothing here is timed; the same rules give the same figures on every machine. The bounds behind them are tests
(tests/security/test_guessing_simulated.py). Run with `make bench`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from hotline.identity import code_messages, limits
from hotline.identity.code_messages import OverLimit
from hotline.identity.policy import DAY, QUARTER_HOUR, WRONG_IN_A_ROW, WRONG_PER_DAY
from hotline.identity.ways import Way
from hotline.kit.limits import TrafficLimits
from tests.support.lock_desk import NOON
from tests.support.rule_attackers import (
    Victim,
    below_every_tier,
    chance,
    codes_guessed,
    codes_hoarded,
    codes_saved_up,
    eager,
    guessed,
    most_within,
    unlocking,
)

POINTS = 100
MONTH = timedelta(days=30)


def measure(*, thousands: bool = True) -> dict[str, float | str]:
    """Each kind of attacker, and what they reach; with `thousands` also those whose guesses are so many."""
    quick = guessed(Victim(), eager(), until=NOON + MONTH)
    hidden = guessed(Victim(), below_every_tier(), until=NOON + MONTH)
    helped = guessed(Victim(), eager(), until=NOON + MONTH, owner=unlocking)
    helped_late = guessed(Victim(), eager(), until=NOON + MONTH, owner=unlocking, helped_late=True)
    found: dict[str, float | str] = {
        "passwords_a_day_at_one_account": most_within(quick.guesses, DAY),
        "passwords_a_day_without_any_lock": most_within(hidden.guesses, DAY),
        "passwords_a_day_while_the_owner_unlocks_at_once": most_within(helped.guesses, DAY),
        "passwords_a_day_while_the_owner_unlocks_late": most_within(helped_late.guesses, DAY),
        "passwords_until_only_recovery_helps": len(quick.guesses),
        "days_until_then": round((quick.guesses[-1] - NOON) / DAY, 1),
        "codes_a_day_at_one_point_and_factor_by_one_way": WRONG_PER_DAY,
    }
    found |= _at_one_point() | _of_strangers()
    return found | _of_thousands() if thousands else found


def _at_one_point() -> dict[str, float | str]:
    """Somebody who has nothing of the owner's, by every way that is open to them."""
    line = codes_guessed(1, factors=["sms"], length=3 * DAY, every=QUARTER_HOUR)
    a_day = most_within([at for at, *_ in line.guesses], DAY)
    for_long = codes_guessed(1, factors=["sms"], length=20 * DAY, every=QUARTER_HOUR)
    return {
        "codes_a_day_at_one_point_and_factor_by_all_ways_of_who_has_nothing": a_day,
        "chance_a_day_at_one_point_and_factor": f"{chance(a_day):.1e}",
        "codes_in_a_row_by_one_way_until_it_ends": WRONG_IN_A_ROW,
        "codes_in_a_row_by_all_ways_of_who_has_nothing": len(for_long.guesses),
        "chance_until_these_ways_have_ended": f"{chance(len(for_long.guesses)):.1e}",
    }


def _of_strangers() -> dict[str, float | str]:
    """The share that somebody without proof may take of the budget for all."""
    most = partial(code_messages.messages_max, traffic=TrafficLimits())
    return {
        "text_messages_in_five_minutes_to_a_prefix_for_who_shows_nothing": most(OverLimit.PREFIX, Way.RECOVERY),
        "the_same_with_faked_numbers": most(OverLimit.PREFIX, Way.OWN_NUMBER),
        "the_same_for_who_is_signed_in": most(OverLimit.PREFIX, Way.APP),
        "text_messages_in_five_minutes_in_all_for_who_shows_nothing": most(OverLimit.ALL, Way.RECOVERY),
        "wrong_codes_of_recoveries_in_five_minutes_before_recoveries_are_slow": limits.wrong_codes_max(
            Way.RECOVERY, TrafficLimits()
        ),
    }


def _of_thousands() -> dict[str, float | str]:
    hoarded, saved_up = codes_hoarded(POINTS), codes_saved_up()
    return {
        f"codes_a_day_at_{POINTS}_points_and_both_factors": len(hoarded.guesses),
        f"chance_a_day_at_one_of_{POINTS}_points": f"{chance(len(hoarded.guesses)):.1e}",
        "codes_a_day_at_any_number_of_points_before_all_are_slow": len(saved_up.guesses),
        "chance_a_day_before_all_are_slow": f"{chance(len(saved_up.guesses)):.1e}",
    }
