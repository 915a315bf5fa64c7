"""Evidence as stored items.

`ACCOUNT#id / EVIDENCE#id`: the evidence. `EVIDENCE#id / OWNER`: whose it is, by the id in a link or in the name of an
object. `ACCOUNT#id / #EVIDENCE`: when the account asked to send some, within the last day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .model import SCAN_PATIENCE, Ask, ContentType, Evidence, EvidenceState, Refusal

PREFIX: Final = "EVIDENCE#"
KIND: Final = "EVIDENCE"


def evidence_key(account_id: str, evidence_id: str) -> Key:
    """The key of a piece of evidence."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{PREFIX}{evidence_id}")


def owner_key(evidence_id: str) -> Key:
    """The key of the item that says whose evidence it is."""
    return hotline_key(f"{PREFIX}{evidence_id}", "OWNER")


def asked_key(account_id: str) -> Key:
    """The key of the item that counts what an account asks for."""
    return hotline_key(f"ACCOUNT#{account_id}", "#EVIDENCE")


def evidence_query(account_id: str, *, limit: int) -> Query:
    """The query for the evidence of an account, read consistently."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(PREFIX), limit=limit)


def due_at(evidence: Evidence) -> datetime | None:
    """The time of the next work on the evidence: the end of its link, or of the wait for its scan. None: no such
    work."""
    if evidence.awaits_upload:
        return evidence.expires_at
    if evidence.state is EvidenceState.UPLOADED and not evidence.brought:
        return evidence.state_at + SCAN_PATIENCE
    return None


def evidence_item(evidence: Evidence) -> Item:
    """Evidence as stored; a state with an end falls due."""
    item: Item = {
        "evidence_id": evidence.evidence_id,
        "account_id": evidence.account_id,
        "refund_id": evidence.refund_id,
        "state": evidence.state.value,
        "asked_at": to_text(evidence.asked_at),
        "expires_at": to_text(evidence.expires_at),
        "state_at": to_text(evidence.state_at),
        "content_type": evidence.content_type.value if evidence.content_type else None,
        "bytes_long": evidence.bytes_long,
        "etag": evidence.etag,
        "objects": evidence.objects or None,
        "received_at": to_text(evidence.received_at) if evidence.received_at else None,
        "refusal": evidence.refusal.value if evidence.refusal else None,
        "brought": evidence.brought or None,
        **record_end(evidence.asked_at),
    }
    due = due_at(evidence)
    known = {name: value for name, value in item.items() if value is not None}
    return known | (due_attributes(evidence.evidence_id, due) if due is not None else {})


def evidence_from(item: Mapping[str, Any]) -> Evidence:
    """The evidence of a stored item."""
    return Evidence(
        evidence_id=item["evidence_id"],
        account_id=item["account_id"],
        refund_id=item["refund_id"],
        state=EvidenceState(item["state"]),
        asked_at=from_text(item["asked_at"]),
        expires_at=from_text(item["expires_at"]),
        state_at=from_text(item["state_at"]),
        content_type=ContentType(item["content_type"]) if "content_type" in item else None,
        bytes_long=int(item["bytes_long"]) if "bytes_long" in item else None,
        etag=item.get("etag"),
        objects=int(item.get("objects", 0)),
        received_at=from_text(item["received_at"]) if "received_at" in item else None,
        refusal=Refusal(item["refusal"]) if "refusal" in item else None,
        brought=bool(item.get("brought", False)),
    )


def owner_item(evidence: Evidence) -> Item:
    """The item that says whose evidence it is."""
    return {"account_id": evidence.account_id, **record_end(evidence.asked_at)}


def with_file(evidence: Evidence, content_type: ContentType, bytes_long: int) -> Evidence:
    """The evidence with what its sender announces of the file."""
    return replace(evidence, content_type=content_type, bytes_long=bytes_long)


def asked_item(asked: Sequence[Ask]) -> Item:
    """The requests of an account within the last day, the newest last, as stored."""
    return {"asked": [{"at": to_text(one.at), "refund_id": one.refund_id, "by_link": one.by_link} for one in asked]}


def asked_from(item: Mapping[str, Any] | None) -> tuple[Ask, ...]:
    """The requests in the stored item, the newest last; none, where there is no item."""
    stored = item["asked"] if item is not None else ()
    return tuple(Ask(from_text(one["at"]), str(one["refund_id"]), bool(one["by_link"])) for one in stored)
