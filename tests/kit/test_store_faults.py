"""Each fault does what it says, on both engines, and the store on DynamoDB meets it as documented."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from hotline.kit.errors import Unavailable
from hotline.kit.store import (
    Between,
    Index,
    Prefix,
    Put,
    Query,
    ReasonCode,
    Store,
    Table,
    TransactionCancelled,
    Update,
    hotline_key,
)
from hotline.kit.store.condition import NEW
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, PAUSE_FIRST_S, PAUSE_MAX_S, DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from tests.kit.test_store_queries import all_pages
from tests.kit.writing import ENTRY, KEY, OTHER, put, token, write
from tests.support.faults import Faults, Operation, once
from tests.support.stores import NAMES


@pytest.fixture(params=["moto", "ministack"])
def remote(request: pytest.FixtureRequest) -> DynamoStore:
    found: DynamoStore = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def faults(remote: DynamoStore) -> Iterator[Faults]:
    with Faults(remote) as armed:
        yield armed
    assert armed.unused == 0


CALLS: dict[Operation, Callable[[Store], object]] = {
    "GetItem": lambda store: store.get(KEY),
    "BatchGetItem": lambda store: store.batch_get([KEY]),
    "Query": lambda store: store.query(Query(Table.HOTLINE, "ACCOUNT#1")),
    "TransactWriteItems": lambda store: write(store, Update(OTHER, add={"n": 1})),
    "PutItem": lambda store: store.write_alone(Put(KEY, {"n": 1})),
    "UpdateItem": lambda store: store.write_alone(Update(KEY, set={"n": 1})),
}
FAULTS: dict[str, Callable[[Faults, Operation, int], None]] = {
    "throttle": lambda faults, operation, times: faults.throttle(operation, times=times),
    "fail": lambda faults, operation, times: faults.fail(operation, times=times),
    "lose request": lambda faults, operation, times: faults.lose_request(operation, times=times),
    "lose answer": lambda faults, operation, times: faults.lose_answer(operation, times=times),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_a_request_is_sent_again_until_it_is_answered(
    remote: DynamoStore, faults: Faults, operation: Operation, fault: str
) -> None:
    FAULTS[fault](faults, operation, ATTEMPTS_MAX - 1)
    CALLS[operation](remote)
    assert faults.sent == [operation] * ATTEMPTS_MAX
    assert remote.reads + remote.transactions == ATTEMPTS_MAX


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", CALLS)
def test_a_request_that_is_never_answered_makes_the_store_unavailable(
    remote: DynamoStore, faults: Faults, operation: Operation, fault: str
) -> None:
    FAULTS[fault](faults, operation, ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        CALLS[operation](remote)
    assert faults.sent == [operation] * ATTEMPTS_MAX


def test_pauses_between_attempts_grow_are_cut_by_chance_and_are_bounded(moto_store: DynamoStore) -> None:
    waits: list[float] = []
    store = DynamoStore(moto_store.service, NAMES, sleep=waits.append, chance=lambda: 1.0)
    with Faults(store) as faults:
        faults.throttle("GetItem", times=2)
        store.get(KEY)
        faults.conflict()
        with pytest.raises(TransactionCancelled):
            write(store, Put(KEY, {}))
    assert waits == [PAUSE_FIRST_S, 2 * PAUSE_FIRST_S, PAUSE_FIRST_S]
    assert sum(waits) < PAUSE_MAX_S * ATTEMPTS_MAX


def test_a_failed_condition_is_answered_without_a_pause(moto_store: DynamoStore) -> None:
    waits: list[float] = []
    store = DynamoStore(moto_store.service, NAMES, sleep=waits.append)
    put(store, a=1)
    with pytest.raises(TransactionCancelled):
        write(store, Put(KEY, {}, NEW))
    assert waits == []


@pytest.mark.parametrize("fault", ["throttle", "fail", "lose request"])
def test_a_request_that_failed_before_it_was_carried_out_left_nothing(
    remote: DynamoStore, faults: Faults, fault: str
) -> None:
    FAULTS[fault](faults, "TransactWriteItems", ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        write(remote, Put(KEY, {}))
    assert remote.get(KEY) is None


def test_a_transaction_whose_answer_is_lost_is_made_once(remote: DynamoStore, faults: Faults) -> None:
    faults.lose_answer("TransactWriteItems", times=2)
    write(remote, Put(KEY, {}, NEW), Update(OTHER, add={"n": 1}))
    assert (remote.get(OTHER) or {})["n"] == 1
    assert remote.transactions == 3


def test_a_transaction_whose_answers_are_all_lost_is_made_though_the_store_is_unavailable(
    remote: DynamoStore, faults: Faults
) -> None:
    faults.lose_answer("TransactWriteItems", times=ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        write(remote, Put(KEY, {}, NEW))
    assert remote.get(KEY) is not None


def test_the_same_transaction_sent_by_somebody_else_meets_its_own_condition(
    remote: DynamoStore, faults: Faults
) -> None:
    faults.lose_answer("TransactWriteItems", times=ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        remote.transact([Put(KEY, {}, NEW)], token=token())
    with pytest.raises(TransactionCancelled):
        remote.transact([Put(KEY, {}, NEW)], token=token())


def test_a_transaction_that_is_still_carried_out_is_asked_for_again(remote: DynamoStore, faults: Faults) -> None:
    faults.still_in_progress()
    write(remote, Put(KEY, {}))
    assert remote.transactions == 2


def test_a_lost_answer_is_not_lost_when_the_server_refused(remote: DynamoStore, faults: Faults) -> None:
    put(remote, a=1)
    faults.lose_answer("TransactWriteItems")
    with pytest.raises(TransactionCancelled):
        write(remote, Put(KEY, {}, NEW))


@pytest.mark.parametrize(
    ("arm", "code"), [(Faults.conflict, ReasonCode.CONFLICT), (Faults.throttle_write, ReasonCode.THROTTLED)]
)
def test_a_cancelled_transaction_names_the_write_that_was_in_the_way(
    remote: DynamoStore, faults: Faults, arm: Callable[..., None], code: ReasonCode
) -> None:
    arm(faults, position=1)
    with pytest.raises(TransactionCancelled) as caught:
        write(remote, Put(KEY, {}), Put(OTHER, {}), Put(ENTRY, {}))
    assert [reason.code for reason in caught.value.reasons] == [ReasonCode.NONE, code, ReasonCode.NONE]
    assert remote.batch_get([KEY, OTHER, ENTRY]) == {}
    assert faults.sent == ["TransactWriteItems", "BatchGetItem"]


def test_keys_that_were_left_out_of_a_batch_are_asked_for_again(remote: DynamoStore, faults: Faults) -> None:
    keys = [KEY, OTHER, ENTRY]
    for number, key in enumerate(keys):
        put(remote, key, n=number)
    faults.leave_unprocessed(keep=1)
    faults.leave_unprocessed()
    found = remote.batch_get(keys)
    assert {key: item["n"] for key, item in found.items()} == {KEY: 0, OTHER: 1, ENTRY: 2}
    assert remote.reads == 3


def test_a_batch_that_stays_incomplete_makes_the_store_unavailable(remote: DynamoStore, faults: Faults) -> None:
    put(remote, a=1)
    faults.leave_unprocessed(times=ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        remote.batch_get([KEY])
    assert remote.reads == ATTEMPTS_MAX


def test_somebody_else_may_act_just_before_a_request(remote: DynamoStore, faults: Faults) -> None:
    faults.meanwhile("TransactWriteItems", lambda: write(remote, Put(KEY, {"by": "other"})))
    with pytest.raises(TransactionCancelled) as caught:
        write(remote, Put(KEY, {"by": "me"}, NEW))
    (reason,) = caught.value.reasons
    assert (reason.item or {})["by"] == "other"


ATTENTION = Query(Table.HOTLINE, "ACCOUNT#1", index=Index.ATTENTION)


def test_a_delayed_index_answers_as_of_then_until_it_has_caught_up(remote: DynamoStore, faults: Faults) -> None:
    put(remote, attention_pk="ACCOUNT#1", attention_sk="FAILED#1", state="failed")
    faults.delay_indexes()
    write(remote, Update(KEY, {"state": "reversed"}))
    put(remote, OTHER, attention_pk="ACCOUNT#1", attention_sk="BILL#1")
    assert [item["state"] for item in remote.query(ATTENTION).items] == ["failed"]
    assert [item.get("state") for item in remote.query(Query(Table.HOTLINE, "ACCOUNT#1")).items] == [None, "reversed"]
    faults.catch_up()
    assert len(remote.query(ATTENTION).items) == 2


def test_a_delayed_index_answers_every_query_that_the_index_does(remote: DynamoStore, faults: Faults) -> None:
    for number, sk in enumerate(["ACCOUNT#1", "FAILED#1", "FAILED#2", "FAILED#3", "FINDING#1"]):
        put(remote, hotline_key(f"ACCOUNT#{number}", sk), attention_pk="ACCOUNT#1", attention_sk=sk)
    queries = [
        ATTENTION,
        replace(ATTENTION, sk=Prefix("FAILED#")),
        replace(ATTENTION, sk=Between("FAILED#1", "FAILED#2")),
        replace(ATTENTION, sk=Between("FAILED#3", "FAILED#3"), descending=True),
        replace(ATTENTION, sk=Between("ACCOUNT#1", "FAILED#1")),
        replace(ATTENTION, limit=2),
        replace(ATTENTION, limit=2, descending=True),
    ]
    fresh = [[row for page in all_pages(remote, query) for row in page] for query in queries]
    faults.delay_indexes()
    assert [[row for page in all_pages(remote, query) for row in page] for query in queries] == fresh


def test_nothing_stays_armed_after_the_block(moto_store: DynamoStore) -> None:
    with Faults(moto_store) as faults:
        faults.throttle("GetItem", times=9)
    assert faults.unused == 9
    assert moto_store.get(KEY) is None
    assert faults.sent == []


def test_the_store_in_memory_can_fail_before_and_lose_the_answer_after(memory_store: MemoryStore) -> None:
    memory_store.before = once(Unavailable(), on="transact")
    with pytest.raises(Unavailable):
        put(memory_store, a=1)
    assert memory_store.get(KEY) is None
    memory_store.after = once(Unavailable(), on="transact")
    with pytest.raises(Unavailable):
        put(memory_store, a=1)
    assert memory_store.get(KEY) is not None
    put(memory_store, a=2)
    assert memory_store.transactions == 3
