"""The accounts room on every store: what it writes, moves to a new key, leaves alone, and erases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hotline.accounts import service as accounts
from hotline.accounts.model import AccountStatus, Profile
from hotline.contracts.model import Fact
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import Stale
from hotline.kit.keyring import Keyring
from hotline.kit.store import Store
from hotline.kit.store.condition import Missing
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.facts import ACCOUNT, EMAIL, NOON, OTHER_PHONE, PHONE, fact

OLD_KEYS = Keyring("1", {"1": b"1" * 32})
BOTH_KEYS = Keyring("2", {"1": b"1" * 32, "2": b"2" * 32})
IDS = SeededIds(7)


def change_of(store: Store, facts: Sequence[Fact], keyring: Keyring = OLD_KEYS) -> Change:
    read = store.batch_get(list(accounts.fact_keys(facts)))
    points = accounts.fact_keys_of_points(read, facts, keyring)
    if points:
        read |= store.batch_get(list(points))
    change = Change(actor=System("test", "test"), cause="test", now=NOON, ids=IDS)
    accounts.contribute_facts(change, read, facts, keyring)
    return change


def take(store: Store, *facts: Fact, keyring: Keyring = OLD_KEYS) -> None:
    change_of(store, facts, keyring).commit(store)


def profile_of(store: Store, account_id: str = ACCOUNT) -> Profile | None:
    return accounts.profile_from(store.get(accounts.profile_key(account_id)))


def reached(store: Store, value: str, keyring: Keyring = OLD_KEYS) -> tuple[str, ...]:
    keys = accounts.point_keys(value, keyring)
    read = store.batch_get(keys)
    return accounts.usable_owners([read.get(key) for key in keys])


def opened(account_id: str, *values: str, confirmed_at: str = "2025-01-01T00:00:00Z", **data: Any) -> Fact:
    points = [
        {"kind": "phone" if value.startswith("+") else "email", "value": value, "confirmed_at": confirmed_at}
        for value in values
    ]
    return fact("account.opened", {"contact_points": points} | data, subject=account_id)


def test_an_opened_account_is_stored_and_reached_by_its_points(store: Store) -> None:
    take(store, fact("account.opened"))
    profile = profile_of(store)
    assert profile is not None
    assert (profile.status, profile.name) == (AccountStatus.OPEN, "Ada Example")
    assert reached(store, PHONE) == reached(store, EMAIL) == reached(store, EMAIL.upper()) == (ACCOUNT,)
    assert reached(store, OTHER_PHONE) == ()


def test_the_stored_profile_is_the_profile_that_was_folded(store: Store) -> None:
    facts = [
        fact("account.opened"),
        fact("contact_point.changed", after_s=1),
        fact("two_step.changed", after_s=2),
        fact("contact_point.sim_changed", after_s=2.5),
        fact("account.closed", after_s=3),
        fact("contact_point.changed", {"old": OTHER_PHONE, "new": None, "version": 5, "reassigned": True}, after_s=4),
    ]
    read = store.batch_get(list(accounts.fact_keys(facts)))
    change = Change(actor=System("test", "test"), cause="test", now=NOON, ids=IDS)
    folded = accounts.contribute_facts(change, read, facts, OLD_KEYS)
    change.commit(store)
    assert profile_of(store) == folded


def test_a_point_that_was_stored_before_its_first_confirmation_was_kept_counts_from_the_latest(store: Store) -> None:
    take(store, opened(ACCOUNT, PHONE, EMAIL))
    older = store.get(accounts.profile_key(ACCOUNT))
    assert older is not None
    for point in older["points"]:
        del point["first_confirmed_at"]
    del older["opened_at"]
    profile = accounts.profile_from(older)
    assert profile is not None
    assert [point.came_at for point in profile.points] == [point.confirmed_at for point in profile.points]
    assert profile.opened_at is None


def test_facts_that_say_nothing_new_write_nothing(store: Store) -> None:
    facts = [fact("account.opened"), fact("contact_point.changed", after_s=1)]
    take(store, *facts)
    assert len(change_of(store, facts)) == 0
    assert len(change_of(store, facts[:1])) == 0


def test_a_phone_of_two_accounts_reaches_the_later_one_only(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    take(store, opened("acc_b", PHONE, confirmed_at="2026-01-01T00:00:00Z"))
    assert reached(store, PHONE) == ("acc_b",)


def test_a_number_that_came_to_another_account_reaches_its_former_owner_no_more(store: Store) -> None:
    shared = [{"kind": "phone", "value": PHONE, "confirmed_at": "2025-01-01T00:00:00Z", "shared": True}]
    take(store, fact("account.opened", {"contact_points": shared}, subject="acc_a"))
    take(store, opened("acc_b", EMAIL))
    take(store, fact("contact_point.changed", {"old": None, "new": PHONE}, subject="acc_b"))
    assert reached(store, PHONE) == ("acc_b",)


def test_a_point_that_was_replaced_leads_nowhere(store: Store) -> None:
    take(store, fact("account.opened"))
    take(store, fact("contact_point.changed", after_s=1))
    assert (reached(store, PHONE), reached(store, OTHER_PHONE)) == ((), (ACCOUNT,))


def test_counters_of_a_point_stay_as_they_are(store: Store) -> None:
    (key,) = accounts.point_keys(PHONE, OLD_KEYS)
    counting = Change(actor=System("test", "test"), cause="test", now=NOON, ids=IDS)
    counting.update(key, set={"counters": {"sms": {"wrong": 3}}}, condition=Missing("PK"))
    counting.commit(store)
    take(store, fact("account.opened"))
    item = store.get(key)
    assert item is not None
    assert item["counters"] == {"sms": {"wrong": 3}}
    assert reached(store, PHONE) == (ACCOUNT,)


def test_a_point_is_found_under_both_key_versions_and_moved_by_the_next_fact_that_names_it(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    old_key, new_key = accounts.point_keys(PHONE, OLD_KEYS)[0], accounts.point_keys(PHONE, BOTH_KEYS)[0]
    counting = Change(actor=System("test", "test"), cause="test", now=NOON, ids=IDS)
    counting.update(old_key, set={"counters": {"sms": {"wrong": 3}}}, condition=Missing("counters"))
    counting.commit(store)
    assert reached(store, PHONE, BOTH_KEYS) == ("acc_a",)
    take(store, fact("account.updated", {"version": 2, "contact_points": [
        {"kind": "phone", "value": PHONE, "confirmed_at": "2025-01-01T00:00:00Z"}
    ]}, subject="acc_a", after_s=1), keyring=BOTH_KEYS)  # fmt: skip
    assert store.get(old_key) is None
    moved = store.get(new_key)
    assert moved is not None
    assert moved["counters"] == {"sms": {"wrong": 3}}
    assert reached(store, PHONE, BOTH_KEYS) == ("acc_a",)


def test_a_new_owner_under_the_new_key_takes_the_old_ones_along(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    later = opened("acc_b", PHONE, confirmed_at="2026-01-01T00:00:00Z")
    take(store, later, keyring=BOTH_KEYS)
    assert reached(store, PHONE, BOTH_KEYS) == ("acc_b",)
    newest = store.get(accounts.point_keys(PHONE, BOTH_KEYS)[0])
    assert newest is not None
    assert set(newest["owners"]) == {"acc_a", "acc_b"}


def test_counters_under_the_new_key_do_not_hide_owners_under_the_old_one(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    counting = Change(actor=System("test", "test"), cause="test", now=NOON, ids=IDS)
    new_key = accounts.point_keys(PHONE, BOTH_KEYS)[0]
    counting.update(new_key, set={"counters": {"sms": {"sent": 1}}}, condition=Missing("PK"))
    counting.commit(store)
    assert reached(store, PHONE, BOTH_KEYS) == ("acc_a",)


def test_two_writers_of_one_point_do_not_lose_each_other(store: Store) -> None:
    first = change_of(store, [opened("acc_a", PHONE)])
    second = change_of(store, [opened("acc_b", PHONE)])
    first.commit(store)
    with pytest.raises(Stale):
        second.commit(store)
    assert profile_of(store, "acc_b") is None


@pytest.mark.parametrize("keyring", [OLD_KEYS, BOTH_KEYS], ids=["one key", "two keys"])
def test_erasure_leaves_nothing_of_the_account(store: Store, keyring: Keyring) -> None:
    take(store, fact("account.opened"), fact("contact_point.changed", after_s=1))
    take(store, fact("account.erased", after_s=9), keyring=keyring)
    assert profile_of(store) is None
    for value in (PHONE, OTHER_PHONE, EMAIL):
        for key in accounts.point_keys(value, keyring):
            assert store.get(key) is None


def test_erasure_finds_a_point_under_a_key_version_that_was_retired(store: Store) -> None:
    take(store, fact("account.opened"))
    take(store, fact("account.erased", after_s=9), keyring=Keyring("2", {"2": b"2" * 32}))
    for value in (PHONE, EMAIL):
        assert store.get(accounts.point_keys(value, OLD_KEYS)[0]) is None


def test_erasure_leaves_the_other_owners_of_a_point(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    take(store, opened("acc_b", PHONE, confirmed_at="2026-01-01T00:00:00Z"))
    take(store, opened("acc_c", PHONE, confirmed_at="2026-02-01T00:00:00Z"))
    take(store, fact("account.erased", subject="acc_b"))
    assert reached(store, PHONE) == ("acc_c",)
    item = store.get(accounts.point_keys(PHONE, OLD_KEYS)[0])
    assert item is not None
    assert set(item["owners"]) == {"acc_a", "acc_c"}


def test_erasure_also_clears_points_that_the_profile_has_forgotten(store: Store) -> None:
    for version in range(1, 16):
        take(store, fact("account.updated", {"version": version, "contact_points": [
            {"kind": "phone", "value": f"+4477009{version:05}", "confirmed_at": "2025-01-01T00:00:00Z"}
        ]}, after_s=version))  # fmt: skip
    take(store, fact("account.erased", {"version": 20}, after_s=99))
    for version in range(1, 16):
        assert store.get(accounts.point_keys(f"+4477009{version:05}", OLD_KEYS)[0]) is None


def test_an_address_is_given_by_its_key_under_any_readable_version(store: Store) -> None:
    take(store, fact("account.opened"))
    profile = profile_of(store)
    assert profile is not None
    old_name, new_name = accounts.point_id(PHONE, OLD_KEYS), accounts.point_id(PHONE, BOTH_KEYS)
    assert accounts.contact_point(profile, new_name) is None
    assert accounts.address_to_send(store, ACCOUNT, new_name, BOTH_KEYS) == PHONE
    assert accounts.address_to_send(store, "acc_none", old_name, OLD_KEYS) is None


def test_nothing_is_sent_to_a_point_that_has_changed_hands(store: Store) -> None:
    take(store, opened("acc_a", PHONE))
    name = accounts.point_id(PHONE, OLD_KEYS)
    assert accounts.address_to_send(store, "acc_a", name, OLD_KEYS) == PHONE
    take(store, opened("acc_b", PHONE, confirmed_at="2026-01-01T00:00:00Z"))
    assert accounts.address_to_send(store, "acc_a", name, OLD_KEYS) is None
    assert accounts.address_to_send(store, "acc_b", name, OLD_KEYS) == PHONE


def test_a_removed_point_is_still_told_unless_it_is_known_to_be_somebody_elses(store: Store) -> None:
    take(store, fact("account.opened"), fact("contact_point.changed", after_s=1))
    name = accounts.point_id(PHONE, OLD_KEYS)
    assert accounts.address_to_send(store, ACCOUNT, name, OLD_KEYS) == PHONE
    gone = {"version": 7, "old": PHONE, "new": None, "reassigned": True}
    take(store, fact("contact_point.changed", gone, after_s=2))
    assert accounts.address_to_send(store, ACCOUNT, name, OLD_KEYS) is None
