"""Contact points that are too new for a code: a changed number, a changed SIM, and what is no change at all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline.accounts.changes import CHANGE_WAIT, SIM_CHANGE_WAIT, has_stood, refuses_code
from hotline.accounts.model import ContactPoint, Profile
from hotline.accounts.policy import PRESENT_POINTS_MAX, REMOVED_POINTS_KEPT, fold
from hotline.accounts.service import contact_point
from hotline.contracts.model import Fact
from hotline.kit.clock import to_text
from tests.support.facts import ACCOUNT, EMAIL, OTHER_PHONE, PHONE, fact
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)


def folded(*facts: Fact, before: Profile | None = None) -> Profile:
    return fold(before, facts, account_id=ACCOUNT, name_of=lambda value: f"1#{value}")


def listed(value: str, confirmed: timedelta) -> dict[str, Any]:
    kind = "phone" if value.startswith("+") else "email"
    return {"kind": kind, "value": value, "confirmed_at": to_text(NOW - confirmed)}


def opened(ago: timedelta, *points: tuple[str, timedelta]) -> Fact:
    """The account was opened so long ago, with points confirmed so long ago."""
    content = {"contact_points": [listed(*point) for point in points]}
    return fact("account.opened", content, after_s=-ago.total_seconds(), id="opened")


def updated(version: int, ago: timedelta, *points: tuple[str, timedelta]) -> Fact:
    content = {"version": version, "contact_points": [listed(*point) for point in points]}
    return fact("account.updated", content, after_s=-ago.total_seconds(), id=f"updated-{version}")


def changed(version: int, old: str | None, new: str | None, ago: timedelta, **data: Any) -> Fact:
    kind = "phone" if (new or old or "").startswith("+") else "email"
    content = {"version": version, "kind": kind, "old": old, "new": new, "confirmed_at": to_text(NOW - ago)} | data
    return fact("contact_point.changed", content, after_s=-ago.total_seconds(), id=f"changed-{version}")


def sim_changed(version: int, ago: timedelta, value: str = PHONE, *, told: timedelta | None = None) -> Fact:
    content = {"version": version, "value": value, "changed_at": to_text(NOW - ago)}
    after_s = -(ago if told is None else told).total_seconds()
    return fact("contact_point.sim_changed", content, after_s=after_s, id=f"sim-{version}")


def refused(profile: Profile, value: str = PHONE, *, acting: bool = True, after: timedelta = timedelta()) -> bool:
    point = contact_point(profile, f"1#{value}")
    assert isinstance(point, ContactPoint)
    return refuses_code(profile, point, NOW + after, acting=acting, stopped_since=None)


def test_seventy_two_hours_is_what_practice_asks_for_at_most() -> None:
    assert timedelta(hours=72) == CHANGE_WAIT == SIM_CHANGE_WAIT


# ---------------------------------------------------------------- a changed number


@pytest.mark.parametrize(
    ("ago", "refuses"), [(CHANGE_WAIT - MS, True), (CHANGE_WAIT, False), (CHANGE_WAIT + MS, False)]
)
def test_a_changed_number_gets_no_code_that_acts_for_three_days(ago: timedelta, refuses: bool) -> None:
    profile = folded(opened(YEAR, (OTHER_PHONE, YEAR)), changed(2, OTHER_PHONE, PHONE, ago))
    assert refused(profile) is refuses
    assert not refused(profile, acting=False)


def test_a_changed_address_is_refused_like_a_number() -> None:
    profile = folded(opened(YEAR, (PHONE, YEAR)), changed(2, None, EMAIL, HOUR))
    assert refused(profile, EMAIL)
    assert not refused(profile, PHONE)


def test_a_first_number_of_an_account_that_is_not_new_is_a_change() -> None:
    assert refused(folded(opened(YEAR, (EMAIL, YEAR)), changed(2, None, PHONE, HOUR)))


def test_a_number_that_is_only_confirmed_again_is_no_change() -> None:
    again = changed(2, PHONE, PHONE, HOUR)
    assert not refused(folded(opened(YEAR, (PHONE, YEAR)), again))
    assert not refused(folded(opened(YEAR, (PHONE, YEAR)), updated(2, HOUR, (PHONE, HOUR), (EMAIL, HOUR))))


def test_a_number_that_every_list_names_stands_however_often_it_is_confirmed() -> None:
    """A list that names a number is no sign that it left."""
    facts = [opened(YEAR, (PHONE, YEAR)), *(updated(n, (9 - n) * HOUR, (PHONE, (9 - n) * HOUR)) for n in (2, 3, 4))]
    for order in itertools.permutations(facts):
        assert not refused(folded(*order))
    unlisted = updated(5, HOUR, (EMAIL, YEAR))
    for order in itertools.permutations([*facts[:3], unlisted, updated(6, HOUR / 2, (PHONE, HOUR / 2))]):
        assert refused(folded(*order))


@pytest.mark.parametrize("reassigned", [True, False])
def test_a_number_that_left_and_came_back_is_new_whoever_had_it_in_between(reassigned: bool) -> None:
    facts = (opened(YEAR, (PHONE, YEAR)), changed(2, PHONE, OTHER_PHONE, YEAR / 2))
    assert refused(folded(*facts, changed(3, OTHER_PHONE, PHONE, CHANGE_WAIT - MS, reassigned=reassigned)))
    assert not refused(folded(*facts, changed(3, OTHER_PHONE, PHONE, CHANGE_WAIT, reassigned=reassigned)))


def test_a_number_that_a_list_left_out_by_mistake_stands_as_before_when_it_is_listed_as_confirmed_before() -> None:
    facts = (opened(YEAR, (PHONE, YEAR), (EMAIL, YEAR)), updated(2, 2 * HOUR, (EMAIL, YEAR)))
    assert not refused(folded(*facts, updated(3, HOUR, (PHONE, YEAR), (EMAIL, YEAR))))


# ---------------------------------------------------------------- a new customer


@pytest.mark.parametrize("after", [-HOUR, timedelta(), HOUR])
def test_a_new_customers_first_number_is_no_change_whether_confirmed_before_the_opening_or_after(
    after: timedelta,
) -> None:
    profile = folded(opened(2 * HOUR, (PHONE, 2 * HOUR - after), (EMAIL, 2 * HOUR - after)))
    assert not refused(profile)
    assert not refused(profile, EMAIL)


def test_two_numbers_that_an_account_is_opened_with_are_no_change() -> None:
    profile = folded(opened(HOUR, (PHONE, 2 * HOUR), (OTHER_PHONE, HOUR)))
    assert not refused(profile, PHONE)
    assert not refused(profile, OTHER_PHONE)


def test_two_numbers_of_a_new_customer_that_were_confirmed_at_one_instant_are_no_change() -> None:
    profile = folded(opened(HOUR * 2), changed(2, None, PHONE, HOUR), changed(3, None, OTHER_PHONE, HOUR))
    assert (refused(profile, PHONE), refused(profile, OTHER_PHONE)) == (False, False)


def test_a_new_customer_who_changes_the_number_waits() -> None:
    account = opened(5 * HOUR, (OTHER_PHONE, 6 * HOUR))
    assert refused(folded(account, changed(2, OTHER_PHONE, PHONE, HOUR)))
    assert refused(folded(account, changed(2, None, PHONE, HOUR)))
    assert refused(folded(opened(5 * HOUR), changed(2, OTHER_PHONE, PHONE, HOUR))), (
        "the old one is known by its removal"
    )


def test_a_first_address_of_a_new_account_that_was_opened_with_a_number_waits() -> None:
    profile = folded(opened(5 * HOUR, (PHONE, 6 * HOUR)), changed(2, None, EMAIL, HOUR))
    assert refused(profile, EMAIL)
    assert not refused(profile, EMAIL, acting=False)
    assert not refused(profile, PHONE)


@pytest.mark.parametrize(("age", "refuses"), [(CHANGE_WAIT - MS, False), (CHANGE_WAIT, True), (CHANGE_WAIT + MS, True)])
def test_an_account_is_new_for_three_days(age: timedelta, refuses: bool) -> None:
    assert refused(folded(opened(age), changed(2, None, PHONE, HOUR))) is refuses


def test_an_account_of_unknown_age_is_not_new() -> None:
    assert refused(folded(updated(2, HOUR, (PHONE, HOUR))))
    assert not refused(folded(updated(2, HOUR, (PHONE, HOUR)), opened(2 * HOUR, (PHONE, 2 * HOUR))))


def test_a_number_that_is_told_later_and_was_confirmed_at_the_opening_is_no_change() -> None:
    """Though the account was opened with an older address: what was confirmed by then is as old as the account."""
    account = opened(HOUR, (EMAIL, YEAR))
    for confirmed, refuses in ((HOUR + MS, False), (HOUR, False), (HOUR - MS, True)):
        told = changed(2, None, PHONE, HOUR / 2, confirmed_at=to_text(NOW - confirmed))
        assert refused(folded(account, told)) is refuses


def test_a_number_that_an_account_was_opened_with_is_no_change_until_it_leaves_and_comes_back() -> None:
    """The wallet may confirm it a moment after the opening, and an address of it may be older."""
    account = opened(2 * HOUR, (EMAIL, YEAR), (PHONE, 2 * HOUR - 1000 * MS))
    assert not refused(folded(account))
    assert not refused(folded(account, changed(2, PHONE, PHONE, HOUR)))
    assert refused(folded(account, changed(2, PHONE, None, HOUR), changed(3, None, PHONE, HOUR / 2)))
    late = updated(2, HOUR, (EMAIL, YEAR), (PHONE, 2 * HOUR - 1000 * MS))
    assert refused(folded(opened(2 * HOUR, (EMAIL, YEAR)), late)), "not listed at the opening"


def stopped(profile: Profile, since: timedelta, *, acting: bool = True) -> bool:
    """Whether a code to the number is refused while a freeze runs that began so long ago."""
    point = contact_point(profile, f"1#{PHONE}")
    assert isinstance(point, ContactPoint)
    return refuses_code(profile, point, NOW, acting=acting, stopped_since=NOW - since)


def test_a_first_number_that_came_during_a_freeze_acts_on_nothing_even_of_a_new_account() -> None:
    account = opened(3 * HOUR)
    for came, refuses in ((HOUR - MS, True), (HOUR, False), (HOUR + MS, False)):
        profile = folded(account, changed(2, None, PHONE, came))
        assert not refused(profile)
        assert stopped(profile, HOUR) is refuses
        assert not stopped(profile, HOUR, acting=False)


def test_a_number_of_which_no_beginning_is_known_acts_on_nothing_in_a_freeze_and_has_not_stood() -> None:
    profile = folded(opened(YEAR, (EMAIL, YEAR)), changed(2, PHONE, None, HOUR))
    assert stopped(profile, YEAR)
    point = contact_point(profile, f"1#{PHONE}")
    assert point is not None
    assert not has_stood(profile, point, NOW)


@pytest.mark.parametrize(("had", "stood"), [(CHANGE_WAIT - MS, False), (CHANGE_WAIT, True), (CHANGE_WAIT + MS, True)])
def test_a_point_has_stood_after_three_days_and_one_that_was_removed_if_it_had_by_then(
    had: timedelta, stood: bool
) -> None:
    added = (opened(YEAR, (EMAIL, YEAR)), changed(2, None, PHONE, had))
    present = folded(*added)
    (point,) = (known for known in present.points if known.value == PHONE)
    assert has_stood(present, point, NOW) is stood
    gone = folded(opened(YEAR, (EMAIL, YEAR)), changed(2, None, PHONE, had + HOUR), changed(3, PHONE, None, HOUR))
    (point,) = (known for known in gone.points if known.value == PHONE)
    assert has_stood(gone, point, NOW + YEAR) is stood


# ---------------------------------------------------------------- a changed SIM


@sweep("acting", [True, False])
@sweep(("ago", "refuses"), [(SIM_CHANGE_WAIT - MS, True), (SIM_CHANGE_WAIT, False), (SIM_CHANGE_WAIT + MS, False)])
def test_after_a_change_of_sim_a_number_gets_no_code_at_all_for_three_days(
    ago: timedelta, refuses: bool, acting: bool
) -> None:
    profile = folded(opened(YEAR, (PHONE, YEAR), (EMAIL, YEAR)), sim_changed(2, ago))
    assert refused(profile, acting=acting) is refuses
    assert not refused(profile, EMAIL, acting=acting)


def test_the_sim_of_a_new_customers_first_number_counts_too() -> None:
    assert refused(folded(opened(2 * HOUR, (PHONE, 2 * HOUR)), sim_changed(2, HOUR)))


def test_the_latest_word_about_a_sim_holds_and_none_is_from_the_future() -> None:
    account = opened(YEAR, (PHONE, YEAR))
    mended = folded(account, sim_changed(3, YEAR / 2, told=HOUR), sim_changed(2, HOUR))
    assert not refused(mended)
    ahead = folded(account, sim_changed(2, -YEAR, told=HOUR))
    assert refused(ahead)
    assert not refused(ahead, after=SIM_CHANGE_WAIT)


def test_a_change_of_sim_counts_as_a_change_of_contact() -> None:
    profile = folded(opened(YEAR, (PHONE, YEAR)), sim_changed(2, HOUR))
    assert profile.contact_changed_at == NOW - HOUR
    assert profile.version == 2


def test_every_order_and_every_split_gives_the_same_profile() -> None:
    facts: Sequence[Fact] = [
        opened(YEAR, (PHONE, YEAR), (EMAIL, YEAR)),
        sim_changed(2, 30 * HOUR),
        changed(3, PHONE, OTHER_PHONE, 20 * HOUR),
        sim_changed(4, 10 * HOUR, OTHER_PHONE),
        changed(5, OTHER_PHONE, PHONE, 5 * HOUR, reassigned=True),
        sim_changed(6, HOUR),
    ]
    expected = folded(*facts)
    for order in itertools.permutations(facts):
        assert folded(*order) == expected
    for split in range(1, len(facts)):
        assert folded(*facts[:split], *facts, before=folded(*facts[split:])) == expected


def test_a_sim_of_a_number_that_is_not_known_is_kept_for_later_and_makes_no_contact() -> None:
    early = folded(sim_changed(2, HOUR))
    assert early.live_points == ()
    assert refused(folded(opened(YEAR, (PHONE, YEAR)), before=early))


@pytest.mark.parametrize("number", [REMOVED_POINTS_KEPT - 1, REMOVED_POINTS_KEPT, REMOVED_POINTS_KEPT + 1])
def test_of_numbers_that_never_become_the_accounts_the_latest_are_kept(number: int) -> None:
    numbers = [f"+447700900{100 + place}" for place in range(number)]
    heard = [sim_changed(2 + place, HOUR, value) for place, value in enumerate(numbers)]
    profile = folded(opened(YEAR, (PHONE, YEAR)), *heard)
    kept = [point.value for point in profile.points if point.told is None]
    assert kept == numbers[-REMOVED_POINTS_KEPT:]
    assert [point.value for point in profile.live_points] == [PHONE]


def test_a_point_beyond_the_bound_is_not_kept_by_its_sim() -> None:
    numbers = [f"+447700900{100 + place}" for place in range(PRESENT_POINTS_MAX)]
    came = [changed(2 + place, None, number, YEAR) for place, number in enumerate(numbers)]
    profile = folded(opened(YEAR), *came, sim_changed(50, HOUR, OTHER_PHONE), changed(51, None, OTHER_PHONE, HOUR))
    assert [point.value for point in profile.points] == numbers
