"""Rules of evidence: the files that may be sent, by when, and the effect of an object in the bucket. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.aws.buckets import Scan, StoredObject
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.refunds.model import Refund, RefundState

from .model import (
    ASKED_PER_DAY_MAX,
    BYTES_MAX,
    LINKS_PER_REFUND_MAX,
    OBJECTS_MAX,
    Ask,
    ContentType,
    Evidence,
    EvidenceError,
    EvidenceState,
    Refusal,
    ScanResult,
)

DAY: Final = timedelta(hours=24)
_REFUSALS: Final = {Scan.INFECTED: Refusal.INFECTED, Scan.UNSUPPORTED: Refusal.UNREADABLE}


def check_refund(refund: Refund) -> None:
    """A picture may be sent for any refund in review, also a further one. Raises NotPossible `evidence_not_awaited`."""
    if refund.state is not RefundState.IN_REVIEW:
        raise NotPossible(EvidenceError.NOT_AWAITED, refund_id=refund.refund_id)


def count_ask(asked: Sequence[Ask], new: Ask) -> tuple[Ask, ...]:
    """The requests of the last day with one more. Raises NotPossible `evidence_limit` when the account, or the refund
    by links, has used the day's up."""
    recent = tuple(one for one in asked if one.at > new.at - DAY)
    links = [one for one in recent if one.by_link and one.refund_id == new.refund_id]
    if len(recent) >= ASKED_PER_DAY_MAX or (new.by_link and len(links) >= LINKS_PER_REFUND_MAX):
        raise NotPossible(EvidenceError.TOO_MANY)
    return (*recent, new)


def check_file(content_type: str, bytes_long: int) -> ContentType:
    """The type of a file that may be sent. Raises InvalidInput `evidence_type`, `evidence_too_large`."""
    if content_type not in list(ContentType):
        raise InvalidInput(EvidenceError.TYPE_REFUSED)
    if not 0 < bytes_long <= BYTES_MAX:
        raise InvalidInput(EvidenceError.TOO_LARGE, bytes_max=BYTES_MAX)
    return ContentType(content_type)


def open_link(known: Evidence, now: datetime) -> Evidence:
    """The evidence when its link is used. Raises NotPossible `link_over`."""
    if known.state is not EvidenceState.ASKED or now >= known.expires_at:
        raise NotPossible(EvidenceError.LINK_OVER)
    return replace(known, state=EvidenceState.OPENED, state_at=now)


def awaits_tag(found: StoredObject, result: ScanResult | None) -> bool:
    """Whether an event of the scanner came before its tag: the tag says so to the bucket's policy, too."""
    tells = result is not None and result.etag == found.etag and result.scan is Scan.CLEAN
    return tells and found.scan is None


def fold_object(known: Evidence, found: StoredObject, result: ScanResult | None, now: datetime) -> Evidence:
    """The evidence as the present object and an event make it, so that events may come late, twice and in any order.

    The scanner tags whatever lies under the key at the end of its scan, and that may have replaced what it looked at.
    Therefore an object is clean only once the scanner has told so of this very one, and the tag agrees. Either is
    enough to refuse it. A refused one stays refused, and so does one that was replaced more than OBJECTS_MAX allows.
    """
    if known.state is EvidenceState.REFUSED:
        return known
    new = found.etag != known.etag
    told = result.scan if result is not None and result.etag == found.etag else None
    refusal = _refusal_of(found.scan) or _refusal_of(told)
    if new and known.objects >= OBJECTS_MAX:
        refusal = Refusal.REPLACED
    was_clean = known.state is EvidenceState.CLEAN and not new
    if refusal is not None:
        state = EvidenceState.REFUSED
    elif found.scan is Scan.CLEAN and (told is Scan.CLEAN or was_clean):
        state = EvidenceState.CLEAN
    else:
        state = EvidenceState.UPLOADED
    if (state, found.etag) == (known.state, known.etag):
        return known
    return replace(
        known,
        state=state,
        state_at=now,
        bytes_long=found.bytes_long,
        etag=found.etag,
        objects=known.objects + new,
        received_at=known.received_at or (now if state is EvidenceState.CLEAN else None),
        refusal=refusal,
        brought=False,
    )


def _refusal_of(scan: Scan | None) -> Refusal | None:
    return _REFUSALS.get(scan) if scan is not None else None
