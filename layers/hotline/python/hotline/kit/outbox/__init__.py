"""Outbox entries: what must be told to somebody, written in the transaction that makes it true.

An entry has one consumer (`bus`: the decisions function; `message`: the messenger) and one recipient. It holds ids, a
message key and facts; never an address, a name or a code. Layout of the stored entry, read by both consumers:

    PK OUT#id · to · kind · account_id · facts{} · created_at · pending_pk, pending_sk (since when it waits for a
    consumer) until delivered · redrives · claim_until
    · delivered_at | dropped · useless_after · expires_at_epoch_s;  bus entries: decision_id, subject_version;
    messages: point (contact point key), language
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from hotline.kit.clock import epoch_s, to_text
from hotline.kit.spread import partition_of
from hotline.kit.store import TTL_ATTRIBUTE, Index, Key, Table
from hotline.kit.store.condition import Item

type Channel = Literal["sms", "voice", "email"]
"""How a message goes out. By voice only a one-time code does, on a call that reads it out."""

OUTBOX_LIFE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Decision:
    """For the bus. `type` is a decision type without its version, e.g. `account.lock_requested`. `subject_version`
    counts the changes of the subject, so that a consumer can drop older ones; None for a type without order."""

    entry_id: str
    type: str
    account_id: str
    data: Mapping[str, Any]
    decision_id: str
    subject_version: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """For one person at one contact point. `message` is a key of the catalogue in wording; `facts` fill its words."""

    entry_id: str
    message: str
    channel: Channel
    account_id: str | None
    point: str
    language: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    useless_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A case that nobody has claimed, for people at Amazon Connect. Its name is made when it goes out."""

    entry_id: str
    case_id: str
    language: str


TASK: Final = "task"
"""The kind of a Task as stored."""

type Entry = Decision | Message | Task


def entry_key(entry_id: str) -> Key:
    """The key of the entry."""
    return Key(Table.OUTBOX, f"OUT#{entry_id}")


def entry_item(entry: Entry, *, created_at: datetime) -> Item:
    """The stored form of an entry, pending until a consumer has delivered it."""
    created = to_text(created_at)
    item: Item = {
        "entry_id": entry.entry_id,
        "created_at": created,
        "pending_pk": partition_of(Index.PENDING, entry.entry_id),
        "pending_sk": f"{created}#{entry.entry_id}",
        TTL_ATTRIBUTE: epoch_s(created_at + OUTBOX_LIFE),
    }
    match entry:
        case Decision():
            item |= {"to": "bus", "kind": entry.type, "account_id": entry.account_id, "facts": dict(entry.data)}
            item["decision_id"] = entry.decision_id
            if entry.subject_version is not None:
                item["subject_version"] = entry.subject_version
        case Task():
            item |= {"to": "message", "kind": TASK, "language": entry.language, "facts": {"case_id": entry.case_id}}
        case Message():
            item |= {"to": "message", "kind": entry.message, "channel": entry.channel, "point": entry.point}
            item |= {"language": entry.language, "facts": dict(entry.facts)}
            if entry.account_id is not None:
                item["account_id"] = entry.account_id
            if entry.useless_after is not None:
                item["useless_after"] = to_text(entry.useless_after)
    return item
