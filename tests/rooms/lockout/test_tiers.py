"""The limits at which failed logins lock: every limit one below, at it and one above (NIST SP 800-63B-4 3.2.2, OWASP
ASVS 6.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from hotline.contracts.model import LoginKind
from hotline.lockout.model import Attempt, AttemptOutcome, Attempts, TierLock
from hotline.lockout.policy import CLEARED_FOR, UNLOCKS_MAX, UNLOCKS_WITHIN
from hotline.lockout.tiers import (
    ATTEMPTS_MAX,
    COUNTED_WITHIN,
    HARD_FAILURES,
    TIERS,
    finalise,
    running_lock,
    with_attempts,
)
from tests.support.lock_desk import NOON, minutes
from tests.support.sweeps import sweep

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
STRANGER = "stranger"


def attempt(
    at: datetime,
    outcome: AttemptOutcome = AttemptOutcome.FAILED,
    *,
    source: str = STRANGER,
    kind: LoginKind = LoginKind.PASSWORD,
    name: str = "",
) -> Attempt:
    return Attempt(at, f"{at.isoformat()}{name}", kind, outcome, source)


def tries(
    number: int, start: datetime = NOON, *, apart: timedelta = timedelta(seconds=1), **more: str
) -> list[Attempt]:
    return [attempt(start + apart * index, **more) for index in range(number)]  # type: ignore[arg-type]


def folded(new: Sequence[Attempt], now: datetime | None = None, *, cleared: tuple[datetime, ...] = ()) -> Attempts:
    return with_attempts(Attempts(), new, cleared, now or max(one.at for one in new))


def lock_after(new: Sequence[Attempt], now: datetime | None = None) -> TierLock | None:
    at = now or max(one.at for one in new)
    return running_lock(folded(new, at), (), at)


def climbed(start: datetime = NOON) -> list[Attempt]:
    """Failures that lead through the tiers: each five made as soon as the lock before is over."""
    first = tries(5, start)
    second = tries(5, first[-1].at + minutes(15))
    third = [attempt(second[-1].at + HOUR * (index + 1)) for index in range(5)]
    return [*first, *second, *third]


@pytest.mark.parametrize(("number", "locked"), [(4, False), (5, True), (6, True)])
def test_five_failures_lock_and_a_sixth_changes_nothing(number: int, locked: bool) -> None:
    lock = lock_after(tries(number))
    assert lock == (
        TierLock(LoginKind.PASSWORD, NOON + minutes(4 / 60), NOON + minutes(15 + 4 / 60)) if locked else None
    )


@pytest.mark.parametrize(
    ("after", "locked"), [(minutes(15) - MS, True), (minutes(15), False), (minutes(15) + MS, False)]
)
def test_five_failures_count_within_fifteen_minutes(after: timedelta, locked: bool) -> None:
    new = [*tries(1), *tries(3, NOON + minutes(5)), attempt(NOON + after)]
    assert (lock_after(new) is not None) is locked


@pytest.mark.parametrize(("after", "locked"), [(-MS, True), (timedelta(0), False), (MS, False)])
def test_the_first_lock_ends_after_fifteen_minutes(after: timedelta, locked: bool) -> None:
    new = tries(5)
    assert (lock_after(new, new[-1].at + minutes(15) + after) is not None) is locked


@pytest.mark.parametrize(("number", "length"), [(9, None), (10, HOUR), (11, HOUR)])
def test_the_tenth_failure_of_a_day_locks_for_an_hour(number: int, length: timedelta | None) -> None:
    new = climbed()[:number]
    lock = lock_after(new)
    assert lock == (None if length is None else TierLock(LoginKind.PASSWORD, new[-1].at, new[-1].at + length))


@pytest.mark.parametrize(("number", "length"), [(14, HOUR), (15, DAY), (16, DAY)])
def test_the_fifteenth_failure_of_a_day_locks_for_a_day(number: int, length: timedelta) -> None:
    new = climbed()
    new.append(attempt(new[-1].at + minutes(1)))
    counting = new[min(number, 15) - 1].at
    assert lock_after(new[:number]) == TierLock(LoginKind.PASSWORD, counting, counting + length)


@pytest.mark.parametrize(("after", "locked"), [(DAY - MS, True), (DAY, False), (DAY + MS, False)])
def test_ten_failures_count_within_a_day(after: timedelta, locked: bool) -> None:
    spread = tries(9, NOON + HOUR, apart=minutes(20))
    assert (lock_after([attempt(NOON), *spread[:8], attempt(NOON + after)]) is not None) is locked


@pytest.mark.parametrize(
    ("number", "hard"), [(HARD_FAILURES - 1, False), (HARD_FAILURES, True), (HARD_FAILURES + 1, True)]
)
def test_the_hundredth_failure_in_a_row_locks_until_recovery(number: int, hard: bool) -> None:
    """One failure every three hours makes no tier of time, and 100 of them take more than twelve days."""
    attempts = Attempts()
    new = tries(number, apart=timedelta(hours=3))
    for one in new:
        attempts = with_attempts(attempts, [one], (), one.at)
    lock = running_lock(attempts, (), new[-1].at + timedelta(days=365))
    assert lock == (TierLock(LoginKind.PASSWORD, new[HARD_FAILURES - 1].at, None) if hard else None)


def test_a_success_from_anywhere_starts_the_hundred_anew() -> None:
    attempts = Attempts()
    new = tries(HARD_FAILURES, apart=timedelta(hours=3))
    new.insert(50, attempt(new[50].at - MS, AttemptOutcome.SUCCEEDED, source="own phone"))
    for one in new:
        attempts = with_attempts(attempts, [one], (), one.at)
    assert running_lock(attempts, (), new[-1].at) is None


def test_the_hundred_of_one_kind_do_not_end_by_a_success_of_the_other() -> None:
    """Somebody who knows the password could otherwise guess the second factor for ever."""
    attempts = Attempts()
    for one in tries(HARD_FAILURES, apart=timedelta(hours=3), kind=LoginKind.OTP):
        right = attempt(one.at - MS, AttemptOutcome.SUCCEEDED, kind=LoginKind.PASSWORD)
        attempts = with_attempts(attempts, [right, one], (), one.at)
    lock = running_lock(attempts, (), one.at)
    assert lock == TierLock(LoginKind.OTP, one.at, None)


def test_failures_inside_a_lock_neither_count_nor_extend_it() -> None:
    new = tries(5)
    inside = tries(50, new[-1].at + minutes(1), apart=timedelta(seconds=10))
    assert lock_after([*new, *inside]) == lock_after(new)
    next_failure = attempt(new[-1].at + minutes(15))
    assert lock_after([*new, *inside, next_failure]) is None


def test_failures_of_two_kinds_are_counted_apart() -> None:
    mixed = [*tries(4), *tries(4, NOON + minutes(1), kind=LoginKind.OTP)]
    assert lock_after(mixed) is None
    locked = lock_after([*mixed, attempt(NOON + minutes(2), kind=LoginKind.OTP)])
    assert locked is not None
    assert locked.kind is LoginKind.OTP


def test_a_success_forgives_failures_of_its_own_source_only() -> None:
    right = attempt(NOON + minutes(1), AttemptOutcome.SUCCEEDED, source="own phone")
    fifth = attempt(NOON + minutes(2))
    assert lock_after([*tries(4, source="own phone"), right, fifth]) is None
    assert lock_after([*tries(4), right, fifth]) is not None


def test_a_success_that_slips_in_before_the_wallet_has_the_lock_does_not_lift_it() -> None:
    new = tries(5)
    right = attempt(new[-1].at + MS, AttemptOutcome.SUCCEEDED)
    assert lock_after([*new, right]) == lock_after(new)
    more = tries(5, new[-1].at + minutes(15))
    assert lock_after([*new, right, *more]) == TierLock(LoginKind.PASSWORD, more[-1].at, more[-1].at + HOUR)


def test_a_late_success_lifts_a_lock_that_it_would_have_prevented() -> None:
    new = tries(5)
    attempts = folded(new)
    late = with_attempts(attempts, [attempt(new[3].at + MS, AttemptOutcome.SUCCEEDED)], (), new[-1].at + minutes(1))
    assert running_lock(late, (), new[-1].at + minutes(1)) is None


@pytest.mark.parametrize("kind", list(LoginKind))
def test_a_new_secret_ends_locks_by_guesses_at_the_old_one(kind: LoginKind) -> None:
    new = tries(5, kind=kind)
    recovery = attempt(new[-1].at + minutes(1), AttemptOutcome.RECOVERED, kind=LoginKind.PASSWORD)
    assert (lock_after([*new, recovery]) is None) is (kind is LoginKind.PASSWORD)


def test_recovery_ends_a_hard_lock_however_late_it_is_told() -> None:
    attempts = Attempts()
    new = tries(HARD_FAILURES, apart=timedelta(hours=3))
    for one in new:
        attempts = with_attempts(attempts, [one], (), one.at)
    told_at = new[-1].at + timedelta(days=10)
    attempts = with_attempts(attempts, [], (), told_at)
    recovery = attempt(new[-1].at + minutes(1), AttemptOutcome.RECOVERED)
    ended = with_attempts(attempts, [recovery], (), told_at)
    assert running_lock(ended, (), told_at) is None
    before = attempt(new[-1].at - minutes(1), AttemptOutcome.RECOVERED)
    assert running_lock(with_attempts(attempts, [before], (), told_at), (), told_at) is not None
    again = with_attempts(ended, tries(HARD_FAILURES - 1, told_at, apart=timedelta(milliseconds=1)), (), told_at + HOUR)
    assert running_lock(again, (), told_at + DAY * 2) is None


@pytest.mark.parametrize(("late", "counts"), [(DAY - MS, True), (DAY, True), (DAY + MS, False)])
def test_a_failure_told_more_than_a_day_late_counts_no_more(late: timedelta, counts: bool) -> None:
    attempts = with_attempts(Attempts(), [attempt(NOON)], (), NOON + late)
    assert (attempts != Attempts()) is counts
    assert COUNTED_WITHIN == DAY


def test_known_attempts_change_nothing() -> None:
    attempts = folded(tries(4))
    assert with_attempts(attempts, tries(4), (), NOON + HOUR) is attempts


@sweep("number", [ATTEMPTS_MAX - 1, ATTEMPTS_MAX, ATTEMPTS_MAX + 1, 3 * ATTEMPTS_MAX])
def test_a_flood_keeps_at_most_a_hundred_attempts_and_its_lock(number: int) -> None:
    """Failures of the flood fall into the locks that it brings about; none of them may push out what those rest on."""
    new = [*climbed(), *tries(number, climbed()[-1].at + minutes(1), apart=timedelta(seconds=1))]
    attempts = Attempts()
    for one in new:
        attempts = with_attempts(attempts, [one], (), one.at)
    assert len(attempts.recent) + len(attempts.counted) <= ATTEMPTS_MAX
    start = climbed()[-1].at
    assert running_lock(attempts, (), new[-1].at) == TierLock(LoginKind.PASSWORD, start, start + DAY)
    at_once = folded(new)
    assert running_lock(at_once, (), new[-1].at) == TierLock(LoginKind.PASSWORD, start, start + DAY)


def test_a_lock_of_a_day_outlives_the_failures_it_came_from() -> None:
    new = climbed()
    attempts = folded(new)
    end = new[-1].at + DAY
    for hours in range(1, 24):
        at = new[-1].at + timedelta(hours=hours)
        attempts = with_attempts(attempts, [attempt(at, name="inside")], (), at)
    assert running_lock(attempts, (), end - MS) is not None
    assert running_lock(attempts, (), end) is None


def test_an_unlock_empties_the_windows_but_not_what_is_in_a_row() -> None:
    unlocked = NOON + minutes(1)
    attempts = folded(tries(5))
    assert running_lock(attempts, (unlocked,), unlocked) is None
    four = with_attempts(attempts, tries(4, unlocked + MS), (unlocked,), unlocked + minutes(1))
    assert running_lock(four, (unlocked,), unlocked + minutes(1)) is None
    five = with_attempts(four, [attempt(unlocked + minutes(1))], (unlocked,), unlocked + minutes(1))
    assert running_lock(five, (unlocked,), unlocked + minutes(1)) is not None


def test_unlocks_do_not_let_more_than_a_hundred_guesses_through() -> None:
    """As often as the owner may unlock, five guesses at a time: the twentieth five are the last."""
    attempts, at = Attempts(), NOON
    cleared: tuple[datetime, ...] = ()
    rounds = HARD_FAILURES // 5
    for number in range(1, rounds + 1):
        new = tries(5, at)
        attempts = with_attempts(attempts, new, cleared, new[-1].at)
        lock = running_lock(attempts, cleared, new[-1].at)
        assert lock is not None
        assert (lock.until is None) is (number == rounds)
        unlocked = new[-1].at + minutes(1)
        cleared = (*(known for known in cleared if known > unlocked - CLEARED_FOR), unlocked)
        at = unlocked + UNLOCKS_WITHIN / UNLOCKS_MAX


def test_tiers_grow_harder() -> None:
    assert [(tier.failures, tier.window, tier.lock) for tier in TIERS] == [
        (5, minutes(15), minutes(15)),
        (10, DAY, HOUR),
        (15, DAY, DAY),
    ]


def test_failures_that_are_final_still_count_with_a_late_one() -> None:
    """The window of the late tenth failure reaches back behind what is final when it arrives."""
    attempts = folded([attempt(NOON + minutes(5) * n) for n in range(3)], NOON + minutes(10))
    attempts = with_attempts(attempts, tries(6, NOON + HOUR, apart=minutes(20)), (), NOON + 3 * HOUR)
    tenth = attempt(NOON + DAY - minutes(1))
    locked = with_attempts(attempts, [tenth], (), NOON + DAY + minutes(30))
    assert locked.total_through == (NOON + minutes(30), "")
    assert running_lock(locked, (), NOON + DAY + minutes(30)) == TierLock(LoginKind.PASSWORD, tenth.at, tenth.at + HOUR)


def final(new: Sequence[Attempt], *, cleared: Sequence[datetime] = ()) -> Attempts:
    """All attempts made final by the last one."""
    last = max(new, key=lambda one: one.order)
    return finalise(Attempts(recent=tuple(new)), cleared, through=last.order)


@pytest.mark.parametrize(("number", "kept"), [(ATTEMPTS_MAX - 1, ATTEMPTS_MAX - 1), (ATTEMPTS_MAX, ATTEMPTS_MAX)])
def test_up_to_a_hundred_attempts_are_remembered_as_they_were(number: int, kept: int) -> None:
    attempts = folded(tries(number, apart=timedelta(minutes=1)))
    assert len(attempts.recent) == kept
    assert attempts.counted == ()


@pytest.mark.parametrize(("before", "counts"), [(DAY - MS, True), (DAY, False), (DAY + MS, False)])
def test_a_failure_that_is_final_counts_for_less_than_a_day(before: timedelta, counts: bool) -> None:
    first, last = attempt(NOON - before), attempt(NOON, AttemptOutcome.SUCCEEDED, source="home")
    assert (first in final([first, last]).counted) is counts


@pytest.mark.parametrize("outcome", [AttemptOutcome.SUCCEEDED, AttemptOutcome.RECOVERED])
def test_a_success_or_a_new_secret_leaves_no_failure_in_a_row(outcome: AttemptOutcome) -> None:
    assert final([*tries(3), attempt(NOON + HOUR, outcome)]).total == {}
    assert final([*tries(3), attempt(NOON + HOUR, outcome), attempt(NOON + 2 * HOUR)]).total == {LoginKind.PASSWORD: 1}


def test_an_unlock_counts_after_the_failures_of_its_own_instant() -> None:
    new = tries(5)
    assert running_lock(folded(new), (new[-1].at,), new[-1].at) is None
    assert final([*new, attempt(NOON + HOUR)], cleared=[new[-1].at]).counted == (attempt(NOON + HOUR),)


def test_an_attempt_that_is_final_is_known() -> None:
    new = tries(3)
    attempts = final(new)
    assert with_attempts(attempts, new[-1:], (), NOON + HOUR) is attempts


def test_a_flood_makes_no_more_attempts_final_than_it_has_to() -> None:
    attempts = folded(tries(ATTEMPTS_MAX + 1, apart=timedelta(minutes=1)))
    assert len(attempts.recent) + len(attempts.counted) == ATTEMPTS_MAX


def test_each_unlock_empties_the_windows_at_its_own_time() -> None:
    first, second = tries(4), tries(4, NOON + minutes(2))
    cleared = [NOON + minutes(1), NOON + minutes(3)]
    state = final([*first, *second, attempt(NOON + minutes(4))], cleared=cleared)
    assert state.total == {LoginKind.PASSWORD: 9}
    assert state.lock is None


def test_a_late_recovery_forgives_the_failures_of_its_kind_up_to_its_time() -> None:
    failures = [
        attempt(NOON - MS),
        attempt(NOON, name="same instant"),
        attempt(NOON + MS),
        attempt(NOON - MS, kind=LoginKind.OTP, name="other kind"),
    ]
    attempts = Attempts(total_through=(NOON + HOUR, ""), counted=tuple(failures))
    ended = with_attempts(attempts, [attempt(NOON, AttemptOutcome.RECOVERED)], (), NOON + HOUR)
    assert ended.counted == tuple(failures[2:])


@pytest.mark.parametrize(("since", "ends"), [(NOON - MS, True), (NOON, True), (NOON + MS, False)])
def test_a_late_recovery_ends_the_hard_lock_that_began_before_it_and_its_count_alone(
    since: datetime, ends: bool
) -> None:
    total = {LoginKind.PASSWORD: HARD_FAILURES, LoginKind.OTP: 3}
    lock = TierLock(LoginKind.PASSWORD, since, None)
    attempts = Attempts(total_through=(NOON + HOUR, ""), total=total, lock=lock)
    ended = with_attempts(attempts, [attempt(NOON, AttemptOutcome.RECOVERED)], (), NOON + HOUR)
    assert ended.lock == (None if ends else lock)
    assert ended.total == (total | {LoginKind.PASSWORD: 0} if ends else total)
