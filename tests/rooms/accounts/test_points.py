"""Owners of a contact point: sharing, changing hands, limits."""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import reduce

import pytest

from hotline.accounts.model import Point, PointOwner
from hotline.accounts.policy import OWNERS_MAX, list_reached, with_owner, without_owner
from tests.support.facts import NOON
from tests.support.sweeps import sweep

EMPTY = Point("1#abc", ())


def owner(name: str, day: int, *, shared: bool = False, reassigned: bool = False, removed: bool = False) -> PointOwner:
    confirmed_at = NOON + timedelta(days=day)
    return PointOwner(name, 1, confirmed_at, shared, reassigned=reassigned, removed=removed)


def owned(*owners: PointOwner) -> Point:
    return reduce(with_owner, owners, EMPTY)


def test_one_owner_is_reached() -> None:
    assert list_reached(owned(owner("a", 1))) == ("a",)
    assert list_reached(EMPTY) == ()


def test_a_later_owner_takes_the_point_over() -> None:
    for owners in itertools.permutations([owner("a", 1), owner("b", 2)]):
        assert list_reached(owned(*owners)) == ("b",)


def test_a_point_that_both_share_reaches_both_in_order_of_confirmation() -> None:
    assert list_reached(owned(owner("b", 2, shared=True), owner("a", 1, shared=True))) == ("a", "b")


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_sharing_needs_both(first: bool, second: bool) -> None:
    assert list_reached(owned(owner("a", 1, shared=first), owner("b", 2, shared=second))) == ("b",)


def test_a_reassigned_point_is_nobodys_shared_point() -> None:
    assert list_reached(owned(owner("a", 1, shared=True), owner("b", 2, shared=True, reassigned=True))) == ("b",)


def test_confirming_again_takes_the_point_back() -> None:
    assert list_reached(owned(owner("a", 1), owner("b", 2), owner("a", 3))) == ("a",)


def test_an_account_that_lost_a_point_does_not_get_it_back_when_the_later_owner_drops_it() -> None:
    point = owned(owner("a", 1), owner("b", 2, removed=True))
    assert list_reached(point) == ()
    found = point.owner("a")
    assert found is not None
    assert found.changed_hands


def test_an_account_that_lost_a_point_does_not_get_it_back_when_the_later_owner_is_erased() -> None:
    assert list_reached(without_owner(owned(owner("a", 1), owner("b", 2)), "b")) == ()
    both_shared = owned(owner("a", 1, shared=True), owner("b", 2, shared=True))
    assert list_reached(without_owner(both_shared, "b")) == ("a",)
    alone = with_owner(without_owner(both_shared, "b"), owner("c", 0))
    assert list_reached(alone) == ("a",)


def test_a_later_owner_who_is_erased_took_the_point_from_everybody_they_did_not_share_it_with() -> None:
    sharing, alone = owner("a", 1, shared=True), owner("a", 1)
    assert list_reached(without_owner(owned(sharing, owner("b", 2)), "b")) == ()
    assert list_reached(without_owner(owned(sharing, owner("b", 2, shared=True, reassigned=True)), "b")) == ()
    assert list_reached(without_owner(owned(alone, owner("b", 2, shared=True)), "b")) == ()


@sweep("shared", [True, False])
@sweep("erased_day", [0, 1])
def test_an_owner_who_confirmed_no_earlier_keeps_the_point_when_another_one_is_erased(
    erased_day: int, shared: bool
) -> None:
    both = owned(owner("a", 1), owner("b", erased_day, shared=shared))
    assert list_reached(without_owner(both, "b")) == ("a",)


def test_two_owners_who_confirmed_at_one_instant_are_both_reached() -> None:
    assert list_reached(owned(owner("a", 1), owner("b", 1))) == ("a", "b")


def test_of_erased_owners_the_latest_confirmation_counts() -> None:
    point = owned(owner("a", 1), owner("b", 2), owner("c", 4))
    for erased in itertools.permutations("bc"):
        left = reduce(without_owner, erased, point)
        assert list_reached(with_owner(left, owner("d", 3))) == ()
        assert list_reached(with_owner(left, owner("d", 5))) == ("d",)


def test_an_owner_who_has_no_place_in_the_list_still_took_the_point() -> None:
    owners = [owner(f"a{day}", day, shared=True) for day in range(OWNERS_MAX)]
    assert list_reached(owned(*owners, owner("x", 10, removed=True))) == ()


def test_erasing_an_account_that_does_not_have_the_point_changes_nothing() -> None:
    point = owned(owner("a", 1))
    assert without_owner(point, "b") is point


@pytest.mark.parametrize("count", [OWNERS_MAX - 1, OWNERS_MAX, OWNERS_MAX + 1])
def test_at_most_five_accounts_are_listed_the_latest_ones(count: int) -> None:
    names = [f"a{count - day}" for day in range(count)]
    point = owned(*(owner(name, day, shared=True) for day, name in enumerate(names)))
    assert list_reached(point) == tuple(names)[-OWNERS_MAX:]


def test_of_accounts_that_confirmed_at_one_instant_the_same_are_listed_whichever_came_first() -> None:
    owners = [owner(name, 1, shared=True) for name in "abcdefg"[: OWNERS_MAX + 2]]
    assert owned(*owners) == owned(*owners[::-1])


def test_a_dropped_owner_makes_place_for_a_present_one() -> None:
    owners = [owner(f"a{day}", day, shared=True) for day in range(OWNERS_MAX)]
    point = owned(*owners, owner("a4", 4, shared=True, removed=True), owner("new", -1, shared=True))
    assert list_reached(point) == ("new", "a0", "a1", "a2", "a3")


def test_every_order_of_up_to_five_owners_reaches_the_same() -> None:
    owners = [owner("a", 1, shared=True), owner("b", 2), owner("c", 3, shared=True), owner("d", 3, removed=True)]
    assert all(owned(*order) == owned(*owners) for order in itertools.permutations(owners))
