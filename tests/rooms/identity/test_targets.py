"""Targets that get no code although somebody has them: asked at sending, and again when an account is chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline.accounts import service as accounts
from hotline.accounts.changes import CHANGE_WAIT, SIM_CHANGE_WAIT
from hotline.accounts.items import profile_item
from hotline.accounts.model import AccountStatus, ContactPoint, Profile
from hotline.contracts.model import FactVersion, PointKind
from hotline.identity import targets
from hotline.identity.choices import choosable, choose_profile
from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import Identified, SessionState, Target
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
YEAR = timedelta(days=365)
OLD_RING = Keyring("1", {"1": b"1" * 32})
RING = Keyring("2", {"1": b"1" * 32, "2": b"2" * 32})
PHONE = "+8613800000001"
POINT, OLDER = accounts.point_ids(PHONE, RING)
CALL = SessionState("contact", "ref", 3, NOW, NOW, inbound=True, calling=Identified(POINT, ("a", "b")))
TARGET = Target(POINT, "a", (OLDER,))


def profile(
    account_id: str, *, had_for: timedelta = YEAR, sim: timedelta | None = None, key: str = POINT, live: bool = True
) -> Profile:
    point = ContactPoint(
        kind=PointKind.PHONE,
        value=PHONE,
        key=key,
        confirmed_at=NOW - had_for,
        first_confirmed_at=NOW - had_for,
        told=FactVersion(1, datetime(2025, 1, 1, tzinfo=UTC), "fact"),
        removed_at=None if live else NOW,
        removals=() if live else (FactVersion(2, datetime(2026, 11, 23, 12, tzinfo=UTC), "gone"),),
        sim_changed_at=None if sim is None else NOW - sim,
    )
    opened = NOW - YEAR
    return Profile(account_id, AccountStatus.OPEN, 1, "en-US", "Asia/Shanghai", "Test", False, (point,), opened)


def stored(*profiles: Profile) -> dict[Key, Item]:
    return {accounts.profile_key(one.account_id): {**profile_item(one), "rev": 1} for one in profiles}


def reaches(
    *profiles: Profile, call: SessionState = CALL, target: Target = TARGET, purpose: Purpose = Purpose.ACT
) -> bool:
    return targets.reaches_somebody(stored(*profiles), call, target, purpose, NOW, RING)


@pytest.mark.parametrize(("had_for", "reached"), [(CHANGE_WAIT - MS, False), (CHANGE_WAIT, True), (YEAR, True)])
def test_a_changed_number_is_a_target_for_looking_and_not_for_acting(had_for: timedelta, reached: bool) -> None:
    assert reaches(profile("a", had_for=had_for)) is reached
    assert reaches(profile("a", had_for=had_for), purpose=Purpose.LOOK)


@sweep("purpose", Purpose)
@sweep(("ago", "reached"), [(SIM_CHANGE_WAIT - MS, False), (SIM_CHANGE_WAIT, True)])
def test_a_number_whose_sim_changed_is_no_target(ago: timedelta, reached: bool, purpose: Purpose) -> None:
    assert reaches(profile("a", sim=ago), purpose=purpose) is reached


def test_a_target_of_nobody_reaches_nobody() -> None:
    assert not reaches(profile("a"), target=replace(TARGET, account_id=None))
    assert targets.reach_keys(CALL, replace(TARGET, account_id=None)) == ()


def test_an_account_that_is_gone_or_has_dropped_the_number_is_not_reached() -> None:
    assert not reaches()
    assert not reaches(profile("a", live=False))


def test_a_number_that_two_accounts_share_reaches_the_one_that_has_had_it_for_long() -> None:
    new, old = profile("a", had_for=timedelta(hours=1)), profile("b")
    assert reaches(new, old)
    assert not reaches(new, profile("b", had_for=timedelta(hours=1)))


def test_once_an_account_is_chosen_only_that_one_counts() -> None:
    chosen = replace(CALL, account_id="a")
    assert targets.reach_keys(chosen, TARGET) == targets.proof_keys("a")
    assert not reaches(profile("a", had_for=timedelta(hours=1)), profile("b"), call=chosen)


def test_a_profile_under_an_older_lookup_key_is_recognised() -> None:
    assert reaches(profile("a", key=accounts.point_id(PHONE, OLD_RING)))


def test_the_accounts_that_a_call_may_choose_from_are_all_read() -> None:
    assert set(targets.reach_keys(CALL, TARGET)) == {*targets.proof_keys("a"), *targets.proof_keys("b")}
    typed = replace(CALL, typed=Identified("2#typed", ("c",)))
    assert set(targets.reach_keys(typed, Target("2#typed", "c"))) == set(targets.proof_keys("c"))


def factor(purpose: Purpose = Purpose.ACT) -> ProvedFactor:
    return ProvedFactor(FactorKind.SMS, purpose, POINT, NOW + timedelta(minutes=5))


def test_a_code_to_a_shared_number_chooses_no_account_that_has_it_since_yesterday() -> None:
    new, old = profile("a", had_for=timedelta(hours=24)), profile("b")
    acting, looking = replace(CALL, factors=(factor(),)), replace(CALL, factors=(factor(Purpose.LOOK),))
    assert [one.account_id for one in choosable(acting, [new, old], {}, RING, NOW)] == ["b"]
    assert [one.account_id for one in choosable(looking, [new, old], {}, RING, NOW)] == ["a", "b"]


def test_codes_go_to_the_number_of_the_call_and_to_the_address_confirmed_last() -> None:
    def point(kind: PointKind, value: str, days: int) -> ContactPoint:
        at = NOW - timedelta(days=days)
        return ContactPoint(kind, value, accounts.point_id(value, RING), at, first_confirmed_at=at)

    points = (
        point(PointKind.EMAIL, "old@customer.example", 9),
        point(PointKind.EMAIL, "new@customer.example", 1),
        point(PointKind.PHONE, PHONE, 9),
        point(PointKind.PHONE, "+8613800000002", 1),
    )
    chosen = choose_profile(CALL, replace(profile("a"), points=points), RING)
    named = {kind: target.points for kind, target in chosen.targets.items()}
    latest = accounts.point_ids("new@customer.example", RING)
    assert named == {FactorKind.SMS: (POINT, OLDER), FactorKind.EMAIL: latest}
    elsewhere = choose_profile(replace(CALL, calling=None), replace(profile("a"), points=points), RING)
    assert elsewhere.targets[FactorKind.SMS].points == accounts.point_ids("+8613800000002", RING)


@pytest.mark.parametrize("status", AccountStatus)
def test_an_account_is_chosen_only_while_it_is_open(status: AccountStatus) -> None:
    """A PIN or number that somebody has kept of a closed account opens nothing."""
    call = replace(CALL, factors=(factor(),))
    found = choosable(call, [replace(profile("a"), status=status)], {}, RING, NOW)
    assert bool(found) is (status is AccountStatus.OPEN)


def test_a_factor_without_a_contact_point_is_never_too_new() -> None:
    assert targets.NO_POINT == "-", "as stored calls have it"
    pin = ProvedFactor(FactorKind.PIN, Purpose.ACT, targets.NO_POINT, NOW + timedelta(minutes=5))
    assert targets.proves(profile("a", sim=timedelta(minutes=1)), pin, {}, NOW, RING)


def test_a_code_to_a_number_whose_sim_changed_meanwhile_chooses_nothing() -> None:
    call = replace(CALL, factors=(factor(Purpose.LOOK),))
    assert choosable(call, [profile("a", sim=timedelta(minutes=1))], {}, RING, NOW) == []
