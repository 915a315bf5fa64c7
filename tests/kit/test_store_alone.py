"""A write outside a transaction: conditioned like one in it, and sent again without a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hotline.kit.aws.service import Loss, NoAnswer
from hotline.kit.config import TableNames
from hotline.kit.errors import Unavailable
from hotline.kit.store import MalformedRequest, Put, ReasonCode, Store, Table, TransactionCancelled, Update, hotline_key
from hotline.kit.store.condition import NEW, equals
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from tests.kit.writing import KEY
from tests.support.faults import Faults, Operation


def test_an_item_is_put_and_replaced(store: Store) -> None:
    store.write_alone(Put(KEY, {"rev": 1, "memory": b"\x00raw"}, NEW))
    store.write_alone(Put(KEY, {"rev": 2}, equals("rev", 1)))
    assert store.get(KEY) == {"PK": KEY.pk, "SK": KEY.sk, "rev": 2}


def test_the_item_is_given_as_it_is_then(store: Store) -> None:
    named = {"PK": KEY.pk, "SK": KEY.sk}
    assert store.write_alone(Put(KEY, {"rev": 1, "gone": "-"})) == {**named, "rev": 1, "gone": "-"}
    after = store.write_alone(Update(KEY, set={"kept": "x"}, remove=("gone",), add={"rev": 2}))
    assert after == store.get(KEY) == {**named, "rev": 3, "kept": "x"}


def test_an_update_makes_an_item_that_is_not_there(store: Store) -> None:
    assert store.write_alone(Update(KEY, add={"n": 1}))["n"] == 1


WRITES: dict[Operation, Put | Update] = {
    "PutItem": Put(KEY, {"rev": 1}, NEW),
    "UpdateItem": Update(KEY, set={"rev": 1}, condition=NEW),
}


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_that_is_sent_again_is_refused_by_its_own_work(
    ministack_store: DynamoStore, operation: Operation
) -> None:
    store = ministack_store
    with Faults(store) as faults:
        faults.lose_answer(operation)
        with pytest.raises(TransactionCancelled) as refused:
            store.write_alone(WRITES[operation])
        assert faults.unused == 0
    (reason,) = refused.value.reasons
    assert (reason.code, reason.item) == (ReasonCode.CONDITION, store.get(KEY))


@pytest.mark.parametrize("condition", [NEW, equals("rev", 7)], ids=["new", "revision"])
def test_a_condition_that_fails_hands_back_the_item_and_changes_nothing(store: Store, condition: Any) -> None:
    store.write_alone(Put(KEY, {"rev": 1}))
    with pytest.raises(TransactionCancelled) as refused:
        store.write_alone(Put(KEY, {"rev": 2}, condition))
    (reason,) = refused.value.reasons
    assert (reason.code, reason.item) == (ReasonCode.CONDITION, store.get(KEY))
    assert store.get(KEY) == {"PK": KEY.pk, "SK": KEY.sk, "rev": 1}


def test_a_condition_on_nothing_fails_without_an_item(store: Store) -> None:
    with pytest.raises(TransactionCancelled) as refused:
        store.write_alone(Put(KEY, {"rev": 2}, equals("rev", 1)))
    assert refused.value.reasons[0].item is None


def test_an_item_that_its_table_cannot_hold_is_refused(store: Store) -> None:
    with pytest.raises(MalformedRequest):
        store.write_alone(Put(hotline_key("", "#A"), {}))
    with pytest.raises(MalformedRequest):
        store.write_alone(Put(KEY, {"a": 1.5}))


class Lost:
    """A service whose answers are lost."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.sent += 1
        raise NoAnswer(Loss.READ_TIMEOUT)


def test_a_put_whose_answers_are_lost_is_sent_so_often_and_then_unknown() -> None:
    service = Lost()
    store = DynamoStore(service, TableNames({Table.HOTLINE: "t"}), sleep=lambda _: None)
    with pytest.raises(Unavailable):
        store.write_alone(Put(KEY, {"rev": 1}, NEW))
    assert service.sent == store.transactions == ATTEMPTS_MAX


def test_it_costs_half_of_a_transaction() -> None:
    store = MeteredStore(MemoryStore())
    store.write_alone(Put(KEY, {"memory": b"x" * 900}))
    assert store.units.written == 1
    store.write_alone(Put(KEY, {"memory": b"x" * 1100}))
    assert store.units.written == 1 + 2
