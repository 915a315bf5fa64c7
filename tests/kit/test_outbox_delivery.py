"""Claims, marks and drops of outbox entries, on every store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from hotline.kit.errors import Unavailable
from hotline.kit.ids import RandomIds
from hotline.kit.logging import Event
from hotline.kit.outbox import entry_item, entry_key
from hotline.kit.outbox.delivery import CLAIM_LEASE, Delivered, Dropped, Failed, NotDelivered, Outbox, Result, entry_ids
from hotline.kit.store import Index, Put, Query, Store, Table, Update
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.outbox_entries import NOW, message, redrive_event, stream_event


class Hand:
    """Takes what is handed on, and answers with one result for everything."""

    def __init__(self, result: Result | Exception) -> None:
        self.result = result
        self.taken: list[str] = []

    def __call__(self, entries: Sequence[Item]) -> list[Result]:
        self.taken += [entry["entry_id"] for entry in entries]
        if isinstance(self.result, Exception):
            raise self.result
        return [self.result] * len(entries)


def outbox_of(store: Store, clock: VirtualClock | None = None) -> Outbox:
    return Outbox(
        store=store,
        clock=clock or VirtualClock(NOW),
        ids=RandomIds(),
        consumer="message",
        done=Event.MESSAGE_SENT,
        dropped=Event.MESSAGE_DROPPED,
        failed=Event.MESSAGE_FAILED,
    )


def store_entries(store: Store, *ids: str) -> None:
    for entry_id in ids:
        item = entry_item(message(entry_id), created_at=NOW)
        store.transact([Put(entry_key(entry_id), item)], token=RandomIds().new("tx"))


def pending(store: Store) -> list[str]:
    """The entries in the index of pending ones."""
    pages = [store.query(Query(Table.OUTBOX, f"PENDING#{n:02d}", index=Index.PENDING)) for n in range(16)]
    return sorted(item["PK"].removeprefix("OUT#") for page in pages for item in page.items)


def test_a_delivered_entry_is_marked_and_pending_no_more(store: Store) -> None:
    store_entries(store, "out_1", "out_2")
    assert pending(store) == ["out_1", "out_2"]
    hand = Hand(Delivered())
    outbox_of(store).deliver(["out_1", "out_1"], hand)
    outbox_of(store).deliver(["out_1"], hand)
    assert hand.taken == ["out_1"]
    assert pending(store) == ["out_2"]
    item = store.get(entry_key("out_1"))
    assert item is not None
    assert item["delivered_at"] == "2026-11-23T12:00:00.000Z"
    assert not {"claim", "claim_until", "pending_pk", "pending_sk"} & item.keys()


def test_a_dropped_entry_says_why_and_is_over(store: Store) -> None:
    store_entries(store, "out_1")
    outbox_of(store).deliver(["out_1"], Hand(Dropped("too_late")))
    item = store.get(entry_key("out_1"))
    assert item is not None
    assert item["dropped"] == "too_late"
    assert pending(store) == []


@pytest.mark.parametrize("failure", [Failed("refused"), Unavailable(), KeyError("a phone number")])
def test_a_failed_entry_gives_its_claim_back_and_comes_again(store: Store, failure: Result | Exception) -> None:
    store_entries(store, "out_1")
    with pytest.raises(NotDelivered):
        outbox_of(store).deliver(["out_1"], Hand(failure))
    again = Hand(Delivered())
    outbox_of(store).deliver(["out_1"], again)
    assert again.taken == ["out_1"]


@pytest.mark.parametrize(
    ("after", "taken"),
    [(CLAIM_LEASE - timedelta(milliseconds=1), 0), (CLAIM_LEASE, 1), (CLAIM_LEASE + timedelta(milliseconds=1), 1)],
)
def test_a_claim_holds_exactly_as_long_as_its_lease(store: Store, after: timedelta, taken: int) -> None:
    store_entries(store, "out_1")
    clock, second = VirtualClock(NOW), Hand(Delivered())

    def meanwhile(entries: Sequence[Item]) -> list[Result]:
        """While the first one hands on, time passes and a second one comes."""
        clock.advance(after)
        try:
            outbox_of(store, clock).deliver(["out_1"], second)
        except NotDelivered:
            assert not taken
        return [Delivered()]

    outbox_of(store, clock).deliver(["out_1"], meanwhile)
    assert len(second.taken) == taken
    assert pending(store) == []


def test_a_late_release_leaves_the_claim_of_somebody_else_alone(store: Store) -> None:
    store_entries(store, "out_1")
    theirs = {"claim": "claim_theirs", "claim_until": "2026-11-23T12:02:00.000Z"}

    def overtaken(entries: Sequence[Item]) -> list[Result]:
        store.transact([Update(entry_key("out_1"), set=theirs)], token=RandomIds().new("tx"))
        return [Failed("late")]

    with pytest.raises(NotDelivered):
        outbox_of(store).deliver(["out_1"], overtaken)
    item = store.get(entry_key("out_1"))
    assert item is not None
    assert {name: item[name] for name in theirs} == theirs


def test_entries_are_handed_on_as_many_at_once_as_asked(store: Store) -> None:
    ids = [f"out_{number}" for number in range(5)]
    store_entries(store, *ids)
    sizes: list[int] = []

    def count(entries: Sequence[Item]) -> list[Result]:
        sizes.append(len(entries))
        return [Delivered()] * len(entries)

    outbox_of(store).deliver(ids, count, at_once=2)
    assert sizes == [2, 2, 1]


def test_an_entry_that_is_gone_is_passed_over(store: Store) -> None:
    hand = Hand(Delivered())
    outbox_of(store).deliver(["out_none"], hand)
    assert hand.taken == []


def test_a_store_that_does_not_answer_fails_that_entry_only(memory_store: MemoryStore) -> None:
    store_entries(memory_store, "out_1", "out_2")
    answers = iter([Unavailable()])

    def fail_once(_: str) -> None:
        for error in answers:
            raise error

    memory_store.before = fail_once
    hand = Hand(Delivered())
    with pytest.raises(NotDelivered) as failure:
        outbox_of(memory_store).deliver(["out_1", "out_2"], hand)
    assert failure.value.facts == {"count": 1}
    assert hand.taken == ["out_2"]


def test_records_of_streams_and_queues_name_their_entries_and_others_are_passed_over() -> None:
    assert entry_ids(stream_event(message("out_1"), message("out_2"))) == ["out_1", "out_2"]
    assert entry_ids(redrive_event('{"entry_id": "out_1"}', "{}", "7", "x")) == ["out_1"]
    removed = stream_event(message("out_1"))
    removed["Records"][0]["eventName"] = "REMOVE"
    assert entry_ids(removed) == []
    assert entry_ids({}) == []
