"""The stored form of an outbox entry."""

from datetime import timedelta

from hotline.kit.clock import epoch_s
from hotline.kit.outbox import OUTBOX_LIFE, Decision, Message, entry_item, entry_key
from hotline.kit.spread import partition_count
from hotline.kit.store import Index, Key, Table
from hotline.kit.store.expressions import from_item, to_item
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.stores import NOON

COMMON = {
    "entry_id": "entry_1",
    "created_at": "2026-11-23T12:00:00.000Z",
    "pending_pk": "PENDING#01",
    "pending_sk": "2026-11-23T12:00:00.000Z#entry_1",
    "expires_at_epoch_s": epoch_s(NOON + OUTBOX_LIFE),
}


def test_a_decision_goes_to_the_bus_with_its_id_and_the_version_of_its_subject() -> None:
    decision = Decision("entry_1", "account.lock_requested", "acc_1", {"cause": "attempts"}, "decision_1", 7)
    assert entry_item(decision, created_at=NOON) == COMMON | {
        "to": "bus",
        "kind": "account.lock_requested",
        "account_id": "acc_1",
        "facts": {"cause": "attempts"},
        "decision_id": "decision_1",
        "subject_version": 7,
    }


def test_a_decision_without_order_has_no_version() -> None:
    item = entry_item(Decision("entry_1", "case.opened", "acc_1", {}, "decision_1"), created_at=NOON)
    assert "subject_version" not in item


def test_a_message_names_a_contact_point_and_never_an_address() -> None:
    message = Message(
        "entry_1", "code_sms", "sms", "acc_1", "POINT#2#ab", "zh", {"goal": "unlock"}, NOON + timedelta(minutes=5)
    )
    assert entry_item(message, created_at=NOON) == COMMON | {
        "to": "message",
        "kind": "code_sms",
        "channel": "sms",
        "account_id": "acc_1",
        "point": "POINT#2#ab",
        "language": "zh",
        "facts": {"goal": "unlock"},
        "useless_after": "2026-11-23T12:05:00.000Z",
    }


def test_a_message_without_account_or_end_has_no_such_attributes() -> None:
    item = entry_item(Message("entry_1", "unknown", "email", None, "POINT#2#ab", "en"), created_at=NOON)
    assert not {"account_id", "useless_after"} & item.keys()
    assert None not in item.values()


def test_entries_are_spread_over_the_pending_partitions() -> None:
    ids = SeededIds(3)
    entries = (Decision(ids.new("entry"), "case.opened", "acc_1", {}, "d") for _ in range(400))
    partitions = {entry_item(entry, created_at=NOON)["pending_pk"] for entry in entries}
    assert partitions == {f"PENDING#{number:02d}" for number in range(partition_count(Index.PENDING))}


def test_an_entry_can_be_read_back_from_its_stream_record() -> None:
    item = entry_item(Decision("entry_1", "refund.requested", "acc_1", {"minor": 5}, "d", 1), created_at=NOON)
    assert from_item(to_item(item)) == item
    assert entry_key("entry_1") == Key(Table.OUTBOX, "OUT#entry_1")
