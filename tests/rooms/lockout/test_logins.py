"""The logins that an owner may hear: what is kept of them, whatever the order, and what is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.accounts import recency
from hotline.accounts.recency import AT_OPENING, RECENT
from hotline.lockout.items import attempts_item, attempts_of
from hotline.lockout.logins import (
    DAYS_KEPT,
    DEVICES_KEPT,
    KNOWN_FOR,
    LOGINS_KEPT,
    LOGINS_TOLD_MAX,
    LOGINS_TOLD_WITHIN,
    list_new_devices,
    list_told,
    with_devices,
    with_logins,
)
from hotline.lockout.model import Attempts, Device, Login
from tests.support.stores import NOON

NOTHING: tuple[Login, ...] = ()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def login(device: str, ago: timedelta, *, country: str | None = "CN", has_device: bool = True) -> Login:
    at = NOON - ago
    return Login(at, f"{device}-{at.isoformat()}", device, has_device, country)


any_login = st.builds(
    login, st.sampled_from("abcdefgh"), st.integers(0, 400).map(lambda hours: hours * HOUR), country=st.just("CN")
)


def told(*logins: Login, now: datetime = NOON) -> list[tuple[str, bool | None, bool]]:
    return [(one.id[0], one.is_known, one.is_elsewhere) for one in list_told(with_logins((), logins), now)]


@given(st.lists(any_login, max_size=60), st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_kept_logins_depend_on_no_order_no_pages_and_no_repetition(
    logins: list[Login], chance: object, size: int
) -> None:
    again = [*logins, *logins[:5]]
    chance.shuffle(again)  # type: ignore[attr-defined]
    pages = [again[at : at + size] for at in range(0, len(again), size)]
    assert reduce(with_logins, pages, NOTHING) == with_logins((), logins)


@given(st.lists(any_login, max_size=200))
def test_the_kept_logins_are_bounded_and_each_device_has_few(logins: list[Login]) -> None:
    kept = with_logins((), logins)
    assert len(kept) <= LOGINS_KEPT
    assert all(sum(one.source == device for one in kept) <= DAYS_KEPT for device in "abcdefgh")
    assert len(list_told(kept, NOON)) <= LOGINS_TOLD_MAX


def test_a_known_login_changes_nothing() -> None:
    kept = with_logins((), [login("a", HOUR)])
    assert with_logins(kept, [login("a", HOUR)]) is kept


def test_a_thief_who_comes_in_often_takes_one_place_in_what_is_told() -> None:
    thief = [login("t", minute * timedelta(minutes=1)) for minute in range(300)]
    owner = [login("o", day * DAY) for day in range(1, 5)]
    assert told(*owner, *thief) == [("t", False, False), ("o", True, False)]


def test_a_device_is_known_when_its_logins_lie_far_enough_apart() -> None:
    older = login("o", 9 * DAY)
    assert told(older, login("a", HOUR), login("a", HOUR + KNOWN_FOR))[0] == ("a", True, False)
    assert told(older, login("a", HOUR), login("a", KNOWN_FOR))[0] == ("a", False, False)


def test_nothing_is_said_of_a_device_that_there_is_nothing_to_compare_with() -> None:
    assert told(login("a", HOUR)) == [("a", None, False)]
    assert told(login("o", 9 * DAY), login("a", HOUR, has_device=False))[0] == ("a", None, False)


def test_a_login_from_another_country_than_all_other_devices_is_told_as_such() -> None:
    home, away = login("o", DAY), login("a", HOUR, country="US")
    assert told(home, away)[0] == ("a", False, True)
    assert told(home, login("p", 2 * DAY, country="US"), away)[0][2] is False
    assert told(home, login("a", HOUR, country=None))[0][2] is False
    assert told(away)[0][2] is False


def test_logins_of_long_ago_are_not_told() -> None:
    assert told(login("a", LOGINS_TOLD_WITHIN)) != []
    assert told(login("a", LOGINS_TOLD_WITHIN + HOUR)) == []


def test_logins_come_back_from_the_item_of_the_attempts() -> None:
    logins = (login("a", HOUR), login("b", DAY, country=None, has_device=False))
    assert attempts_of(attempts_item(Attempts(logins=logins))).logins == logins


# ---------------------------------------------------------------- new devices


def registered(device: str, ago: timedelta) -> Device:
    return Device(NOON - ago, device)


def new(*known: Login | Device, opened: timedelta | None = None) -> list[timedelta]:
    """How long ago the new devices of an account came."""
    logins = with_logins((), [one for one in known if isinstance(one, Login)])
    devices = with_devices((), [one for one in known if isinstance(one, Device)])
    attempts = attempts_of(attempts_item(Attempts(logins=logins, devices=devices)))
    assert (attempts.logins, attempts.devices) == (logins, devices)
    opened_at = None if opened is None else NOON - opened
    return [NOON - at for at in list_new_devices(attempts, opened_at, NOON)]


MOMENT = timedelta(milliseconds=1)


def test_a_device_is_new_for_a_week_from_its_registration_on() -> None:
    assert new(registered("a", RECENT - MOMENT)) == [RECENT - MOMENT]
    assert new(registered("a", RECENT)) == []


def test_devices_are_new_as_long_as_contact_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check-up tells of both, and its caller hears of one week."""
    monkeypatch.setattr(recency, "RECENT", 2 * DAY)
    monkeypatch.setattr(recency, "AT_OPENING", 3 * DAY)
    assert new(registered("a", 2 * DAY - MOMENT), registered("b", 2 * DAY)) == [2 * DAY - MOMENT]
    assert new(registered("a", DAY), opened=4 * DAY) == []
    assert new(registered("a", DAY), opened=4 * DAY + MOMENT) == [DAY]


