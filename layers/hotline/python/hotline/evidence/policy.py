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
    Ask,
    ContentType,
    Evidence,
    EvidenceError,
    EvidenceState,
    Refusal,
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


def fold_object(known: Evidence, found: StoredObject, now: datetime) -> Evidence:
    """The evidence as the present object makes it. An event only says that something may have changed. The object and
    its tag count, so that events may come late, twice and in any order. A refused one stays refused."""
    if known.state is EvidenceState.REFUSED:
        return known
    refusal = _REFUSALS.get(found.scan) if found.scan is not None else None
    if refusal is not None:
        state = EvidenceState.REFUSED
    else:
        state = EvidenceState.CLEAN if found.scan is Scan.CLEAN else EvidenceState.UPLOADED
    if (state, found.etag) == (known.state, known.etag):
        return known
    return replace(
        known,
        state=state,
        state_at=now,
        bytes_long=found.bytes_long,
        etag=found.etag,
        refusal=refusal,
        brought=False,
    )
