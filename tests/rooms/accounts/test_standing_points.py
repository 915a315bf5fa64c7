"""The contact point for news of an attack: one that surely was the owner's before it began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from hotline.accounts.changes import CHANGE_WAIT, SIM_CHANGE_WAIT
from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.accounts.policy import NOTICE_AFTER_REMOVAL
from hotline.accounts.service import find_standing_point
from hotline.contracts.model import FactVersion, PointKind
from tests.support.sweeps import sweep

BEGAN: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW: Final = BEGAN + timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
LONG_AGO: Final = BEGAN - timedelta(days=400)


def point(key: str, since: datetime, *, kind: PointKind = PointKind.PHONE, **more: Any) -> ContactPoint:
    return ContactPoint(
        kind,
        f"value-of-{key}",
        key,
        confirmed_at=since,
        first_confirmed_at=since,
        first_told=FactVersion(1, since, "fact-1"),
        told=FactVersion(1, since, "fact-1"),
        **more,
    )


def removed(key: str, since: datetime, at: datetime, **more: Any) -> ContactPoint:
    return point(key, since, removed_at=at, removals=(FactVersion(2, at, "fact-2"),), **more)


def chosen(
    points: Sequence[ContactPoint], *, opened_at: datetime | None = None, without: Sequence[str] = ()
) -> str | None:
    profile = Profile(
        "acct_1", AccountStatus.OPEN, 1, "en-US", "UTC", "Test", False, tuple(points), BEGAN, opened_at=opened_at
    )
    found = find_standing_point(profile, BEGAN, NOW, without=without)
    return None if found is None else found.key


@pytest.mark.parametrize(("late", "is_told"), [(-SECOND, True), (timedelta(0), True), (SECOND, False)])
def test_a_point_must_have_stood_when_it_began_not_when_it_is_told(late: timedelta, is_told: bool) -> None:
    assert (chosen([point("a", BEGAN - CHANGE_WAIT + late)]) == "a") is is_told


@pytest.mark.parametrize(("late", "is_told"), [(-SECOND, True), (timedelta(0), True), (SECOND, False)])
def test_its_sim_must_have_stood_as_long(late: timedelta, is_told: bool) -> None:
    changed_at = BEGAN - SIM_CHANGE_WAIT + late
    assert (chosen([point("a", LONG_AGO, sim_changed_at=changed_at)]) == "a") is is_told


def test_the_first_point_of_a_new_account_stands() -> None:
    since = BEGAN - timedelta(hours=5)
    assert chosen([point("a", since)], opened_at=since) == "a"


@pytest.mark.parametrize(("late", "is_told"), [(-SECOND, False), (timedelta(0), True)])
def test_a_removed_point_is_told_for_thirty_days(late: timedelta, is_told: bool) -> None:
    at = NOW - NOTICE_AFTER_REMOVAL + late
    assert (chosen([removed("a", LONG_AGO, at)]) == "a") is is_told


def test_a_removed_point_that_is_somebody_elses_is_not_told() -> None:
    at = BEGAN - timedelta(days=1)
    assert chosen([removed("a", LONG_AGO, at, given_up=FactVersion(2, at, "fact-2"))]) is None


OWN: Final = point("own-phone", LONG_AGO)
OLDER: Final = point("older-phone", LONG_AGO - SECOND)
ADDRESS: Final = point("own-address", LONG_AGO - timedelta(days=9), kind=PointKind.EMAIL)
SHARED: Final = point("shared-phone", LONG_AGO - timedelta(days=9), shared=True)
FORMER: Final = removed("former-phone", LONG_AGO - timedelta(days=9), BEGAN)
RANKED: Final = (OLDER, OWN, ADDRESS, SHARED, FORMER)


@sweep("number", range(len(RANKED)))
def test_the_next_best_point_takes_the_place_of_those_that_cannot_get_it(number: int) -> None:
    refused = [one.key for one in RANKED[:number]]
    assert chosen(RANKED[::-1], without=refused) == RANKED[number].key
    assert chosen(RANKED, without=[one.key for one in RANKED]) is None