def test_a_device_that_is_registered_again_is_as_old_as_it_was() -> None:
    assert new(registered("a", 9 * DAY), registered("a", DAY)) == []
    assert new(login("a", DAY + KNOWN_FOR), registered("a", DAY)) == []
    assert new(login("a", DAY + KNOWN_FOR - MOMENT), registered("a", DAY)) == [DAY]


def test_a_device_that_only_came_in_is_new_where_another_one_was_before() -> None:
    assert new(login("a", DAY)) == []
    assert new(login("a", 9 * DAY), login("b", DAY)) == [DAY]
    assert new(login("a", 9 * DAY), login("b", DAY + KNOWN_FOR), login("b", DAY)) == []
    assert new(login("a", 9 * DAY, has_device=False), login("b", DAY)) == [DAY]
    assert new(login("a", 9 * DAY), login("b", DAY, has_device=False)) == []


def test_a_device_that_is_used_every_day_is_never_new() -> None:
    daily = [login("a", day * DAY) for day in range(30)]
    assert new(*daily, login("b", 40 * DAY)) == []


def test_devices_of_the_first_day_come_with_the_account() -> None:
    assert new(registered("a", DAY), opened=DAY + AT_OPENING) == []
    assert new(registered("a", DAY), opened=DAY + AT_OPENING + MOMENT) == [DAY]


def test_several_new_devices_are_told_the_latest_first() -> None:
    assert new(registered("a", 2 * DAY), registered("b", DAY), login("c", 9 * DAY)) == [DAY, 2 * DAY]


@given(st.lists(st.builds(registered, st.sampled_from("abcdef"), st.integers(0, 40).map(lambda n: n * HOUR))))
def test_the_kept_registrations_depend_on_no_order_and_are_few(devices: list[Device]) -> None:
    kept = with_devices((), devices)
    assert reduce(lambda known, one: with_devices(known, [one]), reversed(devices), with_devices((), ())) == kept
    assert len(kept) <= DEVICES_KEPT
    assert with_devices(kept, kept) is kept
