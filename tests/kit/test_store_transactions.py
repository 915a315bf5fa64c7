"""Transactions: all or none, reasons by position, limits; and tokens, by which a repeated one has one effect."""

from datetime import timedelta

import pytest

from hotline.kit.store import (
    Check,
    Delete,
    Key,
    MalformedRequest,
    Put,
    Reason,
    ReasonCode,
    Store,
    Table,
    TransactionCancelled,
    Update,
    Write,
    hotline_key,
)
from hotline.kit.store.condition import NEW, PRESENT, equals
from hotline_local.testing.memory_store import TOKEN_LIFE, MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.kit.writing import ENTRY, KEY, OTHER, put, token, write
from tests.support.stores import NOON, AnyStore

NOTHING = Reason(ReasonCode.NONE)
KEYS = [hotline_key("ACCOUNT#1", f"MOVE#{number:03d}") for number in range(101)]


def cancelled(store: Store, *writes: Write) -> tuple[Reason, ...]:
    with pytest.raises(TransactionCancelled) as caught:
        write(store, *writes)
    return caught.value.reasons


def test_all_writes_are_made_when_all_conditions_hold(store: Store) -> None:
    put(store, KEY, n=1)
    put(store, OTHER, n=2)
    gone = hotline_key("ACCOUNT#1", "CASE#x")
    put(store, gone, n=3)
    write(
        store,
        Update(KEY, add={"n": 1}, condition=equals("n", 1)),
        Check(OTHER, equals("n", 2)),
        Delete(gone, PRESENT),
        Put(ENTRY, {"kind": "x"}, NEW),
    )
    found = store.batch_get([KEY, OTHER, gone, ENTRY])
    assert {key: item.get("n") for key, item in found.items()} == {KEY: 2, OTHER: 2, ENTRY: None}


def test_nothing_is_written_when_one_condition_fails_and_reasons_stand_by_position(store: Store) -> None:
    old = put(store, KEY, n=1, map={"a": [1]})
    reasons = cancelled(
        store,
        Put(ENTRY, {"kind": "x"}, NEW),
        Update(KEY, {"n": 9}, condition=equals("n", 7)),
        Check(OTHER, PRESENT),
        Put(hotline_key("ACCOUNT#1", "CASE#x"), {}),
        Delete(hotline_key("ACCOUNT#1", "CASE#y"), PRESENT),
    )
    failed = Reason(ReasonCode.CONDITION)
    assert reasons == (NOTHING, Reason(ReasonCode.CONDITION, old), failed, NOTHING, failed)
    assert store.get(KEY) == old
    assert store.get(ENTRY) is None


@pytest.mark.parametrize("failing", ["put", "update", "delete", "check"])
def test_one_write_that_fails_hands_back_the_item_like_many(store: Store, failing: str) -> None:
    old = put(store, n=1)
    condition = equals("n", 2)
    one: dict[str, Write] = {
        "put": Put(KEY, {}, condition),
        "update": Update(KEY, {"n": 3}, condition=condition),
        "delete": Delete(KEY, condition),
        "check": Check(KEY, condition),
    }
    assert cancelled(store, one[failing]) == (Reason(ReasonCode.CONDITION, old),)
    assert store.get(KEY) == old


def test_an_item_that_is_created_twice_stays_as_it_was_created_first(store: Store) -> None:
    write(store, Put(KEY, {"n": 1}, NEW))
    (reason,) = cancelled(store, Put(KEY, {"n": 2}, NEW))
    assert reason == Reason(ReasonCode.CONDITION, {**KEY.attributes(), "n": 1})


def test_a_failed_condition_is_named_before_an_update_that_cannot_be_made(store: Store) -> None:
    put(store, KEY, n=1)
    reasons = cancelled(store, Check(KEY, equals("n", 2)), Put(OTHER, {}, PRESENT))
    assert [reason.code for reason in reasons] == [ReasonCode.CONDITION, ReasonCode.CONDITION]


def test_a_hundred_writes_are_one_transaction(store: Store) -> None:
    write(store, *(Put(key, {"n": 1}, NEW) for key in KEYS[:100]))
    assert len(store.batch_get(KEYS[:100])) == 100


@pytest.mark.parametrize(
    "writes",
    [
        (),
        tuple(Put(key, {}) for key in KEYS),
        (Put(KEY, {}), Check(KEY, PRESENT)),
        (Update(KEY, {"a": 1}), Update(KEY, {"b": 1})),
        (Put(KEY, {"PK": "ACCOUNT#2"}),),
        (Put(Key(Table.HOTLINE, "ACCOUNT#1"), {}),),
    ],
    ids=["none", "101", "put and check", "two updates", "another key", "no sort key"],
)
def test_a_transaction_that_can_never_work_is_refused(store: Store, writes: tuple[Write, ...]) -> None:
    with pytest.raises(MalformedRequest):
        write(store, *writes)
    assert store.batch_get(KEYS[:100]) == {}


@pytest.mark.parametrize("bad", ["", "x" * 37])
def test_a_token_of_the_wrong_length_is_refused(store: Store, bad: str) -> None:
    with pytest.raises(MalformedRequest):
        store.transact([Put(KEY, {})], token=bad)


def test_each_transaction_is_counted(store: AnyStore) -> None:
    before = store.transactions, store.reads
    write(store, Put(KEY, {}, NEW))
    cancelled(store, Put(KEY, {}, NEW))
    assert (store.transactions, store.reads) == (before[0] + 2, before[1])


@pytest.mark.parametrize("count", [1, 3])
def test_the_same_token_with_the_same_writes_has_one_effect(exact_store: Store, count: int) -> None:
    writes = [Update(key, add={"n": 1}, condition=NEW) for key in KEYS[:count]]
    again = token()
    for _ in range(3):
        exact_store.transact(writes, token=again)
    assert [item["n"] for item in exact_store.batch_get(KEYS[:count]).values()] == [1] * count


def test_the_same_token_with_other_writes_is_refused(exact_store: Store) -> None:
    again = token()
    exact_store.transact([Put(KEY, {"n": 1})], token=again)
    with pytest.raises(MalformedRequest):
        exact_store.transact([Put(KEY, {"n": 2})], token=again)
    item = exact_store.get(KEY)
    assert item is not None
    assert item["n"] == 1


def test_the_token_of_a_cancelled_transaction_may_be_used_again(exact_store: Store) -> None:
    again = token()
    with pytest.raises(TransactionCancelled):
        exact_store.transact([Update(KEY, {"n": 1}, condition=PRESENT)], token=again)
    put(exact_store, a=1)
    exact_store.transact([Update(KEY, {"n": 1}, condition=PRESENT)], token=again)
    item = exact_store.get(KEY)
    assert item is not None
    assert item["n"] == 1


def test_moto_ignores_tokens_so_that_a_repeated_transaction_is_made_again(moto_store: Store) -> None:
    again = token()
    for _ in range(2):
        moto_store.transact([Update(KEY, add={"n": 1})], token=again)
    item = moto_store.get(KEY)
    assert item is not None
    assert item["n"] == 2


@pytest.mark.parametrize(("age", "effects"), [(TOKEN_LIFE - timedelta(seconds=1), 1), (TOKEN_LIFE, 2)])
def test_a_token_is_forgotten_after_ten_minutes(age: timedelta, effects: int) -> None:
    clock = VirtualClock(NOON)
    store = MemoryStore(clock)
    store.transact([Update(KEY, add={"n": 1})], token="again")
    clock.advance(age)
    store.transact([Update(KEY, add={"n": 1})], token="again")
    assert (store.get(KEY) or {})["n"] == effects
