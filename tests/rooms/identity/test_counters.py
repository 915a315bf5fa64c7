"""Counters of a contact point: over versions of its key, by way, and how their rows begin anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.identity.code_messages import OverLimit, messages_max
from hotline.identity.counters import (
    contribute_counters,
    contribute_new_pin_rows,
    contribute_new_rows,
    counters_of,
    name_counters,
)
from hotline.identity.items import NOBODY, counters_from, factors_key, point_key, with_counters
from hotline.identity.limits import WRONG_CODES, count_wrong_code
from hotline.identity.policy import (
    CODE_TRIES,
    DAY,
    SLOW,
    USUAL,
    FactorCounters,
    after_send,
    after_wrong,
    may_try,
    seen_since,
    without_code,
)
from hotline.identity.ways import Way
from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.counts.rates import rate_keys, sum_window
from hotline.kit.errors import Stale
from hotline.kit.ids import RandomIds
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import TTL_ATTRIBUTE, Key, Put
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionState, Target
from hotline_local.testing.memory_store import MemoryStore
from tests.support.facts import NOON

MS = timedelta(milliseconds=1)
WAY = Way.APP
NEW, OLD = "2#point", "1#point"
POINTS = (NEW, OLD)
ROW = FactorCounters(wrong=(NOON - MS,), wrong_in_a_row=4)
BEGUN = replace(ROW, wrong_in_a_row=0)


def change() -> Change:
    return Change(actor=System("connect", "test"), cause="test", now=NOON, ids=RandomIds())


def counted(counters: FactorCounters, factor: FactorKind = FactorKind.SMS, **more: Any) -> Item:
    return {**with_counters(more, name_counters(factor, WAY, counters), now=NOON), "rev": 1}


def confirmed(*days_ago: int, removed: bool = False) -> dict[str, Any]:
    return {
        "owners": {
            f"acc_{days}": {"confirmed_at": to_text(NOON - timedelta(days=days)), "removed": removed}
            for days in days_ago
        }
    }


def store_of(items: dict[Key, Item]) -> MemoryStore:
    store = MemoryStore()
    store.transact([Put(key, item) for key, item in items.items()], token="before")
    return store


def count_again(store: MemoryStore, read: dict[Key, Item]) -> None:
    made = change()
    contribute_counters(made, read, POINTS, name_counters(FactorKind.SMS, WAY, ROW))
    made.commit(store)


def test_counts_under_an_older_key_move_to_the_newest_with_the_next_count() -> None:
    of_mail = FactorCounters(wrong=(NOON,), wrong_in_a_row=1)
    store = store_of({point_key(OLD): counted(of_mail, FactorKind.EMAIL, **confirmed(1))})
    count_again(store, store.batch_get([point_key(OLD)]))
    newest, older = store.get(point_key(NEW)), store.get(point_key(OLD))
    assert newest is not None
    assert older is not None
    assert counters_from(newest, FactorKind.SMS, WAY.counter) == ROW
    assert counters_from(newest, FactorKind.EMAIL, WAY.counter) == of_mail
    assert TTL_ATTRIBUTE not in newest, "the point has an owner, if under another key"
    assert ("counters" in older, older["rev"], "owners" in older) == (False, 2, True)


def test_a_point_of_nobody_ends_by_itself_and_one_that_any_version_has_an_owner_of_does_not() -> None:
    for stored, ends in ((counted(ROW), True), (counted(ROW, **confirmed(1)), False)):
        store = store_of({point_key(NEW): counted(ROW), point_key(OLD): stored})
        count_again(store, store.batch_get([*map(point_key, POINTS)]))
        assert (TTL_ATTRIBUTE in (store.get(point_key(NEW)) or {})) is ends


def test_a_count_under_an_older_key_that_changed_meanwhile_is_not_lost() -> None:
    store = store_of({point_key(OLD): counted(ROW)})
    read = store.batch_get([point_key(OLD)])
    store.transact([Put(point_key(OLD), {**counted(ROW), "rev": 2})], token="meanwhile")
    with pytest.raises(Stale):
        count_again(store, read)
    assert "counters" in (store.get(point_key(OLD)) or {})


def test_an_older_key_without_counts_is_left_alone() -> None:
    store = store_of({point_key(OLD): {**confirmed(1), "rev": 1}})
    count_again(store, store.batch_get([point_key(OLD)]))
    assert (store.get(point_key(OLD)) or {})["rev"] == 1


@pytest.mark.parametrize(("days_ago", "row"), [((2, 3), 4), ((0, 3), 0), ((3, 0), 0)])
def test_a_row_begins_anew_when_any_owner_confirms_the_point(days_ago: tuple[int, ...], row: int) -> None:
    read = {point_key(OLD): counted(ROW, **confirmed(*days_ago))}
    assert counters_of(read, POINTS, FactorKind.SMS, WAY).wrong_in_a_row == row
    dropped = {point_key(OLD): counted(ROW, **confirmed(*days_ago, removed=True))}
    assert counters_of(dropped, POINTS, FactorKind.SMS, WAY).wrong_in_a_row == ROW.wrong_in_a_row


def test_proof_begins_the_rows_of_all_targets_anew_and_of_the_way_to_them() -> None:
    names = ("1#phone", "1#mail", "1#way")
    store = store_of({point_key(name): counted(ROW) for name in names})
    targets = {FactorKind.SMS: Target(names[0], "acc_1"), FactorKind.EMAIL: Target(names[1], "acc_1", via=names[2:])}
    state = SessionState("contact", "ref", 3, NOON, NOON, inbound=True, targets=targets)
    made = change()
    contribute_new_rows(made, store.batch_get([*map(point_key, names)]), state, but=names[1:2])
    made.commit(store)
    rows = [counters_from(store.get(point_key(name)), FactorKind.SMS, WAY.counter) for name in names]
    assert rows == [BEGUN, ROW, BEGUN]


def test_proof_begins_the_row_of_the_pin_anew_and_writes_nothing_where_there_is_none() -> None:
    key = factors_key("acc_1")
    store = store_of({key: counted(ROW, FactorKind.PIN), factors_key(NOBODY): counted(ROW, FactorKind.PIN)})
    made = change()
    contribute_new_pin_rows(made, store.batch_get([key]), "acc_1")
    made.commit(store)
    found = store.get(key)
    assert counters_from(found, FactorKind.PIN, WAY.counter) == BEGUN
    assert TTL_ATTRIBUTE not in (found or {})
    made = change()
    contribute_new_pin_rows(made, store.batch_get([key]), "acc_1")
    contribute_new_pin_rows(made, store.batch_get([key]), None)
    assert len(made) == 0


# ---------------------------------------------------------------- the counts themselves


def test_a_code_that_never_left_the_house_is_taken_out_once() -> None:
    first, second, third = (NOON + number * MS for number in range(3))
    counters = FactorCounters(sent=(first, second, third))
    assert without_code(counters, second).sent == (first, third)
    assert without_code(FactorCounters(sent=(first, first)), first).sent == (first,)
    assert without_code(counters, NOON - MS) == counters


def test_a_code_counts_for_a_day() -> None:
    assert after_send(FactorCounters(sent=(NOON - DAY, NOON - DAY + MS)), NOON).sent == (NOON - DAY + MS, NOON)


@pytest.mark.parametrize("pace", [USUAL, SLOW])
def test_a_code_that_nobody_has_tried_gets_no_try_once_the_wrong_ones_of_the_day_are_used_up(pace: Any) -> None:
    used_up = FactorCounters(wrong=(NOON,) * pace.wrong_per_day)
    assert may_try(replace(used_up, wrong=used_up.wrong[1:]), CODE_TRIES, NOON, pace)
    assert not may_try(used_up, CODE_TRIES, NOON, pace)
    assert may_try(used_up, CODE_TRIES - 1, NOON, pace), "who was told of more tries keeps them"
    assert not may_try(replace(used_up, blocked_until=NOON + MS), CODE_TRIES - 1, NOON, pace)


def test_a_row_is_older_than_a_confirmation_only_if_all_of_it_is() -> None:
    counters = after_wrong(after_wrong(FactorCounters(), NOON - 2 * MS), NOON)
    assert seen_since(counters, NOON - MS).wrong_in_a_row == 2
    assert seen_since(counters, NOON).wrong_in_a_row == 0


@pytest.mark.parametrize(("way", "number"), [(Way.APP, 0), (Way.OWN_NUMBER, 0), (Way.RECOVERY, 1)])
def test_a_wrong_code_against_a_decoy_slows_strangers_alone(way: Way, number: int) -> None:
    store, made = MemoryStore(), change()
    count_wrong_code(made, "chl_1", way, decoy=True)
    made.commit(store)
    rates = (WRONG_CODES, *(WRONG_CODES.only(one.value) for one in Way))
    assert sum(sum_window(rate, store.batch_get(rate_keys(rate, NOON)), NOON) for rate in rates[1:]) == number


@pytest.mark.parametrize(("way", "most"), [(Way.RECOVERY, 2_500), (Way.OWN_NUMBER, 7_500), (Way.APP, 10_000)])
def test_a_way_has_its_share_of_the_messages_rounded_up(way: Way, most: int) -> None:
    traffic = TrafficLimits(messages_max=10_000, messages_per_prefix_max=1)
    assert messages_max(OverLimit.ALL, way, traffic) == most
    assert messages_max(OverLimit.PREFIX, way, traffic) == 1
