"""Cases, their timelines and their pointers from an account, as stored items. An account points to its open case on a
topic, and to each entry with free text, so that erasure finds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotline.kit.clock import from_text, to_text
from hotline.kit.ids import bucket
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .model import Audience, Case, CaseEntry, CaseStatus, EntryKind, Priority

QUEUE_BUCKETS = 16
"""Index partitions of each queue."""
CASE_SK = "CASE"
ENTRY_PREFIX = "ENTRY#"
NOTE_PREFIX = "NOTE#"


def case_key(case_id: str) -> Key:
    """Where the case itself lives."""
    return hotline_key(f"CASE#{case_id}", CASE_SK)


def entry_key(case_id: str, *, at: datetime, entry_id: str) -> Key:
    """Where an entry of the timeline lives; sort keys are in the order of time."""
    return hotline_key(f"CASE#{case_id}", f"{ENTRY_PREFIX}{to_text(at)}#{entry_id}")


def pointer_key(account_id: str, topic: str) -> Key:
    """Where an account's open case on a topic is named; there is an item only while one is open."""
    return hotline_key(f"ACCOUNT#{account_id}", f"CASE#{topic}")


def note_key(account_id: str, entry: CaseEntry) -> Key:
    """Where an account's entry with free text is named."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{NOTE_PREFIX}{to_text(entry.at)}#{entry.entry_id}")


def is_note(key: Key, account_id: str) -> bool:
    """Whether there an entry with free text of the account is named."""
    return key.pk == f"ACCOUNT#{account_id}" and (key.sk or "").startswith(NOTE_PREFIX)


def notes_query(account_id: str, limit: int) -> Query:
    """The entries of an account's cases that hold free text, the oldest first."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(NOTE_PREFIX), limit=limit)


def timeline_query(case_id: str, *, before: CaseEntry | None, limit: int) -> Query:
    """The newest entries of a case's timeline, newest first, or those before one."""
    start = None
    if before is not None:
        start = entry_key(case_id, at=before.at, entry_id=before.entry_id).attributes()
    entries = Prefix(ENTRY_PREFIX)
    return Query(Table.HOTLINE, f"CASE#{case_id}", entries, limit=limit, descending=True, start_after=start)


def queue_attributes(case: Case) -> dict[str, str]:
    """The place of an open case in the queue index: by priority, then the oldest first."""
    return {
        "queue_pk": f"QUEUE#{case.status.value}#{bucket(case.case_id, QUEUE_BUCKETS):02d}",
        "queue_sk": f"{case.priority.value}#{to_text(case.opened_at)}",
    }


def case_item(case: Case) -> Item:
    """A case as stored."""
    item: Item = {
        "case_id": case.case_id,
        "topic": case.topic,
        "reason": case.reason,
        "priority": case.priority.value,
        "status": case.status.value,
        "opened_at": to_text(case.opened_at),
        "updated_at": to_text(case.updated_at),
        "version": case.version,
        **record_end(case.updated_at),
    }
    if case.account_id is not None:
        item["account_id"] = case.account_id
    return item | _reference_attributes(case) | queue_attributes(case)


def _reference_attributes(case: Case) -> Item:
    if case.reference is None or case.reference_until is None:
        return {}
    return {"reference": case.reference, "reference_until": to_text(case.reference_until)}


def _reference_until(item: Mapping[str, Any]) -> datetime | None:
    return from_text(item["reference_until"]) if "reference_until" in item else None


def case_from(item: Mapping[str, Any]) -> Case:
    """The case of a stored item."""
    return Case(
        case_id=item["case_id"],
        account_id=item.get("account_id"),
        topic=item["topic"],
        reason=item["reason"],
        priority=Priority(int(item["priority"])),
        status=CaseStatus(item["status"]),
        opened_at=from_text(item["opened_at"]),
        updated_at=from_text(item["updated_at"]),
        version=int(item["version"]),
        reference=item.get("reference"),
        reference_until=_reference_until(item),
    )


def entry_item(entry: CaseEntry) -> Item:
    """An entry as stored."""
    item: Item = {
        "entry_id": entry.entry_id,
        "number": entry.number,
        "at": to_text(entry.at),
        "kind": entry.kind.value,
        "audience": entry.audience.value,
        "actor": entry.actor,
        "reason": entry.reason,
        "facts": dict(entry.facts),
        **record_end(entry.at),
    }
    return item | ({"note": entry.note} if entry.note else {})


def note_item(case_id: str, entry: CaseEntry) -> Item:
    """The pointer that names an entry with free text; it ends with the entry."""
    key = entry_key(case_id, at=entry.at, entry_id=entry.entry_id)
    return {"case_id": case_id, "entry": key.sk, **record_end(entry.at)}


def entry_key_of(note: Mapping[str, Any]) -> Key:
    """Where the entry lives that a stored note names."""
    return hotline_key(f"CASE#{note['case_id']}", str(note["entry"]))


def entry_from(item: Mapping[str, Any]) -> CaseEntry:
    """The entry of a stored item."""
    return CaseEntry(
        entry_id=item["entry_id"],
        number=int(item["number"]),
        at=from_text(item["at"]),
        kind=EntryKind(item["kind"]),
        audience=Audience(item["audience"]),
        actor=item["actor"],
        reason=item["reason"],
        facts=item["facts"],
        note=item.get("note"),
    )


def pointer_item(case: Case) -> Item:
    """The parts of an open case that an account's pointer keeps: enough to add to the case without reading it."""
    item: Item = {"case_id": case.case_id, "priority": case.priority.value, "version": case.version}
    item |= {"reason": case.reason, "opened_at": to_text(case.opened_at), **record_end(case.updated_at)}
    return item | _reference_attributes(case)


def case_from_pointer(item: Mapping[str, Any], *, account_id: str, topic: str) -> Case:
    """The open case that a pointer names, as it was last changed."""
    opened_at = from_text(item["opened_at"])
    return Case(
        case_id=item["case_id"],
        account_id=account_id,
        topic=topic,
        reason=item["reason"],
        priority=Priority(int(item["priority"])),
        status=CaseStatus.OPEN,
        opened_at=opened_at,
        updated_at=opened_at,
        version=int(item["version"]),
        reference=item.get("reference"),
        reference_until=_reference_until(item),
    )
