"""What attackers reach who know every rule, in figures: guesses in a day, and the chance that one of them is right.

Nothing here is timed; the same rules give the same figures on every machine. The bounds behind them are tests
(tests/properties/test_attackers.py). Run with `make bench`.
"""

from __future__ import annotations

from datetime import timedelta

from hotline.identity.policy import DAY, WRONG_PER_DAY
from tests.support.attackers import (
    Victim,
    below_every_tier,
    chance,
    codes_hoarded,
    codes_saved_up,
    eager,
    guessed,
    most_within,
    unlocking,
)
from tests.support.locks import NOON

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
        "codes_a_day_at_one_point_and_factor": WRONG_PER_DAY,
        "chance_a_day_at_one_point_and_factor": f"{chance(WRONG_PER_DAY):.1e}",
    }
    return found | _of_thousands() if thousands else found


def _of_thousands() -> dict[str, float | str]:
    hoarded, saved_up = codes_hoarded(POINTS), codes_saved_up()
    return {
        f"codes_a_day_at_{POINTS}_points_and_both_factors": len(hoarded.guesses),
        f"chance_a_day_at_one_of_{POINTS}_points": f"{chance(len(hoarded.guesses)):.1e}",
        "codes_a_day_at_any_number_of_points_before_all_are_slow": len(saved_up.guesses),
        "chance_a_day_before_all_are_slow": f"{chance(len(saved_up.guesses)):.1e}",
    }
