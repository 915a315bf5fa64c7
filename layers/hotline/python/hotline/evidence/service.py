"""The face of evidence: asking for a link, using one, taking in what comes into the bucket, and looking at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hotline.identity.service import Operation, require
from hotline.kit.aws.buckets import Scan
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key, Store, account_of, id_at
from hotline.kit.store.condition import NEW, PRESENT, Item, any_of

from . import items
from .arrivals import contribute_due, duty_at, take_object
from .links import id_of_object, link_of, object_name, token_of
from .model import LISTED_MAX, LOOKED_AT_MAX, READING_LIFE, Evidence, EvidenceError, EvidenceState, ScanResult
from .requests import (
    CHANNELS,
    LINK_MESSAGE,
    NOT_SENT,
    AskForLink,
    BeginUpload,
    Opened,
    Requested,
    RequestRefundWithLink,
    find_link,
    find_page,
    sign_upload,
    use_link,
)

__all__ = [
    "CHANNELS",
    "LINK_MESSAGE",
    "NOT_SENT",
    "AskForLink",
    "BeginUpload",
    "Opened",
    "RequestRefundWithLink",
    "Requested",
    "ScanResult",
    "contribute_due",
    "contribute_erased",
    "duty_at",
    "evidence_read",
    "find_link",
    "find_page",
    "id_of_object",
    "link_of",
    "list_evidence",
    "object_name",
    "objects_in",
    "sign_reading",
    "sign_upload",
    "take_object",
    "token_of",
    "use_link",
]  # fmt: skip


def sign_reading(ctx: Context, account_id: str, evidence_id: str) -> tuple[str, datetime]:
    """The address by which a picture of the account can be had as a file, and when that ends. The bucket is asked now:
    what was clean when it came may have been replaced since, and the tag may be of the one before. Two reads. Raises
    NotPossible `no_such_evidence`, `evidence_not_clean`; Unavailable."""
    key = items.evidence_key(account_id, evidence_id)
    stored = ctx.store.get(key)
    known = items.evidence_from(stored) if stored is not None else None
    if known is None or known.content_type is None:
        raise NotPossible(EvidenceError.NO_SUCH_EVIDENCE)
    name = object_name(evidence_id)
    found = ctx.pictures.look_at(name)
    if known.state is not EvidenceState.CLEAN or found is None or found.scan is not Scan.CLEAN:
        raise NotPossible(EvidenceError.NOT_CLEAN)
    if found.etag != known.etag:
        raise NotPossible(EvidenceError.NOT_CLEAN)
    file_name = f"{evidence_id}.{known.content_type.ending}"
    url = ctx.pictures.sign_reading(name, file_name=file_name, valid_for=READING_LIFE)
    return url, ctx.clock.now() + READING_LIFE


def evidence_read(store: Store, account_id: str, *, limit: int) -> dict[Key, Item]:
    """Some evidence of an account, for `contribute_erased`. One query."""
    found = store.query(items.evidence_query(account_id, limit=limit)).items
    return {items.evidence_key(account_id, str(item["evidence_id"])): item for item in found}


def objects_in(read: Mapping[Key, Item], account_id: str) -> tuple[str, ...]:
    """The objects of the evidence that was read, by their keys in the bucket."""
    return tuple(object_name(one.evidence_id) for one in _evidence_in(read, account_id))


def contribute_erased(change: Change, read: Mapping[Key, Item], account_id: str) -> int:
    """Delete the evidence of an account that was read, after its objects; how many there were. An object that comes
    afterwards is nobody's, and is deleted when its event comes."""
    require(change, Operation.FACTS)
    found = _evidence_in(read, account_id)
    for one in found:
        change.delete(items.evidence_key(account_id, one.evidence_id), condition=PRESENT)
        # Its TTL may have taken it before: then there is nothing to delete.
        change.delete(items.owner_key(one.evidence_id), condition=any_of(PRESENT, NEW))
    return len(found)


def _evidence_in(read: Mapping[Key, Item], account_id: str) -> list[Evidence]:
    of_account = (item for key, item in read.items() if account_of(key) == account_id and id_at(key, items.KIND))
    return [items.evidence_from(item) for item in of_account]


def list_evidence(store: Store, account_id: str, refund_id: str | None = None) -> tuple[Evidence, ...]:
    """The pictures of an account, or of one of its refunds, that were asked for: the newest LISTED_MAX, the newest
    first. One consistent query of LOOKED_AT_MAX items at most."""
    found = store.query(items.evidence_query(account_id, limit=LOOKED_AT_MAX)).items
    of_refund = [item for item in found if refund_id in (None, item["refund_id"])]
    of_refund.sort(key=lambda item: str(item["asked_at"]), reverse=True)
    return tuple(items.evidence_from(item) for item in of_refund[:LISTED_MAX])
