"""Claims that must not be believed: a mark that was not written, and a secret that did not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from hotline.kit.doors import secret_loader
from hotline.kit.errors import Unavailable
from hotline.kit.ids import RandomIds
from hotline.kit.logging import Event
from hotline.kit.outbox import Decision, entry_item, entry_key
from hotline.kit.outbox.delivery import CLAIM_LEASE, Delivered, NotDelivered, Outbox, Result
from hotline.kit.store import Put, Reason, ReasonCode, TransactionCancelled, Update
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class MarksFail(MemoryStore):
    """A store that cancels so many marks for a reason that is no condition."""

    cancelled = 0

    def write_alone(self, write: Put | Update) -> Item:
        if isinstance(write, Update) and "delivered_at" in write.set and self.cancelled:
            self.cancelled -= 1
            raise TransactionCancelled((Reason(ReasonCode.THROTTLED),))
        return super().write_alone(write)


@pytest.fixture
def store() -> MarksFail:
    made = MarksFail(VirtualClock(NOW))
    for number in range(3):
        entry = Decision(f"out_{number}", "case.opened", "acct-1", {}, f"decision_{number}")
        made.transact([Put(entry_key(entry.entry_id), entry_item(entry, created_at=NOW))], token=f"put-{number}")
    return made


def outbox(store: MarksFail, clock: VirtualClock) -> Outbox:
    events = (Event.DECISION_PUBLISHED, Event.DECISION_FAILED)
    return Outbox(store, clock, RandomIds(), "bus", done=events[0], dropped=events[1], failed=events[1])


def test_a_mark_that_was_slowed_down_is_written_again(store: MarksFail) -> None:
    handed: list[str] = []
    store.cancelled = 2
    outbox(store, VirtualClock(NOW)).deliver(["out_0"], lambda entries: handing(handed, entries))
    assert handed == ["out_0"]
    stored = store.get(entry_key("out_0"))
    assert stored is not None
    assert "pending_pk" not in stored
    assert store.cancelled == 0


def test_a_mark_that_cannot_be_written_is_reported_and_the_lease_keeps_others_off(store: MarksFail) -> None:
    handed: list[str] = []
    clock = VirtualClock(NOW)
    store.cancelled = 3
    with pytest.raises(NotDelivered):
        outbox(store, clock).deliver(["out_0"], lambda entries: handing(handed, entries))
    with pytest.raises(NotDelivered):
        outbox(store, clock).deliver(["out_0"], lambda entries: handing(handed, entries))
    assert handed == ["out_0"]
    clock.advance(CLAIM_LEASE + timedelta(seconds=1))
    outbox(store, clock).deliver(["out_0"], lambda entries: handing(handed, entries))
    assert handed == ["out_0", "out_0"], "after a lease it may be sent once more, and no oftener"


def test_one_bad_entry_holds_up_itself_alone(store: MarksFail) -> None:
    handed: list[str] = []

    def choosy(entries: Sequence[Item]) -> list[Result]:
        if any(entry["entry_id"] == "out_1" for entry in entries):
            raise KeyError("decision_id")
        return handing(handed, entries)

    with pytest.raises(NotDelivered) as caught:
        outbox(store, VirtualClock(NOW)).deliver(["out_0", "out_1", "out_2"], choosy, at_once=10)
    assert handed == ["out_0", "out_2"]
    assert caught.value.facts["count"] == 1


def handing(handed: list[str], entries: Sequence[Item]) -> list[Result]:
    handed.extend(str(entry["entry_id"]) for entry in entries)
    return [Delivered() for _ in entries]


@mock_aws
def test_a_secret_that_does_not_come_is_unavailable_and_says_nothing() -> None:
    with pytest.raises(Unavailable) as caught:
        secret_loader("no-such-secret-name").get()
    assert "no-such-secret-name" not in str(caught.value)


@mock_aws
def test_a_secret_that_comes_is_a_keyring() -> None:
    client: Any = boto3.client("secretsmanager")
    client.create_secret(Name="lookup", SecretString='{"current": "1", "1": "0123456789abcdef0123456789abcdef"}')
    assert secret_loader("lookup").get().current == "1"
